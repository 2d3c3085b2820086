"""Formats of numbers and dates, decided per column from all its values, never per cell."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from ingest.mapping.expressions import literal, of_loads

Locale = Literal["de", "en", "auto"]
TypedKind = Literal["number", "date"]
Evidence = Mapping[str, int]

# Values are read accordingly by dbt_project/macros/parse.sql; tests/written_values.csv holds both.
# What only one way of writing explains, after all but digits, point and comma is taken away:
# other than three digits behind the last mark, more than three before it, or two kinds of marks.
_COMMA = r"\d*,\d{1,2}|\d*,\d{4,}|0,\d+|\d{4,},\d+|\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,}"
_POINT = r"\d*\.\d{1,2}|\d*\.\d{4,}|0\.\d+|\d{4,}\.\d+|\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,}"
_EITHER_NUMBER = r"[1-9]\d{0,2}[.,]\d{3}"

# A time may follow. Points part day, month, year in this order unless the second part is no month.
# Eight digits are a date where the parts have two digits, or four for the year.
_END = r"(\D.*)?"
_DAY = r"(0?[1-9]|[12]\d|3[01])"
_MONTH = r"(0?[1-9]|1[0-2])"
_OVER_12 = r"(1[3-9]|2\d|3[01])"
_YEAR = r"(\d{4}|\d{2})"
_MM, _CENTURY = r"(0[1-9]|1[0-2])", r"(19|20)\d\d"
_MARK = r"([-/]|\. ?)"
_YMD = rf"{_CENTURY}[-/.]\d{{1,2}}[-/.]\d{{1,2}}{_END}|{_CENTURY}{_MM}\d\d{_END}"
_DMY = (
    rf"{_DAY}\. ?{_MONTH}\. ?{_YEAR}{_END}"
    rf"|{_OVER_12}{_MARK}{_MONTH}{_MARK}{_YEAR}{_END}"
    rf"|{_OVER_12}{_MM}{_CENTURY}{_END}"
)
_MDY = rf"{_MONTH}{_MARK}{_OVER_12}{_MARK}{_YEAR}{_END}|{_MM}{_OVER_12}{_CENTURY}{_END}"
_EITHER_DATE = (
    rf"{_MONTH}([-/]{_MONTH}{_MARK}|\. ?{_MONTH}[-/]){_YEAR}{_END}|{_MM}{_MM}{_CENTURY}{_END}"
)

NUMBER_PATTERNS = {"comma": _COMMA, "point": _POINT, "either": _EITHER_NUMBER}
DATE_PATTERNS = {"dmy": _DMY, "mdy": _MDY, "ymd": _YMD, "either": _EITHER_DATE}
PATTERNS: Mapping[TypedKind, Mapping[str, str]] = {
    "number": NUMBER_PATTERNS,
    "date": DATE_PATTERNS,
}
# Values fall into few shapes, and only those are matched against patterns: of a number it matters
# where its digits, its zeros and its marks are, and dashes behind the last mark stand for no cents
# ("99,-"); a date stands in the first twelve characters behind the day of the week. Numbers
# without a thousands mark come first, because `translate` costs five times a match.
SHAPES: Mapping[TypedKind, str] = {
    "number": r"case when regexp_full_match({text}, '-?\d+,\d\d?') then '1,1'"
    r" when regexp_full_match({text}, '-?\d+(\.\d\d?)?')"
    r" then if(contains({text}, '.'), '1.1', '1')"
    r" else translate({text}, '23456789', '11111111') end",
    "date": r"left(trim(regexp_replace({text}, '^\s*\p{{L}}+[.,]{{0,2}} ', '')), 12)",
}
PLAIN: Mapping[TypedKind, str] = {
    "number": r"trim(regexp_replace(regexp_replace(shape, '([.,])-+\D*$', '\100'), '[^0-9.,]', '',"
    " 'g'), '.,')",
    "date": "shape",
}
SHAPES_TABLE = "shapes_"
# From this share of values that fit only the other format a column counts as `mixed`: one in twenty
# is no typing slip any more.
MIXED_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class ColumnFormat:
    """A column's format, with the numbers of values for and against it.

    `mixed`: two formats are in use, so only values that fit exactly one of them are read.
    `is_ambiguous`: some values fit both, and the others do not decide.
    """

    format: str
    is_ambiguous: bool
    values_for: int
    values_against: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Numbers of one load's values per format, and an example that fits several."""

    load_id: str
    values: Evidence
    example: str | None


def count_formats(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    text: str,
    kind: TypedKind,
    load_ids: list[str],
) -> list[Counted]:
    """Count per load how the values of an SQL text over a raw table are written."""
    patterns = PATTERNS[kind]
    counts = ", ".join(
        f"{literal(name)}: coalesce(sum(n) filter (regexp_full_match(plain, {literal(pattern)})),"
        " 0)::bigint"
        for name, pattern in patterns.items()
    )
    shapes = count_shapes(connection, table, text, kind, load_ids, is_kept=False)
    rows = connection.execute(
        f"select load, map {{{counts}}},"
        f" min(least) filter (regexp_full_match(plain, {literal(patterns['either'])}))"
        f" from (select load, {PLAIN[kind]} as plain, n, least from {shapes}) group by load"
    ).fetchall()
    return [Counted(*row) for row in rows]


def count_shapes(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    text: str,
    kind: TypedKind,
    load_ids: Sequence[str],
    *,
    is_kept: bool,
) -> str:
    """Count the shapes of an SQL text over a raw table, or take what is kept of it (`is_kept`).

    A load's rows do not change once they are written, so it holds until `forget_shapes`.

    Returns:
        A temporary table with `load`, `shape`, the number `n` of values, the `least` of them, and
        the first `cell` with its `row`.

    """
    asked = repr((table, text, kind, sorted(load_ids)))
    name = f"{SHAPES_TABLE}{hashlib.sha256(asked.encode()).hexdigest()[:16]}"
    load, is_theirs = of_loads(load_ids)
    making = "create temp table if not exists" if is_kept else "create or replace temp table"
    connection.execute(
        f"{making} {name} as"
        f" select {load} as load, {SHAPES[kind].format(text=text)} as shape, count(*) as n,"
        f" min({text}) as least, arg_min({text}, _row_number) as cell, min(_row_number) as row"
        f" from {table} where {is_theirs} group by all"
    )
    return name


def forget_shapes(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop what `count_shapes` keeps."""
    names = connection.execute(
        "select table_name from duckdb_tables() where temporary and starts_with(table_name, ?)",
        [SHAPES_TABLE],
    ).fetchall()
    for (name,) in names:
        connection.execute(f"drop table temp.{name}")


def total(evidence: Iterable[Evidence]) -> Evidence:
    """Add up what was counted in several loads."""
    added: Counter[str] = Counter()
    for counted in evidence:
        added.update(counted)
    return added


def number_format(evidence: Evidence, locale: Locale, is_typed: bool) -> ColumnFormat:
    """Decide the decimal mark of a column.

    Args:
        evidence: numbers of values under `comma`, `point` and `either`.
        locale: decides what stays ambiguous; `auto` counts as German.
        is_typed: the values come from sheets or JSON, whose numbers we write with a point.

    """
    hint = "point" if is_typed or locale == "en" else "comma"
    return _decide(evidence, ("comma", "point"), hint)


def date_format(evidence: Evidence, locale: Locale) -> ColumnFormat:
    """Decide the order of day, month and year of a column.

    Values with the year first are read as such in any column and are no evidence of the others'
    order of day and month: without evidence among those the locale decides (`en` is month first;
    `auto` counts as German).

    Args:
        evidence: numbers of values under `dmy`, `mdy`, `ymd` and `either`.
        locale: the hint.

    """
    if evidence["ymd"] and not any(evidence[order] for order in ("dmy", "mdy", "either")):
        return ColumnFormat("ymd", False, evidence["ymd"], 0)
    return _decide(evidence, ("dmy", "mdy"), "mdy" if locale == "en" else "dmy")


def _decide(evidence: Evidence, formats: tuple[str, str], hint: str) -> ColumnFormat:
    more, fewer = sorted(formats, key=lambda name: (-evidence[name], name != hint))
    either = evidence["either"] > 0
    if evidence[more] == 0:
        return ColumnFormat(hint, either, 0, 0)
    if evidence[fewer] >= MIXED_SHARE * (evidence[more] + evidence[fewer]):
        return ColumnFormat("mixed", either, evidence[more], evidence[fewer])
    return ColumnFormat(more, False, evidence[more], evidence[fewer])
