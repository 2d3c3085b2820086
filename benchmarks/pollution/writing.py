"""Damages to how a file is written: broken lines, dialects, encodings and the file's end."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks.pollution.damages import Damages
from benchmarks.pollution.drafts import Dialect, Draft, Line, NotApplicableError
from benchmarks.pollution.values import text_cells

WRITING = Damages()

Write = Callable[[str, Dialect], str]

# --- broken lines ----------------------------------------------------------------------------


def _break_cell(draft: Draft, write: Write) -> tuple[Line, int]:
    """Have one cell of plain words written in a broken way; its row is damaged."""
    line, position = draft.rng.choice(text_cells(draft, 50))
    line.raw[position] = write
    line.is_damaged = True
    return line, position


@WRITING.damage("broken cell")
def stray_quote(draft: Draft) -> None:
    """`19" Gehäuse`: the cell with its mark is right, and so is setting the row aside."""
    line, position = draft.rng.choice(text_cells(draft, 50))
    cell = line.cells[position]
    broken = cell[:3] + draft.dialect.quote + cell[3:]
    line.set_cell(position, broken)
    line.is_damaged = True

    def write(cell: str, dialect: Dialect) -> str:
        return f"{dialect.quote}{cell}{dialect.quote}" if dialect.quoting == "all" else cell

    line.raw[position] = write


@WRITING.damage("broken cell")
def unclosed_quote(draft: Draft) -> None:
    # The cell with or without its mark is right; whatever the mark swallows is not.
    line, position = _break_cell(draft, lambda cell, dialect: dialect.quote + cell)
    line.set_cell(position, line.cells[position], '"' + line.cells[position])


@WRITING.damage("broken cell")
def text_after_quote(draft: Draft) -> None:
    """`"Müller" Bau`: a quotation mark closes too early."""
    line, position = draft.rng.choice(text_cells(draft, 50))
    cell = line.cells[position]
    line.set_cell(position, cell, f'"{cell[:4]}"{cell[4:]}')
    line.cells[position] = cell
    line.is_damaged = True
    line.raw[position] = lambda cell, d: f"{d.quote}{cell[:4]}{d.quote}{cell[4:]}"


@WRITING.damage("broken cell")
def unquoted_delimiter(draft: Draft) -> None:
    _break_cell(draft, lambda cell, dialect: f"{cell[:3]}{dialect.delimiter}{cell[3:]}")


@WRITING.damage("broken cell")
def lost_delimiter_before_quote(draft: Draft) -> None:
    """`33.83"Shirt, Plaid"`: split at the delimiter in the text, the count is right by chance."""
    cells = [
        (line, position)
        for line, position in text_cells(draft, 200)
        if position and line.cells[position - 1] and '"' not in line.cells[position - 1]
    ]
    if not cells:
        raise NotApplicableError
    line, position = draft.rng.choice(cells)
    line.set_cell(position, f"{line.cells[position]}{draft.dialect.delimiter} kariert")
    line.is_damaged = True

    def lose(text: str, dialect: Dialect) -> str:
        quoted = dialect.write(line.cells[position])
        return text.replace(dialect.delimiter + quoted, quoted, 1)

    line.edits.append(lose)


def _add_damaged_header(kind: str, damage: Write) -> None:
    def effect(draft: Draft) -> None:
        # The names are lost with the line; which columns there are must not be.
        draft.header().raw[1] = damage
        draft.names[0] = [None] * draft.width()

    WRITING.add(kind, effect, "header")


_add_damaged_header("unclosed_quote_in_header", lambda cell, d: d.quote + cell)
_add_damaged_header("text_after_quote_in_header", lambda cell, d: f"{d.quote}{cell}{d.quote} neu")


@WRITING.damage("broken cell")
def unquoted_line_break(draft: Draft) -> None:
    # A row torn in two, both too short: both are set aside, or put together again.
    cells = [c for c in text_cells(draft, 200) if 0 < c[1] < draft.width() - 1]
    if not cells:
        raise NotApplicableError
    line, position = draft.rng.choice(cells)
    line.is_damaged = True
    line.raw[position] = lambda cell, dialect: f"{cell[:3]}{dialect.terminator}{cell[3:]}"


@WRITING.damage("broken cell")
def row_with_other_delimiter(draft: Draft) -> None:
    """Two rows added by hand."""
    if draft.width() < 3:
        raise NotApplicableError
    for line in draft.rng.sample(draft.rows(), 2):
        line.is_damaged = True
        line.edits.append(
            lambda text, dialect: text.replace(
                dialect.delimiter, "|" if dialect.delimiter != "|" else ";"
            )
        )


def _wrap(text: str, dialect: Dialect) -> str:
    return dialect.quote + text.replace(dialect.quote, dialect.quote * 2) + dialect.quote


@WRITING.damage("wrapped")
def rows_wrapped_in_quotes(draft: Draft) -> None:
    for line in draft.lines:
        if line.role in ("header", "row"):
            line.edits.append(_wrap)


@WRITING.damage("wrapped")
def some_rows_wrapped_in_quotes(draft: Draft) -> None:
    for line in draft.rng.sample(draft.rows(), 3):
        line.edits.append(_wrap)
        line.is_damaged = True


@WRITING.damage("padding")
def padded_cells(draft: Draft) -> None:
    # Spaces on both sides, outside of quotation marks; they may stay or go.
    _surround(draft, 0, " ", "  ")


@WRITING.damage("padding")
def space_after_delimiters(draft: Draft) -> None:
    _surround(draft, 1, " ", "")


def _surround(draft: Draft, first: int, before: str, after: str) -> None:
    def surrounded(write: Write) -> Write:
        return lambda cell, dialect: before + write(cell, dialect) + after

    draft.is_padded = True
    for line in draft.lines:
        if line.role in ("header", "row"):
            for position in range(first, len(line.cells)):
                write = line.raw.get(position, lambda cell, dialect: dialect.write(cell))
                line.raw[position] = surrounded(write)


# --- dialects --------------------------------------------------------------------------------


def _add_dialect(kind: str, slot: str, **changes: Any) -> None:  # noqa: ANN401 - Dialect's fields
    def effect(draft: Draft) -> None:
        changed = replace(draft.dialect, **changes)
        if changed == draft.dialect:
            raise NotApplicableError
        draft.dialect = changed

    WRITING.add(kind, effect, slot)


for _name, _delimiter in (("semicolon", ";"), ("comma", ","), ("tab", "\t"), ("pipe", "|")):
    _add_dialect(f"delimiter_{_name}", "delimiter", delimiter=_delimiter)
_add_dialect("all_quoted", "quoting", quoting="all")
_add_dialect("text_quoted", "quoting", quoting="text")
_add_dialect("single_quotes", "quoting", quote="'")
_add_dialect("all_single_quoted", "quoting", quote="'", quoting="all")
_add_dialect("line_end_crlf", "terminator", terminator="\r\n")
_add_dialect("line_end_cr", "terminator", terminator="\r")


@WRITING.damage("quoting")
def nothing_quoted(draft: Draft) -> None:
    # A program that knows no quotation marks writes those within a text as they are.
    for line, position in text_cells(draft, 8):
        line.set_cell(position, f'{line.cells[position]} 3/4" lang')
    draft.dialect = replace(draft.dialect, quoting="none")


@WRITING.damage("terminator")
def line_ends_mixed(draft: Draft) -> None:
    for line in draft.lines:
        line.terminator = draft.rng.choice(("\n", "\r\n"))


@WRITING.damage("terminator")
def line_ends_mixed_with_cr(draft: Draft) -> None:
    for line in draft.lines:
        line.terminator = draft.rng.choice(("\n", "\r\n", "\r"))


@WRITING.damage("above")
def delimiter_line(draft: Draft) -> None:
    """`sep=;`, which Excel obeys and hides."""
    draft.lines.insert(0, Line("junk", [""], edits=[lambda _, dialect: f"sep={dialect.delimiter}"]))


# --- encodings -------------------------------------------------------------------------------


def _add_encoding(kind: str, encoding: str, mark: bytes = b"") -> None:
    def effect(draft: Draft) -> None:
        draft.encoding, draft.mark = encoding, mark
        if not mark and not encoding.startswith("utf-16") and not _beyond_ascii(draft.lines):
            raise NotApplicableError

    WRITING.add(kind, effect, "encoding")


def _beyond_ascii(lines: list[Line]) -> bool:
    return any(not cell.isascii() for line in lines for cell in line.cells)


_add_encoding("utf_8_with_mark", "utf-8", codecs.BOM_UTF8)
_add_encoding("utf_16_le_with_mark", "utf-16-le", codecs.BOM_UTF16_LE)
_add_encoding("utf_16_be_with_mark", "utf-16-be", codecs.BOM_UTF16_BE)
_add_encoding("utf_16_le", "utf-16-le")
_add_encoding("utf_16_be", "utf-16-be")
_add_encoding("cp1252", "cp1252")
_add_encoding("cp850", "cp850")


@WRITING.damage("encoding")
def cp1252_from_half_way(draft: Draft) -> None:
    """Text of two programs in one file. A row read right or set aside is right."""
    _change_encoding(draft, len(draft.lines))


@WRITING.damage("encoding")
def cp1252_in_the_middle(draft: Draft) -> None:
    _change_encoding(draft, len(draft.lines) * 3 // 4)


def _change_encoding(draft: Draft, end: int) -> None:
    part = draft.lines[len(draft.lines) // 2 : end]
    if not _beyond_ascii(part) or not _beyond_ascii(draft.lines[: len(draft.lines) // 2]):
        raise NotApplicableError
    for line in part:
        line.encoding = "cp1252"
        line.is_damaged = line.is_damaged or _beyond_ascii([line])


@WRITING.damage("broken cell")
def nul_in_cell(draft: Draft) -> None:
    # The cell with or without the NUL is right.
    line, position = draft.rng.choice(text_cells(draft, 50))
    cell = line.cells[position]
    line.set_cell(position, f"{cell[:3]}\0{cell[3:]}", cell)
    line.is_damaged = True


# --- the file's end --------------------------------------------------------------------------


@WRITING.damage("end")
def no_final_newline(draft: Draft) -> None:
    draft.has_final_newline = False


@WRITING.damage("end")
def truncated(draft: Draft) -> None:
    # The file ends within its last row, which has lost at least one cell.
    if not draft.rows():
        raise NotApplicableError
    last = max(n for n, line in enumerate(draft.lines) if line.role == "row")
    del draft.lines[last + 1 :]
    line = draft.lines[last]
    if len(line.cells) < 2 or line.edits or line.raw:
        raise NotApplicableError
    kept = draft.rng.randrange(1, len(line.cells))
    line.cells = [*line.cells[: kept - 1], line.cells[kept - 1][:2]]
    line.is_damaged = True
    draft.has_final_newline = False


@WRITING.damage("end")
def dos_end_of_file(draft: Draft) -> None:
    draft.ending = "\x1a".encode(draft.encoding)


@WRITING.damage("end")
def nul_tail(draft: Draft) -> None:
    # A crash of the disk leaves NULs where the rest should have been.
    draft.ending = b"\0" * 512
