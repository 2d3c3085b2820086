"""Nights in a row: stages that rise at once and fall late, and input that stops only itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import expectations
from config import ConfigurationError, Settings
from expectations import Assessment
from warehouse import open_warehouse

LETTERS = """
phase: after_purchase
title_de: Kundenansprache
title_en: Addressing customers
decision_de: Wer bekommt welches Schreiben?
decision_en: Who gets which letter?
stages:
  1:
    description_de: Anrede nach Branche.
    description_en: Addressed by industry.
    expectations:
      - {name: industry_known, type: complete, mart: customers, id: customer_id, column: industry,
         mostly: 0.5, reason: r, todo_de: "{unmet} ohne Branche.", todo_en: "{unmet} lack it."}
  2:
    description_de: Nach dem letzten Auftrag.
    description_en: By the last order.
    expectations:
      - {name: orders_fresh, type: fresh, mart: orders, id: order_id, column: ordered_on,
         at_most: 31, reason: r, todo_de: "{observed} Tage alt.", todo_en: "{observed} days old."}
"""
STAGES = "select use_case, stage, measured_stage, cause from ops.maturity_stages where night = ?"


class Nights:
    """One use case, a night after the other."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        folder.mkdir()
        self.file = folder / "letters.yml"
        self.file.write_text(LETTERS)
        self.settings = settings.model_copy(update={"expectations": folder})

    def assess(self, night: int, sql: str = "") -> Assessment:
        at = self.settings.night + timedelta(days=night)
        settings = self.settings.model_copy(update={"as_of": at})
        with open_warehouse(settings) as connection:
            connection.execute(sql)
        found = {a.use_case: a for a in expectations.assess(settings)}
        return found["letters"]

    def kept(self, night: int) -> list[tuple[Any, ...]]:
        at = self.settings.night + timedelta(days=night)
        with open_warehouse(self.settings) as connection:
            return connection.execute(STAGES, [at]).fetchall()


@pytest.fixture(name="nights")
def _nights(settings: Settings, tmp_path: Path) -> Nights:
    return Nights(settings, tmp_path / "e")


BLANKED = "update marts.customers set industry = null"
FILLED = "update marts.customers set industry = 'Holz'"


def test_a_stage_falls_on_the_second_night_and_rises_on_the_first(nights: Nights) -> None:
    assert nights.assess(0).stage == 2
    dip = nights.assess(1, BLANKED)
    assert (dip.stage, dip.measured_stage, dip.cause) == (2, 0, "data")
    assert dip.cause_de == (
        "Von Stufe 2 auf 0, weil die Daten schlechter geworden sind: 60 ohne Branche."
    )
    # What is to be done belongs to what was measured, the method to what is in force.
    assert (dip.method_en, dip.next_stage) == ("By the last order.", 1)
    assert nights.assess(1) == dip
    # Nobody assessed for two nights; the next one is the second in a row.
    fallen = nights.assess(4)
    assert (fallen.stage, fallen.measured_stage, fallen.cause) == (0, 0, "data")
    low = nights.assess(5)
    assert (low.stage, low.cause, low.cause_de) == (0, None, None)
    risen = nights.assess(6, FILLED)
    assert (risen.stage, risen.measured_stage, risen.cause) == (2, 2, None)
    assert nights.kept(1) == [("letters", 2, 0, "data")]
    # An earlier night assessed once more looks at the nights before it only.
    assert nights.assess(1, BLANKED) == dip


def test_a_single_bad_night_moves_nothing(nights: Nights) -> None:
    stages = [
        nights.assess(0).stage,
        nights.assess(1, BLANKED).stage,
        nights.assess(2, FILLED).stage,
    ]
    assert stages == [2, 2, 2]


def test_the_yaml_says_after_how_many_nights(nights: Nights) -> None:
    nights.file.write_text("nights_to_fall: 1" + LETTERS)
    assert nights.assess(0).stage == 2
    assert nights.assess(1, BLANKED).stage == 0


def test_a_source_that_stopped_is_named_as_such(nights: Nights) -> None:
    nights.assess(0)
    late = nights.assess(60)
    assert (late.stage, late.measured_stage, late.cause) == (2, 1, "source")
    assert late.cause_en == "From stage 2 to 1 because data did not come: 60 days old."
    gone = nights.assess(61, "delete from marts.customers; delete from marts.orders")
    assert (gone.stage, gone.measured_stage, gone.cause) == (1, 0, "source")


BROKEN = LETTERS.replace("column: industry", "column: branche")


# A way to break a use case -> line and words that the message names.
BREAKS: dict[str, tuple[str, int, str]] = {
    "column": (BROKEN, 12, "branche"),
    "mart": (LETTERS.replace("mart: customers", "mart: kunden"), 12, "kunden"),
    "concerns": (LETTERS.replace("mostly: 0.5", "mostly: 0.5, concerns: leads.tone"), 12, "tone"),
    "kind": (LETTERS.replace("type: complete", "type: compleet"), 12, "no type 'compleet'"),
    "gx": (LETTERS.replace("type: complete", "type: ExpectWonders"), 12, "has no ExpectWonders"),
    "indent": (LETTERS.replace("    description_en: By", "   description_en: By"), 16, ""),
    # Bound without complaint, and fails on the data.
    "data": (LETTERS.replace("mart: customers,", "mart: customers, where: 'industry::int > 3',"),
             12, "Conversion"),
}  # fmt: skip


def test_a_broken_use_case_keeps_its_stage_and_stops_no_other(nights: Nights) -> None:
    folder = nights.file.parent
    for name in BREAKS:
        (folder / f"{name}.yml").write_text(LETTERS)
    nights.assess(0)
    for name, (text, _, _) in BREAKS.items():
        (folder / f"{name}.yml").write_text(text)
    measured = nights.assess(1, BLANKED + " where name < 'Firma 6'")
    assert (measured.stage, measured.measured_stage, measured.cause) == (2, 0, "data")
    kept = {name: rest for name, *rest in nights.kept(1)}
    assert kept.pop("letters") == [2, 0, "data"]
    assert kept == {name: [2, None, "unmeasured"] for name in BREAKS}
    told = {a.use_case: a for a in expectations.status(nights.settings)}
    for name, (_, line, said) in BREAKS.items():
        cause = told[name].cause_en or ""
        assert f"{name}.yml, line {line}" in cause, cause
        assert said in cause
        assert "\n" not in cause
        # What it needs is still what was measured last.
        assert told[name].unmet == ()
    # The night without a measurement counts neither way.
    for name in BREAKS:
        (folder / f"{name}.yml").write_text(LETTERS)
    nights.assess(2)
    kept = {name: rest for name, *rest in nights.kept(2)}
    assert kept.pop("letters") == [0, 0, "data"]
    assert kept == {name: [2, 0, "data"] for name in BREAKS}


def test_a_use_case_broken_later_the_same_night_keeps_what_was_measured(nights: Nights) -> None:
    (nights.file.with_name("mails.yml")).write_text(LETTERS)
    nights.assess(0)
    nights.file.write_text(BROKEN)
    assert nights.assess(0).stage == 2
    assert ("letters", 2, 2, None) in nights.kept(0)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("drop table marts.customers", "customers"),
        ("drop schema marts cascade", "run `reifegrad ingest` and `reifegrad build` first"),
    ],
)
def test_where_nothing_can_be_measured_nothing_changes(nights: Nights, sql: str, said: str) -> None:
    nights.assess(0)
    with pytest.raises(ConfigurationError, match=said) as error:
        nights.assess(1, sql)
    assert "\n" not in str(error.value)
    assert nights.kept(0) == [("letters", 2, 2, None)]
    assert nights.kept(1) == []


def test_marts_without_rows_reach_no_stage(nights: Nights, damage: Callable[[str], None]) -> None:
    damage("delete from marts.customers; delete from marts.orders")
    found = nights.assess(0)
    assert (found.stage, found.measured_stage) == (0, 0)
    assert "Kundenliste" in found.unmet[0].todo_de


def test_a_killed_assessment_leaves_the_last_night(nights: Nights) -> None:
    nights.assess(0)
    with open_warehouse(nights.settings) as connection:
        connection.execute(BLANKED)
    # Killed between the two tables that it writes.
    program = f"""
import os, signal
from pathlib import Path
from config import Settings
from expectations import history
real = history._insert
def insert(connection, table, columns, rows):
    if table == "maturity_stages":
        os.kill(os.getpid(), signal.SIGKILL)
    real(connection, table, columns, rows)
history._insert = insert
import expectations
expectations.assess(Settings(home=Path({str(nights.settings.home)!r}),
    as_of={nights.settings.night.isoformat()!r},
    expectations=Path({str(nights.settings.expectations)!r})))
"""
    ended = subprocess.run([sys.executable, "-c", program], check=False, timeout=300)
    assert ended.returncode == -9
    assert nights.kept(0) == [("letters", 2, 2, None)]
    (before,) = expectations.status(nights.settings)
    assert (before.stage, before.unmet) == (2, ())
    assert nights.assess(0).stage == 0


@pytest.mark.parametrize(
    ("low", "high", "is_refused"),
    [
        ("mostly: 0.8", "mostly: 0.5", True),
        ("mostly: 0.5", "mostly: 0.8", False),
        ("mostly: 0.8, where: employees > 5", "mostly: 0.5", False),
        ("type: fresh, column: customer_since, at_most: 31", "at_most: 92", True),
        ("type: fresh, column: customer_since, at_most: 92", "at_most: 31", False),
        ("type: rows, at_least: 40", "at_least: 10", True),
    ],
)
def test_a_higher_stage_cannot_ask_for_less(
    tmp_path: Path, low: str, high: str, is_refused: bool
) -> None:
    from expectations.specification import read_use_cases

    kind = low.rpartition(",")[0] if low.startswith("type") else "type: complete, column: industry"
    text = LETTERS[: LETTERS.index("  1:")]
    for stage, name, asked in ((1, "a", low.removeprefix(f"{kind}, ")), (2, "b", high)):
        text += f"  {stage}:\n    description_de: a\n    description_en: b\n    expectations:\n"
        text += f"      - {{name: {name}, mart: customers, id: customer_id, reason: r, todo_de: x.,"
        text += f" todo_en: x., {kind}, {asked}}}\n"
    (tmp_path / "letters.yml").write_text(text)
    problems = read_use_cases(tmp_path).problems
    assert bool(problems) == is_refused, problems
    if is_refused:
        assert "letters.yml, line 17, stage 2, expectation b: asks for" in problems["letters"]
        assert "(a, line 12)" in problems["letters"]
