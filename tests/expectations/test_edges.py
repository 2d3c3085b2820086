"""When a stage is at its edge: laws of the sampling error."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import expectations
from config import Settings
from expectations.checks import measure, restated
from expectations.edges import deciding, is_at_edge
from expectations.results import ExpectationResult
from expectations.specification import Expectation
from tests.expectations.conftest import NIGHT

COMMON = {"id": "id", "mart": "leads", "reason": "a test", "todo_de": "", "todo_en": ""}


def share(total: int, unmet: int, mostly: float) -> tuple[ExpectationResult, Expectation]:
    item = Expectation(name="a", type="complete", column="x", mostly=mostly, **COMMON)
    outcome = {"element_count": total, "unexpected_count": unmet}
    is_met = total - unmet >= mostly * total - 1e-9
    return measure("case", 1, item, outcome, is_met, NIGHT), item


def count(kind: str, observed: int, required: int) -> tuple[ExpectationResult, Expectation]:
    fields: dict[str, Any] = {"type": kind, "at_least": required}
    item = Expectation(name=kind, column="x", **fields, **COMMON)
    outcome = {"observed_value": observed}
    return measure("case", 1, item, outcome, observed >= required, NIGHT), item


@given(st.integers(1, 5000), st.data(), st.sampled_from([0.5, 0.8, 0.95, 0.99, 1.0]))
def test_a_share_within_two_standard_errors_is_at_the_edge(
    total: int, data: st.DataObject, mostly: float
) -> None:
    unmet = data.draw(st.integers(0, total))
    p = (total - unmet) / total
    error = math.sqrt(p * (1 - p) / total)
    found = is_at_edge(*share(total, unmet, mostly))
    # Records are whole: which of them decides may be one further than the share.
    if abs(p - mostly) <= 2 * error - 1 / total:
        assert found
    if abs(p - mostly) > 2 * error + 1e-9:
        assert not found


@given(st.integers(0, 3000), st.integers(1, 3000))
def test_a_count_within_two_roots_of_itself_is_at_the_edge(observed: int, required: int) -> None:
    found = is_at_edge(*count("rows", observed, required))
    short = required - observed if observed < required else observed - required + 1
    assert found == (short <= 2 * math.sqrt(observed))


@given(st.integers(10, 3000), st.integers(1, 2900))
def test_further_away_is_never_nearer_to_the_edge(required: int, more: int) -> None:
    near, far = count("rows", required + 1, required), count("rows", required + 1 + more, required)
    assert is_at_edge(*near)
    assert is_at_edge(*near) >= is_at_edge(*far)


@pytest.mark.parametrize(
    ("months", "is_narrow"), [(22, False), (23, True), (24, True), (25, False)]
)
def test_of_different_values_one_must_decide(months: int, is_narrow: bool) -> None:
    assert is_at_edge(*count("distinct", months, 24)) == is_narrow


@pytest.mark.parametrize(("days", "is_narrow"), [(13, False), (14, True), (15, True), (16, False)])
def test_of_days_one_must_decide(days: int, is_narrow: bool) -> None:
    item = Expectation(name="new", type="fresh", column="x", at_most=14, **COMMON)
    result = measure("case", 1, item, {"observed_value": NIGHT}, True, NIGHT)
    assert is_at_edge(restated(result, item, days), item) == is_narrow


def test_all_of_them_or_none_leave_nothing_to_chance() -> None:
    assert not is_at_edge(*share(500, 0, 1.0))
    assert is_at_edge(*share(500, 1, 1.0))
    assert not is_at_edge(*share(0, 0, 0.5))


def test_a_stage_falls_with_any_and_rises_with_all() -> None:
    met, held = share(100, 19, 0.8)
    lacking, wanted = count("rows", 39, 40)
    lacking = lacking.model_copy(update={"stage": 2})
    hopeless, far = count("distinct", 2, 24)
    hopeless = hopeless.model_copy(update={"stage": 2})
    items = {item.name: item for item in (held, wanted, far)}
    assert deciding(1, [met, lacking], items) == ("a", "rows")
    assert deciding(1, [met, lacking, hopeless], items) == ("a",)
    assert deciding(2, [met.model_copy(update={"stage": 3})], items) == ()


def test_the_assessment_says_so(settings: Settings, damage: Any) -> None:
    found = {a.use_case: a for a in expectations.assess(settings)}
    firm = {name: one.edge for name, one in found.items()}
    damage(
        "delete from marts.leads where outcome = 'won' and lead_id not in"
        " (select lead_id from marts.leads where outcome = 'won' order by lead_id limit 45)"
    )
    narrow = {a.use_case: a for a in expectations.assess(settings)}["lead_scoring"]
    assert narrow.stage == 3
    assert set(narrow.edge) - set(firm["lead_scoring"]) == {"won_leads"}
    assert narrow.model_dump(mode="json")["is_at_edge"]
    assert {a.use_case: a.edge for a in expectations.status(settings)}["lead_scoring"] == (
        narrow.edge
    )
