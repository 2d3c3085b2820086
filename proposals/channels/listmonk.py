"""listmonk: each hand-over is a list with a campaign in draft, which a person starts there.

The interface is https://listmonk.app/docs/apis. Each mail has its own text, so it stands with the
subscriber and the campaign shows it; the campaign is there once, and so is each subscriber.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from config import Settings
from proposals.channels.sending import ChannelDownError, Released, Sent
from proposals.channels.tool_api import Answer, ToolApi
from proposals.html import render_html
from proposals.rules import load_rules

PREFIX: Final = "listmonk:"
TAG: Final = "reifegrad"
CONFLICT: Final = 409


class Listmonk:
    """See `Sender`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def places(self, batch: Sequence[Released]) -> Mapping[str, str]:
        """See `Sender`: the name of the campaign and its list."""
        first = batch[0]
        ids = "".join(one.proposal_id for one in batch)
        part = hashlib.sha256(ids.encode()).hexdigest()[:6]
        name = f"{PREFIX}{self._settings.night} {first.use_case}.{first.action} {part}"
        return dict.fromkeys((one.proposal_id for one in batch), name)

    def send(self, batch: Sequence[Released]) -> Sent:
        """See `Sender`: the list first, then the campaign, with which they count as handed over."""
        api, name = self._open(), str(batch[0].place).removeprefix(PREFIX)
        ids = [one.proposal_id for one in batch]
        if self._find(api, "campaigns", name):
            return Sent(ids)  # a killed run came so far
        try:
            return self._hand(api, name, batch)
        except ChannelDownError as error:  # goes on with the same list, so that none gets two
            raise ChannelDownError(str(error), unsure=ids) from error

    def _hand(self, api: ToolApi, name: str, batch: Sequence[Released]) -> Sent:
        number = self._find(api, "lists", name) or self._make(
            api, "lists", {"name": name, "type": "private", "optin": "single", "tags": [TAG]}
        )
        refused = {
            one.proposal_id: f"listmonk: {words}"
            for one in batch
            if (words := self._subscribe(api, one, number["id"], _place(name)))
        }
        done = [one.proposal_id for one in batch if one.proposal_id not in refused]
        if done:
            self._make(api, "campaigns", self._campaign(name, number["id"]))
        return Sent(done, refused)

    def take_back(self, undone: Sequence[Released], kept: Sequence[Released]) -> Collection[str]:  # noqa: ARG002
        """See `Sender`: off the list, unless somebody has started the campaign."""
        api = self._open()
        free: list[str] = []
        for one in undone:
            name = str(one.place).removeprefix(PREFIX)
            campaign = self._find(api, "campaigns", name)
            if campaign and campaign["status"] != "draft":
                continue
            number, subscriber = self._find(api, "lists", name), self._subscriber(api, one)
            if number and subscriber:
                _require(
                    api.call(
                        "PUT",
                        "/api/subscribers/lists",
                        {
                            "ids": [subscriber["id"]],
                            "action": "remove",
                            "target_list_ids": [number["id"]],
                        },
                    )
                )
            free.append(one.proposal_id)
        return free

    def _open(self) -> ToolApi:
        api = ToolApi(self._settings, "listmonk")
        api.sign(basic=True)
        return api

    def _find(self, api: ToolApi, kind: str, name: str) -> dict[str, Any] | None:
        answer = _require(
            api.call("GET", f"/api/{kind}", params={"query": name, "per_page": "all"})
        )
        rows: list[dict[str, Any]] = answer.body["data"]["results"] or []
        return next((row for row in rows if row["name"] == name), None)

    def _make(self, api: ToolApi, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = _require(api.call("POST", f"/api/{kind}", values)).body["data"]
        return made

    def _subscribe(self, api: ToolApi, one: Released, number: int, place: str) -> str | None:
        """Put an addressee with their mail on the list; return why not, in listmonk's words."""
        subject, body = one.subject or "", one.body or ""
        mail = {
            "proposal_id": one.proposal_id,
            "subject": subject,
            "text": body,
            "html": render_html(self._settings, subject, body, one.language),
        }
        values = {
            "email": one.email,
            "name": one.email,
            "status": "enabled",
            "lists": [number],
            "attribs": {place: mail},
            "preconfirm_subscriptions": True,
        }
        answer = api.call("POST", "/api/subscribers", values)
        if answer.status == CONFLICT and (known := self._subscriber(api, one)):
            if known["status"] != "enabled":  # they said no there
                return str(known["status"])
            values |= {
                "name": known["name"],
                "lists": sorted({number, *(each["id"] for each in known["lists"])}),
                "attribs": known["attribs"] | {place: mail},
            }
            answer = api.call("PUT", f"/api/subscribers/{known['id']}", values)
        return None if answer.ok else answer.words

    def _subscriber(self, api: ToolApi, one: Released) -> dict[str, Any] | None:
        email = str(one.email).replace("'", "''")
        answer = _require(
            api.call("GET", "/api/subscribers", params={"query": f"subscribers.email = '{email}'"})
        )
        rows: list[dict[str, Any]] = answer.body["data"]["results"] or []
        return rows[0] if rows else None

    def _campaign(self, name: str, number: int) -> dict[str, Any]:
        rules = load_rules(self._settings)
        mail = f".Subscriber.Attribs.{_place(name)}"
        values: dict[str, Any] = {
            "name": name,
            "subject": f"{{{{ {mail}.subject }}}}",
            "lists": [number],
            "type": "regular",
            "content_type": "html",
            "body": f"{{{{ Safe {mail}.html }}}}",
            "altbody": f"{{{{ {mail}.text }}}}",
            "tags": [TAG],
        }
        if rules.sender:
            values["from_email"] = f"{rules.sender.name} <{rules.sender.email}>"
        if rules.listmonk_template:
            values["template_id"] = rules.listmonk_template
        return values


def _place(name: str) -> str:
    """Return the attribute of a subscriber that holds the mail of a campaign."""
    return f"reifegrad_{name.rpartition(' ')[2]}"


def _require(answer: Answer) -> Answer:
    """Return the answer.

    Raises:
        ChannelDownError: it is none to what was asked.

    """
    if not answer.ok:
        raise ChannelDownError(f"listmonk: {answer.words}")
    return answer
