"""A CRM that keeps records in memory, counts its calls and fails as told."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from crm import Change, CrmRejectedError, CrmUnreachableError, Outcome, Record
from crm.config import Lookup
from crm.connectors import Limits
from crm.connectors.lookups import one_each
from crm.fields import BANDS, is_shown
from crm.records import TARGETS, Kind, Note, Target, Task, TaskState
from tests.crm.fakes.serving import Fault


class KilledError(BaseException):
    """As if the process were ended here."""


class MemoryCrm:
    """See `crm.connectors.Connector`. Ids are `id-<key>` for records that the push created.

    `answers_rows`: whether the CRM tells per row what it refuses; else it refuses the batch whole.
    `faults`: what the next calls that write meet, see `tests.crm.fakes.serving.Fault`;
    `rates`: what each of them meets by `chance`.
    """

    name = "memory"

    def __init__(self, *, answers_rows: bool = True, parallel: int = 1) -> None:
        self.limits = Limits(batch=1000, parallel=parallel)
        self.posts: Collection[Kind] = ("task", "note")
        self.answers_rows = answers_rows
        self.records: dict[Target, dict[str, Record]] = {target: {} for target in TARGETS}
        self.fields: dict[str, dict[str, str]] = {}  # what people keep, by record
        self.merged: dict[str, str] = {}
        self.tasks: dict[str, tuple[Task, TaskState]] = {}
        self.notes: dict[str, Note] = {}
        self.created: list[str] = []
        self.batches: list[int] = []
        self.calls = 0  # that write, done or not
        self.refuses: set[str] = set()
        self.silent: set[str] = set()  # keys of records whose batch gets no answer
        self.faults: deque[Fault] = deque()
        self.rates: Mapping[Fault, float] = {}
        self.chance = random.Random(0)
        self.kill_before: str | None = None
        self.kill_after: str | None = None
        self.outages = 0
        self.on_write: Callable[[], None] = lambda: None
        self._lock = threading.RLock()
        self._used: set[str] = set()

    # What people do.

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

    def archive(self, target: Target, crm_id: str) -> None:
        """Archive a party, close an opportunity."""
        old = self.records[target][crm_id]
        self.records[target][crm_id] = old.model_copy(update={"is_active": False})

    # What the push calls.

    def require_login(self) -> None: ...

    def check(self) -> list[Any]:
        return []

    def setup(self) -> list[Any]:
        return []

    def read(
        self, target: Target, ids: Collection[str], id_field: str | None = None
    ) -> dict[str, Record]:
        if id_field:
            return one_each(
                (str(record.values.get(id_field)), record)
                for record in self.records[target].values()
                if record.values.get(id_field) in ids
            )
        found = {}
        for asked in ids:
            crm_id = asked
            while crm_id in self.merged:
                crm_id = self.merged[crm_id]
            if crm_id in self.records[target]:
                found[asked] = self.records[target][crm_id]
        return found

    def shown(self, target: Target) -> dict[str, Record]:
        return {i: r for i, r in self.records[target].items() if is_shown(r.values)}

    def find(self, target: Target, by: Lookup, values: Collection[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for crm_id, record in sorted(self.records[target].items()):
            own = self.fields.get(crm_id, {}).get(by) or record.values.get(by)
            if (record.is_active or by == "key") and own in values:
                found.setdefault(own, []).append(crm_id)
        return found

    def create(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        with self._lock:
            known = {r.values.get("key"): i for i, r in self.records[target].items()}
            ids = [known.get(c.key) or self._new_id(c.key) for c in changes]
            own = [c.model_copy(update={"crm_id": i}) for c, i in zip(changes, ids, strict=True)]
            return self._write(target, own, is_new=True)

    def write(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        with self._lock:
            return self._write(target, changes, is_new=False)

    def create_tasks(self, tasks: Sequence[Task]) -> list[Outcome]:
        new = [task for task in tasks if f"task-{task.key}" not in self.tasks]
        self.calls += bool(new)
        for task in new:
            crm_id = f"task-{task.key}"
            self.tasks[crm_id] = (task, TaskState(crm_id=crm_id, is_done=False))
        return [Outcome(f"task-{task.key}") for task in tasks]

    def create_notes(self, notes: Sequence[Note]) -> list[Outcome]:
        self.calls += 1
        self.notes |= {f"note-{note.key}": note for note in notes}
        return [Outcome(f"note-{note.key}") for note in notes]

    def read_tasks(self, ids: Collection[str]) -> dict[str, TaskState]:
        return {i: self.tasks[i][1] for i in ids if i in self.tasks}

    def export(self, what: str, since: datetime | None) -> Iterator[Mapping[str, str | None]]:
        target: Target | None = {"companies": "parties", "deals": "opportunities"}.get(what)  # type: ignore[assignment]
        if target and since is None:
            for crm_id in self.records[target]:
                yield {"id": crm_id, "name": self.fields[crm_id].get("name")}

    def _new_id(self, key: str) -> str:
        number, crm_id = 1, f"id-{key}"
        while crm_id in self._used:
            number, crm_id = number + 1, f"id-{key}-{number + 1}"
        return crm_id

    def _write(self, target: Target, changes: Sequence[Change], *, is_new: bool) -> list[Outcome]:
        keys = {change.key for change in changes}
        self.calls += 1
        if self.kill_before in keys:
            raise KilledError
        fault = self.faults.popleft() if self.faults else self._draw()
        _meet_before(fault)
        if keys & self.silent:
            raise CrmUnreachableError("no answer")
        if keys & self.refuses:
            raise CrmRejectedError(f"no {min(keys & self.refuses)}")
        outcomes = [self._try_row(target, change, is_new) for change in changes]
        if not self.answers_rows and (bad := [one for one in outcomes if one.refused]):
            raise CrmRejectedError(bad[0].refused or "")
        self.on_write()
        self.batches.append(len(changes))
        for change, outcome in zip(changes, outcomes, strict=True):
            if not outcome.refused:
                self._put(target, change)
        if self.kill_after in keys:
            raise KilledError
        if self.outages or fault in ("lost_answer", "cut"):
            self.outages = max(self.outages - 1, 0)
            raise CrmUnreachableError("the answer got lost")
        return outcomes

    def _draw(self) -> Fault | None:
        point = self.chance.random()
        for fault, rate in self.rates.items():
            if point < rate:
                return fault
            point -= rate
        return None

    def _try_row(self, target: Target, change: Change, is_new: bool) -> Outcome:
        if change.writes.get("band") not in (None, *BANDS):
            told = f"{change.writes['band']!r} is no band"
            return Outcome(refused=told, kind="unknown_value")
        if not is_new and change.crm_id not in self.records[target]:
            return Outcome(refused=f"there is no {change.crm_id}", kind="gone")
        return Outcome(change.crm_id)

    def _put(self, target: Target, change: Change) -> None:
        crm_id = change.crm_id or ""
        if crm_id not in self.records[target]:
            self._used.add(crm_id)
            self.created.append(change.key)
            master = change.master or {}
            self.fields[crm_id] = {"name": master.get("name") or master.get("title") or ""}
            self.records[target][crm_id] = Record(crm_id=crm_id)
        old = self.records[target][crm_id]
        self.records[target][crm_id] = old.model_copy(update={"values": old.values | change.writes})


def _meet_before(fault: Fault | None) -> None:
    if fault == "429":
        raise CrmUnreachableError("too many calls", retry_after=1)
    if fault in ("500", "502", "503", "timeout"):
        raise CrmUnreachableError(f"no answer: {fault}")
    if fault == "409":
        raise CrmRejectedError("conflict in the batch")
