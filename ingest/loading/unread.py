"""Cells that cannot be read as what their column should hold, counted and told at load."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ingest.loading import unread_notices as notices
from ingest.loading.unread_notices import Unread
from ingest.mapping.entities import CanonicalColumn
from ingest.mapping.expressions import (
    Columns,
    applies,
    canonical,
    columns_of,
    feeds,
    identifier,
    literal,
    of_loads,
)
from ingest.mapping.sources import ColumnMapping, Source
from ingest.mapping.value_formats import SHAPES, count_shapes
from ingest.mapping.views import CHANGED_AT, loads_in_force, raw_tables, typed_columns
from ingest.reading.refusals import Reason
from warehouse.macros import READERS, is_placeholder, typed, units

if TYPE_CHECKING:
    import duckdb

# What makes a text an address, loosely: what is found here is no such thing in any country. Three
# digits are an extension; a web address has a dot and is no e-mail address.
ADDRESSES: Final = {
    "email": r"[^@\s]@[^@\s]+\.[^@\s.]{2,}",
    "contact_email": r"[^@\s]@[^@\s]+\.[^@\s.]{2,}",
    "phone": r"^[^@]*\d[^@]*\d[^@]*\d[^@]*$",
    "website": r"^[^@\s]+\.[^@\s.]{2,}",
}
CURRENCIES: Final = ("€|EUR", r"\$|USD", "£|GBP", "CHF")
# Spellings of one unit: only different ones cannot be added up.
SAME_UNIT: Final = (
    "stk stck stück st pc pcs piece pieces ea",
    "paar pair pairs",
    "set sets",
    "rolle rollen",
    "to t",
    "m² qm",
    "m³ cbm",
    "std stunden hr hrs hour hours h",
    "tag tage day days",
    "monat monate month months",
    "jahr jahre year years j",
    "ma mitarbeiter mitarbeitende personen beschäftigte employees people",
    "€ eur",
    "$ usd",
    "£ gbp",
)
_UNIT_OF: Final = {word: words.split()[0] for words in SAME_UNIT for word in words.split()}


@dataclass(frozen=True, slots=True)
class _Column:
    """A mapped column that can be read or not, with the SQL of its cells and how they are read."""

    entity: str
    canonical: CanonicalColumn
    origin: ColumnMapping
    cells: str
    alike: str  # cells of which this is the same are read, or not, together
    is_read: str
    rows: str  # the condition under which a row feeds the entity
    format: str | None = None

    @property
    def name(self) -> str:
        return self.canonical.name

    @property
    def kind(self) -> str:
        return self.name if self.name in ADDRESSES else self.canonical.kind


@dataclass(slots=True)
class _Counts:
    """What was counted of a column in one load."""

    filled: int = 0
    unread: int = 0
    first: tuple[int, str] | None = None  # the first unread cell with its row
    units: dict[str, tuple[int, str]] = field(default_factory=dict)  # and the first cell of each

    def add(self, filled: int, unread: int, first: tuple[int, str] | None) -> None:
        self.filled += filled
        self.unread += unread
        if first:
            self.first = min(first, self.first) if self.first else first


def find_unread(
    connection: duckdb.DuckDBPyConnection, source: Source, load_id: str
) -> tuple[list[str], list[Reason]]:
    """Count what cannot be read in a load and keep it in `ops.unread_cells`; formats are settled.

    Other loads in force are counted again where their columns are read otherwise than before: the
    file of tonight may have changed a column's format.

    Returns:
        The file columns of which more is unread than the source allows, and what to tell.

    """
    counted = count_unread(connection, source)
    found = [unread for unread in counted if unread.load_id == load_id]
    names = list(
        dict.fromkeys(name for unread in found if unread.is_unread for name in unread.file_columns)
    )
    return names, notices.told(found)


def count_unread(connection: duckdb.DuckDBPyConnection, source: Source) -> list[Unread]:
    """Count the loads in force of a source that were not counted yet, or otherwise.

    Each distinct cell, of numbers each distinct shape, is read once, so that a column costs little
    more than its scan.
    """
    names = raw_tables(connection).get(source.name)
    loads = list(loads_in_force(connection, source))
    connection.execute(
        "delete from ops.unread_cells where source = ? and not list_contains(?, load_id)",
        [source.name, loads],
    )
    if names is None:
        return []
    found: list[Unread] = []
    columns = list(_columns(connection, source, columns_of(names)))
    _forget_others(connection, source, columns)
    for column in columns:
        counted_by = _digest(source, column)
        missing = _not_counted(connection, source, column, loads, counted_by)
        if not missing:
            continue
        counts = _count(connection, source, column, missing)
        for load_id in missing:
            unread = _found(source, column, load_id, counts[load_id])
            _keep(connection, unread, counted_by)
            found.append(unread)
    return found


def _columns(
    connection: duckdb.DuckDBPyConnection, source: Source, columns: Columns
) -> Iterable[_Column]:
    formats: dict[tuple[str, str], str] = {
        (entity, name): format_
        for entity, name, format_ in connection.execute(
            "select entity, column_name, format from ops.column_formats where source = ?",
            [source.name],
        ).fetchall()
    }
    for entity, mapping in source.maps.items():
        for column, origin in typed_columns(source, entity):
            name = column.name
            if column is CHANGED_AT and (entity != next(iter(source.maps)) or _is_mapped(source)):
                continue  # it is one column of the file, told once
            if not origin.file_columns or column.ref:
                continue
            cells = canonical(column, origin, columns)
            alike = cells
            if column.kind in READERS:
                format_ = formats.get((entity, name))
                is_read = f"{typed('cell', column.kind, format_)} is not null"
                if column.kind == "number":
                    alike = SHAPES["number"].format(text=cells)
                elif column.kind in {"date", "timestamp"}:
                    is_read = f"case when {_is_plain_date(format_)} then true else {is_read} end"
            elif name in ADDRESSES:
                format_, is_read = None, f"regexp_matches(cell, {literal(ADDRESSES[name])})"
            else:
                continue
            # Of a single mapping, rows without a key are in quarantine.
            rows = (feeds if len(source.maps) > 1 else applies)(mapping, columns)
            yield _Column(entity, column, origin, cells, alike, is_read, rows, format_)


def _is_mapped(source: Source) -> bool:
    """Whether the column of the last change is a canonical column of an entity, too."""
    return any(
        source.changed in origin.file_columns
        for mapping in source.maps.values()
        for origin in mapping.columns.values()
    )


def _is_plain_date(format_: str | None) -> str:
    """Return the SQL that knows the usual dates at once; all else is tried as staging reads it.

    Whole columns of distinct times would take twenty times as long.
    """
    iso = "cell like '____-__-__%' and try_cast(cell as timestamp) is not null"
    german = " ".join(
        f"when {length} then try_strptime(cell, {literal(form)})"
        for length, form in ((10, "%d.%m.%Y"), (16, "%d.%m.%Y %H:%M"), (19, "%d.%m.%Y %H:%M:%S"))
    )
    dmy = f"cell like '__.__.____%' and case length(cell) {german} end is not null"
    return f"(length(cell) in (10, 16, 19) and {f'({dmy} or {iso})' if format_ == 'dmy' else iso})"


def _digest(source: Source, column: _Column) -> str:
    """Return what changes whenever the same cells may count otherwise."""
    read = (column.cells, column.is_read, column.rows, source.may_be_unread)
    return hashlib.sha256(repr(read).encode()).hexdigest()[:16]


def _not_counted(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    column: _Column,
    loads: Sequence[str],
    counted_by: str,
) -> list[str]:
    of_column = "source = ? and entity = ? and column_name = ?"
    place = [source.name, column.entity, column.name]
    connection.execute(
        f"delete from ops.unread_cells where {of_column} and counted_by <> ?",
        [*place, counted_by],
    )
    known = connection.execute(
        f"select load_id from ops.unread_cells where {of_column}", place
    ).fetchall()
    return sorted({*loads} - {load_id for (load_id,) in known})


def _forget_others(
    connection: duckdb.DuckDBPyConnection, source: Source, columns: Sequence[_Column]
) -> None:
    """Remove what was counted of columns that are no longer mapped."""
    mapped = [f"{column.entity}.{column.name}" for column in columns]
    connection.execute(
        "delete from ops.unread_cells where source = ?"
        " and not list_contains(?, entity || '.' || column_name)",
        [source.name, mapped],
    )


def _count(
    connection: duckdb.DuckDBPyConnection, source: Source, column: _Column, loads: Sequence[str]
) -> dict[str, _Counts]:
    rows = connection.execute(
        f"with distinct_cells as ({_distinct_cells(connection, source, column, loads)}),"
        f" tried as (select *, {column.is_read} as is_read, {_unit(column)} as unit"
        "  from distinct_cells where trim(cell) <> '')"
        " select load, unit, sum(n)::bigint, arg_min(cell, row), min(row),"
        "  coalesce(sum(n) filter (not is_read), 0)::bigint,"
        "  arg_min(cell, row) filter (not is_read), min(row) filter (not is_read)"
        f" from tried where is_read or not {is_placeholder('cell')} group by all"
    ).fetchall()
    counts: dict[str, _Counts] = defaultdict(_Counts)
    for load_id, unit, filled, cell, row, unread, bad, bad_row in rows:
        found = counts[load_id]
        found.add(filled, unread, (bad_row, bad) if unread else None)
        if unit:
            _add_unit(found, unit, (row, cell))
    return counts


def _distinct_cells(
    connection: duckdb.DuckDBPyConnection, source: Source, column: _Column, loads: Sequence[str]
) -> str:
    """Return the SQL of the cells to try: their load, the first of those alike and their number."""
    table = f"raw.{identifier(source.name)}"
    if column.canonical.kind == "number" and column.rows == "true":
        shapes = count_shapes(connection, table, column.cells, "number", loads, is_kept=True)
        return f"select load, cell, n, row from {shapes}"
    load, is_theirs = of_loads(loads)
    return (
        f"select {load} as load, arg_min({column.cells}, _row_number) as cell, count(*) as n,"
        f" min(_row_number) as row from {table} where {is_theirs} and {column.rows}"
        f" group by load, {column.alike}"
    )


def _add_unit(counts: _Counts, unit: str, first: tuple[int, str]) -> None:
    name = _UNIT_OF.get(unit.casefold(), unit)
    counts.units[name] = min(first, counts.units.get(name, first))


def _unit(column: _Column) -> str:
    """Return the SQL of a cell's unit or currency; empty without one."""
    if column.canonical.kind != "number":
        return "''"
    currencies, known = "|".join(CURRENCIES), "|".join(units())
    blank = r"[\p{Z}\s]*"
    behind = rf"(?:\d|[.,]-+){blank}({known}|{currencies})[.]?{blank}$"
    before = rf"^{blank}({currencies}){blank}[-+]?\d"
    return (
        f"coalesce(nullif(regexp_extract(cell, {literal(behind)}, 1), ''),"
        f" regexp_extract(cell, {literal(before)}, 1))"
    )


def _found(source: Source, column: _Column, load_id: str, counts: _Counts) -> Unread:
    return Unread(
        source=source.name,
        entity=column.entity,
        column=column.name,
        kind=column.kind,
        format=column.format,
        file_columns=column.origin.file_columns,
        load_id=load_id,
        filled=counts.filled,
        unread=counts.unread,
        is_unread=is_too_much(counts.unread, counts.filled, source.may_be_unread),
        example=counts.first,
        units=tuple(cell for _, cell in sorted(counts.units.values())),
    )


def is_too_much(unread: int, filled: int, allowed: float) -> bool:
    """Whether more is unread than allowed: a slip in a short file is not, a whole column is."""
    return unread > allowed * filled and (unread > 1 or unread == filled)


def _keep(connection: duckdb.DuckDBPyConnection, unread: Unread, counted_by: str) -> None:
    found = notices.found(unread)
    values: dict[str, Any] = {
        "source": unread.source,
        "entity": unread.entity,
        "column_name": unread.column,
        "load_id": unread.load_id,
        "counted_by": counted_by,
        "filled": unread.filled,
        "unread": unread.unread,
        "is_unread": unread.is_unread,
        "file_columns": list(unread.file_columns),
        "found_de": found.de,
        "found_en": found.en,
    }
    connection.execute(
        f"insert into ops.unread_cells ({', '.join(values)})"
        f" values ({', '.join('?' for _ in values)})",
        list(values.values()),
    )
