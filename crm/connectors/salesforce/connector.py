"""The connector to Salesforce: accounts, opportunities and leads, through simple-salesforce."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from config import Settings
from crm.config import CrmConfig, Lookup
from crm.connectors.connector import Export, Finding, Limits, SetupStep
from crm.connectors.lookups import hits, one_each
from crm.connectors.salesforce import bulk, installing, tasks
from crm.connectors.salesforce.export import export
from crm.connectors.salesforce.new_records import NewRecords
from crm.connectors.salesforce.rest import SalesforceRest
from crm.connectors.salesforce.schema import OBJECTS, SObject, field_names
from crm.errors import no_notes
from crm.fields import FIELDS, Values
from crm.records import Change, Note, Outcome, Record, Target, Task, TaskState

ID_LENGTHS: Final = (15, 18)  # the last three only guard against lost upper case
FILTERED: Final = tuple(n for n, f in FIELDS.items() if f.kind != "long_text")
"""Long texts cannot stand in the condition of a query."""


class SalesforceConnector:
    """One org. Rows of a call succeed or fail on their own."""

    name = "salesforce"
    # From `bulk.FROM_ROWS` rows on, one call is a job of the Bulk API 2.0.
    limits = Limits(batch=10_000, parallel=5)
    posts = ("task",)

    def __init__(self, settings: Settings, config: CrmConfig) -> None:
        self._settings, self._config = settings, config
        self._rest = SalesforceRest(settings)
        self._new = NewRecords(self._rest, settings.night)
        self._used: dict[Target, tuple[SObject, ...]] = {}
        self._lock = threading.Lock()

    def require_login(self) -> None:
        """See `Connector`."""
        self._rest.log_in()

    def check(self) -> list[Finding]:
        """See `Connector`."""
        return installing.check(self._rest, self._config)

    def setup(self) -> list[SetupStep]:
        """See `Connector`."""
        return installing.setup(self._rest, self._config, self._settings.language)

    def read(
        self, target: Target, ids: Collection[str], id_field: str | None = None
    ) -> dict[str, Record]:
        """See `Connector`. A merged account or lead lies in the recycle bin and names its heir."""
        field = id_field or "Id"
        pairs: list[tuple[str, Record]] = []
        for sobject in self._objects(target):
            asked = [i for i in ids if id_field or _is_id(sobject, i)]
            pairs += self._by_field(target, sobject, field, sorted(asked))
        rows = one_each(pairs)
        found = {i: rows[_plain(field, i)] for i in ids if _plain(field, i) in rows}
        for sobject in self._objects(target):
            if sobject.is_merged:
                left = sorted(i for i in ids if i not in found)
                asked = [i for i in left if id_field or _is_id(sobject, i)]
                found |= self._heirs(target, sobject, field, asked)
        return found

    def shown(self, target: Target) -> dict[str, Record]:
        """See `Connector`."""
        names = field_names(self._config, target)
        filtered = [names[n] for n in FILTERED if n in names and n not in ("customer_no", "key")]
        condition = " OR ".join(f"{name} != null" for name in filtered)
        return {
            row["Id"]: self._to_record(target, sobject, row)
            for sobject in self._objects(target)
            for row in self._rest.query(f"{self._select(target, sobject)} WHERE {condition}")
        }

    def find(self, target: Target, by: Lookup, values: Collection[str]) -> dict[str, list[str]]:
        """See `Connector`. Accounts have no VAT id of their own in Salesforce."""
        wanted = sorted(values)
        pairs: list[tuple[str | None, str]] = []
        names = field_names(self._config, target)
        if by == "key":
            for sobject in self._objects(target):
                soql = f"SELECT Id, {names['key']} FROM {sobject.name} WHERE {names['key']} IN {{}}"
                rows = self._rest.query_in(soql, wanted)
                pairs += [(row[names["key"]], row["Id"]) for row in rows]
        elif target == "parties" and by == "customer_no":
            for field in ("AccountNumber", names["customer_no"]):
                soql = f"SELECT Id, {field} FROM Account WHERE {field} IN {{}}"
                pairs += [(row[field], row["Id"]) for row in self._rest.query_in(soql, wanted)]
        elif target == "parties" and by == "website":
            rows = self._rest.query("SELECT Id, Website FROM Account WHERE Website != null")
            pairs = [(row["Website"], row["Id"]) for row in rows]
        elif target == "parties" and by == "email":
            soql = "SELECT AccountId, Email FROM Contact WHERE AccountId != null AND Email IN {}"
            pairs = [(row["Email"], row["AccountId"]) for row in self._rest.query_in(soql, wanted)]
        return hits(by, pairs, values)

    def create(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        """See `Connector`. By our key, so that an answer that got lost creates nothing twice."""
        known = self.find(target, "key", [change.key for change in changes])
        again = [
            change.model_copy(update={"crm_id": known[change.key][0]})
            for change in changes
            if change.key in known
        ]
        outcomes = {
            change.key: outcome
            for change, outcome in zip(again, self.write(target, again), strict=True)
        }
        missing = [change for change in changes if change.key not in known]
        if missing:
            sobject, key = OBJECTS[target][0], field_names(self._config, target)["key"]
            given = self._new.values(target, missing)
            records = [
                {"attributes": {"type": sobject.name}, **values, **self._own(change)}
                for change, values in zip(missing, given, strict=True)
            ]
            path = f"composite/sobjects/{sobject.name}/{key}"
            made = self._rest.save("PATCH", path, records)
            outcomes |= {c.key: outcome for c, outcome in zip(missing, made, strict=True)}
        return [outcomes[change.key] for change in changes]

    def write(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        """See `Connector`."""
        if len(changes) >= bulk.FROM_ROWS:
            return bulk.update(self._rest, [self._record(target, change) for change in changes])
        # Records of one kind together: a call takes ten changes of kind at most.
        order = sorted(range(len(changes)), key=lambda place: (changes[place].crm_id or "")[:3])
        records = [self._record(target, changes[place]) for place in order]
        answers = self._rest.save("PATCH", "composite/sobjects", records)
        outcomes = dict(zip(order, answers, strict=True))
        return [outcomes[place] for place in range(len(changes))]

    def create_tasks(self, tasks_: Sequence[Task]) -> list[Outcome]:
        """See `Connector`."""
        return tasks.create(self._rest, tasks_)

    def create_notes(self, notes: Sequence[Note]) -> list[Outcome]:  # noqa: ARG002
        """See `Connector`. A task says the same there, and can be closed."""
        raise no_notes(self.name)

    def read_tasks(self, ids: Collection[str]) -> dict[str, TaskState]:
        """See `Connector`."""
        return tasks.read(self._rest, ids)

    def export(self, what: Export, since: datetime | None) -> Iterator[Mapping[str, str | None]]:
        """See `Connector`."""
        return export(self._rest, what, since)

    def _objects(self, target: Target) -> tuple[SObject, ...]:
        """Return the objects that carry our fields: many firms do not use leads."""
        with self._lock:
            if target not in self._used:
                first, *others = OBJECTS[target]
                key = field_names(self._config, target)["key"]
                used = [o for o in others if key in installing.visible_fields(self._rest, o.name)]
                self._used[target] = (first, *used)
            return self._used[target]

    def _by_field(
        self, target: Target, sobject: SObject, field: str, values: Sequence[str]
    ) -> list[tuple[str, Record]]:
        """Return the value and the record of each row with one of these values."""
        soql = f"{self._select(target, sobject, field)} WHERE {field} IN {{}}"
        rows = self._rest.query_in(soql, values)
        return [(_plain(field, row[field]), self._to_record(target, sobject, row)) for row in rows]

    def _heirs(
        self, target: Target, sobject: SObject, field: str, missing: Sequence[str]
    ) -> dict[str, Record]:
        """Return the records into which these were merged, by what was asked for."""
        heirs: dict[str, str] = {}
        asked: dict[str, list[str]] = {_plain(field, i): [i] for i in missing}
        while asked:
            soql = (
                f"SELECT Id, MasterRecordId{'' if field == 'Id' else ', ' + field}"
                f" FROM {sobject.name} WHERE IsDeleted = true AND {field} IN {{}}"
            )
            rows = self._rest.query_in(soql, sorted(asked), with_deleted=True)
            found: dict[str, list[str]] = {}
            for row in rows:
                if row["MasterRecordId"]:
                    names = asked.get(_plain(field, row[field]), [])
                    found.setdefault(_plain("Id", row["MasterRecordId"]), []).extend(names)
                    heirs |= dict.fromkeys(names, row["MasterRecordId"])
            asked, field = found, "Id"
        records = dict(self._by_field(target, sobject, "Id", sorted(set(heirs.values()))))
        return {
            name: records[_plain("Id", heir)]
            for name, heir in heirs.items()
            if _plain("Id", heir) in records
        }

    def _select(self, target: Target, sobject: SObject, *more: str) -> str:
        names = ["Id", "Name", "LastModifiedDate", *field_names(self._config, target).values()]
        names += [sobject.closed] if sobject.closed else []
        return f"SELECT {', '.join(dict.fromkeys([*names, *more]))} FROM {sobject.name}"

    def _to_record(self, target: Target, sobject: SObject, row: Mapping[str, Any]) -> Record:
        names = field_names(self._config, target)
        return Record(
            crm_id=row["Id"],
            values={name: _value(name, row[field]) for name, field in names.items()},
            name=row["Name"],
            is_active=not (sobject.closed and row[sobject.closed]),
            changed_on=date.fromisoformat(row["LastModifiedDate"][:10]),
        )

    def _own(self, change: Change) -> Values:
        names = field_names(self._config, change.target)
        own = {names[name]: value for name, value in change.writes.items() if name in names}
        return own | ({} if change.crm_id else {names["key"]: change.key})

    def _record(self, target: Target, change: Change) -> dict[str, Any]:
        crm_id = change.crm_id or ""
        (kind,) = [o.name for o in OBJECTS[target] if crm_id.startswith(o.prefix)]
        return {"attributes": {"type": kind}, "id": crm_id, **self._own(change)}


def _is_id(sobject: SObject, text: str) -> bool:
    return len(text) in ID_LENGTHS and text.isalnum() and text.startswith(sobject.prefix)


def _plain(field: str, value: str) -> str:
    """Return an id by which the short and the long form are the same."""
    return value[: ID_LENGTHS[0]] if field == "Id" else str(value)


def _value(name: str, value: Any) -> Any:  # noqa: ANN401
    if FIELDS[name].kind == "integer" and value is not None:
        return int(value)
    return value if value != "" else None
