"""Cells left blank because they mean "as above": lists grouped for people to look at.

Where a subtotal names the group above it (`Summe Kolb` below the rows of Kolb), blank cells in its
column and in those before it surely belong to the group. Without one they are only told: they may
as well be missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.reading.header_row import Row, is_blank, is_filled, trimmed_width

# What may stand before the group's name, in a subtotal or in the group's title (`Kunde: Nord AG`),
# or behind it (`Nord AG Ergebnis`).
_BESIDE_NAME = re.compile(
    r"\A\s*((\S*?(totals?|summen?|ergebnis|saldo))\b\W*|\w+:\s*|\d+\s+)"
    r"|\s+(ergebnis|total|summe|gesamt)\s*\Z",
    re.IGNORECASE,
)
# Fewer rows, or fewer blanks among them, may be chance.
MIN_ROWS, MIN_BLANKS, MIN_BLANK_SHARE = 4, 2, 0.3


class Groups:
    """Fills the leading columns of a table's rows with the values of their groups.

    Args:
        columns: how many columns name groups, from the first on; 0 if none does.

    """

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._current: list[str | None] = [None] * columns

    def filled(self, cells: Row) -> Row:
        """Return a row with its group's values where it is blank."""
        row = list(cells)
        for n, cell in enumerate(row[: self.columns]):
            if is_filled(cell):
                # A new value of an outer group begins all inner ones anew.
                self._current[n:] = [cell, *[None] * (self.columns - n - 1)]
            elif self._current[n]:
                row[n] = self._current[n]
        return row

    def end(self, total: Row) -> None:
        """Take a subtotal, which ends the group in whose column it stands, and those within it."""
        first = _first_filled(total)
        self._current[first:] = [None] * max(self.columns - first, 0)


def named_columns(rows: Sequence[Row], is_total: Sequence[bool]) -> int:
    """Return how many leading columns name groups: up to the last one that a subtotal repeats."""
    columns = 0
    above: dict[int, str] = {}
    for cells, total in zip(rows, is_total, strict=True):
        if not total:
            above |= {n: of_group(cell) for n, cell in enumerate(cells) if cell and is_filled(cell)}
            continue
        first = _first_filled(cells)
        if first < len(cells) and above.get(first) == of_group(cells[first] or ""):
            columns = max(columns, first + 1)
    return columns


def is_blank_below(rows: Sequence[Row]) -> bool:
    """Whether the first column has each of its values once, with blanks below them.

    Rows that fill this column only are titles, not groups.
    """
    rows = [row for row in rows if trimmed_width(row) > 1 and not is_blank(row)]
    values = [row[0] for row in rows if is_filled(row[0])]
    blanks = len(rows) - len(values)
    return (
        len(rows) >= MIN_ROWS
        and blanks >= max(MIN_BLANKS, MIN_BLANK_SHARE * len(rows))
        and len(set(values)) == len(values) > 1
        and is_filled(rows[0][0])
    )


def of_group(text: str) -> str:
    """Return the group that a subtotal or a title names, for comparison.

    >>> of_group("Summe Nord AG"), of_group("Nord 7 Ergebnis"), of_group("Kunde: Nord AG")
    ('nord ag', 'nord 7', 'nord ag')
    """
    return _BESIDE_NAME.sub("", text, count=1).strip().casefold()


def _first_filled(cells: Row) -> int:
    return next((n for n, cell in enumerate(cells) if is_filled(cell)), len(cells))
