"""Numbers and days that stand in a table as text, read as ingest reads those of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from warehouse.macros import typed

if TYPE_CHECKING:
    import pandas

Format = Literal["comma", "point", "mixed", "dmy", "mdy"]


def read_written(text: pandas.Series[Any], kind: Literal["number", "date"]) -> pandas.Series[float]:
    """Read a column of text (missing: None or NaN) as numbers, or as days since 1970.

    The column's format is that of the cells that leave nothing open: "29,85" tells decimal commas,
    "29.85" points, "13.02.2026" the day first. Where they disagree or tell nothing, a cell that
    could mean two things ("1.234", "03/04/2026") stays unread.

    Returns:
        float64; NaN where nothing stands or where it can't be read.

    """
    distinct = text.dropna().drop_duplicates()
    known = dict.fromkeys(distinct, float("nan"))
    # Without a digit it is neither; asking costs a connection per column.
    if distinct.str.contains(r"\d").any():
        format_ = _number_format(distinct) if kind == "number" else _day_format(distinct)
        known = dict(zip(distinct, _read(distinct, kind, format_), strict=True))
    return text.map(known).astype("float64")


def is_placeholder(text: pandas.Series[Any]) -> pandas.Series[bool]:
    """Whether a cell is empty or only says that nothing is known ("n/a", "-", "k. A.")."""
    distinct = text[text.map(lambda cell: isinstance(cell, str))].drop_duplicates()
    said = dict(zip(distinct, _query(distinct, typed("cell", "text"), "mixed"), strict=True))
    return text.isna() | text.map(lambda cell: isinstance(cell, str) and said[cell] is None)


def _read(distinct: pandas.Series[Any], kind: str, format_: Format) -> list[float]:
    sql = typed("cell", kind)
    if kind == "date":
        sql = f"date_diff('day', date '1970-01-01', {sql})"
    return [float("nan") if value is None else float(value)
            for value in _query(distinct, sql, format_)]  # fmt: skip


def _query(distinct: pandas.Series[Any], sql: str, format_: Format) -> list[Any]:
    import duckdb
    import pandas as pd

    with duckdb.connect() as connection:
        connection.register("cells", pd.DataFrame({"cell": distinct.to_numpy()}))
        rows = connection.execute(
            f"select {sql} from (select cell::varchar as cell, map {{'cell': ?}} as formats"
            " from cells)",
            [format_],
        ).fetchall()
    return [value for (value,) in rows]


def _number_format(distinct: pandas.Series[Any]) -> Format:
    """Ask the cells whose last mark is followed by other than three digits, or stands twice."""
    comma = distinct.str.contains(
        r",(?:\d{1,2}|\d{4,})\D*$|^\D*0,\d|\d\.\d{3}\.\d{3}|\.\d{3},"
    ).any()
    point = distinct.str.contains(
        r"\.(?:\d{1,2}|\d{4,})\D*$|^\D*0\.\d|\d,\d{3},\d{3}|,\d{3}\."
    ).any()
    return "mixed" if comma == point else "comma" if comma else "point"


def _day_format(distinct: pandas.Series[Any]) -> Format:
    day_first = distinct.str.contains(r"^\s*(?:1[3-9]|2\d|3[01])\D").any()
    month_first = distinct.str.contains(r"^\s*\d{1,2}[-/](?:1[3-9]|2\d|3[01])[-/]").any()
    if day_first == month_first:  # points part day, month, year; a slash may mean either
        return "mixed" if day_first or distinct.str.contains("/").any() else "dmy"
    return "dmy" if day_first else "mdy"
