"""References into records that no file holds, told each night, with the writing that would meet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ingest.loading import unmet_notices as notices
from ingest.loading.unmet_notices import Hint, Unmet
from ingest.mapping.entities import load_entities
from ingest.mapping.expressions import in_form, literal
from ingest.mapping.key_forms import CASES, NumberForm
from ingest.mapping.sources import ColumnMapping, Source, Sources
from ingest.reading.refusals import Reason

if TYPE_CHECKING:
    import duckdb

# Of the rows that meet no key, so many must meet one in another form: fewer may by chance, where
# two programs both count from 1.
HINT_SHARE: Final = 0.2
# Prefixes tried: the most frequent ones before the digits of keys, and of references.
PREFIXES_TRIED: Final = 2


@dataclass(frozen=True, slots=True)
class _Reference:
    """A mapped column that points to records of another source."""

    source: Source
    entity: str
    column: str
    origin: ColumnMapping
    ref: str
    target: Source

    @property
    def place(self) -> list[str]:
        return [self.source.name, self.entity, self.column]

    @property
    def named(self) -> str:
        """The SQL of all rows that name a record, with the text after the source's name."""
        view = load_entities()[self.entity].view
        start = len(self.target.name) + 2
        return (
            f"select substr({self.column}, {start}) as key, file, row_number from raw.{view}"
            f" where source = {literal(self.source.name)} and {self.column} is not null"
        )

    @property
    def keys(self) -> str:
        """The SQL of the keys that are there."""
        view = load_entities()[self.ref].view
        start = len(self.target.name) + 2
        return (
            f"select distinct substr(record_id, {start}) as key from raw.{view}"
            f" where source = {literal(self.target.name)}"
        )


def find_unmet(
    connection: duckdb.DuckDBPyConnection, sources: Sources
) -> Iterator[tuple[Source, Reason]]:
    """Compare references with keys where rows or mapping changed; say what does not meet.

    All views are written. The result stays in `ops.unmet_references` until something changes, so
    that a night without news compares nothing. Told is what is more than the source allows
    (`may_be_unread`) or would meet in another writing; `reifegrad status` shows all of it.

    Yields:
        The source that refers, and what to tell of it.

    """
    references = list(_references(sources))
    connection.execute(
        "delete from ops.unmet_references where not list_contains(?, source || '.' || entity"
        " || '.' || column_name || '.' || target)",
        [[".".join([*reference.place, reference.target.name]) for reference in references]],
    )
    for reference in references:
        counted_by = _digest(connection, reference)
        if counted_by is None or _is_known(connection, reference, counted_by):
            continue
        unmet = _compare(connection, reference)
        _keep(connection, unmet, counted_by)
        if unmet.is_told:
            said, todo = notices.found(unmet), notices.todo(unmet)
            yield reference.source, Reason(f"{said.de} {todo.de}", f"{said.en} {todo.en}")


def _references(sources: Sources) -> Iterator[_Reference]:
    for source in sources.sources.values():
        for entity, mapping in source.maps.items():
            for name, origin in mapping.columns.items():
                ref = load_entities()[entity].columns[name].ref
                if ref and origin.source and origin.file_columns:
                    target = sources.sources[origin.source]
                    yield _Reference(source, entity, name, origin, ref, target)


def _digest(connection: duckdb.DuckDBPyConnection, reference: _Reference) -> str | None:
    """Return what changes whenever the comparison may come out otherwise; None: nothing is there.

    That is the loads in force, what `sources.yml` says of both sides, and how we look.
    """
    loads = connection.execute(
        "select source, load_id from ops.source_files where source in (?, ?) order by all",
        [reference.source.name, reference.target.name],
    ).fetchall()
    if not any(source == reference.source.name for source, _ in loads):
        return None
    said = (
        loads,
        reference.source.maps[reference.entity].model_dump_json(),
        reference.source.may_be_unread,
        reference.target.maps[reference.ref].model_dump_json(),
        HINT_SHARE,
        PREFIXES_TRIED,
    )
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def _is_known(
    connection: duckdb.DuckDBPyConnection, reference: _Reference, counted_by: str
) -> bool:
    known = connection.execute(
        "select counted_by from ops.unmet_references"
        " where source = ? and entity = ? and column_name = ?",
        reference.place,
    ).fetchone()
    return known == (counted_by,)


def _compare(connection: duckdb.DuckDBPyConnection, reference: _Reference) -> Unmet:
    connection.execute(f"create or replace temp table there as {reference.keys}")
    connection.execute(
        "create or replace temp table unmet as select key, count(*) as n,"
        " arg_min(file, (file, row_number)) as file, min(row_number) as row"
        f" from ({reference.named}) anti join there using (key) group by key"
    )
    (filled,) = connection.execute(f"select count(*) from ({reference.named})").fetchall()[0]
    (keys,) = connection.execute("select count(*) from there").fetchall()[0]
    rows, example, file, row = connection.execute(
        "select coalesce(sum(n), 0)::bigint, arg_max(key, (n, key)), arg_max(file, (n, key)),"
        " arg_max(row, (n, key)) from unmet"
    ).fetchall()[0]
    hint = _hint(connection, reference, rows) if rows and keys else None
    too_many = rows > reference.source.may_be_unread * filled and (rows > 1 or rows == filled)
    connection.execute("drop table there")
    connection.execute("drop table unmet")
    return Unmet(
        source=reference.source.name,
        entity=reference.entity,
        column=reference.column,
        file_columns=reference.origin.file_columns,
        ref=reference.ref,
        target=reference.target.name,
        target_files=reference.target.files,
        filled=filled,
        unmet=rows,
        keys=keys,
        example=example,
        place=(file, row) if rows else None,
        is_told=too_many or hint is not None,
        hint=hint,
    )


def _hint(connection: duckdb.DuckDBPyConnection, reference: _Reference, rows: int) -> Hint | None:
    """Find the form in which most of the references meet; it leaves keys that are there apart.

    Of forms that meet equally many the one that changes the fewest keys: their records keep their
    ids.
    """
    if len(reference.target.maps[reference.ref].key) > 1 or len(reference.origin.file_columns) > 1:
        return None
    tried = []
    for place, form in enumerate(_forms(connection)):
        keys, written, changed = connection.execute(
            f"select count(*), count(distinct {in_form('key', form)}),"
            f" count(*) filter ({in_form('key', form)} <> key) from there"
        ).fetchall()[0]
        if written < keys:
            continue  # two records would become one
        met, key, other = connection.execute(
            f"select coalesce(sum(n), 0)::bigint, arg_max(unmet.key, (n, unmet.key)),"
            " arg_max(there.key, (n, unmet.key)) from unmet inner join there"
            f" on {in_form('unmet.key', form)} = {in_form('there.key', form)}"
        ).fetchall()[0]
        if met and met >= HINT_SHARE * rows:
            tried.append((met, -changed, -place, Hint(form, met, key, other)))
    return max(tried, key=lambda found: found[:3])[3] if tried else None


def _forms(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Give the forms worth trying: as the keys are written, then with prefixes of references."""
    own = _prefixes(connection, "there")
    others = [prefix for prefix in _prefixes(connection, "unmet") if prefix]
    for prefix in own:
        (width,) = connection.execute(
            "select coalesce(max(length(key)) filter (substr(key, length(?) + 1, 1) = '0'"
            " and length(key) > length(?) + 1) - length(?), 1) from there"
            r" where starts_with(key, ?) and regexp_full_match(substr(key, length(?) + 1), '\d+')",
            [prefix] * 5,
        ).fetchall()[0]
        yield str(NumberForm(width, prefix))
        for other in others:
            if other != prefix:
                yield str(NumberForm(width, prefix, other))
    yield from sorted(CASES, reverse=True)


def _prefixes(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Return what most often stands before the digits at the end of a key, nothing included."""
    rows = connection.execute(
        r"select regexp_extract(key, '^([^\d\[\]]*)\d+([.]0+)?$', 1) as prefix from "
        + table
        + r" where regexp_full_match(key, '[^\d\[\]]*\d+([.]0+)?')"
        " group by 1 order by count(*) desc, 1 limit ?",
        [PREFIXES_TRIED],
    ).fetchall()
    return [prefix for (prefix,) in rows]


def _keep(connection: duckdb.DuckDBPyConnection, unmet: Unmet, counted_by: str) -> None:
    said, todo = notices.found(unmet), notices.todo(unmet)
    place = [unmet.source, unmet.entity, unmet.column]
    connection.execute(
        "delete from ops.unmet_references where source = ? and entity = ? and column_name = ?",
        place,
    )
    values: dict[str, Any] = {
        "source": unmet.source,
        "entity": unmet.entity,
        "column_name": unmet.column,
        "target": unmet.target,
        "counted_by": counted_by,
        "filled": unmet.filled,
        "unmet": unmet.unmet,
        "is_told": unmet.is_told,
        "found_de": said.de,
        "found_en": said.en,
        "todo_de": todo.de,
        "todo_en": todo.en,
    }
    connection.execute(
        f"insert into ops.unmet_references ({', '.join(values)})"
        f" values ({', '.join('?' for _ in values)})",
        list(values.values()),
    )
