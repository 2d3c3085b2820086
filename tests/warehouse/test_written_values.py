"""What ingest takes a written number or date for and what dbt reads of it: one table for both.

A line of `tests/written_values.csv` is a written value, the format that it tells of its column
(`either`: more than one explains it; empty: it tells none), and what is read of it in a column with
decimal commas or the day first, in one with points or the month first, and in one of both.
"""

from __future__ import annotations

import csv

import duckdb
import pytest

from config import PROJECT_ROOT
from ingest.mapping.value_formats import count_formats
from tests.warehouse.test_parse_macros import day, number

with (PROJECT_ROOT / "tests/written_values.csv").open(encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file, delimiter=";"))
FORMATS = {"number": ("comma", "point", "mixed"), "date": ("dmy", "mdy", "mixed")}


def read(row: dict[str, str]) -> list[str]:
    reads = [
        (number if row["kind"] == "number" else day)(row["written"], format_)
        for format_ in FORMATS[row["kind"]]
    ]
    return ["" if v is None else f"{v:.10g}" if row["kind"] == "number" else str(v) for v in reads]


def told(row: dict[str, str]) -> str:
    with duckdb.connect() as connection:
        row_of = "create table t as select ? as v, 'L' as _load_id, 2 as _row_number"
        connection.execute(row_of, [row["written"]])
        (counted,) = count_formats(connection, "t", "v", row["kind"], ["L"])
    (*found,) = (name for name, count in counted.values.items() if count)
    assert len(found) < 2
    return "".join(found)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["written"])
def test_what_is_told_and_what_is_read_are_those_of_the_table(row):
    expected = [row["comma_dmy"], row["point_mdy"], row["mixed"]]
    assert (told(row), read(row)) == (row["tells"], expected)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["written"])
def test_the_table_itself_contradicts_nothing(row):
    """No column reads a value otherwise than by the format that this value alone tells."""
    first, second, mixed = row["comma_dmy"], row["point_mdy"], row["mixed"]
    if row["tells"] == "either":
        assert mixed == (first if first == second else "")
        return
    own = {"point": second, "mdy": second}.get(row["tells"], first)
    assert {first, second, mixed} <= {own, ""}
    if row["tells"] in ("", "comma", "point", "ymd"):
        assert first == second == mixed
