"""Reading real small files through the process that reads them."""

from __future__ import annotations

import datetime as dt
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from ingest import Table, UnreadableFile, read_file
from ingest.reading import file
from ingest.reading.json_files import flatten
from ingest.reading.sheets.cells import cell_text

Read = Callable[[Path], list[Table]]


def workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Messe"
    for row in [
        ["Messe Hannover 2025, aufgenommen von Team A"],
        ["Stand:", dt.date(2025, 4, 24)],
        [],
        ["Nr.", "Firma", "Gespräch am", "Umsatz", None, "Interesse"],
        [1, "Alpha GmbH", dt.date(2025, 4, 22), 1234.5, None, "Getriebe"],
        [2, "Beta AG", dt.datetime.fromisoformat("2025-04-23T14:30"), 12, None, True],
        [],
        [3, " Gamma ", None, 0.1],
    ]:
        sheet.append(row)
    hidden = book.create_sheet("Versteckt")
    hidden.append(["a", "b"])
    hidden.sheet_state = "hidden"
    book.create_sheet("Leer")
    second = book.create_sheet("Zweites")
    second["C3"], second["D3"], second["C4"], second["D4"] = "x", "y", "1", "2"
    book.save(path)
    return path


def test_workbook_sheet_by_sheet(tmp_path: Path) -> None:
    first, second = read_file(workbook(tmp_path / "messe.xlsx"))
    assert (first.name, second.name, first.is_sheet) == ("Messe", "Zweites", True)
    assert first.columns == ["Nr.", "Firma", "Gespräch am", "Umsatz", "Interesse"]
    assert first.rows == [
        ["1", "Alpha GmbH", "2025-04-22", "1234.5", "Getriebe"],
        ["2", "Beta AG", "2025-04-23 14:30:00", "12", "true"],
        ["3", " Gamma ", None, "0.1", None],
    ]
    assert first.row_numbers == [5, 6, 8]
    assert (second.columns, second.rows, second.row_numbers) == (["x", "y"], [["1", "2"]], [4])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", None),
        ("007", "007"),
        (12.0, "12"),
        (-3.0, "-3"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (1e21, "1000000000000000000000"),
        (False, "false"),
        (dt.time(8, 5), "08:05:00"),
        (dt.timedelta(hours=30, minutes=5), "30:05:00"),
        (dt.datetime.fromisoformat("2025-01-02T03:04:05"), "2025-01-02 03:04:05"),
    ],
)
def test_cells_as_text(value: object, text: str | None) -> None:
    assert cell_text(value) == text


def test_json_lines_with_a_broken_line_and_a_late_column(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "visits.jsonl"
    path.write_text('{"id": 1.50, "a": null}\n\n{"id": \n{"id": 2, "b": {"c": "ü"}}\n', "utf-8")
    (table,) = read(path)
    assert table.columns == ["id", "a", "b.c"]
    assert table.rows == [["1.50", None, None], ["2", None, "ü"]]
    assert table.row_numbers == [1, 4]
    assert [(r.row_number, r.raw_text) for r in table.rejects] == [(3, '{"id":')]


def test_json_list_and_wrapped_list(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"x": 1}, {"y": [1, "ä"]}]', "utf-8")
    assert read(path)[0].rows == [["1", None], [None, '[1, "ä"]']]
    path.write_text('{"count": 2, "items": [{"x": true}]}', "utf-8")
    assert read(path)[0].rows == [["true"]]
    for unusable in ("{", '{"a": 1}', "[1, 2]", "[]"):
        path.write_text(unusable, "utf-8")
        with pytest.raises(UnreadableFile):
            read(path)


def test_nested_names_do_not_hide_each_other() -> None:
    assert flatten({"a": {"b": 1}, "c": {}}) == {"a.b": "1", "c": "{}"}


def test_what_is_no_table_is_refused_in_both_languages(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "brief.docx", "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    whole = workbook(tmp_path / "a.xlsx").read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "angebot.csv").write_bytes(b"%PDF-1.7 ...")
    (tmp_path / "leer.csv").write_bytes(b"")
    words = {
        "brief.docx": ("Office-Dokument", "office document"),
        "cut.xlsx": ("beschädigt", "damaged"),
        "angebot.csv": ("PDF", "PDF"),
        "leer.csv": ("keine Daten", "no data"),
    }
    for name, (german, english) in words.items():
        with pytest.raises(UnreadableFile) as caught:
            read_file(tmp_path / name)
        assert german in str(caught.value) and english in caught.value.reason_en


def test_a_file_that_takes_too_long_or_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)  # nobody writes: reading it hangs for ever
    monkeypatch.setattr(file, "CPU_SECONDS_PER_FILE", 1)
    monkeypatch.setattr(file, "ELAPSED_PER_CPU_SECOND", 1)
    with pytest.raises(UnreadableFile, match="mehr Speicher oder Zeit"):
        read_file(path)
    book = workbook(tmp_path / "a.xlsx")
    monkeypatch.setattr(file, "CPU_SECONDS_PER_FILE", 60)
    monkeypatch.setattr(file, "MEMORY_LIMIT_BYTES", 20 << 20)
    with pytest.raises(UnreadableFile):
        read_file(book)


def test_a_missing_file_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none.csv")


@pytest.mark.shared
def test_real_accounting_exports(shared: Path) -> None:
    (labels,) = read_file(shared / "messy_datev" / "EXTF_Kontenbeschriftungen.csv")
    assert labels.columns == ["Konto", "Kontenbeschriftung", "Sprach-ID"]
    assert labels.rows[0] == ["400", "Betriebsausstattung", "de-DE"]
    assert labels.row_numbers[0] == 3
    (bookings,) = read_file(shared / "messy_datev" / "EXTF_Buchungsstapel.csv")
    assert "Gegenkonto (ohne BU-Schlüssel)" in bookings.columns and len(bookings.rows) == 2


@pytest.mark.shared
def test_an_unquoted_comma_is_rejected_not_shifted(shared: Path) -> None:
    (table,) = read_file(shared / "northwind" / "customers.csv")
    assert len(table.rows) + len(table.rejects) == 91
    countries = {row[table.columns.index("country")] for row in table.rows}
    assert "Germany" in countries and not any(any(map(str.isdigit, c or "")) for c in countries)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("calamine/pass_protected.xlsx", "Kennwort"),
        ("calamine/pass_protected.ods", "Kennwort"),
        ("msoffcrypto/inputs/example_password.xlsx", "Kennwort"),
        ("calamine/OOM_alloc3.xls", "beschädigt"),
    ],
)
def test_encrypted_and_hostile_workbooks(shared: Path, name: str, word: str) -> None:
    with pytest.raises(UnreadableFile, match=word):
        read_file(shared / "messy_excel" / name)
