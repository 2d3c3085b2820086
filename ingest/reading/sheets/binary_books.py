"""A note where an xls or xlsb workbook holds cells that calamine gives as empty.

Those are errors (`#N/A`) and in xlsb also text in several fonts and merged cells. Where they stand
is not looked for (ADR 7): the load is noted, and xlsx gives them.

Formats: [MS-XLS] 2.4.21 (BoolErr) and 2.4.127 (Formula); [MS-XLSB] 2.1.4 and the records
BrtCellError, BrtFmlaError, BrtCellRString and BrtMergeCell of 2.4.
"""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import ZipFile, is_zipfile

from ingest.reading import refusals
from ingest.reading.refusals import Reason
from ingest.reading.sheets.compound_files import SIGNATURE, CompoundFile

CHUNK_BYTES = 1 << 20
_CODES = rb"[\x00\x07\x0f\x17\x1d\x24\x2a\x2b]"
# How such records begin: kind, size, place, style and then the error's code (in xlsb also options
# and a length). Other bytes may look like that by chance, so the note says "probably".
_IN_XLS = re.compile(
    rb"\x05\x02\x08\0.{6}%b\x01|\x06[\0\2\4]..{6}.\x02.%b.{3}\xff\xff" % (_CODES, _CODES),
    re.DOTALL,
)
_IN_XLSB = re.compile(
    rb"\x03\x09..\0\0.{4}%b"
    rb"|\x0b[\x0f-\xff][^\0]?..\0\0.{4}%b"
    rb"|\x3e[\x0d-\xff][^\0]{,2}..\0\0.{4}[\0-\3]..\0\0"
    rb"|\xb0\x01\x10" % (_CODES, _CODES),
    re.DOTALL,
)
_XLSB_BYTES = 17  # the longest of them


def note_of_lost_cells(path: Path) -> Reason | None:
    """Return a note if any sheet of a workbook, hidden or not, seems to hold such cells.

    Raises:
        struct.error, LookupError, zipfile.BadZipFile: the workbook is cut off or damaged.

    """
    if is_zipfile(path):
        return refusals.CELLS_IN_XLSB if _is_any_in_xlsb(path) else None
    with path.open("rb") as start:
        if start.read(4) != SIGNATURE:  # older than Excel 5
            return None
    return refusals.ERRORS_IN_XLS if _IN_XLS.search(CompoundFile(path).workbook) else None


def _is_any_in_xlsb(path: Path) -> bool:
    with ZipFile(path) as archive:
        for name in archive.namelist():
            part = name.replace("\\", "/").lower()
            if not part.startswith("xl/worksheets/") or not part.endswith(".bin"):
                continue
            tail = b""
            with archive.open(name) as sheet:
                while chunk := sheet.read(CHUNK_BYTES):
                    if _IN_XLSB.search(tail + chunk):
                        return True
                    tail = chunk[-_XLSB_BYTES:]
    return False
