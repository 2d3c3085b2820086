"""`review/to_do.xlsx`: what would raise each use case, and exactly the records to fill for it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from config import Settings
from report.corrections import KEY, heading, take_corrections
from report.fields import CUSTOMERS, SHEETS, WIDTHS, Sheet, read_choices
from report.receipts import read_refused
from report.words import Words, capitalised
from workbooks.style import DAY_FORMATS, dress, mark_refused, mark_to_fill, new_book, save, writable
from workbooks.to_do import NAME

if TYPE_CHECKING:
    import duckdb
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from expectations import Assessment
    from report.steps import Step

# Nobody fills in more by hand; the records worth most come first.
MAX_ROWS: Final = 2000
# Else a spreadsheet makes the postcode 01067 or a telephone number a number: its zero is lost.
AS_TYPED: Final = ("text", "postcode")
CHOICES_SHEET: Final = "_"


@dataclass(frozen=True, slots=True)
class Wish:
    """An expectation with records that lack something, and the column to mend if there is one.

    Unmet ones belong to the next stage; with `is_met` it belongs to a stage reached already.
    """

    use_case: str
    expectation: str
    title: str
    stage: int
    is_met: bool
    mart: str | None
    column: str | None

    @property
    def sheet(self) -> Sheet | None:
        """The sheet in which it can be filled in."""
        sheet = SHEETS.get(self.mart or "")
        return sheet if sheet and self.column in sheet.fields else None


@dataclass(slots=True)
class Line:
    """A record as people know it, and per column to fill the use cases that it helps.

    `keeps`: use cases whose stage is reached and whose results the value would improve. `refused`:
    per column what was filled in and can't be taken over, and why.
    """

    key: str
    helps: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    keeps: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    record: str = ""
    name: str = ""
    shown: tuple[Any, ...] = ()
    worth: int = 0

    @property
    def columns(self) -> set[str]:
        """The columns to fill in."""
        return set(self.helps) | set(self.keeps) | set(self.refused)

    @property
    def rank(self) -> tuple[bool, int, int, str]:
        """Sort key: refused first, then by expectations helped, then by worth."""
        return not self.refused, -sum(map(len, self.helps.values())), -self.worth, self.key


Lists = dict[str, dict[str, Line]]


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
        lists = find_lines(connection, settings, _wishes(settings, assessments))
        refused = read_refused(connection, settings.language)
        for mart in set(refused) & set(SHEETS):
            lists[mart] = lists[mart]  # refused entries get a sheet even without other records
        for mart, lines in lists.items():
            _describe(connection, SHEETS[mart], lines, refused.get(mart, {}))
        choices = read_choices(connection)
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


def find_lines(
    connection: duckdb.DuckDBPyConnection, settings: Settings, wishes: Iterable[Wish]
) -> Lists:
    """Find per mart the records to complete, each once however many use cases want it.

    Gaps that people have filled since the last build are left out.
    """
    from expectations import unmet_records

    lists: Lists = defaultdict(dict)
    for wish in wishes:
        if wish.sheet is None or wish.column is None:
            continue
        found = unmet_records(connection, settings, wish.use_case, wish.expectation)
        for (key,) in found.project("record_id").fetchall():
            line = lists[wish.sheet.mart].setdefault(key, Line(key))
            if wish.is_met:
                line.keeps[wish.column].add(wish.title)
            else:
                line.helps[wish.column].add(f"{wish.title} {wish.stage}")
    return lists


def _stamp(path: Path) -> tuple[int, int] | None:
    if not path.exists():
        return None
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _wishes(settings: Settings, assessments: Sequence[Assessment]) -> Iterable[Wish]:
    """Find what the next stages lack, and the gaps that the reached stages tolerate."""
    from expectations.assessment import latest
    from expectations.specification import read_use_cases

    cases = {case.name: case for case in read_use_cases(settings.expectations).use_cases}
    results = {(r.use_case, r.expectation): r for r in latest(settings)}
    for found in assessments:
        unmet = {result.expectation for result in found.unmet}
        reached = found.stage if found.measured_stage is None else found.measured_stage
        for stage, item in cases[found.use_case].checks if found.use_case in cases else ():
            result = results.get((found.use_case, item.name))
            bears = (
                result is not None
                and item.type == "complete"
                and stage <= reached
                and bool(result.records_unmet)
            )
            if item.name in unmet or bears:
                yield Wish(
                    found.use_case,
                    item.name,
                    getattr(found, f"title_{settings.language}"),
                    stage,
                    item.name not in unmet,
                    *(item.target or (None, None)),
                )


def _describe(
    connection: duckdb.DuckDBPyConnection,
    sheet: Sheet,
    lines: dict[str, Line],
    refused: Mapping[str, Mapping[str, tuple[str, str]]],
) -> None:
    """Add the names by which people know the records; drop gaps filled in meanwhile.

    `refused`: per record and column the refused entries; such a record always has a line.
    """
    for (key,) in (
        connection.execute(
            f"select m.{sheet.key} from marts.{sheet.mart} as m"
            f" where list_contains(?, {sheet.record})",
            [list(refused)],
        ).fetchall()
        if refused
        else ()
    ):
        lines.setdefault(key, Line(key))
    shown = ", ".join(f"({sql})::varchar" for _, sql in sheet.shown)
    filled = {
        (record, column)
        for record, column in connection.execute(
            "select record_id, column_name from ops.corrections where mart = ?", [sheet.mart]
        ).fetchall()
    }
    rows = connection.execute(
        "select list(key), record, max(name), max(shown), sum(worth)::bigint from ("
        f"  select m.{sheet.key} as key, {sheet.record} as record, {sheet.name} as name,"
        f"  [{shown}] as shown, {sheet.worth} as worth"
        f"  from marts.{sheet.mart} as m semi join (select unnest(?) as wanted) as w"
        f"  on m.{sheet.key} = w.wanted"
        ") where record is not null group by record",
        [list(lines)],
    ).fetchall()
    found = dict(lines)
    lines.clear()
    for keys, record, name, cells, worth in rows:
        line = Line(min(keys), record=record, name=name, shown=tuple(cells), worth=worth)
        line.refused = dict(refused.get(record, {}))
        for key in keys:
            for gaps, of_line in ((found[key].helps, line.helps), (found[key].keeps, line.keeps)):
                for column, cases in gaps.items():
                    if (record, column) not in filled:
                        of_line[column] |= cases
        if line.columns:
            lines[line.key] = line


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
