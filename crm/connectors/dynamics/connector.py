"""The connector to Dynamics 365 Sales: accounts, opportunities and leads on Dataverse."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from config import Settings
from config.language import _
from crm.config import CrmConfig, Lookup
from crm.connectors.connector import Export, Finding, Limits, SetupStep
from crm.connectors.dynamics import installing, tasks
from crm.connectors.dynamics.api import DataverseApi, Row
from crm.connectors.dynamics.export import export
from crm.connectors.dynamics.new_records import new_values
from crm.connectors.dynamics.schema import (
    TABLES,
    Table,
    field_names,
    from_dataverse,
    own_columns,
)
from crm.connectors.lookups import hits, one_each
from crm.errors import no_notes
from crm.fields import SHOWN_FIELDS
from crm.records import Change, Note, Outcome, Record, Target, Task, TaskState

if TYPE_CHECKING:
    from PowerPlatform.Dataverse.operations.batch import BatchRequest

ACTIVE: Final = " and statecode eq 0"


class DynamicsConnector:
    """One environment. Requests of a batch succeed or fail on their own.

    `UpdateMultiple` would be quicker, but it rolls back whole and does not say which row was bad.
    """

    name = "dynamics"
    # Dataverse takes 1,000 records a call and 52 calls at once. A thousand writes can outlast what
    # we wait for an answer; eight calls leave room for the people who work in it.
    limits = Limits(batch=200, parallel=8)
    posts = ("task",)

    def __init__(self, settings: Settings, config: CrmConfig) -> None:
        self._settings, self._config = settings, config
        self._api = DataverseApi(settings)
        self._used: dict[Target, tuple[Table, ...]] = {}
        self._tables: dict[str, Table] = {}  # of the records seen: an id does not tell its kind
        self._versions: dict[str, str] = {}  # ETags as read last
        self._lock = threading.Lock()

    def require_login(self) -> None:
        """See `Connector`."""
        self._api.log_in()

    def check(self) -> list[Finding]:
        """See `Connector`."""
        return installing.check(self._api, self._config)

    def setup(self) -> list[SetupStep]:
        """See `Connector`."""
        return installing.setup(self._api, self._config, self._settings.language)

    def read(
        self, target: Target, ids: Collection[str], id_field: str | None = None
    ) -> dict[str, Record]:
        """See `Connector`. A merged account stays, inactive, and names its master."""
        wanted = sorted(ids) if id_field else sorted(i for i in ids if _is_id(i))
        pairs: list[tuple[str, Record]] = []
        masters: dict[str, Record] = {}
        for table in self._used_tables(target):
            column = id_field or table.id
            rows = self._rows(target, table, column, wanted)
            merged = {str(row[column]).lower(): row for row in rows if _is_merged(row)}
            masters |= self._masters(target, table, merged, wanted)
            pairs += [
                (str(row[column]).lower(), self._to_record(target, table, row))
                for row in rows
                if not _is_merged(row)
            ]
        found = one_each(pairs)
        return masters | {i: found[i.lower()] for i in wanted if i.lower() in found}

    def shown(self, target: Target) -> dict[str, Record]:
        """See `Connector`."""
        names = field_names(self._config, target)
        condition = " or ".join(f"{names[name]} ne null" for name in SHOWN_FIELDS)
        return {
            row[table.id]: self._to_record(target, table, row)
            for table in self._used_tables(target)
            for row in self._api.rows(table.name, self._columns(target, table), condition)
            if not _is_merged(row)
        }

    def find(self, target: Target, by: Lookup, values: Collection[str]) -> dict[str, list[str]]:
        """See `Connector`. Accounts have no VAT id of their own in Dynamics."""
        wanted, names = sorted(values), field_names(self._config, target)
        pairs: list[tuple[str | None, str]] = []
        if by == "key":
            for table in self._used_tables(target):
                rows = self._rows(target, table, names["key"], wanted)
                pairs += [(r[names["key"]], r[table.id]) for r in rows if not _is_merged(r)]
        elif target == "parties" and by in ("customer_no", "email"):
            columns = ["accountnumber", names["customer_no"]]
            columns = ["emailaddress1"] if by == "email" else columns
            for column in columns:
                select = ["accountid", column]
                rows = self._api.rows_in("account", select, column, wanted, ACTIVE)
                pairs += [(row[column], row["accountid"]) for row in rows]
            if by == "email":
                pairs += self._people(wanted)
        elif target == "parties" and by == "website":
            select = ["accountid", "websiteurl"]
            rows = list(self._api.rows("account", select, "websiteurl ne null" + ACTIVE))
            pairs = [(row["websiteurl"], row["accountid"]) for row in rows]
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
            made = self._create(target, missing)
            outcomes |= {c.key: outcome for c, outcome in zip(missing, made, strict=True)}
        return [outcomes[change.key] for change in changes]

    def write(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        """See `Connector`."""
        unseen = [c.crm_id for c in changes if c.crm_id and c.crm_id not in self._tables]
        if unseen:
            self.read(target, unseen)
        there = [c for c in changes if c.crm_id in self._tables]

        def fill(batch: BatchRequest) -> None:
            for change in there:
                table = self._tables[change.crm_id or ""]
                own = own_columns(self._config, target, change.writes)
                batch.records.update(table.name, change.crm_id or "", own)

        versions = {
            c.crm_id: version
            for c in there
            if c.crm_id and (version := self._versions.pop(c.crm_id, None)) and not c.has_objected
        }
        answers = self._api.batch(fill, versions) if there else []
        done = {
            change.crm_id: outcome if outcome.refused else Outcome(change.crm_id)
            for change, outcome in zip(there, answers, strict=True)
        }
        gone = Outcome(refused=_("deleted in the CRM"), kind="gone")
        return [done.get(change.crm_id, gone) for change in changes]

    def create_tasks(self, tasks_: Sequence[Task]) -> list[Outcome]:
        """See `Connector`."""
        ids = {task.opportunity_id for task in tasks_ if task.opportunity_id}
        if unseen := ids - self._tables.keys():
            self.read("opportunities", unseen)
        return tasks.create(self._api, tasks_, self._tables)

    def create_notes(self, notes: Sequence[Note]) -> list[Outcome]:  # noqa: ARG002
        """See `Connector`. A task says the same there, and can be closed."""
        raise no_notes(self.name)

    def read_tasks(self, ids: Collection[str]) -> dict[str, TaskState]:
        """See `Connector`."""
        return tasks.read(self._api, ids)

    def export(self, what: Export, since: datetime | None) -> Iterator[Mapping[str, str | None]]:
        """See `Connector`."""
        return export(self._api, what, since)

    def _create(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        from PowerPlatform.Dataverse.models.upsert import UpsertItem

        table, key = TABLES[target][0], field_names(self._config, target)["key"]
        values = new_values(self._api, target, changes)

        def fill(batch: BatchRequest) -> None:
            for change, given in zip(changes, values, strict=True):
                own = own_columns(self._config, target, change.writes)
                own.pop(key, None)  # it stands in the address
                item = UpsertItem({key: change.key}, {**given, **own})
                batch.records.upsert(table.name, [item])

        outcomes = self._api.batch(fill)
        self._tables |= {o.crm_id: table for o in outcomes if o.crm_id}
        return outcomes

    def _people(self, emails: Sequence[str]) -> list[tuple[str | None, str]]:
        """Return the companies of contacts, by the contact's e-mail address."""
        select = ["emailaddress1", "_parentcustomerid_value"]
        rows = self._api.rows_in("contact", select, "emailaddress1", emails, ACTIVE)
        pairs = [(row["emailaddress1"], str(row["_parentcustomerid_value"])) for row in rows]
        # A contact's customer may be another contact.
        ids = sorted({crm_id for _email, crm_id in pairs if _is_id(crm_id)})
        accounts = {
            row["accountid"]
            for row in self._api.rows_in("account", ["accountid"], "accountid", ids, ACTIVE)
        }
        return [(email, crm_id) for email, crm_id in pairs if crm_id in accounts]

    def _used_tables(self, target: Target) -> tuple[Table, ...]:
        """Return the tables that carry our fields: many firms do not use leads."""
        with self._lock:
            if target not in self._used:
                first, *others = TABLES[target]
                key = field_names(self._config, target)["key"]
                used = [t for t in others if key in installing.columns(self._api, t.name)]
                self._used[target] = (first, *used)
            return self._used[target]

    def _rows(
        self, target: Target, table: Table, column: str, values: Sequence[str], more: str = ""
    ) -> list[Row]:
        select = self._columns(target, table, column)
        return self._api.rows_in(table.name, select, column, values, more)

    def _columns(self, target: Target, table: Table, *more: str) -> list[str]:
        names = [table.id, table.title, "statecode", "modifiedon"]
        names += ["merged", "_masterid_value"] if table.is_merged else []
        own = field_names(self._config, target).values()
        return list(dict.fromkeys([*names, *own, *more]))

    def _masters(
        self, target: Target, table: Table, rows: Mapping[str, Row], asked: Sequence[str]
    ) -> dict[str, Record]:
        """Return the records into which merged ones went, by what was asked for."""
        merged = [i for i in asked if i.lower() in rows and _is_merged(rows[i.lower()])]
        heirs = {i: rows[i.lower()] for i in merged}
        looked_up: set[str] = set()
        while ids := {h["_masterid_value"] for h in heirs.values() if _is_merged(h)} - looked_up:
            looked_up |= ids
            found = self._rows(target, table, table.id, sorted(ids))
            masters = {row[table.id]: row for row in found}
            heirs = {
                i: masters.get(heir["_masterid_value"], heir) if _is_merged(heir) else heir
                for i, heir in heirs.items()
            }
        return {i: self._to_record(target, table, heir) for i, heir in heirs.items()}

    def _to_record(self, target: Target, table: Table, row: Row) -> Record:
        names = field_names(self._config, target)
        with self._lock:
            self._tables[row[table.id]] = table
            if version := getattr(row, "etag", None):
                self._versions[row[table.id]] = version
        return Record(
            crm_id=row[table.id],
            values={name: from_dataverse(name, row.get(column)) for name, column in names.items()},
            name=row.get(table.title),
            is_active=row["statecode"] == 0,
            changed_on=date.fromisoformat(str(row["modifiedon"])[:10]),
        )


def _is_merged(row: Row) -> bool:
    return bool(row.get("merged") and row.get("_masterid_value"))


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
