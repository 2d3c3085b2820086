"""What became of a file: recorded in `ops.loads` and told in a line."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import duckdb
from pydantic import BaseModel, ConfigDict

from config.language import _, in_thousands, marked, spoken_language
from ingest.loading.archive import Signature
from ingest.loading.inbox import InboxFile
from ingest.loading.raw import Origin
from ingest.mapping.sources import Source
from ingest.reading.refusals import Reason

Status = Literal[
    "loaded",
    "unchanged",
    "superseded",
    "held",
    "duplicate",
    "skipped",
    "growing",
    "failed",
    "gone",
    "overdue",
    "unmet",
]
# What a person should look at.
WARNINGS: Final = frozenset({"failed", "held", "growing", "duplicate", "gone", "overdue", "unmet"})

# What is told of a file, in the catalogue.
TOLD: Final[dict[Status, str]] = {
    "loaded": marked("{file}: {loaded} rows loaded, {quarantined} in quarantine"),
    "unchanged": marked("{file}: unchanged"),
    "superseded": marked("{file}: a newer version is in force"),
    "held": marked("{file}: held back. {reason}"),
    "duplicate": marked("{file}: duplicate. {reason}"),
    "skipped": marked("{file}: skipped. {reason}"),
    "growing": marked("{file}: not yet loaded. {reason}"),
    "failed": marked("{file}: not loaded. {reason}"),
    "gone": marked("{file}: missing. {reason}"),
    "overdue": marked("{file}: missing. {reason}"),
    "unmet": marked("{file}: references without a record. {reason}"),
}
ONE_LOADED = marked("{file}: 1 row loaded, {quarantined} in quarantine")


class Load(BaseModel):
    """What became of one file, per source and sheet.

    `unchanged`: this content is in force already. `gone`: a loaded file is no longer in the inbox.
    `overdue`: a source did not come; `file` is its pattern, as for `unmet`: references that meet no
    key. These are told, not recorded in `ops.loads`. `superseded`: a newer file of the snapshot
    source is in force. `held`: it would take too much away, so a person decides (`ops.held_files`).
    `skipped`: a sheet without any of the source's columns, beside sheets that have them, or a file
    that a person turned down. `duplicate`: another file of the source has the same content.
    `growing`: the file is still being written.

    `unread`: columns of the file of which more cells than `sources.yml` allows could not be read
    (`ops.unread_cells`).
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
    notes_de: tuple[str, ...] = ()
    notes_en: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def is_warning(self) -> bool:
        """Whether a person should look at it."""
        return self.status in WARNINGS or bool(self.notes_de)

    def lines(self) -> list[str]:
        """Say what became of the file, then what to look at, in the language in use."""
        place = f"{self.file} › {self.sheet}" if self.sheet else self.file
        reason, notes = (
            (self.reason_en, self.notes_en)
            if spoken_language() == "en"
            else (self.reason_de, self.notes_de)
        )
        is_one = self.status == "loaded" and self.rows_loaded == 1
        said = _(ONE_LOADED if is_one else TOLD[self.status]).format(
            file=place,
            loaded=in_thousands(self.rows_loaded),
            quarantined=in_thousands(self.rows_quarantined),
            reason=reason or "",
        )
        if self.unread:
            said += _("; not readable: {columns}").format(columns=", ".join(self.unread))
        return [said, *(f"  ! {note}" for note in notes)]


def load_of(
    source: str | None,
    file: InboxFile,
    status: Status,
    reason: Reason | None = None,
    notes: Sequence[Reason] = (),
    *,
    origin: Origin | None = None,
    sheet: str | None = None,
    rows_loaded: int = 0,
    rows_quarantined: int = 0,
) -> Load:
    """Say what became of a file; `origin` where it was loaded."""
    return Load(
        load_id=origin.load_id if origin else uuid.uuid4().hex,
        source=source,
        file=file.name,
        sheet=sheet,
        sha256=file.sha256,
        loaded_at=origin.loaded_at if origin else now(),
        rows_found=rows_loaded + rows_quarantined,
        rows_loaded=rows_loaded,
        rows_quarantined=rows_quarantined,
        status=status,
        reason_de=reason.de if reason else None,
        reason_en=reason.en if reason else None,
        notes_de=tuple(note.de for note in notes),
        notes_en=tuple(note.en for note in notes),
    )


def about_source(source: Source, status: Status, reason: Reason) -> Load:
    """Say something of a source that is no file's; its pattern stands for one."""
    pattern = InboxFile(Path(source.files), source.files, Signature(0, 0), now())
    return load_of(source.name, pattern, status, reason)


def record(connection: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Write a load into `ops.loads`."""
    values = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in load.model_dump(exclude={"unread"}).items()
    }
    names = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    connection.execute(f"insert into ops.loads ({names}) values ({marks})", list(values.values()))


def add_notes(
    connection: duckdb.DuckDBPyConnection, load: Load, notes: Sequence[Reason], unread: list[str]
) -> Load:
    """Add to a recorded load what was found in its rows afterwards."""
    told = load.model_copy(
        update={
            "notes_de": (*load.notes_de, *(note.de for note in notes)),
            "notes_en": (*load.notes_en, *(note.en for note in notes)),
            "unread": tuple(unread),
        }
    )
    connection.execute(
        "update ops.loads set notes_de = ?, notes_en = ? where load_id = ? and status = 'loaded'"
        " and sheet is not distinct from ?",
        [list(told.notes_de), list(told.notes_en), load.load_id, load.sheet],
    )
    return told


def record_once(connection: duckdb.DuckDBPyConnection, load: Load) -> Load:
    """Record that a file was not loaded, unless its last entry says just that."""
    last = connection.execute(
        "select sha256, status, reason_de from ops.loads where file = ? and source is not distinct"
        " from ? order by loaded_at desc limit 1",
        [load.file, load.source],
    ).fetchone()
    if last != (load.sha256, load.status, load.reason_de):
        record(connection, load)
    return load


def now() -> datetime:
    """Return the time in UTC, without a zone, as the warehouse keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)
