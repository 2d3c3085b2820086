"""The ledger of files that were not taken over as they came: held back, older, turned down."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from config import Settings
from config.language import _
from ingest.loading import held_notices
from ingest.loading.inbox import InboxFile
from ingest.loading.loads import Load, load_of, now, record_once
from ingest.loading.taking_away import Judgement
from ingest.loading.versions import version_of
from ingest.mapping.sources import Source
from ingest.reading.refusals import Reason
from warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb

Verdict = Literal["waiting", "accepted", "rejected", "older", "replaced"]
_COLUMNS = "verdict, replaces, reason_de, reason_en, decided_by, decided_at"


class NothingHeldError(Exception):
    """No file of this name waits; the message names those that do."""


class Held(NamedTuple):
    """What became of a version of a file."""

    verdict: Verdict
    replaces: list[str]
    reason_de: str
    reason_en: str
    decided_by: str | None
    decided_at: datetime | None

    @property
    def reason(self) -> Reason:
        """Why it waits."""
        return Reason(self.reason_de, self.reason_en)

    @property
    def decision(self) -> Reason:
        """Who decided, and when."""
        told = held_notices.accepted if self.verdict == "accepted" else held_notices.rejected
        return told(self.decided_by or "", self.decided_at)


def find_held(
    connection: duckdb.DuckDBPyConnection, source: Source, file: InboxFile
) -> Held | None:
    """Return what became of just this version of a file; None if it is to be judged."""
    row = connection.execute(
        f"select {_COLUMNS} from ops.held_files where source = ? and file = ? and sha256 = ?"
        " and modified_at = ? and judged_by = ?",
        [source.name, file.name, file.sha256, file.modified_at, source.judged_by],
    ).fetchone()
    return Held(*row) if row else None


def tell_held(
    connection: duckdb.DuckDBPyConnection, source: Source, file: InboxFile, held: Held
) -> Load:
    """Say again what became of a file that is not in force."""
    if held.verdict == "waiting":
        return load_of(source.name, file, "held", held.reason)
    if held.verdict == "rejected":
        return record_once(connection, load_of(source.name, file, "skipped", held.decision))
    return load_of(source.name, file, "superseded")


def hold(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    file: InboxFile,
    judgement: Judgement,
) -> Load:
    """Keep why a file is not taken over."""
    _keep(connection, source, file, judgement)
    if judgement.verdict == "hold":
        return record_once(connection, load_of(source.name, file, "held", judgement.reason))
    notes = [judgement.reason] if judgement.reason else []
    return record_once(connection, load_of(source.name, file, "superseded", notes=notes))


def _keep(
    connection: duckdb.DuckDBPyConnection, source: Source, file: InboxFile, judgement: Judgement
) -> None:
    reason = judgement.reason or Reason("", "")
    version = version_of(file.name, file.modified_at)
    connection.execute(
        "insert or replace into ops.held_files (source, file, sha256, modified_at, judged_by,"
        " version_at, replaces, verdict, reason_de, reason_en)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            source.name,
            file.name,
            file.sha256,
            file.modified_at,
            source.judged_by,
            version.at,
            list(judgement.replaces),
            "waiting" if judgement.verdict == "hold" else "older",
            reason.de,
            reason.en,
        ],
    )


def settle(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    file: InboxFile,
    replaced: Collection[str],
) -> None:
    """Lift the holds that a loaded file ends: its own, and older ones of what it replaced.

    Called while the replaced files are still in force: they stand as older from now on.
    """
    version = version_of(file.name, file.modified_at)
    outdated = connection.execute(
        "select file, sha256, modified_at from ops.source_files"
        " where source = ? and list_contains(?, file) and file <> ?",
        [source.name, list(replaced), file.name],
    ).fetchall()
    for row in outdated:
        _keep(connection, source, InboxFile.kept(*row), Judgement("older", (file.name,)))
    connection.execute(
        "delete from ops.held_files where source = ? and file = ?", [source.name, file.name]
    )
    lifted = connection.execute(
        "update ops.held_files set verdict = 'replaced' where source = ? and verdict = 'waiting'"
        " and list_has_any(replaces, ?) and (version_at, modified_at, file) < (?, ?, ?)"
        " returning file, sha256, modified_at",
        [source.name, [*replaced, file.name], version.at, version.modified_at, file.name],
    ).fetchall()
    for name, sha256, modified_at in lifted:
        other = InboxFile.kept(name, sha256, modified_at)
        record_once(connection, load_of(source.name, other, "superseded"))


def held_elsewhere(
    connection: duckdb.DuckDBPyConnection, verdict: Verdict, there: Collection[str]
) -> list[tuple[str, InboxFile, Held]]:
    """Return the sources and files with this verdict that are no longer in the inbox."""
    rows = connection.execute(
        f"select source, file, sha256, modified_at, {_COLUMNS} from ops.held_files"
        " where verdict = ? and not list_contains(?, file) order by file, source",
        [verdict, sorted(there)],
    ).fetchall()
    return [(row[0], InboxFile.kept(*row[1:4]), Held(*row[4:])) for row in rows]


def decide_files(
    settings: Settings, accepted: Collection[str], rejected: Collection[str], who: str
) -> None:
    """Keep that a person releases files that are held back, or turns them down: all or none.

    Raises:
        NothingHeldError: one of them is not held back.

    """
    with open_warehouse(settings) as connection:
        connection.begin()
        try:
            for file in accepted:
                decide(connection, file, "accepted", who, now())
            for file in rejected:
                decide(connection, file, "rejected", who, now())
        except BaseException:
            connection.rollback()
            raise
        connection.commit()


def decide(
    connection: duckdb.DuckDBPyConnection,
    file: str,
    verdict: Literal["accepted", "rejected"],
    who: str,
    at: datetime,
) -> None:
    """Keep a person's decision about a file that waits; the next ingest acts on it.

    Raises:
        NothingHeldError: no such file waits.

    """
    decided = connection.execute(
        "update ops.held_files set verdict = ?, decided_by = ?, decided_at = ?"
        " where file = ? and verdict = 'waiting' returning file",
        [verdict, who, at, file],
    ).fetchall()
    if decided:
        return
    rows = connection.execute(
        "select distinct file from ops.held_files where verdict = 'waiting' order by 1"
    ).fetchall()
    waiting = ", ".join(name for (name,) in rows) or _("none")
    raise NothingHeldError(
        _("No file {file} is held back. Held back: {waiting}.").format(file=file, waiting=waiting)
    )
