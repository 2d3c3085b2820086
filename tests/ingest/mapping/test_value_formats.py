from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.mapping.value_formats import (
    ColumnFormat,
    TypedKind,
    count_formats,
    date_format,
    number_format,
    total,
)

CONNECTION = duckdb.connect()  # in memory; opening one per example would cost most of the time


def evidence(values: list[str], kind: TypedKind) -> dict[str, int]:
    CONNECTION.execute(
        "create or replace table t as select unnest(?::varchar[]) as v, 'L' as _load_id,"
        " 2 as _row_number",
        [values],
    )
    counted = count_formats(CONNECTION, "t", "v", kind, ["L"])
    return dict(total(count.values for count in counted))


def numbers(values: list[str], locale: str = "auto", is_typed: bool = False) -> ColumnFormat:
    return number_format(evidence(values, "number"), locale, is_typed)  # type: ignore[arg-type]


def dates(values: list[str], locale: str = "auto") -> ColumnFormat:
    return date_format(evidence(values, "date"), locale)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1.234", "12,50"], "comma"),
        (["1,234", "12.50"], "point"),
        (["1.234,56 €", "-3"], "comma"),
        (["(12.50)", "$ 1,000.00"], "point"),
        (["1.234.567"], "comma"),
        (["1,234,567"], "point"),
        (["0.125"], "point"),
        (["1234.567"], "point"),
        (["12'500.75"], "point"),
    ],
)
def test_a_value_that_only_one_decimal_mark_explains_settles_the_column(
    values: list[str], expected: str
) -> None:
    settled = numbers(values, "en" if expected == "comma" else "de")
    assert (settled.format, settled.is_ambiguous) == (expected, False)


@pytest.mark.parametrize(("locale", "expected"), [("de", "comma"), ("en", "point")])
def test_what_stays_ambiguous_follows_the_locale_and_is_told(locale: str, expected: str) -> None:
    assert numbers(["1.234", "2.500"], locale) == ColumnFormat(expected, True, 0, 0)
    assert numbers(["5", "17"], locale) == ColumnFormat(expected, False, 0, 0)


def test_a_spreadsheets_numbers_have_a_point() -> None:
    assert numbers(["1.234"], "de", is_typed=True).format == "point"
    assert numbers(["1.234,50"], "de", is_typed=True).format == "comma"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["03/04/2025", "31/12/2025"], "dmy"),
        (["03/04/2025", "12/31/2025"], "mdy"),
        (["01.02.25", "03.04.25"], "dmy"),
        (["2025-12-31", "2025-01-02 10:30:00"], "ymd"),
        (["20251231"], "ymd"),
        (["2025-12-31T08:00:00Z", "bald"], "ymd"),
        (["31.12.2025 17:05", "1. 2. 2025"], "dmy"),
    ],
)
def test_a_value_that_only_one_order_explains_settles_the_column(
    values: list[str], expected: str
) -> None:
    settled = dates(values, "en" if expected == "dmy" else "de")
    assert (settled.format, settled.is_ambiguous) == (expected, False)


@pytest.mark.parametrize(("locale", "expected"), [("de", "dmy"), ("en", "mdy"), ("auto", "dmy")])
def test_ambiguous_dates_follow_the_locale_and_are_told(locale: str, expected: str) -> None:
    settled = dates(["03/04/2025", "05/06/2025"], locale)
    assert (settled.format, settled.is_ambiguous) == (expected, True)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1.234,50"] * 2 + ["1234.5"], ColumnFormat("mixed", False, 2, 1)),
        (["1.234,50"] * 2 + ["1234.5", "1.234"], ColumnFormat("mixed", True, 2, 1)),
        (["1,50"] * 30 + ["1.5", "1.234"], ColumnFormat("comma", False, 30, 1)),  # a slip
    ],
)
def test_a_column_written_in_both_ways_is_mixed(values: list[str], expected: ColumnFormat) -> None:
    for is_typed in (True, False):
        assert numbers(values, "de", is_typed) == expected


def test_dates_in_both_orders_are_mixed_whatever_stands_beside_with_the_year_first() -> None:
    assert dates(["12/31/2025", "31/12/2025", "03/04/2025"]).format == "mixed"
    assert dates(["2025-12-31"] * 9 + ["31/12/2025"]) == ColumnFormat("dmy", False, 1, 0)


def test_evidence_adds_up_load_by_load_with_an_example() -> None:
    CONNECTION.execute(
        "create or replace table t as from (values ('1.234', 'A'), ('2.500', 'A'), ('3,5', 'B'),"
        " ('x', 'C')) as t(v, _load_id), (select 2 as _row_number)"
    )
    counted = {c.load_id: c for c in count_formats(CONNECTION, "t", "v", "number", ["A", "B"])}
    assert counted["A"].values == {"comma": 0, "point": 0, "either": 2}
    assert (counted["A"].example, counted["B"].example) == ("1.234", None)
    assert set(counted) == {"A", "B"}


def test_what_speaks_against_is_counted() -> None:
    assert dates(["31.12.2025", "30.12.2025", "2025-12-31"]) == ColumnFormat("dmy", False, 2, 0)


@settings(max_examples=25)
@given(st.integers(0, 10**9), st.integers(0, 99), st.sampled_from(["de", "en", "auto"]))
def test_grouped_amounts_with_cents_are_never_misread(whole: int, cents: int, locale: str) -> None:
    """Law: an amount written with groups and cents settles its column whatever the locale."""
    english = f"{whole:,}.{cents:02}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert numbers([english], locale).format == "point"
    assert numbers([german], locale).format == "comma"
