"""The station ingest: every file of the inbox into `raw`, once, whole or not at all."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

import duckdb

from config import Settings
from ingest.loading import notices
from ingest.loading.archive import (
    Signature,
    StillGrowingError,
    archived_copy,
    archived_path,
    discard_leftovers,
    kept_suffix,
    sha256_of,
)
from ingest.loading.column_changes import remember_columns
from ingest.loading.faults import disk_full_named, reason_of
from ingest.loading.file_names import leads_out
from ingest.loading.fitting import fit_tables
from ingest.loading.inbox import (
    InboxFile,
    KnownFile,
    close_night,
    forget,
    known_files,
    list_files,
    remember,
)
from ingest.loading.left_out import find_left_out
from ingest.loading.loads import (
    Load,
    Status,
    about_source,
    add_notes,
    load_of,
    now,
    record,
    record_once,
)
from ingest.loading.raw import Origin, RowsLostError, complete_versions, write_source
from ingest.loading.reused_keys import find_reused_keys
from ingest.loading.rhythm import is_overdue, usual_days
from ingest.loading.unmet_references import find_unmet
from ingest.loading.unread import count_unread, find_unread
from ingest.mapping.sources import Source, Sources, load_sources
from ingest.mapping.views import refresh_views
from ingest.reading import refusals
from ingest.reading.file import read_file
from ingest.reading.refusals import Reason, UnreadableFile
from ingest.reading.tables import Table
from warehouse import open_warehouse

logger = logging.getLogger(__name__)

# Memory limit of DuckDB while it loads a file; beyond it DuckDB works on disk.
MEMORY_LIMIT = "400MB"

# Told before each file and at the end: its name, the bytes of the files before it and of all.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class _Run:
    """State of one run over the inbox."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    sources: Sources
    known: dict[str, KnownFile]

    @property
    def night(self) -> date:
        return self.settings.night


def ingest_inbox(settings: Settings, on_file: Callable[[Load], None] | None = None) -> list[Load]:
    """Bring every new or changed file of the inbox into `raw`; see `load_inbox`.

    Args:
        settings: says where the inbox, the archive, the warehouse and `sources.yml` are.
        on_file: called with every `Load` as soon as it is known.

    Raises:
        ConfigurationError: `sources.yml` is wrong.
        DiskFullError: there is no space left.

    """
    loads = []
    for load in load_inbox(settings):
        loads.append(load)
        if on_file:
            on_file(load)
    return loads


def load_inbox(settings: Settings, progress: Progress | None = None) -> Iterator[Load]:
    """Load file by file in the order of their names and say what became of each.

    Each file is one transaction. Nothing happens for a file whose content and mapping have not
    changed. A file that cannot be loaded is recorded as failed, its last good version stays, and
    the others go on. Then overdue sources are reported.

    Raises:
        ConfigurationError: `sources.yml` is wrong.
        DiskFullError: there is no space left.

    """
    sources = load_sources(settings)
    with disk_full_named(settings), open_warehouse(settings) as connection:
        settings.inbox.mkdir(parents=True, exist_ok=True)
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        # Rows carry their numbers; keeping them in order as well would cost a third of the time.
        connection.execute("set preserve_insertion_order = false")
        discard_leftovers(settings.archive)
        with _transaction(connection):
            complete_versions(connection)
        run = _Run(connection, settings, sources, known_files(connection))
        for load in _all(run, progress):
            yield _logged(load)
        with _transaction(connection):
            refresh_views(connection, sources)
            for source in sources.sources.values():
                count_unread(connection, source)  # what another release reads otherwise
            unmet = list(find_unmet(connection, sources))
        for source, reason in unmet:
            yield _logged(about_source(source, "unmet", reason))


def _logged(load: Load) -> Load:
    level = logging.WARNING if load.is_warning else logging.INFO
    logger.log(level, " ".join(" ".join(load.lines()).split()))
    return load


def _all(run: _Run, progress: Progress | None) -> Iterator[Load]:
    files = list_files(run.settings.inbox)
    total = sum(file.seen.size for file in files)
    done = 0
    # Whether a file is a duplicate is known only after the others are loaded: they may change.
    later: list[InboxFile] = []
    for file in files:
        if progress:
            progress(file.name, done, total)
        yield from _whatever_comes(run, file, partial(_ingest_file, run, file, later))
        done += file.seen.size
    for file in later:
        yield from _whatever_comes(run, file, partial(_ingest_file, run, file))
    if progress:
        progress("", total, total)
    there = {file.name for file in files}
    yield from _reload_from_archive(run, there)
    yield from _gone(run, there)
    close_night(run.connection, run.night)
    yield from _overdue(run, files)


def _whatever_comes(run: _Run, file: InboxFile, load: Callable[[], list[Load]]) -> list[Load]:
    """Load a file; whatever fails is what became of this file, and the others go on."""
    try:
        return load()
    except Exception as error:
        reason = reason_of(error)
        if reason is None:
            raise
        logger.warning("%s", file.name, exc_info=True)
        return _all_not_loaded(run, run.sources.claiming(file.name), file, "failed", reason)


def _ingest_file(run: _Run, file: InboxFile, later: list[InboxFile] | None = None) -> list[Load]:
    """Load a file if needed; defer it to `later` if it looks like a duplicate."""
    claiming = run.sources.claiming(file.name)
    if file.path.is_symlink() and (file.path.is_dir() or leads_out(file.path, run.settings.inbox)):
        return [_not_loaded(run, None, file, "failed", refusals.LINK)]
    try:
        file = replace(file, sha256=sha256_of(file.path))
        if Signature.of(file.path) != file.seen:
            _came(run, claiming)
            return _all_not_loaded(run, claiming, file, "growing", notices.GROWING)
    except OSError:
        return [_not_loaded(run, None, file, "failed", refusals.NO_ACCESS)]
    if not claiming:
        remember(run.connection, file, run.known.get(file.name), run.night)
        return [_not_loaded(run, None, file, "failed", refusals.UNKNOWN_FILE)]
    standing = {source.name: _standing(run, source, file) for source in claiming}
    if later is not None and any(load and load.status == "duplicate" for load in standing.values()):
        later.append(file)
        return []
    if remember(run.connection, file, run.known.get(file.name), run.night):
        _came(run, claiming)
    told = [
        record_once(run.connection, load) if load.status == "duplicate" else load
        for load in standing.values()
        if load
    ]
    due = [source for source in claiming if standing[source.name] is None]
    return told + (_read_and_write(run, due, file) if due else [])


def _came(run: _Run, sources: list[Source]) -> None:
    run.connection.executemany(
        "insert or ignore into ops.source_nights values (?, ?)",
        [[source.name, run.night] for source in sources],
    )


def _standing(run: _Run, source: Source, file: InboxFile) -> Load | None:
    """Say why a file need not be loaded; None if it must."""
    versions = run.connection.execute(
        "select file, sha256, fingerprint, modified_at from ops.source_files where source = ?"
        " order by file",
        [source.name],
    ).fetchall()
    is_in_force = file.name in {name for name, *_ in versions}
    for name, sha256, fingerprint, modified_at in versions:
        if name == file.name and sha256 == file.sha256 and fingerprint == source.fingerprint:
            if source.kind == "snapshot" and modified_at != file.modified_at:
                run.connection.execute(
                    "update ops.source_files set modified_at = ? where source = ? and file = ?",
                    [file.modified_at, source.name, name],
                )
            return load_of(source.name, file, "unchanged")
        if name == file.name:
            continue
        if source.kind == "snapshot" and (modified_at, name) > (file.modified_at, file.name):
            return load_of(source.name, file, "superseded")
        # A snapshot's rows are replaced, so the same content again does no harm there.
        if source.kind == "events" and sha256 == file.sha256 and not is_in_force:
            return load_of(source.name, file, "duplicate", notices.duplicate(name))
    return None


def _read_and_write(run: _Run, due: list[Source], file: InboxFile) -> list[Load]:
    try:
        with archived_copy(file.path, run.settings.archive, file.seen) as copy:
            tables = read_file(copy.path)
            loads = []
            with _transaction(run.connection):
                for source in due:
                    loads += _take(run, source, replace(file, sha256=copy.sha256), tables)
                if any(load.status == "loaded" for load in loads):
                    copy.keep()
            return loads
    except StillGrowingError:
        return _all_not_loaded(run, due, file, "growing", notices.GROWING)
    except (UnreadableFile, RowsLostError) as error:
        return _all_not_loaded(run, due, file, "failed", error.reason)


def _take(run: _Run, source: Source, file: InboxFile, tables: list[Table]) -> list[Load]:
    """Load what the source wants of the file and record it, or why it cannot be loaded."""
    fit = fit_tables(run.connection, source, file.name, tables)
    for note in fit.notes:  # before anything is loaded
        logger.warning("%s: %s", file.name, note.de if run.settings.language == "de" else note.en)
    if fit.refusal:
        return [_not_loaded(run, source, file, "failed", fit.refusal, fit.notes)]
    written = _first_written(run, source, file)
    origin = Origin(file.name, file.sha256, uuid.uuid4().hex, now(), written, run.settings.timezone)
    notes_of = {id(table): notes for table, notes in fit.taken}
    taken = [table for table, _ in fit.taken]
    all_written = write_source(run.connection, source, taken, origin)
    for find in (find_reused_keys, find_left_out):
        if found := find(run.connection, source, origin.load_id):
            notes_of[id(taken[0])] = [*notes_of[id(taken[0])], found]
    loads = [
        load_of(
            source.name,
            file,
            "loaded",
            notes=notes_of[id(written.table)],
            origin=origin,
            sheet=written.table.name if written.table.is_sheet else None,
            rows_loaded=written.rows_loaded,
            rows_quarantined=written.rows_quarantined,
        )
        for written in all_written
    ]
    for table in fit.others:
        reason = refusals.other_sheet(source.name, table.row_count + table.reject_count)
        loads.append(load_of(source.name, file, "skipped", reason, origin=origin, sheet=table.name))
    for load in loads:
        record(run.connection, load)
    remember_columns(run.connection, source, file.name, taken, origin)
    _put_in_force(run.connection, source, file, origin)
    refresh_views(run.connection, run.sources, of=source)
    unread, told = find_unread(run.connection, source, origin.load_id)  # formats are settled
    return [add_notes(run.connection, loads[0], told, unread), *loads[1:]] if told else loads


def _first_written(run: _Run, source: Source, file: InboxFile) -> datetime:
    """Return the time of change with which this content first came.

    So that a copy of the inbox without its times, and reading anew, make no row newer.
    """
    kept = run.connection.execute(
        "select written_at from ops.source_files where source = ? and file = ? and sha256 = ?",
        [source.name, file.name, file.sha256],
    ).fetchone()
    return kept[0] if kept and kept[0] else file.modified_at


def _put_in_force(
    connection: duckdb.DuckDBPyConnection, source: Source, file: InboxFile, origin: Origin
) -> None:
    connection.execute(
        "delete from ops.source_files where source = ? and (? = 'snapshot' or file = ?)",
        [source.name, source.kind, file.name],
    )
    connection.execute(
        "insert into ops.source_files (source, file, sha256, fingerprint, modified_at, load_id,"
        " written_at) values (?, ?, ?, ?, ?, ?, ?)",
        [
            source.name,
            file.name,
            file.sha256,
            source.fingerprint,
            file.modified_at,
            origin.load_id,
            origin.modified_at,
        ],
    )


def _reload_from_archive(run: _Run, there: set[str]) -> Iterator[Load]:
    """Load files that left the inbox anew where their mapping changed."""
    versions = run.connection.execute(
        "select source, file, sha256, fingerprint, modified_at from ops.source_files order by all"
    ).fetchall()
    for name, file, sha256, fingerprint, modified_at in versions:
        source = run.sources.sources.get(name)
        if file in there or source is None or source.fingerprint == fingerprint:
            continue
        kept = archived_path(run.settings.archive, sha256, kept_suffix(Path(file)))
        if source.claims(file) and kept.exists():
            seen = Signature.of(kept)
            again = InboxFile(kept, file, seen, modified_at, sha256)
            yield from _whatever_comes(run, again, partial(_read_and_write, run, [source], again))


def _gone(run: _Run, there: set[str]) -> Iterator[Load]:
    """Report once which loaded files left the inbox."""
    for name, known in sorted(run.known.items()):
        if name in there or not known.is_there:
            continue
        forget(run.connection, name)
        loaded = run.connection.execute(
            "select source, sum(rows_loaded) from ops.loads semi join ops.source_files"
            " using (source, file, load_id) where file = ? and status = 'loaded' group by 1",
            [name],
        ).fetchall()
        file = InboxFile(Path(name), name, Signature(0, 0), known.modified_at, known.sha256)
        for source, rows in loaded:
            yield load_of(source, file, "gone", notices.gone(rows))


def _overdue(run: _Run, files: list[InboxFile]) -> list[Load]:
    """Report the sources that are overdue."""
    nights: dict[str, set[date]] = {}
    for name, night in run.connection.execute("from ops.source_nights").fetchall():
        nights.setdefault(name, set()).add(night)
    loads = []
    with _transaction(run.connection):
        run.connection.execute("delete from ops.overdue_sources")
        for source in run.sources.sources.values():
            came = nights.get(source.name, set())
            if not is_overdue(came, run.night, source.expected):
                continue
            days, last = usual_days(came, source.expected), max(came, default=None)
            is_there = any(source.claims(file.name) for file in files)
            reason = notices.overdue(source.name, days, last, is_file_there=is_there)
            run.connection.execute(
                "insert into ops.overdue_sources values (?, ?, ?, ?, ?)",
                [source.name, last, reason.de, reason.en, list(source.maps)],
            )
            loads.append(about_source(source, "overdue", reason))
    return loads


def _not_loaded(
    run: _Run,
    source: Source | None,
    file: InboxFile,
    status: Status,
    reason: Reason,
    notes: Sequence[Reason] = (),
) -> Load:
    name = source.name if source else None
    return record_once(run.connection, load_of(name, file, status, reason, notes))


def _all_not_loaded(
    run: _Run, sources: Sequence[Source], file: InboxFile, status: Status, reason: Reason
) -> list[Load]:
    return [_not_loaded(run, source, file, status, reason) for source in sources or (None,)]


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
