"""The day's list as an Excel file: printed on A4, filled in with a drop-down list."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from report.calls.cells import Teller, notes_of, shown_columns, subtitle_of
from workbooks.call_list import MARK
from workbooks.style import LINE_POINTS, count_lines, dress, mark_to_fill, new_book, writable

if TYPE_CHECKING:
    from datetime import date

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from report.calls.rows import CallList

HEADER: Final = 3  # below title and subtitle
FEEDBACK, NOTE, KEY = "calls_feedback", "calls_note", "calls_key"
TO_FILL: Final = ((FEEDBACK, 17.0), (NOTE, 20.0))
ROWS_A_PAGE: Final = 12  # more would be too small to read when printed
# Warm where a customer may leave, green where a deal is likely.
COLOURS: Final = {
    ("customer", "high"): "FBE3DF",
    ("customer", "medium"): "FDF3DC",
    ("lead", "high"): "DDF0E3",
    ("lead", "medium"): "EFF7F1",
}


def make_book(
    found: CallList, teller: Teller, title: str, of: tuple[str, date], refused: Sequence[str] = ()
) -> Workbook:
    """Lay out a list.

    Args:
        found: the list.
        teller: words its cells.
        title: its heading.
        of: the company and the night.
        refused: what could not be taken over from the last list, a line each.

    """
    words = teller.words
    columns = shown_columns(found.calls, teller)
    book = new_book()
    book.properties.title = title
    sheet = book.active
    sheet.title = words("calls_sheet")
    names = [*(column.name for column in columns), FEEDBACK, NOTE, KEY]
    widths = [*(column.width for column in columns), *(width for _, width in TO_FILL), 30.0]
    sheet.append([title])
    sheet.append([subtitle_of(found, words, *of)])
    sheet.append([words(name) for name in names])
    for call in found.calls:
        cells = [column.cell(call, teller) for column in columns]
        sheet.append(writable([*cells, None, None, call.key]))
    frozen = sheet.cell(HEADER + 1, min(4, names.index("calls_name") + 2)).coordinate
    dress(sheet, widths, frozen, HEADER)
    last = HEADER + len(found.calls)
    _head(sheet)
    _mark(sheet, found, names)
    _offer(book, sheet, names.index(FEEDBACK) + 1, teller, last)
    _tell(sheet, last + 2, [*refused, *notes_of(found, teller, of[1])], widths[:-1], len(refused))
    _print(sheet, len(found.calls), len(widths) - 1, words("calls_page"))
    return book


def _head(sheet: Worksheet) -> None:
    from openpyxl.styles import Font

    for row, size, points in ((1, 16, 24.0), (2, 10, 18.0)):
        cell = sheet.cell(row, 1)
        cell.data_type = "s"  # a name may begin with "="
        cell.font = Font(name="Calibri", size=size, bold=row == 1, color="334E68")
        sheet.row_dimensions[row].height = points


def _mark(sheet: Worksheet, found: CallList, names: Sequence[str]) -> None:
    """Colour the hints by what they are, make amounts readable, show what is to be filled in."""
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    for row, call in enumerate(found.calls, start=HEADER + 1):
        cells = dict(zip(names, sheet[row], strict=True))
        if colour := COLOURS.get((call["entity"], call["band"])):
            cells["calls_hint"].fill = PatternFill("solid", fgColor=colour)
        cells["calls_name"].font = Font(name="Calibri", bold=True)
        for name in {"calls_amount", "calls_expected"} & set(names):
            cells[name].number_format = "#,##0"
        mark_to_fill([cells[FEEDBACK], cells[NOTE]])
        cells[NOTE].number_format = "@"
    sheet.column_dimensions[get_column_letter(len(names))].hidden = True


def _offer(book: Workbook, sheet: Worksheet, column: int, teller: Teller, last: int) -> None:
    """Offer the kinds of feedback; the hidden sheet is also what the list is known by."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    values = book.create_sheet(MARK)
    values.sheet_state = "hidden"
    offered = [getattr(choice, teller.words.language) for choice in teller.config.feedback.values()]
    for number, text in enumerate(offered, start=1):
        values.cell(number, 1, text).data_type = "s"
    if last > HEADER:
        choice = DataValidation(type="list", formula1=f"'{MARK}'!$A$1:$A${len(offered)}")
        choice.showErrorMessage = True
        choice.errorTitle = teller.words("calls_choose_title")
        choice.error = teller.words("calls_choose")
        letter = get_column_letter(column)
        choice.add(f"{letter}{HEADER + 1}:{letter}{last}")
        sheet.add_data_validation(choice)


def _tell(
    sheet: Worksheet, row: int, notes: Sequence[str], widths: Sequence[float], refused: int
) -> None:
    """Write the notes below the table, each over the whole width; the refused ones in red."""
    from openpyxl.styles import Alignment, Font

    for place, note in enumerate(notes):
        sheet.merge_cells(
            start_row=row + place, end_row=row + place, start_column=1, end_column=len(widths)
        )
        cell = sheet.cell(row + place, 1, writable([note])[0])
        cell.data_type = "s"
        colour = "B04300" if place < refused else "52606D"
        cell.font = Font(name="Calibri", size=10, color=colour)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        lines = count_lines(note, sum(widths))
        sheet.row_dimensions[row + place].height = LINE_POINTS * lines + 1


def _print(sheet: Worksheet, rows: int, columns: int, footer: str) -> None:
    """Fit it on one A4 page, landscape; a longer list on as few as can be read."""
    from openpyxl.utils import get_column_letter

    sheet.print_area = f"A1:{get_column_letter(columns)}{sheet.max_row}"
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = max(1, math.ceil(rows / ROWS_A_PAGE))
    margins = sheet.page_margins
    margins.left = margins.right = 0.4  # inches
    margins.top, margins.bottom = 0.4, 0.5
    margins.header = margins.footer = 0.2
    sheet.oddFooter.right.text = footer
    sheet.print_options.horizontalCentered = True
