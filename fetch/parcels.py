"""What a source has for the inbox, and how it gets there: whole or not at all."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from fetch.state import State

PART: Final = ".fetch.part"
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\/]')
_MAX_BYTES: Final = 180  # file systems take 255; room for what is put before and behind


@dataclass(frozen=True, slots=True)
class Parcel:
    """One file for the inbox.

    `file`: its place below the inbox; None: nothing is to come, only `state` and `done` to be seen
    to. `write` writes it to a path and returns the number of rows, None where it does not know
    them; with no rows the file does not come. `state`: what is to be remembered once the file lies
    there; called after `write`. `done`: what is left to do at the source after that. `modified_at`:
    its time of change, seconds since 1970. `note` gives what is worth telling, after `write`.
    `has_rows`: a dry run writes it to count them.
    """

    file: str | None
    write: Callable[[Path], int | None] = lambda _path: None
    state: Callable[[State], State] = lambda state: state
    done: Callable[[], None] = lambda: None
    modified_at: float | None = None
    note: Callable[[], str | None] = lambda: None
    has_rows: bool = False


def deliver(inbox: Path, parcel: Parcel) -> int | None:
    """Write a file beside its place and put it there by one rename.

    Returns:
        The number of rows, None where unknown; with 0 nothing was put there.

    """
    target = inbox / str(parcel.file)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}{PART}")
    try:
        rows = parcel.write(part)
        if rows == 0:
            return 0
        with part.open("rb") as file:
            os.fsync(file.fileno())
        if parcel.modified_at is not None:
            os.utime(part, (parcel.modified_at, parcel.modified_at))
        part.replace(target)
        _settle(target.parent)
        return rows
    finally:
        part.unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """Let a rename survive a power cut, before anything is remembered of it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def discard_leftovers(inbox: Path) -> None:
    """Remove what a killed fetch left beside the places of its files."""
    for path in inbox.rglob(f".*{PART}"):
        path.unlink(missing_ok=True)


def safe_name(name: str) -> str:
    r"""Turn a name given by others into one that stays in its folder and that ingest reads.

    >>> safe_name("../../etc/Preis\x00liste.xlsx")
    '_.._etc_Preis_liste.xlsx'
    """
    text = _UNSAFE.sub("_", unicodedata.normalize("NFC", name)).strip().lstrip(".~$ ")
    stem, suffix = PurePosixPath(text or "_").stem, PurePosixPath(text or "_").suffix
    room = _MAX_BYTES - len(suffix.encode())
    if room < 1:
        stem, suffix, room = text, "", _MAX_BYTES
    return stem.encode()[:room].decode(errors="ignore") + suffix


def safe_path(path: str) -> str:
    """Do the same for a path of several parts, which stays below its folder.

    >>> safe_path("2026/../../x/a.csv")
    '2026/_/_/x/a.csv'
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return "/".join(safe_name(part) or "_" for part in parts)
