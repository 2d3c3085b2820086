"""What changed in a source's columns since it was last loaded, told before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

import duckdb

from ingest.loading import notices
from ingest.loading.raw import Origin
from ingest.mapping.expressions import columns_of, identifier
from ingest.mapping.sources import Source
from ingest.reading.refusals import Reason
from ingest.reading.tables import Table

# Two columns hold the same things if at least half of the values of the smaller set occur in
# both, and enough of them: ja and nein occur in many columns.
SAME_VALUES_SHARE = 0.5
SAME_VALUES = 5
SIMILAR_NAMES = 0.6
ROWS_COMPARED = 20_000


@dataclass(frozen=True, slots=True)
class _Last:
    """The columns of a source's last load that compares with a table, and its rows' load."""

    columns: list[str]
    load_id: str


def changed_columns(
    connection: duckdb.DuckDBPyConnection, source: Source, file: str, table: Table
) -> Reason | None:
    """Say which columns were renamed, are gone or new; None if none.

    Compared with the same file's and sheet's last load, else with the source's last one.
    """
    last = _last(connection, source, file, table.name if table.is_sheet else None)
    if last is None:
        return None
    before, now = columns_of(last.columns), columns_of(table.columns)
    gone = [name for name in last.columns if name.casefold() not in now]
    new = [name for name in table.columns if name.casefold() not in before]
    if not gone and not new:
        return None
    renamed = _renamed(connection, source, last, table, gone, new)
    taken = {new_name for new_name, _ in renamed.values()}
    return notices.columns_changed(
        {old: (name, share) for old, (name, share) in renamed.items()},
        [name for name in gone if name not in renamed],
        [name for name in new if name not in taken],
    )


def remember_columns(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    file: str,
    tables: list[Table],
    origin: Origin,
    replaced: list[str],
) -> None:
    """Keep the columns of what was just loaded in place of those of the files that it replaced."""
    connection.execute(
        "delete from ops.source_columns where source = ? and list_contains(?, file)",
        [source.name, replaced],
    )
    for table in tables:
        connection.execute(
            "insert into ops.source_columns values (?, ?, ?, ?, ?, ?)",
            [
                source.name,
                file,
                table.name if table.is_sheet else None,
                table.columns,
                origin.load_id,
                origin.loaded_at,
            ],
        )


def _last(
    connection: duckdb.DuckDBPyConnection, source: Source, file: str, sheet: str | None
) -> _Last | None:
    row = connection.execute(
        "select columns, load_id from ops.source_columns where source = $source"
        " order by (file = $file and sheet is not distinct from $sheet) desc,"
        " (sheet is not distinct from $sheet) desc, loaded_at desc limit 1",
        {"source": source.name, "file": file, "sheet": sheet},
    ).fetchone()
    return _Last(*row) if row else None


def _renamed(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    last: _Last,
    table: Table,
    gone: list[str],
    new: list[str],
) -> dict[str, tuple[str, float | None]]:
    """Pair gone with new columns that hold the same values, else that are called much the same.

    Returns the new name and the share of values in common (None: only the names are alike).
    """
    if not gone or not new:
        return {}
    values_now = _values_now(table, new)
    pairs = []
    for old in gone:
        values_before = _values_before(connection, source, last, old)
        for name in new:
            share = _share(values_before, values_now[name])
            similarity = SequenceMatcher(None, old.casefold(), name.casefold()).ratio()
            if share or similarity >= SIMILAR_NAMES:
                pairs.append((share or 0.0, similarity, old, name))
    renamed: dict[str, tuple[str, float | None]] = {}
    for share, _, old, name in sorted(pairs, reverse=True):
        if old not in renamed and name not in {taken for taken, _ in renamed.values()}:
            renamed[old] = (name, share or None)
    return renamed


def _share(before: set[str], now: set[str]) -> float | None:
    common = len(before & now)
    share = common / max(1, min(len(before), len(now)))
    return share if common >= SAME_VALUES and share >= SAME_VALUES_SHARE else None


def _values_now(table: Table, names: list[str]) -> dict[str, set[str]]:
    values: dict[str, set[str]] = {name: set() for name in names}
    rows = 0
    for batch in table.batches():
        for name in names:
            values[name].update(text for text in batch.column(name).to_pylist() if text)
        rows += batch.num_rows
        if rows >= ROWS_COMPARED:
            break
    return values


def _values_before(
    connection: duckdb.DuckDBPyConnection, source: Source, last: _Last, name: str
) -> set[str]:
    column = identifier(name)
    rows = connection.execute(
        f"select distinct {column} from (select {column} from raw.{identifier(source.name)}"
        f" where _load_id = ? and {column} is not null limit {ROWS_COMPARED})",
        [last.load_id],
    ).fetchall()
    return {text for (text,) in rows}
