"""Workbooks, byte for byte the same for the same content: no clock, no user, no chance.

openpyxl makes the book with its styles, notes and header; the rows are put into its sheets as text
while the zip is rewritten with fixed times. (Row by row through openpyxl took four fifths of the
whole sample's time.)
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from sample.files import Broken, Defect, Value, Written

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

_TIME = datetime(2024, 1, 1)  # noqa: DTZ001 - a workbook's times have no zone
_EXCEL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001
_WIDTH_SAMPLE = 60
_WIDEST = 46
_LINE_POINTS = 15
_ROWS_END = b"</sheetData>"


@dataclass(frozen=True)
class Sheet:
    """One sheet: notes above, the header, rows."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[Any] | Broken]
    notes: Sequence[str] = ()
    is_plain: bool = False  # somebody's own list: no styles, no filter


@dataclass(frozen=True)
class _Styles:
    """Numbers of the cell styles in the book."""

    day: int
    moment: int
    money: int
    text: int


def write_workbook(path: Path, sheets: Sequence[Sheet], author: str) -> list[Written]:
    """Write a workbook of the sheets, in the house style unless a sheet is plain."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator = author
    book.properties.created = _TIME
    rows = [
        [row if isinstance(row, Broken) else list(row) for row in sheet.rows] for sheet in sheets
    ]
    for sheet, content in zip(sheets, rows, strict=True):
        _begin(book, sheet, content)
    styles = _register(book)
    buffer = BytesIO()
    book.save(buffer)
    parts = {
        f"xl/worksheets/sheet{number}.xml": _rows_xml(content, len(sheet.notes) + 2, styles)
        for number, (sheet, content) in enumerate(zip(sheets, rows, strict=True), 1)
    }
    _rewrite(buffer, path, parts)
    return [
        Written(path.name, sheet.name, len(content), _defects(path.name, sheet, content))
        for sheet, content in zip(sheets, rows, strict=True)
    ]


def _begin(book: Workbook, sheet: Sheet, rows: Sequence[list[Any] | Broken]) -> None:
    """Make the sheet with its notes, header, widths and page."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    page: WriteOnlyWorksheet = book.create_sheet(sheet.name)
    whole = [row for row in rows[:_WIDTH_SAMPLE] if isinstance(row, list)]
    for number, title in enumerate(sheet.header):
        longest = max([len(title) + 3, *(_width(row[number]) + 2 for row in whole)])
        page.column_dimensions[get_column_letter(number + 1)].width = min(longest, _WIDEST)
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToHeight = 0  # as many pages as it takes, one page wide
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    first = len(sheet.notes) + 1
    if not sheet.is_plain:
        page.freeze_panes = f"A{first + 1}"
        page.auto_filter.ref = f"A{first}:{get_column_letter(len(sheet.header))}{first + len(rows)}"
    for note in sheet.notes:
        page.append([note] if note else [])
    titles = [WriteOnlyCell(page, value=title) for title in sheet.header]
    for cell in titles:
        cell.font = Font(name="Calibri", size=11, bold=True)
        if not sheet.is_plain:
            cell.fill = PatternFill("solid", fgColor="D9E2EC")
    page.append(titles)


def _register(book: Workbook) -> _Styles:
    """Put the styles of the rows into the book."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment

    page = book.worksheets[0]
    cells = [WriteOnlyCell(page, value="") for _ in range(4)]
    for cell, form in zip(cells, ("dd.mm.yyyy", "dd.mm.yyyy hh:mm", "#,##0.00"), strict=False):
        cell.number_format = form
    cells[3].alignment = Alignment(vertical="top", wrap_text=True)
    return _Styles(*(cell.style_id for cell in cells))


def _rows_xml(rows: Sequence[list[Any] | Broken], first: int, styles: _Styles) -> Iterator[bytes]:
    """Write the rows as SpreadsheetML (ECMA-376, part 1, 18.3.1.73), numbered from `first`."""
    from openpyxl.utils import get_column_letter

    letters = [get_column_letter(column) for column in range(1, 64)]
    for number, row in zip(count(first), rows, strict=False):
        values = row.content if isinstance(row, Broken) else row
        cells = "".join(
            _cell_xml(f"{letter}{number}", value, styles)
            for letter, value in zip(letters, values, strict=False)
            if value is not None
        )
        lines = max(map(_lines, values))
        height = f' ht="{_LINE_POINTS * lines}" customHeight="1"' if lines > 1 else ""
        yield f'<row r="{number}"{height}>{cells}</row>'.encode()


def _cell_xml(place: str, value: Value, styles: _Styles) -> str:
    if isinstance(value, str):
        style = f' s="{styles.text}"' if "\n" in value else ""
        text = f'<is><t xml:space="preserve">{escape(value)}</t></is>'
        return f'<c r="{place}"{style} t="inlineStr">{text}</c>'
    if isinstance(value, datetime):
        passed = value - _EXCEL_ZERO
        serial = passed.days + passed.seconds / 86_400
        return f'<c r="{place}" s="{styles.moment}"><v>{serial!r}</v></c>'
    if isinstance(value, date):
        serial = value.toordinal() - _EXCEL_ZERO.toordinal()
        return f'<c r="{place}" s="{styles.day}"><v>{serial}</v></c>'
    style = f' s="{styles.money}"' if isinstance(value, float) else ""
    return f'<c r="{place}"{style}><v>{value!r}</v></c>'


def _lines(value: Value) -> int:
    """Count the lines that a text with line breaks takes in the widest column."""
    if not isinstance(value, str) or "\n" not in value:
        return 1
    return sum(1 + len(line) // _WIDEST for line in value.split("\n"))


def _width(value: Value) -> int:
    if isinstance(value, datetime):
        return len("dd.mm.yyyy hh:mm")
    if isinstance(value, date):
        return len("dd.mm.yyyy")
    return 0 if value is None else max(map(len, str(value).split("\n")))


def _defects(file: str, sheet: Sheet, rows: Sequence[list[Any] | Broken]) -> list[Defect]:
    return [
        Defect(
            file,
            sheet.name,
            number,
            row.defect,
            " | ".join(str(value) for value in row.content if value is not None),
        )
        for number, row in enumerate(rows, len(sheet.notes) + 2)
        if isinstance(row, Broken)
    ]


def _rewrite(buffer: BytesIO, path: Path, rows: dict[str, Iterator[bytes]]) -> None:
    """Copy a workbook's parts with fixed times, and the rows into their sheets."""
    stamp = f"{_TIME.isoformat()}Z".encode()
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w") as new:
        for name in sorted(old.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            entry = zipfile.ZipInfo(name, _TIME.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            with new.open(entry, "w", force_zip64=True) as part:
                _copy(content, part, rows.get(name, iter(())))


def _copy(content: bytes, part: IO[bytes], rows: Iterator[bytes]) -> None:
    head, end, tail = content.partition(_ROWS_END)
    part.write(head)
    for row in rows:
        part.write(row)
    part.write(end + tail)
