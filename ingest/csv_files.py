"""CSV and its relatives: which encoding, which dialect, then row by row, nothing guessed away.

Large files are read in pieces. A piece in which every row is regular (the rule) goes through
Arrow's parser; one that is not is halved until what is irregular stands in a small piece, which is
split row by row with all care. Both ways give the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from ingest import reasons
from ingest.dialect import SEPARATOR_LINE, find_dialect
from ingest.encoding import MIXED, find_encoding, read_text
from ingest.handover import Handover
from ingest.header import SAMPLE_ROWS
from ingest.layout import Layout
from ingest.reasons import UnreadableFile
from ingest.records import MAX_CELL_CHARACTERS, Dialect, Splitter

# Large enough for Arrow to be fast, small enough that a dozen of them fit into memory.
PIECE_BYTES = 1 << 22
# Below this, rows are split one by one: it costs little.
SMALL_PIECE = 1 << 15


def read_csv(path: Path, handover: Handover) -> None:
    """Read a delimited text file.

    Raises:
        UnreadableFile: the file is empty or not text, or its header does not fit its rows.

    """
    encoding = find_encoding(path)
    pieces = _whole_lines(read_text(path, encoding, PIECE_BYTES))
    text = next(pieces, "")
    dialect, width = find_dialect("".join(islice(_lines(text), SAMPLE_ROWS)))
    reader = _Reader(Layout(handover, path.name, is_sheet=False), dialect, width)
    named = SEPARATOR_LINE.match(text)
    if named:
        reader.skip_line()
        text = text[named.end() :]
    for following in pieces:
        text = reader.read(text, is_last=False) + following
        if len(text) > MAX_CELL_CHARACTERS + PIECE_BYTES:
            raise UnreadableFile(reasons.NOT_TEXT)
    reader.read(text, is_last=True)
    reader.layout.finish()
    if handover.is_empty:
        raise UnreadableFile(reasons.EMPTY)
    if encoding == MIXED:
        handover.note(reasons.MIXED_ENCODINGS)


class _Reader:
    """Brings pieces of text into a layout."""

    def __init__(self, layout: Layout, dialect: Dialect, width: int) -> None:
        self.layout = layout
        self._splitter = Splitter(dialect, width)

    def skip_line(self) -> None:
        """Count a line that is no row."""
        self._splitter.number += 1

    def read(self, text: str, *, is_last: bool) -> str:
        """Read whole lines and return what begins a row that goes on in the text to come."""
        position, size, smallest = 0, len(text), SMALL_PIECE
        while position < len(text):
            end = text.find("\n", position + size - 1) + 1 or len(text)
            piece = text[position:end]
            if size > smallest and self._read_at_once(piece):
                position, size = end, size * 2
            elif size > smallest:
                size = max(size // 4, smallest)
            else:
                rest = self._read_row_by_row(piece, is_last=is_last and end == len(text))
                if rest and end == len(text):
                    return rest
                position = end - len(rest)
                # A row that goes on for longer than the piece needs a larger one.
                smallest = max(SMALL_PIECE, 2 * len(rest))
                size = 2 * smallest
        return ""

    def _read_row_by_row(self, text: str, *, is_last: bool) -> str:
        for row in self._splitter.split(text, is_last=is_last):
            if isinstance(row, str):
                return row
            self.layout.feed(row)
            if (table := self.layout.open_table) is not None:
                self._splitter.width = table.width
        return ""

    def _read_at_once(self, text: str) -> bool:
        """Read a piece by Arrow if all of it is regular; else nothing."""
        table = self.layout.open_table
        if table is None or table.width < 2:
            return False
        columns = parse_regular(text, self._splitter.dialect, table.width)
        if columns is None or not table.take_columns(columns, self._splitter.number + 1):
            return False
        self._splitter.number += len(columns[0])
        return True


def parse_regular(text: str, dialect: Dialect, width: int) -> list[pa.Array] | None:
    """Parse whole lines into one text array per column, empty cells null.

    Returns:
        None unless each row has `width` cells, lines end alike (LF or CRLF), and each quotation
        mark either begins a cell, ends one or is doubled inside one.

    """
    if dialect.escape or dialect.skips_spaces or text.count("\r") != text.count("\r\n"):
        return None
    data = text.encode()
    is_quoted = dialect.quote in text
    if is_quoted and not _quotes_are_regular(data, dialect):
        return None
    names = [str(position) for position in range(width)]
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(data),
            read_options=pa.csv.ReadOptions(column_names=names, block_size=1 << 20),
            parse_options=pa.csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote if is_quoted else False,
                double_quote=is_quoted,
                newlines_in_values=is_quoted,
                ignore_empty_lines=False,
            ),
            convert_options=pa.csv.ConvertOptions(
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


def _whole_lines(pieces: Iterator[str]) -> Iterator[str]:
    """Cut text so that each piece but the last ends with a line; a piece may hold many."""
    rest = ""
    for piece in pieces:
        text = rest + piece
        # A lone carriage return may be the first half of a line end that is cut in two.
        end = text.rfind("\n") + 1 or text.rfind("\r", 0, -1) + 1
        rest = text[end:]
        if end:
            yield text[:end]
        elif len(rest) > MAX_CELL_CHARACTERS:
            raise UnreadableFile(reasons.NOT_TEXT)
    if rest:
        yield rest


def _lines(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        ends = [end for mark in "\r\n" if (end := text.find(mark, start)) >= 0]
        end = min(ends, default=len(text) - 1) + 1
        if text[end - 1 : end + 1] == "\r\n":
            end += 1
        yield text[start:end]
        start = end
