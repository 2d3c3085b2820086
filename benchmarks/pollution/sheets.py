"""Damages to workbooks, and how a draft is written as one."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import PatternFill
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from benchmarks.pollution.damages import Damages, Medium
from benchmarks.pollution.drafts import Draft, Line, NotApplicableError
from benchmarks.pollution.tables import CleanTable

SHEETS = Damages()
WORKBOOK: tuple[Medium, ...] = ("workbook",)

_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,6})?")
_GERMAN_NUMBER = re.compile(r"-?\d{1,3}(\.\d{3})*,\d+")


def as_in_workbook(table: CleanTable) -> CleanTable:
    """Return the table as a workbook holds it: numbers and dates as such, in their plain text."""
    rows = tuple(tuple(_plain(cell) for cell in row) for row in table.rows)
    return replace(table, rows=rows)


def _plain(cell: str) -> str:
    if _GERMAN_NUMBER.fullmatch(cell):
        cell = cell.replace(".", "").replace(",", ".")
    if _NUMBER.fullmatch(cell):
        return cell.rstrip("0").rstrip(".") if "." in cell else cell
    if re.fullmatch(r"\d\d\.\d\d\.\d{4}", cell):
        return f"{cell[6:]}-{cell[3:5]}-{cell[:2]}"
    return cell + ":00" if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", cell) else cell


def typed(cell: str) -> object:
    """Return a cell's value: the number or date that it is the plain text of, else itself."""
    if _NUMBER.fullmatch(cell):
        return float(cell) if "." in cell else int(cell)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", cell):
        return date.fromisoformat(cell)
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", cell):
        return datetime.fromisoformat(cell)
    return cell or None


def to_workbook(draft: Draft) -> bytes:
    """Write a draft as xlsx; each line is a row of the sheet, so that blank ones are gaps."""
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Tabelle1"
    for row, line in enumerate(draft.lines, start=1):
        for column, cell in enumerate(line.cells, start=1):
            value = typed(_plain(cell)) if line.role == "junk" else typed(cell)
            if value is not None:
                sheet.cell(row, column).value = value
    for finish in draft.finishes:
        finish(sheet)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return _with_cached_values(buffer.getvalue())


def _with_cached_values(content: bytes) -> bytes:
    """Write beside each formula `ROUND(x, 9)` its value, which openpyxl leaves empty."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", 8) as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("xl/worksheets/"):
                data = re.sub(rb"(<f>ROUND\(([^,]+),9\)</f>)<v ?/>", rb"\1<v>\2</v>", data)
                data = re.sub(rb"(<f>ROUND\(([^,]+),9\)</f>)<v></v>", rb"\1<v>\2</v>", data)
            new.writestr(name, data)
    return target.getvalue()


def _on_cells(
    draft: Draft, is_meant: Callable[[str], bool], count: int
) -> list[tuple[Line, int, str]]:
    cells = [
        (line, position, cell)
        for line in draft.rows()
        for position, cell in enumerate(line.cells)
        if is_meant(cell)
    ]
    if not cells:
        raise NotApplicableError
    return draft.rng.sample(cells, min(count, len(cells)))


def _is_number(cell: str) -> bool:
    return isinstance(typed(cell), int | float)


def _where(draft: Draft, line: Line) -> int:
    """Return the sheet's row of a line, which is the one meant even where others are equal."""
    return next(n for n, other in enumerate(draft.lines, start=1) if other is line)


def _merge(draft: Draft, first: tuple[int, int], last: tuple[int, int]) -> None:
    draft.finishes.append(
        lambda sheet: sheet.merge_cells(
            start_row=first[0], start_column=first[1], end_row=last[0], end_column=last[1]
        )
    )


# Moving cells leaves merged ranges where they were, so merging does not go with it.
@SHEETS.damage("offset", WORKBOOK, ("between", "below", "cells", "columns", "epoch"))
def table_away_from_the_corner(draft: Draft) -> None:
    # Two columns and three rows are left free.
    draft.finishes.append(lambda sheet: (sheet.insert_cols(1, 2), sheet.insert_rows(1, 3)))


@SHEETS.damage("above", WORKBOOK)
def merged_title(draft: Draft) -> None:
    draft.lines[:0] = [Line("junk", ["Auswertung Vertrieb 2025"]), Line("blank", [])]
    _merge(draft, (1, 1), (1, max(2, draft.width())))


@SHEETS.damage("header", WORKBOOK)
def merged_group_header(draft: Draft) -> None:
    # A group's name spans its columns; it may stand before their names.
    if draft.width() < 4:
        raise NotApplicableError
    half = draft.width() // 2
    groups = ["Stammdaten", *[""] * (half - 1), "Werte"]
    at = draft.lines.index(draft.header())
    draft.lines.insert(at, Line("junk", groups))
    draft.may_prefix_names = True
    for first, last in ((1, half), (half + 1, draft.width())):
        _merge(draft, (at + 1, first), (at + 1, last))


@SHEETS.damage("text in cells", WORKBOOK)
def merged_cells_down(draft: Draft) -> None:
    # A cell merged over rows holds for each of them: people merge what is the same.
    rows = [n for n, line in enumerate(draft.lines, start=1) if line.role == "row"]
    column = draft.rng.randrange(draft.width())
    for first in rows[: len(rows) - 3 : 9]:
        span = draft.lines[first - 1 : first + 2]
        value = span[0].cells[column]
        if not value or any(line.role != "row" or line.table for line in span):
            continue
        for line in span:
            line.set_cell(column, value)
        for line in span[1:]:
            line.cells[column] = ""
        _merge(draft, (first, column + 1), (first + 2, column + 1))


def _other_sheet(draft: Draft, state: str, rows: list[list[str]]) -> None:
    def finish(sheet: Worksheet) -> None:
        other = sheet.parent.create_sheet("Tabelle2")
        other.sheet_state = state
        for row in rows:
            other.append([typed(cell) for cell in row])

    draft.finishes.append(finish)


@SHEETS.damage("other sheet", WORKBOOK)
def hidden_sheet(draft: Draft) -> None:
    _other_sheet(draft, "hidden", [["Code", "Text"], ["1", "alt"], ["2", "neu"]])


@SHEETS.damage("other sheet", WORKBOOK)
def empty_sheet(draft: Draft) -> None:
    _other_sheet(draft, "visible", [])


@SHEETS.damage("other sheet", WORKBOOK)
def hidden_rows(draft: Draft) -> None:
    # What a filter hides is data all the same.
    rows = [_where(draft, line) for line in draft.rng.sample(draft.rows(), 5)]

    def finish(sheet: Worksheet) -> None:
        for row in rows:
            sheet.row_dimensions[row].hidden = True

    draft.finishes.append(finish)


@SHEETS.damage("cells", WORKBOOK)
def error_cells(draft: Draft) -> None:
    # The error's name or an empty cell is right.
    for line, position, _ in _on_cells(draft, _is_number, 5):
        line.set_cell(position, draft.rng.choice(("#N/A", "#DIV/0!", "#REF!")), "")


@SHEETS.damage("cells", WORKBOOK)
def numbers_as_text(draft: Draft) -> None:
    _write_cells(draft, _is_number, 8, lambda cell: cell)


@SHEETS.damage("cells", WORKBOOK)
def formulas(draft: Draft) -> None:
    _write_cells(draft, _is_number, 8, lambda cell: f"=ROUND({cell},9)")


@SHEETS.damage("cells", WORKBOOK)
def rich_text(draft: Draft) -> None:
    def write(cell: str) -> CellRichText:
        return CellRichText(cell[:3], TextBlock(InlineFont(b=True), cell[3:]))

    _write_cells(draft, lambda cell: re.fullmatch(r"[^\W\d_]{6,}", cell) is not None, 6, write)


@SHEETS.damage("cells", WORKBOOK)
def number_formats(draft: Draft) -> None:
    # What a format shows is not what the cell holds.
    formats = ("#,##0.00 €", "0%", "0.0E+00", '0 "Stk"')
    chosen = _on_cells(draft, _is_number, 12)
    kinds = [draft.rng.choice(formats) for _ in chosen]

    def finish(sheet: Worksheet) -> None:
        for (line, position, _), kind in zip(chosen, kinds, strict=True):
            sheet.cell(_where(draft, line), position + 1).number_format = kind

    draft.finishes.insert(0, finish)


def _write_cells(
    draft: Draft, is_meant: Callable[[str], bool], count: int, write: Callable[[str], object]
) -> None:
    chosen = _on_cells(draft, is_meant, count)

    def finish(sheet: Worksheet) -> None:
        for line, position, cell in chosen:
            sheet.cell(_where(draft, line), position + 1).value = write(cell)

    draft.finishes.insert(0, finish)


@SHEETS.damage("epoch", WORKBOOK)
def dates_since_1904(draft: Draft) -> None:
    _on_cells(draft, lambda cell: isinstance(typed(cell), date), 1)

    def finish(sheet: Worksheet) -> None:
        sheet.parent.epoch = CALENDAR_MAC_1904

    draft.finishes.append(finish)


def _add_formatted(kind: str, rows: int, columns: int) -> None:
    def finish(sheet: Worksheet) -> None:
        fill = PatternFill("solid", fgColor="FFFF00")
        for row, column in ((rows, 1), (1, columns), (rows, columns)):
            if sheet.cell(row, column).value is None:
                sheet.cell(row, column).fill = fill

    SHEETS.add(kind, lambda draft: draft.finishes.append(finish), "formatted", WORKBOOK)


_add_formatted("formatted_empty_cells", 2_500, 60)
_add_formatted("formatted_cell_in_the_last_corner", 1_048_576, 16_384)
