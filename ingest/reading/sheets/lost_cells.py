"""What calamine does not give of a sheet: errors, formulas never calculated, some merged cells.

Calamine gives neither `#N/A` nor a formula without a stored result (programs that write workbooks
do not calculate). Both would vanish without a trace, so the file itself is searched for them, and
for some text that calamine skips.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ingest.reading.sheets.merged_cells import Range


class LostCell(NamedTuple):
    """A cell that calamine reads wrongly: as empty, as 0, without its leading zeros.

    Row and column count from 0. `text` is the error (`#N/A`), the text that calamine passes over,
    the number as it is shown (`01067`) or, if the cell was never calculated, the formula (`=A1*2`).
    """

    row: int
    column: int
    text: str
    is_uncalculated: bool


class Lost(NamedTuple):
    """The lost cells of a sheet, row by row, and the merged ranges that calamine does not give."""

    cells: list[LostCell]
    ranges: list[Range]


Search = Callable[[str], Lost]
