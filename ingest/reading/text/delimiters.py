"""The delimiter and quotation mark of a text file."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from ingest.reading.header_row import is_blank, modal_width
from ingest.reading.hygiene import ENTITY
from ingest.reading.text.printed_lists import without_rules
from ingest.reading.text.text_rows import Dialect, Record, Splitter

DELIMITERS = (";", ",", "\t", "|")
# Tried where they are about as many as lines at least, since text hardly has them.
RARE_DELIMITERS = ("~", "^", "#")
# Excel's own first line, which names the delimiter: sep=;
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[;,\t]*\r?\n', re.IGNORECASE)
# Weight of a first line of names; unlike rows it is never split by delimiters within text.
_NAMES_WEIGHT = 4.0
# Lines that say what the table is; they may be more than its rows.
_COMMENTS_ABOVE = re.compile(r"\A(#.*\s+)+(?=[^#\s])")
_WRAPPED_IN_QUOTES = {'"': re.compile(r'\s*".*"\s*', re.DOTALL), "'": re.compile(r"\s*'.*'\s*")}


def find_dialect(text: str) -> tuple[Dialect, int]:
    """Return the dialect that makes the best table of the text, and that table's width in cells.

    The best table has many columns, rows of one and the same width, a first line of as many names,
    and no cell that still holds another delimiter or stands in quotation marks. A tie goes to the
    order of `DELIMITERS` and to the plainer dialect.

    Args:
        text: the file's first lines, whole ones (a hundred are enough).

    """
    named = SEPARATOR_LINE.match(text)
    if named:
        text = text[named.end() :]
    text = _COMMENTS_ABOVE.sub("", text)
    # Drawn lines are no rows; a short list may have more of them.
    text = "".join(without_rules(text.splitlines(keepends=True)))
    rare = (mark for mark in RARE_DELIMITERS if text.count(mark) >= text.count("\n"))
    delimiters = (named.group(1),) if named else (*DELIMITERS, *rare)
    quotes = ('"', "'") if re.search(r"(^|[;,\t|])'", text, re.MULTILINE) else ('"',)
    spaces = (False, True) if re.search(r"""[;,\t|] +["']""", text) else (False,)
    candidates = [
        Dialect(delimiter, quote, escape, skips)
        for delimiter, quote, skips in itertools.product(delimiters, quotes, spaces)
        # A backslash before anything but the quotation mark is text.
        for escape in ((None, "\\") if f"\\{quote}" in text else (None,))
    ]
    # The semicolons of entities (`M&uuml;ller`) are no delimiters, if the table is better so.
    texts = dict.fromkeys((text, ENTITY.sub("x", text)))
    tables = [(dialect, _rows(each, dialect)) for each in texts for dialect in candidates]
    best, rows = max(tables, key=lambda table: _fit(table[1], table[0]))
    return best, modal_width([record.cells for record in rows])


def _rows(text: str, dialect: Dialect) -> Sequence[Record]:
    text = dialect.without_spaces(text)
    # First without a width, then with it: it tells rows that a lost quotation mark swallowed.
    loose = [r for r in Splitter(dialect).split(text, is_last=True) if isinstance(r, Record)]
    width = modal_width([record.cells for record in loose])
    strict = Splitter(dialect, width).split(text, is_last=True)
    return [r for r in strict if isinstance(r, Record) and (r.problem or not is_blank(r.cells))]


def _fit(rows: Sequence[Record], dialect: Dialect) -> float:
    width = modal_width([row.cells for row in rows])
    if width < 2:
        return 0.0
    regular = [row.cells for row in rows if len(row.cells) == width]
    cells = [cell for row in regular for cell in row if cell]
    whole = sum(_is_whole(cell, dialect) for cell in cells)
    named = _NAMES_WEIGHT if len(rows[0].cells) == width and _are_names(rows[0].cells) else 1.0
    return named * len(regular) / len(rows) * (1 - 1 / width) * (whole / max(len(cells), 1))


def _are_names(cells: Sequence[str | None]) -> bool:
    """Whether all begin with a letter: a comma in text has a space behind it, in a number a digit.

    Trailing delimiters name nothing.
    """
    return all(cell[:1].isalpha() for cell in cells if cell)


def _is_whole(cell: str, dialect: Dialect) -> bool:
    """Whether a cell looks like one cell: commas are natural in text, other delimiters are not."""
    if any(mark in cell for mark in ";\t|" if mark != dialect.delimiter):
        return False
    if dialect.escape is None and f"\\{dialect.quote}" in cell:
        return False
    return not any(pattern.fullmatch(cell) for pattern in _WRAPPED_IN_QUOTES.values())
