"""Drift: silent while nothing changes, loud when something does; both counted."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ml.learning.reference import SCORE, distance, make_reference, summary
from ml.specs.files import load_spec
from ml.watching.drift import find_drift

SPEC = load_spec(
    {
        "target": {"column": "y"},
        "features": {
            **{f"x{i}": {"type": "numeric"} for i in range(12)},
            "few": {"type": "numeric"},
            "kind": {"type": "categorical"},
        },
    }
)
RULES = SPEC.watching


def draw(n, seed, shift=0.0, kind=(0.5, 0.3, 0.2), missing=0.1):
    """Rows of one population; `shift` in standard deviations of x0."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame({f"x{i}": random.normal(size=n) for i in range(12)})
    table["x0"] += shift
    table["x1"] = table["x1"].mask(random.random(n) < missing)
    table["few"] = random.choice([0.0, 1.0, 2.0], n, p=[0.9, 0.08, 0.02])
    table["kind"] = random.choice(["a", "b", "c"], n, p=kind).astype(object)
    return table


def reference(n=400, seed=1, **options):
    inputs = draw(n, seed, **options)
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"entity_id": range(n)})
    tested = pd.DataFrame({"row": range(n), "entity_id": range(n), "probability": random.random(n)})
    candidate = SimpleNamespace(features=tuple(inputs), spec=SPEC, tested=tested)
    return make_reference(candidate, frame, inputs)


def alarms(tonight, then):
    return {drift.name for drift in find_drift(tonight, then, RULES) if drift.is_alarm}


@pytest.mark.parametrize("customers", [40, 300])
def test_on_stable_data_there_is_no_alarm_in_100_nights_beyond_the_stated_rate(customers):
    # A reference of its own per night: one unlucky reference would spoil all of them.
    alarmed = sum(
        bool(alarms(draw(customers, 1000 + night), reference(seed=night))) for night in range(100)
    )
    # At most one expected by `alarm_rate`; more than four come by luck in 1 of 300 such tests.
    assert alarmed <= 4


@pytest.mark.parametrize(
    ("customers", "change", "found"),
    [
        (300, {"shift": 0.6}, {"x0"}),
        (40, {"shift": 1.2}, {"x0"}),
        (300, {"kind": (0.2, 0.3, 0.5)}, {"kind"}),
        (40, {"kind": (0.05, 0.15, 0.8)}, {"kind"}),
        (300, {"missing": 0.5}, {"x1"}),
    ],
)
def test_a_planted_drift_is_found_and_named(customers, change, found):
    named = [alarms(draw(customers, seed, **change), reference()) for seed in range(10)]
    assert sum(names == found for names in named) >= 9


def test_with_too_few_customers_there_is_no_alarm_however_different_they_are():
    drifts = find_drift(draw(39, 5, shift=5), reference(), RULES)
    assert not any(drift.is_alarm for drift in drifts)
    assert {drift.p_value for drift in drifts} == {None}


def test_with_very_many_a_difference_that_matters_to_nobody_is_no_alarm():
    (x0, *_rest) = find_drift(draw(20_000, 5, shift=0.15), reference(20_000), RULES)
    assert x0.p_value < RULES.alarm_rate / 15
    assert not x0.is_alarm


def test_what_moves_by_itself_is_usual_and_no_alarm():
    # Days since the first order grow with the calendar: every later cut-off lies higher.
    months = [
        draw(200, month).assign(x0=month * 0.5 + draw(200, month)["x0"]) for month in range(12)
    ]
    inputs = pd.concat(months, ignore_index=True)
    frame = pd.DataFrame(
        {
            "entity_id": list(range(200)) * 12,
            "cutoff": np.repeat(pd.date_range("2025-01-01", periods=12, freq="MS"), 200),
        }
    )
    tested = pd.DataFrame({"row": [0], "entity_id": [0], "probability": [0.5]})
    candidate = SimpleNamespace(features=tuple(inputs), spec=SPEC, tested=tested)
    then = make_reference(candidate, frame, inputs)
    assert then["x0"]["usual"] > 0.6 > 0.3 > then["x2"]["usual"]
    assert alarms(draw(200, 99, shift=6), then) == set()
    assert alarms(draw(200, 99, shift=6).assign(x2=20.0), then) == {"x2"}


def test_the_score_itself_is_watched():
    tonight = {SCORE: pd.Series(np.random.default_rng(3).beta(8, 2, 300))}
    assert alarms(tonight, reference()) == {SCORE}


def test_a_reference_holds_nobodys_row():
    then = reference(3000)
    assert len(then["x0"]["values"]) == 1000
    assert then["x0"]["values"] == sorted(then["x0"]["values"])
    assert then["kind"]["counts"]["a"] + then["kind"]["counts"]["b"] > 1000


def test_distances_are_shares_of_entities():
    one, other = pd.Series([1.0, 2.0, 3.0, 4.0]), pd.Series([3.0, 4.0, 5.0, 6.0])
    assert distance(summary(one), summary(other)) == 0.5
    assert distance(summary(one), summary(one)) == 0
    assert distance(summary(one), summary(pd.Series([1.0, 2.0, np.nan, np.nan]))) == 0.5
    kinds = [summary(pd.Series(list(text), dtype=object)) for text in ("aabb", "aabc")]
    assert distance(*kinds) == 0.25
