"""Which row of a table is its header, judged by content, and what its columns are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

Row = Sequence[str | None]

# Rows looked at; notes above a header are rarely longer than a screen.
SAMPLE_ROWS = 100
# A header names nearly every column that is used below it; a line of notes fills a few cells.
FILLED_SHARE = 0.7

_NUMBER = re.compile(r"[-+(]?\s*[€$£]?\s*\d[\d.,'\s]*\)?\s*[%€$£-]?")
_YEAR = re.compile(r"(19|20)\d\d")
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}([ T]\d{1,2}:\d{2}.*)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class Header:
    """Where a table starts.

    `cells` are the header's, one per column, None where a column has no name; `first_data_row` is
    an index into the sample.
    """

    cells: tuple[str | None, ...]
    first_data_row: int


def find_header(sample: Sequence[Row], width: int) -> Header | None:
    """Find the header in a table's first rows.

    It is the first row that fills most of the columns used below and does not itself look like
    the rows below. A full row that does look like them means that the table has no header.

    Args:
        sample: the table's first rows (`SAMPLE_ROWS` are enough), blank ones included.
        width: number of cells that a row of the table has.

    Returns:
        None if no row holds anything.

    """
    filled = [min(sum(map(_is_filled, row)), width) for row in sample]
    if not any(filled):
        return None
    for index, row in enumerate(sample):
        below = sample[index + 1 :]
        if filled[index] == 0 or _trimmed_width(row) > width:
            continue
        if filled[index] < FILLED_SHARE * max(filled[index + 1 :], default=0):
            continue
        if _resembles(row, below):
            return Header((None,) * width, index)
        if not any(map(_kind, row)) or not any(filled[index + 1 :]):
            return Header(tuple([*row, *[None] * width][:width]), index + 1)
    first = next(index for index, count in enumerate(filled) if count)
    return Header((None,) * width, first)


def modal_width(rows: Sequence[Row]) -> int:
    """Return the number of cells that most filled rows have; of several the largest."""
    counts = Counter(len(row) for row in rows if any(map(_is_filled, row)))
    return max(counts, key=lambda width: (counts[width], width)) if counts else 0


def is_blank(row: Row) -> bool:
    """Whether no cell of the row holds anything but white space."""
    return not any(map(_is_filled, row))


def _is_filled(cell: str | None) -> bool:
    return cell is not None and not cell.isspace() and cell != ""


def _trimmed_width(row: Row) -> int:
    return max((n for n, cell in enumerate(row, start=1) if _is_filled(cell)), default=0)


def _kind(cell: str | None) -> str | None:
    """Kind of a cell that a header would hardly hold: number, date, e-mail; else None."""
    text = (cell or "").strip()
    if _EMAIL.fullmatch(text):
        return "email"
    if _DATE.fullmatch(text):
        return "date"
    if _NUMBER.fullmatch(text) and not _YEAR.fullmatch(text):
        return "number"
    return None


def _resembles(row: Row, below: Sequence[Row]) -> bool:
    """Whether a cell is a number, date or e-mail address in a column of such below."""
    for position, cell in enumerate(row):
        kind = _kind(cell)
        if kind is None:
            continue
        kinds = [_kind(r[position]) for r in below if position < len(r) and _is_filled(r[position])]
        if kinds and kinds.count(kind) > len(kinds) / 2:
            return True
    return False
