"""Workbooks of Excel and OpenDocument: every visible sheet, cells as text."""

from __future__ import annotations

import datetime
import itertools
from decimal import Decimal
from pathlib import Path

import python_calamine as calamine

from ingest import reasons
from ingest.header import SAMPLE_ROWS, find_header, is_blank
from ingest.reasons import UnreadableFile
from ingest.tables import Table, TableBuilder


def read_spreadsheet(path: Path) -> list[Table]:
    """Read every visible sheet that holds anything, as one table each.

    Raises:
        UnreadableFile: the workbook is encrypted, damaged or has no data.

    """
    try:
        with calamine.CalamineWorkbook.from_path(path) as workbook:
            visible = [
                sheet.name
                for sheet in workbook.sheets_metadata
                if sheet.visible is calamine.SheetVisibleEnum.Visible
                and sheet.typ is calamine.SheetTypeEnum.WorkSheet
            ]
            tables = [_read_sheet(workbook.get_sheet_by_name(name)) for name in visible]
    except calamine.PasswordError:
        raise UnreadableFile(reasons.ENCRYPTED) from None
    except (calamine.CalamineError, OSError) as error:
        raise UnreadableFile(reasons.DAMAGED) from error
    if not any(tables):
        raise UnreadableFile(reasons.EMPTY)
    return [table for table in tables if table is not None]


def cell_text(value: object) -> str | None:
    """Return a cell as text: dates in ISO form, whole numbers without a decimal point.

    >>> cell_text(12.0), cell_text(0.5), cell_text(datetime.date(2025, 12, 31))
    ('12', '0.5', '2025-12-31')
    """
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, datetime.timedelta):
        return _hours(value)
    return str(value)  # int, date and time: already ISO


def _read_sheet(sheet: calamine.CalamineSheet) -> Table | None:
    texts = ([cell_text(value) for value in row] for row in sheet.iter_rows())
    rows = itertools.dropwhile(lambda row: is_blank(row[1]), enumerate(texts, start=1))
    sample = list(itertools.islice(rows, SAMPLE_ROWS))
    header = find_header([cells for _, cells in sample], sheet.width)
    if header is None:
        return None
    builder = TableBuilder(sheet.name, header.cells, is_sheet=True)
    for number, cells in itertools.chain(sample[header.first_data_row :], rows):
        if not is_blank(cells):
            builder.add(number, cells)
    return builder.finish()


def _hours(duration: datetime.timedelta) -> str:
    minutes, seconds = divmod(round(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
