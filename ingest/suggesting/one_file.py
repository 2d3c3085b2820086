"""`reifegrad sources suggest FILE`: proposes what to write into `sources.yml`; a person decides."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from config import ConfigurationError, Settings
from ingest.loading.file_names import leads_out
from ingest.loading.inbox import named_paths
from ingest.mapping.expressions import columns_of, identifier, missing_columns
from ingest.mapping.sources import SOURCES_FILE, Source, Sources, load_sources
from ingest.mapping.views import raw_tables
from ingest.reading import refusals
from ingest.reading.file import read_file
from ingest.reading.header_words import normalised
from ingest.reading.refusals import Reason, UnreadableFile
from ingest.reading.tables import Table
from ingest.suggesting.keys import TableSample, sample_table
from ingest.suggesting.names import escaped
from ingest.suggesting.pointing import KnownSource
from ingest.suggesting.proposal import propose
from ingest.suggesting.subjects import SourceProposal
from ingest.suggesting.text import Language, say, source_text
from warehouse import WarehouseLockedError, open_warehouse

# Rows of a table that a proposal rests on.
SAMPLE_ROWS = 20_000
# Keys of a known source that are compared.
KNOWN_KEYS = 500_000
LOCK_WAIT_SECONDS = 2
JSON_SUFFIXES = {".json", ".jsonl", ".ndjson"}


class SuggestionError(Exception):
    """Nothing can be proposed or written; the message says why, in the language asked for."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Entries for `sources.yml`, or how the file fits the sources that claim it.

    `written`: names of the sources that now stand there. `to_decide`: how many of their columns
    wait for a person.
    """

    text: str
    is_claimed: bool = False
    written: tuple[str, ...] = ()
    to_decide: int = 0


NO_TABLE = Reason(
    "In der Datei ist keine Tabelle mit mindestens zwei Spalten und einer Zeile.",
    "The file holds no table of at least two columns and one row.",
)
NOTHING_TO_WRITE = Reason(
    "Nichts geschrieben: die Datei gehört schon zu einer Quelle.",
    "Nothing written: the file belongs to a source already.",
)
LOCKED = Reason(
    "Das Warehouse ist gerade in Benutzung: mit den Werten bekannter Quellen wurde nicht"
    " verglichen.",
    "The warehouse is in use: values were not compared with those of known sources.",
)


def suggest(
    settings: Settings, path: Path, language: Language, *, write: bool = False
) -> Suggestion:
    """Propose entries of `sources.yml` for a file, or tell how it fits the sources that claim it.

    Args:
        settings: says where `sources.yml` and the warehouse are.
        path: the file, in the inbox or anywhere else.
        language: of comments and messages.
        write: append the entries to `sources.yml`; without it nothing is written.

    Raises:
        SuggestionError: the file cannot be read or holds no table; or nothing could be written.
        ConfigurationError: `sources.yml` is wrong.

    """
    sources = known_sources(settings)
    try:
        tables = read_file(path)
    except UnreadableFile as error:
        raise SuggestionError(f"{path.name}: {say(error.reason, language)}") from error
    name = _name_below(settings.inbox, path)
    if claiming := sources.claiming(name):
        if write:
            raise SuggestionError(f"{path.name}: {say(NOTHING_TO_WRITE, language)}")
        lines = [line for source in claiming for line in _compare(source, tables, language)]
        return Suggestion("\n".join(lines) + "\n", is_claimed=True)
    known = known_keys(settings, sources)
    proposals = propose(name, sample_tables(path, tables), sources, known or [])
    if not proposals:
        raise SuggestionError(f"{path.name}: {say(NO_TABLE, language)}")
    if any(sources.claiming(other) for other in _alike(settings.inbox, proposals)):
        proposals = [replace(p, files=escaped(path.name)) for p in proposals]
    if write:
        append_sources(settings, proposals, language)
    notes = f"  # {say(LOCKED, language)}\n" if known is None else ""
    return Suggestion(
        notes + _entries(proposals, language),
        written=tuple(p.name for p in proposals) if write else (),
        to_decide=sum(
            len(p.undecided) + sum(len(part.doubtful) for part in p.entities) for p in proposals
        ),
    )


def _alike(inbox: Path, proposals: list[SourceProposal]) -> Iterator[str]:
    """Give the files of the inbox that the proposed sources would claim."""
    sources = [Source(name=p.name, files=p.files, kind=p.kind, maps={}) for p in proposals]
    for path in inbox.rglob("*"):
        name = path.relative_to(inbox).as_posix()
        if any(source.claims(name) for source in sources):
            yield name


def _entries(proposals: Sequence[SourceProposal], language: Language, indent: int = 2) -> str:
    return "\n".join(source_text(proposal, language, indent) for proposal in proposals)


def sample_tables(path: Path, tables: Sequence[Table]) -> list[TableSample]:
    """Return the first rows of a file's tables, which a proposal rests on."""
    is_json = path.suffix.lower() in JSON_SUFFIXES
    return [_sample(table, is_json) for table in tables]


def _sample(table: Table, is_json: bool) -> TableSample:
    rows: list[tuple[str | None, ...]] = []
    for batch in table.batches():
        cells = [batch.column(name).to_pylist() for name in table.columns]
        rows += zip(*cells, strict=True)
        if len(rows) >= SAMPLE_ROWS:
            break
    return sample_table(
        table.name,
        table.columns,
        rows[:SAMPLE_ROWS],
        is_sheet=table.is_sheet,
        is_typed=is_json or table.is_sheet,
    )


def known_sources(settings: Settings) -> Sources:
    """Return the sources that there are; none where the file is not there yet."""
    if not (settings.config / SOURCES_FILE).exists():
        return Sources(sources={})
    return load_sources(settings)


def _name_below(inbox: Path, path: Path) -> str:
    try:
        return path.resolve().relative_to(inbox.resolve()).as_posix()
    except ValueError:
        return path.name


def known_keys(settings: Settings, sources: Sources) -> list[KnownSource] | None:
    """Return what is known of the sources' keys; None if the warehouse is in use.

    Of sources that are mapped but not loaded yet, the keys come from their files in the inbox.
    """
    if not settings.warehouse.exists():
        return _with_inbox(
            settings,
            sources,
            [_known_source(source, entity, None, sources) for source, entity in _keyed(sources)],
        )
    impatient = settings.model_copy(update={"lock_wait_seconds": LOCK_WAIT_SECONDS})
    try:
        with open_warehouse(impatient) as connection:
            known = [
                _known_source(source, entity, _key_values(connection, source, entity), sources)
                for source, entity in _keyed(sources)
            ]
    except WarehouseLockedError:
        return None
    return _with_inbox(settings, sources, known)


def _with_inbox(
    settings: Settings, sources: Sources, known: Sequence[KnownSource]
) -> list[KnownSource]:
    """Read keys that the warehouse lacks from a file of the source that waits in the inbox."""
    waiting: dict[str, list[TableSample]] = {}
    for path, name in named_paths(settings.inbox).items():
        for source in sources.claiming(name):
            is_wanted = any(k.name == source.name and k.values is None for k in known)
            if is_wanted and source.name not in waiting and not leads_out(path, settings.inbox):
                with contextlib.suppress(UnreadableFile):
                    waiting[source.name] = sample_tables(path, read_file(path))
    return [
        replace(one, values=_keys_in(waiting[one.name], one.key))
        if one.values is None and one.name in waiting
        else one
        for one in known
    ]


def _keys_in(tables: Sequence[TableSample], key: str) -> frozenset[str] | None:
    columns = (c for table in tables for c in table.columns)
    found = [c.values for c in columns if c.name.casefold() == key.casefold()]
    return frozenset(value for values in found for value in values) if found else None


def _keyed(sources: Sources) -> Iterator[tuple[Source, str]]:
    """Give sources with each entity that they feed by a key of one column."""
    for source in sources.sources.values():
        for entity, mapping in source.maps.items():
            if len(mapping.key) == 1:
                yield source, entity


def _known_source(
    source: Source, entity: str, values: frozenset[str] | None, sources: Sources
) -> KnownSource:
    pointing = frozenset(
        normalised(origin.column)
        for other in sources.sources.values()
        for mapping in other.maps.values()
        for origin in mapping.columns.values()
        if origin.source == source.name and origin.column
    )
    return KnownSource(source.name, entity, source.maps[entity].key[0], values, pointing)


def _key_values(
    connection: duckdb.DuckDBPyConnection, source: Source, entity: str
) -> frozenset[str] | None:
    columns = columns_of(raw_tables(connection).get(source.name, []))
    key = columns.get(source.maps[entity].key[0].casefold())
    if key is None:
        return None
    rows = connection.execute(
        f"select distinct trim({key}) from raw.{identifier(source.name)}"
        f" where {key} is not null limit {KNOWN_KEYS}"
    ).fetchall()
    return frozenset(value for (value,) in rows)


def _compare(source: Source, tables: list[Table], language: Language) -> Iterator[str]:
    """Tell how a file's tables fit a source that claims it."""
    wanted = [table for table in tables if not table.is_sheet or source.wants_sheet(table.name)]
    for table in wanted:
        columns = columns_of(table.columns)
        mapped = {name.casefold() for name in source.file_columns}
        missing = missing_columns(source, columns)
        new = [name for name in table.columns if name.casefold() not in mapped]
        names = {"table": table.name, "source": source.name, "glob": source.files,
                 "missing": ", ".join(missing) or "–", "new": ", ".join(new) or "–"}  # fmt: skip
        yield say(CLAIMED, language).format(**names)
    if not wanted:
        found = [table.name for table in tables]
        yield say(refusals.missing_sheet(source.name, source.sheet or "*", found), language)


CLAIMED = Reason(
    "{table} gehört zur Quelle {source} ({glob}). Zugeordnete Spalten, die fehlen: {missing}."
    " Spalten, die nicht zugeordnet sind: {new}.",
    "{table} belongs to the source {source} ({glob}). Mapped columns that are missing: {missing}."
    " Columns that are not mapped: {new}.",
)


def append_sources(
    settings: Settings, proposals: Sequence[SourceProposal], language: Language
) -> None:
    """Append entries to `sources.yml`, in one step, if all of it is right afterwards.

    What stands there stays as it is, byte for byte.

    Raises:
        SuggestionError: the entries cannot stand there; nothing was written.

    """
    target = settings.config / SOURCES_FILE
    before = target.read_bytes().decode() if target.exists() else "sources:\n"
    before = _NO_SOURCES.sub("sources:", before)
    first = _FIRST_ENTRY.search(before)
    entries = _entries(proposals, language, len(first[1]) if first else 2)
    after = before.rstrip() + ("\n\n" if first else "\n") + entries
    if "\r\n" in before:
        after = after.replace("\r\n", "\n").replace("\n", "\r\n")
    with tempfile.TemporaryDirectory(prefix=".suggest-", dir=settings.config) as folder:
        fresh = Path(folder) / SOURCES_FILE
        fresh.write_bytes(after.encode())
        try:
            load_sources(settings.model_copy(update={"config": Path(folder)}))
        except ConfigurationError as error:
            problem = str(error).replace(str(fresh), str(target))
            raise SuggestionError(say(NOT_WRITTEN, language).format(problem=problem)) from error
        fresh.replace(target)


_FIRST_ENTRY = re.compile(r"^sources:.*\n(?:[ ]*(?:#.*)?\r?\n)*([ ]+)[\w\"']", re.MULTILINE)
_NO_SOURCES = re.compile(r"^sources:[ ]*\{\}", re.MULTILINE)
NOT_WRITTEN = Reason(
    "Nichts geschrieben, denn so stimmte die Datei nicht: {problem}",
    "Nothing written, since the file would be wrong: {problem}",
)
