"""What calamine loses of xlsb sheets: errors, text with several fonts and merged cells.

Format: [MS-XLSB], section 2.1.4 and the records BrtBundleSh, BrtRowHdr, BrtCellError, BrtFmlaError,
BrtCellRString and BrtMergeCell of 2.4. A formula without a result cannot be told there: each has a
value of some kind.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from ingest.reading.sheets.lost_cells import ERRORS, Lost, LostCell
from ingest.reading.sheets.merged_cells import Range
from ingest.reading.sheets.packages import Package

WORKBOOK = "xl/workbook.bin"
CHUNK_BYTES = 1 << 20
_ROW, _ERROR, _FORMULA_ERROR, _RICH_TEXT, _SHEET, _MERGED = 0, 3, 11, 62, 156, 176
# How the records of errors, of text with fonts and of merged ranges begin: kind, size, column,
# style and then a code, or options and length. Other bytes may look like that, so it is a reason to
# walk through the records, and no more.
_SUSPECT = re.compile(
    rb"\x03\x09..\0\0.{4}[\x00\x07\x0f\x17\x1d\x24\x2a\x2b]"
    rb"|\x0b[\x0f-\xff][^\0]?..\0\0.{4}[\x00\x07\x0f\x17\x1d\x24\x2a\x2b]"
    rb"|\x3e[\x0d-\xff][^\0]{,2}..\0\0.{4}[\0-\3]..\0\0"
    rb"|\xb0\x01\x10",
    re.DOTALL,
)
_SUSPECT_BYTES = 17


class XlsbSearch:
    """Finds what the sheets of an xlsb workbook have lost.

    Raises:
        KeyError: the archive lacks a part of a workbook.
        xml.etree.ElementTree.ParseError: a part is no XML.
        struct.error: a record is cut off.

    """

    def __init__(self, path: Path) -> None:
        self._package = Package(path)
        places = self._package.related(WORKBOOK, "/worksheet")
        self._places = {}
        for kind, record in _records(io.BytesIO(self._package.content(WORKBOOK))):
            if kind == _SHEET:
                id_, end = _wide_text(record, 8)
                name, _ = _wide_text(record, end)
                self._places[name] = places.get(id_)

    def __call__(self, sheet: str) -> Lost:
        """Return what a sheet has lost."""
        place = self._places.get(sheet)
        lost = Lost([], [])
        if place is None or not self._is_suspect(place):
            return lost
        row = 0
        with self._package.open(place) as file:
            for kind, record in _records(file):
                if kind == _ROW:
                    (row,) = struct.unpack_from("<I", record)
                elif kind in (_ERROR, _FORMULA_ERROR):
                    column, code = struct.unpack_from("<I4xB", record)
                    lost.cells.append(LostCell(row, column, ERRORS.get(code, "#N/A"), False))
                elif kind == _RICH_TEXT:
                    column = int.from_bytes(record[:4], "little")
                    lost.cells.append(LostCell(row, column, _wide_text(record, 9)[0], False))
                elif kind == _MERGED:
                    first_row, last_row, first, last = struct.unpack("<4I", record)
                    lost.ranges.append(Range(first_row, first, last_row, last))
        return lost

    def _is_suspect(self, place: str) -> bool:
        with self._package.open(place) as file:
            tail = b""
            while chunk := file.read(CHUNK_BYTES):
                if _SUSPECT.search(tail + chunk):
                    return True
                tail = chunk[-_SUSPECT_BYTES:]
        return False


def _records(file: io.BufferedIOBase) -> Iterator[tuple[int, bytes]]:
    """Yield kind and content of each record; kind and size come in up to 2 and 4 groups of bits.

    Raises:
        struct.error: the last record is cut off.

    """
    while byte := file.read(1):
        kind = _number(file, byte[0], 2)
        size = _number(file, _byte(file), 4)
        yield kind, file.read(size)


def _number(file: io.BufferedIOBase, byte: int, most_bytes: int) -> int:
    """Return a number, the lowest 7 bits first, each byte but the last with its highest bit set."""
    number = byte & 0x7F
    for place in range(1, most_bytes):
        if byte < 0x80:
            break
        byte = _byte(file)
        number |= (byte & 0x7F) << 7 * place
    return number


def _byte(file: io.BufferedIOBase) -> int:
    (byte,) = struct.unpack("B", file.read(1))
    return int(byte)


def _wide_text(record: bytes, offset: int) -> tuple[str, int]:
    """Return a text that begins with its length, and where it ends."""
    (length,) = struct.unpack_from("<I", record, offset)
    start, end = offset + 4, offset + 4 + 2 * length
    return record[start:end].decode("utf-16-le"), end
