"""Writing tables of text into `raw.<source>` and `ops.quarantine`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from ingest import expressions, reasons
from ingest.expressions import columns_of, identifier, literal
from ingest.reasons import Reason
from ingest.sources import Source
from ingest.tables import METADATA_COLUMNS, ROW_NUMBER, Table


class RowsLostError(Exception):
    """The rows loaded and in quarantine are not all rows of the file: undo the load."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from and when."""

    file: str
    sha256: str
    load_id: str
    loaded_at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows of a table went where."""

    sheet: str | None
    rows_loaded: int
    rows_quarantined: int


def write_source(
    connection: duckdb.DuckDBPyConnection, source: Source, tables: list[Table], origin: Origin
) -> list[Written]:
    """Replace what the file gave before (for a snapshot: what any file gave) by these tables.

    The caller holds the transaction.

    Raises:
        RowsLostError: rows found are not rows loaded plus rows in quarantine.

    """
    target = f"raw.{identifier(source.name)}"
    connection.execute(
        f"create table if not exists {target} (_file varchar, _sheet varchar, _sha256 varchar,"
        f" _row_number bigint, _load_id varchar, _loaded_at timestamp)"
    )
    if source.kind == "snapshot":
        connection.execute(f"delete from {target}")
        connection.execute("delete from ops.quarantine where source = ?", [source.name])
    else:
        connection.execute(f"delete from {target} where _file = ?", [origin.file])
        connection.execute(
            "delete from ops.quarantine where source = ? and file = ?", [source.name, origin.file]
        )
    return [_write_table(connection, source, table, origin, target) for table in tables]


def _write_table(
    connection: duckdb.DuckDBPyConnection, source: Source, table: Table, origin: Origin, target: str
) -> Written:
    _add_columns(connection, target, table.columns)
    sheet = table.name if table.is_sheet else None
    names = ", ".join(identifier(name) for name in (*table.columns, *METADATA_COLUMNS))
    texts = ", ".join(f"coalesce({identifier(name)}, '')" for name in table.columns)
    loadable = expressions.loadable(source, columns_of(table.columns))
    key = dict.fromkeys(name for mapping in source.maps.values() for name in mapping.key)
    reason = reasons.missing_key(", ".join(key))
    rows = f"""
        select *, {literal(origin.file)} as _file, {literal(sheet) if sheet else "null"} as _sheet,
            {literal(origin.sha256)} as _sha256, {literal(origin.load_id)} as _load_id,
            timestamp '{origin.loaded_at}' as _loaded_at
        from incoming"""
    connection.register("incoming", table.batches().read_all())
    connection.execute(
        f"insert into {target} ({names}) select {names} from ({rows}) where {loadable}"
    )
    connection.execute(
        f"insert into ops.quarantine select _load_id, {literal(source.name)}, _file, _sheet,"
        f" {ROW_NUMBER}, concat_ws(';', {texts}), {literal(reason.de)}, {literal(reason.en)},"
        f" _loaded_at from ({rows}) where not {loadable}"
    )
    connection.unregister("incoming")
    _quarantine_rejects(connection, source, table, origin)
    return _checked(connection, table, origin, target)


def _add_columns(connection: duckdb.DuckDBPyConnection, target: str, columns: list[str]) -> None:
    """Add the columns that no earlier file had; names that differ in case only are the same."""
    described = connection.execute(f"describe {target}").fetchall()
    known = {str(row[0]).casefold() for row in described}
    for name in columns:
        if name.casefold() not in known:
            connection.execute(f"alter table {target} add column {identifier(name)} varchar")


def _quarantine_rejects(
    connection: duckdb.DuckDBPyConnection, source: Source, table: Table, origin: Origin
) -> None:
    sheet = table.name if table.is_sheet else None
    rejects = pa.Table.from_pylist(
        [
            {
                "load_id": origin.load_id,
                "source": source.name,
                "file": origin.file,
                "sheet": sheet,
                "row_number": reject.row_number,
                "raw_text": reject.raw_text,
                "reason_de": reject.reason_de,
                "reason_en": reject.reason_en,
                "quarantined_at": origin.loaded_at,
            }
            for reject in table.rejects
        ]
    )
    if rejects.num_rows:
        connection.register("rejects", rejects)
        connection.execute("insert into ops.quarantine by name select * from rejects")
        connection.unregister("rejects")


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
    found = table.row_count + len(table.rejects)
    if found != loaded + quarantined:
        raise RowsLostError(reasons.rows_lost(found, loaded, quarantined))
    return Written(sheet, loaded, quarantined)
