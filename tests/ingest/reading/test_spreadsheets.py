"""Workbooks: nothing that a person sees in a sheet is lost or changed on the way."""

from __future__ import annotations

import datetime as dt
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import Table, UnreadableFile, read_file
from ingest.reading import refusals
from ingest.reading.refusals import Reason
from ingest.reading.sheets.cells import cell_text, text_array
from ingest.reading.sheets.merged_cells import Range, spread

Read = Callable[[Path], list[Table]]


def book(path: Path, rows: list[list[Any]], *merged: str) -> Path:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for reference in merged:
        sheet.merge_cells(reference)
    workbook.save(path)
    return path


def edited(
    path: Path, change: Callable[[str], str], part: str = "xl/worksheets/sheet1.xml"
) -> Path:
    """Change a part of a workbook's XML, to write what openpyxl does not."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    # openpyxl writes an empty element as `<v />`, or through lxml, where that is installed, so:
    before = parts[part].decode().replace("<v></v>", "<v />")
    after = change(before)
    assert after != before
    parts[part] = after.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


CELLS = st.one_of(
    st.none(),
    st.just(""),
    st.text(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999)),
)
KINDS = (
    st.text(),
    st.integers(-(2**64), 2**64),
    st.floats(),
    st.floats(-1e9, 1e9),
    st.integers(-(10**15), 10**15).map(float),
    st.dates(),
    st.datetimes(),
    st.datetimes().map(lambda value: value.replace(microsecond=0)),
)


@given(
    st.one_of(st.lists(CELLS), *(st.lists(kind | st.sampled_from(["", None])) for kind in KINDS))
)
@settings(max_examples=300)
def test_columns_are_converted_as_their_cells_are(values: list[object]) -> None:
    assert text_array(values).to_pylist() == [cell_text(value) for value in values]


def test_durations() -> None:
    assert cell_text(dt.timedelta(days=10, seconds=54610)) == "255:10:10"
    assert cell_text(dt.timedelta(seconds=-90)) == "-0:01:30"
    assert cell_text(dt.timedelta(seconds=1, milliseconds=5)) == "0:00:01.005"
    assert cell_text(dt.timedelta(seconds=54609, microseconds=999999)) == "15:10:10"


def test_errors_come_through_as_their_text(tmp_path: Path, read: Read) -> None:
    rows = [["Nr", "Wert", "Anteil"], [1, "#N/A", 5], [2, 7, "#DIV/0!"], [3, 8, 9]]
    (table,) = read(book(tmp_path / "a.xlsx", rows))
    assert table.rows == [["1", "#N/A", "5"], ["2", "7", "#DIV/0!"], ["3", "8", "9"]]


def test_formulas_that_were_never_calculated_are_rejected(tmp_path: Path, read: Read) -> None:
    rows = [["Nr", "Preis", "Brutto"], [1, 10, "=B2*1.19"], [2, 20, 23.8], [None, None, "=SUM(C2)"]]
    (table,) = read(book(tmp_path / "a.xlsx", rows))
    assert table.rows == [["2", "20", "23.8"]]
    assert [(r.row_number, r.raw_text) for r in table.rejects] == [
        (2, "1;10;=B2*1.19"),
        (4, ";;=SUM(C2)"),
    ]
    assert {r.reason_de for r in table.rejects} == {refusals.UNCALCULATED.de}


def test_a_total_row_that_was_never_calculated_lies_below_what_calamine_gives(
    tmp_path: Path, read: Read
) -> None:
    rows = [["Nr", "Firma", "Wert", "Ort"], [1, "A", 10, "Ulm"], [None, None, "=SUM(C2:C2)", None]]
    (table,) = read(book(tmp_path / "a.xlsx", rows))
    assert table.rows == [["1", "A", "10", "Ulm"]]
    (reject,) = table.rejects
    assert (reject.row_number, reject.raw_text) == (3, ";;=SUM(C2:C2);")


def test_placeholder_zeros_of_programs_that_do_not_calculate(tmp_path: Path, read: Read) -> None:
    path = book(tmp_path / "a.xlsx", [["Nr", "Brutto"], [1, "=A2"], [2, "=A3"], [3, 0]])
    edited(path, lambda xml: xml.replace("<v />", "<v>0</v>", 1).replace("<v />", "<v>5</v>", 1))
    (table,) = read(path)  # openpyxl tells Excel to calculate when it opens the file
    assert table.rows == [["2", "5"], ["3", "0"]] and len(table.rejects) == 1
    edited(path, lambda xml: xml.replace('fullCalcOnLoad="1"', ""), "xl/workbook.xml")
    assert read(path)[0].rows == [["1", "0"], ["2", "5"], ["3", "0"]]


def test_calculated_formulas_give_their_value_even_an_empty_text(
    tmp_path: Path, read: Read
) -> None:
    path = book(tmp_path / "a.xlsx", [["Nr", "Text"], [1, '=""'], [2, '="x"']])
    edited(
        path,
        lambda xml: (
            xml.replace('r="B2">', 'r="B2" t="str">')
            .replace('r="B3">', 'r="B3" t="str">')
            .replace('<f>"x"</f><v />', '<f>"x"</f><v>x</v>')
        ),
    )
    (table,) = read(path)
    assert table.rows == [["1", None], ["2", "x"]] and table.rejects == []


def test_lost_cells_in_sheets_with_a_prefix_and_without_references(
    tmp_path: Path, read: Read
) -> None:
    path = tmp_path / "a.xlsx"
    book(path, [["Nr", "Wert"], [1, "#N/A"], [2, "=A3"], [3, "x < y"]])

    def prefixed(xml: str) -> str:
        xml = re.sub(r' r="[A-Z]*\d+"', "", xml).replace("<", "<x:").replace("<x:/", "</x:")
        return xml.replace("xmlns=", "xmlns:x=")

    edited(path, prefixed)
    (table,) = read(path)
    assert table.rows == [["1", "#N/A"], ["3", "x < y"]]
    assert [r.raw_text for r in table.rejects] == ["2;=A3"]


def test_a_value_merged_down_stands_in_each_row(tmp_path: Path, read: Read) -> None:
    rows = [
        ["Kundenliste 2025", None, None],
        ["Firma", "Ort", "Name"],
        ["Alpha", "Köln", "Anna"],
        [None, None, "Bert"],
        [None, "Bonn", "Cora"],
        ["Beta", "Trier", "Dora"],
    ]
    (table,) = read(book(tmp_path / "a.xlsx", rows, "A1:C1", "A3:A5", "B3:B4"))
    assert table.columns == ["Firma", "Ort", "Name"]
    assert table.rows == [
        ["Alpha", "Köln", "Anna"],
        ["Alpha", "Köln", "Bert"],
        ["Alpha", "Bonn", "Cora"],
        ["Beta", "Trier", "Dora"],
    ]


def test_a_header_of_two_lines(tmp_path: Path, read: Read) -> None:
    rows = [
        ["Umsatzbericht", None, None, None, None],
        ["Firma", "Umsatz", None, "Menge", None],
        [None, 2024, 2025, 2024, 2025],
        ["Alpha", 1.5, 2, 10, 20],
        ["Beta", 3, 4, 30, 40],
    ]
    merged = ("A1:E1", "A2:A3", "B2:C2", "D2:E2")
    (table,) = read(book(tmp_path / "a.xlsx", rows, *merged))
    assert table.columns == ["Firma", "Umsatz 2024", "Umsatz 2025", "Menge 2024", "Menge 2025"]
    assert table.rows == [["Alpha", "1.5", "2", "10", "20"], ["Beta", "3", "4", "30", "40"]]


@pytest.mark.parametrize("merged", [("A1:D1",), ("A1:C1",), ("A1:B1", "C1:D1")])
def test_a_merged_title_is_no_group_of_columns(
    tmp_path: Path, read: Read, merged: tuple[str, ...]
) -> None:
    rows = [
        ["Kunden", None, None, None],
        ["Firma", "Ort", "Land", "PLZ"],
        ["Alpha", "Köln", "DE", "1"],
    ]
    (table,) = read(book(tmp_path / "a.xlsx", rows, *merged))
    assert table.columns == ["Firma", "Ort", "Land", "PLZ"] and len(table.rows) == 1


def test_a_record_of_merged_rows_is_one_row(tmp_path: Path, read: Read) -> None:
    rows = [["Firma", "Ort"], ["Alpha", "Köln"], [None, None], ["Beta", "Bonn"]]
    (table,) = read(book(tmp_path / "a.xlsx", rows, "A2:A3", "B2:B3"))
    assert table.rows == [["Alpha", "Köln"], ["Beta", "Bonn"]]


def test_merged_data_below_a_header_makes_no_second_header() -> None:
    rows: list[list[object]] = [["Firma", "Von", "Bis"], ["Alpha", "früh", ""], ["Beta", "a", "b"]]
    across = [Range(1, 1, 1, 2)]
    assert list(spread(iter([list(row) for row in rows]), across)) == rows


def test_lost_and_merged_cells_of_a_sheet_that_begins_further_in(
    tmp_path: Path, read: Read
) -> None:
    rows = [[], [], [None, None, "Firma", "Wert"], [None, None, "Alpha", 1], [None, None, None, 2]]
    path = book(tmp_path / "a.xlsx", [*rows, [None, None, "Beta", "#N/A"]], "C4:C5")
    (table,) = read(path)
    assert table.rows == [["Alpha", "1"], ["Alpha", "2"], ["Beta", "#N/A"]]
    assert table.row_numbers == [4, 5, 6]


def test_one_formatted_cell_far_away_costs_nothing(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Nr", "Firma"])
    sheet.append([1, "Alpha"])
    sheet["XFD1048576"].font = openpyxl.styles.Font(bold=True)
    workbook.save(tmp_path / "a.xlsx")
    (table,) = read_file(tmp_path / "a.xlsx")
    assert (table.columns, table.rows) == (["Nr", "Firma"], [["1", "Alpha"]])
    sheet["XFD1048576"] = "hier"  # the sheet between does not fit into memory
    workbook.save(tmp_path / "b.xlsx")
    with pytest.raises(UnreadableFile, match="leere Bereiche"):
        read_file(tmp_path / "b.xlsx")


def test_hidden_sheets_are_not_read_hidden_rows_and_columns_are(tmp_path: Path, read: Read) -> None:
    workbook = openpyxl.Workbook()
    first = workbook.active
    assert first is not None
    for row in [["Nr", "Firma", "Rabatt"], [1, "Alpha", 5], [2, "Beta", 7]]:
        first.append(row)
    first.row_dimensions[2].hidden = True
    first.column_dimensions["C"].hidden = True
    for state in ("hidden", "veryHidden"):
        sheet = workbook.create_sheet(state)
        sheet.append(["a", "b"])
        sheet.sheet_state = state
    workbook.create_chartsheet("Diagramm")
    workbook.save(tmp_path / "a.xlsx")
    (table,) = read(tmp_path / "a.xlsx")
    assert table.rows == [["1", "Alpha", "5"], ["2", "Beta", "7"]]
    assert table.notes == [refusals.hidden_sheets({"hidden": 1, "veryHidden": 1})]
    first.delete_rows(1, 3)
    workbook.save(tmp_path / "b.xlsx")
    with pytest.raises(UnreadableFile, match="ausgeblendet"):
        read(tmp_path / "b.xlsx")


def test_values_as_the_file_has_them(tmp_path: Path, read: Read) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    cells: list[tuple[Any, str, str | None]] = [
        ("00712", "@", "00712"),
        ("1.234,50", "General", "1.234,50"),
        (1 / 3, "0.00", "0.3333333333333333"),
        (1234.56, '#,##0.00 "€"', "1234.56"),
        (0.19, "0%", "0.19"),
        (4006381333931, "0", "4006381333931"),
        (True, "General", "true"),
        (dt.date(2025, 12, 31), "DD.MM.YYYY", "2025-12-31"),
        (dt.datetime.fromisoformat("2025-12-31T14:30"), "DD.MM.YYYY HH:MM", "2025-12-31 14:30:00"),
        (dt.time(8, 5), "HH:MM", "08:05:00"),
        (dt.timedelta(hours=30, minutes=5), "[h]:mm", "30:05:00"),
        (" Rand ", "General", " Rand "),
        ("zwei\nZeilen", "General", "zwei\nZeilen"),
    ]
    sheet.append(["Nr", "Wert", "Art"])
    for number, (value, fmt, _) in enumerate(cells, start=1):
        sheet.append([number, value, "x"])
        sheet.cell(number + 1, 2).number_format = fmt
    workbook.save(tmp_path / "a.xlsx")
    (table,) = read(tmp_path / "a.xlsx")
    assert [row[1] for row in table.rows] == [text for *_, text in cells]


@pytest.mark.parametrize(("first", "columns"), [(0, (0, 2)), (1, (1, 3))])
def test_cells_placed_by_number(
    tmp_path: Path, read: Read, first: int, columns: tuple[int, int]
) -> None:
    """Some programs write the column's number for `A1`, counted from 0 or from 1."""
    path = book(tmp_path / "a.xlsx", [["Nr", None, "Ort"], [1, None, "Ulm"], [2, None, "Bonn"]])

    def number(xml: str) -> str:
        for letter, column in zip("AC", columns, strict=True):
            xml = re.sub(rf'<c r="{letter}\d+"', f'<c r="{column}"', xml)
        return xml

    (table,) = read(edited(path, number))
    assert (table.columns, table.rows) == (["Nr", "Ort"], [["1", "Ulm"], ["2", "Bonn"]])


def test_identifiers_are_as_their_formats_show_them(tmp_path: Path, read: Read) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    cells = [
        ("00000", 1067, "01067"),
        ('"K-"0000;@', 7, "K-0007"),
        ('"D-"00000', 1067, "D-01067"),
        ("[$-407]00000", 4109, "04109"),
        ("000-000", 12345, "012-345"),
        ('"€ "0', 5, "5"),
        ('"TEUR "0', 5, "5"),
        ('0" Stk"', 12, "12"),
        ("00.00", 12, "12"),
        ("00000", 1.5, "1.5"),
    ]
    sheet.append(["Nr", "Wert"])
    for row, (number_format, value, _) in enumerate(cells, start=2):
        sheet.append([f"A{row}", value])
        sheet.cell(row, 2).number_format = number_format
    workbook.save(tmp_path / "a.xlsx")
    (table,) = read(tmp_path / "a.xlsx")
    assert [row[1] for row in table.rows] == [text for *_, text in cells]


@pytest.mark.shared
@pytest.mark.parametrize("kind", ["xlsx", "xls", "xlsb"])
def test_dates_of_both_epochs(shared: Path, read: Read, kind: str) -> None:
    for name in ("date", "date_1904"):
        (table, *_) = read(shared / "messy_excel" / "calamine" / f"{name}.{kind}")
        assert [table.columns, *table.rows][-2:] == [["2021-01-02", "16"], ["255:10:10", "17"]]


@pytest.mark.shared
def test_workbooks_with_parts_in_unusual_places(shared: Path, read: Read) -> None:
    folder = shared / "messy_excel"
    for name, rows in [("calamine/issue_530.xlsx", 1), ("calamine/minimal_package.xlsx", 193)]:
        assert read(folder / name)[0].row_count == rows


@pytest.mark.shared
def test_a_workbook_with_nothing_lost_has_no_note(shared: Path, read: Read) -> None:
    for name in ("date.xls", "date.xlsb"):
        notes = read(shared / "messy_excel" / "calamine" / name)[0].notes
        assert not {refusals.CELLS_IN_XLS, refusals.CELLS_IN_XLSB} & set(notes), name


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("calamine/pass_protected.xlsx", refusals.ENCRYPTED),
        ("calamine/pass_protected.ods", refusals.ENCRYPTED),
        ("calamine/pass_protected.xlsb", refusals.ENCRYPTED),
        ("calamine/issue_385.xls", refusals.ENCRYPTED),
        ("msoffcrypto/inputs/xor_password_123456789012345.xls", refusals.ENCRYPTED),
        ("msoffcrypto/inputs/rc4cryptoapi_password.xls", refusals.ENCRYPTED),
        ("calamine/OOM_alloc3.xls", refusals.DAMAGED),
        ("calamine/issue252.xlsx", refusals.DAMAGED),
        ("calamine/issue_594_dos.ods", refusals.TOO_DEMANDING),
    ],
)
def test_refusals(shared: Path, read: Read, name: str, reason: Reason) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read(shared / "messy_excel" / name)
    assert caught.value.reason == reason


def test_other_documents_in_the_container_of_xls(tmp_path: Path, read: Read) -> None:
    for stream, word in [("WordDocument", "Word"), ("PowerPoint Document", "Präs")]:
        (tmp_path / "a.xls").write_bytes(compound(stream))
        with pytest.raises(UnreadableFile, match=word):
            read(tmp_path / "a.xls")
    (tmp_path / "a.xls").write_bytes(compound("WordDocument")[:600])
    with pytest.raises(UnreadableFile, match="beschädigt"):
        read(tmp_path / "a.xls")


def compound(stream: str, content: bytes = b"") -> bytes:
    """Return a compound file with one stream, padded to the size that needs no small sectors."""
    end, free = 0xFFFFFFFE, 0xFFFFFFFF
    header = struct.pack(
        "<8s16x5H6x9I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 62, 3, 0xFFFE, 9, 6,
        0, 1, 1, 0, 4096, end, 0, end, 0,
    )  # fmt: skip
    header += struct.pack("<109I", 0, *[free] * 108)
    padded = content.ljust(4096, b"\0") if content else b""
    chain = [*range(3, 2 + len(padded) // 512), end] if padded else []
    table = [0xFFFFFFFD, end, *chain]
    sectors = struct.pack("<128I", *table, *[free] * (128 - len(table)))

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        text = name.encode("utf-16-le")
        links = struct.pack("<HBB3I", len(text) + 2, kind, 1, free, free, child)
        return text.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", start, size)

    entries = entry("Root Entry", 5, 1, end, 0)
    entries += entry(stream, 2, free, 2 if padded else end, len(padded))
    return header + sectors + entries.ljust(512, b"\0") + padded
