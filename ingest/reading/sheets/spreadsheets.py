"""Workbooks of Excel and OpenDocument: every visible sheet, cells as text."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count, groupby, islice
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

import python_calamine as calamine

from ingest.reading import refusals
from ingest.reading.handover import CHUNK_ROWS, Handover
from ingest.reading.header_row import SAMPLE_ROWS
from ingest.reading.layout import Layout
from ingest.reading.refusals import Reason, UnreadableFile
from ingest.reading.sheets.cells import text_array
from ingest.reading.sheets.compound_files import refuse_other_documents
from ingest.reading.sheets.lost_cells import Lost, LostCell, Search
from ingest.reading.sheets.merged_cells import Cells, Range, spread
from ingest.reading.sheets.numeric_references import with_letters
from ingest.reading.sheets.open_document import OdsSearch
from ingest.reading.sheets.sheet_xml import XlsxSearch
from ingest.reading.sheets.xls_cells import lost_in_xls
from ingest.reading.sheets.xlsb_notes import note_of_lost_cells
from ingest.reading.text.text_rows import Record

# What the search for lost cells meets in a workbook whose parts do not fit together.
BROKEN_PARTS = (
    OSError, EOFError, LookupError, ValueError, struct.error, ParseError, BadZipFile, zlib.error,
)  # fmt: skip


Kind = Literal["xls", "xlsx", "xlsb", "ods"]


def read_spreadsheet(path: Path, handover: Handover) -> None:
    """Read every visible sheet that holds anything, as one table each or as several.

    Hidden rows and columns of a visible sheet are data; hidden sheets are not read, but told.

    Raises:
        UnreadableFile: the workbook is encrypted, damaged or has no data.

    """
    kind = _kind_of(path)
    try:
        _read_workbook(path, kind, handover)
    except calamine.PasswordError:
        raise UnreadableFile(refusals.ENCRYPTED) from None
    except (calamine.CalamineError, OSError) as error:
        repaired = _repaired(path) if kind == "xlsx" and handover.is_empty else None
        if repaired is None:
            raise UnreadableFile(_reason_of(path, kind, error)) from error
        try:
            _read_workbook(repaired, kind, handover)
        except (calamine.CalamineError, OSError):
            raise UnreadableFile(refusals.DAMAGED) from error


def _read_workbook(path: Path, kind: Kind, handover: Handover) -> None:
    with calamine.CalamineWorkbook.from_path(path) as workbook:
        sheets = [
            sheet
            for sheet in workbook.sheets_metadata
            if sheet.typ is calamine.SheetTypeEnum.WorkSheet
        ]
        visible = [s for s in sheets if s.visible is calamine.SheetVisibleEnum.Visible]
        search, note = _open_search(path, kind)
        for sheet in visible:
            _read_sheet(workbook, sheet.name, search, handover)
        if handover.is_empty:
            is_hidden = len(visible) < len(sheets)
            raise UnreadableFile(refusals.HIDDEN_SHEETS if is_hidden else refusals.EMPTY)
        if note:
            handover.note(note)
        hidden = [sheet.name for sheet in sheets if sheet not in visible]
        if counts := dict(_filled_sheets(workbook, hidden)):
            handover.note(refusals.hidden_sheets(counts))


def _filled_sheets(
    workbook: calamine.CalamineWorkbook, names: Sequence[str]
) -> Iterator[tuple[str, int]]:
    """Yield the sheets that hold anything, with their count of rows that do."""
    for name in names:
        rows = workbook.get_sheet_by_name(name).iter_rows()
        count = sum(any(cell != "" for cell in row) for row in rows)
        if count:
            yield name, count


def _kind_of(path: Path) -> Kind:
    """Return what a workbook is, by its first bytes and the names of its parts."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":  # many an xls holds a zip archive, so nothing else tells
            return "xls"
    with ZipFile(path) as archive:
        names = {name.replace("\\", "/").lower() for name in archive.namelist()}
    if "mimetype" in names:
        return "ods"
    return "xlsb" if "xl/workbook.bin" in names else "xlsx"


def _read_sheet(
    workbook: calamine.CalamineWorkbook, name: str, search: Search | None, handover: Handover
) -> None:
    with ThreadPoolExecutor(1) as thread:  # calamine and the search each run beside Python
        searched = thread.submit(_lost, search, name)
        sheet = workbook.get_sheet_by_name(name)
        lost, ranges = searched.result()
    ranges += [Range(*first, *last) for first, last in sheet.merged_cell_ranges or ()]
    rows: Iterator[Cells] = sheet.iter_rows()
    if sheet.start and sheet.start[1]:  # calamine begins with the first row, but not column
        margin: Cells = [""] * sheet.start[1]
        rows = (margin + row for row in rows)
    if lost:
        # Not `total_width`, which is one less: the number of the last column counted from 0.
        rows = _with_lost(rows, lost, (sheet.start[1] if sheet.start else 0) + sheet.width)
    if ranges:
        rows = spread(rows, ranges)
    problems = {cell.row + 1: refusals.UNCALCULATED for cell in lost if cell.is_uncalculated}
    layout = Layout(handover, name, is_sheet=True)
    number, size = 1, SAMPLE_ROWS
    while chunk := list(islice(rows, size)):
        _take(layout, chunk, number, problems)
        number, size = number + len(chunk), CHUNK_ROWS
    layout.finish()


def _reason_of(path: Path, kind: Kind, error: Exception) -> Reason:
    """Say why calamine cannot read a file.

    Raises:
        UnreadableFile: it is a document of another kind, or has a password.

    """
    if "limit exceeded" in str(error):
        return refusals.TOO_DEMANDING
    if kind == "xls":
        try:
            refuse_other_documents(path)
        except (UnreadableFile, MemoryError):
            raise
        except Exception:  # olefile and xlrd fail at damage with errors of every kind
            return refusals.DAMAGED
    return refusals.DAMAGED


def _open_search(path: Path, kind: Kind) -> tuple[Search | None, Reason | None]:
    """Return what finds what a sheet has lost, by its name, or a note that nothing tells.

    Raises:
        UnreadableFile: the workbook is damaged.

    """
    if kind == "xls":
        try:
            return lost_in_xls(path).__getitem__, None
        except MemoryError:
            raise
        except Exception:  # xlrd fails at odd files with errors of every kind
            return None, refusals.CELLS_IN_XLS
    try:
        if kind == "xlsb":
            return None, note_of_lost_cells(path)
        return (OdsSearch(path) if kind == "ods" else XlsxSearch(path)), None
    except BROKEN_PARTS as error:
        raise UnreadableFile(refusals.DAMAGED) from error


def _repaired(path: Path) -> Path | None:
    with suppress(*BROKEN_PARTS):
        return with_letters(path)
    return None


def _lost(search: Search | None, sheet: str) -> Lost:
    try:
        return search(sheet) if search else Lost([], [])
    except BROKEN_PARTS as error:
        raise UnreadableFile(refusals.DAMAGED) from error


def _with_lost(rows: Iterator[Cells], lost: Sequence[LostCell], width: int) -> Iterator[Cells]:
    """Yield the rows with the lost cells put in, all as wide as the widest of them."""
    width = max(width, *(cell.column + 1 for cell in lost))
    by_row = groupby(lost, key=lambda cell: cell.row)
    next_row, cells = next(by_row, (None, iter(())))
    for index in count():
        row = next(rows, None)
        if row is None and next_row is None:
            return
        row = row or []
        row += [""] * (width - len(row))
        if index == next_row:
            for cell in cells:
                row[cell.column] = cell.text
            next_row, cells = next(by_row, (None, iter(())))
        yield row


def _take(
    layout: Layout, chunk: Sequence[Cells], first_number: int, problems: Mapping[int, Reason]
) -> None:
    """Bring rows into the layout: at once where all are plain rows of its table."""
    columns = [text_array(values) for values in zip(*chunk, strict=True)]
    table = layout.open_table
    has_problem = any(first_number <= number < first_number + len(chunk) for number in problems)
    is_plain = table is not None and table.width == len(columns) and not has_problem
    if table is not None and is_plain and table.take_columns(columns, first_number):
        return
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    for number, cells in enumerate(rows, start=first_number):
        problem = problems.get(number)
        text = ";".join(cell or "" for cell in cells) if problem else None
        layout.feed(Record(number, list(cells), text, problem))
