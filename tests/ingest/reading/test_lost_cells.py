"""What calamine gives as empty and is not: found in OpenDocument and xls, noted in xlsb."""

from __future__ import annotations

import datetime as dt
import random
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlwt

from ingest import Table, UnreadableFile
from ingest.reading import refusals

Read = Callable[[Path], list[Table]]
OASIS = "urn:oasis:names:tc:opendocument:xmlns"
MAIN = "http://schemas.openxmlformats.org"
ERROR = 'office:value-type="string" office:string-value="" calcext:value-type="error"'
EMPTY = "<table:table-cell/>"


def ods(path: Path, **sheets: list[list[str]]) -> Path:
    """Write an OpenDocument workbook; a cell is XML, a row may begin with its attributes."""
    names = {name: f"{OASIS}:{name}:1.0" for name in ("office", "table", "text")}
    names["calcext"] = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
    spaces = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in names.items())
    xml = "".join(
        f'<table:table table:name="{name}"><table:table-column/>'
        + "".join(
            f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"
            for attributes, *cells in rows
        )
        + "</table:table>"
        for name, rows in sheets.items()
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>{xml}"
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def cell(text: str, attributes: str = 'office:value-type="string"') -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def number(value: float, attributes: str = "") -> str:
    return cell(f"{value}", f'{attributes} office:value-type="float" office:value="{value}"')


def formula(text: str) -> str:
    return f'table:formula="of:={text}"'


HEADER = ["", cell("Nr"), cell("Wert"), cell("Anteil")]


def test_errors_in_open_document(tmp_path: Path, read: Read) -> None:
    rows = [
        HEADER,
        ["", number(1), cell("#N/A", f"{formula('NA()')} {ERROR}"), number(5)],
        ["", number(2), number(7), cell("Err:502", f"{formula('A()')} {ERROR}")],
        # As OpenOffice writes it.
        ["", number(3), cell("#WERT!", f'{formula("A")} office:value-type="float" '
                             'office:value="0"'), number(0, formula("B2-B2"))],
        # The text of a cell is no error, whatever it says.
        ["", number(4), cell("#12", 'office:value-type="float" office:value="12"'), cell("#N/A")],
    ]  # fmt: skip
    second = [HEADER, ["", number(1), EMPTY, cell("#REF!", ERROR)]]
    table, other = read(ods(tmp_path / "a.ods", Eins=rows, Zwei=second))
    assert table.rows == [
        ["1", "#N/A", "5"],
        ["2", "7", "Err:502"],
        ["3", "#WERT!", "0"],
        ["4", "12", "#N/A"],
    ]
    assert other.rows == [["1", None, "#REF!"]]


def test_formulas_never_calculated_in_open_document(tmp_path: Path, read: Read) -> None:
    rows = [
        HEADER,
        ["", number(1), f"<table:table-cell {formula('[.A2]*2')}/>", number(5)],
        ["", number(2), cell("", formula('&quot;&quot;')), number(6)],  # calculated: an empty text
    ]  # fmt: skip
    (table,) = read(ods(tmp_path / "a.ods", Eins=rows))
    assert table.rows == [["2", None, "6"]]
    (reject,) = table.rejects
    assert (reject.row_number, reject.raw_text) == (2, "1;=[.A2]*2;5")
    assert reject.reason_de == refusals.UNCALCULATED.de


def test_repeated_rows_and_cells_and_comments_in_open_document(tmp_path: Path, read: Read) -> None:
    comment = "<office:annotation><text:p>geprüft</text:p></office:annotation><text:p>"
    rows = [
        HEADER,
        ['table:number-rows-repeated="3"', number(1), number(2), number(3)],
        ['table:number-rows-repeated="2"', number(4),
         cell("#NV", f'table:number-columns-repeated="2" {ERROR}').replace("<text:p>", comment)],
        ["", number(5), number(6), cell("#NAME?", ERROR)],
        ['table:number-rows-repeated="1048000"', '<table:table-cell '
         'table:number-columns-repeated="16384"/>'],
    ]  # fmt: skip
    (table,) = read(ods(tmp_path / "a.ods", Eins=rows))
    assert table.rows == [
        *[["1", "2", "3"]] * 3,
        *[["4", "#NV", "#NV"]] * 2,
        ["5", "6", "#NAME?"],
    ]
    rows[1] = ['table:number-rows-repeated="1000000"', cell("#NV", ERROR), cell("#NV", ERROR)]
    with pytest.raises(UnreadableFile) as caught:
        read(ods(tmp_path / "b.ods", Eins=rows))
    assert caught.value.reason == refusals.TOO_DEMANDING


def test_text_without_a_type_and_times_in_open_document(tmp_path: Path, read: Read) -> None:
    def time(value: str) -> str:
        return cell("x", f'office:value-type="time" office:time-value="{value}"')

    rows = [
        HEADER,
        ["", number(1), cell('a<text:s text:c="2"/>&amp;</text:p><text:p>b', ""), EMPTY],
        ["", number(2), time("PT08H05M00S"), time("-PT30H05M01.500000000S")],
    ]
    (table,) = read(ods(tmp_path / "a.ods", Eins=rows))
    assert table.rows == [["1", "a  &\nb", None], ["2", "08:05:00", "-30:05:01.5"]]


def test_merged_cells_in_open_document(tmp_path: Path, read: Read) -> None:
    covered = "<table:covered-table-cell/>"
    down = 'table:number-columns-spanned="1" table:number-rows-spanned="2"'
    rows = [
        ["", cell("Firma", f'office:value-type="string" {down}'),
         cell("Umsatz", 'office:value-type="string" table:number-columns-spanned="2"'
              ' table:number-rows-spanned="1"'), covered],
        ["", covered, number(2024), number(2025)],
        ["", cell("Alpha", f'office:value-type="string" {down}'), number(1), number(2)],
        ["", covered, number(3), number(4)],
    ]  # fmt: skip
    (table,) = read(ods(tmp_path / "a.ods", Eins=rows))
    assert table.columns == ["Firma", "Umsatz 2024", "Umsatz 2025"]
    assert table.rows == [["Alpha", "1", "2"], ["Alpha", "3", "4"]]


def record(kind: int, content: bytes = b"") -> bytes:
    """Return a record of xlsb: kind and size, each in groups of 7 bits, and the content."""

    def grouped(number: int) -> bytes:
        more = number >> 7
        return bytes([number & 0x7F | (0x80 if more else 0)]) + (grouped(more) if more else b"")

    return grouped(kind) + grouped(len(content)) + content


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(
    path: Path, rows: list[list[bytes]], merged: tuple[int, int, int, int] | None = None
) -> Path:
    """Write an xlsb workbook; a cell is its record's kind in one byte, and its content."""
    parts: list[bytes] = []
    for number, cells in enumerate(rows):
        parts.append(record(0, struct.pack("<I", number) + bytes(21)))
        for column, value in enumerate(cells):
            parts.append(record(value[0], struct.pack("<II", column, 0) + value[1:]))
    sheet = record(129) + record(148, struct.pack("<4I", 0, len(rows) - 1, 0, len(rows[0]) - 1))
    sheet += record(145) + b"".join(parts) + record(146)
    if merged:
        sheet += record(177, struct.pack("<I", 1)) + record(176, struct.pack("<4I", *merged))
    bundle = record(156, struct.pack("<II", 0, 1) + wide("r1") + wide("Tabelle1"))
    office = f"{MAIN}/officeDocument/2006/relationships/worksheet"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.bin", record(131) + bundle + record(144) + record(132))
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            f'<Relationships xmlns="{MAIN}/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{office}" Target="worksheets/sheet1.bin"/>'
            "</Relationships>",
        )
        archive.writestr("xl/worksheets/sheet1.bin", sheet + record(178) + record(130))
    return path


def word(value: str) -> bytes:
    return b"\6" + wide(value)


def parsed(size: int) -> bytes:
    """Return what follows the value of a formula."""
    return struct.pack("<HI", 0, size) + bytes(size) + bytes(4)


@pytest.mark.parametrize(
    "lost",
    [
        b"\3\x2a",
        b"\3\x00",
        b"\x0b\x07" + parsed(3),
        b"\x0b\x17" + parsed(300),
        b"\x3e\0" + wide("x"),
        b"\x3e\0" + wide("Schrift " * 20),
        b"\x3e\1" + wide("ä" * 30_000) + bytes(8),
    ],
)
def test_errors_and_text_with_fonts_in_xlsb_are_noted(
    tmp_path: Path, read: Read, lost: bytes
) -> None:
    rows = [
        [word("Nr"), word("Wert"), word("Name")],
        [word("1"), lost, word("Anna")],
        [word("2"), word("3"), word("Bert")],
    ]
    (table,) = read(xlsb(tmp_path / "a.xlsb", rows))
    assert table.rows == [["1", None, "Anna"], ["2", "3", "Bert"]]
    assert table.notes == [refusals.CELLS_IN_XLSB]


def test_merged_cells_in_xlsb_are_noted(tmp_path: Path, read: Read) -> None:
    rows = [[word("Nr"), word("Name")], [word("1"), word("Anna")], [word("2"), b"\1"]]
    (table,) = read(xlsb(tmp_path / "a.xlsb", rows, (1, 2, 1, 1)))
    assert table.rows == [["1", "Anna"], ["2", None]]
    assert table.notes == [refusals.CELLS_IN_XLSB]


def test_an_xlsb_with_nothing_lost_has_no_note(tmp_path: Path, read: Read) -> None:
    formula_with_a_value = b"\x08" + wide("t" * 300) + parsed(300)
    rows = [[word("Nr"), word("Name")], [word("1"), formula_with_a_value]]
    (table,) = read(xlsb(tmp_path / "a.xlsb", rows))
    assert (table.rows, table.notes) == ([["1", "t" * 300]], [])


def test_numbers_shown_otherwise_in_xlsb_are_noted(tmp_path: Path, read: Read) -> None:
    rows = [[word("Nr"), word("PLZ")], [word("1"), b"\5" + struct.pack("<d", 1067)]]
    for name, number_format, notes in [
        ("a", "00000", [refusals.CELLS_IN_XLSB]),
        ("b", '"K-"0', [refusals.CELLS_IN_XLSB]),
        ("c", '#,##0.00 "kg"', []),
    ]:
        path = xlsb(tmp_path / f"{name}.xlsb", rows)
        one = struct.pack("<I", 1)
        styles = record(615, one) + record(44, struct.pack("<H", 164) + wide(number_format))
        styles += record(617, one) + record(47, struct.pack("<HH", 0, 164) + bytes(12))
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("xl/styles.bin", styles)
        assert read(path)[0].notes == notes, number_format


def test_bytes_of_numbers_are_no_lost_cells(tmp_path: Path, read: Read) -> None:
    rng = random.Random(1)
    rows = [[word("Nr"), word("Wert"), word("Ort")]]
    for n in range(4000):
        rows.append([word(f"{n}"), b"\5" + struct.pack("<d", rng.random() * 1000), word("Köln")])
    assert read(xlsb(tmp_path / "a.xlsb", rows))[0].notes == []


def test_a_far_end_of_an_xlsb_is_read_in_seconds(tmp_path: Path, read: Read) -> None:
    """One cell far below the others made reading take 19 s: each blank row was a gap to settle."""
    rows = [[word("Nr"), word("Name")], [word("1"), word("Anna")]]
    path = xlsb(tmp_path / "a.xlsb", [*rows, *[[b"\1"]] * 100_000, [word("Ende")]])
    start = time.process_time()
    (table,) = read(path)
    assert (table.rows, len(table.rejects)) == ([["1", "Anna"]], 1)
    assert time.process_time() - start < 4  # 6 s before, under 1 s now


XLS_CELLS = [  # format, value, text
    ("General", 1067, "1067"),
    ("00000", 1067, "01067"),
    ('"K-"0000;@', 7, "K-0007"),
    ("000-000", 12345, "012-345"),
    ('0.00 "EUR"', 12.5, "12.5"),
    ('"ca. "0', 5, "5"),
    ("DD.MM.YYYY", dt.date(2025, 12, 31), "2025-12-31"),
]


def xls(path: Path) -> Path:
    """Write an xls workbook with a row for each of `XLS_CELLS` and a hidden sheet."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Kunden")
    for column, name in enumerate(["Nr", "Wert", "Ort"]):
        sheet.write(0, column, name)
    for row, (number_format, value, _) in enumerate(XLS_CELLS, start=1):
        sheet.write(row, 0, f"A{row}")
        sheet.write(row, 1, value, xlwt.easyxf(num_format_str=number_format))
        sheet.write(row, 2, "Köln")
    sheet.row(len(XLS_CELLS) + 1).set_cell_error(1, 42)
    sheet.write(len(XLS_CELLS) + 1, 0, "Fehler")
    hidden = book.add_sheet("Archiv")
    hidden.write(0, 0, "alt")
    hidden.visibility = 1
    book.save(str(path))
    return path


def test_xls_gives_errors_and_what_its_formats_show(tmp_path: Path, read: Read) -> None:
    path = xls(tmp_path / "a.xls")
    # A theme is a zip archive at the end, as Excel 2007 and later write it into an xls.
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("theme/theme/theme1.xml", "<theme/>")
    assert zipfile.is_zipfile(path)
    (table,) = read(path)
    values = [row[1] for row in table.rows]
    assert values[:-1] == [text for *_, text in XLS_CELLS]
    assert table.rows[-1] == ["Fehler", "#N/A", None]
    assert table.notes == [refusals.hidden_sheets({"Archiv": 1})]


def test_an_xls_that_xlrd_cannot_read_is_noted(
    tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("xlrd.open_workbook", fail)
    (table,) = read(xls(tmp_path / "a.xls"))
    assert table.rows[1][1] == "1067"
    assert table.notes[0] == refusals.CELLS_IN_XLS


def test_zeros_and_prefixes_that_open_document_shows(tmp_path: Path, read: Read) -> None:
    def shown(value: float, text: str) -> str:
        return cell(text, f'office:value-type="float" office:value="{value}"')

    rows = [
        HEADER,
        ["", number(1), shown(1067, "01067"), shown(7, "K-0007")],
        ["", number(2), shown(1067, "1.067"), shown(12, "12 Stk.")],
        ["", number(3), shown(12345, "012-345"), shown(5, "ca. 5")],
    ]
    (table,) = read(ods(tmp_path / "a.ods", Eins=rows))
    assert table.rows == [["1", "01067", "K-0007"], ["2", "1067", "12"], ["3", "012-345", "5"]]
