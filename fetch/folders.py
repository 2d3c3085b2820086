"""Files of folders: those that are new or changed, once nobody writes them any more."""

from __future__ import annotations

import hashlib
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from config.connections import Login
from config.language import _
from fetch.entries import FolderEntry
from fetch.errors import FetchError
from fetch.file_systems import open_folder
from fetch.parcels import Parcel, safe_path
from fetch.problems import is_disk_full
from fetch.state import State

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


@dataclass(frozen=True, slots=True)
class _File:
    """A file at the source. `name` below the folder; `changed_at` in seconds since 1970."""

    path: str
    name: str
    size: int
    changed_at: float
    looks: str

    @staticmethod
    def of(info: dict[str, Any], root: str) -> _File:
        path = str(info["name"])
        moment = next((info[key] for key in _TIMES if info.get(key) is not None), 0.0)
        if isinstance(moment, datetime):
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        size, etag = int(info.get("size") or 0), info.get("etag") or info.get("ETag") or ""
        name = path.removeprefix(root).strip("/")
        return _File(path, name, size, float(moment), f"{etag}|{moment}|{size}")


_TIMES = ("mtime", "modified", "LastModified")


def parcels(entry: FolderEntry, login: Login | None, state: State) -> Iterator[Parcel]:
    """Yield the files that are new or look otherwise than when they were fetched, oldest first.

    Raises:
        FetchError: the connection is of no folder, or a file could not be moved afterwards.

    """
    system, root = open_folder(entry, login)
    listing = _listing(entry, system, root)
    names = {file.name for file in listing}
    if not listing and state.files and entry.after == "keep":
        raise FetchError(
            _("{folder} holds no such file any more: is it mounted?").format(folder=entry.folder)
        )
    unmoved: list[str] = []
    for file in sorted(listing, key=lambda file: (file.changed_at, file.name)):
        is_known = state.files.get(file.name) == file.looks
        if is_known:
            if entry.after == "move":  # killed before it was moved, or not allowed to
                yield Parcel(file=None, done=_mover(entry, system, root, file, unmoved))
            continue
        if 0 <= time.time() - file.changed_at < entry.settle_seconds:
            continue  # perhaps still being written
        yield _parcel(entry, system, root, file, names, unmoved)
    if unmoved:
        message = _("{count} fetched files could not be moved, such as {file}: have it granted.")
        raise FetchError(message.format(count=len(unmoved), file=unmoved[0]))


def _listing(entry: FolderEntry, system: AbstractFileSystem, root: str) -> list[_File]:
    from ingest.loading.inbox import IGNORED_PREFIXES, IGNORED_SUFFIXES

    if "/" in entry.files:
        if not system.exists(root):
            raise FileNotFoundError(root)
        infos = system.find(root, detail=True).values()
    else:
        infos = system.ls(root, detail=True)
    files = [_File.of(info, root) for info in infos if info["type"] == "file"]
    pattern = _folded(entry.files.removeprefix("**/"))
    moved = _folded(entry.move_to.strip("/")) + "/"
    return [
        file
        for file in files
        if PurePosixPath(_folded(file.name)).match(pattern)
        and not any(part.startswith(IGNORED_PREFIXES) for part in file.name.split("/"))
        and PurePosixPath(file.name).suffix.lower() not in IGNORED_SUFFIXES
        and not (entry.after == "move" and _folded(file.name).startswith(moved))
    ]


def _parcel(
    entry: FolderEntry,
    system: AbstractFileSystem,
    root: str,
    file: _File,
    names: set[str],
    unmoved: list[str],
) -> Parcel:
    notes: list[str] = []

    def write(path: Path) -> int | None:
        if file.size > entry.max_megabytes * 1e6:
            notes.append(
                _("{file} is left: it has {size:.0f} MB, more than `max_megabytes`.").format(
                    file=file.name, size=file.size / 1e6
                )
            )
            return 0
        try:
            system.get_file(file.path, str(path))
            after = _File.of(system.info(file.path), root)
        except (PermissionError, FileNotFoundError) as error:
            if is_disk_full(error):
                raise
            notes.append(_("{file} could not be read.").format(file=file.name))
            return 0
        if after.looks != file.looks or path.stat().st_size != file.size:
            notes.append(_("{file} is still being written; next time.").format(file=file.name))
            return 0
        return None

    def remember(state: State) -> State:
        kept = {name: looks for name, looks in state.files.items() if name in names}
        return state.model_copy(update={"files": kept | {file.name: file.looks}})

    return Parcel(
        file=f"{entry.target}/{_place(file.name)}",
        write=write,
        state=remember,
        done=_mover(entry, system, root, file, unmoved),
        modified_at=file.changed_at or None,
        note=lambda: " ".join(notes) or None,
    )


def _mover(
    entry: FolderEntry, system: AbstractFileSystem, root: str, file: _File, unmoved: list[str]
) -> Callable[[], None]:
    """Return what moves a file where the entry says so, and notes it where that is not allowed."""

    def move() -> None:
        if entry.after == "move":
            try:
                _move(system, file, f"{root}/{entry.move_to.strip('/')}")
            except OSError:
                unmoved.append(file.name)

    return move


def _move(system: AbstractFileSystem, file: _File, folder: str) -> None:
    """Move a file at the source; nothing there is replaced."""
    target = PurePosixPath(folder) / file.name
    system.makedirs(str(target.parent), exist_ok=True)
    if system.exists(str(target)):
        now = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
        target = target.with_name(f"{target.stem}_{now}{target.suffix}")
    system.mv(file.path, str(target))


def _place(name: str) -> str:
    """Return where below the inbox a file of this name goes; two names never to one place."""
    plain, safe = unicodedata.normalize("NFC", name), safe_path(name)
    if safe == plain:
        return safe
    path, mark = PurePosixPath(safe), hashlib.sha256(name.encode()).hexdigest()[:6]
    return path.with_name(f"{path.stem}_{mark}{path.suffix}").as_posix()


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
