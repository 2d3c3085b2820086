"""What-if: the stage that better data would reach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import expectations
from config import PROJECT_ROOT, ConfigurationError, Settings
from expectations.checks import restated
from expectations.results import ExpectationResult
from expectations.specification import Expectation, UseCase, load_use_cases
from expectations.what_if import outlooks, parse
from warehouse import open_warehouse

TEXTS = {"reason": "r", "todo_de": "{unmet} von {total}.", "todo_en": "{unmet} of {total}."}


def _case() -> UseCase:
    def item(name: str, **fields: object) -> dict[str, object]:
        return {"name": name, "id": "customer_id", **fields, **TEXTS}

    def stage(*items: dict[str, object]) -> dict[str, object]:
        return {"description_de": "a", "description_en": "b", "expectations": items}

    return UseCase.model_validate(
        {
            **dict.fromkeys(("title_de", "title_en", "decision_de", "decision_en"), "x"),
            "name": "letters",
            "stages": {
                1: stage(item("filled", type="complete", mart="customers", column="industry",
                              mostly=0.8)),
                2: stage(
                    item("many", type="rows", mart="leads", at_least=100),
                    item("linked", type="in_set", query="select 1", column="ok", values=[True],
                         concerns="tickets.customer_id", mostly=0.5),
                ),
                3: stage(
                    item("new", type="fresh", mart="orders", column="ordered_on", at_most=31),
                    item("old", type="history", mart="orders", column="ordered_on", at_least=365),
                ),
            },
        }
    )  # fmt: skip


CASE = _case()


def _result(
    item: Expectation, stage: int, observed: float | None, total: int | None
) -> ExpectationResult:
    return ExpectationResult(
        use_case="letters",
        stage=stage,
        expectation=item.name,
        is_met=False,
        observed=observed,
        required=item.at_least or item.at_most or item.mostly,
        unit="share",
        records_total=total,
        records_unmet=None,
        records_to_next=None,
        todo_de="",
        todo_en="",
    )


OBSERVED: dict[str, tuple[float | None, int | None]] = {
    "filled": (0.2, 60),
    "many": (10, 10),
    "linked": (0.1, 50),
    "new": (90, None),
    "old": (100, None),
}
RESULTS = [_result(item, stage, *OBSERVED[item.name]) for stage, item in CASE.checks]


@pytest.mark.parametrize(
    ("said", "stage", "missing"),
    [
        (["customers.industry=79%"], 0, {"filled"}),
        (["customers.industry=80%"], 1, {"many", "linked"}),
        (["customers.industry=90%", "leads=100", "tickets.customer_id=50 %"], 2, {"new", "old"}),
        (["filled=80%", "many=99", "linked=50%"], 1, {"many"}),
        (["filled=80%", "many=100", "linked=50%", "orders.ordered_on=0d"], 2, {"old"}),
        (["filled=80%", "many=100", "linked=50%", "new=0d", "old=365d"], 3, set()),
    ],
)
def test_the_stage_that_would_be_reached(said: list[str], stage: int, missing: set[str]) -> None:
    (found,) = outlooks([CASE], RESULTS, parse(said))
    assert (found.stage, found.stage_then) == (0, stage)
    assert {result.expectation for result in found.unmet} == missing


def test_the_todo_speaks_of_the_assumed_share() -> None:
    (found,) = outlooks([CASE], RESULTS, parse(["customers.industry=79%"]))
    assert found.unmet[0].todo_de == "13 von 60."
    assert found.unmet[0].records_to_next == 1


@given(st.integers(1, 100_000), st.integers(1, 100), st.integers(0, 100))
def test_a_share_is_met_just_when_it_is_as_large_as_required(
    total: int, required: int, assumed: int
) -> None:
    item = next(item for _, item in CASE.checks if item.name == "filled")
    item = item.model_copy(update={"mostly": required / 100})
    found = restated(_result(item, 1, 0.0, total), item, assumed / 100)
    assert found.is_met == (assumed >= required)
    assert found.is_met == (found.records_to_next == 0)


def test_no_records_stay_none() -> None:
    none = [result.model_copy(update={"observed": None, "records_total": 0}) for result in RESULTS]
    (found,) = outlooks([CASE], none, parse(["customers.industry=100%"]))
    assert found.stage_then == 0


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("customers.industry", "write for instance"),
        ("customers.industry=ninety", "write for instance"),
        ("customers.industry=190%", "no share above 100"),
        ("customers.industri=90%", "Did you mean customers.industry"),
        ("customers.industry=90", "customers.industry is measured as a share such as 90%"),
        ("xyz=3", "no expectation measures xyz. Write for instance"),
    ],
)
def test_an_error_says_what_to_write(said: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        outlooks([CASE], RESULTS, parse([said]))
    assert message in str(error.value)
    assert said in str(error.value)


def test_nothing_is_written_and_nothing_measured_is_said(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="run `reifegrad assess` first"):
        expectations.look_ahead(settings, ["customers.industry=90%"])
    expectations.assess(settings)
    with open_warehouse(settings) as connection:
        before = connection.execute("from ops.expectation_results order by all").fetchall()
    ahead = expectations.look_ahead(settings, ["customers.industry=40%"])
    assert {a.use_case: (a.stage, a.stage_then) for a in ahead} == {
        "churn": (3, 1),
        "lead_scoring": (3, 0),
    }
    with open_warehouse(settings) as connection:
        assert connection.execute("from ops.expectation_results order by all").fetchall() == before
        assert connection.execute("select distinct stage from ops.maturity_stages").fetchall() == [
            (3,)
        ]


def test_the_example_of_the_help_works_for_the_projects_own_files() -> None:
    cases = load_use_cases(PROJECT_ROOT / "expectations")
    said = ["customers.industry=90%", "leads=500", "orders.ordered_on=0d", "won_leads=60"]
    assert outlooks(cases, [], parse(said)) == []
