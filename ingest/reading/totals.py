"""Which rows are totals of the rows above, and which are firms that are called like one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from ingest.reading.groups import of_group
from ingest.reading.header_row import Row, kind_of
from ingest.reading.header_words import is_header_word, load_header_words, names_firm, tokens

# What the first filled cell of a totals row says, also behind the group's name as Excel writes it
# (`Nord Ergebnis`), or as SAP does (`*`). Case does not matter. Valid for Python and RE2.
TOTALS = (
    r"^\s*(Σ|(grand[ -]|sub[ -]?)?totals?|((gesamt|zwischen|end|teil|tages|monats|jahres)-?)?"
    r"(summen?|ergebnis)|gesamt(betrag|wert|umsatz|menge|preis|zahl)?|insgesamt|sum|saldo|übertrag"
    r"|anzahl|count)\b|^\s*\*{1,4}\s*$|\s(ergebnis|total|summe|gesamt)\s*$"
)
_TOTALS = re.compile(TOTALS, re.IGNORECASE)
# No customer or product is named by these words alone, even where no cell is empty.
_SURE_TOTAL = re.compile(
    r"(gesamt|zwischen)?(summen?|ergebnis)|(ins)?gesamt|(grand |sub)totals?|totals", re.IGNORECASE
)
# Firms are called so with a word behind it and no legal form: `Total Energies`, `Saldo Mare`.
_LIKE_A_FIRM = re.compile(r"\s*(total|saldo|count|sum)\s+(?P<rest>[^\W\d_]\S.*)", re.IGNORECASE)
_CURRENCY = re.compile(r"EUR|USD|CHF|GBP|[€$£]")
_NOTHING = re.compile(r"[–-]|--")

Verdict = Literal["row", "total", "sounds like a total"]


def says_total(cells: Row) -> bool:
    """Whether the first filled cell is called like a total."""
    return bool(_TOTALS.search(next(filter(None, cells), "")))


def verdict(cells: Row, names: Sequence[str], above: Sequence[str | None]) -> Verdict:
    """Judge a row: a total if its first filled cell says so and all others are numbers.

    A firm's name is none (`Total Deutschland GmbH`), unless it is the group's above (`Summe Nord
    AG`). Without a legal form (`Total Energies`) it stays a row in a list of firms where nothing
    says otherwise, which is to be told.

    Args:
        cells: of the row.
        names: the table's header.
        above: what a subtotal may be called by: the group's title, the cells of the row before.

    """
    filled = [text for cell in cells if (text := (cell or "").strip())]
    filled[1:] = [cell for cell in filled[1:] if not _NOTHING.fullmatch(cell)]
    if not filled or not _TOTALS.search(filled[0]):
        return "row"
    width = len(names)
    is_sure = _SURE_TOTAL.fullmatch(filled[0].rstrip(" :")) and width > 2
    if len(filled) == width > 2 and not is_sure:
        return "row"
    others = [cell for cell in filled[1:] if not _CURRENCY.fullmatch(cell)]
    has_number = bool(others) or any(map(str.isdigit, filled[0]))
    if not has_number or any(kind_of(cell) != "number" for cell in others):
        return "row"
    groups = {of_group(text) for text in above if text and not _TOTALS.search(text)}
    if len(filled[0].split()) == 1 or of_group(filled[0]) in groups:
        return "total"
    if _is_firm(filled[0]):
        return "row"
    first = next((name for name, cell in zip(names, cells, strict=False) if cell), "")
    return "sounds like a total" if _may_be_firm(filled[0], first) else "total"


def _is_firm(text: str) -> bool:
    from vocabulary.company_names import is_firm  # takes longer than reading a small file

    return is_firm(text)


def _may_be_firm(text: str, header: str) -> bool:
    """Whether words behind `Total` can be a name, in a column of firms' names."""
    found = _LIKE_A_FIRM.match(text)
    if found is None or not names_firm(header):
        return False
    said = load_header_words().said_of_totals
    return not any(word in said or is_header_word(word) for word in tokens(found["rest"]))
