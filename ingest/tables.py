"""What reading a file gives: tables of text, kept in Arrow columns since files can be large."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa

from ingest.reasons import Reason

ROW_NUMBER = "_row_number"
METADATA_COLUMNS = ("_file", "_sheet", "_sha256", ROW_NUMBER, "_load_id", "_loaded_at")
CHUNK_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Reject:
    """A data row that could not be read, with its number in the file and its text."""

    row_number: int
    raw_text: str
    reason_de: str
    reason_en: str

    @property
    def reason(self) -> str:
        """The reason in German, the first language of whoever reads it."""
        return self.reason_de


@dataclass(frozen=True)
class Table:
    """One table of a file. Data rows found = `rows` + `rejects`.

    Attributes:
        name: the sheet, or the file where there are no sheets.
        cells: one text column per column of the file, and `_row_number` (int64): the row's number
            in the file counted from 1, as a spreadsheet program shows it.
        rejects: rows that could not be read.
        is_sheet: whether `name` is a sheet's.

    """

    name: str
    cells: pa.Table
    rejects: list[Reject]
    is_sheet: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns' names: those of the header, made unique."""
        return [name for name in self.cells.column_names if name != ROW_NUMBER]

    @cached_property
    def rows(self) -> list[list[str | None]]:
        """All rows as lists of text; an empty cell is None."""
        if not self.columns:
            return []
        columns = [self.cells.column(name).to_pylist() for name in self.columns]
        return [list(row) for row in zip(*columns, strict=True)]

    @cached_property
    def row_numbers(self) -> list[int]:
        """Each row's number in the file, counted from 1."""
        numbers: list[int] = self.cells.column(ROW_NUMBER).to_pylist()
        return numbers

    @property
    def row_count(self) -> int:
        """Number of rows without rejects."""
        count: int = self.cells.num_rows
        return count


@dataclass
class TableBuilder:
    """Collects a table row by row in compact form.

    `header` has a cell per column, None where the column has no name. A nameless column is called
    by its position, and left out if it holds nothing: trailing delimiters and formatted but empty
    cells make such.
    """

    name: str
    header: Sequence[str | None]
    is_sheet: bool = False
    rejects: list[Reject] = field(default_factory=list)
    _rows: list[Sequence[str | None]] = field(default_factory=list)
    _numbers: list[int] = field(default_factory=list)
    _batches: list[pa.RecordBatch] = field(default_factory=list)

    def __post_init__(self) -> None:
        fields = [pa.field(name, pa.string()) for name in unique_names(self.header)]
        self._schema = pa.schema([*fields, pa.field(ROW_NUMBER, pa.int64())])

    def add(self, row_number: int, cells: Sequence[str | None]) -> None:
        """Add a row with exactly one cell per column; an empty cell becomes None."""
        self._rows.append(cells)
        self._numbers.append(row_number)
        if len(self._rows) >= CHUNK_ROWS:
            self._flush()

    def reject(self, row_number: int, raw_text: str, reason: Reason) -> None:
        """Note a row that cannot be read."""
        self.rejects.append(Reject(row_number, raw_text, reason.de, reason.en))

    def finish(self) -> Table:
        """Return the table of all rows added."""
        self._flush()
        cells = pa.Table.from_batches(self._batches, schema=self._schema)
        for name, title in zip(cells.column_names, self.header, strict=False):
            if not (title or "").strip() and cells.column(name).null_count == cells.num_rows:
                cells = cells.drop_columns(name)
        return Table(self.name, cells, self.rejects, self.is_sheet)

    def _flush(self) -> None:
        columns: Iterable[Iterable[str | None]] = zip(*self._rows, strict=True)
        arrays = [pa.array([cell or None for cell in cells], pa.string()) for cells in columns]
        if self._rows:
            arrays.append(pa.array(self._numbers, pa.int64()))
            self._batches.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._rows, self._numbers = [], []


def unique_names(cells: Sequence[str | None]) -> list[str]:
    """Turn a header row into column names: single spaces, NFC, none empty, none twice.

    Names that differ only in case count as the same, as they do in SQL; the names of our own
    metadata columns are taken. A name met again gets its position as a suffix.
    """
    names: list[str] = []
    taken = set(METADATA_COLUMNS)
    for position, cell in enumerate(cells, start=1):
        base = clean_name(cell or "") or f"column_{position}"
        name = base
        while name.casefold() in taken:
            name = f"{base}_{position}" if name == base else f"{name}_"
        taken.add(name.casefold())
        names.append(name)
    return names


def clean_name(text: str) -> str:
    """Return a column's name with single spaces and composed letters, as people see it."""
    return " ".join(unicodedata.normalize("NFC", text).split())
