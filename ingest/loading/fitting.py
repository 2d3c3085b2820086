"""Which tables of a file a source takes, with notices about them, or why none can be taken."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from ingest.loading import notices
from ingest.loading.column_changes import changed_columns
from ingest.mapping.expressions import columns_of, missing_columns
from ingest.mapping.references import untied
from ingest.mapping.sources import Source
from ingest.reading import refusals
from ingest.reading.refusals import Reason
from ingest.reading.tables import Table


@dataclass(frozen=True, slots=True)
class Fit:
    """Which tables of a file a source takes, with the notices about each."""

    taken: list[tuple[Table, list[Reason]]]
    others: list[Table]
    refusal: Reason | None = None

    @property
    def notes(self) -> list[Reason]:
        """All notices, each once."""
        return list(dict.fromkeys(note for _, notes in self.taken for note in notes))


def fit_tables(
    connection: duckdb.DuckDBPyConnection, source: Source, file: str, tables: list[Table]
) -> Fit:
    """Part the tables into those of the source and sheets of another kind.

    A sheet with only some of the mapped columns is damaged: then nothing of the file is loaded,
    else half of it would replace the whole. The refusal says so.
    """
    wanted = [table for table in tables if not table.is_sheet or source.wants_sheet(table.name)]
    if not wanted:
        names = [table.name for table in tables]
        return Fit([], [], refusals.missing_sheet(source.name, source.sheet or "*", names))
    missing = {id(table): missing_columns(source, columns_of(table.columns)) for table in wanted}
    others = [table for table in wanted if len(missing[id(table)]) == len(source.file_columns)]
    if not source.file_columns or len(others) == len(wanted):
        others = []
    own = [table for table in wanted if table not in others]
    taken = [(table, _notes(connection, source, file, table)) for table in own]
    for table in own:
        if missing[id(table)]:
            reason = refusals.missing_columns(source.name, missing[id(table)], table.columns)
            return Fit(taken, others, reason)
        if mapped := _mapped(source, table.repeated):
            return Fit(taken, others, notices.repeated(source.name, mapped, is_mapped=True))
    return Fit(taken, others)


def _notes(
    connection: duckdb.DuckDBPyConnection, source: Source, file: str, table: Table
) -> list[Reason]:
    """Return the notices about a table, whether it can be loaded or not."""
    notes = list(table.notes)
    if changed := changed_columns(connection, source, file, table):
        notes.append(changed)
    for mapping in source.maps.values():
        if mapping.used_twice:
            notes.append(notices.used_twice(source.name, mapping.used_twice))
    unmapped = _unmapped(source, table)
    notes += [missing.reason(unmapped) for missing in untied(source)]
    if table.repeated and not _mapped(source, table.repeated):
        notes.append(notices.repeated(source.name, table.repeated, is_mapped=False))
    return notes


def _unmapped(source: Source, table: Table) -> list[str]:
    read = {name.casefold() for name in source.file_columns}
    return [name for name in table.columns if name.casefold() not in read]


def _mapped(source: Source, repeated: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return those of a header's repeated names that the source's mappings read."""
    read = {name.casefold() for name in source.file_columns}
    return {
        name: others
        for name, others in repeated.items()
        if read & {name.casefold(), *(other.casefold() for other in others)}
    }
