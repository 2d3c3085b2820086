"""Parquet: every value as a person would write it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import UnreadableFile, read_file
from ingest.reading import refusals
from ingest.reading.parquet_files import text_column
from ingest.reading.sheets.cells import cell_text

BERLIN = pa.timestamp("ms", "Europe/Berlin")
AT = dt.datetime.fromisoformat("2025-01-02T03:04:05.120+00:00")


@pytest.mark.parametrize(
    ("values", "kind", "texts"),
    [
        ([1, None, -(2**62)], pa.int64(), ["1", None, "-4611686018427387904"]),
        ([2**64 - 1], pa.uint64(), ["18446744073709551615"]),
        ([0.1, 1e-7, 4006381333931.0], pa.float64(), ["0.1", "0.0000001", "4006381333931"]),
        ([1.1], pa.float32(), ["1.1"]),
        ([float("nan")], pa.float64(), [None]),
        ([Decimal("1.5"), Decimal("1e-8")], pa.decimal128(12, 8), ["1.50000000", "0.00000001"]),
        ([dt.date(2025, 12, 31)], pa.date32(), ["2025-12-31"]),
        ([AT.replace(microsecond=0)], pa.timestamp("ns"), ["2025-01-02 03:04:05"]),
        ([AT], pa.timestamp("us"), ["2025-01-02 03:04:05.120000"]),
        ([AT], BERLIN, ["2025-01-02 04:04:05.120+0100"]),
        ([dt.time(8, 5)], pa.time64("us"), ["08:05:00"]),
        ([dt.timedelta(hours=30)], pa.duration("s"), ["30:00:00"]),
        ([True, False, None], pa.bool_(), ["true", "false", None]),
        (["ü", "", " 01 "], pa.large_string(), ["ü", None, " 01 "]),
        (["a", None, "a"], pa.dictionary(pa.int8(), pa.string()), ["a", None, "a"]),
        ([["a", None]], pa.list_(pa.string()), ['["a", null]']),
        ([{"x": dt.date(2025, 1, 2), "y": Decimal("1.50")}, None],
         pa.struct([("x", pa.date32()), ("y", pa.decimal128(5, 2))]),
         ['{"x": "2025-01-02", "y": "1.50"}', None]),
        (["Köln".encode()], pa.binary(), ["Köln"]),
        ([b"\xff\x00", None], pa.binary(), ["ff00", None]),
        ([None], pa.null(), [None]),
    ],
)  # fmt: skip
def test_values_as_text(values: list[object], kind: pa.DataType, texts: list[str | None]) -> None:
    assert text_column(pa.array(values, kind)).to_pylist() == texts
    assert text_column(pa.array([], kind)).to_pylist() == []


def test_a_file_with_columns_of_many_kinds(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    columns = {
        "Nr": pa.array([1, 2]),
        "Preis": pa.array([Decimal("1.50"), None]),
        "am": pa.array([AT, AT], pa.timestamp("ms", "UTC")),
        "Land": pa.array(["DE", ""]).dictionary_encode(),
        "Liste": pa.array([["a"], None]),
    }
    pq.write_table(pa.table(columns), path)
    (table,) = read_file(path)
    assert (table.name, table.columns, table.is_sheet) == ("a.parquet", list(columns), False)
    assert table.rows == [
        ["1", "1.50", "2025-01-02 03:04:05.120Z", "DE", '["a"]'],
        ["2", None, "2025-01-02 03:04:05.120Z", None, None],
    ]
    assert table.row_numbers == [1, 2]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_are_written_as_in_spreadsheets(values: list[float]) -> None:
    texts = text_column(pa.array(values, pa.float64())).to_pylist()
    assert texts == [cell_text(value) for value in values]


def test_damaged_and_encrypted(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": ["a"] * 1000}), path)
    whole = path.read_bytes()
    for damaged in (whole[:-20], whole[: len(whole) // 2] + whole[-4:], b"PAR1" + bytes(40)):
        path.write_bytes(damaged)
        with pytest.raises(UnreadableFile, match="beschädigt"):
            read_file(path)
    path.write_bytes(b"PARE" + whole[4:-4] + b"PARE")
    with pytest.raises(UnreadableFile) as caught:
        read_file(path)
    assert caught.value.reason_de == refusals.ENCRYPTED.de


def test_many_row_groups_keep_their_order(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": range(50_001)}), path, row_group_size=7_000)
    (table,) = read_file(path)
    assert [row[0] for row in table.rows] == [str(n) for n in range(50_001)]
    assert table.row_numbers[-1] == 50_001
