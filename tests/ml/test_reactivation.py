"""The chance of return: who counts as silent, what counts as a return, and where it shows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from config import PROJECT_ROOT, read_yaml
from ml import rules
from ml.features.frames import outcome_frame, scoring_frame, training_frame
from ml.specs.files import load_spec
from tests.ml.conftest import NIGHT, fill_firm

SPEC = load_spec(PROJECT_ROOT / "models/reactivation.yml")


def ordering(marts, customer, *days_ago):
    """Add a customer who ordered so many days before the night."""
    marts.execute(
        "insert into marts.customers values (?, 'Firma', 'Maschinenbau', 50, null, false)",
        [customer],
    )
    for number, ago in enumerate(days_ago):
        on = NIGHT - timedelta(days=ago)
        marts.execute(
            "insert into marts.orders values (?, ?, '', ?, ?, ?, 0, 100, 1, false)",
            [f"{customer}{number}", customer, on, on, on],
        )


def silent(marts):
    return set(scoring_frame(marts, SPEC, NIGHT).entity_id)


def test_silent_is_who_is_silent_for_longer_than_a_quarter_and_three_usual_gaps(marts):
    ordering(marts, "today", 1)  # the clock: so far the data reach
    ordering(marts, "monthly", 100, 130, 160, 190)
    ordering(marts, "monthly, 89 days ago", 89, 119, 149)
    ordering(marts, "every 60 days", 170, 230, 290, 350)
    ordering(marts, "every 60 days, for long", 200, 260, 320, 380)
    ordering(marts, "once", 120)
    ordering(marts, "gone for years", 900, 930, 960)
    assert silent(marts) == {"monthly", "every 60 days, for long", "once"}


def test_whoever_objected_is_neither_learnt_from_nor_scored(marts):
    fill_firm(marts)
    before = silent(marts)
    assert before
    marts.execute("update marts.customers set has_objected_to_profiling = true")
    assert silent(marts) == set()
    assert len(training_frame(marts, SPEC, NIGHT)) == 0


def test_a_return_is_an_order_within_ninety_days(marts):
    ordering(marts, "today", 1)
    ordering(marts, "back", 300, 330, 360, 91)
    ordering(marts, "too late", 300, 330, 360, 5)
    cutoff = NIGHT - timedelta(days=100)
    known = outcome_frame(marts, SPEC, [cutoff], NIGHT).set_index("entity_id")["outcome"]
    assert (known["back"], known["too late"]) == (1, 0)


def test_earlier_pauses_that_ended_are_counted(marts):
    ordering(marts, "today", 1)
    ordering(marts, "twice back", 700, 600, 590, 400)
    frame = scoring_frame(marts, SPEC, NIGHT).set_index("entity_id")
    assert frame.loc["twice back", "pauses_ended"] == 2
    assert frame.loc["twice back", "orders_ever"] == 4


@pytest.mark.parametrize("stage", [1, 2])
def test_by_rules_who_is_silent_for_less_and_ordered_more_often_comes_first(marts, stage):
    ordering(marts, "today", 1)
    ordering(marts, "often", *range(100, 300, 20))
    ordering(marts, "once, long ago", 500)
    frame = scoring_frame(marts, SPEC, NIGHT)
    points = dict(zip(frame.entity_id, rules.points(frame, SPEC, stage), strict=True))
    assert points["often"] > points["once, long ago"]


def test_it_is_no_hint_beside_the_customer():
    lists = read_yaml(PROJECT_ROOT / "config/lists.yml")
    assert SPEC.name not in lists["scores"]
    for path in (PROJECT_ROOT / "dbt_project/models/sync").glob("*.sql"):
        assert "int_scores_permitted" not in (text := path.read_text(encoding="utf-8")) or (
            "where score = 'churn'" in text or "where score = 'lead'" in text
        )
