"""Nights in which things go wrong, from a seed: what the push promises must hold at the end.

A run is a few nights over one CRM of the kit. In each, the scores change, customers come, go, merge
or object, people edit, merge, delete and close records before the push and in the midst of it, the
CRM spoils requests, and the push may be killed. Then comes an undisturbed push, and

- each record shows what its customer should show, fields that a person changed aside,
- no customer has two records that we made, and no deleted one came back,
- nothing but our fields was changed, and a further push writes nothing.

An edit made between the push's last look at a record, just before its batch, and its writing of the
same field may be written over, unless the CRM has a write that holds only if nobody wrote before
(`conditional`): see `tests.crm.moments`. It is told apart, not counted.
"""

from __future__ import annotations

import logging
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import duckdb

from config import Settings
from config.language import use_language
from crm import Change, CrmError, Row, Score, calling, ledger, push_through, pushing, writing
from crm.fields import SCORE_FIELDS
from crm.records import TARGETS, Target
from tests.crm.chaos_setting import CONFIG, RATES, Customer
from tests.crm.kit.between import Between
from tests.crm.kit.registry import starter
from tests.crm.kit.under_test import CrmUnderTest, Seen
from tests.crm.memory_crm import KilledError
from tests.crm.moments import Moments, Place

NIGHTS: Final = 4
NIGHT: Final = date(2026, 11, 22)
FINE: Final = re.compile(
    "deleted in the CRM|merged in the CRM|its customer is not in the CRM|the CRM's record .* fits"
)
"""What people decided. A CRM that does not say what a record was merged into leaves our key on the
survivor, which then fits two customers."""
UNDATED: Final = tuple(name for name in SCORE_FIELDS if name not in ("scored_on", "valid_until"))


@dataclass
class Story:
    """One run: what people and the warehouse did, and what came of it."""

    crm: CrmUnderTest
    settings: Settings
    rng: random.Random
    moments: Moments
    customers: dict[str, Customer] = field(default_factory=dict)
    names: dict[Place, str] = field(default_factory=dict)  # that people gave
    edits: dict[Place, dict[str, set[Any]]] = field(default_factory=dict)  # by field
    firm: dict[tuple[Target, str, str], Any] = field(default_factory=dict)  # those that must stay
    moved: dict[str, str] = field(default_factory=dict)  # merged companies
    deleted: set[Place] = field(default_factory=set)
    happened: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """Fill the CRM with what people keep, and the warehouse with what its export gave."""
        for number in range(10):
            customer = Customer(f"C{number:02}", "parties", score=self.some_score())
            for copy in range(self.rng.choice([0, 0, 1, 1, 2])):
                name = f"People's {customer.key} {copy}"
                customer.crm_ids.append(crm_id := self.crm.add("parties", name))
                self.names["parties", crm_id] = name
            self.customers[customer.key] = customer
        for number in range(4):
            lead = Customer(f"L{number:02}", "opportunities", score=self.some_score())
            lead.parent = f"C{number:02}"
            self.customers[lead.key] = lead

    def rows(self, *_: Any) -> dict[Target, list[Row]]:
        """Return what the warehouse wants tonight."""
        return {
            target: [
                Row(
                    key=one.key,
                    score=None if one.has_objected else one.score,
                    crm_ids=tuple(sorted(one.crm_ids)),
                    customer_no=f"1{one.key}" if target == "parties" else None,
                    master={"name": f"Ours {one.key}", "title": f"Ours {one.key}"},
                    parent=one.parent,
                    has_objected=one.has_objected,
                )
                for one in sorted(self.customers.values(), key=lambda one: one.key)
                if one.target == target and one.is_listed
            ]
            for target in TARGETS
        }

    def some_score(self) -> Score | None:
        """Return a score, now and then none."""
        points = self.rng.randint(0, 100)
        band = "high" if points >= 67 else "medium" if points >= 34 else "low"
        told = f"Grund {self.rng.randint(0, 99)}: „still“\n− zweiter"
        if self.rng.random() < 0.12:
            return None
        return Score(
            points=points, band=band, reasons=told, scored_on=NIGHT, stage=3, method="model",
            model_version="7", valid_until=date(2026, 11, 29),
        )  # fmt: skip

    def warehouse_changes(self) -> None:
        """Let a night's news come: scores, objections, customers that come, go or become one."""
        for one in self.customers.values():
            if self.rng.random() < 0.4:
                one.score = self.some_score()
            if self.rng.random() < 0.05:
                one.has_objected = not one.has_objected
            if one.target == "opportunities" and self.rng.random() < 0.1:
                one.is_listed = not one.is_listed
        parties = [one for one in self.customers.values() if one.target == "parties"]
        first, second = self.rng.sample(parties, 2)
        chance = self.rng.random()
        if chance < 0.15:  # identity finds that two are one
            self.tell(f"{second.key} becomes {first.key}")
            first.crm_ids, second.crm_ids = [*first.crm_ids, *second.crm_ids], []
            second.is_listed = False
        elif chance < 0.25:  # a person corrects it: the records belong the other way round
            self.tell(f"{first.key} and {second.key} swap their records")
            first.crm_ids, second.crm_ids = second.crm_ids, first.crm_ids
        elif chance < 0.4:
            new = Customer(f"C{len(self.customers):02}", "parties", score=self.some_score())
            self.customers[new.key] = new

    def people_act(self) -> None:
        """Let one person do one thing in the CRM."""
        target = self.rng.choice(TARGETS)
        known = sorted(ledger.read_written(self.settings, self.crm.connector.name).keys[target])
        seen = self.crm.seen(target)
        records = [i for i in known if i in seen]
        if not records:
            return
        crm_id, what = self.rng.choice(records), self.rng.random()
        if what < 0.45:
            self._edit(target, crm_id)
        elif what < 0.65:
            self.names[target, crm_id] = f"Renamed {self.rng.randint(0, 999)}"
            self.crm.rename(target, crm_id, self.names[target, crm_id])
        elif what < 0.75:
            self.tell(f"{crm_id} is deleted")
            self.crm.remove(target, crm_id)
            self.deleted.add((target, crm_id))
        elif what < 0.85:
            if target == "opportunities" or "parties.archive" not in self.crm.lacks:
                self.tell(f"{crm_id} is closed")
                self.crm.archive(target, crm_id)
        elif target == "parties" and len(records) > 1:
            other = self.rng.choice([i for i in records if i != crm_id])
            self._merge(crm_id, other)

    def _edit(self, target: Target, crm_id: str) -> None:
        value = {"points": self.rng.randint(101, 999), "reasons": "Ich weiß es besser."}
        name = self.rng.choice(sorted(value))
        self.tell(f"a person writes {name} of {crm_id}")
        self.edits.setdefault((target, crm_id), {}).setdefault(name, set()).add(value[name])
        with self.moments.lock:
            self.crm.edit(target, crm_id, **{name: value[name]})
            self.moments.edited(target, crm_id, name)
        self.firm[target, crm_id, name] = value[name]

    def _meet(self, places: Sequence[Place]) -> None:
        """Let a person write a record that the push is about to write, and has written before."""
        known = ledger.read_written(self.settings, self.crm.connector.name).keys
        there = [(t, i) for t, i in places if i in known[t] and i in self.crm.seen(t)]
        if there and self.rng.random() < 0.1:
            self._edit(*self.rng.choice(there))

    def _merge(self, keep: str, lose: str) -> None:
        now = self.crm.merge(keep, lose)
        self.tell(f"{lose} is merged into {keep}, now {now}")
        for old in (keep, lose):
            if old != now:
                self.moved[old] = now
            for name in SCORE_FIELDS:
                self.firm.pop(("parties", old, name), None)  # of one of the two
            for name, values in self.edits.get(("parties", old), {}).items():
                self.edits.setdefault(("parties", now), {}).setdefault(name, set()).update(values)
        name = self.crm.seen("parties")[now].name
        self.names["parties", now] = name

    def night(self, number: int) -> None:
        """Push while things go wrong."""
        self.warehouse_changes()
        for _ in range(self.rng.randint(0, 3)):
            self.people_act()
        self._let_objections_empty()
        self.crm.storm(RATES, self.rng.randint(0, 10**9))
        killed_at = self.rng.choice([0, 0, 1, 2, 3, 4])
        calls = 0

        def happens() -> None:
            nonlocal calls
            calls += 1
            if self.rng.random() < 0.15:
                self.people_act()
            if calls == killed_at:
                self.tell(f"killed in night {number}")
                raise KilledError

        self.moments = Moments(self.crm.connector, self._meet)
        connector = Between(self.moments, happens, before=self.rng.random() < 0.5)
        with self.moments.noted(), suppress(CrmError, KilledError):
            push_through(connector, self.settings, force=True)
        self.crm.calm()
        self._let_objections_empty()
        if "conditional" in self.crm.lacks:
            for lost in self.moments.lost & self.firm.keys():
                self.tell(f"written in the same moment: {lost}")
                del self.firm[lost]

    def _let_objections_empty(self) -> None:
        """Expect no person's edit on the records of whoever objects: all of a score goes."""
        written = ledger.read_written(self.settings, self.crm.connector.name)
        for one in self.customers.values():
            ids = {*one.crm_ids, *written.ids(one.target).get(one.key, ())}
            for target, crm_id, name in list(self.firm):
                if (
                    one.has_objected
                    and target == one.target
                    and crm_id in ids | set(map(self.now, ids))
                ):
                    del self.firm[target, crm_id, name]

    def counted(self) -> Counter[str]:
        """Return how often what happened: kills, edits, merges …, by a word."""
        words = {
            "killed": "kills", "writes": "edits", "merged": "merges", "deleted": "deletions",
            "closed": "closed", "becomes": "customers that became one", "swap": "swaps",
            "moment:": "edits in the same moment as a write",
        }  # fmt: skip
        return Counter(
            words[word] for told in self.happened for word in words if word in told.split()
        )

    def tell(self, what: str) -> None:
        """Note for whoever looks into a run that failed."""
        self.happened.append(what)

    # What must hold.

    def problems(self) -> list[str]:
        """Push undisturbed, look at the CRM, push again."""
        self._let_objections_empty()
        done = push_through(self.crm.connector, self.settings, force=True)
        found = [*self._lost(done), *self._doubled(), *self._shown_wrong(), *self._touched()]
        if left := ledger.read_announced(self.settings, self.crm.connector.name):
            found.append(f"{len(left)} rows stay announced")
        writes = self.crm.writes()
        again = push_through(self.crm.connector, self.settings, force=True)
        if self.crm.writes() != writes:
            told = [(one.key, one.action, one.writes) for one in again if one.writes]
            found.append(f"a further push writes {told}")
        return found

    def _lost(self, done: Sequence[Change]) -> Iterator[str]:
        """Name who has no record although nothing is in the way."""
        rows = [row for target in TARGETS for row in self.rows()[target]]
        told = {one.key: one.reason for one in done if not one.crm_id and one.action != "create"}
        missing = {row.key for row in rows} - {one.key for one in done}
        yield from (f"nothing is said of {key}" for key in sorted(missing))
        yield from (
            f"{key}: {reason}" for key, reason in told.items() if not FINE.match(str(reason))
        )

    def _doubled(self) -> Iterator[str]:
        for target in TARGETS:
            made: dict[str, list[str]] = {}
            for crm_id, seen in self.crm.seen(target).items():
                if key := seen.values.get("key"):
                    made.setdefault(key, []).append(crm_id)
            yield from (f"{key} was created as {ids}" for key, ids in made.items() if len(ids) > 1)
            back = [
                i for place, i in self.deleted if place == target and i in self.crm.seen(target)
            ]
            yield from (f"{crm_id} was deleted and is there" for crm_id in back)

    def _shown_wrong(self) -> Iterator[str]:
        rows = {row.key: row for target in TARGETS for row in self.rows()[target]}
        written = ledger.read_written(self.settings, self.crm.connector.name)
        for target in TARGETS:
            claims = self._claims(target, written.ids(target))
            for crm_id, seen in self.crm.seen(target).items():
                keys = claims.get(crm_id, set())
                if not keys and (key := seen.values.get("key")):
                    keys = {key}
                wanted = [rows[key] for key in sorted(keys) if key in rows]
                yield from self._compare((target, crm_id), seen, wanted)

    def _claims(self, target: Target, written: Mapping[str, list[str]]) -> dict[str, set[str]]:
        """Return the keys that may show their score on each record.

        Whom the CRM's export gives it; after a merge any of those that knew one of the two.
        """
        sure: dict[str, set[str]] = {}
        known: dict[str, set[str]] = {}
        for one in self.customers.values():
            if one.target == target and one.is_listed:
                for crm_id in [*one.crm_ids, *written.get(one.key, ())]:
                    now = self.now(crm_id) if target == "parties" else crm_id
                    known.setdefault(now, set()).add(one.key)
                    if crm_id in one.crm_ids and now == crm_id:
                        sure.setdefault(crm_id, set()).add(one.key)
        return known | sure

    def now(self, crm_id: str) -> str:
        """Return the company that this one is now."""
        while crm_id in self.moved:
            crm_id = self.moved[crm_id]
        return crm_id

    def _compare(self, place: Place, seen: Seen, wanted: list[Row]) -> Iterator[str]:
        values = seen.values
        scores = [row.score if seen.is_active else None for row in wanted] or [None]
        objected = bool(wanted) and all(row.has_objected for row in wanted)
        for (*edited, name), value in self.firm.items():
            if tuple(edited) == place and values.get(name) != value:
                yield f"{place}: a person's {name} {value!r} is now {values.get(name)!r}"
        for name in UNDATED:
            allowed = {score.values[name] if score else None for score in scores}
            if "parties.follow" in self.crm.lacks and place[1] in self.moved.values():
                allowed |= {None}  # whose record went into it counts as deleted there
            theirs = set() if objected else self.edits.get(place, {}).get(name, set())
            if _plain(values.get(name)) not in {_plain(one) for one in allowed | theirs}:
                keys = [row.key for row in wanted]
                told = f"{name} is {values.get(name)!r}, not of {allowed | theirs}"
                yield f"{place} of {keys}: {told}"

    def _touched(self) -> Iterator[str]:
        for target in TARGETS:
            for crm_id, seen in self.crm.seen(target).items():
                name = self.names.get((target, crm_id))
                if name is not None and seen.name != name:
                    yield f"{crm_id} is called {seen.name!r}, not {name!r}"


def _plain(value: Any) -> Any:
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


@contextmanager
def tell_story(name: str, seed: int, folder: Path) -> Iterator[Story]:
    """Run the CRM and live through the nights; nothing waits, nothing is logged."""
    (folder / "config").mkdir(parents=True)
    (folder / "crm").mkdir()
    config = CONFIG.format(name=name.partition(":")[0])
    (folder / "config" / "crm.yml").write_text(config, encoding="utf-8")
    settings = Settings(home=folder / "home", config=folder / "config", as_of=NIGHT)
    settings.home.mkdir()
    logging.disable(logging.ERROR)
    use_language("en")
    with (
        duckdb.connect(str(settings.warehouse)),  # held open, each opening by the push costs less
        patch.object(calling, "_pause", lambda _state: 0.0),
        patch.object(calling.RateLimit, "wait", lambda _self: None),
        patch.object(writing, "LOCK_PAUSE_SECONDS", 0),
        starter(name)(settings, folder / "crm") as crm,
    ):
        story = Story(crm, settings, random.Random(seed), Moments(crm.connector))
        with (
            patch.object(pushing, "read_rows", story.rows),
            patch.object(pushing, "_list_duplicates"),  # it reads a whole warehouse
        ):
            story.begin()
            for number in range(NIGHTS):
                story.night(number)
            yield story
    logging.disable(logging.NOTSET)
