"""One step of hygiene for the text cells of every kind of file, and what it tells about them.

What a program has wrapped around a value for the sake of spreadsheets or web pages is taken off:
`="01067"`, an apostrophe before a number, `&amp;`, no-break spaces. It is no part of the value and
would keep equal keys apart. UTF-8 that was written twice is repaired where that is sure, and told.
What cannot be repaired is told: as keys, values that have lost characters or digits collide.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from ingest.reading.harm import HARM, Harm, Place, damaged_cells
from ingest.reading.refusals import Reason

ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# The first part of one that a file's delimiter has cut.
_CUT_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31})\Z")
_FORMULA_TEXT = re.compile(r'\s*="((?:[^"]|"")*)"\s*', re.DOTALL)
# An apostrophe is a guard before a number, a code in capitals or what a spreadsheet would take for
# a formula; `'s-Hertogenbosch`, `'68er Verein` and `'12'` have one of their own.
_GUARD = re.compile(r"\A\s*'(?=[=+@-][^']*\Z|(?=[^']*\d)[0-9A-Z][0-9A-Z\s.,:/()_+€$%-]*\Z)")
_BLANKS = str.maketrans(
    dict.fromkeys("\u00a0\u2007\u202f", " ") | dict.fromkeys("\u00ad\u200b\u2060\ufeff")
)
# How the first byte of a character written twice looks, and the one behind it. Those that only
# begin rare scripts are left out: `ß€` and `Ö€` are people's.
_WRITTEN_TWICE = re.compile(r"[ÂÃÄÅÎÏÐÑâïð√][\x80-\xbfŒœŠšŸŽžƒˆ˜\u2010-\u203a€™]|√")
_LOST = "\ufffd"
# A letter lost: small ones follow upon any letter, capitals upon capitals (`M?ller`, `M?LLER`).
# `wirklich?Ja` lacks a blank, `seite?id=3` is an address.
_QUESTION_MARK = re.compile(r"(?<=[A-Za-zÀ-ÿ])\?(?=[a-zß-ÿ])|(?<=[A-ZÀ-Þ])\?(?=[A-ZÀ-Þ])")
_ADDRESS = re.compile(r"[/=]|www\.")
# Longer texts are sentences, which name nobody.
_MAX_NAME = 100
# How Excel shows a number of more than eleven digits; 491511234567 becomes 4,91512E+11.
_ROUNDED = re.compile(r"\s*\d(?:[.,]\d{1,14})?E\+(?:1[1-9]|2\d)\s*")
_JSON = ('["', "[{", '{"')  # a list or record kept as text, whose own marks must stay

# What a column's bytes hold where one of its cells may need a look. Quick, and never too few.
_ASCII_SIGNS = (
    (b"&", re.compile(rb"&#?\w+;")),
    (b"=", re.compile(rb'="')),
    (b"'", re.compile(rb"'(?:[=+@-]|[0-9A-Z\s.,:/()_+$%-]*\d)")),
    (b"?", re.compile(rb"\?(?![\w.-]+=)[A-Za-z\x80-\xff]")),  # no parameter of an address
    (b"+", re.compile(rb"E\+[12]\d")),
)
_SPECIAL = tuple(mark.encode() for mark in "\u00a0\u2007\u202f\u00ad\u200b\u2060\ufeff\ufffd√")
_TWICE_SIGN = re.compile(
    rb"\xc3[\x82-\x85\x8e-\x91\xa2\xaf\xb0](?:\xc2[\x80-\xbf]|\xc5|\xc6\x92|\xcb|\xe2[\x80-\x84])"
)


@dataclass
class Hygiene:
    """Cleans a table's cells batch by batch and remembers what a person should know of them."""

    columns: Sequence[str]
    _places: dict[Harm, dict[str, Place]] = field(default_factory=dict)

    def clean(self, columns: Sequence[pa.Array], row_numbers: pa.Array) -> list[pa.Array]:
        """Return text arrays as they should be: the same ones where there is nothing to do."""
        return [
            self._cleaned(name, column, row_numbers) if _may_need_hygiene(column) else column
            for name, column in zip(self.columns, columns, strict=True)
        ]

    def notes(self) -> list[Reason]:
        """Return what was repaired and what is lost, with an example for each column."""
        return [
            damaged_cells(kind, list(self._places[kind].values()))
            for kind in HARM
            if kind in self._places
        ]

    def _cleaned(self, name: str, column: pa.Array, row_numbers: pa.Array) -> pa.Array:
        cells = column.to_pylist()
        for n, cell in enumerate(cells):
            if not cell:
                continue
            plain = unwrapped(cell)
            whole = repaired(plain)
            text = whole.translate(_BLANKS)
            if whole != plain:
                self._remember("written_twice", name, row_numbers[n], plain, text)
            if kind := find_harm(text):
                self._remember(kind, name, row_numbers[n], text)
            if text != cell:
                cells[n] = text.strip() or None
        return pa.array(cells, pa.string())

    def _remember(
        self, kind: Harm, column: str, row: pa.Scalar, example: str, repaired_example: str = ""
    ) -> None:
        places = self._places.setdefault(kind, {})
        place = places.setdefault(column, Place(column, row.as_py(), example, repaired_example))
        place.count += 1


def clean_text(cell: str) -> str:
    """Return a cell's text without what was wrapped around it, repaired where that is sure.

    >>> clean_text('="01067"'), clean_text("'01067"), clean_text("'s-Hertogenbosch")
    ('01067', '01067', "'s-Hertogenbosch")
    >>> clean_text("M&uuml;ller &amp; S&ouml;hne"), clean_text("MÃ¼ller")
    ('Müller & Söhne', 'Müller')
    """
    text = repaired(unwrapped(cell)).translate(_BLANKS)
    return text.strip() if text != cell else cell


def unwrapped(cell: str) -> str:
    """Return a cell's text without formula, guard and entities; those escaped twice go too."""
    if match := _FORMULA_TEXT.fullmatch(cell):
        cell = match[1].replace('""', '"')
    elif "'" in cell:
        cell = _GUARD.sub("", cell, count=1)
    while "&" in cell and not cell.startswith(_JSON):
        text = ENTITY.sub(lambda match: html.unescape(match[0]), cell)
        if text == cell:
            break
        cell = text
    return cell


def repaired(text: str) -> str:
    """Return a text that was written as UTF-8 twice as it was meant, where ftfy is sure of it."""
    if not _WRITTEN_TWICE.search(text):
        return text
    import ftfy  # as long as reading a small file; hardly one needs it

    return ftfy.fix_encoding(text)


def find_harm(text: str) -> Harm | None:
    """Return what a text has lost, if it shows."""
    if _LOST in text:
        return "lost"
    if "?" in text and len(text) <= _MAX_NAME and not _ADDRESS.search(text):
        return "question_mark" if _QUESTION_MARK.search(text) else None
    return "rounded" if "E+" in text and _ROUNDED.fullmatch(text) else None


def joined_entities(cells: list[str]) -> list[str]:
    """Put together the entities that `;` as a delimiter has cut: `M&uuml`, `ller` -> `M&uuml;ller`.

    Only for rows that have too many cells: `Print&copy;Köln` may be two.
    """
    joined: list[str] = []
    for cell in cells:
        cut = _CUT_ENTITY.search(joined[-1]) if joined else None
        if cut and html.unescape(f"{cut[0]};") != f"{cut[0]};":
            joined[-1] += f";{cell}"
        else:
            joined.append(cell)
    return joined


def _may_need_hygiene(column: pa.Array) -> bool:
    """Whether a look at each cell may be worth while, by the bytes of all of them."""
    buffer = column.buffers()[2]
    data = buffer.to_pybytes() if buffer else b""
    if any(mark in data and pattern.search(data) for mark, pattern in _ASCII_SIGNS):
        return True
    if data.isascii():
        return False
    # A single byte is found many times faster than a mark, and most columns have none of these.
    possible = (mark for mark in _SPECIAL if mark[:1] in data)
    return any(mark in data for mark in possible) or bool(_TWICE_SIGN.search(data))
