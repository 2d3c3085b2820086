"""The causes really act, and the written probabilities are the true ones."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaincc
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from config.settings import PROJECT_ROOT, read_yaml
from sample.calendar import Calendar
from sample.customers import LOYAL, History, simulate
from sample.leads import Askers, Leads, draw
from tests.sample.conftest import UNTIL

CAUSES = read_yaml(PROJECT_ROOT / "sample" / "process.yml")
CALENDAR = Calendar.covering(30, UNTIL)
N = 2000


@cache
def history() -> History:
    return simulate(np.full(N, -1), CALENDAR, CAUSES["customers"], np.random.default_rng(3))


def bought_within_a_year(block: int) -> np.ndarray:
    orders, end = history().orders, (block + 1) * 30
    recent = (orders.day < end) & (orders.day >= end - 365)
    return np.isin(np.arange(N), orders.customer[recent])


def days_since_order(block: int) -> np.ndarray:
    orders, end = history().orders, (block + 1) * 30
    last = np.full(N, -(10**6))
    seen = orders.day < end
    np.maximum.at(last, orders.customer[seen], orders.day[seen])
    return end - 1 - last


@given(st.dates(date(2000, 2, 1), date(2100, 1, 1)), st.integers(6, 120))
def test_a_calendar_covers_the_months_and_ends_on_the_last_day(until: date, months: int) -> None:
    calendar = Calendar.covering(months, until)
    assert calendar.day(calendar.days - 1) == until == calendar.block_end(calendar.blocks - 1)
    assert 0 <= calendar.days - months * 365.25 / 12 < 30
    new_years = sum(calendar.has_new_year(b) for b in range(calendar.blocks))
    days = (calendar.first + timedelta(n) for n in range(calendar.days))
    assert new_years == sum((day.month, day.day) == (1, 1) for day in days)


def test_probabilities_of_silence_are_calibrated() -> None:
    made = history()
    blocks = range(6, CALENDAR.blocks, 4)
    chance = np.concatenate([made.probability[b] for b in blocks])
    came = np.concatenate([made.silent[b] for b in blocks])
    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 1.01)):
        among = (chance >= low) & (chance < high)
        assert among.sum() > 300
        assert came[among].mean() == pytest.approx(chance[among].mean(), abs=0.03)


def test_without_causes_the_probability_is_that_of_the_gap_alone() -> None:
    causes: dict[str, Any] = deepcopy(CAUSES["customers"])
    causes["waver"]["intercept"] = -50
    causes["season"] = [1.0] * 12
    causes["gap_days"] |= {"sigma": 0.0, "median": 60}
    for cause in ("loyalty", "silence", "complaint", "lateness", "contact_lost", "price"):
        causes["waver"][cause] = 0.0
    made = simulate(np.full(50, -1), CALENDAR, causes, np.random.default_rng(0))
    assert (made.state == LOYAL).all()
    k, ages = causes["regularity"], {}
    orders = made.orders
    for customer in range(50):
        before = orders.day[(orders.customer == customer) & (orders.day < CALENDAR.days)].max()
        ages[customer] = (CALENDAR.days - before) / 60
    expected = [gammaincc(k, k * (age + 1.5)) / gammaincc(k, k * age) for age in ages.values()]
    # Orders are moved from weekends to Fridays, hence the tolerance.
    np.testing.assert_allclose(made.probability[-1], expected, atol=0.03)


def test_the_best_possible_ranking_beats_recency_but_is_not_perfect() -> None:
    made, block = history(), CALENDAR.blocks - 1
    among = bought_within_a_year(block)
    silent = made.silent[block][among]
    assert 0.12 < silent.mean() < 0.4
    best = roc_auc_score(silent, made.probability[block][among])
    recency = roc_auc_score(silent, days_since_order(block)[among])
    assert 0.80 < best < 0.91
    assert recency < best - 0.07


@pytest.mark.parametrize("cause", ["silence", "complaint", "lateness", "contact_lost"])
def test_causes_make_customers_waver(cause: str) -> None:
    made = history()
    names = list(made.causes)
    now, later = made.state[:-1], made.state[1:]
    loyal = now == LOYAL
    felt = np.column_stack([made.causes[name][:-1][loyal] for name in names])
    model = LogisticRegression(C=100, max_iter=500).fit(felt, later[loyal] != LOYAL)
    found = model.coef_[0][names.index(cause)]
    wanted = CAUSES["customers"]["waver"][cause]
    assert found == pytest.approx(wanted, rel=0.5)


def leads(n: int = 6000) -> tuple[Leads, Askers]:
    rng, causes = np.random.default_rng(5), CAUSES["leads"]
    askers = Askers(
        firm=np.arange(n),
        industry=rng.choice(list(causes["win"]["industry"]), n),
        employees=np.exp(rng.normal(np.log(60), 0.9, n)).clip(4, 900).astype(int),
        is_subscribed=rng.random(n) < causes["subscribed"],
        is_customer=False,
        complaint=np.zeros(n),
    )
    source = rng.choice(list(causes["source_share"]), n)
    return draw(askers, rng.integers(0, CALENDAR.days, n), source, causes, rng), askers


def test_leads_are_won_for_the_stated_causes() -> None:
    made, askers = leads()
    win = CAUSES["leads"]["win"]
    assert made.is_won.mean() == pytest.approx(made.probability.mean(), abs=0.02)
    assert 0.2 < made.is_won.mean() < 0.4
    assert 0.74 < roc_auc_score(made.is_won, made.probability) < 0.86
    felt = np.column_stack(
        [
            np.log1p(made.visit_count),
            made.open_count,
            np.log(askers.employees / 60),
            *(made.source == name for name in ("Empfehlung", "Kaltakquise", "Messe")),
            *(askers.industry == name for name in ("Fördertechnik", "Metallbau")),
        ]
    )
    coefficients = LogisticRegression(C=100, max_iter=500).fit(felt, made.is_won).coef_[0]
    visits, opens, size, referral, cold, fair, conveyor, metal = coefficients
    assert visits == pytest.approx(win["visits"], rel=0.35)
    assert opens > 0
    assert size == pytest.approx(win["size"], rel=0.4)
    assert cold < 0 < min(referral, fair)
    assert metal < 0 < conveyor


def test_speed_says_nothing_and_stages_say_what_they_should() -> None:
    made, _ = leads()
    took = made.closed - made.created
    assert roc_auc_score(made.is_won, took) == pytest.approx(0.5, abs=0.03)
    lost = CAUSES["leads"]["lost_in_stage"]
    middle = int(np.median(made.created))
    open_then = (made.created <= middle) & (made.closed > middle)
    given_stage = made.probability_given_stage(middle, lost)
    assert (given_stage >= made.probability - 1e-12).all()
    assert made.is_won[open_then].mean() == pytest.approx(given_stage[open_then].mean(), abs=0.08)
