"""zip and gzip: every file inside is read as if it had been dropped itself.

An archive's own data are not trusted: names are never used as paths, sizes are counted while
unpacking. One member after the other is unpacked into the folder for temporary files, read and
removed.
"""

from __future__ import annotations

import errno
import gzip
import lzma
import re
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO

from ingest.reading import refusals
from ingest.reading.handover import Handover, TableBuilder
from ingest.reading.refusals import OtherKindError, UnreadableFile

# Beyond these an archive is taken for a bomb. Exports shrink to a tenth, repetitive ones to a
# hundredth; deflate can do a thousandth. Any archive may unpack to `FREE_BYTES`.
MAX_RATIO = 200
FREE_BYTES = 64 << 20
MAX_BYTES = 16 << 30
MAX_MEMBERS = 1_000
MAX_DEPTH = 2  # an archive may hold archives, these hold none
CHUNK_BYTES = 1 << 20
ENCRYPTED_FLAG = 1
# A member's extra fields: kind and size, then the content; of Info-ZIP's extended time a byte of
# flags (1: there is a time of change) and seconds since 1970.
FIELD = struct.Struct("<HH")
EXTENDED_TIME = 0x5455

# What file managers leave in archives, and lock files of programs that had a file open.
_JUNK = re.compile(r"(^|/)(__MACOSX/|\.|~\$|thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
_OUTSIDE = re.compile(r"^/|^[a-z]:|(^|/)\.\.(/|$)", re.IGNORECASE)
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}$", re.IGNORECASE)


class Unpacker:
    """Unpacks an archive, and those within it, as long as all of it stays within the limits.

    Args:
        read: reads an unpacked file; an archive it gives back to this unpacker.
        packed_bytes: size of the outermost archive.

    """

    def __init__(self, read: Callable[[Path, Handover, Unpacker], None], packed_bytes: int) -> None:
        self._read = read
        self._bytes_left = min(max(FREE_BYTES, MAX_RATIO * packed_bytes), MAX_BYTES)
        self._depth = 0

    def read_zip(self, path: Path, handover: Handover) -> None:
        """Read every file of a zip archive; for the tables' names see `_Part`.

        A member that is no table stands as a table without columns and one reject that says why.

        Raises:
            UnreadableFile: the archive or one of its tables cannot be read, or none is in it.

        """
        with _damage_named():
            archive = zipfile.ZipFile(path)
        with archive:
            members = _members(archive.infolist())
            if not members:
                raise UnreadableFile(refusals.EMPTY)
            for name, member in members.items():
                written = _written_at(member)
                if len(members) == 1:
                    part = _Part(handover, name, written)
                    self._read_member(partial(archive.open, member), name, part)
                else:
                    part = _Part(handover, name, written, is_one_of_many=True)
                    self._read_one_of_many(partial(archive.open, member), name, part, handover)

    def read_gzip(self, path: Path, handover: Handover) -> None:
        """Read the file in a gzip archive, which is called like it without `.gz`.

        Raises:
            UnreadableFile: the archive or the file in it cannot be read.

        """
        name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
        self._read_member(partial(gzip.open, path), name, _Part(handover, name))

    def read_attachments(
        self, attachments: Sequence[tuple[str, Callable[[], IO[bytes]]]], handover: Handover
    ) -> None:
        """Read what is attached to a mail as parts of it, each by its name.

        Raises:
            UnreadableFile: one of them cannot be read.

        """
        for number, (name, opening) in enumerate(attachments):
            before = [other for other, _ in attachments[:number]]
            unique = name if name not in before else f"{number + 1} {name}"
            part = _Part(handover, unique, None, is_one_of_many=True)
            self._read_one_of_many(opening, unique, part, handover)

    def _read_one_of_many(
        self,
        unpacking: Callable[[], IO[bytes] | gzip.GzipFile],
        name: str,
        part: Handover,
        handover: Handover,
    ) -> None:
        try:
            self._read_member(unpacking, name, part)
        except OtherKindError as error:
            handover.table(name, (), is_sheet=True).reject(1, name, error.reason)
        except UnreadableFile as error:
            if error.reason == refusals.EMPTY:
                return  # an empty export beside filled ones does no harm
            raise UnreadableFile(refusals.in_archive(name, error.reason)) from error

    def _read_member(
        self, unpacking: Callable[[], IO[bytes] | gzip.GzipFile], name: str, part: Handover
    ) -> None:
        if self._depth >= MAX_DEPTH:
            raise UnreadableFile(refusals.NESTED_ARCHIVE)
        suffix = _SUFFIX.search(name)
        with tempfile.TemporaryDirectory() as folder:
            # A name of ours: the archive's could lead anywhere.
            path = Path(folder) / ("member" + (suffix[0].lower() if suffix else ""))
            with path.open("wb") as file, _damage_named(), unpacking() as packed:
                while chunk := packed.read(CHUNK_BYTES):
                    self._bytes_left -= len(chunk)
                    if self._bytes_left < 0:
                        raise UnreadableFile(refusals.ARCHIVE_TOO_LARGE)
                    file.write(chunk)
            self._depth += 1
            try:
                self._read(path, part, self)
            finally:
                self._depth -= 1


class _Part(Handover):
    """One member's share of what its archive hands over.

    The tables of the only member are named as if it had come without the archive. Those of one of
    many are parts of the archive as sheets are of a workbook: `member`, or `member/sheet`.
    """

    def __init__(
        self,
        whole: Handover,
        member: str,
        written: datetime | None = None,
        *,
        is_one_of_many: bool = False,
    ) -> None:
        self._whole = whole
        self._member = member
        self._written = written
        self._is_one_of_many = is_one_of_many
        self._builders: list[TableBuilder] = []

    def table(
        self, name: str, header: Sequence[str | None], *, is_sheet: bool = False
    ) -> TableBuilder:
        if self._is_one_of_many:
            name = f"{self._member}/{name}" if is_sheet else self._member
        elif not is_sheet:
            name = self._member.rsplit("/", maxsplit=1)[-1]
        builder = self._whole.table(name, header, is_sheet=is_sheet or self._is_one_of_many)
        builder.modified_at = self._written or builder.modified_at
        self._builders.append(builder)
        return builder


def _members(listed: Sequence[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the files to read by their names.

    Raises:
        UnreadableFile: they are encrypted, too many, or named to do harm.

    """
    members: dict[str, zipfile.ZipInfo] = {}
    for member in listed:
        name = member.filename.replace("\\", "/")
        is_link = stat.S_ISLNK(member.external_attr >> 16)
        if is_link or _OUTSIDE.search(name) or name in members:
            raise UnreadableFile(refusals.UNSAFE_ARCHIVE)
        if name.endswith("/") or _JUNK.search(name):
            continue
        if member.flag_bits & ENCRYPTED_FLAG:
            raise UnreadableFile(refusals.ENCRYPTED)
        members[name] = member
    if len(members) > MAX_MEMBERS:
        raise UnreadableFile(refusals.ARCHIVE_TOO_LARGE)
    return members


def _written_at(member: zipfile.ZipInfo) -> datetime | None:
    """Return when a member was last written: UTC where its extended time says so, else local.

    None for the 1st of January 1980, which stands for no time.
    """
    extra = member.extra
    while len(extra) >= FIELD.size:
        kind, size = FIELD.unpack_from(extra)
        if kind == EXTENDED_TIME and size >= 5 and len(extra) >= FIELD.size + 5 and extra[4] & 1:
            return datetime.fromtimestamp(struct.unpack_from("<i", extra, 5)[0], UTC)
        extra = extra[FIELD.size + size :]
    try:
        local = datetime(*member.date_time)  # noqa: DTZ001 - a zip tells no zone
    except ValueError:
        return None
    return None if member.date_time[:3] == (1980, 1, 1) else local


@contextmanager
def _damage_named() -> Iterator[None]:
    """Raise what unpacking fails with as an `UnreadableFile`; a full disk is not the archive's."""
    try:
        yield
    except NotImplementedError as error:
        raise UnreadableFile(refusals.UNKNOWN_PACKING) from error
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise UnreadableFile(refusals.DAMAGED) from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # an offset before the file's beginning
            raise UnreadableFile(refusals.DAMAGED) from error
        raise
