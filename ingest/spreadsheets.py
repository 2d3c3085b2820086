"""Workbooks of Excel and OpenDocument: every visible sheet, cells as text."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

import python_calamine as calamine

from ingest import reasons
from ingest.handover import Handover
from ingest.layout import Layout
from ingest.reasons import UnreadableFile
from ingest.records import Record


def read_spreadsheet(path: Path, handover: Handover) -> None:
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
            for name in visible:
                _read_sheet(workbook.get_sheet_by_name(name), handover)
    except calamine.PasswordError:
        raise UnreadableFile(reasons.ENCRYPTED) from None
    except (calamine.CalamineError, OSError) as error:
        raise UnreadableFile(reasons.DAMAGED) from error
    if handover.is_empty:
        raise UnreadableFile(reasons.EMPTY)


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


def _read_sheet(sheet: calamine.CalamineSheet, handover: Handover) -> None:
    layout = Layout(handover, sheet.name, is_sheet=True)
    for number, row in enumerate(sheet.iter_rows(), start=1):
        layout.feed(Record(number, [cell_text(value) for value in row]))
    layout.finish()


def _hours(duration: datetime.timedelta) -> str:
    minutes, seconds = divmod(round(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
