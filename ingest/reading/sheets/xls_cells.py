"""What calamine loses of xls, found by xlrd: errors, and what only the number format shows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import xlrd
from xlrd.biffh import XLRDError

from ingest.reading.sheets.lost_cells import Lost, LostCell
from ingest.reading.sheets.number_formats import Mask, mask_of, shown


def lost_in_xls(path: Path) -> dict[str, Lost]:
    """Return each sheet's lost cells; the merged ranges are calamine's to give.

    Raises:
        Exception: of many kinds, where xlrd fails at an odd workbook.

    """
    book = xlrd.open_workbook(
        str(path), logfile=io.StringIO(), formatting_info=True, on_demand=True, ragged_rows=True
    )
    masks = _masks(book)
    lost = {}
    for name in book.sheet_names():
        lost[name] = Lost(list(_lost_cells(book.sheet_by_name(name), masks)), [])
        book.unload_sheet(name)
    return lost


def is_encrypted(path: Path) -> bool:
    """Whether an xls workbook has a password."""
    try:
        xlrd.open_workbook(str(path), logfile=io.StringIO(), on_demand=True)
    except XLRDError as error:
        return "encrypted" in str(error)
    return False


def _masks(book: xlrd.book.Book) -> dict[int, Mask]:
    """Return the cell styles that show more of a number than its digits, and how."""
    formats = {key: mask_of(entry.format_str or "") for key, entry in book.format_map.items()}
    return {
        style.xf_index: mask for style in book.xf_list if (mask := formats.get(style.format_key))
    }


def _lost_cells(sheet: xlrd.sheet.Sheet, masks: dict[int, Mask]) -> Iterator[LostCell]:
    for row in range(sheet.nrows):
        types = sheet.row_types(row)
        has_numbers = bool(masks) and xlrd.XL_CELL_NUMBER in types
        if not has_numbers and xlrd.XL_CELL_ERROR not in types:
            continue
        for column, (kind, value) in enumerate(zip(types, sheet.row_values(row), strict=True)):
            if kind == xlrd.XL_CELL_ERROR:
                text = xlrd.error_text_from_code.get(int(value), "#N/A")
                yield LostCell(row, column, text, False)
            elif has_numbers and isinstance(value, float) and kind == xlrd.XL_CELL_NUMBER:
                mask = masks.get(sheet.cell_xf_index(row, column))
                if mask and value >= 0 and value.is_integer():
                    yield LostCell(row, column, shown(str(int(value)), mask), False)
