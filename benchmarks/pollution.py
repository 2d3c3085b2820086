"""A file as a polluter sees it: lines that know what they should come back as, and the verdict.

A `Draft` starts as a clean table. Damages (`pollution_damages`) change it and the truth together;
`Draft.to_bytes` writes it, and `judge` compares what a reader made of it with the truth.

The rules of truth, the same for every reader:

- A damaged row may come back exactly or be among the rejects; there is no third way. An undamaged
  row must come back exactly, in order. An empty cell and a null are the same.
- What is no data row (titles, totals, repeated headers, comments, footers) must not be among the
  rows. Whether a reader drops it or sets it aside is its own choice.
- Column names must be the header's but for white space; a column without a name, or with one that
  is there already, may be called anything. A nameless column that holds nothing may be left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from benchmarks.pollution_tables import CleanTable

Cells = tuple[str, ...]
Role = Literal["header", "row", "junk", "blank"]
Outcome = Literal["exact", "quarantined", "refused", "reported", "silently wrong"]
RECOVERED: tuple[Outcome, ...] = ("exact", "quarantined")
OUTCOMES: tuple[Outcome, ...] = (*RECOVERED, "refused", "reported", "silently wrong")


class NotApplicableError(Exception):
    """A damage finds nothing to damage in the table."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are written. `quoting`: which cells are quoted (`text`: all but numbers)."""

    delimiter: str
    quote: str = '"'
    quoting: Literal["minimal", "all", "text", "none"] = "minimal"
    escape: str | None = None
    terminator: str = "\n"

    def write(self, cell: str) -> str:
        """Write one cell, in quotes where it takes them."""
        special = any(mark in cell for mark in (self.delimiter, self.quote, "\n", "\r"))
        if self.quoting == "none" and special:
            raise NotApplicableError
        is_number = re.fullmatch(r"-?[\d.,]*", cell) is not None
        if not special and (
            self.quoting in ("minimal", "none") or (self.quoting == "text" and is_number)
        ):
            return cell
        return self.quote + self.escaped(cell) + self.quote

    def escaped(self, cell: str) -> str:
        """Write a cell's quotation marks so that they do not end it."""
        if self.escape:
            cell = cell.replace(self.escape, self.escape * 2)
        return cell.replace(self.quote, (self.escape or self.quote) + self.quote)


@dataclass
class Line:
    """One row as written.

    `expected` are the legitimate readings of a data row, of which the first is the plain one.
    `raw` writes single cells (by position) in a broken way, `edits` change the text of the whole
    line; both get the dialect. `encoding` and `terminator` override the file's.
    """

    role: Role
    cells: list[str]
    table: int = 0
    expected: list[Cells] = field(default_factory=list)
    is_damaged: bool = False
    raw: dict[int, Callable[[str, Dialect], str]] = field(default_factory=dict)
    edits: list[Callable[[str, Dialect], str]] = field(default_factory=list)
    encoding: str | None = None
    terminator: str | None = None

    def text(self, dialect: Dialect) -> str:
        """Write the line without its terminator."""
        cells = [
            self.raw[position](cell, dialect) if position in self.raw else dialect.write(cell)
            for position, cell in enumerate(self.cells)
        ]
        text = dialect.delimiter.join(cells)
        for edit in self.edits:
            text = edit(text, dialect)
        return text

    def set_cell(self, position: int, cell: str, *others: str) -> None:
        """Change a cell and the truth with it; `others` are further legitimate readings of it."""
        self.cells[position] = cell
        readings = [cell, *others]
        self.expected = [
            (*row[:position], reading, *row[position + 1 :])
            for row in self.expected
            for reading in readings
        ]


@dataclass
class Draft:
    """A file in the making, with its truth.

    `names` are the column names of each table in it, None where any will do. `is_padded`: cells
    may come back with or without white space at their ends. `may_prefix_names`: a group's name
    may stand before a column's. `may_be_refused`: so little is left that refusing is right too.
    """

    lines: list[Line]
    names: list[list[str | None]]
    dialect: Dialect
    rng: Random
    encoding: str = "utf-8"
    mark: bytes = b""
    ending: bytes = b""
    has_final_newline: bool = True
    is_padded: bool = False
    may_prefix_names: bool = False
    may_be_refused: bool = False

    @classmethod
    def of(cls, table: CleanTable, rng: Random) -> Draft:
        """Start from a clean table."""
        header = Line("header", list(table.header))
        rows = [Line("row", list(row), expected=[row]) for row in table.rows]
        names: list[str | None] = list(table.header)
        return cls([header, *rows], [names], Dialect(table.delimiter), rng)

    def rows(self, table: int = 0) -> list[Line]:
        """Return a table's data rows as written."""
        return [line for line in self.lines if line.role == "row" and line.table == table]

    def header(self) -> Line:
        """Return the first table's header line.

        Raises:
            NotApplicableError: the file has none.

        """
        for line in self.lines:
            if line.role == "header":
                return line
        raise NotApplicableError

    def width(self) -> int:
        """Return the number of columns of the first table."""
        return len(self.names[0])

    def to_bytes(self) -> bytes:
        """Write the file.

        Raises:
            NotApplicableError: the dialect or the encoding cannot express the table.

        """
        parts = [self.mark]
        for number, line in enumerate(self.lines, start=1):
            terminator = line.terminator or self.dialect.terminator
            if number == len(self.lines) and not self.has_final_newline:
                terminator = ""
            text = line.text(self.dialect) + terminator
            try:
                parts.append(text.encode(line.encoding or self.encoding))
            except UnicodeEncodeError:
                raise NotApplicableError from None
        return b"".join([*parts, self.ending])


@dataclass(frozen=True)
class Found:
    """One table as a reader gave it, with the text of the rows that it set aside."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | None]]
    rejected: Sequence[str] = ()
    has_notes: bool = False


@dataclass(frozen=True)
class Verdict:
    """What became of a file, and where it first differs from the truth."""

    outcome: Outcome
    detail: str = ""


class _WrongError(Exception):
    """What was read differs from the truth."""


def judge(found: Sequence[Found], draft: Draft) -> Verdict:
    """Compare what a reader made of a file with the truth."""
    rejected = _letters(text for table in found for text in table.rejected)
    set_aside: list[Line] = []
    try:
        for number, names in enumerate(draft.names):
            truth = draft.rows(number)
            if number < len(found):
                set_aside += _compare(found[number], names, truth, draft)
            elif number:
                set_aside += truth
            else:
                raise _WrongError("no table")
        if len(found) > len(draft.names):
            raise _WrongError(f"surplus table {list(found[-1].columns)}")
        for line in set_aside:
            if _letters([line.text(draft.dialect)]) not in rejected:
                raise _WrongError(f"row lost: {line.cells}")
    except _WrongError as difference:
        noted = any(table.has_notes for table in found)
        return Verdict("reported" if noted else "silently wrong", str(difference))
    undamaged = [line for line in set_aside if not line.is_damaged]
    if undamaged:
        return Verdict("reported", f"{len(undamaged)} good rows set aside: {undamaged[0].cells}")
    return Verdict("quarantined" if set_aside else "exact")


def refusal(reason: str, draft: Draft) -> Verdict:
    """Judge a refusal of the whole file."""
    return Verdict("exact" if draft.may_be_refused else "refused", reason)


def _compare(
    found: Found, names: Sequence[str | None], truth: Sequence[Line], draft: Draft
) -> list[Line]:
    """Return the true rows that are missing; anything else that differs is wrong."""
    kept = _kept_columns(found, names, truth)
    columns = [found.columns[position] for position in kept]
    filled = _filled_columns(names, truth)
    names = [names[position] for position in filled]
    if len(columns) != len(names) or not all(
        _is_name(column, name, draft.may_prefix_names)
        for column, name in zip(columns, names, strict=True)
    ):
        raise _WrongError(f"columns {columns} instead of {names}")
    clean = str.strip if draft.is_padded else str
    rows = [tuple(clean(row[position] or "") for position in kept) for row in found.rows]
    missing = []
    position = 0
    for line in truth:
        readings = [tuple(clean(row[column]) for column in filled) for row in line.expected]
        if position < len(rows) and rows[position] in readings:
            position += 1
        else:
            missing.append((position, line, readings[0]))
    if position < len(rows):
        at = [reading for where, _, reading in missing if where == position]
        raise _WrongError(_difference(rows[position], at[0] if at else None))
    return [line for _, line, _ in missing]


def _filled_columns(names: Sequence[str | None], truth: Sequence[Line]) -> list[int]:
    """Positions of the columns that have a name or hold anything."""
    return [
        position
        for position, name in enumerate(names)
        if name is not None or any(line.expected[0][position] for line in truth)
    ]


def _kept_columns(found: Found, names: Sequence[str | None], truth: Sequence[Line]) -> list[int]:
    positions = range(len(found.columns))
    if len(found.columns) == len(_filled_columns(names, truth)):
        return list(positions)
    known = {_plain(name) for name in names if name}
    return [
        p for p in positions if _plain(found.columns[p]) in known or any(r[p] for r in found.rows)
    ]


def _is_name(column: str, name: str | None, may_prefix: bool) -> bool:
    if name is None:
        return True
    plain, wanted = _plain(column), _plain(name)
    return plain == wanted or (may_prefix and plain.endswith(wanted))


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


def _letters(texts: Iterable[str]) -> str:
    """Return ASCII letters and digits only: what survives any dialect and encoding."""
    return re.sub(r"[^0-9A-Za-z]", "", "".join(texts))


def _difference(row: Cells, truth: Cells | None) -> str:
    if truth is None:
        return f"surplus row {row}"
    for column, (cell, true) in enumerate(zip(row, truth, strict=True), start=1):
        if cell != true:
            return f"column {column}: {cell[:80]!r} instead of {true[:80]!r} in row {row}"[:600]
    return f"row {row}"
