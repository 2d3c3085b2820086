"""A note where an xlsb workbook holds cells that calamine gives otherwise than they are shown.

Those are errors (`#N/A`), text in several fonts and merged cells, which come empty, and numbers
with zeros or a prefix that only the number format shows. Where they stand is not looked for, since
no library that is kept up tells (ADR 7): the load is noted, and xlsx gives them.

Formats: [MS-XLSB] 2.1.4 and the records BrtCellError, BrtFmlaError, BrtCellRString, BrtMergeCell,
BrtFmt and BrtXF of 2.4.
"""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import ZipFile

from ingest.reading import refusals
from ingest.reading.refusals import Reason
from ingest.reading.sheets.number_formats import mask_of

CHUNK_BYTES = 1 << 20
_CODES = rb"[\x00\x07\x0f\x17\x1d\x24\x2a\x2b]"
# How the record behind a cell begins: another cell's, the next row's or the end of all.
_NEXT = rb"(?=[\x01-\x0b\x3e].{1,3}..\0\0|\0\x19|\x92\x01)"
# How such records begin: kind, size, column, style and then the error's code or, of a text, options
# and length. Other bytes may look like that by chance, so the note says "probably".
_LOST_CELL = re.compile(
    rb"\x03\x09.[\0-\x3f]\0\0.{4}%b%b"
    rb"|\x0b[\x0f-\xff][^\0]?.[\0-\x3f]\0\0.{4}%b..(?!\0\0)..\0\0"
    rb"|\x3e(?P<size>[\x0d-\x7f]|[\x80-\xff][\1-\x7f]|[\x80-\xff]{2}[\1-\x7f])"
    rb".[\0-\x3f]\0\0.{4}[\0-\3](?P<letters>..)\0\0(?!\0\0)"
    rb"|\xb0\x01\x10" % (_CODES, _NEXT, _CODES),
    re.DOTALL,
)
_LONGEST = 24  # bytes of them
# A number format: kind, size, number, length and text; a style: kind, size, parent, number.
_FORMAT = re.compile(rb"\x2c[\x08-\xff][\x01-\x03]?(..)[\x01-\xff]\0\0\0((?:[\x20-\xff]\0)+)", re.S)
_STYLE = re.compile(rb"\x2f\x10..(..)", re.DOTALL)


def note_of_lost_cells(path: Path) -> Reason | None:
    """Return a note if any sheet of an xlsb workbook, hidden or not, seems to hold such cells.

    Raises:
        zipfile.BadZipFile, LookupError: the workbook is damaged.

    """
    with ZipFile(path) as archive:
        for name in archive.namelist():
            part = name.replace("\\", "/").lower()
            is_sheet = part.startswith("xl/worksheets/") and part.endswith(".bin")
            if is_sheet and _has_lost_cell(archive, name):
                return refusals.CELLS_IN_XLSB
            if part == "xl/styles.bin" and _has_mask(archive.read(name)):
                return refusals.CELLS_IN_XLSB
    return None


def _has_lost_cell(archive: ZipFile, name: str) -> bool:
    tail = b""
    with archive.open(name) as sheet:
        while chunk := sheet.read(CHUNK_BYTES):
            if any(map(_fits, _LOST_CELL.finditer(tail + chunk))):
                return True
            tail = chunk[-_LONGEST:]
    return False


def _fits(cell: re.Match[bytes]) -> bool:
    """Whether a text fits into its record, which has groups of seven bits for its size."""
    if not cell["size"]:
        return True
    size = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(cell["size"]))
    letters = int.from_bytes(cell["letters"], "little")
    return bool(size >= 13 + 2 * letters)


def _has_mask(styles: bytes) -> bool:
    """Whether a style shows more of a number than its digits."""
    used = set(_STYLE.findall(styles))
    return any(
        number in used and mask_of(text.decode("utf-16-le"))
        for number, text in _FORMAT.findall(styles)
    )
