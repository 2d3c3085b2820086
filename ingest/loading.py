"""The station ingest: every file of the inbox into `raw`, once, whole or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import duckdb
from pydantic import BaseModel, ConfigDict

from config import Settings
from ingest import reasons
from ingest.archive import archived_copy, discard_leftovers, sha256_of
from ingest.expressions import columns_of, missing_columns
from ingest.raw import Origin, RowsLostError, write_source
from ingest.reading import read_file
from ingest.reasons import Reason, UnreadableFile
from ingest.sources import Source, Sources, load_sources
from ingest.tables import Table
from ingest.views import refresh_views
from warehouse import open_warehouse

# Files that programs leave beside what people drop: hidden ones, Office's locks, partial downloads.
IGNORED_PREFIXES = (".", "~$")
IGNORED_SUFFIXES = (".tmp", ".part", ".crdownload")

Status = Literal["loaded", "unchanged", "superseded", "skipped", "failed"]


class Load(BaseModel):
    """What became of one file, per source and sheet.

    `unchanged`: this content is in force already. `superseded`: a newer file of the snapshot
    source is. Both are told, not recorded in `ops.loads`. `skipped`: a sheet without any of the
    source's columns, beside sheets that have them.
    """

    model_config = ConfigDict(frozen=True)

    load_id: str
    source: str | None
    file: str
    sheet: str | None = None
    sha256: str
    loaded_at: datetime
    rows_found: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    status: Status
    reason_de: str | None = None
    reason_en: str | None = None


@dataclass(frozen=True, slots=True)
class _InboxFile:
    path: Path
    name: str  # below the inbox
    sha256: str
    modified_at: datetime


def ingest_inbox(settings: Settings, on_file: Callable[[Load], None] | None = None) -> list[Load]:
    """Bring every new or changed file of the inbox into `raw`, in the order of their names.

    Each file is one transaction. Nothing happens for a file whose content and mapping have not
    changed. A file that cannot be loaded is recorded as failed, its last good version stays, and
    the others go on.

    Args:
        settings: says where the inbox, the archive, the warehouse and `sources.yml` are.
        on_file: called with every `Load` as soon as it is known.

    Raises:
        ConfigurationError: `sources.yml` is wrong.

    """
    sources = load_sources(settings)
    settings.inbox.mkdir(parents=True, exist_ok=True)
    loads = []
    with open_warehouse(settings) as connection:
        discard_leftovers(settings.archive)
        for path in _inbox_files(settings.inbox):
            for load in _ingest_file(connection, settings, sources, path):
                loads.append(load)
                if on_file:
                    on_file(load)
        with _transaction(connection):
            refresh_views(connection, sources)
    return loads


def _inbox_files(inbox: Path) -> list[Path]:
    return sorted(
        path
        for path in inbox.rglob("*")
        if path.is_file()
        and not any(part.startswith(IGNORED_PREFIXES) for part in path.relative_to(inbox).parts)
        and path.suffix.lower() not in IGNORED_SUFFIXES
    )


def _ingest_file(
    connection: duckdb.DuckDBPyConnection, settings: Settings, sources: Sources, path: Path
) -> list[Load]:
    name = path.relative_to(settings.inbox).as_posix()
    try:
        modified_at = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
        file = _InboxFile(path, name, sha256_of(path), modified_at)
    except OSError:
        unknown = _InboxFile(path, name, "", _now())
        return [_fail(connection, None, unknown, reasons.NO_ACCESS)]
    claiming = sources.claiming(name)
    if not claiming:
        return [_fail(connection, None, file, reasons.UNKNOWN_FILE)]
    standing = {source.name: _standing(connection, source, file) for source in claiming}
    told = [_load(name, file, status) for name, status in standing.items() if status]
    due = [source for source in claiming if standing[source.name] is None]
    return told + (_read_and_write(connection, settings, due, file) if due else [])


def _standing(
    connection: duckdb.DuckDBPyConnection, source: Source, file: _InboxFile
) -> Literal["unchanged", "superseded"] | None:
    """Say why a file need not be loaded; None if it must."""
    versions = connection.execute(
        "select file, sha256, fingerprint, modified_at from ops.source_files where source = ?",
        [source.name],
    ).fetchall()
    for name, sha256, fingerprint, modified_at in versions:
        if name == file.name and sha256 == file.sha256 and fingerprint == source.fingerprint:
            if modified_at != file.modified_at:
                connection.execute(
                    "update ops.source_files set modified_at = ? where source = ? and file = ?",
                    [file.modified_at, source.name, name],
                )
            return "unchanged"
        is_newer = (modified_at, name) > (file.modified_at, file.name)
        if source.kind == "snapshot" and name != file.name and is_newer:
            return "superseded"
    return None


def _read_and_write(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    due: list[Source],
    file: _InboxFile,
) -> list[Load]:
    with archived_copy(file.path, settings.archive) as copy:
        file = replace(file, sha256=copy.sha256)
        try:
            tables = read_file(copy.path)
        except UnreadableFile as error:
            return [_fail(connection, source, file, error.reason) for source in due]
        loads = []
        try:
            with _transaction(connection):
                for source in due:
                    loads += _take(connection, source, file, tables)
                if any(load.status == "loaded" for load in loads):
                    copy.keep()
        except RowsLostError as error:
            return [_fail(connection, source, file, error.reason) for source in due]
    return loads


def _fit(source: Source, tables: list[Table]) -> tuple[list[Table], list[Table]] | Reason:
    """Part the tables into those of the source and sheets of another kind.

    A sheet that has some of the mapped columns and lacks others has been damaged: nothing of the
    file may be loaded, else half of it would replace the whole. So says the reason.
    """
    wanted = [table for table in tables if not table.is_sheet or source.wants_sheet(table.name)]
    if not wanted:
        return reasons.missing_sheet(
            source.name, source.sheet or "*", [table.name for table in tables]
        )
    missing = {table.name: missing_columns(source, columns_of(table.columns)) for table in wanted}
    complete = [table for table in wanted if not missing[table.name]]
    others = [table for table in wanted if len(missing[table.name]) == len(source.file_columns)]
    broken = [table for table in wanted if table not in complete and table not in others]
    if broken or not complete:
        worst = (broken or others)[0]
        return reasons.missing_columns(source.name, missing[worst.name], worst.columns)
    return complete, others if source.file_columns else []


def _take(
    connection: duckdb.DuckDBPyConnection, source: Source, file: _InboxFile, tables: list[Table]
) -> list[Load]:
    """Load what the source wants of the file and record it, or why it cannot be loaded."""
    fit = _fit(source, tables)
    if isinstance(fit, Reason):
        return [_fail(connection, source, file, fit)]
    complete, others = fit
    origin = Origin(file.name, file.sha256, uuid.uuid4().hex, _now())
    loads = [
        _load(
            source.name,
            file,
            "loaded",
            origin,
            sheet=written.sheet,
            rows_found=written.rows_loaded + written.rows_quarantined,
            rows_loaded=written.rows_loaded,
            rows_quarantined=written.rows_quarantined,
        )
        for written in write_source(connection, source, complete, origin)
    ]
    for table in others:
        reason = reasons.other_sheet(source.name, table.row_count + table.reject_count)
        loads.append(_load(source.name, file, "skipped", origin, reason, sheet=table.name))
    for load in loads:
        _record(connection, load)
    _put_in_force(connection, source, file, origin.load_id)
    return loads


def _put_in_force(
    connection: duckdb.DuckDBPyConnection, source: Source, file: _InboxFile, load_id: str
) -> None:
    connection.execute(
        "delete from ops.source_files where source = ? and (? = 'snapshot' or file = ?)",
        [source.name, source.kind, file.name],
    )
    connection.execute(
        "insert into ops.source_files values (?, ?, ?, ?, ?, ?)",
        [source.name, file.name, file.sha256, source.fingerprint, file.modified_at, load_id],
    )


def _fail(
    connection: duckdb.DuckDBPyConnection,
    source: Source | None,
    file: _InboxFile,
    reason: Reason,
) -> Load:
    """Record that the file was not loaded, unless its last entry says just that."""
    name = source.name if source else None
    load = _load(name, file, "failed", reason=reason)
    last = connection.execute(
        "select sha256, status, reason_de from ops.loads where file = ? and source is not distinct"
        " from ? order by loaded_at desc limit 1",
        [file.name, name],
    ).fetchone()
    if last != (file.sha256, "failed", reason.de):
        _record(connection, load)
    return load


def _load(
    source: str | None,
    file: _InboxFile,
    status: Status,
    origin: Origin | None = None,
    reason: Reason | None = None,
    *,
    sheet: str | None = None,
    rows_found: int = 0,
    rows_loaded: int = 0,
    rows_quarantined: int = 0,
) -> Load:
    return Load(
        load_id=origin.load_id if origin else uuid.uuid4().hex,
        source=source,
        file=file.name,
        sheet=sheet,
        sha256=file.sha256,
        loaded_at=origin.loaded_at if origin else _now(),
        rows_found=rows_found,
        rows_loaded=rows_loaded,
        rows_quarantined=rows_quarantined,
        status=status,
        reason_de=reason.de if reason else None,
        reason_en=reason.en if reason else None,
    )


def _record(connection: duckdb.DuckDBPyConnection, load: Load) -> None:
    values = load.model_dump()
    names = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    connection.execute(f"insert into ops.loads ({names}) values ({marks})", list(values.values()))


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
