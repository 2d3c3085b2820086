"""How the reading process hands over what it read: Arrow files and a list of them in a folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from ingest.reading import refusals
from ingest.reading.hygiene import Hygiene, clean_text
from ingest.reading.refusals import Reason, UnreadableFile
from ingest.reading.tables import (
    REJECT_SCHEMA,
    ROW_NUMBER,
    ArrowFile,
    Table,
    repeated_names,
    unique_names,
)

TABLES = "tables.json"
REFUSAL = "refusal.json"
CHUNK_ROWS = 20_000
# Titles of groups have rows below them. Where more than this share of the rows that fill their
# first column only follow upon another such, or more than half of all are such, rows are sparse.
PAIRED_SHARE, LONE_SHARE = 0.2, 0.5


class Handover:
    """The folder into which one file's tables are written while they are read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._builders: list[TableBuilder] = []

    def table(
        self, name: str, header: Sequence[str | None], *, is_sheet: bool = False
    ) -> TableBuilder:
        """Begin a table; `header` has a cell per column, None where a column has no name."""
        stem = self._folder / str(len(self._builders))
        builder = TableBuilder(stem, name, header, is_sheet)
        self._builders.append(builder)
        return builder

    @property
    def is_empty(self) -> bool:
        """Whether no table has been begun."""
        return not self._builders

    def note(self, reason: Reason) -> None:
        """Tell something about the whole file: it stands with each of its tables."""
        for builder in self._builders:
            builder.note(reason)

    def finish(self) -> None:
        """Close all tables and list them; only then can they be collected."""
        index = [builder.finish() for builder in self._builders]
        (self._folder / TABLES).write_text(json.dumps(index), encoding="utf-8")

    def refuse(self, reason: Reason) -> None:
        """Leave word why the file cannot be read."""
        text = json.dumps(astuple(reason))
        (self._folder / REFUSAL).write_text(text, encoding="utf-8")


class TableBuilder:
    """Writes a table to disk row by row or batch by batch.

    A nameless column is called by its position, and left out if it holds nothing: trailing
    delimiters and formatted but empty cells make such.
    """

    def __init__(self, stem: Path, name: str, header: Sequence[str | None], is_sheet: bool) -> None:
        self.name = name
        self.header = list(header)
        self._is_sheet = is_sheet
        self._notes: list[Reason] = []
        self.group_names: list[str] = []  # of the columns in which blank cells mean "as above"
        self.filled_rows = 0  # whose blank cells were filled for that
        self._lone_rows = self._paired_rows = 0  # that fill the first column only; two in a row
        self._was_lone = False
        self.modified_at: datetime | None = None  # see Table
        self._clean_header = [clean_text(cell) if cell else cell for cell in self.header]
        names = unique_names(self._clean_header)
        texts = [pa.field(name, pa.string()) for name in names]
        self._hygiene = Hygiene(names)
        self._cells = _Writer(
            stem.with_suffix(".cells"),
            [*texts, pa.field(ROW_NUMBER, pa.int64())],
            self._hygiene,
        )
        self._rejects = _Writer(stem.with_suffix(".rejects"), REJECT_SCHEMA)
        nameless = (not (cell or "").strip() for cell in header)
        self._empty = {n for n, is_nameless in enumerate(nameless) if is_nameless}

    def add(self, row_number: int, cells: Sequence[str | None]) -> None:
        """Add a row with exactly one cell per column; an empty cell becomes None."""
        self._cells.add((*cells, row_number))
        if self._empty:
            self._empty -= {position for position in self._empty if cells[position]}

    def add_columns(self, columns: Sequence[pa.Array], first_row_number: int) -> None:
        """Add rows without a gap in their numbers: one text array per column, nulls for empty."""
        import pyarrow.compute as pc  # see Layout: not for small files

        numbers = pc.cumulative_sum(pa.repeat(1, len(columns[0])), start=first_row_number - 1)
        self._cells.write([*columns, numbers])
        self._empty -= {n for n in self._empty if columns[n].null_count < len(columns[n])}

    def count_lone(self, is_lone: Sequence[bool]) -> None:
        """Count which of the rows added next fill their first column only."""
        if any(is_lone):
            self._lone_rows += sum(is_lone)
            before = [self._was_lone, *is_lone[:-1]]
            self._paired_rows += sum(map(min, before, is_lone))
        self._was_lone = is_lone[-1]

    def reject(self, row_number: int, raw_text: str, reason: Reason) -> None:
        """Put aside a row that cannot be taken, with its text in the file."""
        self._rejects.add((row_number, raw_text, reason.de, reason.en))

    def note(self, reason: Reason) -> None:
        """Tell something about the table that a person should check."""
        if reason not in self._notes:
            self._notes.append(reason)

    def finish(self) -> dict[str, object]:
        """Close the files and return the table's entry in the list of tables."""
        self._cells.close()
        self._rejects.close()
        for note in self._hygiene.notes():
            self.note(note)
        if (
            0 < self._lone_rows <= LONE_SHARE * self._cells.row_count
            and self._paired_rows <= PAIRED_SHARE * self._lone_rows
        ):
            self.note(refusals.lone_rows(self._lone_rows))
        if self.filled_rows:
            self.note(refusals.filled_groups(self.filled_rows, self.group_names))
        return {
            "name": self.name,
            "columns": [
                name for n, name in enumerate(self._cells.names[:-1]) if n not in self._empty
            ],
            "row_count": self._cells.row_count,
            "reject_count": self._rejects.row_count,
            "notes": [astuple(note) for note in self._notes],
            "repeated": repeated_names(self._clean_header),
            "is_sheet": self._is_sheet,
            "modified_at": self.modified_at.isoformat() if self.modified_at else None,
        }


class _Writer:
    """Collects rows and writes them to an Arrow file in batches.

    With `hygiene` the last column holds the rows' numbers, and the others are cleaned by it.
    """

    def __init__(
        self, path: Path, fields: pa.Schema | list[pa.Field], hygiene: Hygiene | None = None
    ) -> None:
        self._hygiene = hygiene
        self._schema = pa.schema(fields)
        # Compressed, since the folder for temporary files is memory on some machines.
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self._file = pa.ipc.new_file(str(path), self._schema, options=options)
        self._rows: list[tuple[str | int | None, ...]] = []
        self.names: list[str] = self._schema.names
        self.row_count = 0

    def add(self, row: tuple[str | int | None, ...]) -> None:
        self._rows.append(row)
        if len(self._rows) >= CHUNK_ROWS:
            self._flush()

    def write(self, columns: Sequence[pa.Array]) -> None:
        self._flush()
        if self._hygiene:
            *texts, numbers = columns
            columns = [*self._hygiene.clean(texts, numbers), numbers]
        batch = pa.RecordBatch.from_arrays(list(columns), schema=self._schema)
        self._file.write_batch(batch)
        self.row_count += batch.num_rows

    def close(self) -> None:
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            columns = zip(*rows, strict=True)
            self.write(
                [
                    # An empty text is no value; 0 is one.
                    pa.array([None if cell == "" else cell for cell in cells], field.type)
                    for cells, field in zip(columns, self._schema, strict=True)
                ]
            )


def collect(folder: Path) -> list[Table]:
    """Take over what was handed over; the folder may be deleted afterwards.

    Raises:
        UnreadableFile: a refusal was left.

    """
    refusal = folder / REFUSAL
    if refusal.exists():
        raise UnreadableFile(Reason(*json.loads(refusal.read_text(encoding="utf-8"))))
    entries = json.loads((folder / TABLES).read_text(encoding="utf-8"))
    return [
        Table(
            entry["name"],
            entry["row_count"],
            entry["reject_count"],
            [Reason(*note) for note in entry["notes"]],
            entry["repeated"],
            entry["is_sheet"],
            ArrowFile(folder / f"{number}.cells", [*entry["columns"], ROW_NUMBER]),
            ArrowFile(folder / f"{number}.rejects", REJECT_SCHEMA.names),
            datetime.fromisoformat(entry["modified_at"]) if entry["modified_at"] else None,
        )
        for number, entry in enumerate(entries)
    ]
