"""Values that people fill in on a page: the same cells as in the to-do list, told at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from config import Settings
from report.corrections import Filled, Refused, judge, keep
from report.receipts import keep_receipt

if TYPE_CHECKING:
    import duckdb

# Stands where corrections of a list name its file. Who filled in a cell is not kept, as for lists.
PLACE: Final = "page"


def keep_answers(
    connection: duckdb.DuckDBPyConnection, settings: Settings, cells: Sequence[Filled], at: datetime
) -> tuple[int, list[Refused]]:
    """Keep the valid values; a newer one for the same field stays. The caller's transaction.

    Args:
        connection: to the warehouse.
        settings: of the home; the night's receipt counts the new values.
        cells: as people filled them in.
        at: when, in UTC without a zone.

    Returns:
        How many values are new, and the cells that cannot be taken, with the reason. Nothing is
        kept of those: whoever filled them in reads it at once.

    """
    good, refused = judge(connection, cells)
    new = sum(keep(connection, cell, value, PLACE, at) for cell, value in good)
    for cell, _value in good:  # what stood there before and could not be taken is mended
        connection.execute(
            "delete from ops.refused_cells where (mart, record_id, column_name) = (?, ?, ?)",
            [cell.mart, cell.record_id, cell.column],
        )
    if new:
        keep_receipt(connection, settings.night, PLACE, new, 0)
    return new, refused
