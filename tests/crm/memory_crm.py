"""A CRM that keeps records in memory, counts its calls and fails as told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from crm import Change, CrmRejectedError, CrmUnreachableError, Outcome, Record
from crm.config import Lookup
from crm.connectors import Limits
from crm.fields import is_scored
from crm.records import TARGETS, Target, Task, TaskState


class KilledError(BaseException):
    """As if the process were ended here."""


class MemoryCrm:
    """See `crm.connectors.Connector`. Ids are `id-<key>` for records that the push created."""

    name = "memory"
    limits = Limits(batch=1000, parallel=1)

    def __init__(self) -> None:
        self.records: dict[Target, dict[str, Record]] = {target: {} for target in TARGETS}
        self.fields: dict[str, dict[str, str]] = {}  # what people keep, by record
        self.merged: dict[str, str] = {}
        self.created: list[str] = []
        self.batches: list[int] = []
        self.refuses: set[str] = set()
        self.kill_before: str | None = None
        self.kill_after: str | None = None
        self.outages = 0
        self.on_write: Callable[[], None] = lambda: None

    def add(
        self, target: Target, crm_id: str, values: dict[str, Any] | None = None, **fields: str
    ) -> None:
        """Keep a record as a person would have typed it in."""
        self.records[target][crm_id] = Record(crm_id=crm_id, values=values or {})
        self.fields[crm_id] = fields

    def edit(self, crm_id: str, **values: Any) -> None:
        """Change our fields as a person would."""
        for records in self.records.values():
            if crm_id in records:
                old = records[crm_id]
                records[crm_id] = old.model_copy(update={"values": old.values | values})

    def merge(self, loser: str, winner: str) -> None:
        """Merge two parties as a person would."""
        del self.records["parties"][loser]
        self.merged[loser] = winner

    def require_login(self) -> None: ...

    def check(self) -> list[Any]:
        return []

    def setup(self) -> list[Any]:
        return []

    def read(
        self, target: Target, ids: Collection[str], id_field: str | None = None
    ) -> dict[str, Record]:
        found = {}
        for asked in ids:
            crm_id = asked
            if id_field:
                crm_id = next(
                    (i for i, f in self.fields.items() if f.get(id_field) == asked), asked
                )
            while crm_id in self.merged:
                crm_id = self.merged[crm_id]
            if crm_id in self.records[target]:
                found[asked] = self.records[target][crm_id]
        return found

    def shown(self, target: Target) -> dict[str, Record]:
        return {i: r for i, r in self.records[target].items() if is_scored(r.values)}

    def find(self, target: Target, by: Lookup, values: Collection[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for crm_id, record in sorted(self.records[target].items()):
            own = self.fields.get(crm_id, {}).get(by) or record.values.get(by)
            if record.is_active and own in values:
                found.setdefault(own, []).append(crm_id)
        return found

    def create(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        return self._write(
            target, [c.model_copy(update={"crm_id": f"id-{c.key}"}) for c in changes]
        )

    def write(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        return self._write(target, changes)

    def _write(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        keys = {change.key for change in changes}
        if self.kill_before in keys:
            raise KilledError
        if keys & self.refuses:
            raise CrmRejectedError(f"no {min(keys & self.refuses)}")
        self.on_write()
        self.batches.append(len(changes))
        for change in changes:
            crm_id = change.crm_id or ""
            if crm_id not in self.records[target]:
                self.created.append(change.key)
                self.fields[crm_id] = {"name": (change.master or {}).get("name") or ""}
                self.records[target][crm_id] = Record(crm_id=crm_id)
            old = self.records[target][crm_id]
            self.records[target][crm_id] = old.model_copy(
                update={"values": old.values | change.writes}
            )
        if self.kill_after in keys:
            raise KilledError
        if self.outages:
            self.outages -= 1
            raise CrmUnreachableError("the answer got lost")
        return [Outcome(change.crm_id) for change in changes]

    def create_tasks(self, tasks: Sequence[Task]) -> list[Outcome]:
        return [Outcome(f"task-{task.key}") for task in tasks]

    def read_tasks(self, ids: Collection[str]) -> dict[str, TaskState]:
        return {crm_id: TaskState(crm_id=crm_id, is_done=False) for crm_id in ids}

    def export(self, what: str, since: datetime | None) -> Iterator[Mapping[str, str | None]]:
        yield from ()
