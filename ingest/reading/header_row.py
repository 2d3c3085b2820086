"""Which row of a table is its header, judged by content."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ingest.reading import refusals
from ingest.reading.header_words import is_header_word
from ingest.reading.refusals import UnreadableFile

Row = Sequence[str | None]

# Rows looked at; notes above a header are rarely longer than a screen.
SAMPLE_ROWS = 100
# Fewer rows are enough for very wide tables.
SAMPLE_CELLS = 20_000
FEWEST_ROWS = 20
# A header names nearly every column that is used below it; a line of notes fills a few cells.
FILLED_SHARE = 0.7

_NUMBER = re.compile(r"[-+(]?\s*[€$£]?\s*\d[\d.,'\s]*\)?\s*(?:[%€$£-]|EUR|USD|CHF)?")
_YEAR = re.compile(r"(19|20)\d\d")
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}([ T]\d{1,2}:\d{2}.*)?")
_BETWEEN_NAMES = re.compile(r"""[;,\t|"']+""")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

Kind = Literal["number", "date", "email"]


@dataclass(frozen=True, slots=True)
class Header:
    """Where a table starts.

    `cells` are the header's, one per column, None where a column has no name; `first_data_row` is
    an index into the sample. `is_certain`: it was recognised by content, not by its place alone.
    """

    cells: tuple[str | None, ...]
    first_data_row: int
    is_certain: bool = True


def choose_header(rows: Sequence[Row], is_sheet: bool) -> Header | None:
    """Return a certain header if there is one, else the likeliest; None if all rows are empty.

    Rows of a sheet are all as wide as the sheet; those of a text file differ.
    """
    block = _first_block(rows)
    width = max(map(len, block)) if is_sheet else modal_width(block)
    return _surest_header(block, is_sheet) or find_header(block, width)


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
    filled = [min(sum(map(is_filled, row)), width) for row in sample]
    if not any(filled):
        return None
    for index, row in enumerate(sample):
        below = sample[index + 1 :]
        if filled[index] == 0 or trimmed_width(row) > width:
            continue
        most = max(filled[index + 1 :], default=0)
        if filled[index] < FILLED_SHARE * most and not is_mostly_words(row):
            # One of two columns may lack its name, often the one with the rows' names.
            is_half_named = 2 * filled[index] >= most and (
                _has_header_word(row) or _names_all_but_first(row, width)
            )
            if not is_half_named or not any(column_kinds(below)):
                continue
        if _looks_like_data(row, below):
            return Header((None,) * width, index)
        # Numbers may name columns too (years, products), beside at least one word.
        if not any(map(kind_of, row)) or not any(filled[index + 1 :]) or _has_header_word(row):
            is_certain = names_columns(row, below)
            return Header(tuple([*row, *[None] * width][:width]), index + 1, is_certain)
    first = next(index for index, count in enumerate(filled) if count)
    return Header((None,) * width, first)


def aligned(header: Header, rows: Sequence[Row]) -> list[str | None]:
    """Return the header's cells above the columns that they name.

    Raises:
        UnreadableFile: the header has fewer cells than the rows below, and nothing tells which
            column has no name.

    """
    names = list(header.cells)
    own_width = len(rows[header.first_data_row - 1]) if any(names) else len(names)
    surplus = [row[own_width:] for row in rows[header.first_data_row :] if len(row) == len(names)]
    if own_width >= len(names) or all(map(is_blank, surplus)):
        return names
    numbers = [row[0] for row in rows[header.first_data_row :] if len(row) == len(names)]
    if own_width == len(names) - 1 and numbers == [str(n) for n in range(1, len(numbers) + 1)]:
        return [None, *names[:-1]]  # R writes numbered rows without a name for their column
    raise UnreadableFile(refusals.header_too_short(own_width, len(names)))


def may_be_header(text: str, below: Sequence[Row]) -> bool:
    """Whether a line that cannot be split names columns: several words, no numbers.

    It does not if a row below it reads as a header.
    """
    names = [piece for piece in map(str.strip, _BETWEEN_NAMES.split(text)) if piece]
    is_words = len(names) > 1 and not any(map(kind_of, names))
    return is_words and not any(map(is_mostly_words, below))


def names_columns(row: Row, below: Sequence[Row]) -> bool:
    """Whether a row is surely a header: of header words, or of words above numbers and dates."""
    kinds = column_kinds(below)
    return _has_header_word(row) or any(
        kind and is_filled(cell) and kind_of(cell) is None
        for cell, kind in zip(row, kinds, strict=False)
    )


def is_mostly_words(row: Row) -> bool:
    """Whether a row reads as a header by itself: most of its cells are header words."""
    cells = [c for c in row if c and is_filled(c) and not _YEAR.fullmatch(c.strip())]
    words = sum(map(is_header_word, cells))
    return len(cells) >= 2 and 2 * words > len(cells)


def column_kinds(rows: Sequence[Row]) -> list[Kind | None]:
    """Return the kind that most filled cells of each column have, None for text."""
    kinds: list[Kind | None] = []
    for position in range(max(map(len, rows), default=0)):
        cells = [row[position] for row in rows if position < len(row)]
        counts = Counter(kind_of(cell) for cell in cells if is_filled(cell))
        kind, count = counts.most_common(1)[0] if counts else (None, 0)
        kinds.append(kind if count > counts.total() / 2 else None)
    return kinds


def sample_rows(width: int) -> int:
    """Return how many rows of so many cells are looked at."""
    return min(SAMPLE_ROWS, max(FEWEST_ROWS, SAMPLE_CELLS // max(width, 1)))


def modal_width(rows: Sequence[Row]) -> int:
    """Return the number of cells that most filled rows have; of several the largest."""
    counts = Counter(len(row) for row in rows if any(map(is_filled, row)))
    return max(counts, key=lambda width: (counts[width], width)) if counts else 0


def is_blank(row: Row) -> bool:
    """Whether no cell of the row holds anything but white space."""
    return not any(map(is_filled, row))


def is_filled(cell: str | None) -> bool:
    """Whether a cell holds more than white space."""
    return cell is not None and cell != "" and not cell.isspace()


def trimmed_width(row: Row) -> int:
    """Return the number of cells up to the last filled one."""
    return max((n for n, cell in enumerate(row, start=1) if is_filled(cell)), default=0)


@lru_cache(maxsize=1 << 16)  # each cell of a sample is looked at several times
def kind_of(cell: str | None) -> Kind | None:
    """Kind of a cell that is unusual in a header; else None. A year may name a column."""
    text = (cell or "").strip()
    if not text:
        return None
    if "@" in text:
        return "email" if _EMAIL.fullmatch(text) else None
    if _DATE.fullmatch(text):
        return "date"
    if _NUMBER.fullmatch(text) and not _YEAR.fullmatch(text):
        return "number"
    return None


def _has_header_word(row: Row) -> bool:
    return any(is_header_word(cell) for cell in row if cell)


def _names_all_but_first(row: Row, width: int) -> bool:
    """Whether a row names every column except the first, as cross tables do."""
    return width > 2 and not is_filled(row[0]) and sum(map(is_filled, row)) == width - 1


def _names_periods(row: Row) -> bool:
    """Whether a row is a word followed by ascending numbers: months or weeks as column names."""
    first, *others = [cell.strip() for cell in row if cell and is_filled(cell)] or [""]
    if len(others) < 3 or not is_header_word(first) or not all(map(str.isdecimal, others)):
        return False
    start = int(others[0])
    return [int(cell) for cell in others] == list(range(start, start + len(others)))


def _looks_like_data(row: Row, below: Sequence[Row]) -> bool:
    """Whether a row is one of those below.

    It is if it has a number, date or e-mail address in the same columns, unless its words make it a
    header; or if more of its cells occur again in their columns than are header words.
    """
    if is_mostly_words(row) or _names_periods(row):
        return False
    kinds = column_kinds(below)
    if any(kind and kind_of(cell) == kind for cell, kind in zip(row, kinds, strict=False)):
        return True
    words = sum(is_header_word(cell or "") for cell in row)
    own = list(row[: trimmed_width(row)])  # a header may be repeated, with or without delimiters
    others = [other for other in below if list(other[: trimmed_width(other)]) != own]
    again = sum(
        any(position < len(other) and other[position] == cell for other in others)
        for position, cell in enumerate(row)
        if is_filled(cell)
    )
    return again > words


def _surest_header(rows: Sequence[Row], is_sheet: bool) -> Header | None:
    """Return the first row that reads as a header by itself and has rows of its shape below."""
    for index, row in enumerate(rows[:-1]):
        end = next((n for n in range(index + 2, len(rows)) if is_blank(rows[n])), len(rows))
        below = [other for other in rows[index + 1 : end] if not is_blank(other)]
        if not below or any(map(kind_of, row)) or _is_comment(row):
            continue
        if is_sheet:
            fits = is_mostly_words(row) and trimmed_width(below[0]) <= trimmed_width(row)
            width = len(row)
        else:
            width = _shared_width(row, below)
            is_first = all(len(other) != width for other in rows[:index])
            fits = width > 0 and (is_mostly_words(row) or (is_first and _crowns(row, below, width)))
        if fits:
            return Header(tuple(cell or None for cell in row[:width]), index + 1)
    return None


def _is_comment(row: Row) -> bool:
    return (next(filter(None, row), None) or "").startswith("# ")


def _shared_width(header: Row, below: Sequence[Row]) -> int:
    """Return how many cells a header has in common with rows below; 0 if it fits none."""
    counts = Counter(map(len, below))
    named = trimmed_width(header)
    widest = max(counts)
    for width in (len(header), named):
        # Rows with missing cells may be many; rows with surplus cells are few.
        if width in counts and counts[width] >= sum(n for w, n in counts.items() if w > width):
            return width
    # Three names are no accident, even if every row below is too short.
    return named if named > max(2, widest) else 0


def _crowns(row: Row, below: Sequence[Row], width: int) -> bool:
    """Whether a row has a different word in each column, and numbers or dates below some."""
    same = [other for other in below if len(other) == width]
    names = row[: trimmed_width(row)]  # delimiters may trail
    is_full = len(names) > 2 and len(set(names)) == len(names) and all(names)
    return is_full and any(column_kinds(same))


def _first_block(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows above the first blank one if they are a table by themselves, else all."""
    filled = [row for row in rows if not is_blank(row)]
    start = rows.index(filled[0]) if filled else 0
    end = next((n for n in range(start, len(rows)) if is_blank(rows[n])), len(rows))
    block = rows[start:end]
    width = trimmed_width(block[0]) if block else 0
    is_table = (
        len(block) > 2
        and width > 2
        and all(is_filled(cell) and not kind_of(cell) for cell in block[0][:width])
        and {trimmed_width(row) for row in block} == {width}
        and any(column_kinds(block[1:]))
    )
    return rows[:end] if is_table else rows
