"""How every workbook looks that people fill in, and how it is written: whole or not at all."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

AUTHOR: Final = "Reifegrad"
TO_FILL: Final = "FFF8E1"
REFUSED: Final = "FBE0D6"
HEADER: Final = "334E68"
LINE: Final = "BCCCDC"
DAY_FORMATS: Final = {"de": "DD.MM.YYYY", "en": "YYYY-MM-DD"}
LINE_POINTS: Final = 14.5  # of Calibri 11
FILTER_WIDTH: Final = 3.0  # of the filter's button in a header, in characters
BOLDER: Final = 1.06  # how much wider a bold letter is
# How wide Calibri 11 writes a letter, in the characters in which a column is measured (7 pixels);
# a letter that is not listed takes 1.05, a capital 1.25. From the widths that the font states.
LETTER_WIDTHS: Final = {
    letter: width
    for letters, width in (
        ("ijlI.,:;'|!· ", 0.53),
        ("ftr-()[]{}J", 0.73),
        ('sz/"„“”', 0.85),
        ("wmMW@%&…—", 1.7),
    )
    for letter in letters
}


def new_book() -> Workbook:
    """Begin a workbook."""
    from openpyxl import Workbook

    book = Workbook()
    book.properties.creator = book.properties.lastModifiedBy = AUTHOR
    return book


def writable(cells: Iterable[object]) -> list[object]:
    """Take out of texts the control characters that no workbook can hold."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    return [
        ILLEGAL_CHARACTERS_RE.sub("", cell) if isinstance(cell, str) else cell for cell in cells
    ]


def dress(sheet: Worksheet, widths: Sequence[float], frozen: str, header: int = 1) -> None:
    """Make a sheet readable: widths, heights, header that stays, filter, one page's width.

    The header is the row `header`, by default the first; `frozen` is the first cell that scrolls.
    No cell is a formula: a name may begin with "=".
    """
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    line = Border(bottom=Side(style="thin", color=LINE))
    for cells in sheet.iter_rows(min_row=header, max_row=sheet.max_row):
        for cell in cells:
            side = None
            if isinstance(cell.value, int | float | date):  # else it runs into the next text
                side = "left" if isinstance(cell.value, date) else "center"
            cell.alignment = Alignment(vertical="top", horizontal=side, wrap_text=True)
            cell.border = line
            if cell.data_type == "f":
                cell.data_type, cell.quotePrefix = "s", True
        is_header = cells[0].row == header
        lines = max(
            count_lines(cell.value, (width - FILTER_WIDTH) / BOLDER if is_header else width)
            for cell, width in zip(cells, widths, strict=True)
        )
        sheet.row_dimensions[cells[0].row].height = LINE_POINTS * lines + 4
    for cell in sheet[header]:
        cell.font = Font(name="Calibri", bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor=HEADER)
    last = get_column_letter(len(widths))
    sheet.freeze_panes = frozen
    sheet.auto_filter.ref = f"A{header}:{last}{max(sheet.max_row, header + 1)}"
    sheet.print_title_rows = f"{header}:{header}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def mark_to_fill(cells: Iterable[Cell]) -> None:
    """Colour the cells that a person fills in."""
    from openpyxl.styles import PatternFill

    for cell in cells:
        cell.fill = PatternFill("solid", fgColor=TO_FILL)


def mark_refused(cells: Iterable[Cell]) -> None:
    """Colour the cells that were filled in and could not be taken over."""
    from openpyxl.styles import Font, PatternFill

    for cell in cells:
        cell.fill = PatternFill("solid", fgColor=REFUSED)
        cell.font = Font(name="Calibri", bold=True, color="B04300")


def save(book: Workbook, path: Path) -> None:
    """Write the file in one atomic step; it may name persons, so only its owner reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)  # what a killed run left
    fresh.touch(mode=0o600)
    book.save(fresh)
    fresh.replace(path)


def count_lines(value: object, width: float) -> int:
    """Count the lines that a text takes in a column: it breaks at blanks and behind hyphens.

    Args:
        value: what the cell holds.
        width: of the column, in characters as Excel measures them.

    """
    return sum(_lines(part, width) for part in str(value or "").split("\n"))


def _lines(text: str, width: float) -> int:
    lines, used = 1, 0.0
    for word in re.findall(r"[^ -]*(?:-+| +|$)", text):
        needed = sum(map(_letter_width, word.rstrip(" ")))
        if used and used + needed > width:
            lines, used = lines + 1, 0.0
        if needed > width:  # a word longer than the line breaks anywhere
            lines += math.ceil(needed / width) - 1
            used = needed % width
        else:
            used += sum(map(_letter_width, word))
    return lines


def _letter_width(letter: str) -> float:
    return LETTER_WIDTHS.get(letter, 1.25 if letter.isupper() else 1.05)
