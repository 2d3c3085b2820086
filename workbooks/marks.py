"""How a list that people fill in is known again, whatever they called it since or saved it as."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

SHEETS_IN: Final = {
    ".xlsx": "xl/workbook.xml", ".xlsm": "xl/workbook.xml", ".ods": "content.xml",
}  # fmt: skip
TEXTS: Final = (".csv", ".tsv", ".txt")
START: Final = 65_536  # bytes of a text file that are looked into
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


def has_rows(path: Path, columns: Sequence[Collection[str]], key: re.Pattern[str]) -> bool:
    """Tell whether a text file is such a list: it has no sheets, but the columns and a key.

    Args:
        path: the file.
        columns: the names of each column, in every language, that one line must hold.
        key: what a line below that must hold.

    """
    if path.suffix.lower() not in TEXTS:
        return False
    try:
        with path.open("rb") as file:
            text = decoded(file.read(START))
    except OSError:
        return False
    for heads in re.finditer(r"[^\n]+", text):
        names = {name.strip("\"' \r") for name in re.split(r"[;,\t]", heads[0])}
        if all(names.intersection(column) for column in columns):
            return key.search(text, heads.end()) is not None
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
