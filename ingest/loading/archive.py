"""The archive: the original bytes of every file ever loaded, addressed by their SHA-256."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ingest.loading.file_names import as_text


class StillGrowingError(Exception):
    """The file changed while it was copied: whoever writes it is not done."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What changes when a file is written to."""

    size: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path) -> Signature:
        """Look at a file."""
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of an inbox file that nobody changes while it is read, and its hash while it is."""

    path: Path
    archive: Path
    suffix: str
    hashing: Future[str]

    @property
    def sha256(self) -> str:
        """The SHA-256 of the copy in hexadecimal; waits for it."""
        return self.hashing.result()

    def keep(self) -> None:
        """Put the copy where the archive keeps this content."""
        final = archived_path(self.archive, self.sha256, self.suffix)
        final.parent.mkdir(parents=True, exist_ok=True)
        self.path.replace(final)


@contextmanager
def archived_copy(path: Path, archive: Path, seen: Signature) -> Iterator[Copy]:
    """Give a copy of the file, which is gone afterwards unless it was kept.

    Raises:
        StillGrowingError: the file is not, or does not stay, as it was seen.

    """
    archive.mkdir(parents=True, exist_ok=True)
    suffix = kept_suffix(path)
    copy = archive / f".{uuid.uuid4().hex}{suffix}"
    try:
        shutil.copyfile(path, copy)
        if Signature.of(path) != seen or copy.stat().st_size != seen.size:
            raise StillGrowingError
        with ThreadPoolExecutor(1) as beside:  # another process reads the file meanwhile
            yield Copy(copy, archive, suffix, beside.submit(sha256_of, copy))
    finally:
        copy.unlink(missing_ok=True)


def kept_suffix(path: Path) -> str:
    """Return the part of a name that says what is in it: of `a.json.gz` both suffixes."""
    suffixes = Path(as_text(path.name)).suffixes
    return "".join(
        suffixes[-2 if suffixes[-1:] and suffixes[-1].lower() == ".gz" else -1 :]
    ).lower()


def archived_path(archive: Path, sha256: str, suffix: str) -> Path:
    """Return where the archive keeps a content."""
    return archive / sha256[:2] / f"{sha256}{suffix}"


def discard_leftovers(archive: Path) -> None:
    """Remove copies that an interrupted run left behind."""
    for leftover in archive.glob(".*"):
        leftover.unlink()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of the file's content in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
