"""The list in which people decide: written as a workbook, read back when it is filled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from config.language import Language, _, spoken_language
from identity.decisions import Verdict
from workbooks.style import dress, mark_to_fill, new_book, save, writable

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

# File names, headings and answers of both languages are known when a list is read back.
NAMES: Final[dict[Language, str]] = {
    "de": "identitaet_pruefen.xlsx",
    "en": "identity_review.xlsx",
}
HEADERS: Final[dict[Language, tuple[str, ...]]] = {
    "de": ("Entscheidung", "Datensatz A", "Datensatz B", "Wahrscheinlich\nein Kunde",
           "Heute", "Was dafür (+) und dagegen (−) spricht", "Hinweis",
           "Schlüssel A", "Schlüssel B"),
    "en": ("Decision", "Record A", "Record B", "Probably\none customer",
           "Today", "What speaks for (+) and against (−) it", "Note",
           "Key A", "Key B"),
}  # fmt: skip
WIDTHS: Final = (16, 38, 38, 15, 15, 46, 34, 26, 26)
VERDICTS: Final[dict[str, Verdict]] = {
    "gleich": "same",
    "same": "same",
    "verschieden": "different",
    "different": "different",
}
KEY_COLUMNS: Final = (0, 7, 8)  # needed when the list is read back


class ReviewRow(NamedTuple):
    """A pair to decide: its records line by line, aligned, and what the machine thinks."""

    record_a: str
    record_b: str
    card_a: Sequence[str | None]
    card_b: Sequence[str | None]
    probability: float | None
    is_joined: bool
    evidence: str
    note: str


class Entry(NamedTuple):
    """What a person filled in."""

    pair: tuple[str, str]
    verdict: Verdict


class FilledList(NamedTuple):
    """A list as read: its entries, what could not be read, who saved it and when (UTC)."""

    entries: list[Entry]
    problems: list[str]
    saved_by: str
    saved_at: datetime


def write_list(path: Path, rows: Sequence[ReviewRow], night: date, note: str = "") -> None:
    """Write the list in the language in use, in one atomic step, with a note below its rows."""
    book = new_book()
    sheet = book.active
    sheet.title = f"{night:%Y-%m-%d}"
    sheet.append(HEADERS[spoken_language()])
    for row in rows:
        sheet.append(writable(_cells(row)))
    _dress(sheet, rows)
    if note:
        sheet.append([None, note])
    save(book, path)


def read_list(path: Path) -> FilledList:
    """Read what people filled in, wherever they moved rows and columns.

    What can't be read is listed in `problems`, a line each; all other rows are read.
    """
    from openpyxl import load_workbook

    saved_at = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    try:
        book = load_workbook(path, read_only=True)
        rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    except Exception as error:  # openpyxl raises whatever its parsers do
        problem = _("{file} can't be read ({error}): please save it as an Excel workbook (.xlsx).")
        told = problem.format(file=path.name, error=error)
        return FilledList([], [told], path.name, saved_at)
    header, *lines = rows or [[]]
    places = [_find_column(header, number) for number in KEY_COLUMNS]
    entries: list[Entry] = []
    problems: list[str] = []
    if None in places:
        wanted = ", ".join(HEADERS[spoken_language()][number] for number in KEY_COLUMNS)
        problem = _(
            "{file}: one of the columns {columns} is missing; nothing of it was taken over."
        )
        problems.append(problem.format(file=path.name, columns=wanted))
    else:
        for number, line in enumerate(lines, start=2):
            said, a, b = (
                str(line[place] or "").strip() if place < len(line) else ""  # some end early
                for place in places
                if place is not None
            )
            verdict = VERDICTS.get(said.lower())
            if verdict and a and b:
                entries.append(Entry((a, b), verdict))
            elif verdict:
                problem = _("{file}, row {row}: the key of a record is missing.")
                problems.append(problem.format(file=path.name, row=number))
            elif said:
                problem = _('{file}, row {row}: "{said}" is neither "same" nor "different".')
                problems.append(problem.format(file=path.name, row=number, said=said))
    return FilledList(entries, problems, book.properties.lastModifiedBy or path.name, saved_at)


def _find_column(header: Sequence[Any], number: int) -> int | None:
    titles = {HEADERS[language][number] for language in HEADERS}
    return next((place for place, title in enumerate(header) if title in titles), None)


def _cells(row: ReviewRow) -> Iterator[Any]:
    shown = [(a or "–", b or "–") for a, b in zip(row.card_a, row.card_b, strict=True) if a or b]
    yield None
    yield "\n".join(a for a, _b in shown)
    yield "\n".join(b for _a, b in shown)
    yield row.probability
    yield _("one customer") if row.is_joined else _("two customers")
    yield row.evidence.replace("), ", ")\n")
    yield row.note or None
    yield row.record_a
    yield row.record_b


def _dress(sheet: Worksheet, rows: Sequence[ReviewRow]) -> None:
    """Format the sheet, with a drop-down for the decision."""
    from openpyxl.worksheet.datavalidation import DataValidation

    last = max(len(rows) + 1, 2)
    dress(sheet, WIDTHS, frozen="B2")
    for cells in sheet.iter_rows(min_row=2, max_row=len(rows) + 1):
        cells[3].number_format = "0 %"
        mark_to_fill(cells[:1])
    offered = ",".join((_("same"), _("different")))
    choice = DataValidation(type="list", formula1=f'"{offered}"', allow_blank=True)
    choice.promptTitle = _("One customer or two?")
    choice.prompt = _("same: both are one customer. different: they are two. Empty: still open.")
    choice.error = _('Please choose "same" or "different", or clear the cell.')
    choice.showInputMessage = choice.showErrorMessage = True
    choice.add(f"A2:A{last}")
    sheet.add_data_validation(choice)
