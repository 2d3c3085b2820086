"""The views `raw.<view>`: one per entity, over all its sources, with canonical column names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import astuple

import duckdb

from config import Settings
from ingest.mapping import value_formats
from ingest.mapping.entities import CanonicalColumn, Entity, load_entities
from ingest.mapping.expressions import (
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
from ingest.mapping.sources import ColumnMapping, Source, Sources, load_sources
from ingest.mapping.value_formats import Counted, TypedKind
from warehouse import open_warehouse

# When a row was last changed, by the column that `changed` in sources.yml names.
CHANGED_AT = CanonicalColumn(name="changed_at", kind="timestamp")
VERSION_COLUMNS = frozenset({CHANGED_AT.name, "version_at", "modified_at"})


def refresh_views(
    connection: duckdb.DuckDBPyConnection, sources: Sources, of: Source | None = None
) -> None:
    """Decide formats and write the views of all entities, or of those that one source feeds."""
    tables = {
        name: _present(columns)
        for name, columns in raw_tables(connection).items()
        if name in sources.sources
    }
    if of is None:
        _forget_others(connection, tables)
    for name, columns in tables.items():
        if of is None or name == of.name:
            _settle_formats(connection, sources.sources[name], columns)
    settled = _settled_formats(connection)
    for entity in load_entities().values():
        if of is not None and entity.name not in of.maps:
            continue
        parts = [
            _part(sources, source, entity, tables[source.name], settled)
            for source in sources.sources.values()
            if entity.name in source.maps and source.name in tables
        ]
        body = "\nunion all\n".join(parts or [_nothing(entity)])
        connection.execute(f"create or replace view raw.{identifier(entity.view)} as\n{body}")


def renew_outdated_views(settings: Settings) -> bool:
    """Write the views anew if `entities.yml` knows a column or entity that they lack.

    That is the case after an upgrade, until the next ingest. Without any view nothing was ingested
    yet, and nothing is done.

    Returns:
        Whether they were written anew.

    Raises:
        ConfigurationError: `sources.yml` is wrong.

    """
    with open_warehouse(settings) as connection:
        rows = connection.execute(
            "select table_name, list(column_name) from duckdb_columns()"
            " where database_name = current_database() and schema_name = 'raw' and table_name in"
            " (select view_name from duckdb_views() where schema_name = 'raw') group by 1"
        ).fetchall()
        there: dict[str, list[str]] = dict(rows)
        is_outdated = any(
            (set(entity.columns) | VERSION_COLUMNS) - set(there.get(entity.view, ()))
            for entity in load_entities().values()
        )
        if not there or not is_outdated:
            return False
        sources = load_sources(settings)
        connection.begin()
        try:
            refresh_views(connection, sources)
        except BaseException:
            connection.rollback()
            raise
        connection.commit()
    return True


def raw_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Return the columns of every table in `raw`."""
    rows = connection.execute(
        "select table_name, list(column_name order by column_index) from duckdb_columns()"
        " semi join duckdb_tables() using (database_name, schema_name, table_name)"
        " where database_name = current_database() and schema_name = 'raw' group by 1"
    ).fetchall()
    return dict(rows)


def _part(
    sources: Sources,
    source: Source,
    entity: Entity,
    columns: Columns,
    settled: dict[tuple[str, str], dict[str, str]],
) -> str:
    """Return the rows that one source gives to the entity."""
    mapping = source.maps[entity.name]
    found = settled.get((source.name, entity.name), {})
    selected = [
        f"{record_id(source, mapping, columns)} as record_id",
        f"{literal(source.name)} as source",
        "_file as file",
        "_row_number as row_number",
        "_load_id as load_id",
        "_loaded_at as loaded_at",
        *_version(source, columns),
        f"{text_map((literal(name), literal(found[name])) for name in found)} as formats",
        f"{attributes(mapping, columns)} as attributes",
        *(
            f"{_filled(sources, column, mapping.columns[name], columns)} as {identifier(name)}"
            if name in mapping.columns
            else f"cast(null as varchar) as {identifier(name)}"
            for name, column in entity.columns.items()
        ),
    ]
    listed = ",\n  ".join(selected)
    table = identifier(source.name)
    return f"select\n  {listed}\nfrom raw.{table}\nwhere {feeds(mapping, columns)}"


def _filled(
    sources: Sources, column: CanonicalColumn, origin: ColumnMapping, columns: Columns
) -> str:
    return canonical(column, origin, columns, sources.key_form(origin, column.ref))


def _nothing(entity: Entity) -> str:
    types = {
        **dict.fromkeys(("record_id", "source", "file"), "varchar"),
        "row_number": "bigint",
        "load_id": "varchar",
        **dict.fromkeys(("loaded_at", "version_at", "modified_at"), "timestamp"),
        CHANGED_AT.name: "varchar",
        **dict.fromkeys(("formats", "attributes"), "map(varchar, varchar)"),
        **dict.fromkeys(entity.columns, "varchar"),
    }
    listed = ", ".join(f"cast(null as {type_}) as {identifier(n)}" for n, type_ in types.items())
    return f"select {listed} where false"


def _settle_formats(
    connection: duckdb.DuckDBPyConnection, source: Source, columns: Columns
) -> None:
    """Decide the formats of a source's columns from the evidence of all its loads in force."""
    loads = loads_in_force(connection, source)
    is_typed = all(is_typed for is_typed in loads.values())
    connection.execute("delete from ops.column_formats where source = ?", [source.name])
    connection.execute(
        "delete from ops.format_evidence where source = ? and not list_contains(?, load_id)",
        [source.name, list(loads)],
    )
    for entity in source.maps:
        for column, origin in typed_columns(source, entity):
            if column.kind not in {"number", "date", "timestamp"} or not origin.file_columns:
                continue
            kind: TypedKind = "number" if column.kind == "number" else "date"
            text = canonical(column, origin, columns)
            place = (source.name, entity, column.name)
            counted = _evidence(connection, place, kind, text, list(loads))
            values = value_formats.total(found.values for found in counted)
            if kind == "number":
                settled = value_formats.number_format(values, source.locale, is_typed)
            else:
                settled = value_formats.date_format(values, source.locale)
            example = min((found.example for found in counted if found.example), default=None)
            connection.execute(
                "insert into ops.column_formats (source, entity, column_name, format, is_ambiguous,"
                " values_for, values_against, example) values (?, ?, ?, ?, ?, ?, ?, ?)",
                [*place, *astuple(settled), example],
            )


def typed_columns(source: Source, entity: str) -> Iterator[tuple[CanonicalColumn, ColumnMapping]]:
    """Give the columns that a source fills for an entity, that of the last change among them."""
    for name, origin in source.maps[entity].columns.items():
        yield load_entities()[entity].columns[name], origin
    if source.changed:
        yield CHANGED_AT, ColumnMapping(column=source.changed)


def _present(names: list[str]) -> Columns:
    """Return the columns of a raw table; one of an earlier release lacks some, until the ingest."""
    there = {name.casefold() for name in names}
    return {name: quoted for name, quoted in columns_of(names).items() if name in there}


def _version(source: Source, columns: Columns) -> list[str]:
    """Return what tells from when a row is; of an earlier release we know when it was loaded."""
    changed = columns.get(str(source.changed).casefold(), "null") if source.changed else "null"
    return [
        f"{columns.get('_version_at', '_loaded_at')} as version_at",
        f"{columns.get('_modified_at', '_loaded_at')} as modified_at",
        f"cast({changed} as varchar) as {CHANGED_AT.name}",
    ]


def _evidence(
    connection: duckdb.DuckDBPyConnection,
    place: tuple[str, str, str],
    kind: TypedKind,
    text: str,
    load_ids: list[str],
) -> list[Counted]:
    """Return per load the counts of a column's formats; only new loads are counted.

    So a source of many files is not read again with each new file. If another release changed the
    patterns, all loads are counted again.
    """
    of_column = "source = ? and entity = ? and column_name = ?"
    patterns = repr(value_formats.PATTERNS[kind])
    counted_by = f"{text} by {hashlib.sha256(patterns.encode()).hexdigest()[:16]}"
    connection.execute(
        f"delete from ops.format_evidence where {of_column} and expression <> ?",
        [*place, counted_by],
    )
    known = connection.execute(
        f"select load_id, values_per_format, example from ops.format_evidence where {of_column}",
        [*place],
    ).fetchall()
    found = [Counted(*row) for row in known]
    missing = sorted({*load_ids} - {counted.load_id for counted in found})
    if not missing:
        return found
    table = f"raw.{identifier(place[0])}"
    fresh = value_formats.count_formats(connection, table, text, kind, missing)
    if fresh:
        connection.executemany(
            "insert into ops.format_evidence values (?, ?, ?, ?, ?, ?, ?)",
            [[*place, c.load_id, counted_by, dict(c.values), c.example] for c in fresh],
        )
    return found + fresh


def loads_in_force(connection: duckdb.DuckDBPyConnection, source: Source) -> dict[str, bool]:
    """Return the loads whose rows are in raw, and whether their numbers always have a point.

    Sheets, JSON and Parquet hold numbers, not texts: those always have a point.
    """
    rows = connection.execute(
        "select load_id, bool_and((regexp_matches(file, $typed, 'i') or sheet is not null)"
        " and not regexp_matches(file, $text, 'i')) from ops.loads"
        " semi join ops.source_files using (source, load_id)"
        " where source = $source and status = 'loaded' group by 1",
        {
            "source": source.name,
            "typed": r"\.(json|jsonl|ndjson|parquet)(\.(gz|zip))?$",
            "text": r"\.(csv|txt|tsv|tab|asc|dat|prn)(\.(gz|zip))?$",
        },
    ).fetchall()
    return dict(rows)


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
    for table in ("column_formats", "format_evidence"):
        connection.execute(
            f"delete from ops.{table} where not list_contains(?, source)", [list(tables)]
        )
