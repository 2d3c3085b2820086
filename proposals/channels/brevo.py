"""Brevo: each released mail is sent by its transactional interface, known by our id as a tag.

The interface is https://developers.brevo.com (`/smtp/email`, `/smtp/statistics/events`). Its key
against doubles holds for half an hour; after that what was sent is looked up by the tag.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from config import Settings
from config.language import _
from proposals.channels.sending import ChannelDownError, Released, Sent
from proposals.channels.tool_api import NoAnswerError, ToolApi
from proposals.html import render_html
from proposals.rules import load_rules

HOME: Final = "https://api.brevo.com"


class Brevo:
    """See `Sender`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def places(self, batch: Sequence[Released]) -> Mapping[str, str]:
        """See `Sender`."""
        return {one.proposal_id: f"brevo:{one.proposal_id}" for one in batch}

    def send(self, batch: Sequence[Released]) -> Sent:
        """See `Sender`: one after the other, so that it is known which ones went out."""
        sender = load_rules(self._settings).sender
        if sender is None:
            raise ChannelDownError(
                _("brevo needs `sender` in proposals.yml: who writes, with name and email.")
            )
        api = self._open()
        done: list[str] = []
        refused: dict[str, str] = {}
        for one in batch:
            try:
                if one.is_begun and self._was_sent(api, one):
                    done.append(one.proposal_id)
                    continue
                answer = api.call("POST", "/v3/smtp/email", self._mail(one, sender.model_dump()))
            except ChannelDownError as error:
                unsure = [one.proposal_id] if isinstance(error, NoAnswerError) else ()
                known = Sent(done, refused)
                raise ChannelDownError(str(error), known, unsure=unsure) from error
            if answer.ok:
                done.append(one.proposal_id)
            else:
                refused[one.proposal_id] = f"Brevo: {answer.words}"
        return Sent(done, refused)

    def take_back(self, undone: Sequence[Released], kept: Sequence[Released]) -> Collection[str]:  # noqa: ARG002
        """See `Sender`: what Brevo has not sent is not sent by the next run either."""
        api = self._open()
        return [one.proposal_id for one in undone if not self._was_sent(api, one)]

    def _open(self) -> ToolApi:
        api = ToolApi(self._settings, "Brevo", HOME)
        api.sign(headers={"api-key": api.key})
        return api

    def _was_sent(self, api: ToolApi, one: Released) -> bool:
        answer = api.call(
            "GET", "/v3/smtp/statistics/events", params={"tags": one.proposal_id, "limit": 1}
        )
        return answer.ok and bool((answer.body or {}).get("events"))

    def _mail(self, one: Released, sender: Mapping[str, str]) -> dict[str, Any]:
        subject, body = one.subject or "", one.body or ""
        return {
            "sender": dict(sender),
            "to": [{"email": one.email}],
            "subject": subject,
            "textContent": body,
            "htmlContent": render_html(self._settings, subject, body, one.language),
            "tags": [one.proposal_id],
            # of the text, too: a changed one is another mail
            "headers": {"idempotencyKey": str(uuid.uuid5(uuid.NAMESPACE_OID, one.sha256))},
        }
