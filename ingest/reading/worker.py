"""The reading process: `python -m ingest.reading.worker FILE FOLDER MEMORY_BYTES CPU_SECONDS`.

It limits itself, reads one file and leaves tables or a refusal in the folder.
"""

from __future__ import annotations

import errno
import gc
import re
import resource
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.reading import refusals
from ingest.reading.kinds import NUMBERS, find_unread_kind, is_dbase, plain_start
from ingest.reading.refusals import OtherKindError, UnreadableFile

if TYPE_CHECKING:
    from ingest.reading.handover import Handover
    from ingest.reading.packed_files import Unpacker

ZIP, GZIP = b"PK", b"\x1f\x8b"
PARQUET = (b"PAR1", b"PARE")  # the latter encrypted
# How a list of records begins, whatever its file is called: no header of a table does.
JSON_RECORDS = re.compile(rb'(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*\[\s*\{\s*"')
VCARD = b"begin:vcard"
MAIL_HEADER = re.compile(rb"[A-Za-z][A-Za-z-]*: |From \S")  # the latter of a mailbox
START_BYTES = 4096  # a mail's first headers, or what stands above a page's table
# How the process ends when the disk is full: that is no fault of the file's.
NO_SPACE_LEFT = 28
MARKUP = (b"<?xml", b"<!doctype", b"<!--", b"<html", b"<head", b"<meta", b"<body", b"<style",
          b"<table", b"<div", b"<workbook", b"<?mso")  # fmt: skip
# Pages that begin in their middle: any element at first, and a table soon; XML without its line.
ELEMENT, TABLE = re.compile(rb"<[a-z][a-z0-9]*[\s/>]"), re.compile(rb"<t(able|[rdh])[\s>]")
CLOSED = re.compile(rb"</[a-z][\w.:-]*>\s*<[a-z/]|^<[a-z][^>]*>\s*<[a-z]")
# Only larger ones are read in pieces for which numpy is needed.
SMALL_FILE = 1 << 15
COMPOUND_FILE = b"\xd0\xcf\x11\xe0"  # xls, and encrypted xlsx
SINGLE_STREAM_XLS = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")  # BIFF without a container


def read_here(path: Path, handover: Handover) -> None:
    """Read a file in this process, in the way that its first bytes and its name call for.

    Raises:
        UnreadableFile: see `ingest.read_file`.

    """
    from ingest.reading.packed_files import Unpacker

    _read(path, handover, Unpacker(_read, path.stat().st_size))


def _read(path: Path, handover: Handover, unpacker: Unpacker) -> None:
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    if not start:
        raise UnreadableFile(refusals.EMPTY)
    if start.startswith(GZIP):
        return unpacker.read_gzip(path, handover)
    is_zip = start.startswith(ZIP)
    if is_zip and not _is_workbook(path):
        return unpacker.read_zip(path, handover)
    if start.startswith(COMPOUND_FILE) and _is_outlook_message(path):
        from ingest.reading.mails import read_outlook_message

        return read_outlook_message(path, handover, unpacker)
    if is_zip or start.startswith((COMPOUND_FILE, *SINGLE_STREAM_XLS)):
        from ingest.reading.sheets.spreadsheets import read_spreadsheet

        return read_spreadsheet(path, handover)
    if start.startswith(PARQUET):
        from ingest.reading.parquet_files import read_parquet

        return read_parquet(path, handover)
    return _read_other(path, start, handover, unpacker)


def _read_other(path: Path, start: bytes, handover: Handover, unpacker: Unpacker) -> None:
    """Read what is neither packed nor a workbook nor Parquet."""
    if is_dbase(start):
        from ingest.reading.dbase_files import read_dbase

        return read_dbase(path, handover)
    if reason := find_unread_kind(start):
        raise OtherKindError(reason)
    if _is_markup(start):
        from ingest.reading.sheets.markup_tables import read_markup

        return read_markup(path, handover)
    if plain_start(start).lower().startswith(VCARD):
        from ingest.reading.vcards import read_vcards

        return read_vcards(path, handover)
    if MAIL_HEADER.match(start):
        from ingest.reading.mails import is_mail, is_mailbox, read_mail, read_mailbox

        if is_mail(start):
            return read_mail(path, handover, unpacker)
        if is_mailbox(start):
            return read_mailbox(path, handover)
    return _read_text(path, start, handover)


def _is_outlook_message(path: Path) -> bool:
    """Whether a compound file is a mail that Outlook has saved."""
    import olefile

    try:
        with olefile.OleFileIO(str(path)) as container:
            return bool(container.exists("__properties_version1.0"))
    except MemoryError:
        raise
    except Exception:  # of every kind, at damage; the reader of workbooks tells
        return False


def _is_markup(start: bytes) -> bool:
    """Whether a file begins like HTML or XML, be it in UTF-16."""
    text = plain_start(start).lower()
    if text.startswith(MARKUP):
        return True
    return bool(ELEMENT.match(text) and (TABLE.search(text) or CLOSED.search(text)))


def _read_text(path: Path, start: bytes, handover: Handover) -> None:
    from ingest.reading.json_files import LINES_SUFFIXES, read_json
    from ingest.reading.text.csv_files import read_csv

    suffix = path.suffix.lower()
    is_json = suffix in (".json", *LINES_SUFFIXES) or JSON_RECORDS.match(start.replace(b"\0", b""))
    return read_json(path, handover) if is_json else read_csv(path, handover)


def main(arguments: list[str]) -> None:
    """Read the file under the limits given and leave the outcome in the folder."""
    path, folder = Path(arguments[0]), Path(arguments[1])
    if path.stat().st_size < SMALL_FILE:
        sys.modules["numpy"] = None  # type: ignore[assignment]  # half of what importing Arrow costs
    # Arrow imports pandas, to ask whether a list is one of its columns; without this it gives up.
    sys.modules["dateutil"] = None  # type: ignore[assignment]
    from ingest.reading.handover import Handover

    gc.disable()  # the process ends with the file, and millions of cells are no cycles
    memory_bytes, cpu_seconds = map(int, arguments[2:])
    resource.setrlimit(resource.RLIMIT_AS, (3 * memory_bytes, 3 * memory_bytes))
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    tempfile.tempdir = str(folder)
    handover = Handover(folder)
    try:
        read_here(path, handover)
        handover.finish()
    except UnreadableFile as error:
        handover.refuse(error.reason)
    except MemoryError:
        handover.refuse(refusals.TOO_DEMANDING)
    except OSError as error:
        sys.exit(NO_SPACE_LEFT if error.errno == errno.ENOSPC else str(error))


def _is_workbook(path: Path) -> bool:
    """Whether a zip archive is a workbook rather than holds files.

    Raises:
        UnreadableFile: it is another kind of document, or damaged.

    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.replace("\\", "/").lower() for name in archive.namelist()}
            kind = archive.open("mimetype").read(100) if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, KeyError, zlib.error):
        raise UnreadableFile(refusals.DAMAGED) from None
    if any(name.endswith((".iwa", "metadata/buildversionhistory.plist")) for name in names):
        raise OtherKindError(NUMBERS)
    is_open_document = kind.startswith(b"application/vnd.oasis.opendocument")
    if any(name.startswith(("word/", "ppt/", "visio/")) for name in names) or (
        is_open_document and b"spreadsheet" not in kind
    ):
        raise OtherKindError(refusals.is_a("ein Office-Dokument", "an office document"))
    return is_open_document or "[content_types].xml" in names or "xl/workbook.xml" in names


if __name__ == "__main__":
    main(sys.argv[1:])
