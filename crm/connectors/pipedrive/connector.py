"""The connector to Pipedrive, over its API v2: one record a call, lists for reading.

An organization that is merged into another is gone, and nothing says into which; but Pipedrive
keeps the merged one's custom fields where the survivor's are empty, so our key or the ERP's number
on it leads to the survivor.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from config import Settings
from config.language import _
from crm.config import CrmConfig, Lookup
from crm.connectors.connector import Export, Finding, Limits, SetupStep
from crm.connectors.lookups import hits, one_each
from crm.connectors.pipedrive.api import ForbiddenError, GoneError, PipedriveApi, Row
from crm.connectors.pipedrive.export import export
from crm.connectors.pipedrive.fields import KINDS, OwnFields, to_custom, to_record
from crm.connectors.pipedrive.setup import check, set_up
from crm.connectors.pipedrive.tasks import create_tasks, read_tasks
from crm.errors import CrmRejectedError, no_notes
from crm.records import Change, Note, Outcome, Record, RefusalKind, Target, Task, TaskState

RECENT: Final = timedelta(hours=1)  # before the connector was made; clocks differ
ADDRESS: Final = ("street", "postcode", "city", "country_code")
REFUSALS: Final[Mapping[str, RefusalKind]] = {
    "Unknown option": "unknown_value",
    "single option custom field": "unknown_value",
    "longer than": "too_long",
    "is required": "missing_value",
}


class PipedriveConnector:
    """One Pipedrive company, by the token of a user."""

    name = "pipedrive"
    limits = Limits(batch=1, parallel=4)
    posts = ("task",)

    def __init__(self, settings: Settings, config: CrmConfig) -> None:
        self._api = PipedriveApi(settings)
        self._own = OwnFields(self._api, config)
        self._config = config
        self._begun = datetime.now(UTC)
        self._unsure: set[str] = set()  # keys of which the answer to their creation was lost

    def require_login(self) -> None:
        """See `Connector`."""
        self._api.call("GET", "/v1/users/me")

    def check(self) -> list[Finding]:
        """See `Connector`."""
        return check(self._api, self._own)

    def setup(self) -> list[SetupStep]:
        """See `Connector`."""
        steps = set_up(self._api, self._own)
        self._own = OwnFields(self._api, self._config)
        return steps

    def read(
        self, target: Target, ids: Collection[str], id_field: str | None = None
    ) -> dict[str, Record]:
        """See `Connector`."""
        if id_field:
            pairs = (
                (str(row.get(id_field, (row.get("custom_fields") or {}).get(id_field))), row)
                for row in self._list(target, {})
            )
            wanted = set(ids)
            return one_each((one, self._record(target, row)) for one, row in pairs if one in wanted)
        path, params = self._path(target), self._custom(target)
        numbers = sorted(one for one in ids if one.isdigit())
        rows = self._api.by_ids(path, numbers, params)
        return {str(row["id"]): self._record(target, row) for row in rows}

    def shown(self, target: Target) -> dict[str, Record]:
        """See `Connector`."""
        records = (self._record(target, row) for row in self._list(target, self._custom(target)))
        return {
            record.crm_id: record
            for record in records
            if any(
                value is not None
                for name, value in record.values.items()
                if name not in ("customer_no", "key")
            )
        }

    def find(self, target: Target, by: Lookup, values: Collection[str]) -> dict[str, list[str]]:
        """See `Connector`. Of what people keep, Pipedrive has a field for the website only.

        A VAT id or e-mail address stands in custom fields or at persons, each company's own way.
        """
        if by in ("key", "customer_no"):
            if by == "customer_no" and target != "parties":
                return {}
            code = self._own.of(target)[by].code
            rows = self._list(target, {"custom_fields": code})
            pairs = [
                (line, str(row["id"]))
                for row in rows
                for line in _lines((row.get("custom_fields") or {}).get(code))
            ]
            return hits(by, pairs, values)
        if target != "parties" or by != "website":
            return {}
        rows = self._list(target, {})
        return hits(by, [(row.get("website"), str(row["id"])) for row in rows], values)

    def create(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        """See `Connector`."""
        outcomes = []
        for change in changes:
            if change.key in self._unsure and (crm_id := self._made(target, change.key)):
                outcomes += self.write(target, [change.model_copy(update={"crm_id": crm_id})])
                continue
            body = self._new(target, change)
            self._unsure.add(change.key)
            outcomes.append(self._send("POST", self._path(target), body))
            self._unsure.discard(change.key)
        return outcomes

    def write(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        """See `Connector`."""
        own = self._own.of(target)
        return [
            self._send(
                "PATCH",
                f"{self._path(target)}/{change.crm_id}",
                {
                    "custom_fields": to_custom(
                        own, {k: v for k, v in change.writes.items() if k != "key"}
                    )
                },
            )
            for change in changes
        ]

    def create_tasks(self, tasks: Sequence[Task]) -> list[Outcome]:
        """See `Connector`. A task is one of Pipedrive's activities."""
        return create_tasks(self._api, tasks)

    def create_notes(self, notes: Sequence[Note]) -> list[Outcome]:  # noqa: ARG002
        """See `Connector`. A task says the same there, and can be closed."""
        raise no_notes(self.name)

    def read_tasks(self, ids: Collection[str]) -> dict[str, TaskState]:
        """See `Connector`."""
        return read_tasks(self._api, ids)

    def export(self, what: Export, since: datetime | None) -> Iterator[Mapping[str, str | None]]:
        """See `Connector`."""
        return export(self._api, what, since)

    def _made(self, target: Target, key: str) -> str | None:
        """Return the id of a record that was made a moment ago, though nobody told us."""
        code = self._own.of(target)["key"].code
        since = f"{self._begun - RECENT:%Y-%m-%dT%H:%M:%SZ}"
        rows = self._list(target, {"custom_fields": code, "updated_since": since})
        found = (str(r["id"]) for r in rows if (r.get("custom_fields") or {}).get(code) == key)
        return next(found, None)

    def _path(self, target: Target) -> str:
        return f"/api/v2/{KINDS[target]}"

    def _custom(self, target: Target) -> dict[str, str | int]:
        return {"custom_fields": ",".join(one.code for one in self._own.of(target).values())}

    def _list(self, target: Target, params: Mapping[str, str | int]) -> Iterator[Row]:
        return self._api.rows(self._path(target), params)

    def _record(self, target: Target, row: Row) -> Record:
        return to_record(target, self._own.of(target), row)

    def _new(self, target: Target, change: Change) -> Row:
        master = change.master or {}
        custom = to_custom(self._own.of(target), change.writes | {"key": change.key})
        if target == "parties":
            place = ", ".join(str(master[one]) for one in ADDRESS if master.get(one))
            address = {"address": {"value": place}} if place else {}
            return {"name": master.get("name") or change.key, "custom_fields": custom} | address
        if not master.get("parent_id"):
            raise CrmRejectedError(
                _("the CRM has no organization for {key}").format(key=master.get("parent"))
            )
        deal: dict[str, Any] = {
            "title": master.get("title") or change.key,
            "org_id": int(master["parent_id"]),
            "custom_fields": custom,
        }
        return deal | ({"value": float(master["amount"])} if master.get("amount") else {})

    def _send(self, method: str, path: str, body: Row) -> Outcome:
        """Write one record; what Pipedrive refuses is an outcome, not an error."""
        try:
            return Outcome(str(self._api.call(method, path, body)["data"]["id"]))
        except CrmRejectedError as error:
            return Outcome(refused=str(error), kind=_kind(error))


def _kind(error: CrmRejectedError) -> RefusalKind:
    if isinstance(error, GoneError):
        return "gone"
    if isinstance(error, ForbiddenError):
        return "no_permission"
    return next((kind for words, kind in REFUSALS.items() if words in str(error)), "other")


def _lines(text: str | None) -> list[str]:
    """Cut a text into its lines: merged organizations may have the texts of both in one field."""
    return [line.strip() for line in (text or "").replace(",", "\n").splitlines() if line.strip()]
