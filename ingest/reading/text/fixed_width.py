"""Columns of a fixed width, set apart by blanks: what the names above tell of their borders."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ingest.reading import refusals
from ingest.reading.header_row import column_kinds, is_mostly_words, kind_of
from ingest.reading.layout import Layout
from ingest.reading.text.text_rows import Record

# How far down the names may stand, and how many lines below have to agree on the borders.
MAX_LINES_ABOVE, MIN_LINES_BELOW = 20, 2
MIN_COLUMNS = 3
_DELIMITERS = re.compile(r"[;,|\t~]")
_NAME = re.compile(r"\S+(?: \S+)*")  # a single blank may stand within a name
_WORD = re.compile(r"\S+")
_DRAWN_THROUGH = re.compile(r"[-=_*\s]+")
_DRAWN = re.compile(r"\s*[-=_]{2,}(\s+[-=_]{2,})+\s*")


class Columns(NamedTuple):
    """Where each column begins and ends, counted in characters, and how many lines stand above."""

    places: list[tuple[int, int | None]]
    lines_above: int


def find_columns(lines: Sequence[str]) -> Columns | None:
    """Return the columns that a line of names tells of; None if there is none.

    A border lies where no line has a character: between two names, or as a drawn line shows it
    (`---- -----`). A line of names has no delimiter.

    >>> find_columns(["Nr  Ort   PLZ", "1   Ulm 89073", "22  Bonn 5311"]).places
    [(0, 4), (4, 9), (9, None)]
    """
    lines = [line.rstrip() for line in lines]
    if any("\t" in line for line in lines):
        return None
    for n, names in enumerate(lines[:MAX_LINES_ABOVE]):
        below = [line for line in lines[n + 1 :] if line]
        if _DELIMITERS.search(names) or len(below) < MIN_LINES_BELOW:
            continue
        if _DRAWN.fullmatch(below[0]) and len(_WORD.findall(below[0])) >= MIN_COLUMNS:
            starts = [word.start() for word in _WORD.finditer(below[0])]
            return Columns(_places([start - 1 for start in starts[1:]]), n)
        cells = _NAME.findall(re.sub(r" {2,}", "  ", names))
        if len(cells) < MIN_COLUMNS or any(map(kind_of, cells)):
            continue
        rows = [line for line in below if _is_row(line)]
        places = _places(_borders(names, rows))
        if len(places) < MIN_COLUMNS:
            continue
        split = [[row[start:end].strip() for start, end in places] for row in rows]
        # Words that are no names we know do when each has a column, of which one has numbers.
        if is_mostly_words(cells) or (len(places) == len(cells) and any(column_kinds(split))):
            return Columns(places, n)
    return None


def feed_fixed_width(text: Iterable[bytes], columns: Columns, layout: Layout) -> None:
    """Feed each line as a row; one whose text runs over a border is a problem."""
    starts = [start for start, _ in columns.places[1:]]
    for number, line in enumerate(_lines(text), start=1):
        is_title = number <= columns.lines_above
        if not _crosses(line, starts):
            cells = [line[start:end].strip() for start, end in columns.places]
            layout.feed(Record(number, cells, line))
        elif is_title or _DRAWN_THROUGH.fullmatch(line):
            layout.feed(Record(number, [line], line))
        else:
            layout.feed(Record(number, [], line, refusals.CROSSED_BORDER))


def _crosses(line: str, starts: Sequence[int]) -> bool:
    """Whether text runs over a border without a blank at it."""
    return any(line[start - 1 : start].strip() for start in starts)


def _places(borders: Sequence[int]) -> list[tuple[int, int | None]]:
    starts = [0, *(border + 1 for border in borders)]
    return list(zip(starts, [*starts[1:], None], strict=True))


def _is_row(line: str) -> bool:
    """Whether a line has several cells; titles, notes and drawn lines have one."""
    return len(re.split(r" {2,}", line.strip())) > 1 and not _DRAWN_THROUGH.fullmatch(line)


def _borders(names: str, rows: Sequence[str]) -> list[int]:
    """Return a blank position between each two names that no row crosses, if there is one."""
    if len(rows) < MIN_LINES_BELOW:
        return []
    words = list(_WORD.finditer(names))
    borders = []
    for left, right in itertools.pairwise(words):
        free = "".join(
            "x" if any(row[position : position + 1].strip() for row in rows) else " "
            for position in range(left.end(), right.start())
        )
        # In the middle, so that later rows may be longer at either side.
        if widest := max(free.split("x"), key=len):
            borders.append(left.end() + free.rindex(widest) + len(widest) // 2)
    return borders


def _lines(text: Iterable[bytes]) -> Iterator[str]:
    for piece in text:  # of whole lines
        yield from (line.rstrip("\r\n") for line in io.StringIO(piece.decode(), newline=""))
