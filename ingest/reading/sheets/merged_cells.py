"""Merged cells: a value merged down applies to each row, a name merged across to each column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from ingest.reading.header_row import SAMPLE_ROWS, is_filled, kind_of
from ingest.reading.sheets.cells import cell_text

Cells = list[object]


class Range(NamedTuple):
    """Merged cells from one corner to the other, all counted from 0."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


def spread(rows: Iterator[Cells], ranges: Iterable[Range]) -> Iterator[Cells]:
    """Yield the rows with each merged value where it belongs.

    A header of two lines becomes one: `Umsatz` merged above `2024` and `2025` gives `Umsatz 2024`
    and `Umsatz 2025` in the second line, and the first is left blank. A value merged down stands
    in each of its rows that has a value of its own; one that has none is no row of data.
    """
    top = list(islice(rows, SAMPLE_ROWS))
    for index in range(len(top) - 1):
        across = [r for r in ranges if r.first_row == r.last_row == index]
        names = _joined_names(top[: index + 2], across) if across else None
        if names:
            top[index] = [""] * len(names)
            top[index + 1] = names
            ranges = [r for r in ranges if not index <= r.first_row <= index + 1]
            break
    return _filled_down(chain(top, rows), [r for r in ranges if r.last_row > r.first_row])


def _joined_names(rows: Sequence[Cells], across: Sequence[Range]) -> Cells | None:
    """Return the names of a header of two lines, which are the last two rows; None if they are not.

    They are not if the upper one is a title (its only cell, above the first column), if a group of
    columns lacks names of its own, or if a row further up looks more like the header.
    """
    *above, upper, lower = [[cell_text(cell) or "" for cell in row] for row in rows]
    groups = list(upper)
    for r in across:
        columns = range(r.first_column, min(r.last_column + 1, len(lower)))
        if not columns or not all(is_filled(lower[column]) for column in columns):
            return None
        for column in columns:
            groups[column] = upper[r.first_column]
    first_column = next(n for n, cell in enumerate(lower) if is_filled(cell))
    named = [n for n, cell in enumerate(upper) if is_filled(cell)]
    is_title = len(named) < 2 and named <= [first_column]
    names = [" ".join(filter(is_filled, pair)) for pair in zip(groups, lower, strict=True)]
    width = sum(map(is_filled, names))
    if is_title or any(map(kind_of, lower)) or any(map(kind_of, upper)):
        return None
    return list(names) if all(sum(map(is_filled, row)) < width for row in above) else None


def _filled_down(rows: Iterable[Cells], ranges: Sequence[Range]) -> Iterator[Cells]:
    starting: dict[int, list[Range]] = defaultdict(list)
    for r in ranges:
        starting[r.first_row].append(r)
    current: list[tuple[Range, object]] = []
    for index, row in enumerate(rows):
        if current:
            current = [(r, value) for r, value in current if r.last_row >= index]
            if any(cell not in ("", None) for cell in row):
                for r, value in current:
                    if row[r.first_column] in ("", None):
                        row[r.first_column] = value
        if index in starting:
            current += [
                (r, row[r.first_column]) for r in starting[index] if r.first_column < len(row)
            ]
        yield row
