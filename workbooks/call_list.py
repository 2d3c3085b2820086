"""How a day's list is known again, whatever people have called the file since or saved it as."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Final

# The hidden sheet with the choices. Every program keeps it, since the drop-down list points to it.
MARK: Final = "_reifegrad_tagesliste"
SHEETS_IN: Final = {
    ".xlsx": "xl/workbook.xml", ".xlsm": "xl/workbook.xml", ".ods": "content.xml",
}  # fmt: skip
LONGEST: Final = 1_000_000  # bytes of it; a list's has two thousand, as OpenDocument thirty
# A text file has no sheets. It is a list if a line names both columns and, below it, one ends with
# the key of a hint: score, customer or lead, night.
TEXTS: Final = (".csv", ".tsv", ".txt")
FEEDBACKS, KEYS = ("Rückmeldung", "Feedback"), ("Schlüssel", "Key")
HINT: Final = re.compile(r"""[\w-]+:[^:;,\t"\n]+:\d{4}-\d{2}-\d{2}["']?[;,\t]*\r?$""", re.MULTILINE)
START: Final = 65_536  # bytes that are looked into


def is_call_list(path: Path) -> bool:
    """Tell whether a file is a day's list; whatever cannot be read as one is none."""
    suffix = path.suffix.lower()
    try:
        if suffix in SHEETS_IN:
            with zipfile.ZipFile(path) as book, book.open(SHEETS_IN[suffix]) as sheets:
                content = sheets.read(LONGEST)
            return re.search(rb'\bname="' + MARK.encode() + rb'"', content) is not None
        if suffix in TEXTS:
            with path.open("rb") as file:
                return _is_list(decoded(file.read(START)))
    except (OSError, KeyError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile):
        pass
    return False


def decoded(content: bytes) -> str:
    """Decode what Excel or LibreOffice saves as text: with a mark of UTF-16 or UTF-8, or neither.

    >>> decoded("Rückmeldung".encode("cp1252")) == decoded("Rückmeldung".encode())
    True
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start >= len(content) - 3:  # only the end, which may be cut
            return content[: error.start].decode("utf-8-sig")
        return content.decode("cp1252", "replace")


def _is_list(text: str) -> bool:
    for heads in re.finditer(r"[^\n]+", text):
        names = {name.strip("\"' \r") for name in re.split(r"[;,\t]", heads[0])}
        if names.intersection(FEEDBACKS) and names.intersection(KEYS):
            return HINT.search(text, heads.end()) is not None
    return False
