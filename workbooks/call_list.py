"""How a day's list is known again, whatever people have called the file since or saved it as."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from workbooks.marks import has_sheet

# The hidden sheet with the choices.
MARK: Final = "_reifegrad_tagesliste"
# A text file has no sheets. It is a list if a line names both columns and, below it, one ends with
# the key of a hint: score, customer or lead, night.
TEXTS: Final = (".csv", ".tsv", ".txt")
FEEDBACKS, KEYS = ("Rückmeldung", "Feedback"), ("Schlüssel", "Key")
HINT: Final = re.compile(r"""[\w-]+:[^:;,\t"\n]+:\d{4}-\d{2}-\d{2}["']?[;,\t]*\r?$""", re.MULTILINE)
START: Final = 65_536  # bytes that are looked into


def is_call_list(path: Path) -> bool:
    """Tell whether a file is a day's list; whatever cannot be read as one is none."""
    if path.suffix.lower() not in TEXTS:
        return has_sheet(path, MARK)
    try:
        with path.open("rb") as file:
            return _is_list(decoded(file.read(START)))
    except OSError:
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
