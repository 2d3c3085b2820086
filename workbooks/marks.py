"""How a workbook that people fill in is known again, whatever they have called the file since."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Final

SHEETS_IN: Final = {
    ".xlsx": "xl/workbook.xml", ".xlsm": "xl/workbook.xml", ".ods": "content.xml",
}  # fmt: skip
LONGEST: Final = 1_000_000  # bytes of it; a list's has two thousand, as OpenDocument thirty


def has_sheet(path: Path, name: str) -> bool:
    """Tell whether a file is a workbook with this sheet; what cannot be read as one has none.

    Every program keeps a hidden sheet with choices, since the drop-down list points to it.
    """
    place = SHEETS_IN.get(path.suffix.lower())
    if place is None:
        return False
    try:
        with zipfile.ZipFile(path) as book, book.open(place) as sheets:
            content = sheets.read(LONGEST)
    except (OSError, KeyError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile):
        return False
    return re.search(rb'\bname="' + name.encode() + rb'"', content) is not None
