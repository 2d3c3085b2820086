"""The list in which people decide: written as a workbook, read back when it is filled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from identity.decisions import Verdict
from workbooks.style import dress, mark_to_fill, new_book, save, writable

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

Language = Literal["de", "en"]
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
CHOICES: Final[dict[Language, tuple[str, str]]] = {
    "de": ("gleich", "verschieden"),
    "en": ("same", "different"),
}
VERDICTS: Final[dict[str, Verdict]] = {
    "gleich": "same",
    "same": "same",
    "verschieden": "different",
    "different": "different",
}
STATE: Final[dict[Language, tuple[str, str]]] = {
    "de": ("zwei Kunden", "ein Kunde"),
    "en": ("two customers", "one customer"),
}
PROMPT: Final[dict[Language, tuple[str, str, str]]] = {
    "de": (
        "Ein Kunde oder zwei?",
        "gleich: beide sind ein Kunde. verschieden: es sind zwei. Leer: noch offen.",
        "Bitte „gleich“ oder „verschieden“ wählen oder die Zelle leeren.",
    ),
    "en": (
        "One customer or two?",
        "same: both are one customer. different: they are two. Empty: still open.",
        'Please choose "same" or "different", or clear the cell.',
    ),
}
KEY_COLUMNS: Final = (0, 7, 8)  # needed when the list is read back
PROBLEMS: Final[dict[str, dict[Language, str]]] = {
    "unreadable": {
        "de": "{file} lässt sich nicht lesen ({error}): bitte als Excel-Mappe (.xlsx) speichern.",
        "en": "{file} can't be read ({error}): please save it as an Excel workbook (.xlsx).",
    },
    "no columns": {
        "de": "{file}: von den Spalten {columns} fehlt eine; nichts daraus ist übernommen.",
        "en": "{file}: one of the columns {columns} is missing; nothing of it was taken over.",
    },
    "no key": {
        "de": "{file}, Zeile {row}: der Schlüssel eines Datensatzes fehlt.",
        "en": "{file}, row {row}: the key of a record is missing.",
    },
    "no verdict": {
        "de": "{file}, Zeile {row}: „{said}“ heißt weder „gleich“ noch „verschieden“.",
        "en": '{file}, row {row}: "{said}" is neither "same" nor "different".',
    },
    "no record": {
        "de": "{file}: {a} und {b}: einen davon kennt kein Lauf, oder es ist derselbe.",
        "en": "{file}: {a} and {b}: no build knows one of them, or both are the same one.",
    },
    "kept": {
        "de": "{file} bleibt stehen, bis das geändert ist; alles andere daraus ist übernommen.",
        "en": "{file} stays as it is until that is mended; all else in it was taken over.",
    },
}


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


def write_list(
    path: Path, rows: Sequence[ReviewRow], night: date, language: Language, note: str = ""
) -> None:
    """Write the list in one atomic step, with a note below its rows."""
    book = new_book()
    sheet = book.active
    sheet.title = f"{night:%Y-%m-%d}"
    sheet.append(HEADERS[language])
    for row in rows:
        sheet.append(writable(_cells(row, language)))
    _dress(sheet, rows, language)
    if note:
        sheet.append([None, note])
    save(book, path)


def read_list(path: Path, language: Language) -> FilledList:
    """Read what people filled in, wherever they moved rows and columns.

    What can't be read is listed in `problems`, a line each; all other rows are read.
    """

    def tell(name: str, **values: object) -> str:
        return PROBLEMS[name][language].format(**values)

    from openpyxl import load_workbook

    saved_at = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    try:
        book = load_workbook(path, read_only=True)
        rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    except Exception as error:  # openpyxl raises whatever its parsers do
        problem = tell("unreadable", file=path.name, error=error)
        return FilledList([], [problem], path.name, saved_at)
    header, *lines = rows or [[]]
    places = [_find_column(header, number) for number in KEY_COLUMNS]
    entries: list[Entry] = []
    problems: list[str] = []
    if None in places:
        wanted = ", ".join(HEADERS[language][number] for number in KEY_COLUMNS)
        problems.append(tell("no columns", file=path.name, columns=wanted))
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
                problems.append(tell("no key", file=path.name, row=number))
            elif said:
                problems.append(tell("no verdict", file=path.name, row=number, said=said))
    return FilledList(entries, problems, book.properties.lastModifiedBy or path.name, saved_at)


def _find_column(header: Sequence[Any], number: int) -> int | None:
    titles = {HEADERS[language][number] for language in HEADERS}
    return next((place for place, title in enumerate(header) if title in titles), None)


def _cells(row: ReviewRow, language: Language) -> Iterator[Any]:
    shown = [(a or "–", b or "–") for a, b in zip(row.card_a, row.card_b, strict=True) if a or b]
    yield None
    yield "\n".join(a for a, _ in shown)
    yield "\n".join(b for _, b in shown)
    yield row.probability
    yield STATE[language][row.is_joined]
    yield row.evidence.replace("), ", ")\n")
    yield row.note or None
    yield row.record_a
    yield row.record_b


def _dress(sheet: Worksheet, rows: Sequence[ReviewRow], language: Language) -> None:
    """Format the sheet, with a drop-down for the decision."""
    from openpyxl.worksheet.datavalidation import DataValidation

    last = max(len(rows) + 1, 2)
    dress(sheet, WIDTHS, frozen="B2")
    for cells in sheet.iter_rows(min_row=2, max_row=len(rows) + 1):
        cells[3].number_format = "0 %"
        mark_to_fill(cells[:1])
    choice = DataValidation(
        type="list", formula1=f'"{",".join(CHOICES[language])}"', allow_blank=True
    )
    choice.promptTitle, choice.prompt, choice.error = PROMPT[language]
    choice.showInputMessage = choice.showErrorMessage = True
    choice.add(f"A2:A{last}")
    sheet.add_data_validation(choice)
