"""The true world behind the files: firms, people, customers, orders, leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config.settings import read_yaml
from sample import chance
from sample import leads as lead_process
from sample.calendar import BLOCK_DAYS, Calendar
from sample.customers import GONE, Floats, History, Ints, simulate
from sample.firms import Firm, Person, make_firms, make_people
from sample.leads import Askers, Leads

_HERE = Path(__file__).parent
_BEFORE = -1  # customers since before the calendar
_FULL_MONTHS = 30  # process.yml's numbers of leads are per 30 months


@dataclass(frozen=True)
class World:
    """Everything that is true. Customer j is the firm `firms[firm_of[j]]`."""

    calendar: Calendar
    seed: int
    words: Mapping[str, Any]
    causes: Mapping[str, Any]
    firms: list[Firm]
    people: list[list[Person]]  # per firm
    firm_of: Ints
    start_days: Ints
    history: History
    leads: Leads
    is_subscribed: NDArray[np.bool_]  # per firm: somebody there gets the newsletter
    owner: NDArray[np.str_]  # per firm: our salesperson

    def chance(self, purpose: str) -> np.random.Generator:
        """Open a source of chance of its own per purpose, so that no file depends on another."""
        return chance.source(self.seed, purpose)

    @cached_property
    def customer_of(self) -> dict[int, int]:
        """The customer's index per firm number."""
        return {int(firm): j for j, firm in enumerate(self.firm_of)}

    @cached_property
    def is_seen(self) -> NDArray[np.bool_]:
        """Which orders lie in the calendar."""
        days = self.history.orders.day
        return (days >= 0) & (days < self.calendar.days)

    def person(self, firm: int, day: int, rng: np.random.Generator, main: float = 0.6) -> Person:
        """Somebody who works at the firm on the day, mostly the main contact."""
        there = [p for p in self.people[firm] if p.is_there(day)]
        return there[0] if rng.random() < main else chance.pick(there, rng)


def make_world(customers: int, months: int, seed: int, until: date) -> World:
    """Let the company live: prospects ask, some become customers, customers order and leave."""
    words = read_yaml(_HERE / "vocabulary.yml")
    causes = read_yaml(_HERE / "process.yml")
    calendar = Calendar.covering(months, until)
    volume = causes["leads"]["per_customer"]
    prospects = round(volume["newcomers"] * customers * months / _FULL_MONTHS)
    pool = make_firms(prospects + customers, words, chance.source(seed, "firms"))
    is_subscribed = (
        chance.source(seed, "subscribed").random(len(pool)) < causes["leads"]["subscribed"]
    )
    asked = _newcomers(pool[:prospects], is_subscribed, calendar, causes["leads"], seed)
    won = np.flatnonzero(asked.is_won & (asked.closed < calendar.days))
    won = won[np.lexsort((won, asked.closed[won]))][:customers]
    old = np.arange(prospects, prospects + customers - len(won))
    firm_of = np.concatenate([old, asked.firm[won]])
    start_days = np.concatenate([np.full(len(old), _BEFORE), asked.closed[won]])
    firms = pool[: prospects + len(old)]
    history = simulate(start_days, calendar, causes["customers"], chance.source(seed, "customers"))
    again = _existing(
        firms, firm_of, start_days, is_subscribed, history, calendar, causes["leads"], months, seed
    )
    who, day = history.losses
    seen = (day >= 0) & (day < calendar.days)
    lost = (firm_of[who[seen]], day[seen])
    return World(
        calendar=calendar,
        seed=seed,
        words=words,
        causes=causes,
        firms=firms,
        people=make_people(firms, lost, words, chance.source(seed, "people")),
        firm_of=firm_of,
        start_days=start_days,
        history=history,
        leads=asked.joined(again),
        is_subscribed=is_subscribed[: len(firms)],
        owner=chance.source(seed, "owners").choice(words["sales_people"], len(firms)),
    )


def _askers(
    firms: list[Firm], numbers: Ints, is_subscribed: NDArray[np.bool_], complaint: Floats | None
) -> Askers:
    return Askers(
        firm=numbers,
        industry=np.array([firms[n].industry for n in numbers], dtype=str),
        employees=np.array([firms[n].employees for n in numbers], dtype=np.int64),
        is_subscribed=is_subscribed[numbers],
        is_customer=complaint is not None,
        complaint=np.zeros(len(numbers)) if complaint is None else complaint,
    )


def _newcomers(
    firms: list[Firm],
    is_subscribed: NDArray[np.bool_],
    calendar: Calendar,
    causes: Mapping[str, Any],
    seed: int,
) -> Leads:
    """One lead per firm that is not yet a customer."""
    rng = chance.source(seed, "newcomers")
    source = lead_process.draw_sources(len(firms), causes, rng)
    created = lead_process.created_days(len(firms), source, calendar, rng)
    askers = _askers(firms, np.arange(len(firms)), is_subscribed, None)
    return lead_process.draw(askers, created, source, causes, rng)


def _existing(
    firms: list[Firm],
    firm_of: Ints,
    start_days: Ints,
    is_subscribed: NDArray[np.bool_],
    history: History,
    calendar: Calendar,
    causes: Mapping[str, Any],
    months: int,
    seed: int,
) -> Leads:
    """Leads of customers who are with us and not (secretly) gone."""
    rng = chance.source(seed, "existing")
    wanted = round(causes["per_customer"]["existing"] * len(firm_of) * months / _FULL_MONTHS)
    tried = wanted * 3
    source = lead_process.draw_sources(tried, causes, rng)
    created = lead_process.created_days(tried, source, calendar, rng)
    who = rng.integers(0, len(firm_of), tried)
    before = np.maximum(created // BLOCK_DAYS - 1, 0)
    fits = (start_days[who] < before * BLOCK_DAYS) & (history.state[before, who] != GONE)
    kept = np.flatnonzero(fits)[:wanted]
    who, created, source, before = who[kept], created[kept], source[kept], before[kept]
    felt = history.complaint_pressure[before, who]
    askers = _askers(firms, firm_of[who], is_subscribed, felt)
    return lead_process.draw(askers, created, source, causes, rng)
