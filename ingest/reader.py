"""The reading process: `python -m ingest.reader FILE FOLDER MEMORY_BYTES CPU_SECONDS`.

It limits itself, reads one file and leaves tables or a refusal in the folder.
"""

from __future__ import annotations

import gc
import resource
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import reasons
from ingest.reasons import UnreadableFile

if TYPE_CHECKING:
    from ingest.handover import Handover

# First bytes of what people drop by mistake, and what to call it.
OTHER_KINDS = (
    (b"%PDF", ("ein PDF", "a PDF")),
    (b"\x89PNG", ("ein Bild", "an image")),
    (b"\xff\xd8\xff", ("ein Bild", "an image")),
    (b"GIF8", ("ein Bild", "an image")),
    (b"\x1f\x8b", ("ein gzip-Archiv", "a gzip archive")),
    (b"Rar!", ("ein RAR-Archiv", "a RAR archive")),
    (b"7z\xbc\xaf", ("ein 7z-Archiv", "a 7z archive")),
    (b"PAR1", ("eine Parquet-Datei", "a Parquet file")),
    (b"<", ("eine HTML- oder XML-Datei", "an HTML or XML file")),
)
# Only larger ones are read in pieces for which numpy is needed.
SMALL_FILE = 1 << 15
COMPOUND_FILE = b"\xd0\xcf\x11\xe0"  # xls, and encrypted xlsx
SINGLE_STREAM_XLS = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")  # BIFF without a container


def read_here(path: Path, handover: Handover) -> None:
    """Read a file in this process, by what its first bytes and its name say.

    Raises:
        UnreadableFile: see `ingest.read_file`.

    """
    with path.open("rb") as file:
        start = file.read(64)
    if not start:
        raise UnreadableFile(reasons.EMPTY)
    if start.startswith(b"PK"):
        _check_is_workbook(path)
    if start.startswith((b"PK", COMPOUND_FILE, *SINGLE_STREAM_XLS)):
        from ingest.spreadsheets import read_spreadsheet

        return read_spreadsheet(path, handover)
    for magic, kind in OTHER_KINDS:
        if start.startswith(magic):
            raise UnreadableFile(reasons.is_a(*kind))
    from ingest.csv_files import read_csv
    from ingest.json_files import read_json, read_json_lines

    suffix = path.suffix.lower()
    if suffix in {".jsonl", ".ndjson"}:
        return read_json_lines(path, handover)
    return read_json(path, handover) if suffix == ".json" else read_csv(path, handover)


def main(arguments: list[str]) -> None:
    """Read the file under the limits given and leave the outcome in the folder."""
    path, folder = Path(arguments[0]), Path(arguments[1])
    if path.stat().st_size < SMALL_FILE:
        sys.modules["numpy"] = None  # type: ignore[assignment]  # half of what importing Arrow costs
    from ingest.handover import Handover

    gc.disable()  # the process ends with the file, and millions of cells are no cycles
    memory_bytes, cpu_seconds = map(int, arguments[2:])
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    handover = Handover(folder)
    try:
        read_here(path, handover)
        handover.finish()
    except UnreadableFile as error:
        handover.refuse(error.reason)
    except MemoryError:
        handover.refuse(reasons.TOO_DEMANDING)


def _check_is_workbook(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        raise UnreadableFile(reasons.DAMAGED) from None
    if "mimetype" not in names and not any(name.lower().startswith("xl/") for name in names):
        word = any(name.startswith(("word/", "ppt/")) for name in names)
        kind = ("ein Office-Dokument", "an office document") if word else None
        raise UnreadableFile(reasons.is_a(*(kind or ("ein zip-Archiv", "a zip archive"))))


if __name__ == "__main__":
    main(sys.argv[1:])
