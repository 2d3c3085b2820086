"""Writing files byte for byte the same: no clock, no user name, no random zip order."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

Value = str | int | float | date | None  # of one cell; a datetime is a date

_ZIP_TIME = (2024, 1, 1, 0, 0, 0)
_WIDTH_SAMPLE = 60
_WIDEST = 46
_LINE_POINTS = 15


@dataclass(frozen=True)
class Broken:
    """A line of the file that is no record: text for CSV and JSON Lines, cells for a sheet."""

    defect: str
    content: str | Sequence[Any]


@dataclass(frozen=True)
class Defect:
    """Where a broken line ended up; `row_number` counts the file's lines from 1."""

    file: str
    sheet: str
    row_number: int
    defect: str
    text: str


@dataclass(frozen=True)
class Written:
    """One file (or sheet of it): its rows, the broken ones included."""

    file: str
    sheet: str
    rows: int
    defects: Sequence[Defect] = ()


@dataclass(frozen=True)
class Sheet:
    """One sheet: notes above, the header, rows."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[Any] | Broken]
    notes: Sequence[str] = ()
    is_plain: bool = False  # somebody's own list: no styles, no filter


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[Any] | Broken],
    *,
    encoding: str = "cp1252",
    delimiter: str = ";",
) -> Written:
    """Write a CSV with CRLF, as programs on Windows do."""
    defects, line = [], 1
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow(header)
        for line, row in enumerate(rows, 2):
            if isinstance(row, Broken):
                file.write(f"{row.content}\r\n")
                defects.append(Defect(path.name, "", line, row.defect, str(row.content)))
            else:
                writer.writerow(row)
    return Written(path.name, "", line - 1, defects)


def write_json_lines(path: Path, rows: Iterable[Mapping[str, Any] | Broken]) -> Written:
    """Write one JSON object per line."""
    defects, line = [], 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line, row in enumerate(rows, 1):
            if isinstance(row, Broken):
                file.write(f"{row.content}\n")
                defects.append(Defect(path.name, "", line, row.defect, str(row.content)))
            else:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return Written(path.name, "", line, defects)


def write_workbook(path: Path, sheets: Sequence[Sheet], author: str) -> list[Written]:
    """Write a workbook that is the same for the same content."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator = author
    book.properties.created = datetime(*_ZIP_TIME)  # noqa: DTZ001
    written = [_write_sheet(book, sheet, path.name) for sheet in sheets]
    buffer = BytesIO()
    book.save(buffer)
    _write_timeless(buffer, path)
    return written


def _write_sheet(book: Workbook, sheet: Sheet, file: str) -> Written:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    page = book.create_sheet(sheet.name)
    rows = [row if isinstance(row, Broken) else list(row) for row in sheet.rows]
    whole = [row for row in rows[:_WIDTH_SAMPLE] if isinstance(row, list)]
    for number, title in enumerate(sheet.header):
        longest = max([len(title) + 3, *(len(_shown(row[number])) + 2 for row in whole)])
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
    top, defects = Alignment(vertical="top", wrap_text=True), []
    for number, row in enumerate(rows, first + 1):
        values = row.content if isinstance(row, Broken) else row
        if (lines := max(map(_lines, values))) > 1:
            page.row_dimensions[number].height = _LINE_POINTS * lines
        page.append([_cell(page, value, top) for value in values])
        if isinstance(row, Broken):
            text = " | ".join(str(value) for value in values if value is not None)
            defects.append(Defect(file, sheet.name, number, row.defect, text))
    return Written(file, sheet.name, len(rows), defects)


def _cell(page: WriteOnlyWorksheet, value: Value, alignment: Alignment) -> Value | WriteOnlyCell:
    """Make a cell with the German form of dates and money; plain values stay plain (and fast)."""
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, datetime):
        form = "dd.mm.yyyy hh:mm"
    elif isinstance(value, date):
        form = "dd.mm.yyyy"
    elif isinstance(value, float):
        form = "#,##0.00"
    elif isinstance(value, str) and "\n" in value:
        form = None
    else:
        return value
    cell = WriteOnlyCell(page, value=value)
    if form:
        cell.number_format = form
    else:
        cell.alignment = alignment
    return cell


def _lines(value: Value) -> int:
    """Count the lines that a text with line breaks takes in the widest column."""
    if not isinstance(value, str) or "\n" not in value:
        return 1
    return sum(1 + len(line) // _WIDEST for line in value.split("\n"))


def _shown(value: Value) -> str:
    if isinstance(value, datetime):
        return "dd.mm.yyyy hh:mm"
    if isinstance(value, date):
        return "dd.mm.yyyy"
    return "" if value is None else max(str(value).split("\n"), key=len)


def _write_timeless(buffer: BytesIO, path: Path) -> None:
    """Rewrite a workbook's zip with fixed times; openpyxl puts the clock into both."""
    stamp = datetime(*_ZIP_TIME).isoformat() + "Z"  # noqa: DTZ001
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w") as new:
        for name in sorted(old.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(
                    rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp.encode(), content
                )
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            new.writestr(entry, content)


def german(number: float, places: int = 2) -> str:
    """1234.5 → "1.234,50"."""
    return f"{number:,.{places}f}".replace(",", "_").replace(".", ",").replace("_", ".")


def dotted(day: date | None) -> str:
    """Write a date as dd.mm.yyyy; nothing for None."""
    return day.strftime("%d.%m.%Y") if day else ""
