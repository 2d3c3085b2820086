"""CSV and its relatives: which encoding, which dialect, then row by row, nothing guessed away."""

from __future__ import annotations

import codecs
import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

from ingest import reasons
from ingest.header import SAMPLE_ROWS, find_header, is_blank, modal_width
from ingest.reasons import Reason, UnreadableFile
from ingest.tables import Table, TableBuilder

DELIMITERS = (";", ",", "\t", "|")
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
PROBE_BYTES = 1 << 16
# A quoted cell that runs on for longer was never closed: mails fit in, whole tables do not.
MAX_LINES_PER_ROW = 1_000
MAX_CELL_CHARACTERS = 1 << 24


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are set apart."""

    delimiter: str
    escape: str | None = None


class Record(NamedTuple):
    """One row of the file: its number counted from 1, its cells or why there are none."""

    number: int
    cells: list[str]
    lines: list[str]
    problem: Reason | None = None

    @property
    def text(self) -> str:
        """The row as it stands in the file."""
        return "".join(self.lines).rstrip("\r\n")


def read_csv(path: Path) -> list[Table]:
    """Read a delimited text file as one table.

    Raises:
        UnreadableFile: the file is empty or not text.

    """
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    encoding = find_encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        dialect = find_dialect(list(itertools.islice(file, SAMPLE_ROWS)))
    with path.open(encoding=encoding, newline="") as file:
        records = read_records(file, dialect)
        sample = list(itertools.islice(records, SAMPLE_ROWS))
        width = modal_width([record.cells for record in sample])
        header = find_header([record.cells for record in sample], width)
        if header is None:
            raise UnreadableFile(reasons.EMPTY)
        builder = TableBuilder(path.name, header.cells)
        for record in itertools.chain(sample[header.first_data_row :], records):
            _add(builder, record, width)
    return [builder.finish()]


def find_encoding(path: Path) -> str:
    """Return the file's encoding: by its mark, else UTF-8 if all of it is, else by its bytes.

    Raises:
        UnreadableFile: the bytes are not text.

    """
    with path.open("rb") as file:
        probe = file.read(PROBE_BYTES)
    if not probe:
        raise UnreadableFile(reasons.EMPTY)
    for mark, encoding in BYTE_ORDER_MARKS:
        if probe.startswith(mark):
            return encoding
    even, odd = probe[::2].count(0), probe[1::2].count(0)
    if even or odd:
        # In UTF-16 every other byte of western text is zero; single zeros mean a binary file.
        if max(even, odd) > 0.4 * len(probe) / 2 and min(even, odd) < 0.1 * len(probe) / 2:
            return "utf-16-be" if even > odd else "utf-16-le"
        raise UnreadableFile(reasons.NOT_TEXT)
    return next((name for name in ("utf-8", "cp1252") if _decodes(path, name)), "latin-1")


def find_dialect(lines: list[str]) -> Dialect:
    """Return the dialect under which most lines become rows of one and the same width.

    A tie goes to the dialect with more columns, then to the order of `DELIMITERS`.
    """
    escapes = [None, "\\"] if any('\\"' in line for line in lines) else [None]
    candidates = [Dialect(d, e) for d in DELIMITERS for e in escapes]
    return max(candidates, key=lambda dialect: _consistency(lines, dialect))


def read_records(lines: TextIO | Iterator[str], dialect: Dialect) -> Iterator[Record]:
    """Split lines into rows.

    A row with a misplaced or never closed quotation mark is given as a problem, and reading goes
    on with the next line, so that one bad line costs one row.
    """
    tape = _Tape(iter(lines))
    parser = csv.reader(tape, delimiter=dialect.delimiter, escapechar=dialect.escape, strict=True)
    for number in itertools.count(1):
        tape.taken = []
        try:
            cells = next(parser)
        except StopIteration:
            return
        except (csv.Error, _EndlessRowError):
            yield Record(number, [], [tape.keep_first_line()], reasons.QUOTE)
        else:
            yield Record(number, cells, tape.taken)


class _EndlessRowError(Exception):
    """A row has run on for more lines than a row can have."""


class _Tape:
    """Lines that remembers which it gave for the current row, and can take them back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.taken: list[str] = []

    def __iter__(self) -> _Tape:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_LINES_PER_ROW:
            raise _EndlessRowError
        line = next(self._lines)
        self.taken.append(line)
        return line

    def keep_first_line(self) -> str:
        """Take back all lines of the current row but the first, which is returned."""
        first, *rest = self.taken
        if rest:
            self._lines = itertools.chain(rest, self._lines)
        return first


def _add(builder: TableBuilder, record: Record, width: int) -> None:
    """Add a row, or reject it if it has not exactly `width` cells.

    An empty surplus cell at the end is no exception: it may be the last column's, moved there by
    an unquoted delimiter further left, with every cell between in the wrong column.
    """
    if record.problem:
        builder.reject(record.number, record.text, record.problem)
    elif is_blank(record.cells):
        return
    elif len(record.cells) == width:
        builder.add(record.number, record.cells)
    else:
        reason = reasons.cell_count(len(record.cells), width)
        builder.reject(record.number, record.text, reason)


def _decodes(path: Path, encoding: str) -> bool:
    with path.open(encoding=encoding, newline="") as file:
        try:
            while file.read(PROBE_BYTES):
                pass
        except UnicodeDecodeError:
            return False
    return True


def _consistency(lines: list[str], dialect: Dialect) -> tuple[float, int]:
    records = [r for r in read_records(iter(lines), dialect) if r.problem or not is_blank(r.cells)]
    width = modal_width([record.cells for record in records])
    if width < 2:
        return (0, 0)
    return (sum(len(record.cells) == width for record in records) / len(records), width)
