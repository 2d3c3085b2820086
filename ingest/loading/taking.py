"""One file into one source: judged by what it would take away, loaded and put in force, or not."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from config import Settings
from ingest.loading.column_changes import remember_columns
from ingest.loading.fitting import Fit, fit_tables
from ingest.loading.held import Held, find_held, hold, settle
from ingest.loading.inbox import InboxFile, KnownFile
from ingest.loading.left_out import find_left_out
from ingest.loading.loads import Load, Status, add_notes, load_of, now, record, record_once
from ingest.loading.raw import Origin, Written, replace_rows, take_back, write_source
from ingest.loading.reused_keys import find_reused_keys
from ingest.loading.taking_away import (
    Arriving,
    Judgement,
    Part,
    count_keys,
    judge,
    judge_own,
    read_parts,
)
from ingest.loading.unread import find_unread
from ingest.loading.versions import version_of
from ingest.mapping.sources import Source, Sources
from ingest.mapping.value_formats import forget_shapes
from ingest.mapping.views import refresh_views
from ingest.reading import refusals
from ingest.reading.refusals import Reason
from ingest.reading.tables import Table

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Run:
    """State of one run over the inbox. `arrived`: files that are new or written anew tonight."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    sources: Sources
    known: dict[str, KnownFile]
    arrived: frozenset[str]

    @property
    def night(self) -> date:
        """The night that it is."""
        return self.settings.night


def take(run: Run, source: Source, file: InboxFile, tables: list[Table]) -> list[Load]:
    """Load what the source wants of the file and record it, or why it is not loaded.

    The caller holds the transaction.
    """
    fit = fit_tables(run.connection, source, file.name, tables)
    for note in fit.notes:  # before anything is loaded
        logger.warning("%s: %s", file.name, note.de if run.settings.language == "de" else note.en)
    if fit.refusal:
        return [not_loaded(run, source, file, "failed", fit.refusal, fit.notes)]
    written_at = _first_written(run, source, file)
    origin = Origin(
        file.name, file.sha256, uuid.uuid4().hex, now(), written_at, run.settings.timezone
    )
    taken = [table for table, _ in fit.taken]
    place, written = write_source(run.connection, source, taken, origin)
    held = find_held(run.connection, source, file)
    judgement, replaced = _judge(run, source, file, (place, origin.load_id), held)
    if judgement.verdict != "take":
        take_back(run.connection, source, origin)
        return [hold(run.connection, source, file, judgement)]
    replace_rows(run.connection, source, [part.load_id for part in replaced])
    more = [judgement.reason] if judgement.reason else []
    if held and held.verdict == "accepted":
        more.append(held.decision)
    names = [part.file for part in replaced]
    return _put_in_force(run, source, file, origin, _Taken(fit, written, more, names))


@dataclass(frozen=True, slots=True)
class _Taken:
    """What was written of a file, what else is to be told, and the files that it replaced."""

    fit: Fit
    written: list[Written]
    notes: list[Reason]
    replaced: list[str]


def _judge(
    run: Run, source: Source, file: InboxFile, incoming: tuple[str, str], held: Held | None
) -> tuple[Judgement, list[Part]]:
    """Decide whether what was written may take the place of what is in force."""
    parts = read_parts(run.connection, source, file.name, incoming, run.arrived)
    if held and held.verdict == "accepted":
        judgement = Judgement("take", (*held.replaces, file.name))
    elif _is_in_force(run, source, file):  # read again, for another mapping
        judgement = Judgement("take", (file.name,))
    else:
        records = count_keys(run.connection, source, *incoming) if parts else 0
        arriving = Arriving(file.name, version_of(file.name, file.modified_at), records)
        decide = judge if source.kind == "snapshot" else judge_own
        judgement = decide(arriving, parts, source.max_share_gone)
    return judgement, [part for part in parts if part.file in judgement.replaces]


def _is_in_force(run: Run, source: Source, file: InboxFile) -> bool:
    return bool(
        run.connection.execute(
            "select 1 from ops.source_files where source = ? and file = ? and sha256 = ?",
            [source.name, file.name, file.sha256],
        ).fetchone()
    )


def _put_in_force(
    run: Run, source: Source, file: InboxFile, origin: Origin, taken: _Taken
) -> list[Load]:
    """Record what was loaded, with what there is to look at."""
    notes_of = {id(table): notes for table, notes in taken.fit.taken}
    first = id(taken.written[0].table)
    found = [
        find(run.connection, source, origin.load_id) for find in (find_reused_keys, find_left_out)
    ]
    notes_of[first] = [*notes_of[first], *taken.notes, *(one for one in found if one)]
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
        for written in taken.written
    ]
    for table in taken.fit.others:
        reason = refusals.other_sheet(source.name, table.row_count + table.reject_count)
        loads.append(load_of(source.name, file, "skipped", reason, origin=origin, sheet=table.name))
    for load in loads:
        record(run.connection, load)
    replaced = [*taken.replaced, file.name]
    tables = [table for table, _ in taken.fit.taken]
    remember_columns(run.connection, source, file.name, tables, origin, replaced)
    settle(run.connection, source, file, taken.replaced)
    _keep_version(run.connection, source, file, origin, replaced)
    refresh_views(run.connection, run.sources, of=source)
    unread, told = find_unread(run.connection, source, origin.load_id)  # formats are settled
    forget_shapes(run.connection)
    return [add_notes(run.connection, loads[0], told, unread), *loads[1:]] if told else loads


def _first_written(run: Run, source: Source, file: InboxFile) -> datetime:
    """Return the time of change with which this content first came.

    So that a copy of the inbox without its times, and reading anew, make no row newer.
    """
    kept = run.connection.execute(
        "select written_at from ops.source_files where source = ? and file = ? and sha256 = ?",
        [source.name, file.name, file.sha256],
    ).fetchone()
    return kept[0] if kept and kept[0] else file.modified_at


def _keep_version(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    file: InboxFile,
    origin: Origin,
    replaced: list[str],
) -> None:
    connection.execute(
        "delete from ops.source_files where source = ? and list_contains(?, file)",
        [source.name, replaced],
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


def not_loaded(
    run: Run,
    source: Source | None,
    file: InboxFile,
    status: Status,
    reason: Reason,
    notes: Sequence[Reason] = (),
) -> Load:
    """Record why a file is not loaded."""
    name = source.name if source else None
    return record_once(run.connection, load_of(name, file, status, reason, notes))


def all_not_loaded(
    run: Run, sources: Sequence[Source], file: InboxFile, status: Status, reason: Reason
) -> list[Load]:
    """Record why a file is loaded into none of these sources; without any, no source claims it."""
    return [not_loaded(run, source, file, status, reason) for source in sources or (None,)]
