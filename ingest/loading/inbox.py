"""The inbox: which files lie there, are still being written, came or left."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from ingest.loading.archive import Signature
from ingest.loading.file_names import leads_out, names_below
from workbooks.call_list import is_call_list
from workbooks.release_list import is_release_list
from workbooks.to_do import is_to_do

# Files that programs leave beside what people drop: hidden ones, Office's locks, partial downloads.
IGNORED_PREFIXES = (".", "~$")
IGNORED_NAMES = ("thumbs.db", "desktop.ini")  # what Windows keeps of a folder
IGNORED_SUFFIXES = (".tmp", ".part", ".crdownload", ".filepart", ".partial")
# A file that changed within this many seconds may still be being written: wait that long, once a
# run, and look again.
SETTLING_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class InboxFile:
    """A file of the inbox; `sha256` is empty until it has been read."""

    path: Path
    name: str  # below the inbox
    seen: Signature
    modified_at: datetime
    sha256: str = ""

    @classmethod
    def kept(cls, name: str, sha256: str, modified_at: datetime) -> InboxFile:
        """Name a file that is known but need not be in the inbox."""
        return cls(Path(name), name, Signature(0, 0), modified_at, sha256)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What was last seen of a file."""

    sha256: str
    size: int
    modified_at: datetime
    is_there: bool
    changed_on: date


def list_files(inbox: Path) -> list[InboxFile]:
    """Return the files in the order of their names, after giving fresh ones time to settle.

    A file is described as it was before the wait, so that one that is still growing differs.
    """
    files = [_described(path, name) for path, name in named_paths(inbox).items()]
    newest = max((file.seen.modified_ns for file in files), default=0) / 1e9
    age = time.time() - newest
    if age < SETTLING_SECONDS:
        time.sleep(min(SETTLING_SECONDS, SETTLING_SECONDS - age))
    return files


def known_files(connection: duckdb.DuckDBPyConnection) -> dict[str, KnownFile]:
    """Return what was last seen of each file."""
    rows = connection.execute(
        "select file, sha256, size, modified_at, is_there, changed_on from ops.inbox_files"
    ).fetchall()
    return {row[0]: KnownFile(*row[1:]) for row in rows}


def have_arrived(
    files: list[InboxFile], known: dict[str, KnownFile], night: date
) -> frozenset[str]:
    """Return which files are new, changed or written anew tonight, also in an earlier run of it."""

    def has(file: InboxFile) -> bool:
        before = known.get(file.name)
        seen = (file.seen.size, file.modified_at)
        return before is None or (before.size, before.modified_at) != seen or (
            before.changed_on == night
        )  # fmt: skip

    return frozenset(file.name for file in files if has(file))


def remember(
    connection: duckdb.DuckDBPyConnection, file: InboxFile, known: KnownFile | None, night: date
) -> bool:
    """Record what was seen of a file; return whether it is new, changed or written anew."""
    is_changed = known is None or known.sha256 != file.sha256
    is_renewed = is_changed or known.modified_at != file.modified_at  # type: ignore[union-attr]
    if known is not None and not is_renewed and known.is_there:
        return False
    if known is None:
        connection.execute(
            "insert into ops.inbox_files values ($file, $sha256, $size, $modified_at, $night,"
            " $night, $night, $night, true)",
            _values(file, night),
        )
    else:
        connection.execute(
            "update ops.inbox_files set sha256 = $sha256, size = $size,"
            " modified_at = $modified_at, is_there = true, seen_on = $night,"
            " renewed_on = case when $is_renewed then $night else renewed_on end,"
            " changed_on = case when $is_changed then $night else changed_on end"
            " where file = $file",
            _values(file, night) | {"is_renewed": is_renewed, "is_changed": is_changed},
        )
    return is_renewed


def forget(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    """Note that a file is no longer in the inbox."""
    connection.execute("update ops.inbox_files set is_there = false where file = ?", [file])


def close_night(connection: duckdb.DuckDBPyConnection, night: date) -> None:
    """Note that the files that are in the inbox were seen in this night."""
    connection.execute("update ops.inbox_files set seen_on = ? where is_there", [night])


def _values(file: InboxFile, night: date) -> dict[str, object]:
    return {
        "file": file.name,
        "sha256": file.sha256,
        "size": file.seen.size,
        "modified_at": file.modified_at,
        "night": night,
    }


def inbox_paths(inbox: Path) -> list[Path]:
    """Return what a night would read, in the order of the names; filled lists are read apart."""
    return sorted(
        path
        for path in inbox.rglob("*")
        # Every link is told: one to a folder, to nothing or out of the inbox as not read.
        if (path.is_symlink() or path.is_file())
        and not any(part.startswith(IGNORED_PREFIXES) for part in path.relative_to(inbox).parts)
        and path.suffix.lower() not in IGNORED_SUFFIXES
        and path.name.lower() not in IGNORED_NAMES
        and (leads_out(path, inbox) or not _is_filled_list(path))
    )


def _is_filled_list(path: Path) -> bool:
    """Whether other rooms read it cell by cell and account for it."""
    return is_to_do(path.name) or is_call_list(path) or is_release_list(path)


def named_paths(inbox: Path) -> dict[Path, str]:
    """Return what a night would read with the names by which it is known."""
    return names_below(inbox, inbox_paths(inbox))


def _described(path: Path, name: str) -> InboxFile:
    try:
        seen = Signature.of(path)
    except OSError:  # reported when it is opened
        seen = Signature(0, 0)
    modified_at = datetime.fromtimestamp(seen.modified_ns / 1e9, UTC).replace(tzinfo=None)
    return InboxFile(path, name, seen, modified_at)
