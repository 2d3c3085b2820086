"""Cells that calamine gives as empty though they are not: errors, and formulas never calculated.

Calamine has no word for `#N/A`, nor for a formula whose result nobody has stored: programs that
write workbooks do not calculate. Both would vanish without a trace, so the file is searched for
them beside calamine's reading.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple


class LostCell(NamedTuple):
    """A cell that is not empty though it is given so; row and column count from 0.

    `text` is the error (`#N/A`) or, if the cell was never calculated, the formula (`=A1*2`).
    """

    row: int
    column: int
    text: str
    is_uncalculated: bool


Search = Callable[[str], Iterable[LostCell]]


def search_for(path: Path) -> Search:
    """Return what finds the lost cells of a sheet, row by row, by the sheet's name.

    Raises:
        KeyError: a part of the workbook is missing.
        xml.etree.ElementTree.ParseError: a part is not what it should be.

    """
    if not zipfile.is_zipfile(path):
        from ingest.compound_files import xls_lost_cells

        return partial(xls_lost_cells, path)
    with zipfile.ZipFile(path) as archive:
        names = {name.replace("\\", "/").lower() for name in archive.namelist()}
    if "mimetype" in names or any(name.endswith("workbook.bin") for name in names):
        return lambda _: ()
    from ingest.sheet_xml import XlsxSearch

    return XlsxSearch(path)
