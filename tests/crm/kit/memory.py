"""The CRM in memory, under test: no network, so faults and refusals are its own."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config import Settings
from crm import Score
from crm.records import Target
from tests.crm.fakes.serving import Fault
from tests.crm.kit.under_test import Ability, Flaw, Seen
from tests.crm.memory_crm import MemoryCrm

NOWHERE = "it is in this process: nobody logs in, and its records take any field"
LACKS: Mapping[Ability, str] = {
    "flaw.credentials": NOWHERE,
    "flaw.field": NOWHERE,
    "flaw.right": NOWHERE,
    "conditional": "it writes whatever it is told to write",
    "export.contacts": "it keeps no contacts",
    "export.leads": "it keeps no leads",
    "export.activities": "it keeps no activities",
}


@contextmanager
def start(settings: Settings, folder: Path, flaw: Flaw | None = None) -> Iterator[MemoryUnderTest]:
    """See `StartsCrm`."""
    yield MemoryUnderTest(MemoryCrm())


@contextmanager
def start_parallel(
    settings: Settings,
    folder: Path,
    flaw: Flaw | None = None,
) -> Iterator[MemoryUnderTest]:
    """Run one that takes several calls at once and refuses a batch for one bad row."""
    yield MemoryUnderTest(MemoryCrm(answers_rows=False, parallel=4))


class MemoryUnderTest:
    """See `CrmUnderTest`."""

    lacks = LACKS
    number_field = "customer_no"

    def __init__(self, connector: MemoryCrm) -> None:
        self.connector = connector

    def add(self, target: Target, name: str, *, parent: str | None = None, **found_by: str) -> str:
        crm_id = f"own-{len(self.connector.fields)}"
        plain = {by: _plain(by, value) for by, value in found_by.items()}
        self.connector.add(target, crm_id, name=name, **plain)
        return crm_id

    def edit(self, target: Target, crm_id: str, **values: Any) -> None:
        self.connector.edit(crm_id, **values)

    def rename(self, target: Target, crm_id: str, name: str) -> None:
        self.connector.fields[crm_id]["name"] = name

    def merge(self, keep: str, lose: str) -> str:
        self.connector.merge(lose, keep)
        return keep

    def remove(self, target: Target, crm_id: str) -> None:
        del self.connector.records[target][crm_id]

    def archive(self, target: Target, crm_id: str) -> None:
        self.connector.archive(target, crm_id)

    def seen(self, target: Target) -> dict[str, Seen]:
        return {
            crm_id: Seen(self.connector.fields[crm_id]["name"], record.values, record.is_active)
            for crm_id, record in self.connector.records[target].items()
        }

    def tasks(self) -> dict[str, str]:
        return {crm_id: task.subject for crm_id, (task, _) in self.connector.tasks.items()}

    def finish_task(self, crm_id: str, answer: str) -> None:
        task, state = self.connector.tasks[crm_id]
        done = state.model_copy(update={"is_done": True, "answer": answer})
        self.connector.tasks[crm_id] = (task, done)

    def spoil(self, score: Score) -> Score:
        return score.model_copy(update={"band": "extreme"})

    def writes(self) -> int:
        return self.connector.calls

    def fail(self, *faults: Fault) -> None:
        self.connector.faults.extend(faults)

    def storm(self, rates: Mapping[Fault, float], seed: int) -> None:
        self.connector.rates, self.connector.chance = rates, random.Random(seed)

    def calm(self) -> None:
        self.connector.rates = {}
        self.connector.faults.clear()


def _plain(by: str, value: str) -> str:
    if by == "vat_id":
        return value.replace(" ", "").upper()
    text = value.lower()
    return text.split("://")[-1].removeprefix("www.").rstrip("/") if by == "website" else text
