"""Damages to what a file holds: values, columns and lines. Those of text are in `…_writing`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.pollution import Cells, Draft, Line, NotApplicableError
from benchmarks.pollution_registry import add, damage

BYTES = ("encoding", "terminator", "quoting", "end")  # slots of damages that leave lines alone


# --- values: unusual but right; they must come back as they are ------------------------------


def _text_cells(draft: Draft, count: int) -> list[tuple[Line, int]]:
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


@damage("text in cells")
def line_breaks_in_cells(draft: Draft) -> None:
    for line, position in _text_cells(draft, 6):
        line.set_cell(position, line.cells[position] + "\nzweite Zeile\n\nvierte Zeile")


@damage("text in cells")
def windows_line_breaks_in_cells(draft: Draft) -> None:
    for line, position in _text_cells(draft, 6):
        line.set_cell(position, line.cells[position] + "\r\nzweite Zeile")


@damage("text in cells")
def doubled_quotes(draft: Draft) -> None:
    for line, position in _text_cells(draft, 8):
        line.set_cell(position, f'Rohr 3/4" "{line.cells[position]}"')


@damage("text in cells")
def escaped_quotes(draft: Draft) -> None:
    if any("\\" in cell for line in draft.rows() for cell in line.cells):
        raise NotApplicableError
    doubled_quotes(draft)
    draft.dialect = replace(draft.dialect, escape="\\")


@damage("text in cells")
def backslashes(draft: Draft) -> None:
    """Windows paths; a last backslash escapes nothing."""
    for line, position in _text_cells(draft, 6):
        line.set_cell(position, f"C:\\temp\\{line.cells[position]}\\")


@damage("text in cells")
def apostrophes(draft: Draft) -> None:
    for line, position in _text_cells(draft, 8):
        line.set_cell(position, f"'s-{line.cells[position]}'s")


@damage("text in cells")
def delimiters_in_quoted_cells(draft: Draft) -> None:
    for line, position in _text_cells(draft, 12):
        line.set_cell(position, f"{line.cells[position]}; a, b | c\td")


@damage("text in cells")
def very_long_cell(draft: Draft) -> None:
    line, position = _text_cells(draft, 1)[0]
    line.set_cell(position, f"{line.cells[position]} " * 20_000 + ".")


@damage("text in cells", on_sheets=True)
def non_breaking_spaces(draft: Draft) -> None:
    for line, position in _text_cells(draft, 8):
        line.set_cell(position, line.cells[position][:3] + "\u00a0" + line.cells[position][3:])


@damage("text in cells", on_sheets=True)
def values_like_comments(draft: Draft) -> None:
    # A first cell that starts with a number sign is data where the line has all cells.
    for line in draft.rng.sample(draft.rows(), 5):
        line.set_cell(0, f"#{line.cells[0]}")


@damage("text in cells", on_sheets=True)
def values_like_totals(draft: Draft) -> None:
    # A firm called so: a full row of its own kind is data, whatever its words.
    for line, position in _text_cells(draft, 4):
        line.set_cell(position, f"Summe {line.cells[position]} Gesamt")


@damage(on_sheets=True)
def sparse_rows(draft: Draft) -> None:
    """Rows of which only the key and one more cell is filled are still data."""
    if draft.width() < 4:
        raise NotApplicableError
    for line in draft.rng.sample(draft.rows(), 3):
        kept = draft.rng.randrange(1, draft.width())
        for position in range(1, draft.width()):
            if position != kept:
                line.set_cell(position, "")


@damage(on_sheets=True)
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


@damage("columns", on_sheets=True)
def duplicate_column_name(draft: Draft) -> None:
    at = draft.rng.randrange(1, draft.width())
    draft.header().cells[at] = draft.header().cells[0]
    draft.names[0][at] = None  # any name: two columns cannot have the same


@damage("columns", on_sheets=True)
def empty_column_name(draft: Draft) -> None:
    at = draft.rng.randrange(draft.width())
    draft.header().cells[at] = ""
    draft.names[0][at] = None


@damage("columns", on_sheets=True)
def empty_column(draft: Draft) -> None:
    if draft.width() < 3:
        raise NotApplicableError
    _insert_column(draft, draft.width() // 2, "", [""] * len(draft.rows()))


@damage("columns")
def header_one_cell_shorter(draft: Draft) -> None:
    # The last column has no name. To move all names by one would be wrong, or must be noted.
    if draft.width() < 3:
        raise NotApplicableError
    draft.header().cells.pop()
    draft.names[0][-1] = None


@damage("columns")
def row_names(draft: Draft) -> None:
    """R writes row names 1, 2, 3 … before the first column, and no cell above them."""
    _insert_column(draft, 0, "", [str(n) for n in range(1, len(draft.rows()) + 1)])
    draft.header().cells.pop(0)


@damage("columns", goes_with=BYTES, on_sheets=True)
def one_column(draft: Draft) -> None:
    """Just the first column that says anything in words or numbers."""
    at = next((n for n, name in enumerate(draft.names[0]) if name in ("Name", "Email")), 0)
    draft.names[0] = [draft.names[0][at]]
    for line in draft.lines:
        line.cells = [line.cells[at]]
        line.expected = [(row[at],) for row in line.expected]
    draft.lines = [line for line in draft.lines if line.cells[0]]


@damage("columns", goes_with=BYTES, on_sheets=True)
def header_only(draft: Draft) -> None:
    draft.lines = [draft.header()]
    draft.may_be_refused = True


# --- lines -----------------------------------------------------------------------------------


def _junk(draft: Draft, at: int, *rows: Sequence[str]) -> None:
    draft.lines[at:at] = [Line("junk" if any(row) else "blank", list(row)) for row in rows]


def _padded(draft: Draft, **cells: str) -> list[str]:
    # A row of the table's width: `first` in the first column, `last` in the last.
    middle = [""] * max(0, draft.width() - 2)
    return [cells.get("first", ""), *middle, cells.get("last", "")][: max(1, draft.width())]


def _places(draft: Draft, count: int) -> list[int]:
    """Draw places between two data rows of the first table, last first."""
    rows = [n for n, line in enumerate(draft.lines) if line.role == "row" and line.table == 0]
    return sorted(draft.rng.sample(rows[1:], min(count, len(rows) - 1)), reverse=True)


def _end(draft: Draft) -> int:
    """Place after the last data row of the first table."""
    return max(n for n, line in enumerate(draft.lines) if line.role == "row" and not line.table) + 1


@damage("header", on_sheets=True)
def no_header(draft: Draft) -> None:
    draft.lines.remove(draft.header())
    draft.names[0] = [None] * draft.width()


@damage("header", on_sheets=True)
def group_header(draft: Draft) -> None:
    # Groups of columns are named above the header proper; both together are a name too.
    if draft.width() < 4:
        raise NotApplicableError
    groups = [""] * draft.width()
    groups[1], groups[draft.width() // 2] = "Stammdaten", "Weitere Angaben"
    _junk(draft, draft.lines.index(draft.header()), groups)
    draft.may_prefix_names = True


TITLES = {
    "title_above": [["Auswertung Vertrieb 2025"]],
    "titles_above": [["Nordhang GmbH"], ["Liste für Vertrieb, Stand: 31.12.2025"], ["Seite 1"]],
    "titles_and_blank_above": [["Nordhang GmbH"], ["Liste, Stand 31.12.2025"], [""]],
    "key_values_above": [["Firma", "Nordhang GmbH"], ["Von", "01.01.2025"], ["Nutzer", "mm"], [""]],
    "datev_line_above": [
        ["EXTF", "700", "21", "Buchungsstapel", "13", "20250131093012345", "", "RE", "mm", "", "1"]
    ],
    "comments_above": [["# Export 31.12.2025"], ["# Mandant 17; Währung EUR"]],
    "blank_lines_above": [[""], [""]],
}


def _add_titles(kind: str, rows: list[list[str]]) -> None:
    def effect(draft: Draft) -> None:
        # Names and values above a table of two columns would be a table of the same kind.
        if draft.width() <= max(map(len, rows)) == 2:
            raise NotApplicableError
        _junk(draft, 0, *rows)

    add(kind, effect, "above", on_sheets=True)


for _kind, _rows in TITLES.items():
    _add_titles(_kind, _rows)


@damage("between", on_sheets=True)
def blank_lines_between(draft: Draft) -> None:
    for at in _places(draft, 3):
        _junk(draft, at, [""])


@damage("between")
def lines_of_delimiters(draft: Draft) -> None:
    """As Excel leaves them, between and below."""
    for at in [_end(draft), *_places(draft, 2)]:
        _junk(draft, at, [""] * draft.width(), [""] * draft.width())


@damage("between")
def lines_of_spaces(draft: Draft) -> None:
    for at in _places(draft, 3):
        _junk(draft, at, ["   "])


@damage("between", on_sheets=True)
def comments_between(draft: Draft) -> None:
    for at in _places(draft, 3):
        _junk(draft, at, ["# geprüft mm"])


@damage("between", on_sheets=True)
def page_lines(draft: Draft) -> None:
    for at in _places(draft, 3):
        _junk(draft, at, [f"Seite {at} von 99"])


@damage("between", on_sheets=True)
def header_repeated(draft: Draft) -> None:
    # A header on every page of twenty rows.
    cells = draft.header().cells
    rows = [n for n, line in enumerate(draft.lines) if line.role == "row"]
    for at in reversed(rows[20::20]):
        _junk(draft, at, cells)


@damage("between", on_sheets=True)
def header_repeated_once(draft: Draft) -> None:
    _junk(draft, _places(draft, 1)[0], draft.header().cells)


@damage("between", on_sheets=True)
def subtotals(draft: Draft) -> None:
    # A subtotal is no data row: whoever sums the column would count twice.
    for at in _places(draft, 3):
        _junk(draft, at, _padded(draft, first="Zwischensumme", last="417,30"))


BELOW = {
    "total_below": ([""], "Summe", "123.456,78"),
    "total_right_below": ((), "Gesamt", "4.711"),
    "english_total_below": ((), "Total", "123456.78"),
}


def _add_total(kind: str, gap: Sequence[str], word: str, amount: str) -> None:
    def effect(draft: Draft) -> None:
        rows = [_padded(draft, first=word, last=amount)]
        _junk(draft, _end(draft), *([gap] if gap else []), *rows)

    add(kind, effect, "below", on_sheets=True)


for _kind, _parts in BELOW.items():
    _add_total(_kind, *_parts)


@damage("below", on_sheets=True)
def footer(draft: Draft) -> None:
    _junk(draft, _end(draft), ["Ende der Liste"])


@damage("below", on_sheets=True)
def footer_after_blank(draft: Draft) -> None:
    _junk(draft, _end(draft), [""], ["Erstellt am 31.12.2025 von Max Müller"], ["Ende der Liste"])


@damage("below")
def footer_with_delimiters(draft: Draft) -> None:
    _junk(draft, _end(draft), _padded(draft, first="Erstellt am 31.12.2025 von Max Müller"))


@damage("below", on_sheets=True)
def blank_lines_below(draft: Draft) -> None:
    _junk(draft, len(draft.lines), [""], [""], [""])


def _second_table(draft: Draft, width: int, title: str = "") -> None:
    """Add another table below. Its rows may be set aside, but never be rows of the first."""
    names = ["Verkäufer", "Umsatz", "Region", "Ziel", *(f"Kennzahl {n}" for n in range(5, 99))]
    rows: list[Cells] = [
        (name, f"{7 * n + 3}", region, "ja" if n % 2 else "nein", *["x", "17"] * 50)
        for n, (name, region) in enumerate(
            [("Huber", "Süd"), ("Jansen", "Nord"), ("Krause", "Ost"), ("Wolf", "West")]
        )
    ]
    draft.names.append(list(names[:width]))
    _junk(draft, len(draft.lines), [""], *([[title]] if title else []))
    draft.lines.append(Line("header", names[:width], 1))
    for row in rows:
        draft.lines.append(Line("row", list(row[:width]), 1, [row[:width]], is_damaged=True))


@damage("below", on_sheets=True)
def second_table(draft: Draft) -> None:
    _second_table(draft, 2 if draft.width() > 3 else 4)


@damage("below", on_sheets=True)
def second_table_of_same_width(draft: Draft) -> None:
    _second_table(draft, draft.width())


@damage("below", on_sheets=True)
def second_table_with_title(draft: Draft) -> None:
    _second_table(draft, 3 if draft.width() != 3 else 4, "Umsätze nach Verkäufer")


@damage("cell count")
def short_row(draft: Draft) -> None:
    # A cell in the middle is missing, so all cells after it stand in the wrong column.
    _lose_cell(draft, 1)


@damage("cell count")
def short_rows(draft: Draft) -> None:
    _lose_cell(draft, max(2, len(draft.rows()) // 10))


def _lose_cell(draft: Draft, count: int) -> None:
    for line in draft.rng.sample(draft.rows(), count):
        filled = [n for n, cell in enumerate(line.cells) if cell]
        line.cells.pop(draft.rng.choice(filled))
        line.is_damaged = True


@damage("cell count")
def long_row(draft: Draft) -> None:
    line = draft.rng.choice(draft.rows())
    line.cells.insert(draft.rng.randrange(draft.width()), "überzählig")
    line.is_damaged = True


@damage("cell count")
def last_empty_cells_left_out(draft: Draft) -> None:
    """As some programs write: a row ends with its last filled cell. Filling up is right."""
    if draft.width() < 4:
        raise NotApplicableError
    for line in draft.rows():
        if draft.rng.random() < 0.6:
            for position in (draft.width() - 2, draft.width() - 1):
                line.set_cell(position, "")
        while not line.cells[-1]:
            line.cells.pop()
            line.is_damaged = True


def _add_trailing(kind: str, share: float, on_header: bool, on_rows: bool) -> None:
    def effect(draft: Draft) -> None:
        if on_header:
            draft.header().cells.append("")
        for line in draft.rows():
            if on_rows and draft.rng.random() < share:
                line.cells.append("")
                line.is_damaged = share < 1

    add(kind, effect, "cell count")


_add_trailing("trailing_delimiters", 1, True, True)
_add_trailing("trailing_delimiters_in_rows", 1, False, True)
_add_trailing("trailing_delimiters_in_some_rows", 0.2, False, True)
_add_trailing("trailing_delimiter_in_header", 0, True, False)
