"""Writing tables of text into `raw.<source>` and `ops.quarantine`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from ingest.loading.versions import Version, utc, version_of
from ingest.mapping import expressions
from ingest.mapping.expressions import columns_of, identifier, literal
from ingest.mapping.sources import Source
from ingest.mapping.views import raw_tables
from ingest.reading import refusals
from ingest.reading.refusals import Reason
from ingest.reading.tables import METADATA_COLUMNS, ROW_NUMBER, Table

METADATA = dict.fromkeys(METADATA_COLUMNS, "varchar") | {
    ROW_NUMBER: "bigint",
    "_loaded_at": "timestamp",
    "_version_at": "timestamp",
    "_modified_at": "timestamp",
}

INCOMING = "raw._incoming"  # as no source can be called
PIECE_BYTES = 96 << 20


class RowsLostError(Exception):
    """The rows loaded and in quarantine are not all rows of the file: undo the load."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from, and when they were loaded and the file last written (UTC).

    `timezone`: that of times which name none, as in archives.
    """

    file: str
    sha256: str
    load_id: str
    loaded_at: datetime
    modified_at: datetime
    timezone: str

    def version_of(self, table: Table) -> Version:
        """Tell from when the rows of a table are, by its own name and time or the file's."""
        is_packed = table.modified_at is not None
        return version_of(
            self.file,
            self.modified_at,
            table.name if table.is_sheet or is_packed else None,
            utc(table.modified_at, self.timezone) if table.modified_at else None,
        )


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows of a table went where."""

    table: Table
    rows_loaded: int
    rows_quarantined: int


def complete_versions(connection: duckdb.DuckDBPyConnection) -> None:
    """Add from when rows are, where an earlier release did not keep it with them; once.

    The caller holds the transaction.
    """
    for name, columns in raw_tables(connection).items():
        if "_load_id" not in columns or "_version_at" in columns:
            continue
        table = f"raw.{identifier(name)}"
        for column in ("_version_at", "_modified_at"):
            connection.execute(f"alter table {table} add column {column} timestamp")
        parts = connection.execute(
            "select distinct _load_id, _sheet, _file, coalesce(written_at, _loaded_at)"
            f" from {table} left join (select load_id as _load_id, written_at from"
            " ops.source_files where source = ?) using (_load_id)",
            [name],
        ).fetchall()
        for load_id, sheet, file, written_at in parts:
            version = version_of(file, written_at, sheet)
            connection.execute(
                f"update {table} set _version_at = ?, _modified_at = ?"
                " where _load_id = ? and _sheet is not distinct from ?",
                [version.at, version.modified_at, load_id, sheet],
            )


def write_source(
    connection: duckdb.DuckDBPyConnection, source: Source, tables: list[Table], origin: Origin
) -> tuple[str, list[Written]]:
    """Write what a file gives beside what is in force; `replace_rows` or `take_back` must follow.

    The caller holds the transaction.

    Returns:
        The table that holds the rows, and how many went where.

    Raises:
        RowsLostError: rows found are not rows loaded plus rows in quarantine.

    """
    # A snapshot mostly replaces all: a table of its own is dropped and renamed, while rows deleted
    # one by one would be read and keep their space for a while.
    target = INCOMING if source.kind == "snapshot" else f"raw.{source.name}"
    columns = ", ".join(f"{name} {type_}" for name, type_ in METADATA.items())
    connection.execute(f"create table if not exists {target} ({columns})")
    _add_columns(connection, target, [name for table in tables for name in table.columns])
    return target, [_write_table(connection, source, table, origin, target) for table in tables]


def replace_rows(
    connection: duckdb.DuckDBPyConnection, source: Source, replaced: list[str]
) -> None:
    """Put what was written in force, in place of the rows and the quarantine of earlier loads."""
    target = f"raw.{source.name}"  # plain letters, says sources.yml's check
    if source.kind == "events":
        _delete(connection, target, replaced)
    elif _keeps_rows(connection, source, replaced):
        _delete(connection, target, replaced)
        described = connection.execute(f"describe {INCOMING}").fetchall()
        _add_columns(connection, target, [row[0] for row in described])
        connection.execute(f"insert into {target} by name from {INCOMING}")
        connection.execute(f"drop table {INCOMING}")
    else:
        connection.execute(f"drop table if exists {target}")
        connection.execute(f"alter table {INCOMING} rename to {source.name}")
    connection.execute(
        "delete from ops.quarantine where source = ? and list_contains(?, load_id)",
        [source.name, replaced],
    )


def take_back(connection: duckdb.DuckDBPyConnection, source: Source, origin: Origin) -> None:
    """Undo what was written."""
    if source.kind == "snapshot":
        connection.execute(f"drop table {INCOMING}")
    else:
        _delete(connection, f"raw.{source.name}", [origin.load_id])
    connection.execute(
        "delete from ops.quarantine where source = ? and load_id = ?",
        [source.name, origin.load_id],
    )


def _keeps_rows(connection: duckdb.DuckDBPyConnection, source: Source, replaced: list[str]) -> bool:
    """Whether rows of other loads than the replaced ones stay."""
    if source.name not in raw_tables(connection):
        return False
    query = f"select 1 from raw.{source.name} where not list_contains(?, _load_id) limit 1"
    return connection.execute(query, [replaced]).fetchone() is not None


def _delete(connection: duckdb.DuckDBPyConnection, table: str, load_ids: list[str]) -> None:
    if load_ids:
        connection.execute(f"delete from {table} where list_contains(?, _load_id)", [load_ids])


def _add_columns(connection: duckdb.DuckDBPyConnection, target: str, names: list[str]) -> None:
    """Add the columns that no earlier file had; names that differ in case only are the same."""
    described = connection.execute(f"describe {target}").fetchall()
    known = {str(row[0]).casefold() for row in described}
    for name in names:
        if name.casefold() not in known:
            connection.execute(f"alter table {target} add column {identifier(name)} varchar")
            known.add(name.casefold())


def _write_table(
    connection: duckdb.DuckDBPyConnection, source: Source, table: Table, origin: Origin, target: str
) -> Written:
    version = origin.version_of(table)
    constants = {
        "_file": literal(origin.file),
        "_sheet": literal(table.name) if table.is_sheet else "null",
        "_sha256": literal(origin.sha256),
        ROW_NUMBER: ROW_NUMBER,
        "_load_id": literal(origin.load_id),
        "_loaded_at": f"timestamp '{origin.loaded_at}'",
        "_version_at": f"timestamp '{version.at}'",
        "_modified_at": f"timestamp '{version.modified_at}'",
    }
    values = constants | {name.casefold(): identifier(name) for name in table.columns}
    _insert(connection, table.batches(), target, values)
    _quarantine_keyless(connection, source, table, origin, target)
    _quarantine_rejects(connection, source, table, origin)
    return _checked(connection, table, origin, target)


def _quarantine_keyless(
    connection: duckdb.DuckDBPyConnection, source: Source, table: Table, origin: Origin, target: str
) -> None:
    """Move the rows that should feed an entity and feed none from raw to quarantine.

    They are moved afterwards, so that the file is read once and the warehouse's columns decide.
    """
    loadable = expressions.loadable(source, columns_of(table.columns))
    if loadable == "true" or _all_surely_feed(connection, source, table, origin, target):
        return
    sheet = literal(table.name) if table.is_sheet else "null"
    keyless = (
        f"_load_id = {literal(origin.load_id)} and _sheet is not distinct from {sheet}"
        f" and not {loadable}"
    )
    texts = ", ".join(f"coalesce({identifier(name)}, '')" for name in table.columns)
    key = dict.fromkeys(name for mapping in source.maps.values() for name in mapping.key)
    reason = refusals.missing_key(", ".join(key))
    moved = connection.execute(
        f"insert into ops.quarantine select _load_id, {literal(source.name)}, _file, _sheet,"
        f" {ROW_NUMBER}, concat_ws(';', {texts}), {literal(reason.de)}, {literal(reason.en)},"
        f" _loaded_at from {target} where {keyless}"
    ).fetchone()
    if moved and moved[0]:
        connection.execute(f"delete from {target} where {keyless}")


def _all_surely_feed(
    connection: duckdb.DuckDBPyConnection, source: Source, table: Table, origin: Origin, target: str
) -> bool:
    """Whether a mapping takes every row and its keys are all filled, as far as a quick look tells.

    A cell that begins with a visible ASCII character is filled. Whether a load has others is mostly
    answered by the least and greatest text that DuckDB keeps of each piece of a column, unread.
    """
    columns = columns_of(table.columns)
    load = f"_load_id = {literal(origin.load_id)}"

    def is_surely_filled(name: str) -> bool:
        quoted = columns.get(name.casefold())
        if quoted is None or name.casefold() == ROW_NUMBER:
            return quoted is not None
        doubts = (f"{quoted} < '!'", f"{quoted} > '~'", f"{quoted} is null")
        found = " or ".join(
            f"exists (select 1 from {target} where {load} and {doubt})" for doubt in doubts
        )
        return connection.execute(f"select {found}").fetchone() == (False,)

    taking_all = (mapping.key for mapping in source.maps.values() if mapping.where is None)
    return any(key and all(map(is_surely_filled, key)) for key in taking_all)


def _quarantine_rejects(
    connection: duckdb.DuckDBPyConnection, source: Source, table: Table, origin: Origin
) -> None:
    if not table.reject_count:
        return
    values = {name: name for name in ("row_number", "raw_text", "reason_de", "reason_en")} | {
        "load_id": literal(origin.load_id),
        "source": literal(source.name),
        "file": literal(origin.file),
        "sheet": literal(table.name) if table.is_sheet else "null",
        "quarantined_at": f"timestamp '{origin.loaded_at}'",
    }
    _insert(connection, table.rejected(), "ops.quarantine", values)


def _insert(
    connection: duckdb.DuckDBPyConnection,
    batches: pa.RecordBatchReader,
    target: str,
    values: dict[str, str],
) -> None:
    """Append batches; `values` has an SQL expression per column, by its name in small letters.

    Piece by piece, because a statement keeps all its input in memory; and as relations, because a
    registered name keeps it until the transaction ends.
    """
    described = connection.execute(f"describe {target}").fetchall()
    selected = ", ".join(values.get(str(row[0]).casefold(), "null") for row in described)
    for piece in _pieces(batches):
        connection.from_arrow(piece).project(selected).insert_into(target)


def _pieces(batches: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Combine batches into larger tables: small ones leave small row groups that must be merged."""
    waiting: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        waiting.append(batch)
        size += batch.nbytes
        if size >= PIECE_BYTES:
            yield pa.Table.from_batches(waiting)
            waiting, size = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)


def _checked(
    connection: duckdb.DuckDBPyConnection, table: Table, origin: Origin, target: str
) -> Written:
    """Count what arrived in the tables, not what was sent there."""
    sheet = table.name if table.is_sheet else None
    counted = connection.execute(
        f"select (select count(*) from {target} where _load_id = $id and _sheet is not distinct"
        " from $sheet), (select count(*) from ops.quarantine where load_id = $id and"
        " sheet is not distinct from $sheet)",
        {"id": origin.load_id, "sheet": sheet},
    ).fetchone()
    loaded, quarantined = counted or (0, 0)
    found = table.row_count + table.reject_count
    if found != loaded + quarantined:
        raise RowsLostError(refusals.rows_lost(found, loaded, quarantined))
    return Written(table, loaded, quarantined)
