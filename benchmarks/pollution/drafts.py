"""A file as a polluter sees it: lines that know what they should come back as.

A `Draft` starts as a clean table; damages change it and the truth together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from openpyxl.worksheet.worksheet import Worksheet

from benchmarks.pollution.tables import CleanTable

Cells = tuple[str, ...]
Role = Literal["header", "row", "junk", "blank"]


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
        splits = any(mark in cell for mark in (self.delimiter, "\n", "\r"))
        if self.quoting == "none":
            if splits or cell.startswith(self.quote):
                raise NotApplicableError
            return cell
        is_number = re.fullmatch(r"-?[\d.,]*", cell) is not None
        is_plain = self.quoting == "minimal" or (self.quoting == "text" and is_number)
        if is_plain and not splits and self.quote not in cell:
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
    `finishes` are done to the sheet in the end if the draft is written as a workbook.
    """

    lines: list[Line]
    names: list[list[str | None]]
    dialect: Dialect
    rng: Random = field(default_factory=Random)
    encoding: str = "utf-8"
    mark: bytes = b""
    ending: bytes = b""
    has_final_newline: bool = True
    is_padded: bool = False
    may_prefix_names: bool = False
    may_be_refused: bool = False
    finishes: list[Callable[[Worksheet], object]] = field(default_factory=list)

    @classmethod
    def of(cls, table: CleanTable) -> Draft:
        """Start from a clean table."""
        header = Line("header", list(table.header))
        rows = [Line("row", list(row), expected=[row]) for row in table.rows]
        names: list[str | None] = list(table.header)
        return cls([header, *rows], [names], Dialect(table.delimiter))

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
