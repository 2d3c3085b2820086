"""dBase and FoxPro tables (`.dbf`), as old ERP and accounting programs keep and export them."""

from __future__ import annotations

import importlib
import struct
from pathlib import Path

from ingest.reading import refusals
from ingest.reading.handover import Handover
from ingest.reading.refusals import UnreadableFile
from ingest.reading.sheets.cells import cell_text

SAMPLE_BYTES = 1 << 20
_GERMAN = "äöüÄÖÜß"


def read_dbase(path: Path, handover: Handover) -> None:
    """Read a table; records that are marked as deleted are rejected.

    Raises:
        UnreadableFile: it is damaged.

    """
    dbf = importlib.import_module("dbf")  # it has no types
    encoding = _unnamed_encoding(path)
    try:
        # Memo fields lie in a file of their own, which does not come with this one.
        table = dbf.Table(str(path), codepage=encoding, ignore_memos=True)
        names = list(table.field_names)
        builder = handover.table(path.name, names)
        if any(table.field_info(name).field_type == ord("M") for name in names):
            builder.note(refusals.MEMO_FIELDS)
        with table.open(dbf.READ_ONLY):
            for number, record in enumerate(table, start=1):
                cells = [_cell(record[name]) for name in names]
                if dbf.is_deleted(record):
                    text = ";".join(cell or "" for cell in cells)
                    builder.reject(number, text, refusals.DELETED)
                else:
                    builder.add(number, cells)
    except MemoryError:
        raise
    except Exception as error:  # dbf fails at damage with errors of every kind
        raise UnreadableFile(refusals.DAMAGED) from error
    if encoding:
        handover.note(refusals.guessed_encoding(encoding))


def _cell(value: object) -> str | None:
    return (value.rstrip() or None) if isinstance(value, str) else cell_text(value)


def _unnamed_encoding(path: Path) -> str | None:
    """Return the likelier encoding of a table that names none and has letters beyond ASCII."""
    with path.open("rb") as file:
        header = file.read(33)
        file.seek(struct.unpack_from("<H", header, 8)[0])
        records = file.read(SAMPLE_BYTES)
    if header[29] or records.isascii():
        return None
    counts = {
        encoding: sum(records.count(letter.encode(encoding)) for letter in _GERMAN)
        for encoding in ("cp1252", "cp850")
    }
    return max(counts, key=lambda encoding: counts[encoding])
