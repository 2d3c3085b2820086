"""The files that speed is measured on, and what the methods read of them."""

from __future__ import annotations

import csv

import pytest

from benchmarks.ingest_speed import COLUMNS, METHODS, make_csv, make_workbook, run_apart


@pytest.mark.parametrize(
    ("is_quoted", "encoding"), [(False, "utf-8"), (True, "utf-8"), (False, "latin1")]
)
def test_the_csv_file_is_german_and_of_the_size_asked_for(tmp_path, is_quoted, encoding):
    path = tmp_path / "orders.csv"
    make_csv(path, 2_000_000, is_quoted, encoding)
    assert path.stat().st_size == pytest.approx(2_000_000, rel=0.05)
    text = path.read_text(encoding=encoding)
    assert ('"' in text) == is_quoted
    header, *rows = csv.reader(text.splitlines(), delimiter=";")
    assert tuple(header) == COLUMNS
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert any("ü" in row[3] for row in rows)
    assert all(row[7].partition(",")[2].isdigit() for row in rows)


@pytest.mark.parametrize(
    ("name", "encoding"), [("orders.csv", "utf-8"), ("orders_latin1.csv", "latin1")]
)
def test_every_method_reads_every_row(tmp_path, name, encoding):
    lines, workbook = tmp_path / name, tmp_path / "orders.xlsx"
    make_csv(lines, 100_000, True, encoding)
    make_workbook(workbook, 100_000)
    count = len(list(csv.reader(lines.open(encoding=encoding, newline="")))) - 1
    folder = tmp_path / "home"
    folder.mkdir()
    for method in ("DuckDB, by hand", "ingest.read_file", "ingest.ingest_inbox"):
        assert METHODS[method](lines, folder) == count
    on_sheet = METHODS["python-calamine"](workbook, folder)
    assert METHODS["ingest.read_file"](workbook, folder) == on_sheet > 100


def test_memory_is_that_of_the_process_and_its_children(tmp_path):
    path = tmp_path / "orders.csv"
    make_csv(path, 100_000, False, "utf-8")
    result = run_apart("ingest.read_file", path)
    assert result.rows > 500
    assert result.peak_bytes > 50_000_000  # two interpreters at least
