"""What calamine loses of OpenDocument sheets: errors, formulas never calculated, merged cells.

Text in a cell without a type is lost too, times come as `PT8H05M00S`, and whole numbers without
the zeros or the prefix that they are shown with (`number_formats`): here these stand in the text.

Format: OpenDocument 1.3 part 3, sections 9.1 and 19; `calcext` is LibreOffice's extension. Only
rows where something is found are parsed. The usual namespace prefixes are assumed, as calamine
does.
"""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from xml.parsers import expat

from ingest.reading import refusals
from ingest.reading.refusals import UnreadableFile
from ingest.reading.sheets.lost_cells import Lost, LostCell
from ingest.reading.sheets.merged_cells import Range
from ingest.reading.sheets.number_formats import is_shown_so

CHUNK_BYTES = 1 << 20
# Limit of cells of one sheet that repeat a lost one: no person fills as many with one error.
MAX_REPEATED = 1 << 20

_MARKERS = (
    b'calcext:value-type="error"', b'office:value-type="time"', b'-spanned="', b"<text:p>#",
    b"<text:p>Err:",
)  # fmt: skip
_ATTRIBUTES = rb'(?:\s+(?!office:value-type|table:formula)[\w:-]+="[^"]*")*'
_UNTYPED = re.compile(
    rb'table-cell%b(\s+table:formula="[^"]*"%b\s*/?>|\s*>\s*<text:p)' % (_ATTRIBUTES, _ATTRIBUTES)
)
# A whole number whose text is another, and no amount.
_SHOWN_OTHERWISE = re.compile(
    rb'office:value="(\d+)"[^<>]*>\s*<text:p>(?!\1</)[^<.,:%]{1,40}</text:p>'
)
_END = b"</table:table-row>"
_REPEATED = re.compile(rb'table:number-rows-repeated="(\d+)"')
_SHEET_OR_ROW = re.compile(
    rb'<table:table\s[^>]*?table:name="([^"]*)"|<table:table-row\b([^>]*?)(?:/>|>(.*?)%b)' % _END,
    re.DOTALL,
)
# An error as OpenOffice writes it, with a value of 0 and in its user's language.
_ERROR = re.compile(r"Err:\d{3}|#[A-ZÄÖÜ]+(/[0A])?[!?]?")
_TIME = re.compile(r"(-?)PT(\d+)H(\d+)M(\d+)(?:[.,](\d*?)0*)?S")
_CELLS = {"table:table-cell", "table:covered-table-cell"}


class OdsSearch:
    """Finds what the sheets of an OpenDocument workbook have lost."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, sheet: str) -> Lost:
        """Return what a sheet has lost.

        Raises:
            UnreadableFile: the document is no XML, or repeats cells beyond measure.

        """
        return self._by_sheet.get(sheet, Lost([], []))

    @cached_property
    def _by_sheet(self) -> dict[str, Lost]:
        by_sheet: dict[str, Lost] = {}
        lost, next_row = Lost([], []), 0
        for rows in self._whole_rows():
            is_suspect = _is_suspect(rows)
            if not is_suspect and b"<table:table " not in rows:
                repeats = map(int, _REPEATED.findall(rows))
                next_row += rows.count(b"<table:table-row") + sum(n - 1 for n in repeats)
                continue
            for name, attributes, row in _SHEET_OR_ROW.findall(rows):
                if name:
                    lost = by_sheet.setdefault(html.unescape(name.decode()), Lost([], []))
                    next_row = 0
                    continue
                found = _REPEATED.search(attributes)
                first_row, next_row = next_row, next_row + (int(found[1]) if found else 1)
                if is_suspect and _is_suspect(row):
                    _add(lost, _Row(row), range(first_row, next_row))
        return by_sheet

    def _whole_rows(self) -> Iterator[bytes]:
        """Yield the document in pieces that end with a row."""
        rest = b""
        with zipfile.ZipFile(self._path) as archive, archive.open("content.xml") as file:
            while chunk := file.read(CHUNK_BYTES):
                rows, end, rest = (rest + chunk).rpartition(_END)
                if end:
                    yield rows + end


def _is_suspect(xml: bytes) -> bool:
    return any(marker in xml for marker in _MARKERS) or any(
        pattern.search(xml) for pattern in (_UNTYPED, _SHOWN_OTHERWISE)
    )


def _add(lost: Lost, row: _Row, indices: range) -> None:
    if len(row.cells) * len(indices) > MAX_REPEATED:
        raise UnreadableFile(refusals.TOO_DEMANDING)
    for index in indices if row.cells else ():
        lost.cells.extend(cell._replace(row=index) for cell in row.cells)
    first = indices.start
    lost.ranges.extend(r._replace(first_row=first, last_row=first + r.last_row) for r in row.ranges)


class _Row:
    """What a row has lost; its own index is 0.

    Raises:
        UnreadableFile: the row is no XML, or repeats cells beyond measure.

    """

    def __init__(self, xml: bytes) -> None:
        self.cells: list[LostCell] = []
        self.ranges: list[Range] = []
        self._column = 0
        self._cell: dict[str, str] = {}
        self._paragraphs: list[str] = []
        self._comments = 0  # within how many: a comment's paragraphs are not the cell's
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(b"<row>" + xml + b"</row>", True)
        except expat.ExpatError as error:
            raise UnreadableFile(refusals.DAMAGED) from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name in _CELLS:
            self._cell, self._paragraphs = attributes, []
        elif name == "text:p" and not self._comments:
            self._paragraphs.append("")
        elif name == "text:s" and not self._comments:
            self._text(" " * min(int(attributes.get("text:c", 1)), MAX_REPEATED))
        elif name == "office:annotation":
            self._comments += 1

    def _text(self, text: str) -> None:
        if self._paragraphs and not self._comments:
            self._paragraphs[-1] += text

    def _end(self, name: str) -> None:
        if name == "office:annotation":
            self._comments -= 1
        elif name in _CELLS:
            self._end_cell()

    def _end_cell(self) -> None:
        rows, columns, repeats = (
            int(self._cell.get(f"table:number-{of}", 1))
            for of in ("rows-spanned", "columns-spanned", "columns-repeated")
        )
        first, self._column = self._column, self._column + repeats
        if rows > 1 or columns > 1:
            self.ranges.append(Range(0, first, rows - 1, first + columns - 1))
        if lost := self._lost_text():
            if repeats > MAX_REPEATED:
                raise UnreadableFile(refusals.TOO_DEMANDING)
            self.cells += [LostCell(0, first + n, *lost) for n in range(repeats)]

    def _lost_text(self) -> tuple[str, bool] | None:
        """Return a cell's text or its formula, and whether it is the latter; None if not lost."""
        kind = self._cell.get("office:value-type")
        formula = self._cell.get("table:formula")
        text = "\n".join(self._paragraphs)
        if self._cell.get("calcext:value-type") == "error":
            return text or "#N/A", False
        if kind is None and formula and not self._paragraphs:  # an empty text is a result too
            return "=" + formula.partition("=")[2], True
        if time := _TIME.fullmatch(self._cell.get("office:time-value", "")):
            sign, *parts, fraction = time.groups()
            clock = ":".join(part.zfill(2) for part in parts)
            return sign + clock + (f".{fraction}" if fraction else ""), False
        value = self._cell.get("office:value", "")
        if kind == "float" and value.isdigit() and is_shown_so(text, value):
            return text, False
        is_lost = kind is None or (formula and kind != "string" and _ERROR.fullmatch(text))
        return (text, False) if text and is_lost else None
