"""How a source writes numbers and dates, settled per column from all its values, never per cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import duckdb

Locale = Literal["de", "en", "auto"]
Evidence = dict[str, int]

# What only one way of writing explains, after all but digits, point and comma is taken away:
# other than three digits behind the last mark, more than three before it, or two kinds of marks.
_COMMA = r"\d*,\d{1,2}|\d*,\d{4,}|0,\d+|\d{4,},\d+|\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,}"
_POINT = r"\d*\.\d{1,2}|\d*\.\d{4,}|0\.\d+|\d{4,}\.\d+|\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,}"
_EITHER_NUMBER = r"[1-9]\d{0,2}[.,]\d{3}"

# A time may follow. Points part day, month, year in this order unless the second part is no month.
_END = r"(\D.*)?"
_YMD = r"(19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}" + _END + r"|(19|20)\d{6}" + _END
_MONTH = r"(0?[1-9]|1[0-2])"
_OVER_12 = r"(1[3-9]|2\d|3[01])"
_DMY = (
    rf"\d{{1,2}}\. ?{_MONTH}\. ?(\d{{4}}|\d{{2}}){_END}"
    rf"|{_OVER_12}[-/]{_MONTH}[-/](\d{{4}}|\d{{2}}){_END}"
)
_MDY = rf"{_MONTH}[-/.]{_OVER_12}[-/.](\d{{4}}|\d{{2}}){_END}"
_EITHER_DATE = rf"{_MONTH}[-/]{_MONTH}[-/](\d{{4}}|\d{{2}}){_END}"

NUMBER_PATTERNS = {"comma": _COMMA, "point": _POINT, "either": _EITHER_NUMBER}
DATE_PATTERNS = {"dmy": _DMY, "mdy": _MDY, "ymd": _YMD, "either": _EITHER_DATE}


@dataclass(frozen=True, slots=True)
class ColumnFormat:
    """How a column is written, and how many of its values say so or say otherwise."""

    format: str
    is_ambiguous: bool
    values_for: int
    values_against: int


def number_evidence(connection: duckdb.DuckDBPyConnection, table: str, text: str) -> Evidence:
    """Count the values of an SQL text that are written one way, the other or either way."""
    digits = f"trim(regexp_replace({text}, '[^0-9.,]', '', 'g'), '.,')"
    return _count(connection, table, digits, NUMBER_PATTERNS)


def date_evidence(connection: duckdb.DuckDBPyConnection, table: str, text: str) -> Evidence:
    """Count the values of an SQL text whose parts are in one order, another or either."""
    return _count(connection, table, f"trim({text})", DATE_PATTERNS)


def number_format(evidence: Evidence, locale: Locale, is_typed: bool) -> ColumnFormat:
    """Decide the decimal mark of a column.

    Args:
        evidence: from `number_evidence`.
        locale: decides what stays ambiguous; `auto` counts as German.
        is_typed: the values come from sheets or JSON, whose numbers we write with a point.

    """
    comma, point = evidence["comma"], evidence["point"]
    if comma != point:
        format_ = "comma" if comma > point else "point"
        return ColumnFormat(format_, False, max(comma, point), min(comma, point))
    hint = "point" if is_typed or locale == "en" else "comma"
    return ColumnFormat(hint, evidence["either"] > 0 or comma > 0, comma, point)


def date_format(evidence: Evidence, locale: Locale) -> ColumnFormat:
    """Decide the order of day, month and year of a column.

    Values with the year first prove nothing about the others' order of day and month: where such
    have no proof either, the locale decides (`en` is month first; `auto` counts as German).
    """
    proofs = {order: evidence[order] for order in ("dmy", "mdy", "ymd")}
    hint = "mdy" if locale == "en" else "dmy"
    if evidence["either"] > proofs["ymd"] and proofs["dmy"] == proofs["mdy"]:
        return ColumnFormat(hint, True, proofs[hint], sum(proofs.values()) - proofs[hint])
    best = max(proofs, key=lambda order: (proofs[order], order == hint))
    if proofs[best] == 0:
        return ColumnFormat(hint, False, 0, 0)
    return ColumnFormat(best, False, proofs[best], sum(proofs.values()) - proofs[best])


def _count(
    connection: duckdb.DuckDBPyConnection, table: str, text: str, patterns: dict[str, str]
) -> Evidence:
    counts = ", ".join(
        f"coalesce(sum(n) filter (regexp_full_match(t, '{pattern}')), 0)::bigint"
        for pattern in patterns.values()
    )
    row = connection.execute(
        f"select {counts} from (select {text} as t, count(*) as n from {table} group by all)"
    ).fetchone()
    return dict(zip(patterns, row or [0] * len(patterns), strict=True))
