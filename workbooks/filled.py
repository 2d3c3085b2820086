"""The rows of a filled list, as Excel, LibreOffice or a text editor saved it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from workbooks.marks import TEXTS, decoded

DELIMITERS: Final = ";\t,"
KEYS: Final = ("Schlüssel", "Key")  # how the heading of the keys begins, on every list


def read_sheets(path: Path) -> Iterator[Iterator[Sequence[Any]]]:
    """Yield the rows of each sheet, from the first on; a text file is one sheet."""
    suffix = path.suffix.lower()
    if suffix in TEXTS:
        yield _text_rows(decoded(path.read_bytes()))
    elif suffix == ".ods":
        from python_calamine import CalamineWorkbook

        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            yield iter(book.get_sheet_by_name(name).to_python(skip_empty_area=False))
    else:
        from openpyxl import load_workbook

        for page in load_workbook(path, read_only=True, data_only=True).worksheets:
            yield page.iter_rows(values_only=True)


def _text_rows(text: str) -> Iterator[list[str]]:
    lines = text.splitlines(keepends=True)
    heads = next((line for line in lines if any(key in line for key in KEYS)), "")
    delimiter = max(DELIMITERS, key=heads.count)
    return csv.reader(lines, delimiter=delimiter)
