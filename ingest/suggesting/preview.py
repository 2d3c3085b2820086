"""Preview of mapped files in the marts: first records, and how many have a customer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import duckdb

from config import Settings
from ingest.mapping.entities import Entity, load_entities
from ingest.mapping.expressions import identifier, literal
from ingest.mapping.references import is_untied
from ingest.mapping.sources import ColumnMapping, EntityMapping, Source, load_sources
from ingest.mapping.views import raw_tables
from warehouse import open_warehouse
from warehouse.macros import typed

RECORDS = 5


@dataclass(frozen=True, slots=True)
class PreviewColumn:
    """A canonical column: where it comes from in the file, and its values in the first records."""

    name: str
    origin: str
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """One entity that a source feeds.

    `with_customer`: of how many rows the referenced customer is there; None where no column
    refers to one. `is_untied`: no column ties its rows to a customer at all.
    """

    source: str
    entity: str
    key: tuple[str, ...]
    rows: int
    with_customer: int | None
    is_untied: bool
    columns: tuple[PreviewColumn, ...]
    unmapped: tuple[str, ...]


def preview(settings: Settings, sources: Collection[str] | None = None) -> list[Preview]:
    """Show the first records of each source, as the warehouse has them after an ingest.

    Args:
        settings: say where `sources.yml` and the warehouse are.
        sources: names of those to show; default: all.

    """
    known = load_sources(settings)
    with open_warehouse(settings) as connection:
        tables = raw_tables(connection)
        return [
            _preview(connection, source, entity, mapping, tables[source.name])
            for source in known.sources.values()
            if source.name in tables and (sources is None or source.name in sources)
            for entity, mapping in source.maps.items()
        ]


def _preview(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    name: str,
    mapping: EntityMapping,
    file_columns: list[str],
) -> Preview:
    entity = load_entities()[name]
    mapped = [column for column in entity.columns if column in mapping.columns]
    rows = connection.execute(
        f"select {', '.join(_shown(entity, column) for column in mapped) or 'null'}"
        f" from raw.{identifier(entity.view)} as record where source = {literal(source.name)}"
        f" order by file, row_number limit {RECORDS}"
    ).fetchall()
    (count, with_customer) = connection.execute(
        f"select count(*), {_with_customer(mapping)}"
        f" from raw.{identifier(entity.view)} as record where source = {literal(source.name)}"
    ).fetchall()[0]
    used = {column.casefold() for column in source.file_columns}
    return Preview(
        source=source.name,
        entity=name,
        key=mapping.key,
        rows=count,
        with_customer=with_customer,
        is_untied=is_untied(name, mapping),
        columns=tuple(
            PreviewColumn(column, _origin(mapping.columns[column]), tuple(r[place] for r in rows))
            for place, column in enumerate(mapped)
        ),
        unmapped=tuple(
            c for c in file_columns if not c.startswith("_") and c.casefold() not in used
        ),
    )


def _shown(entity: Entity, column: str) -> str:
    """Return the SQL of a value as text; a customer is shown by its name."""
    if column == "company":
        return (
            "coalesce((select any_value(name) from raw.companies as known"
            " where known.record_id = record.company),"
            " regexp_replace(record.company, '^[^:]*:', ''))"  # without a name its number
        )
    # A whole number without the point that its type would show.
    value = f"cast({typed(column, entity.columns[column].kind)} as varchar)"
    is_number = entity.columns[column].kind == "number"
    return f"regexp_replace({value}, '[.]0$', '')" if is_number else value


def _with_customer(mapping: EntityMapping) -> str:
    if "company" not in mapping.columns:
        return "null"
    return "count(*) filter (company in (select record_id from raw.companies))"


def _origin(mapping: ColumnMapping) -> str:
    between = " / " if mapping.first_of else " + "  # the first that is filled, or all together
    return between.join(mapping.file_columns) or f"= {mapping.value}"
