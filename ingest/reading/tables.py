"""What reading a file gives: tables of text, in Arrow files since they can be large."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from ingest.reading.refusals import Reason

ROW_NUMBER = "_row_number"
METADATA_COLUMNS = (
    "_file", "_sheet", "_sha256", ROW_NUMBER,
    "_load_id", "_loaded_at", "_version_at", "_modified_at",
)  # fmt: skip


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


REJECT_SCHEMA = pa.schema(
    [
        pa.field("row_number", pa.int64()),
        pa.field("raw_text", pa.string()),
        pa.field("reason_de", pa.string()),
        pa.field("reason_en", pa.string()),
    ]
)


class ArrowFile:
    """Record batches in an Arrow file, to be read as often as wanted, a batch at a time.

    The file is held open, so it may be deleted: its space is given back with this object.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._file = pa.OSFile(str(path))
        self._columns = list(columns)

    @property
    def columns(self) -> list[str]:
        """The names of the columns that are read; there may be more in the file."""
        return self._columns

    def batches(self) -> pa.RecordBatchReader:
        """Return a new reader from the first batch on."""
        self._file.seek(0)
        file = pa.ipc.open_file(self._file)
        schema = pa.schema([file.schema.field(name) for name in self._columns])
        batches = (
            file.get_batch(number).select(self._columns)
            for number in range(file.num_record_batches)
        )
        return pa.RecordBatchReader.from_batches(schema, batches)


@dataclass(frozen=True)
class Table:
    """One table of a file. Data rows found = `rows` + `rejects`.

    Large tables are best read by `batches()` and `rejected()`; `rows` and `rejects` hold all of
    them as Python objects.

    Attributes:
        name: the sheet, or the file where there are no sheets.
        row_count: number of rows without rejects.
        reject_count: number of rows that could not be read.
        notes: uncertain decisions and rows left aside, for a person to check.
        repeated: the names that the header has more than once, each with what the others of that
            name are called here; a mapping that reads one of them is ambiguous.
        is_sheet: whether `name` names a part of the file: a sheet of a workbook, or one of
            several tables in a text file (the first of which has the file's name).
        modified_at: when the file in an archive that holds the table was last written, as the
            archive says: without a zone that of whoever packed it. None where nothing says so.

    """

    name: str
    row_count: int
    reject_count: int
    notes: list[Reason]
    repeated: dict[str, list[str]]
    is_sheet: bool
    stored_cells: ArrowFile
    stored_rejects: ArrowFile
    modified_at: datetime | None = None

    @property
    def columns(self) -> list[str]:
        """The columns' names: those of the header, made unique."""
        return [name for name in self.stored_cells.columns if name != ROW_NUMBER]

    def batches(self) -> pa.RecordBatchReader:
        """Return the rows: a text column per column of the file, and `_row_number` (int64).

        The number is the row's in the file counted from 1, as a spreadsheet program shows it.
        """
        return self.stored_cells.batches()

    def rejected(self) -> pa.RecordBatchReader:
        """Return the rejects: row_number (int64), raw_text, reason_de, reason_en."""
        return self.stored_rejects.batches()

    @cached_property
    def rows(self) -> list[list[str | None]]:
        """All rows as lists of text; an empty cell is None."""
        columns = self.batches().read_all().select(self.columns).to_pydict().values()
        return [list(row) for row in zip(*columns, strict=True)]

    @cached_property
    def row_numbers(self) -> list[int]:
        """Each row's number in the file, counted from 1."""
        numbers: list[int] = self.batches().read_all().column(ROW_NUMBER).to_pylist()
        return numbers

    @cached_property
    def rejects(self) -> list[Reject]:
        """All rows that could not be read."""
        return [Reject(**reject) for reject in self.rejected().read_all().to_pylist()]


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


def repeated_names(cells: Sequence[str | None]) -> dict[str, list[str]]:
    """Return the names that a header row has more than once, with what `unique_names` made of them.

    >>> repeated_names(["Nr", "Telefon", "telefon", "Telefon_2"])
    {'Telefon': ['telefon_3']}
    """
    first: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    for cell, name in zip(cells, unique_names(cells), strict=True):
        base = clean_name(cell or "").casefold()
        if base in first:
            repeated.setdefault(first[base], []).append(name)
        elif base:
            first[base] = name
    return repeated


def clean_name(text: str) -> str:
    """Return a column's name with single spaces and composed letters, as people see it."""
    return " ".join(unicodedata.normalize("NFC", text).split())
