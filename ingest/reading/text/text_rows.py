"""From delimited text to rows: a bad row loses no other row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.reading import refusals
from ingest.reading.hygiene import joined_entities
from ingest.reading.refusals import Reason

# A quoted cell that runs on for longer was never closed: mails fit in, whole tables do not.
MAX_LINES_PER_ROW = 1_000
MAX_CELL_CHARACTERS = 1 << 24


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are set apart."""

    delimiter: str
    quote: str = '"'
    escape: str | None = None
    skips_spaces: bool = False  # blanks between a quotation mark and the end of its cell

    def with_kept_backslashes(self, line: str) -> str:
        """Return a line in which backslashes are doubled that escape nothing: they are text."""
        if self.escape is None or self.escape not in line:
            return line
        escaped = re.escape(f"{self.quote}{self.delimiter}{self.escape}\r\n")
        return re.sub(rf"\\([{escaped}]|\Z)|\\", lambda m: m[0] if m[1] else "\\\\", line)

    def without_spaces(self, text: str) -> str:
        """Return whole lines without the blanks behind quotation marks that the dialect skips.

        Those before them the parser skips by itself.
        """
        if not self.skips_spaces:
            return text
        return re.sub(rf"{self.quote} +(?=[{re.escape(self.delimiter)}\r\n]|$)", self.quote, text)


class Record(NamedTuple):
    """One row of a file: its number counted from 1, its cells, or the problem of having none.

    `text` is the row as it stands in the file, None for a row of a workbook.
    """

    number: int
    cells: list[str] | list[str | None]
    text: str | None = None
    problem: Reason | None = None


@dataclass
class Splitter:
    """Splits text into rows, piece by piece.

    A row with a misplaced or never closed quotation mark is given as a problem, and reading goes
    on with the next line. A row that spans lines and has not `width` cells counts as such a one,
    since a lost quotation mark may have swallowed whole rows.
    """

    dialect: Dialect
    width: int | None = None
    number: int = field(default=0, init=False)

    def split(self, text: str, *, is_last: bool) -> Iterator[Record | str]:
        """Yield the rows of the text; unless it is the last, what is left of it comes at the end.

        What is left begins a row that may go on in the next piece. The text must end with a line.
        """
        tape = _Tape(io.StringIO(text, newline=""))
        parser = self._parser(tape)
        while True:
            tape.taken = []
            try:
                cells = next(parser)
            except StopIteration:
                return
            except (csv.Error, _EndlessRowError):
                if tape.is_at_end and not is_last and len(tape.taken) < MAX_LINES_PER_ROW:
                    yield "".join(tape.taken)
                    return
                yield self._problem(tape)
                continue
            if self.dialect.delimiter == ";" and len(cells) > (self.width or len(cells)):
                whole = joined_entities(cells)
                cells = whole if len(whole) == self.width else cells
            if len(tape.taken) > 1 and self.width is not None and len(cells) != self.width:
                yield self._problem(tape)
                continue
            if has_lost_delimiter("".join(tape.taken), cells, self.dialect):
                yield self._problem(tape)
                continue
            if tape.is_taken_back and "".join(tape.taken).count(self.dialect.quote) % 2:
                yield self._problem(tape)  # the end of a cell that began in the row with a problem
                continue
            self.number += 1
            yield Record(self.number, self._unwrapped(cells), _text(tape.taken))

    def _parser(self, tape: _Tape) -> Iterator[list[str]]:
        return csv.reader(
            map(self.dialect.with_kept_backslashes, tape),
            delimiter=self.dialect.delimiter,
            quotechar=self.dialect.quote,
            escapechar=self.dialect.escape,
            skipinitialspace=self.dialect.skips_spaces,
            strict=True,
        )

    def _problem(self, tape: _Tape) -> Record:
        self.number += 1
        return Record(self.number, [], _text([tape.keep_first_line()]), refusals.QUOTE)

    def _unwrapped(self, cells: list[str]) -> list[str]:
        """Return the cells of a row that a program has quoted as a whole.

        Such a row is one cell with delimiters in it, where the table has more than one column.
        """
        if len(cells) != 1 or self.dialect.delimiter not in cells[0] or self.width == 1:
            return cells
        try:
            (inner,) = self._parser(_Tape(io.StringIO(cells[0], newline="")))
        except (csv.Error, ValueError):
            return cells
        return inner if self.width in (None, len(inner)) else cells


def has_lost_delimiter(text: str, cells: Sequence[str], dialect: Dialect) -> bool:
    """Whether a row has lost the delimiter before a quoted cell: `33.83"Shirt, Plaid",5`.

    Split at the one within the quotes, such a row may have the right number of cells by chance.
    Two marks behind digits are inches: `1/2"-Muffe,3/4"`.
    """
    quote = dialect.quote
    if not any(quote in cell for cell in cells):
        return False
    mark, delimiter = re.escape(quote), re.escape(dialect.delimiter)
    # Each character fits one alternative only, so that no text takes long.
    inside = rf"{mark}{mark}|\\.|[^{mark}\\]" if dialect.escape else rf"{mark}{mark}|[^{mark}]"
    quoted = re.compile(rf"\s*{mark}(?:{inside})*{mark}", re.DOTALL)
    bare = re.compile(rf"[^{delimiter}\r\n]*")
    begun = re.compile(
        rf"[^{mark}{delimiter}\r\n]*([^{mark}{delimiter}\r\n]){mark}(?=[^\s{mark}{delimiter}])"
        rf"[^{mark}]*{delimiter}[^{mark}]*([^{mark}]){mark}(?=[{delimiter}\r\n]|\Z)"
    )
    position = 0
    while position < len(text):
        cell = quoted.match(text, position) or bare.match(text, position)
        if cell and not cell[0].lstrip().startswith(quote) and quote in cell[0]:
            found = begun.match(text, position)
            if found and not (found[1].isdigit() and found[2].isdigit()):
                return True
        position = (cell.end() if cell else position) + 1
    return False


class _EndlessRowError(Exception):
    """A row has run on for more lines than a row can have."""


class _Tape:
    """Iterator of lines that can take back those given for the current row."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._returned: list[str] = []
        self.taken: list[str] = []
        self.is_taken_back = False  # the line given last had been given before
        self.is_at_end = False

    def __iter__(self) -> _Tape:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_LINES_PER_ROW:
            raise _EndlessRowError
        self.is_taken_back = bool(self._returned)
        if self._returned:
            line = self._returned.pop()
        else:
            try:
                line = next(self._lines)
            except StopIteration:
                self.is_at_end = True
                raise
        self.taken.append(line)
        return line

    def keep_first_line(self) -> str:
        """Take back all lines of the current row but the first, which is returned."""
        first, *rest = self.taken
        self._returned += reversed(rest)
        self.is_at_end = False
        return first


def _text(lines: list[str]) -> str:
    return "".join(lines).rstrip("\r\n")
