"""`review/to_do.xlsx`: what would raise each use case, and exactly the records to fill for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config import Settings
from report.corrections import KEY, heading, take_corrections
from report.fields import CUSTOMERS, SHEETS, WIDTHS, Sheet, read_choices
from report.gaps import Line, keep_lines, read_lines
from report.words import Words, capitalised
from workbooks.style import DAY_FORMATS, dress, mark_refused, mark_to_fill, new_book, save, writable
from workbooks.to_do import NAME

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from report.steps import Step

# Nobody fills in more by hand; the records worth most come first.
MAX_ROWS: Final = 2000
# Else a spreadsheet makes the postcode 01067 or a telephone number a number: its zero is lost.
AS_TYPED: Final = ("text", "postcode")
CHOICES_SHEET: Final = "_"


def write_to_do(settings: Settings) -> Path | None:
    """Write the list of the last night, once people's entries are taken over.

    Refused entries come back marked, with the reason beside them. A list stays as it is only if an
    entry has no place in a new one (changed heading, no record, two values for one field) until
    that is corrected, or if it is being saved at that moment.

    Returns:
        The list; None if the old one stayed or nothing is measured yet.

    """
    from expectations import status
    from report.facts import read_facts
    from report.sentences import receipt_said, titles_of
    from report.steps import make_steps
    from warehouse import open_warehouse

    path = settings.review / NAME
    before = _stamp(path)
    assessments = status(settings)
    with open_warehouse(settings) as connection:
        taken = take_corrections(connection, settings)
        stays = any(one.file == NAME and not one.can_return for one in taken)
        if stays or not assessments:
            return None
        lists = read_lines(connection, settings, assessments)
        choices = read_choices(connection, settings.language)
    keep_lines(settings, lists)
    facts = read_facts(settings)
    steps = make_steps(facts.assessments.values(), facts.use_cases, facts.missing, facts.priorities)
    words = Words(settings.language)
    receipt = receipt_said(facts.receipt, facts, words) if facts.receipt else ""
    titles = titles_of(facts.use_cases, words)
    book = make_book(words, (steps, titles, receipt), lists, choices)
    if _stamp(path) != before:
        return None
    save(book, path)
    return path


def _stamp(path: Path) -> tuple[int, int] | None:
    if not path.exists():
        return None
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def make_book(
    words: Words,
    told: tuple[Sequence[Step], Mapping[str, str], str],
    lists: Mapping[str, Mapping[str, Line]],
    choices: Mapping[tuple[str, str], list[str]],
) -> Workbook:
    """Lay out the workbook: what is to do on the first sheet, then a sheet per kind of record.

    `told`: the steps, the use cases' titles and the receipt of the last list.
    """
    from report.sentences import effort, step_helps, step_ways

    steps, titles, receipt = told
    book = new_book()
    overview = book.active
    overview.title = words("overview")
    overview.append(words.lines("overview_columns"))
    for number, step in enumerate(steps, start=1):
        there = step.kind == "fill" and step.place and lists.get(step.place[0])
        where = words.sheet(step.place[0]) if step.place and there else words(f"by_{step.kind}")
        overview.append(
            writable([
                number, step_ways(step, words), step_helps(step, titles, words),
                effort(step, words).partition(": ")[2].rstrip("."), where,
            ])
        )  # fmt: skip
    if any(line.keeps and not line.helps for lines in lists.values() for line in lines.values()):
        overview.append([None, words("keeps_row"), None, None, words("keeps_where")])
    if receipt:
        overview.append([None, receipt, None, None, None])
    dress(overview, (6, 78, 48, 20, 28), frozen="A2")
    values = book.create_sheet(CHOICES_SHEET)
    values.sheet_state = "hidden"
    for mart, sheet in SHEETS.items():
        lines = sorted(lists.get(mart, {}).values(), key=lambda line: line.rank)
        if lines:
            _add_sheet(book, words, sheet, lines[:MAX_ROWS], choices)
    return book


def _add_sheet(
    book: Workbook,
    words: Words,
    sheet: Sheet,
    lines: Sequence[Line],
    choices: Mapping[tuple[str, str], list[str]],
) -> None:
    from openpyxl.utils import get_column_letter

    page = book.create_sheet(words.sheet(sheet.mart))
    fields = [column for column in sheet.fields if any(column in line.columns for line in lines)]
    reasons = [words("refused_column")] * any(line.refused for line in lines)
    page.append(
        [
            capitalised(words.column(sheet.called)),
            *(capitalised(words.column(column)) for column, _ in sheet.shown),
            *(heading(column, words.language) for column in fields),
            *reasons,
            words("helps_column"),
            words(sheet.counts),
            KEY[words.language],
        ]
    )
    for line in lines:
        filled = [line.refused.get(column, (None,))[0] for column in fields]
        why = [" ".join(reason for _, reason in line.refused.values()) for _ in reasons]
        known = [line.name, *map(_typed, line.shown)]
        helps = _helps_said(line, words)
        page.append(writable([*known, *filled, *why, helps, line.worth, line.record]))
    known_by = [WIDTHS.get(column, 14.0) for column, _ in sheet.shown]
    before = [40.0, *known_by, *[24.0] * len(fields)]
    widths = [*before, *[44.0] * len(reasons), 46.0, 13.0, 80.0]  # keys are hidden, on one line
    dress(page, widths, frozen="B2")
    _mark(page, words, sheet, lines, fields)
    for place, column in enumerate(fields, start=2 + len(sheet.shown)):
        area = f"{get_column_letter(place)}2:{get_column_letter(place)}{len(lines) + 1}"
        _guide(book, page, area, (sheet.mart, column), choices, words)
    page.column_dimensions[get_column_letter(len(widths))].hidden = True


def _mark(
    page: Worksheet, words: Words, sheet: Sheet, lines: Sequence[Line], fields: Sequence[str]
) -> None:
    """Show which cells are to be filled, which were refused and which are of no use."""
    from openpyxl.styles import PatternFill

    first = 2 + len(sheet.shown)
    nothing = PatternFill("solid", fgColor="E4E7EB")
    for number, line in enumerate(lines, start=2):
        for cell in page[number][1:first]:
            if isinstance(cell.value, date):
                cell.number_format = DAY_FORMATS[words.language]
        for place, column in enumerate(fields, start=first):
            cell = page.cell(number, place)
            if column in line.refused:
                mark_refused([cell])
            elif column in line.columns:
                mark_to_fill([cell])
            else:
                cell.fill = nothing
            if sheet.fields[column] in AS_TYPED:
                cell.number_format = "@"


def _helps_said(line: Line, words: Words) -> str:
    """Say which stages a line helps to reach, and which results it improves."""
    helps = sorted(set().union(*line.helps.values()))
    keeps = sorted(set().union(*line.keeps.values()))
    said = [words("keeps", cases=", ".join(keeps))] if keeps and not helps else []
    return ", ".join([*helps, *said])


def _typed(text: str | None) -> str | date | None:
    """Turn a day as text into a date that Excel sorts by."""
    is_day = text is not None and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)
    return date.fromisoformat(str(text)) if is_day else text


def _guide(
    book: Workbook,
    page: Worksheet,
    area: str,
    of: tuple[str, str],
    choices: Mapping[tuple[str, str], list[str]],
    words: Words,
) -> None:
    """Show the valid values when a cell is selected; offer the values in use."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    kind = SHEETS[of[0]].fields[of[1]]
    offered = choices.get(CUSTOMERS if kind == "customer" else of)
    if offered:
        values = book[CHOICES_SHEET]
        place = values.max_column + (values["A1"].value is not None)
        for number, value in enumerate(offered, start=1):
            values.cell(number, place, value)
        letter = get_column_letter(place)
        source = f"'{CHOICES_SHEET}'!${letter}$1:${letter}${len(offered)}"
        rule = DataValidation(type="list", formula1=source, allow_blank=True)
        rule.showErrorMessage = False  # a new value is no mistake
    elif kind == "count":
        rule = DataValidation(type="whole", operator="greaterThanOrEqual", formula1="0")
    else:
        rule = DataValidation()
    rule.promptTitle, rule.prompt = words.column(of[1])[:32], words(f"hint_{kind}")
    rule.error = rule.prompt
    rule.showInputMessage = True
    rule.add(area)
    page.add_data_validation(rule)
