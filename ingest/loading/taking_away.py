"""What a load would take away, told before it does: what goes too far waits for a person.

A snapshot replaces the files in force that share keys with it, an events file its own earlier rows.
The judgement is a pure function of the keys counted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ingest.loading import held_notices
from ingest.loading.versions import Version, version_of
from ingest.mapping.expressions import columns_of, row_key
from ingest.mapping.sources import Source
from ingest.reading.refusals import Reason

if TYPE_CHECKING:
    import duckdb

# Fewer records than these may go in any list, unless they are all: one of three is no sign.
MIN_GONE: Final = 3


@dataclass(frozen=True, slots=True)
class Part:
    """A file in force.

    Attributes:
        records: its distinct keys.
        kept: those of them that the arriving file has, too.
        came_tonight: whether it, too, is new, changed or written anew tonight.

    """

    file: str
    load_id: str
    version: Version
    records: int
    kept: int
    came_tonight: bool


@dataclass(frozen=True, slots=True)
class Arriving:
    """A file that is to be loaded, with the number of its distinct keys."""

    file: str
    version: Version
    records: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be done with a file.

    `take`: load it; the rows of `replaces` go. `hold`: a person decides. `older`: a newer file has
    its keys. `reason`: why; with `take` and `older` only what a person should look at.
    """

    verdict: Literal["take", "hold", "older"]
    replaces: tuple[str, ...]
    reason: Reason | None = None


def judge_own(arriving: Arriving, parts: Sequence[Part], limit: float) -> Judgement:
    """Decide what an arriving events file may replace: at most its own earlier rows.

    One with other keys only is let pass and told: some programs write what is new under one name.
    """
    total = sum(part.records for part in parts)
    if arriving.records and total and not any(part.kept for part in parts):
        note = held_notices.other_rows(total) if total >= MIN_GONE else None
        return Judgement("take", (arriving.file,), note)
    return judge(arriving, parts, limit)


def judge(arriving: Arriving, parts: Sequence[Part], limit: float) -> Judgement:
    """Decide what an arriving file of a snapshot may replace.

    Args:
        arriving: the file.
        parts: the files in force that it could replace.
        limit: the share of the records it replaces that may go with it; 1: all.

    """
    filled = [part for part in parts if part.records]
    vacant = tuple(part.file for part in parts if not part.records)
    met = [part for part in filled if part.file == arriving.file or part.kept]
    if not met and filled:
        return _judge_stranger(arriving, filled, vacant, limit)
    order = (arriving.version, arriving.file)
    newer = [p for p in met if p.file != arriving.file and (p.version, p.file) > order]
    if newer:
        return _older(arriving, max(newer, key=lambda part: (part.version, part.file)), limit)
    total = sum(part.records for part in met)
    gone = total - sum(part.kept for part in met)
    replaces = (*(part.file for part in met), *vacant)
    if gone > limit * total and (gone >= MIN_GONE or gone == total):
        return Judgement("hold", replaces, _why_held(arriving, total, gone, limit))
    beside = [p.file for p in filled if p not in met and not p.came_tonight]
    is_another = beside and arriving.file not in {part.file for part in parts}
    return Judgement("take", replaces, held_notices.beside(beside) if is_another else None)


def _judge_stranger(
    arriving: Arriving, filled: Sequence[Part], vacant: tuple[str, ...], limit: float
) -> Judgement:
    """Decide about a file that has no key of those in force."""
    files = tuple(part.file for part in filled)
    total = sum(part.records for part in filled)
    if arriving.records and all(part.came_tonight for part in filled):
        return Judgement("take", vacant, held_notices.beside(files))
    if not arriving.records and min(p.version for p in filled) > arriving.version:
        return Judgement("older", files)
    if limit >= 1:
        return Judgement("take", (*files, *vacant))
    return Judgement("hold", (*files, *vacant), _why_held(arriving, total, total, limit))


def _older(arriving: Arriving, newest: Part, limit: float) -> Judgement:
    lost = arriving.records - newest.kept
    is_worth_a_look = lost >= MIN_GONE and lost > limit * arriving.records
    reason = held_notices.older(newest.file, newest.kept, arriving.records)
    return Judgement("older", (newest.file,), reason if is_worth_a_look else None)


def _why_held(arriving: Arriving, total: int, gone: int, limit: float) -> Reason:
    if not arriving.records:
        return held_notices.empty(arriving.file, total)
    if gone == total:
        return held_notices.all_keys_changed(arriving.file, total, arriving.records)
    return held_notices.shrunk(arriving.file, total, gone, arriving.records, limit)


def count_keys(
    connection: duckdb.DuckDBPyConnection, source: Source, table: str, load_id: str
) -> int:
    """Return how many distinct keys a load has in a table of `raw`."""
    found = connection.execute(
        f"select count(distinct {_key(connection, source, table)}) from {table} where _load_id = ?",
        [load_id],
    ).fetchone()
    return int(found[0]) if found else 0


def read_parts(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    file: str,
    incoming: tuple[str, str],
    arrived: Collection[str],
) -> list[Part]:
    """Read which files in force an arriving one could replace, and what it has in common with each.

    Args:
        connection: to the warehouse.
        source: whose files.
        file: the arriving one; of an events source only its own rows are at stake.
        incoming: the table with the arriving rows, and their load.
        arrived: files that came tonight.

    """
    table, load_id = incoming
    target = f"raw.{source.name}"
    in_force = connection.execute(
        "select file, load_id, modified_at from ops.source_files where source = $source"
        " and ($kind = 'snapshot' or file = $file) order by file",
        {"source": source.name, "kind": source.kind, "file": file},
    ).fetchall()
    if not in_force:
        return []
    counted = connection.execute(
        f"with now as (select distinct {_key(connection, source, table)} as key from {table}"
        " where _load_id = $new),"
        f" before as (select distinct _load_id, {_key(connection, source, target)} as key"
        f" from {target} where list_contains($old, _load_id))"
        " select _load_id, count(before.key), count(now.key) from before"
        " left join now on before.key = now.key group by _load_id",
        {"new": load_id, "old": [known for _, known, _ in in_force]},
    ).fetchall()
    counts = {known: (records, kept) for known, records, kept in counted}
    return [
        Part(name, known, version_of(name, at), *counts.get(known, (0, 0)), name in arrived)
        for name, known, at in in_force
    ]


def _key(connection: duckdb.DuckDBPyConnection, source: Source, table: str) -> str:
    described = connection.execute(f"describe {table}").fetchall()
    return row_key(source, columns_of(row[0] for row in described))
