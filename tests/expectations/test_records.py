"""The records behind a to-do, against the marts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import expectations
from config import PROJECT_ROOT, ConfigurationError, Settings
from expectations.specification import load_use_cases
from warehouse import open_warehouse

HEAD = """
title_de: Prüfling
title_en: Test piece
decision_de: Was?
decision_en: What?
stages:
  1:
    description_de: a
    description_en: b
    expectations:
"""
ITEM = """
      - {{name: {name}, id: lead_id, reason: r, todo_de: "x.", todo_en: "x.", {rule}}}
"""


def _found(settings: Settings, folder: Path, rule: str) -> tuple[list[tuple[str, ...]], int]:
    """Rows of `unmet_records`, and how many the assessment counts."""
    folder.mkdir()
    (folder / "probe.yml").write_text(HEAD + ITEM.format(name="it", rule=rule))
    changed = settings.model_copy(update={"expectations": folder})
    (assessment,) = expectations.assess(changed)
    with open_warehouse(changed) as connection:
        rows = expectations.unmet_records(connection, changed, "probe", "it").fetchall()
    return rows, sum(result.records_unmet or 0 for result in assessment.unmet)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            "mart: leads, type: complete, column: industry, concerns: customers.industry",
            {"L0": None, "L10": None},
        ),
        ("mart: leads, type: unique, column: title", {"L7": "Doppelt", "L8": "Doppelt"}),
        ("mart: leads, type: in_set, column: outcome, values: [open, won, lost]", {"L3": "weg"}),
        ("mart: leads, type: in_range, column: amount, min: 0, max: 5000", {"L4": "-1.0"}),
        (
            "mart: leads, type: ExpectColumnPairValuesAToBeGreaterThanB, arguments: {column_A:"
            " closed_on, column_B: created_on, ignore_row_if: either_value_is_missing}",
            {"L1": None},
        ),
    ],
)
def test_exactly_the_records_that_the_assessment_counts(
    settings: Settings,
    damage: Callable[[str], None],
    tmp_path: Path,
    rule: str,
    expected: dict[str, str | None],
) -> None:
    damage(
        "update marts.leads set industry = 'x', title = lead_id;"
        "update marts.leads set industry = null where lead_id in ('L0', 'L10');"
        "update marts.leads set title = null where lead_id in ('L5', 'L6');"
        "update marts.leads set title = 'Doppelt' where lead_id in ('L7', 'L8');"
        "update marts.leads set outcome = 'weg' where lead_id = 'L3';"
        "update marts.leads set amount = -1 where lead_id = 'L4';"
        "update marts.leads set closed_on = created_on - 1 where lead_id = 'L1'"
    )
    rows, counted = _found(settings, tmp_path / "e", rule)
    assert {row[0]: row[4] for row in rows} == expected
    assert counted == len(rows) == len(expected)
    assert {row[1] for row in rows} == {"lead_id"}
    if "concerns" in rule:
        assert {row[2:4] for row in rows} == {("customers", "industry")}


def test_of_pairs_of_columns_all_records_are_listed(
    settings: Settings, damage: Callable[[str], None], tmp_path: Path
) -> None:
    damage("update marts.leads set closed_on = created_on - 1")
    rule = "mart: leads, type: ExpectColumnPairValuesAToBeGreaterThanB, arguments: {column_A: closed_on, column_B: created_on}"  # noqa: E501
    rows, counted = _found(settings, tmp_path / "e", rule)
    assert counted == len(rows) == 180


def test_where_records_are_missing_there_are_none_to_list(
    settings: Settings, tmp_path: Path
) -> None:
    rows, missing = _found(settings, tmp_path / "e", "mart: leads, type: rows, at_least: 1000")
    assert (rows, missing) == ([], 820)


def test_an_unknown_expectation_is_named(settings: Settings) -> None:
    with (
        open_warehouse(settings) as connection,
        pytest.raises(ConfigurationError, match="no expectation colour of a use case churn"),
    ):
        expectations.unmet_records(connection, settings, "churn", "colour")


def test_the_order_is_that_of_the_journey() -> None:
    phases = [case.phase for case in load_use_cases(PROJECT_ROOT / "expectations")]
    assert phases == sorted(phases, key=list(expectations.PHASES).index)
