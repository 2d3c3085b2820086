"""Files called .xls that are HTML or XML: the tables of a page, and Excel's XML of 2003.

Many ERP systems export such files; Excel opens them without a warning.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

from ingest.reading import refusals
from ingest.reading.handover import Handover
from ingest.reading.layout import Layout
from ingest.reading.refusals import OtherKindError, UnreadableFile
from ingest.reading.sheets.cells import cell_text
from ingest.reading.sheets.merged_cells import Cells, Range, spread
from ingest.reading.sheets.number_formats import Mask, mask_of, shown
from ingest.reading.text.encoding import SINGLE_BYTE, find_encoding, read_utf8
from ingest.reading.text.text_rows import Record

SHEET_NAMESPACE = "urn:schemas-microsoft-com:office:spreadsheet"
_SHEET = f"{{{SHEET_NAMESPACE}}}"
_STYLE = f"{_SHEET}StyleID"
_OPTIONS = "{urn:schemas-microsoft-com:office:excel}"
_HTML = re.compile(rb"<(!doctype\s+html|html|head|meta|body|table|style)\b", re.IGNORECASE)
# What a page has and XML that is none has not, though it may have a `head` or a `style`.
_PAGE = re.compile(rb"<(!doctype\s+html|html|table)\b", re.IGNORECASE)
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
START_BYTES = 4096
# A span of a cell beyond these is a mistake or worse.
MAX_COLUMNS = 16_384
MAX_SPAN_ROWS = 1_048_576


def read_markup(path: Path, handover: Handover) -> None:
    """Read each table of an HTML page, or each visible sheet of Excel's XML of 2003.

    Raises:
        UnreadableFile: it is other markup, damaged or holds no table.

    """
    with path.open("rb") as file:
        start = file.read(START_BYTES).replace(b"\0", b"")  # may be UTF-16
    hidden: dict[str, int] = {}
    if SHEET_NAMESPACE.encode() in start and b"Workbook" in start:
        sheets = _xml_sheets(path, hidden)
    elif _HTML.search(start) and (_PAGE.search(start) or b"<?xml" not in start[:100]):
        sheets = _html_tables(path)
    else:
        from ingest.reading.xml_tables import read_xml  # most markup is none

        return read_xml(path, handover)
    for name, rows, ranges in sheets:
        _hand_over(name, rows, ranges, handover)
    if handover.is_empty:
        raise OtherKindError(refusals.HIDDEN_SHEETS if hidden else refusals.MARKUP)
    if hidden:
        handover.note(refusals.hidden_sheets(hidden))


def _hand_over(name: str, rows: list[Cells], ranges: Sequence[Range], handover: Handover) -> None:
    width = max(map(len, rows), default=0)
    padded = ([*row, *[""] * (width - len(row))] for row in rows)
    layout = Layout(handover, name, is_sheet=True)
    for number, row in enumerate(spread(padded, ranges), start=1):
        cells = [cell_text(cell) for cell in row]
        is_uncalculated = any(isinstance(cell, _Uncalculated) for cell in row)
        text = ";".join(cell or "" for cell in cells)
        problem = refusals.UNCALCULATED if is_uncalculated else None
        layout.feed(Record(number, cells, text if problem else None, problem))
    layout.finish()


class _Uncalculated(str):
    """The formula of a cell whose result nobody has stored."""


def _html_tables(path: Path) -> Iterator[tuple[str, list[Cells], list[Range]]]:
    encoding = find_encoding(path)
    with path.open("rb") as file:
        declared = _CHARSET.search(file.read(START_BYTES))
    text = b"".join(read_utf8(path, encoding, path.stat().st_size)).decode()
    if declared and encoding in SINGLE_BYTE:  # UTF tells itself apart, others only say so
        with contextlib.suppress(LookupError, UnicodeDecodeError):
            name = declared[1].decode().lower()
            text = path.read_bytes().decode("cp1252" if name == "iso-8859-1" else name)
    parser = _TableParser()
    parser.feed(text)
    parser.close()
    for number, table in enumerate(parser.tables, start=1):
        yield f"Tabelle {number}", table.rows, table.ranges


class _HtmlTable:
    """A table that is being read."""

    def __init__(self) -> None:
        self.rows: list[Cells] = []
        self.ranges: list[Range] = []
        self.cell: list[str] | None = None
        self._span = (1, 1)
        self._taken: dict[int, int] = {}  # by column: rows that a cell further up still covers

    def begin_row(self) -> None:
        self.end_cell()
        self._taken = {column: left - 1 for column, left in self._taken.items() if left > 1}
        self.rows.append([])

    def begin_cell(self, attributes: dict[str, str | None]) -> None:
        self.end_cell()
        if not self.rows:
            self.begin_row()
        self._span = (
            min(_whole(attributes.get("colspan")), MAX_COLUMNS),
            min(_whole(attributes.get("rowspan")), MAX_SPAN_ROWS),
        )
        self.cell = []

    def end_cell(self) -> None:
        if self.cell is None:
            return
        row, (columns, rows) = self.rows[-1], self._span
        while self._taken.get(len(row)):
            row.append("")
        first = len(row)
        lines = (" ".join(line.split()) for line in "".join(self.cell).split("\n"))
        row += ["\n".join(lines).strip(), *[""] * (columns - 1)]
        if self._span != (1, 1):
            last_row = len(self.rows) + rows - 2
            self.ranges.append(Range(len(self.rows) - 1, first, last_row, first + columns - 1))
            # Counted with this row, which is over when the next begins.
            self._taken |= {column: rows for column in range(first, first + columns) if rows > 1}
        self.cell = None


# What has no end tag and so no content that could be hidden.
_OF_TABLE = frozenset(("table", "thead", "tbody", "tfoot", "tr", "td", "th"))
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


class _TableParser(HTMLParser):
    """Collects the tables of a page; a table within a table is one of its own.

    What is hidden within a cell is no part of it: pages keep there what they sort by. Hidden rows
    and cells are data, as in a workbook.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[_HtmlTable] = []
        self._open: list[_HtmlTable] = []
        self._is_silent = False
        self._hidden: list[str] = []  # the hidden element that is open, and those within it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_silent = tag in {"script", "style"}
        if tag in _OF_TABLE:
            self._hidden = []
        elif tag not in _VOID and (self._hidden or _is_hidden(attrs)):
            self._hidden.append(tag)
        if tag == "table":
            self._open.append(_HtmlTable())
            self.tables.append(self._open[-1])
        elif self._open and tag == "tr":
            self._open[-1].begin_row()
        elif self._open and tag in {"td", "th"}:
            self._open[-1].begin_cell(dict(attrs))
        elif tag in {"br", "p", "div"} and not self._hidden:
            self._add("\n")

    def handle_endtag(self, tag: str) -> None:
        self._is_silent = False
        if tag in _OF_TABLE:
            self._hidden = []
        elif tag in self._hidden:
            while self._hidden.pop() != tag:
                pass
        if self._open and tag in {"td", "th", "tr", "table"}:
            self._open[-1].end_cell()
            if tag == "table":
                self._open.pop()

    def handle_data(self, data: str) -> None:
        if not self._is_silent and not self._hidden:
            self._add(re.sub(r"\s", " ", data))

    def _add(self, text: str) -> None:
        if self._open and self._open[-1].cell is not None:
            self._open[-1].cell.append(text)


def _xml_sheets(
    path: Path, hidden: dict[str, int]
) -> Iterator[tuple[str, list[Cells], list[Range]]]:
    """Yield each visible sheet; of the others the names and filled rows are put into `hidden`.

    Raises:
        UnreadableFile: the XML is damaged.

    """
    masks: dict[str, Mask] = {}
    try:
        # Expat itself refuses entities that grow beyond measure, and loads nothing from outside.
        for _, element in ElementTree.iterparse(path):  # noqa: S314
            if element.tag == f"{_SHEET}Styles":
                masks = _masks(element)
            elif element.tag == f"{_SHEET}Worksheet":
                name = element.get(f"{_SHEET}Name", "")
                rows, ranges = _xml_rows(element, masks)
                if element.findtext(f"{_OPTIONS}WorksheetOptions/{_OPTIONS}Visible") is None:
                    yield name, rows, ranges
                elif filled := sum(any(cell not in ("", None) for cell in row) for row in rows):
                    hidden[name] = filled
                element.clear()
    except (ElementTree.ParseError, ValueError) as error:
        raise UnreadableFile(refusals.DAMAGED) from error


def _masks(styles: ElementTree.Element) -> dict[str, Mask]:
    """Return the styles that show more of a number than its digits; a style has its parent's."""
    formats: dict[str, str] = {}
    for style in styles.iterfind(f"{_SHEET}Style"):
        own = style.find(f"{_SHEET}NumberFormat")
        parent = formats.get(style.get(f"{_SHEET}Parent", ""), "")
        name = style.get(f"{_SHEET}ID", "")
        formats[name] = parent if own is None else own.get(f"{_SHEET}Format", "")
    return {name: mask for name, code in formats.items() if (mask := mask_of(code))}


def _xml_rows(
    sheet: ElementTree.Element, masks: Mapping[str, Mask]
) -> tuple[list[Cells], list[Range]]:
    rows: list[Cells] = []
    ranges = []
    columns = _column_styles(sheet) if masks else {}
    table_style = sheet.find(f"{_SHEET}Table")
    by_table = "" if table_style is None else table_style.get(f"{_SHEET}StyleID", "")
    for row in sheet.iterfind(f"{_SHEET}Table/{_SHEET}Row"):
        index = min(int(row.get(f"{_SHEET}Index", len(rows) + 1)), MAX_SPAN_ROWS)
        rows += [[] for _ in range(index - len(rows))]
        cells = rows[-1]
        for cell in row.iterfind(f"{_SHEET}Cell"):
            column = min(int(cell.get(f"{_SHEET}Index", len(cells) + 1)), MAX_COLUMNS) - 1
            across = min(int(cell.get(f"{_SHEET}MergeAcross", 0)), MAX_COLUMNS)
            down = int(cell.get(f"{_SHEET}MergeDown", 0))
            styles = (cell.get(_STYLE), row.get(_STYLE), columns.get(column), by_table)
            mask = masks.get(next(filter(None, styles), ""))
            cells += [""] * (column - len(cells))
            cells += [_xml_value(cell, mask), *[""] * across]
            if across or down:
                first = len(rows) - 1
                ranges.append(Range(first, column, first + down, column + across))
    return rows, ranges


def _column_styles(sheet: ElementTree.Element) -> dict[int, str]:
    """Return the styles of whole columns, which count from 0."""
    styles: dict[int, str] = {}
    following = 0
    for column in sheet.iterfind(f"{_SHEET}Table/{_SHEET}Column"):
        first = int(column.get(f"{_SHEET}Index", following + 1)) - 1
        following = min(first + int(column.get(f"{_SHEET}Span", 0)) + 1, MAX_COLUMNS)
        styles |= dict.fromkeys(range(first, following), column.get(_STYLE, ""))
    return styles


def _xml_value(cell: ElementTree.Element, mask: Mask | None) -> object:
    data = cell.find(f"{_SHEET}Data")
    text = "" if data is None else "".join(data.itertext())
    kind = "" if data is None else data.get(f"{_SHEET}Type")
    if kind == "Number":
        if mask and text.isdigit():
            return shown(text, mask)
        return float(text) if "e" in text.lower() else text
    if kind == "Boolean":
        return text == "1"
    if kind == "DateTime":
        day, _, time = text.partition("T")
        time = re.sub(r"\.0+$", "", time)
        return day if time in {"", "00:00:00"} else f"{day} {time}"
    formula = cell.get(f"{_SHEET}Formula")
    return _Uncalculated(formula) if data is None and formula else text


def _is_hidden(attributes: list[tuple[str, str | None]]) -> bool:
    return any(
        name == "hidden" or (name == "style" and _HIDDEN.search(value or ""))
        for name, value in attributes
    )


def _whole(text: str | None) -> int:
    return max(int(text), 1) if text and text.isdecimal() else 1
