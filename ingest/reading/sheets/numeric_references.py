"""Workbooks whose cells are placed by number (`r="0"`), which calamine refuses.

Some programs write the column's number where the format has `A1`; Excel reads them.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from pathlib import Path

from openpyxl.utils import get_column_letter

_CELL = re.compile(rb"""(<(?:\w+:)?c\b[^>]*?\sr=)["'](\d{1,5})["']""")
_ROW = re.compile(rb"""<(?:\w+:)?row\b(?:[^>]*?\sr=["'](\d{1,7})["'])?""")


def with_letters(path: Path) -> Path | None:
    """Write a copy with each cell placed as the format has it; None if no cell needs that.

    The copy lies in the folder for temporary files, which is removed with the reading process.
    """
    with zipfile.ZipFile(path) as archive:
        parts = {
            name: archive.read(name)
            for name in archive.namelist()
            if "/worksheets/" in name and name.endswith(".xml")
        }
        placed = {name: _placed(xml) for name, xml in parts.items()}
        if placed == parts:
            return None
        with (
            tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as file,
            zipfile.ZipFile(file, "w") as copy,
        ):
            for name in archive.namelist():
                copy.writestr(name, placed[name] if name in placed else archive.read(name))
    return Path(file.name)


def _placed(xml: bytes) -> bytes:
    """Return a sheet with letters for numbers, which count from 0 or, where none is 0, from 1."""
    numbers = [int(number) for _, number in _CELL.findall(xml)]
    if not numbers:
        return xml
    first = min(min(numbers), 1)
    row_number = 0

    def reference(cell: re.Match[bytes]) -> bytes:
        column = get_column_letter(int(cell[2]) - first + 1)
        return b'%b"%b%d"' % (cell[1], column.encode(), row_number)

    rows = []
    starts = [match.start() for match in _ROW.finditer(xml)]
    rows.append(xml[: starts[0]] if starts else xml)
    for start, end in zip(starts, [*starts[1:], len(xml)], strict=True):
        row = xml[start:end]
        named = _ROW.match(row)
        row_number = int(named[1]) if named and named[1] else row_number + 1
        rows.append(_CELL.sub(reference, row))
    return b"".join(rows)
