"""Which leads are won: the hidden process behind the CRM's deals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample.calendar import Calendar
from sample.customers import Floats, Ints, logistic

LOOK_BACK_DAYS = 60
CAMPAIGN_DAYS = 15  # a newsletter every 15 days, on the eighth of them
_FAIR_ECHO_DAYS = 25


@dataclass(frozen=True)
class Leads:
    """One entry per lead. Days are numbers of the calendar; `closed` may lie after its end.

    `entered` (n, stages) is the day on which a stage was reached, -1 where it never is;
    `probability` is the true chance to be won, known on the day of creation.
    """

    firm: Ints
    created: Ints
    closed: Ints
    is_won: NDArray[np.bool_]
    probability: Floats
    source: NDArray[np.str_]
    is_at_fair: NDArray[np.bool_]
    visit_count: Ints
    open_count: Ints
    opened: NDArray[np.bool_]  # (n, 4): the newsletters of the 60 days before, newest first
    entered: Ints
    amount: Floats

    def joined(self, other: Leads) -> Leads:
        """Both, in the order of creation."""
        both = {
            f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)])
            for f in fields(self)
        }
        order = np.lexsort((both["firm"], both["created"]))
        return Leads(**{name: values[order] for name, values in both.items()})

    def probability_given_stage(self, day: int, lost_in_stage: list[float]) -> Floats:
        """P(won | the stages reached until `day`): a lead that came far is no longer lost early."""
        reached = ((self.entered >= 0) & (self.entered <= day)).sum(axis=1).clip(1) - 1
        still_lost = np.cumsum(lost_in_stage[::-1])[::-1][reached]
        chance: Floats = self.probability / (self.probability + (1 - self.probability) * still_lost)
        return chance


@dataclass(frozen=True)
class Askers:
    """The firms behind n leads: what is known and felt when the lead comes up."""

    firm: Ints
    industry: NDArray[np.str_]
    employees: Ints
    is_subscribed: NDArray[np.bool_]
    is_customer: bool
    complaint: Floats


def fair_days(calendar: Calendar) -> list[int]:
    """Return the fairs' first days: Tuesdays, 300 days apart, the last 11 weeks before the end."""
    weekday = calendar.first.weekday()
    days = range(calendar.days - 77, 7, -300)
    return sorted(day - (weekday + day - 1) % 7 for day in days)


def created_days(
    n: int, source: NDArray[np.str_], calendar: Calendar, rng: np.random.Generator
) -> Ints:
    """When leads come up: evenly, or in the weeks after a fair."""
    days = rng.integers(0, calendar.days, n)
    fairs = fair_days(calendar)
    if fairs:
        after = np.array(fairs)[rng.integers(0, len(fairs), n)]
        after = after + rng.integers(1, _FAIR_ECHO_DAYS, n)
        days = np.where(source == "Messe", after, days)
    return calendar.to_workday(days)


def draw_sources(n: int, causes: Mapping[str, Any], rng: np.random.Generator) -> NDArray[np.str_]:
    """Where leads come from."""
    shares = causes["source_share"]
    return rng.choice(np.array(list(shares)), n, p=np.array(list(shares.values())))


def draw(
    askers: Askers,
    created: Ints,
    source: NDArray[np.str_],
    causes: Mapping[str, Any],
    rng: np.random.Generator,
) -> Leads:
    """Draw interest, its traces, the true chance and the outcome of n leads.

    Args:
        askers: the firms behind them.
        created: day of creation (n).
        source: lead source (n).
        causes: the part `leads` of process.yml.
        rng: the source of chance.

    """
    n, win, interest = len(created), causes["win"], causes["interest"]
    mood = rng.standard_normal(n)
    visits = rng.poisson(np.exp(interest["visits"] + interest["visits_spread"] * mood))
    reading = logistic(interest["opens"] + interest["opens_spread"] * mood)
    opened = rng.random((n, LOOK_BACK_DAYS // CAMPAIGN_DAYS)) < reading[:, None]
    opened &= askers.is_subscribed[:, None]
    at_fair = source == "Messe"
    log_odds = _log_odds(askers, source, visits, opened.sum(axis=1), win)
    log_odds += win["noise"] * rng.standard_normal(n)
    probability = logistic(log_odds)
    is_won = rng.random(n) < probability
    took = _durations(n, causes["days_to_close"], rng)
    amount = causes["amount"]["median"] * np.exp(causes["amount"]["sigma"] * rng.standard_normal(n))
    return Leads(
        firm=askers.firm,
        created=created,
        closed=created + took,
        is_won=is_won,
        probability=probability,
        source=source,
        is_at_fair=at_fair,
        visit_count=visits,
        open_count=opened.sum(axis=1),
        opened=opened,
        entered=_stages(created, took, is_won, causes, rng),
        amount=(amount * np.sqrt(askers.employees / 60)).round(-2).clip(500),
    )


def _log_odds(
    askers: Askers,
    source: NDArray[np.str_],
    visits: Ints,
    opens: Ints,
    win: Mapping[str, Any],
) -> NDArray[np.float64]:
    log_odds: NDArray[np.float64] = (
        win["intercept"]
        + win["existing"] * askers.is_customer
        + win["complaint"] * askers.complaint
        + win["size"] * np.log(askers.employees / 60)
        + win["visits"] * np.log1p(visits)
        + win["opens"] * opens
        + win["fair"] * (source == "Messe")
        + np.vectorize(win["industry"].get, otypes=[float])(askers.industry)
        + np.vectorize(win["source"].get, otypes=[float])(source)
    )
    return log_odds


def _durations(n: int, rule: Mapping[str, float], rng: np.random.Generator) -> Ints:
    """Days to the decision; they say nothing about the outcome."""
    days = rule["median"] * np.exp(rule["sigma"] * rng.standard_normal(n))
    return days.clip(rule["shortest"], None).astype(np.int64)


def _stages(
    created: Ints,
    took: Ints,
    is_won: NDArray[np.bool_],
    causes: Mapping[str, Any],
    rng: np.random.Generator,
) -> Ints:
    """Draw the days on which each stage is entered (n, stages)."""
    count, n = len(causes["stages"]), len(created)
    last = np.where(is_won, count - 1, rng.choice(count, n, p=causes["lost_in_stage"]))
    # Four sorted fractions whatever the outcome, so that speed does not give the outcome away.
    share = np.sort(rng.uniform(0.05, 0.95, (n, count - 1)), axis=1)
    entered = np.column_stack([created, created[:, None] + (share * took[:, None]).astype(int)])
    return np.where(np.arange(count) <= last[:, None], entered, -1)
