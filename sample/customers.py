"""Who orders, who grows silent and who leaves: the hidden process behind the ERP's orders.

A customer is loyal, wavering or gone (hidden). In each block of 30 days the causes of
`process.yml` (silence, complaints, late deliveries, a lost contact person, price) set the hazard of
the next step; the state sets the pace of orders. Gaps between orders are gamma distributed
(mean 1, in units of the customer's usual gap), so a silence says more about a regular customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample.calendar import BLOCK_DAYS, HORIZON_BLOCKS, Calendar

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOYAL, WAVERING, GONE = range(3)
STATES = ("loyal", "wavering", "gone")
_NEWCOMER_BLOCKS = 6
_NEVER = -(10**6)
_LONGEST_DELIVERY_BLOCKS = 8


def logistic(log_odds: Floats) -> Floats:
    """Probabilities of log odds."""
    chance: Floats = 1 / (1 + np.exp(-log_odds))
    return chance


@dataclass(frozen=True)
class Orders:
    """One entry per order, in the order of time. `days_late` is 0 or more; all days are numbers."""

    customer: Ints
    day: Ints
    promised: Ints
    delivered: Ints
    days_late: Ints


@dataclass(frozen=True)
class Complaints:
    """One entry per complaint; `order` is the index into Orders, -1 where quality is the cause."""

    customer: Ints
    day: Ints
    order: Ints
    days_late: Ints


@dataclass(frozen=True)
class History:
    """What happened to N customers in B blocks, and what will happen in the three after.

    Arrays named after a state of things have the shape (B, N) and speak of a block's last day;
    `silent` says whether no order came in the 90 days after it, `probability` how likely that was.
    """

    orders: Orders
    complaints: Complaints
    questions: tuple[Ints, Ints]  # customer, day
    losses: tuple[Ints, Ints]  # customer, day: the contact person left
    price_level: Floats  # list price = 1, per block
    engagement: Floats
    complaint_pressure: Floats
    causes: Mapping[str, Floats]
    state: Ints
    probability: Floats
    silent: NDArray[np.bool_]


@dataclass
class _Pressure:
    """What has built up against us, per customer; each fades by its own rate."""

    silence: Floats  # below the usual engagement
    complaint: Floats
    lateness: Floats
    contact_lost: Floats
    price: Floats

    def log_hazard(self, weights: Mapping[str, float]) -> Floats:
        """Sum of the causes, weighted."""
        total: Floats = sum(
            (weights[name] * value for name, value in vars(self).items()),
            np.zeros_like(self.silence),
        )
        return total


class _Process:
    """The running simulation; `History` is what remains of it."""

    def __init__(
        self,
        start_days: Ints,
        calendar: Calendar,
        causes: Mapping[str, Any],
        rng: np.random.Generator,
    ) -> None:
        n = len(start_days)
        self.n, self.calendar, self.causes, self.rng = n, calendar, causes, rng
        self.first = -int(causes["burn_in_blocks"])
        self.last = calendar.blocks + HORIZON_BLOCKS
        gap = causes["gap_days"]
        self.gap = np.clip(
            gap["median"] * np.exp(gap["sigma"] * rng.standard_normal(n)),
            gap["shortest"],
            gap["longest"],
        )
        self.start_day = start_days
        self.start_block = np.where(start_days < 0, _NEVER, start_days // BLOCK_DAYS)
        self.loyalty = rng.standard_normal(n)
        self.usual = causes["engagement"]["spread"] * rng.standard_normal(n)
        self.goods_late = causes["late"]["product"] * rng.standard_normal(n)
        self.state = np.zeros(n, dtype=np.int64)
        self.pressure = _Pressure(*(np.zeros(n) for _ in range(5)))
        self.age = np.zeros(n)
        self.need = self._gap()
        self.pace = np.array([causes["states"][s]["pace"] for s in STATES])
        self.mood = np.array([causes["states"][s]["engagement"] for s in STATES])
        slots = self.last - self.first + _LONGEST_DELIVERY_BLOCKS
        self.due = {name: np.zeros((slots, n)) for name in ("complaint", "lateness", "price")}
        self._plan_prices()
        self.crisis = self._plan_crises()
        self.orders: list[NDArray[np.int64]] = []
        self.complaints: list[NDArray[np.int64]] = []
        self.questions: list[NDArray[np.int64]] = []
        self.losses: list[NDArray[np.int64]] = []
        self.order_count = 0

    def _gap(self) -> Floats:
        k = self.causes["regularity"]
        return self.rng.gamma(k, 1 / k, self.n)

    def _plan_prices(self) -> None:
        """Draw every January's rise per customer (price levels per block; excess as a cause)."""
        rule = self.causes["price_rise"]
        levels = []
        level = np.ones(self.n)
        for block in range(self.first, self.last):
            if self.calendar.has_new_year(block):
                rise = rule["mean"] + rule["sigma"] * self.rng.standard_normal(self.n)
                rise = np.clip(rise, 0, rule["highest"])
                level = level * (1 + rise / 100)
                self.due["price"][block - self.first] += np.maximum(rise - 3, 0) / 5
            levels.append(level)
        self.price_level = np.array(levels)

    def _plan_crises(self) -> Floats:
        """Two times of scarce supply, as shares of the full crisis per block."""
        blocks = np.arange(self.first, self.last)
        peaks = self.rng.uniform(0.1, 0.95, 2) * self.calendar.blocks
        bumps: Floats = np.exp(-(((blocks[:, None] - peaks) / 2.0) ** 2))
        crisis: Floats = bumps.sum(axis=1).clip(0, 1)
        return crisis

    def active(self, block: int) -> NDArray[np.bool_]:
        """Who is a customer from the start of the block on."""
        return self.start_block < block

    def steps(self, block: int, pressure: _Pressure, spread: float | Floats = 0.0) -> Floats:
        """Transition probabilities (3 from, 3 to, N) at the start of a block.

        `spread` is the log of the factor by which shocks still unknown raise the mean hazard.
        """
        waver, leave = self.causes["waver"], self.causes["leave"]
        is_new = block - self.start_block <= _NEWCOMER_BLOCKS
        total = pressure.log_hazard(waver) + waver["loyalty"] * self.loyalty
        to_wavering = waver["intercept"] + total + waver["newcomer"] * is_new + spread
        to_gone = leave["intercept"] + leave["echo"] * (total + spread)
        recover = self.causes["recover"] - waver["loyalty"] * self.loyalty
        step = np.zeros((3, 3, self.n))
        step[LOYAL, WAVERING] = -np.expm1(-np.exp(to_wavering))
        step[WAVERING, GONE] = -np.expm1(-np.exp(to_gone))
        step[WAVERING, LOYAL] = -np.expm1(-np.exp(recover)) * (1 - step[WAVERING, GONE])
        step[GONE, LOYAL] = -np.expm1(-np.exp(self.causes["win_back"]))
        for state in range(3):
            step[state, state] = 1 - step[state].sum(axis=0)
        return step

    def move(self, block: int) -> None:
        """Draw who changes state at the start of the block."""
        chances = self.steps(block, self.pressure)[self.state, :, np.arange(self.n)].cumsum(axis=1)
        drawn = (self.rng.random(self.n)[:, None] > chances[:, :2]).sum(axis=1)
        self.state = np.where(self.active(block), drawn, self.state)

    def advance(self, block: int, state: int | Ints) -> Floats:
        """Usual gaps that pass in the block, per customer in the state."""
        season = self.causes["season"][self.calendar.month(block) - 1]
        passed: Floats = self.pace[state] * season * BLOCK_DAYS / self.gap
        return passed

    def order(self, block: int) -> None:
        """Draw the block's orders, their deliveries and what these cause."""
        left = np.where(self.active(block), self.advance(block, self.state), 0.0)
        full = left.copy()
        starters = np.flatnonzero(self.start_block == block)
        found = [(starters, self.start_day[starters])]
        while (who := np.flatnonzero(self.need < left)).size:
            left[who] -= self.need[who]
            into = np.floor(BLOCK_DAYS * (1 - left[who] / full[who])).astype(np.int64)
            found.append((who, block * BLOCK_DAYS + np.minimum(into, BLOCK_DAYS - 1)))
            self.need[who] = self._gap()[who]
            self.age[who] = 0
        self.need -= left
        self.age += left
        who, day = (np.concatenate(part) for part in zip(*found, strict=True))
        by_day = np.lexsort((who, day))
        self._deliver(block, who[by_day], self.calendar.to_workday(day[by_day]))

    def _deliver(self, block: int, who: Ints, day: Ints) -> None:
        rule, rng = self.causes["late"], self.rng
        promised = self._to_weekday(day + rng.integers(7, 36, len(day)))
        chance = logistic(
            rule["intercept"]
            + rule["supplier_crisis"] * self.crisis[block - self.first]
            + self.goods_late[who]
        )
        is_late = rng.random(len(day)) < chance
        late = is_late * rng.geometric(1 / rule["mean_days"], len(day)).clip(1, 90)
        early = (~is_late) * rng.integers(0, 3, len(day))
        delivered = self._to_weekday(promised + late - early)
        late = np.maximum(delivered - promised, 0)
        slot = delivered // BLOCK_DAYS - self.first
        np.add.at(self.due["lateness"], (slot, who), late.clip(0, 20) / 10)
        order = np.arange(self.order_count, self.order_count + len(day))
        self.orders.append(np.column_stack([who, day, promised, delivered, late]))
        self.order_count += len(day)
        angry = (late > 3) & (rng.random(len(day)) < self.causes["complaint_if_late"])
        said = (delivered + rng.integers(0, 6, len(day)))[angry]
        np.add.at(self.due["complaint"], (said // BLOCK_DAYS - self.first, who[angry]), 1)
        self.complaints.append(np.column_stack([who[angry], said, order[angry], late[angry]]))

    def _to_weekday(self, days: Ints) -> Ints:
        weekday = (self.calendar.first.weekday() + days) % 7
        moved: Ints = days + np.where(weekday > 4, 7 - weekday, 0)
        return moved

    def happen(self, block: int) -> None:
        """Draw what does not come from orders, then let the pressures fade and build up."""
        is_there = self.active(block) & (self.state != GONE)
        lost = is_there & (self.rng.random(self.n) < self.causes["contact_lost"])
        faulty = is_there & (self.rng.random(self.n) < self.causes["quality_complaints"])
        asks = self.rng.poisson(self.causes["questions"] * is_there * self.pace[self.state])
        self.losses.append(self._sometime(block, np.flatnonzero(lost)))
        self.questions.append(self._sometime(block, np.repeat(np.arange(self.n), asks)))
        quality = self._sometime(block, np.flatnonzero(faulty))
        nothing = np.full((len(quality), 1), -1)
        self.complaints.append(np.hstack([quality, nothing, nothing]))
        noise = self.causes["engagement"]["noise"] * self.rng.standard_normal(self.n)
        self.pressure = self.fade(block, self.pressure, self.state)
        self.pressure.complaint += faulty
        self.pressure.contact_lost += lost
        self.pressure.silence -= noise

    def _sometime(self, block: int, who: Ints) -> Ints:
        day = block * BLOCK_DAYS + self.rng.integers(0, BLOCK_DAYS, len(who))
        return np.column_stack([who, day])

    def fade(self, block: int, before: _Pressure, state: int | Ints) -> _Pressure:
        """Return the pressures at the block's end, as far as they are determined at its start."""
        fade, memory, slot = (
            self.causes["fade"],
            self.causes["engagement"]["memory"],
            block - self.first,
        )
        return _Pressure(
            silence=memory * before.silence - (1 - memory) * self.mood[state],
            complaint=fade["complaint"] * before.complaint + self.due["complaint"][slot],
            lateness=fade["lateness"] * before.lateness + self.due["lateness"][slot],
            contact_lost=fade["contact_lost"] * before.contact_lost,
            price=fade["price"] * before.price + self.due["price"][slot],
        )

    def spread(self, steps: int) -> float:
        """Log of the mean factor on the hazard by the shocks of so many blocks to come."""
        waver, fade = self.causes["waver"], self.causes["fade"]
        noise, memory = self.causes["engagement"]["noise"], self.causes["engagement"]["memory"]
        total = 0.0
        for age in range(steps):
            for cause, share in (
                ("complaint", "quality_complaints"),
                ("contact_lost", "contact_lost"),
            ):
                jump = np.expm1(waver[cause] * fade[cause] ** age)
                total += float(np.log1p(self.causes[share] * jump))
            total += (waver["silence"] * noise * memory**age) ** 2 / 2
        return total

    def outlook(self, block: int) -> Floats:
        """P(no order in the three blocks after this one | everything so far, the hidden too).

        Sums over the 27 paths of hidden states. Along a path without orders the only unknown
        causes are new quality complaints, lost contacts and moods; `spread` takes their mean.
        """
        everyone = np.arange(self.n)
        first = self.steps(block + 1, self.pressure)[self.state, :, everyone].T
        total = np.zeros(self.n)
        for one, two in product(range(3), repeat=2):
            after_one = self.fade(block + 1, self.pressure, one)
            second = self.steps(block + 2, after_one, self.spread(1))[one, two]
            third = self.steps(block + 3, self.fade(block + 2, after_one, two), self.spread(2))[two]
            passed = self.age + self.advance(block + 1, one) + self.advance(block + 2, two)
            for three in range(3):
                weight = first[one] * second * third[three]
                total += weight * self._silence(passed + self.advance(block + 3, three))
        chance: Floats = total / np.maximum(self._silence(self.age), 1e-300)
        return chance.clip(0, 1)

    def _silence(self, passed: Floats) -> Floats:
        """P(a gap is longer), for gamma gaps with mean 1."""
        from scipy.special import gammaincc  # type: ignore[import-untyped, unused-ignore]

        k = self.causes["regularity"]
        survival: Floats = gammaincc(k, k * passed)
        return survival


def simulate(
    start_days: Ints, calendar: Calendar, causes: Mapping[str, Any], rng: np.random.Generator
) -> History:
    """Let N customers live through the calendar and 90 days beyond.

    Args:
        start_days: the day on which each became a customer (shape N); negative: before day 0.
        calendar: the time that the files cover.
        causes: the part `customers` of process.yml.
        rng: the source of chance.

    """
    life = _Process(start_days, calendar, causes, rng)
    kept: dict[str, list[NDArray[Any]]] = {
        name: [] for name in ("engagement", "state", "probability", *vars(life.pressure))
    }
    for block in range(life.first, life.last):
        life.move(block)
        life.order(block)
        life.happen(block)
        if 0 <= block < calendar.blocks:
            kept["engagement"].append(life.usual - life.pressure.silence)
            kept["state"].append(life.state)
            kept["probability"].append(life.outlook(block))
            for name, value in vars(life.pressure).items():
                kept[name].append(value)
    series = {name: np.array(values) for name, values in kept.items()}
    orders = np.concatenate(life.orders)
    first_seen = slice(-life.first, -life.first + calendar.blocks)
    return History(
        orders=Orders(*orders.T),
        complaints=Complaints(*np.concatenate(life.complaints).T),
        questions=_columns(life.questions),
        losses=_columns(life.losses),
        price_level=life.price_level[first_seen],
        engagement=series["engagement"],
        complaint_pressure=series["complaint"],
        causes={name: series[name] for name in vars(life.pressure)},
        state=series["state"],
        probability=series["probability"],
        silent=_silent(orders[:, 0], orders[:, 1], calendar, life.n),
    )


def _columns(parts: list[NDArray[np.int64]]) -> tuple[Ints, Ints]:
    table = np.concatenate(parts)
    return table[:, 0], table[:, 1]


def _silent(customer: Ints, day: Ints, calendar: Calendar, n: int) -> NDArray[np.bool_]:
    """Per block and customer: no order in the 90 days after the block's end."""
    counts = np.zeros((calendar.blocks + HORIZON_BLOCKS, n), dtype=np.int64)
    seen = day >= 0
    np.add.at(counts, (day[seen] // BLOCK_DAYS, customer[seen]), 1)
    ahead = [counts[1 + k : 1 + k + calendar.blocks] for k in range(HORIZON_BLOCKS)]
    none: NDArray[np.bool_] = np.sum(ahead, axis=0) == 0
    return none
