"""The stage in force: laws of rising at once and falling late, and what a fall is put down to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.results import ExpectationResult
from expectations.specification import Expectation
from expectations.stages import fall, stage_in_force

STAGES = st.integers(0, 3)
HISTORY = st.lists(STAGES, max_size=12)
NIGHTS = st.integers(1, 5)


def _nights(measured: list[int], nights_to_fall: int) -> list[int]:
    """The stage in force on each of these nights."""
    return [
        stage_in_force(measured[:night], measured[night], nights_to_fall)
        for night in range(len(measured))
    ]


@given(HISTORY, STAGES, NIGHTS)
def test_it_rises_at_once_and_is_never_more_than_was_measured(
    history: list[int], measured: int, nights: int
) -> None:
    stage = stage_in_force(history, measured, nights)
    assert stage >= measured
    assert stage in {*history, measured}
    assert stage_in_force([], measured, nights) == stage_in_force(history, measured, 1) == measured


@given(HISTORY.filter(bool), NIGHTS)
def test_it_falls_only_after_so_many_nights_in_a_row(measured: list[int], nights: int) -> None:
    in_force = _nights(measured, nights)
    for night in range(1, len(measured)):
        before, now = in_force[night - 1], in_force[night]
        below = [stage < before for stage in measured[max(0, night - nights + 1) : night + 1]]
        assert (now < before) == (all(below) and len(below) == nights)
        if now < before:
            assert now == max(measured[night - nights + 1 : night + 1])


@given(HISTORY, STAGES, st.integers(2, 5))
def test_one_bad_night_moves_nothing(history: list[int], dip: int, nights: int) -> None:
    steady = [*history, *[3] * nights]
    assert _nights([*steady, min(dip, 2), 3], nights)[-2:] == [3, 3]


@given(HISTORY, STAGES, STAGES, NIGHTS)
def test_better_data_never_mean_a_lower_stage(
    history: list[int], measured: int, better: int, nights: int
) -> None:
    low, high = sorted((measured, better))
    assert stage_in_force(history, low, nights) <= stage_in_force(history, high, nights)


def _result(name: str, stage: int, observed: float | None) -> ExpectationResult:
    return ExpectationResult(
        use_case="churn",
        stage=stage,
        expectation=name,
        is_met=False,
        observed=observed,
        required=1,
        unit="share",
        records_total=None,
        records_unmet=None,
        records_to_next=None,
        todo_de=f"{name} liefern.",
        todo_en=f"Deliver {name}.",
    )


def _item(name: str, kind: str, mart: str) -> Expectation:
    fields: dict[str, Any] = {
        "fresh": {"column": "day", "at_most": 31},
        "complete": {"column": "customer_id"},
        "rows": {"at_least": 10},
    }[kind]
    texts = {"reason": "r", "todo_de": "x.", "todo_en": "x."}
    return Expectation(name=name, type=kind, mart=mart, id="id", **fields, **texts)


ITEMS = {
    item.name: item
    for item in (
        _item("tickets_fresh", "fresh", "tickets"),
        _item("tickets_counted", "rows", "tickets"),
        _item("tickets_linked", "complete", "tickets"),
        _item("industry_known", "complete", "customers"),
    )
}


@pytest.mark.parametrize(
    ("unmet", "empty", "overdue", "cause"),
    [
        ({"tickets_fresh": 90.0}, set(), set(), "source"),
        # Fewer records, too, because none came.
        ({"tickets_fresh": 90.0, "tickets_counted": 4.0}, set(), set(), "source"),
        ({"tickets_counted": 4.0}, set(), {"tickets"}, "source"),
        ({"tickets_fresh": None, "tickets_linked": None}, {"tickets"}, set(), "source"),
        # Records of the last year only, and there are none: the source is silent.
        ({"tickets_fresh": 400.0, "tickets_linked": None}, set(), set(), "source"),
        ({"tickets_counted": 4.0}, set(), set(), "data"),
        # There are rows, but no date in them can be read.
        ({"tickets_fresh": None}, set(), set(), "data"),
        # A late source does not unlink what is there.
        ({"tickets_linked": 0.2}, set(), {"tickets"}, "data"),
        ({"tickets_fresh": 90.0, "industry_known": 0.2}, set(), set(), "data"),
    ],
)
def test_a_missing_source_is_told_apart_from_bad_data(
    unmet: dict[str, float | None], empty: set[str], overdue: set[str], cause: str
) -> None:
    results = [_result(name, 2, observed) for name, observed in unmet.items()]
    found = fall(3, 1, results, ITEMS, empty, overdue)
    assert found is not None
    assert found.cause == cause
    for name in unmet:
        assert name in found.cause_de
        assert name in found.cause_en
    assert found.cause_de.startswith("Von Stufe 3 auf 1, weil ")


def test_what_is_above_the_stage_of_before_explains_no_fall() -> None:
    results = [_result("tickets_fresh", 2, 90.0), _result("industry_known", 3, 0.2)]
    found = fall(2, 1, results, ITEMS, set(), set())
    assert found is not None
    assert found.cause == "source"
    assert fall(1, 1, results, ITEMS, set(), set()) is None
