"""Rows that are loaded but feed no entity, since no `where` of their source selects them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.loading import notices
from ingest.mapping.expressions import applies, columns_of, identifier
from ingest.mapping.sources import Source
from ingest.reading.refusals import Reason

if TYPE_CHECKING:
    import duckdb


def find_left_out(
    connection: duckdb.DuckDBPyConnection, source: Source, load_id: str
) -> Reason | None:
    """Count the rows of a load that feed nothing, by what stands in the columns of `where`.

    Otherwise a new kind of document among the orders would be left out in silence. None if some
    mapping takes all rows, or no row is left out.
    """
    wheres = [mapping.where for mapping in source.maps.values() if mapping.where]
    if not wheres or len(wheres) < len(source.maps):
        return None
    described = connection.execute(f"describe raw.{source.name}").fetchall()
    columns = columns_of(row[0] for row in described)
    taken = " or ".join(applies(mapping, columns) for mapping in source.maps.values())
    names = list(dict.fromkeys(where.column for where in wheres))
    held = ", ".join(
        f"trim(cast({columns.get(name.casefold(), 'null')} as varchar))" for name in names
    )
    rows = connection.execute(
        f"select list_filter([{held}], value -> value <> '') as kinds, count(*)"
        f" from raw.{identifier(source.name)} where _load_id = ? and not ({taken})"
        " group by 1 order by 2 desc, 1 desc",
        [load_id],
    ).fetchall()
    counts = {" / ".join(kinds) or "–": count for kinds, count in rows}
    return notices.left_out(names, counts) if counts else None
