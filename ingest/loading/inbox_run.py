"""The station ingest: every file of the inbox into `raw`, once, whole or not at all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
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
from ingest.loading.faults import disk_full_named, reason_of
from ingest.loading.file_names import leads_out
from ingest.loading.held import find_held, held_elsewhere, tell_held
from ingest.loading.inbox import (
    InboxFile,
    close_night,
    forget,
    have_arrived,
    known_files,
    list_files,
    remember,
)
from ingest.loading.loads import Load, about_source, load_of, record_once
from ingest.loading.raw import RowsLostError, complete_versions
from ingest.loading.rhythm import is_overdue, usual_days
from ingest.loading.taking import Run, all_not_loaded, not_loaded, take
from ingest.loading.unclaimed import why_unclaimed
from ingest.loading.unmet_references import find_unmet
from ingest.loading.unread import count_unread
from ingest.loading.versions import version_of
from ingest.mapping.sources import Source, Sources, load_sources
from ingest.mapping.views import refresh_views
from ingest.reading import refusals
from ingest.reading.file import read_file
from ingest.reading.refusals import UnreadableFile
from warehouse import open_warehouse
from warehouse.files import pack_quickly

logger = logging.getLogger(__name__)

# Memory limit of DuckDB while it loads a file; beyond it DuckDB works on disk.
MEMORY_LIMIT = "400MB"

# Told before each file and at the end: its name, the bytes of the files before it and of all.
Progress = Callable[[str, int, int], None]


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
        pack_quickly(connection)
        discard_leftovers(settings.archive)
        with _transaction(connection):
            complete_versions(connection)
        known, files = known_files(connection), list_files(settings.inbox)
        arrived = have_arrived(files, known, settings.night)
        run = Run(connection, settings, sources, known, arrived)
        for load in _all(run, files, progress):
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


def _all(run: Run, files: list[InboxFile], progress: Progress | None) -> Iterator[Load]:
    total = sum(file.seen.size for file in files)
    done = 0
    # Whether a file is a duplicate is known only after the others are loaded: they may change.
    later: list[InboxFile] = []
    for file in _newest_first(files, run.sources):
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
    yield from _held_elsewhere(run, there)
    yield from _gone(run, there)
    close_night(run.connection, run.night)
    yield from _overdue(run, files)


def _newest_first(files: list[InboxFile], sources: Sources) -> list[InboxFile]:
    """Return the files by name, but those of one snapshot from the newest on: it counts."""
    ordered = list(files)
    for source in sources.sources.values():
        if source.kind != "snapshot":
            continue
        places = [place for place, file in enumerate(ordered) if source.claims(file.name)]
        claimed = sorted(
            (ordered[place] for place in places),
            key=lambda file: (version_of(file.name, file.modified_at), file.name),
            reverse=True,
        )
        for place, file in zip(places, claimed, strict=True):
            ordered[place] = file
    return ordered


def _whatever_comes(run: Run, file: InboxFile, load: Callable[[], list[Load]]) -> list[Load]:
    """Load a file; whatever fails is what became of this file, and the others go on."""
    try:
        return load()
    except Exception as error:
        reason = reason_of(error)
        if reason is None:
            raise
        logger.warning("%s", file.name, exc_info=True)
        return all_not_loaded(run, run.sources.claiming(file.name), file, "failed", reason)


def _ingest_file(run: Run, file: InboxFile, later: list[InboxFile] | None = None) -> list[Load]:
    """Load a file if needed; defer it to `later` if it looks like a duplicate."""
    claiming = run.sources.claiming(file.name)
    if file.path.is_symlink() and (file.path.is_dir() or leads_out(file.path, run.settings.inbox)):
        return [not_loaded(run, None, file, "failed", refusals.LINK)]
    try:
        file = replace(file, sha256=sha256_of(file.path))
        if Signature.of(file.path) != file.seen:
            _came(run, claiming)
            return all_not_loaded(run, claiming, file, "growing", notices.GROWING)
    except OSError:
        return [not_loaded(run, None, file, "failed", refusals.NO_ACCESS)]
    if not claiming:
        known = run.known.get(file.name)
        remember(run.connection, file, known, run.night)
        reason = why_unclaimed(run.connection, file, known)
        return [not_loaded(run, None, file, "failed", reason)]
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


def _came(run: Run, sources: list[Source]) -> None:
    run.connection.executemany(
        "insert or ignore into ops.source_nights values (?, ?)",
        [[source.name, run.night] for source in sources],
    )


def _standing(run: Run, source: Source, file: InboxFile) -> Load | None:
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
        # A snapshot's rows are replaced, so the same content again does no harm there.
        if source.kind == "events" and sha256 == file.sha256 and not is_in_force:
            return load_of(source.name, file, "duplicate", notices.duplicate(name))
    held = find_held(run.connection, source, file)
    if held is None or held.verdict == "accepted":
        return None
    return tell_held(run.connection, source, file, held)


def _read_and_write(run: Run, due: list[Source], file: InboxFile) -> list[Load]:
    try:
        with archived_copy(file.path, run.settings.archive, file.seen) as copy:
            tables = read_file(copy.path)
            loads = []
            with _transaction(run.connection):
                for source in due:
                    loads += take(run, source, replace(file, sha256=copy.sha256), tables)
                if any(load.status in {"loaded", "held"} for load in loads):
                    copy.keep()
            return loads
    except StillGrowingError:
        return all_not_loaded(run, due, file, "growing", notices.GROWING)
    except (UnreadableFile, RowsLostError) as error:
        return all_not_loaded(run, due, file, "failed", error.reason)


def _reload_from_archive(run: Run, there: set[str]) -> Iterator[Load]:
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


def _held_elsewhere(run: Run, there: set[str]) -> Iterator[Load]:
    """Load or tell again what is held back and left the inbox: the archive has it."""
    for verdict in ("accepted", "waiting"):
        for name, file, held in held_elsewhere(run.connection, verdict, there):
            source = run.sources.sources.get(name)
            if source is None:
                continue
            if verdict == "waiting":
                yield tell_held(run.connection, source, file, held)
                continue
            kept = archived_path(run.settings.archive, file.sha256, kept_suffix(file.path))
            again = replace(file, path=kept, seen=Signature.of(kept))
            yield from _whatever_comes(run, again, partial(_read_and_write, run, [source], again))


def _gone(run: Run, there: set[str]) -> Iterator[Load]:
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
        file = InboxFile.kept(name, known.sha256, known.modified_at)
        for source, rows in loaded:
            yield load_of(source, file, "gone", notices.gone(rows))


def _overdue(run: Run, files: list[InboxFile]) -> list[Load]:
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


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
