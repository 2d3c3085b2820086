"""What calamine does not give of a sheet: errors, formulas never calculated, some merged cells.

Calamine has no word for `#N/A`, nor for a formula whose result nobody has stored: programs that
write workbooks do not calculate. Both would vanish without a trace, so the file is searched for
them beside calamine's reading, and for some text that it passes over.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ingest.merged_cells import Range

# By their codes in xls and xlsb.
ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!",
    0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
}  # fmt: skip


class LostCell(NamedTuple):
    """A cell that calamine gives wrongly: as empty, as 0, without its zeros in front.

    Row and column count from 0. `text` is the error (`#N/A`), the text that calamine passes over,
    the number as it is shown (`01067`) or, if the cell was never calculated, the formula (`=A1*2`).
    """

    row: int
    column: int
    text: str
    is_uncalculated: bool


class Lost(NamedTuple):
    """The lost cells of a sheet, row by row, and the merged ranges that calamine does not give."""

    cells: list[LostCell]
    ranges: list[Range]


Search = Callable[[str], Lost]


def search_for(path: Path) -> Search:
    """Return what finds what a sheet has lost, by the sheet's name.

    Raises:
        KeyError: a part of the workbook is missing.
        xml.etree.ElementTree.ParseError: a part is not what it should be.

    """
    if not zipfile.is_zipfile(path):
        from ingest.compound_files import xls_lost_cells

        return partial(xls_lost_cells, path)
    with zipfile.ZipFile(path) as archive:
        names = {name.replace("\\", "/").lower() for name in archive.namelist()}
    if "mimetype" in names:
        from ingest.open_document import OdsSearch

        return OdsSearch(path)
    if "xl/workbook.bin" in names:
        from ingest.binary_sheets import XlsbSearch

        return XlsbSearch(path)
    from ingest.sheet_xml import XlsxSearch

    return XlsxSearch(path)
