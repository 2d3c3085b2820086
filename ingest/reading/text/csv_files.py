"""CSV and its relatives: encoding, dialect, then row by row; no row is dropped in silence.

Large files are read in pieces. A piece in which every row is regular (the rule) goes through
Arrow's parser; one that is not is halved until what is irregular stands in a small piece, which is
split row by row with all care. Both ways give the same rows.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from ingest.reading import refusals
from ingest.reading.handover import Handover
from ingest.reading.header_row import SAMPLE_ROWS
from ingest.reading.layout import Layout
from ingest.reading.refusals import UnreadableFile
from ingest.reading.text.delimiters import SEPARATOR_LINE, find_dialect
from ingest.reading.text.encoding import doubt, find_encoding, read_utf8
from ingest.reading.text.fixed_width import feed_fixed_width, find_columns
from ingest.reading.text.printed_lists import has_two_line_records
from ingest.reading.text.text_rows import MAX_CELL_CHARACTERS, Dialect, Splitter

# Large enough for Arrow to be fast, small enough that a dozen of them fit into memory.
PIECE_BYTES = 1 << 22
# Marks that not every row has: where they occur, more rows are read to find the dialect.
_UNUSUAL = re.compile(rb"""(^|[;,\t|]) *'|\\["']""", re.MULTILINE)
MORE_ROWS = 1_000
# What some programs put behind the text: DOS's mark, and zeros up to the end of a block.
END_OF_FILE = b"\x1a\0"
# Below this, rows are split one by one: it costs little.
SMALL_PIECE = 1 << 15


def read_csv(path: Path, handover: Handover) -> None:
    """Read a delimited text file.

    Raises:
        UnreadableFile: the file is empty or not text, or its header does not fit its rows.

    """
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    encoding = find_encoding(path)
    pieces = _whole_lines(read_utf8(path, encoding, PIECE_BYTES))
    data = next(pieces, b"")
    rows = MORE_ROWS if _UNUSUAL.search(data) else SAMPLE_ROWS
    lines = list(itertools.islice(_lines(data), rows))
    if has_two_line_records(lines):
        raise UnreadableFile(refusals.TWO_LINE_RECORDS)
    layout = Layout(handover, path.name, is_sheet=False)
    if columns := find_columns(lines):
        feed_fixed_width(itertools.chain([data], pieces), columns, layout)
    else:
        _read_delimited(data, pieces, lines, layout)
    layout.finish()
    if handover.is_empty:
        raise UnreadableFile(refusals.EMPTY)
    if note := doubt(encoding):
        handover.note(note)


def _read_delimited(
    data: bytes, pieces: Iterator[bytes], lines: Sequence[str], layout: Layout
) -> None:
    dialect, width = find_dialect("".join(lines))
    reader = _Reader(layout, dialect, width)
    named = SEPARATOR_LINE.match(next(_lines(data), ""))
    if named:
        reader.skip_line()
        data = data[named.end() :]
    rest = b""
    for following in itertools.chain(pieces, [None]):
        if following is None:
            data = data.rstrip(END_OF_FILE)
        if dialect.skips_spaces:
            data = dialect.without_spaces(data.decode()).encode()
        rest = reader.read(rest + data, is_last=following is None)
        if len(rest) > MAX_CELL_CHARACTERS:
            raise UnreadableFile(refusals.NOT_TEXT)
        data = following or b""


class _Reader:
    """Brings pieces of text into a layout."""

    def __init__(self, layout: Layout, dialect: Dialect, width: int) -> None:
        self.layout = layout
        self._splitter = Splitter(dialect, width)

    def skip_line(self) -> None:
        """Count a line that is no row."""
        self._splitter.number += 1

    def read(self, data: bytes, *, is_last: bool) -> bytes:
        """Read whole lines and return what begins a row that goes on in the text to come."""
        position, size, smallest = 0, len(data), SMALL_PIECE
        while position < len(data):
            end = data.find(b"\n", position + size - 1) + 1 or len(data)
            piece = data[position:end]
            if size > smallest and self._read_at_once(piece):
                position, size = end, size * 2
            elif size > smallest:
                size = max(size // 4, smallest)
            else:
                rest = self._read_row_by_row(piece, is_last=is_last and end == len(data))
                if rest and end == len(data):
                    return rest
                position = end - len(rest)
                # A row that goes on for longer than the piece needs a larger one.
                smallest = max(SMALL_PIECE, 2 * len(rest))
                size = 2 * smallest
        return b""

    def _read_row_by_row(self, data: bytes, *, is_last: bool) -> bytes:
        for row in self._splitter.split(data.decode(), is_last=is_last):
            if isinstance(row, str):
                return row.encode()
            self.layout.feed(row)
            if (table := self.layout.open_table) is not None:
                self._splitter.width = table.width
        return b""

    def _read_at_once(self, data: bytes) -> bool:
        """Read a piece by Arrow if all of it is regular; else nothing."""
        table = self.layout.open_table
        if table is None:
            return False
        columns = parse_regular(data, self._splitter.dialect, table.width)
        if columns is None or not table.take_columns(columns, self._splitter.number + 1):
            return False
        self._splitter.number += len(columns[0])
        return True


def parse_regular(data: bytes, dialect: Dialect, width: int) -> list[pa.Array] | None:
    """Parse whole lines of UTF-8 into one text array per column, empty cells null.

    Returns:
        None unless each row has `width` cells, lines end alike (LF or CRLF), and each quotation
        mark either begins a cell, ends one or is doubled inside one.

    """
    if dialect.escape or dialect.skips_spaces or b"\0" in data:
        return None
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None
    is_quoted = dialect.quote.encode() in data
    if is_quoted and not _quotes_are_regular(data, dialect):
        return None
    from pyarrow import csv as arrow_csv

    names = [str(position) for position in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=1 << 20),
            parse_options=arrow_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote if is_quoted else False,
                double_quote=is_quoted,
                newlines_in_values=is_quoted,
                ignore_empty_lines=False,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return [column.combine_chunks() for column in table.columns]


def _quotes_are_regular(data: bytes, dialect: Dialect) -> bool:
    """Whether every quotation mark begins a cell, ends one or is doubled inside one.

    Counted from the start of a row, the marks with an odd number open a cell or are the second of
    a doubled pair, those with an even number close one or are the first of a pair.
    """
    import numpy as np

    text = np.frombuffer(data, dtype=np.uint8)
    quote, delimiter = ord(dialect.quote), ord(dialect.delimiter)
    marks = np.flatnonzero(text == quote)
    if len(marks) % 2:
        return False
    opening, closing = marks[::2], marks[1::2]
    before = text[opening - 1]  # for a mark at the very start: the text's last, a line end
    after = text[np.minimum(closing + 1, len(text) - 1)]
    starts = (before == delimiter) | (before == ord("\n")) | (before == quote)
    ends = np.isin(after, np.array([delimiter, ord("\n"), ord("\r"), quote], dtype=np.uint8))
    ends |= closing + 1 == len(text)
    # The pair of a doubled mark must be a closing one and the opening one right after it.
    return bool(starts.all() and ends.all())


def _whole_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Cut text so that each piece but the last ends with a line; a piece may hold many."""
    rest = b""
    for piece in pieces:
        data = rest + piece
        # A lone carriage return may be the first half of a line end that is cut in two.
        end = data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, -1) + 1
        rest = data[end:]
        if end:
            yield _without_marks(data[:end])
        elif len(rest) > MAX_CELL_CHARACTERS:
            raise UnreadableFile(refusals.NOT_TEXT)
    if rest:
        yield _without_marks(rest)


def _without_marks(lines: bytes) -> bytes:
    """Return lines without the byte order marks of files that were appended to another."""
    mark = codecs.BOM_UTF8
    if mark[:1] not in lines or mark not in lines:  # a single byte is found many times faster
        return lines
    return lines.replace(b"\n" + mark, b"\n").removeprefix(mark)


def _lines(data: bytes) -> Iterator[str]:
    return iter(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline=""))
