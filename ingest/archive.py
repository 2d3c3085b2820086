"""The archive: the original bytes of every file ever loaded, addressed by their SHA-256."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of an inbox file that nobody changes while it is read."""

    path: Path
    sha256: str
    final: Path

    def keep(self) -> None:
        """Put the copy where the archive keeps this content."""
        self.final.parent.mkdir(parents=True, exist_ok=True)
        self.path.replace(self.final)


@contextmanager
def archived_copy(path: Path, archive: Path) -> Iterator[Copy]:
    """Give a copy of the file, which is gone afterwards unless it was kept."""
    archive.mkdir(parents=True, exist_ok=True)
    suffix = path.suffix.lower()
    copy = archive / f".{uuid.uuid4().hex}{suffix}"
    try:
        shutil.copyfile(path, copy)
        sha256 = sha256_of(copy)
        yield Copy(copy, sha256, archive / sha256[:2] / f"{sha256}{suffix}")
    finally:
        copy.unlink(missing_ok=True)


def discard_leftovers(archive: Path) -> None:
    """Remove copies that an interrupted run left behind."""
    for leftover in archive.glob(".*"):
        leftover.unlink()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of the file's content in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
