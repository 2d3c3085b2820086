"""The views `raw.<view>`: all sources of an entity in one, whatever their files call things."""

from __future__ import annotations

import hashlib
from dataclasses import astuple

import duckdb

from ingest import formats
from ingest.entities import Entity, load_entities
from ingest.expressions import (
    Columns,
    attributes,
    canonical,
    columns_of,
    feeds,
    identifier,
    literal,
    record_id,
    text_map,
)
from ingest.formats import ColumnFormat
from ingest.sources import EntityMapping, Source, Sources


def refresh_views(connection: duckdb.DuckDBPyConnection, sources: Sources) -> None:
    """Settle formats where files or mappings changed and write the view of every entity."""
    tables = {
        name: columns_of(columns)
        for name, columns in raw_tables(connection).items()
        if name in sources.sources
    }
    _forget_others(connection, tables)
    for name, columns in tables.items():
        _settle_formats(connection, sources.sources[name], columns)
    settled = _settled_formats(connection)
    for entity in load_entities().values():
        parts = [
            _part(source, entity, source.maps[entity.name], tables[source.name], settled)
            for source in sources.sources.values()
            if entity.name in source.maps and source.name in tables
        ]
        body = "\nunion all\n".join(parts or [_nothing(entity)])
        connection.execute(f"create or replace view raw.{identifier(entity.view)} as\n{body}")


def raw_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Return the columns of every table in `raw`."""
    rows = connection.execute(
        "select table_name, list(column_name order by column_index) from duckdb_columns()"
        " semi join duckdb_tables() using (database_name, schema_name, table_name)"
        " where database_name = current_database() and schema_name = 'raw' group by 1"
    ).fetchall()
    return dict(rows)


def _part(
    source: Source,
    entity: Entity,
    mapping: EntityMapping,
    columns: Columns,
    settled: dict[tuple[str, str], dict[str, str]],
) -> str:
    """Return the rows that one source gives to the entity."""
    found = settled.get((source.name, entity.name), {})
    selected = [
        f"{record_id(source, mapping, columns)} as record_id",
        f"{literal(source.name)} as source",
        "_file as file",
        "_row_number as row_number",
        "_load_id as load_id",
        "_loaded_at as loaded_at",
        f"{text_map((literal(name), literal(found[name])) for name in found)} as formats",
        f"{attributes(mapping, columns)} as attributes",
        *(
            f"{canonical(column, mapping.columns[name], columns)} as {identifier(name)}"
            if name in mapping.columns
            else f"cast(null as varchar) as {identifier(name)}"
            for name, column in entity.columns.items()
        ),
    ]
    listed = ",\n  ".join(selected)
    table = identifier(source.name)
    return f"select\n  {listed}\nfrom raw.{table}\nwhere {feeds(mapping, columns)}"


def _nothing(entity: Entity) -> str:
    types = {
        **dict.fromkeys(("record_id", "source", "file"), "varchar"),
        "row_number": "bigint",
        "load_id": "varchar",
        "loaded_at": "timestamp",
        **dict.fromkeys(("formats", "attributes"), "map(varchar, varchar)"),
        **dict.fromkeys(entity.columns, "varchar"),
    }
    listed = ", ".join(f"cast(null as {type_}) as {identifier(n)}" for n, type_ in types.items())
    return f"select {listed} where false"


def _settle_formats(
    connection: duckdb.DuckDBPyConnection, source: Source, columns: Columns
) -> None:
    fingerprint = _fingerprint(connection, source)
    known = connection.execute(
        "select distinct fingerprint from ops.column_formats where source = ?", [source.name]
    ).fetchall()
    if known == [(fingerprint,)]:
        return
    connection.execute("delete from ops.column_formats where source = ?", [source.name])
    is_typed = _is_typed(connection, source)
    for name, mapping in source.maps.items():
        for column, origin in mapping.columns.items():
            kind = load_entities()[name].columns[column].kind
            if kind not in {"number", "date", "timestamp"} or not origin.file_columns:
                continue
            text = canonical(load_entities()[name].columns[column], origin, columns)
            found = _settle(connection, source, kind, text, is_typed)
            values = [source.name, name, column, *astuple(found), fingerprint]
            connection.execute(
                "insert into ops.column_formats values (?, ?, ?, ?, ?, ?, ?, ?)", values
            )


def _settle(
    connection: duckdb.DuckDBPyConnection, source: Source, kind: str, text: str, is_typed: bool
) -> ColumnFormat:
    table = f"raw.{identifier(source.name)}"
    if kind == "number":
        evidence = formats.number_evidence(connection, table, text)
        return formats.number_format(evidence, source.locale, is_typed)
    return formats.date_format(formats.date_evidence(connection, table, text), source.locale)


def _fingerprint(connection: duckdb.DuckDBPyConnection, source: Source) -> str:
    """Return what changes whenever the source's rows or its mapping do."""
    loads = connection.execute(
        "select load_id from ops.source_files where source = ? order by 1", [source.name]
    ).fetchall()
    parts = [source.fingerprint, *(load_id for (load_id,) in loads)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _is_typed(connection: duckdb.DuckDBPyConnection, source: Source) -> bool:
    """Whether all rows come from sheets or JSON, whose numbers always have a point."""
    row = connection.execute(
        "select coalesce(bool_and(_sheet is not null or regexp_matches(_file, ?, 'i')), false)"
        f" from raw.{identifier(source.name)}",
        [r"\.(json|jsonl|ndjson)$"],
    ).fetchone()
    return bool(row and row[0])


def _settled_formats(
    connection: duckdb.DuckDBPyConnection,
) -> dict[tuple[str, str], dict[str, str]]:
    settled: dict[tuple[str, str], dict[str, str]] = {}
    rows = connection.execute(
        "select source, entity, column_name, format from ops.column_formats order by all"
    ).fetchall()
    for source, entity, column, format_ in rows:
        settled.setdefault((source, entity), {})[column] = format_
    return settled


def _forget_others(connection: duckdb.DuckDBPyConnection, tables: dict[str, Columns]) -> None:
    connection.execute(
        "delete from ops.column_formats where not list_contains(?, source)", [list(tables)]
    )
