"""Compound files, the container of xls and of other documents of its time.

Format: [MS-CFB]; records of xls: [MS-XLS], section 2.4.117 (FilePass).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from ingest.reading import refusals
from ingest.reading.refusals import OtherKindError, UnreadableFile

SIGNATURE = b"\xd0\xcf\x11\xe0"
_FREE = 0xFFFFFFF0  # sector numbers from here on end a chain
_BEGIN, _END, _PASSWORD = 0x0809, 0x000A, 0x002F
# By the name of a stream: what a document is that is no workbook.
_OTHER_DOCUMENTS = {
    "WordDocument": ("ein Word-Dokument", "a Word document"),
    "PowerPoint Document": ("eine Präsentation", "a presentation"),
    "__properties_version1.0": ("eine Outlook-Nachricht", "an Outlook message"),
}


class CompoundFile:
    """The streams of a compound file.

    Raises:
        struct.error, LookupError: the file is cut off or damaged.

    """

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        shift, mini_shift = struct.unpack_from("<HH", self._data, 30)
        directory, _, self._mini_limit, mini_table = struct.unpack_from("<4I", self._data, 48)
        self._sector, self._mini_sector = 1 << shift, 1 << mini_shift
        self._table = _numbers(b"".join(map(self._sector_at, self._table_sectors())))
        entries = self._chain(directory)
        self._streams: dict[str, tuple[int, int]] = {}
        for offset in range(0, len(entries) - 127, 128):
            size_of_name, kind = struct.unpack_from("<HB", entries, offset + 64)
            name = entries[offset : offset + max(size_of_name - 2, 0)].decode(
                "utf-16-le", "replace"
            )
            start, size = struct.unpack_from("<II", entries, offset + 116)
            if kind == 5:  # the root holds all small streams
                self._mini_stream = self._chain(start)
            elif kind == 2:
                self._streams[name] = (start, size)
        self._mini_table = _numbers(self._chain(mini_table))

    @property
    def names(self) -> list[str]:
        """The names of the streams."""
        return list(self._streams)

    @property
    def workbook(self) -> bytes:
        """The stream that holds the sheets; empty if there is none."""
        names = (name for name in self.names if name.lower() in {"workbook", "book"})
        return next(map(self.read, names), b"")

    def read(self, name: str) -> bytes:
        """Return a stream's content."""
        start, size = self._streams[name]
        if size >= self._mini_limit:
            return self._chain(start)[:size]
        width = self._mini_sector
        sectors = _followed(start, self._mini_table)
        return b"".join(self._mini_stream[n * width : (n + 1) * width] for n in sectors)[:size]

    def _sector_at(self, number: int) -> bytes:
        start = (number + 1) * self._sector  # the header takes the place of one
        return self._data[start : start + self._sector]

    def _chain(self, start: int) -> bytes:
        return b"".join(map(self._sector_at, _followed(start, self._table)))

    def _table_sectors(self) -> list[int]:
        """Return the sectors that hold the table of sectors: listed in the header and a chain."""
        listed = list(struct.unpack_from("<109I", self._data, 76))
        following, count = struct.unpack_from("<II", self._data, 68)
        for _ in range(min(count, len(self._data) // self._sector)):
            *more, following = _numbers(self._sector_at(following))
            listed += more
        return [number for number in listed if number < _FREE]


def refuse_other_documents(file: CompoundFile) -> None:
    """Say what a compound file is that is no readable workbook.

    Raises:
        UnreadableFile: it is a document of another kind, or has a password.

    """
    for name, kind in _OTHER_DOCUMENTS.items():
        if name in file.names:
            raise OtherKindError(refusals.is_a(*kind))
    if "EncryptedPackage" in file.names or _PASSWORD in _globals(file.workbook):
        raise UnreadableFile(refusals.ENCRYPTED)


def _globals(workbook: bytes) -> Iterator[int]:
    """Yield the kinds of the records that stand before the sheets."""
    depth = offset = 0
    while offset + 4 <= len(workbook):
        kind, size = struct.unpack_from("<HH", workbook, offset)
        yield kind
        offset += 4 + size
        depth += (kind == _BEGIN) - (kind == _END)
        if depth <= 0:
            return


def _followed(start: int, table: tuple[int, ...]) -> Iterator[int]:
    """Yield a chain of sectors from its first on; one that comes back to itself ends too."""
    for _ in table:
        if start >= _FREE:
            return
        yield start
        start = table[start]


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])
