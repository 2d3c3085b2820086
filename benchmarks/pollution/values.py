"""Damages to values and columns: unusual, but right or nearly so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.pollution.damages import EVERYWHERE, Damages
from benchmarks.pollution.drafts import Draft, Line, NotApplicableError

VALUES = Damages()

# Slots of damages that leave lines alone.
BYTES = ("encoding", "terminator", "quoting", "end", "other sheet", "formatted", "offset")


# --- values: unusual but right; they must come back as they are ------------------------------


def text_cells(draft: Draft, count: int) -> list[tuple[Line, int]]:
    """Draw cells of plain words, at least five letters long."""
    cells = [
        (line, position)
        for line in draft.rows()
        for position, cell in enumerate(line.cells)
        if re.fullmatch(r"[\w .-]*[^\W\d_]{3}[\w .-]*", cell) and len(cell) >= 5
    ]
    if not cells:
        raise NotApplicableError
    return draft.rng.sample(cells, min(count, len(cells)))


@VALUES.damage("text in cells")
def line_breaks_in_cells(draft: Draft) -> None:
    for line, position in text_cells(draft, 6):
        line.set_cell(position, line.cells[position] + "\nzweite Zeile\n\nvierte Zeile")


@VALUES.damage("text in cells")
def windows_line_breaks_in_cells(draft: Draft) -> None:
    for line, position in text_cells(draft, 6):
        line.set_cell(position, line.cells[position] + "\r\nzweite Zeile")


@VALUES.damage("text in cells")
def doubled_quotes(draft: Draft) -> None:
    for line, position in text_cells(draft, 8):
        line.set_cell(position, f'Rohr 3/4" "{line.cells[position]}"')


@VALUES.damage("text in cells")
def escaped_quotes(draft: Draft) -> None:
    if any("\\" in cell for line in draft.rows() for cell in line.cells):
        raise NotApplicableError
    doubled_quotes(draft)
    draft.dialect = replace(draft.dialect, escape="\\")


@VALUES.damage("text in cells")
def backslashes(draft: Draft) -> None:
    """Windows paths; a last backslash escapes nothing."""
    for line, position in text_cells(draft, 6):
        line.set_cell(position, f"C:\\temp\\{line.cells[position]}\\")


@VALUES.damage("text in cells")
def backslashes_beside_doubled_quotes(draft: Draft) -> None:
    """Feet and inches: the backslash escapes nothing where quotation marks are doubled."""
    for line, position in text_cells(draft, 8):
        line.set_cell(position, f"{line.cells[position]} 8\\'9\" lang")


@VALUES.damage("text in cells")
def apostrophes(draft: Draft) -> None:
    for line, position in text_cells(draft, 8):
        line.set_cell(position, f"'s-{line.cells[position]}'s")


@VALUES.damage("text in cells")
def delimiters_in_quoted_cells(draft: Draft) -> None:
    for line, position in text_cells(draft, 12):
        line.set_cell(position, f"{line.cells[position]}; a, b | c\td")


@VALUES.damage("text in cells")
def very_long_cell(draft: Draft) -> None:
    line, position = text_cells(draft, 1)[0]
    line.set_cell(position, f"{line.cells[position]} " * 20_000 + ".")


@VALUES.damage("text in cells", media=EVERYWHERE)
def non_breaking_spaces(draft: Draft) -> None:
    for line, position in text_cells(draft, 8):
        before, after = line.cells[position][:3], line.cells[position][3:]
        line.set_cell(position, f"{before} {after}")  # an ordinary blank is what it means
        line.cells[position] = f"{before}\u00a0{after}"


@VALUES.damage("text in cells", media=EVERYWHERE)
def values_like_comments(draft: Draft) -> None:
    # A first cell that starts with a number sign is data where the line has all cells.
    for line in draft.rng.sample(draft.rows(), 5):
        line.set_cell(0, f"#{line.cells[0]}")


@VALUES.damage("text in cells", media=EVERYWHERE)
def values_like_totals(draft: Draft) -> None:
    # A firm called so: a full row of its own kind is data, whatever its words.
    for line, position in text_cells(draft, 4):
        line.set_cell(position, f"Summe {line.cells[position]} Gesamt")


@VALUES.damage(media=EVERYWHERE)
def sparse_rows(draft: Draft) -> None:
    """Rows of which only the key and one more cell is filled are still data."""
    if draft.width() < 4:
        raise NotApplicableError
    for line in draft.rng.sample(draft.rows(), 3):
        kept = draft.rng.randrange(1, draft.width())
        for position in range(1, draft.width()):
            if position != kept:
                line.set_cell(position, "")


@VALUES.damage(media=EVERYWHERE)
def identical_rows(draft: Draft) -> None:
    for line in draft.rng.sample(draft.rows(), 4):
        copy = Line("row", list(line.cells), expected=list(line.expected))
        draft.lines.insert(draft.lines.index(line), copy)


# --- columns ---------------------------------------------------------------------------------


def _insert_column(draft: Draft, at: int, name: str, cells: Sequence[str]) -> None:
    draft.header().cells.insert(at, name)
    draft.names[0].insert(at, name or None)
    for line, cell in zip(draft.rows(), cells, strict=True):
        line.cells.insert(at, cell)
        line.expected = [(*row[:at], cell, *row[at:]) for row in line.expected]


@VALUES.damage("columns", media=EVERYWHERE)
def duplicate_column_name(draft: Draft) -> None:
    at = draft.rng.randrange(1, draft.width())
    draft.header().cells[at] = draft.header().cells[0]
    draft.names[0][at] = None  # any name: two columns cannot have the same


@VALUES.damage("columns", media=EVERYWHERE)
def empty_column_name(draft: Draft) -> None:
    at = draft.rng.randrange(draft.width())
    draft.header().cells[at] = ""
    draft.names[0][at] = None


@VALUES.damage("columns", media=EVERYWHERE)
def empty_column(draft: Draft) -> None:
    if draft.width() < 3:
        raise NotApplicableError
    _insert_column(draft, draft.width() // 2, "", [""] * len(draft.rows()))


@VALUES.damage("columns")
def header_one_cell_shorter(draft: Draft) -> None:
    # The last column has no name. To move all names by one would be wrong, or must be noted.
    if draft.width() < 3:
        raise NotApplicableError
    draft.header().cells.pop()
    draft.names[0][-1] = None


@VALUES.damage("columns")
def row_names(draft: Draft) -> None:
    """R writes row names 1, 2, 3 … before the first column, and no cell above them."""
    _insert_column(draft, 0, "", [str(n) for n in range(1, len(draft.rows()) + 1)])
    draft.header().cells.pop(0)


@VALUES.damage("columns", goes_with=BYTES, media=EVERYWHERE)
def one_column(draft: Draft) -> None:
    """Just the first column that says anything in words or numbers."""
    at = next((n for n, name in enumerate(draft.names[0]) if name in ("Name", "Email")), 0)
    draft.names[0] = [draft.names[0][at]]
    for line in draft.lines:
        line.cells = [line.cells[at]]
        line.expected = [(row[at],) for row in line.expected]
    draft.lines = [line for line in draft.lines if line.cells[0]]


@VALUES.damage("columns", goes_with=BYTES, media=EVERYWHERE)
def header_only(draft: Draft) -> None:
    draft.lines = [draft.header()]
    draft.may_be_refused = True
