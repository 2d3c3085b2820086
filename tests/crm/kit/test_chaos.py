"""Nights in which everything goes wrong at once, over each fake; the next quiet push mends it all.

Each run has a seed: which requests fail and how, whose score changes, what people do meanwhile,
when the push is killed. `REIFEGRAD_CHAOS_RUNS=100` tries so many seeds for each CRM.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from crm import CrmError, Score
from tests.crm.kit.conftest import Between, Nights, lacks
from tests.crm.memory_crm import KilledError

RUNS = int(os.environ.get("REIFEGRAD_CHAOS_RUNS", "1"))
CONFIG = """
connector: {name}
create: {{parties: true, opportunities: true}}
batch_size: 4
parallel: 3
attempts: 3
records: {{parties: {{source: crm_companies}}}}
"""
RATES = {
    "429": 0.04, "500": 0.03, "502": 0.03, "503": 0.03, "timeout": 0.03, "lost_answer": 0.06,
    "cut": 0.05,
}  # fmt: skip
CUSTOMERS = [f"C{number}" for number in range(1, 15)]
DEALS = [f"L{number}" for number in range(1, 5)]
KNOWN = CUSTOMERS[:6]  # these people keep in the CRM already


class Chaos:
    """One run. `theirs`: points that a person wrote, by record; `gone`: keys deleted by people."""

    def __init__(self, nights: Nights, seed: int, make: Callable[..., Score]) -> None:
        self.nights, self.crm, self.make = nights, nights.crm, make
        self.rng = random.Random(seed)
        self.faults = nights.crm.server.faults  # type: ignore[attr-defined]
        self.faults.seed = seed
        self.exported = {key: self.crm.add("parties", f"Bestand {key}") for key in KNOWN}
        self.count = len(self.exported)
        self.wanted: dict[str, Score | None] = {}
        self.deals: dict[str, Score | None] = {}
        self.theirs: dict[str, int] = {}
        self.gone: set[str] = set()

    def new_scores(self) -> None:
        for keys, wanted in ((CUSTOMERS, self.wanted), (DEALS, self.deals)):
            for key in keys:
                if key not in wanted or self.rng.random() < 0.4:
                    points = self.rng.randrange(1, 101)
                    wanted[key] = None if self.rng.random() < 0.15 else self.make(points)
        self.nights.want(self.wanted, self.deals, exported=self.exported)

    def rough_push(self) -> None:
        """Push while requests fail, and with luck be killed after some writes."""
        self.faults.rates = RATES
        left = self.rng.randrange(1, 12)

        def happens() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise KilledError

        before = self.rng.random() < 0.5
        with suppress(KilledError, CrmError):
            self.nights.push(Between(self.crm.connector, happens, before=before))
        self.faults.off()

    def people(self, ids: dict[str, str]) -> None:
        """Correct one score, merge one record into a new one, delete one."""
        scored = [key for key in CUSTOMERS if self.wanted[key] and key not in self.gone]
        edited, merged, deleted = self.rng.sample(scored, 3)
        self.theirs[edited] = 101 - (self.wanted[edited] or self.make(1)).points
        self.crm.edit("parties", ids[edited], points=self.theirs[edited])
        if not lacks(self.crm, "parties.merge"):
            self.crm.merge(self.crm.add("parties", f"Zweiter {merged}"), ids[merged])
        self.crm.remove("parties", ids[deleted])
        self.gone.add(deleted)
        self.theirs.pop(deleted, None)


@pytest.mark.parametrize("seed", range(RUNS))
def test_after_chaos_the_next_quiet_push_leaves_the_crm_as_it_should_be(
    nights: Nights,
    configure: Callable[..., None],
    crm_name: str,
    score: Callable[..., Score],
    pauses: list[float],
    seed: int,
) -> None:
    if lacks(nights.crm, "faults") or not hasattr(nights.crm, "server"):
        return
    path = nights.settings.config / "crm.yml"
    path.write_text(CONFIG.format(name=crm_name.partition(":")[0]), encoding="utf-8")
    chaos = Chaos(nights, seed, score)
    for night in range(2):
        chaos.new_scores()
        for _ in range(chaos.rng.randrange(1, 4)):
            chaos.rough_push()
        done = nights.push()
        assert_as_wanted(chaos, nights.push())
        if night == 0:
            chaos.people({key: str(one.crm_id) for key, one in done.items()})
    assert [call for call in nights.crm.server.log.calls if call.fault]


def assert_as_wanted(chaos: Chaos, last: dict[str, Any]) -> None:
    """Nothing is left to write, nothing lost, doubled or overwritten."""
    assert {one.action for one in last.values()} <= {"skip", "conflict"}
    for target, wanted in (("parties", chaos.wanted), ("opportunities", chaos.deals)):
        seen = chaos.crm.seen(target)  # type: ignore[arg-type]
        ids = [last[key].crm_id for key in wanted if key in last and last[key].crm_id in seen]
        assert len(ids) == len(set(ids)), "two customers on one record"
        assert set(seen) == set(ids), "a record that is nobody's"
        for key, one in wanted.items():
            if key in chaos.gone:
                assert last[key].crm_id not in seen
            elif key in last and last[key].crm_id in seen:
                values = seen[last[key].crm_id].values
                points = chaos.theirs.get(key, one.points if one else None)
                assert values.get("points") == points, key
                assert values.get("band") == (one.band if one else None), key
            else:
                assert one is None, f"{key} was lost"
