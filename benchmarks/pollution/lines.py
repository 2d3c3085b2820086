"""Damages to lines: what stands above, between and below the rows, and rows of a wrong length."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.pollution.damages import EVERYWHERE, Damages
from benchmarks.pollution.drafts import Cells, Draft, Line, NotApplicableError

LINES = Damages()


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


@LINES.damage("header", media=EVERYWHERE)
def no_header(draft: Draft) -> None:
    draft.lines.remove(draft.header())
    draft.names[0] = [None] * draft.width()


@LINES.damage("header", media=EVERYWHERE)
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

    LINES.add(kind, effect, "above", media=EVERYWHERE)


for _kind, _rows in TITLES.items():
    _add_titles(_kind, _rows)


@LINES.damage("between", media=EVERYWHERE)
def blank_lines_between(draft: Draft) -> None:
    for at in _places(draft, 3):
        _junk(draft, at, [""])


@LINES.damage("between")
def lines_of_delimiters(draft: Draft) -> None:
    """As Excel leaves them, between and below."""
    for at in [_end(draft), *_places(draft, 2)]:
        _junk(draft, at, [""] * draft.width(), [""] * draft.width())


@LINES.damage("between")
def lines_of_spaces(draft: Draft) -> None:
    for at in _places(draft, 3):
        _junk(draft, at, ["   "])


@LINES.damage("between", media=EVERYWHERE)
def comments_between(draft: Draft) -> None:
    for at in _places(draft, 3):
        _junk(draft, at, ["# geprüft mm"])


@LINES.damage("between", media=EVERYWHERE)
def page_lines(draft: Draft) -> None:
    for page, at in zip((4, 3, 2), _places(draft, 3), strict=False):
        _junk(draft, at, [f"Seite {page} von 4"])


@LINES.damage("between", media=EVERYWHERE)
def header_repeated(draft: Draft) -> None:
    # A header on every page of twenty rows.
    cells = draft.header().cells
    rows = [n for n, line in enumerate(draft.lines) if line.role == "row"]
    for at in reversed(rows[20::20]):
        _junk(draft, at, cells)


@LINES.damage("between", media=EVERYWHERE)
def header_repeated_once(draft: Draft) -> None:
    _junk(draft, _places(draft, 1)[0], draft.header().cells)


@LINES.damage("between", media=EVERYWHERE)
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

    LINES.add(kind, effect, "below", media=EVERYWHERE)


for _kind, _parts in BELOW.items():
    _add_total(_kind, *_parts)


@LINES.damage("below", media=EVERYWHERE)
def footer(draft: Draft) -> None:
    _junk(draft, _end(draft), ["Ende der Liste"])


@LINES.damage("below", media=EVERYWHERE)
def footer_after_blank(draft: Draft) -> None:
    _junk(draft, _end(draft), [""], ["Erstellt am 31.12.2025 von Max Müller"], ["Ende der Liste"])


@LINES.damage("below")
def footer_with_delimiters(draft: Draft) -> None:
    _junk(draft, _end(draft), _padded(draft, first="Erstellt am 31.12.2025 von Max Müller"))


@LINES.damage("below")
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


@LINES.damage("below", media=EVERYWHERE)
def second_table(draft: Draft) -> None:
    _second_table(draft, 2 if draft.width() > 3 else 4)


@LINES.damage("below", media=EVERYWHERE)
def second_table_of_same_width(draft: Draft) -> None:
    _second_table(draft, draft.width())


@LINES.damage("below", media=EVERYWHERE)
def second_table_with_title(draft: Draft) -> None:
    _second_table(draft, 3 if draft.width() != 3 else 4, "Umsätze nach Verkäufer")


@LINES.damage("cell count")
def short_row(draft: Draft) -> None:
    # A cell in the middle is missing, so all cells after it stand in the wrong column.
    _lose_cell(draft, 1)


@LINES.damage("cell count")
def short_rows(draft: Draft) -> None:
    _lose_cell(draft, max(2, len(draft.rows()) // 10))


def _lose_cell(draft: Draft, count: int) -> None:
    for line in draft.rng.sample(draft.rows(), count):
        filled = [n for n, cell in enumerate(line.cells) if cell]
        line.cells.pop(draft.rng.choice(filled))
        line.is_damaged = True


@LINES.damage("cell count")
def long_row(draft: Draft) -> None:
    line = draft.rng.choice(draft.rows())
    line.cells.insert(draft.rng.randrange(draft.width()), "überzählig")
    line.is_damaged = True


@LINES.damage("cell count")
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

    LINES.add(kind, effect, "cell count")


_add_trailing("trailing_delimiters", 1, True, True)
_add_trailing("trailing_delimiters_in_rows", 1, False, True)
_add_trailing("trailing_delimiters_in_some_rows", 0.2, False, True)
_add_trailing("trailing_delimiter_in_header", 0, True, False)
