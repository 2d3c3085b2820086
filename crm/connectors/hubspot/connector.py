"""The connector to HubSpot, through HubSpot's own client.

Our fields are properties in a group of their own, `reifegrad_key` a unique one: by it records are
created without being created twice. All reads and writes go in batches of 100.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from config import Settings
from config.language import _
from crm.config import CrmConfig, Lookup
from crm.connectors.connector import Export, Finding, Limits, SetupStep
from crm.connectors.hubspot.api import PER_BATCH, VALUES_PER_SEARCH, HubspotApi, Row
from crm.connectors.hubspot.export import export
from crm.connectors.hubspot.fields import (
    KINDS,
    field_names,
    merged_ids,
    to_properties,
    to_record,
    wanted,
)
from crm.connectors.hubspot.refusals import kind_of
from crm.connectors.hubspot.setup import check, set_up
from crm.connectors.hubspot.tasks import create_tasks, read_tasks
from crm.connectors.lookups import chunks, hits, one_each, usual_form
from crm.errors import CrmRejectedError, no_notes
from crm.records import Change, Note, Outcome, Record, Target, Task, TaskState

DOMAIN: Final = "domain"
# By these a record that shows anything of a score is found: each score has them. HubSpot allows
# five alternatives in a search.
SHOWN_BY: Final = ("points", "band", "reasons", "scored_on", "next_step")
COMPANY: Final = {
    "name": "name",
    "street": "address",
    "postcode": "zip",
    "city": "city",
    "country_code": "country",
    "phone": "phone",
    "website": "domain",
}
DEAL: Final = {"title": "dealname", "amount": "amount"}


class HubspotConnector:
    """One HubSpot account, by the token of a private app."""

    name = "hubspot"
    limits = Limits(batch=PER_BATCH, parallel=4)
    posts = ("task",)

    def __init__(self, settings: Settings, config: CrmConfig) -> None:
        self._config = config
        self._api = HubspotApi(settings)

    def require_login(self) -> None:
        """See `Connector`."""
        self._api.page("companies", [], size=1)

    def check(self) -> list[Finding]:
        """See `Connector`."""
        return check(self._api, self._config)

    def setup(self) -> list[SetupStep]:
        """See `Connector`."""
        return set_up(self._api, self._config)

    def read(
        self, target: Target, ids: Collection[str], id_field: str | None = None
    ) -> dict[str, Record]:
        """See `Connector`. A merged record knows the ids of those that went into it."""
        kind, names = KINDS[target], wanted(self._config, target, *([id_field] if id_field else []))
        if id_field:
            rows = self._search_values(kind, id_field, sorted(ids), names)
            return one_each((r["properties"][id_field], self._record(target, r)) for r in rows)
        asked = {one for one in ids if one.isdigit()}
        found: dict[str, Record] = {}
        for row in self._api.read(kind, asked, names):
            for known in {row["id"], *merged_ids(row)} & asked:
                found[known] = self._record(target, row)
        for missing in sorted(asked - found.keys()):
            if survivor := self._api.get(kind, missing, names):
                found[missing] = self._record(target, survivor)
        return found

    def shown(self, target: Target) -> dict[str, Record]:
        """See `Connector`. The search may be some moments behind, so values are read anew."""
        names = field_names(self._config, target)
        groups = [[{"propertyName": names[one], "operator": "HAS_PROPERTY"}] for one in SHOWN_BY]
        ids = [row["id"] for row in self._api.search(KINDS[target], groups, [])]
        rows = self._api.read(KINDS[target], ids, wanted(self._config, target))
        records = {row["id"]: self._record(target, row) for row in rows}
        return {
            crm_id: record
            for crm_id, record in records.items()
            if any(record.values[one] is not None for one in SHOWN_BY)
        }

    def find(self, target: Target, by: Lookup, values: Collection[str]) -> dict[str, list[str]]:
        """See `Connector`. HubSpot has no field for VAT ids; e-mail addresses are of contacts."""
        kind, names = KINDS[target], field_names(self._config, target)
        if by == "key":
            rows = self._api.read(kind, values, [names["key"]], names["key"])
            return _hits(by, rows, names["key"], values)
        if target != "parties" or by == "vat_id":
            return {}
        if by == "email":
            return self._by_contact(values)
        field = DOMAIN if by == "website" else names["customer_no"]
        rows = self._search_values(kind, field, sorted(values), [field])
        return _hits(by, rows, field, values)

    def create(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        """See `Connector`. By the unique property a record is created once, however often asked."""
        names = field_names(self._config, target)
        rows = [
            (change.key, self._new(target, change) | {names["key"]: change.key})
            for change in changes
        ]
        outcomes = _outcomes(
            self._api.upsert(KINDS[target], names["key"], rows),
            [change.key for change in changes],
            lambda row: row.properties.get(names["key"]),
        )
        if target == "opportunities":
            pairs = [
                (outcome.crm_id, str((change.master or {})["parent_id"]))
                for change, outcome in zip(changes, outcomes, strict=True)
                if outcome.crm_id
            ]
            self._api.associate("deals", "companies", pairs)
        return outcomes

    def write(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        """See `Connector`."""
        rows = [
            (
                str(change.crm_id),
                to_properties(
                    self._config, target, {k: v for k, v in change.writes.items() if k != "key"}
                ),
            )
            for change in changes
        ]
        answer = self._api.update(KINDS[target], rows)
        asked = [crm_id for crm_id, _values in rows]
        outcomes = _outcomes(answer, asked, lambda row: str(row.id))
        if others := {str(row.id) for row in answer.results} - set(asked):
            # Merged since the push read it, a record answers under the survivor's id.
            for place, crm_id in enumerate(asked):
                if outcomes[place].refused and (now := self._api.get(KINDS[target], crm_id, [])):
                    outcomes[place] = Outcome(now["id"]) if now["id"] in others else outcomes[place]
        return outcomes

    def create_tasks(self, tasks: Sequence[Task]) -> list[Outcome]:
        """See `Connector`."""
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

    def _record(self, target: Target, row: Row) -> Record:
        return to_record(self._config, target, row)

    def _new(self, target: Target, change: Change) -> Row:
        master = change.master or {}
        own = to_properties(self._config, target, change.writes)
        filled = {
            field: str(master[name])
            for name, field in (COMPANY if target == "parties" else DEAL).items()
            if master.get(name) not in (None, "")
        }
        if target == "parties":
            return filled | own
        if not master.get("parent_id"):
            raise CrmRejectedError(
                _("the CRM has no company for {key}").format(key=master.get("parent"))
            )
        pipeline, stage = self._api.first_stage
        return filled | {"pipeline": pipeline, "dealstage": stage} | own

    def _search_values(
        self, kind: str, field: str, values: Sequence[str], properties: Sequence[str]
    ) -> list[Row]:
        """Search records by the values of a property; HubSpot wants them in lower case."""
        rows: list[Row] = []
        for chunk in chunks(values, VALUES_PER_SEARCH):
            few = {
                "propertyName": field,
                "operator": "IN",
                "values": [value.lower() for value in chunk],
            }
            rows += self._api.search(kind, [[few]], properties)
        return [row for row in rows if row["properties"].get(field)]

    def _by_contact(self, values: Collection[str]) -> dict[str, list[str]]:
        contacts = self._api.read("contacts", values, ["email"], "email")
        companies = self._api.associated("contacts", "companies", [row["id"] for row in contacts])
        pairs = [
            (row["properties"]["email"], company)
            for row in contacts
            for company in companies.get(row["id"], [])
        ]
        return hits("email", pairs, values)


def _hits(
    by: Lookup, rows: Sequence[Row], field: str, values: Collection[str]
) -> dict[str, list[str]]:
    return hits(by, [(row["properties"].get(field), row["id"]) for row in rows], values)


def _outcomes(answer: Any, asked: Sequence[str], known_as: Any) -> list[Outcome]:  # noqa: ANN401
    """Give each row of a batch its result or its error; an answer 207 has both."""
    done = {usual_form("key", known_as(row)): str(row.id) for row in answer.results}
    refused: dict[str, Outcome] = {}
    for error in getattr(answer, "errors", None) or []:
        words = " ".join(str(error.message).split())
        kind = kind_of(f"{error.category} {words}")
        context = error.context or {}
        places = [int(one) for one in context.get("objectWriteTraceId", []) if one.isdigit()]
        for value in [*(asked[place] for place in places), *context.get("ids", [])]:
            refused[value] = Outcome(refused=words, kind=kind)
    lost = Outcome(refused=_("HubSpot says nothing about this record."), kind="other")
    return [refused.get(one) or (Outcome(done[one]) if one in done else lost) for one in asked]
