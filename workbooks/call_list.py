"""How a day's list is known again, whatever people have called the file since."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Final

# The hidden sheet with the choices. Every program keeps it, since the drop-down list points to it.
MARK: Final = "_reifegrad_tagesliste"
BOOK: Final = "xl/workbook.xml"
LONGEST: Final = 1_000_000  # bytes of it; a list's has two thousand
SUFFIXES: Final = (".xlsx", ".xlsm")


def is_call_list(path: Path) -> bool:
    """Tell whether a file is a day's list; whatever cannot be read as a workbook is none."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    try:
        with zipfile.ZipFile(path) as book, book.open(BOOK) as sheets:
            content = sheets.read(LONGEST)
    except (OSError, KeyError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile):
        return False
    return re.search(rb'\bname="' + MARK.encode() + rb'"', content) is not None
