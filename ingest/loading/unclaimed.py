"""Files that no source in `sources.yml` wants: what they are, so that a person knows what to do."""

from __future__ import annotations

from typing import Final

import duckdb

from ingest.loading.inbox import InboxFile, KnownFile
from ingest.reading.file import read_file
from ingest.reading.refusals import Reason, UnreadableFile
from ingest.reading.tables import Table

SHOWN_COLUMNS: Final = 5


def why_unclaimed(
    connection: duckdb.DuckDBPyConnection, file: InboxFile, known: KnownFile | None
) -> Reason:
    """Say what a file holds, or why it can never be loaded: a photo needs no source.

    A file is read once for it; as long as it stays the same, so does the reason.
    """
    if known and known.sha256 == file.sha256 and (said := _said_before(connection, file)):
        return said
    try:
        return _no_source(read_file(file.path))
    except UnreadableFile as error:
        return error.reason


def _said_before(connection: duckdb.DuckDBPyConnection, file: InboxFile) -> Reason | None:
    found = connection.execute(
        "select reason_de, reason_en from ops.loads where source is null and status = 'failed'"
        " and file = ? and sha256 = ? and reason_de is not null order by loaded_at desc limit 1",
        [file.name, file.sha256],
    ).fetchone()
    return Reason(*found) if found else None


def _no_source(tables: list[Table]) -> Reason:
    rows = sum(table.row_count for table in tables)
    columns = list(dict.fromkeys(name for table in tables for name in table.columns))
    shown = ", ".join(columns[:SHOWN_COLUMNS]) + (" …" if len(columns) > SHOWN_COLUMNS else "")
    return Reason(
        f"Lesbar ({'1 Zeile' if rows == 1 else f'{rows} Zeilen'}: {shown}), aber keine Quelle in"
        " sources.yml passt zu diesem Dateinamen. Bitte dort eine Quelle eintragen, einen Vorschlag"
        " macht `reifegrad sources suggest`; oder die Datei umbenennen.",
        f"Readable ({'1 row' if rows == 1 else f'{rows} rows'}: {shown}), but no source in"
        " sources.yml matches this file name. Please add a source, `reifegrad sources suggest`"
        " proposes one; or rename the file.",
    )
