"""Workbooks of Excel and OpenDocument: every visible sheet, cells as text."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count, groupby, islice
from pathlib import Path
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile, is_zipfile

import python_calamine as calamine

from ingest.reading import refusals
from ingest.reading.handover import CHUNK_ROWS, Handover
from ingest.reading.header_row import SAMPLE_ROWS
from ingest.reading.layout import Layout
from ingest.reading.refusals import Reason, UnreadableFile
from ingest.reading.sheets.binary_books import note_of_lost_cells
from ingest.reading.sheets.cells import text_array
from ingest.reading.sheets.compound_files import CompoundFile, refuse_other_documents
from ingest.reading.sheets.lost_cells import Lost, LostCell, Search
from ingest.reading.sheets.merged_cells import Cells, Range, spread
from ingest.reading.sheets.open_document import OdsSearch
from ingest.reading.sheets.sheet_xml import XlsxSearch
from ingest.reading.text.text_rows import Record

# What the search for lost cells meets in a workbook whose parts do not fit together.
BROKEN_PARTS = (
    OSError, EOFError, LookupError, ValueError, struct.error, ParseError, BadZipFile, zlib.error,
)  # fmt: skip


def read_spreadsheet(path: Path, handover: Handover) -> None:
    """Read every visible sheet that holds anything, as one table each or as several.

    Hidden rows and columns of a visible sheet are data; hidden sheets are not read.

    Raises:
        UnreadableFile: the workbook is encrypted, damaged or has no data.

    """
    try:
        with calamine.CalamineWorkbook.from_path(path) as workbook:
            sheets = [
                sheet
                for sheet in workbook.sheets_metadata
                if sheet.typ is calamine.SheetTypeEnum.WorkSheet
            ]
            visible = [s for s in sheets if s.visible is calamine.SheetVisibleEnum.Visible]
            search = _open_search(path)
            for sheet in visible:
                _read_sheet(workbook, sheet.name, search, handover)
            if search is None and (note := _note_of_lost_cells(path)):
                handover.note(note)
    except calamine.PasswordError:
        raise UnreadableFile(refusals.ENCRYPTED) from None
    except (calamine.CalamineError, OSError) as error:
        raise UnreadableFile(_reason_of(path, error)) from error
    if handover.is_empty:
        is_hidden = len(visible) < len(sheets)
        raise UnreadableFile(refusals.HIDDEN_SHEETS if is_hidden else refusals.EMPTY)


def search_for(path: Path) -> Search | None:
    """Return what finds what a sheet has lost, by the sheet's name; None for xls and xlsb.

    Raises:
        KeyError: a part of the workbook is missing.
        xml.etree.ElementTree.ParseError: a part is not what it should be.

    """
    if not is_zipfile(path):
        return None
    with ZipFile(path) as archive:
        names = {name.replace("\\", "/").lower() for name in archive.namelist()}
    if "mimetype" in names:
        return OdsSearch(path)
    if "xl/workbook.bin" in names:
        return None
    return XlsxSearch(path)


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


def _reason_of(path: Path, error: Exception) -> Reason:
    """Say why calamine cannot read a file.

    Raises:
        OtherKindError: it is a document of another kind.

    """
    if "limit exceeded" in str(error):
        return refusals.TOO_DEMANDING
    with suppress(*BROKEN_PARTS):
        refuse_other_documents(CompoundFile(path))
    return refusals.DAMAGED


def _open_search(path: Path) -> Search | None:
    try:
        return search_for(path)
    except BROKEN_PARTS as error:
        raise UnreadableFile(refusals.DAMAGED) from error


def _note_of_lost_cells(path: Path) -> Reason | None:
    try:
        return note_of_lost_cells(path)
    except BROKEN_PARTS as error:
        raise UnreadableFile(refusals.DAMAGED) from error


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
