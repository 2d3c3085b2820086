"""A key that stands for different firms: only the last row holds, so somebody must look."""

from __future__ import annotations

from collections import defaultdict
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from ingest.loading import notices
from ingest.loading.notices import NamedRow
from ingest.mapping.expressions import canonical, columns_of, feeds, record_id
from ingest.mapping.sources import Source
from ingest.reading.refusals import Reason

if TYPE_CHECKING:
    import duckdb

ENTITY, NAME = "company", "name"
# Names with a lower similarity (1: equal) and no common word are different firms.
SLIP = 0.6


def find_reused_keys(
    connection: duckdb.DuckDBPyConnection, source: Source, load_id: str
) -> Reason | None:
    """Find the keys of a company that have entirely different names, one of them of this load.

    Looks at all rows of the source in force, since each of several files may count from 1. Spelling
    variants of a name and partial renames do not count.
    """
    from ingest.mapping.entities import load_entities

    mapping = source.maps.get(ENTITY)
    if mapping is None or NAME not in mapping.columns:
        return None
    described = connection.execute(f"describe raw.{source.name}").fetchall()
    columns = columns_of(row[0] for row in described)
    name = canonical(load_entities()[ENTITY].columns[NAME], mapping.columns[NAME], columns)
    # First by spelling: a list of order lines has a row per line, but few spellings of a firm.
    rows = connection.execute(
        f"with named as (select {record_id(source, mapping, columns)} as record, _load_id,"
        f" nullif(trim({name}), '') as name, _file, _row_number,"
        " (_version_at, _modified_at, _file, _row_number) as version"
        f" from raw.{source.name} where {feeds(mapping, columns)}),"
        " spelled as (select record, name, max(version) as version, min(_row_number) as first_row,"
        " arg_max({'name': name, 'file': _file, 'row': _row_number}, version) as place,"
        " bool_or(_load_id = ?) as is_new from named where name is not null group by record, name)"
        " select record, arg_max(name, version) as held, list(place order by version)"
        " from spelled group by record having count(distinct lower(name)) > 1 and bool_or(is_new)"
        " order by min(first_row), record",
        [load_id],
    ).fetchall()
    reused: dict[str, list[NamedRow]] = defaultdict(list)
    for record, held, found in rows:
        others = {row["name"]: NamedRow(row["name"], row["file"], row["row"]) for row in found}
        different = [row for row in others.values() if are_different_firms(row.name, held)]
        if different:
            key = str(record).removeprefix(f"{source.name}:")
            reused[key] = [*different, others[held]]
    return notices.reused_keys(reused) if reused else None


def are_different_firms(one: str, two: str) -> bool:
    """Tell whether two names belong to different firms: no common word and no mere typing slip."""
    from vocabulary.company_names import company_name

    a, b = (company_name(name).name or name.lower() for name in (one, two))
    is_alike = SequenceMatcher(None, a, b).ratio() >= SLIP
    return set(a.split()).isdisjoint(b.split()) and not is_alike
