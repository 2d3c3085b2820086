from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import PROJECT_ROOT
from expectations.checks import measure, to_mend, todo
from expectations.results import ExpectationResult
from expectations.specification import Expectation, load_audit, load_use_cases
from expectations.stages import reached_stage

NIGHT = date(2026, 3, 2)


def _result(stage: int, is_met: bool) -> ExpectationResult:
    return ExpectationResult(
        use_case="churn",
        stage=stage,
        expectation="x",
        is_met=is_met,
        observed=None,
        required=None,
        unit="rows",
        records_total=None,
        records_unmet=None,
        records_to_next=None,
        todo_de="",
        todo_en="",
    )


@given(
    total=st.integers(1, 10_000),
    unmet_share=st.floats(0, 1),
    hundredths=st.integers(1, 100),
)
def test_mending_the_records_to_next_is_just_enough(
    total: int, unmet_share: float, hundredths: int
) -> None:
    unmet, mostly = round(total * unmet_share), hundredths / 100
    count = to_mend(total, unmet, mostly)
    met = total - unmet
    assert 0 <= count <= unmet
    # In whole numbers, so that the law is not tested with the arithmetic that it judges.
    assert (met + count) * 100 >= hundredths * total
    assert count == 0 or (met + count - 1) * 100 < hundredths * total


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=12))
def test_the_stage_is_the_highest_below_which_all_holds(checks: list[tuple[int, bool]]) -> None:
    stage = reached_stage([_result(number, is_met) for number, is_met in checks])
    assert all(is_met for number, is_met in checks if number <= stage)
    higher = [number for number, _ in checks if number > stage]
    if higher:
        assert not all(is_met for number, is_met in checks if number <= min(higher))


def test_a_failure_below_holds_back_what_is_met_above() -> None:
    assert reached_stage([_result(1, True), _result(2, False), _result(3, True)]) == 1
    assert reached_stage([_result(1, False), _result(2, True)]) == 0


def test_numbers_are_written_as_the_language_writes_them() -> None:
    figures = {
        "observed": 0.7999,
        "required": 0.8,
        "unit": "share",
        "records_total": 1204,
        "records_unmet": 241,
        "records_to_next": 1,
    }
    template = "{unmet}/{total}/{to_next} {observed}<{required}"
    assert todo(template, figures, "de") == "241/1.204/1 79 %<80 %"
    assert todo(template, figures, "en") == "241/1,204/1 79%<80%"


def test_nothing_to_check_is_not_reached() -> None:
    item = Expectation(
        name="a",
        type="complete",
        mart="customers",
        id="customer_id",
        column="industry",
        reason="r",
        todo_de="x",
        todo_en="x",
    )
    outcome = {"element_count": 0, "unexpected_count": None}
    result = measure("churn", 1, item, outcome, True, NIGHT)
    assert not result.is_met
    assert result.todo_de == ("Noch keine Angaben, an denen sich das messen lässt (Kundenliste).")
    lenient = item.model_copy(update={"may_be_empty": True})
    assert measure("churn", 1, lenient, outcome, True, NIGHT).is_met


def test_every_todo_of_the_project_can_be_filled() -> None:
    folder = PROJECT_ROOT / "expectations"
    figures = {
        "observed": 1.0,
        "required": 2.0,
        "unit": "rows",
        "records_total": 3,
        "records_unmet": 4,
        "records_to_next": 5,
    }
    for spec in (*load_use_cases(folder), load_audit(folder)):
        for _, item in spec.checks:
            for text in (todo(item.todo_de, figures, "de"), todo(item.todo_en, figures, "en")):
                assert "{" not in text
                assert text.endswith((".", "?", ")"))


PLURALS = {
    "de": r"reichen|fehlen|gehören|haben|sind|stehen|waren|liegen|wurden|Kunden |Monate|Tage ",
    "en": r"are|have|were|belong|lack|point|customers|months|days",
}


def test_no_todo_of_the_project_speaks_of_one_in_the_plural() -> None:
    folder = PROJECT_ROOT / "expectations"
    one = {"observed": 1.0, "required": 24.0, "unit": "rows"}
    one |= {"records_total": 3, "records_unmet": 1, "records_to_next": 1}
    for spec in (*load_use_cases(folder), load_audit(folder)):
        for _, item in spec.checks:
            for language, words in PLURALS.items():
                said = todo(getattr(item, f"todo_{language}"), one, language)
                assert not re.search(rf"\b1 (von 3 \w+ |of 3 [\w-]+ )?({words})\b", said), said


@pytest.mark.parametrize(
    ("unmet", "said"),
    [(0, "0 gehören"), (1, "1 gehört"), (2, "2 gehören"), (1204, "1.204 gehören")],
)
def test_a_word_goes_with_its_number(unmet: int, said: str) -> None:
    figures = {"observed": 0.5, "required": 0.8, "unit": "share"}
    figures |= {"records_total": 2000, "records_unmet": unmet, "records_to_next": 1}
    assert todo("{unmet} {unmet:gehört|gehören}", figures, "de") == said
