"""What a firm is told to do first."""

from __future__ import annotations

from datetime import date

import pytest

from config import Settings
from config.settings import ConfigurationError
from expectations import Assessment, ExpectationResult
from expectations.specification import Expectation, Stage, UseCase
from report.priorities import read_priorities
from report.sentences import step_said
from report.steps import Step, make_steps
from report.words import Words

INDUSTRY = {"type": "complete", "mart": "customers", "id": "customer_id", "column": "industry"}
TICKETS = {"type": "rows", "mart": "tickets", "id": "ticket_id", "at_least": 10}
HISTORY = {"type": "history", "mart": "orders", "id": "order_id", "column": "ordered_on",
           "at_least": 365}  # fmt: skip
FRESH = {"type": "fresh", "mart": "orders", "id": "order_id", "column": "ordered_on",
         "at_most": 31}  # fmt: skip


def steps_of(
    cases: dict[str, list[dict]], missing: set[str] = frozenset(), records: int = 20, **home
) -> list[Step]:
    use_cases, assessments = [], []
    for name, checks in cases.items():
        items = [
            Expectation(name=f"n{n}", reason="r", todo_de=f"{name} {n}", todo_en="t", **check)
            for n, check in enumerate(checks)
        ]
        stage = Stage(description_de="d", description_en="d", expectations=tuple(items))
        use_cases.append(
            UseCase(name=name, title_de=name, title_en=name, decision_de="d", decision_en="d",
                    stages={1: stage})
        )  # fmt: skip
        unmet = [
            ExpectationResult(
                use_case=name, stage=1, expectation=item.name, is_met=False, observed=100,
                required=item.at_least or 1, unit="days" if item.type == "history" else "share",
                records_total=100, records_unmet=100,
                records_to_next=None if item.type in ("history", "fresh") else records,
                todo_de=item.todo_de, todo_en=item.todo_en,
            )
            for item in items
        ]  # fmt: skip
        assessments.append(
            Assessment(
                use_case=name, phase="all", title_de=name, title_en=name, night=date(2026, 3, 2),
                stage=0, measured_stage=0, cause=None, cause_de=None, cause_en=None,
                next_stage=1, method_de=None, method_en=None, unmet=tuple(unmet),
            )
        )  # fmt: skip
    priorities = read_priorities(Settings(**home))
    return make_steps(assessments, use_cases, frozenset(missing), priorities)


def test_one_step_for_one_column_however_many_use_cases_wait_for_it():
    (step,) = steps_of({"churn": [INDUSTRY], "content": [INDUSTRY]})
    assert (step.kind, step.place) == ("fill", ("customers", "industry"))
    assert step.raises == step.use_cases == ["churn", "content"]


def test_what_is_worth_more_comes_first_at_equal_cost():
    first, second = steps_of({"visibility": [INDUSTRY], "churn": [{**INDUSTRY, "column": "city"}]})
    assert (first.raises, second.raises) == (["churn"], ["visibility"])


def test_a_few_cells_come_before_a_source_that_a_firm_may_not_have():
    first, second = steps_of({"churn": [TICKETS], "pricing": [INDUSTRY]}, {"tickets"})
    assert (first.kind, second.kind, second.source) == ("fill", "deliver", "tickets")


def test_thousands_of_cells_come_after_it():
    first, _ = steps_of({"churn": [TICKETS], "pricing": [INDUSTRY]}, {"tickets"}, records=5000)
    assert first.kind == "deliver"


def test_a_cheap_step_of_what_only_time_can_reach_comes_last():
    kinds = [(step.kind, step.use_cases) for step in
             steps_of({"churn": [HISTORY, FRESH], "pricing": [INDUSTRY]})]  # fmt: skip
    assert kinds == [("fill", ["pricing"]), ("renew", ["churn"]), ("wait", ["churn"])]


def test_what_only_time_meets_says_when():
    (step,) = steps_of({"churn": [HISTORY]})
    assert step_said(step, Words("de")) == "churn 0 Sonst in 9 Monaten von selbst."
    assert step_said(step, Words("en")).endswith("Else in 9 months by itself.")


def test_a_company_changes_the_weights_and_never_hears_of_what_it_has_not(tmp_path):
    (tmp_path / "priorities.yml").write_text(
        "values: {visibility: {value: 5, reason: We live by it.}, churn: {value: 0, reason: No.}}\n"
        "sources: {tickets: {chance: 0, reason: We have none.}}\n"
    )
    cases = {"visibility": [INDUSTRY], "churn": [{**INDUSTRY, "column": "city"}],
             "chatbot": [TICKETS]}  # fmt: skip
    steps = steps_of(cases, {"tickets"}, config=tmp_path)
    assert [step.use_cases for step in steps] == [["visibility"], ["churn"]]
    (tmp_path / "priorities.yml").write_text("values: {churn: {value: 9, reason: Much.}}\n")
    with pytest.raises(ConfigurationError, match=r"priorities\.yml, values\.churn\.value"):
        steps_of(cases, config=tmp_path)
