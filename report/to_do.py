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
from report.corrections import KEY, NAME, heading, take_corrections
from report.fields import SHEETS, Sheet
from report.words import Words, capitalised
from report.workbook import dress, mark_to_fill, new_book, save, writable

if TYPE_CHECKING:
    import duckdb
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from expectations import Assessment

# Nobody fills in more by hand; what is worth most stands above.
MAX_ROWS: Final = 2000
MAX_CUSTOMERS: Final = 10_000  # offered by name; of more the number must be known
# Else a spreadsheet makes the postcode 01067 or a telephone number a number: its zero is lost.
AS_TYPED: Final = ("text", "postcode")
CHOICES_SHEET: Final = "_"
CUSTOMERS: Final = ("customers", "customer_id")


@dataclass(frozen=True, slots=True)
class Wish:
    """An unmet expectation of a use case's next stage, and the column to mend if there is one."""

    use_case: str
    expectation: str
    title: str
    stage: int
    next_stage: int
    todo: str
    mart: str | None
    column: str | None

    @property
    def sheet(self) -> Sheet | None:
        """The sheet in which it can be filled in."""
        sheet = SHEETS.get(self.mart or "")
        return sheet if sheet and self.column in sheet.fields else None


@dataclass(slots=True)
class Line:
    """A record as people know it, and per column to fill the use cases that it helps."""

    key: str
    helps: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    record: str = ""
    name: str = ""
    shown: tuple[Any, ...] = ()
    worth: int = 0

    @property
    def rank(self) -> tuple[int, int, str]:
        """What filling it is worth: expectations that it helps, then orders or what else counts."""
        return -sum(map(len, self.helps.values())), -self.worth, self.key


Lists = dict[str, dict[str, Line]]


def write_to_do(settings: Settings) -> Path | None:
    """Write the list of the last night, once all that people filled in is taken over.

    A list with a cell that can't be taken over stays until that is mended, and so does one that
    is saved in that very moment.

    Returns:
        The list; None where it stayed or nothing is measured yet.

    """
    from expectations import status
    from warehouse import open_warehouse

    path = settings.review / NAME
    before = _stamp(path)
    assessments = status(settings)
    with open_warehouse(settings) as connection:
        taken = take_corrections(connection, settings)
        if any(one.file == NAME and one.refused for one in taken) or not assessments:
            return None
        wishes = list(_wishes(settings, assessments))
        lists = find_lines(connection, settings, wishes)
        for mart, lines in lists.items():
            _describe(connection, SHEETS[mart], lines)
        choices = _choices(connection)
    book = make_book(Words(settings.language), wishes, lists, choices)
    if _stamp(path) != before:
        return None
    save(book, path)
    return path


def find_lines(
    connection: duckdb.DuckDBPyConnection, settings: Settings, wishes: Iterable[Wish]
) -> Lists:
    """Find per mart the records to complete, each once however many use cases want it.

    What people filled in since the last build is no gap any more.
    """
    from expectations import unmet_records

    lists: Lists = defaultdict(dict)
    for wish in wishes:
        if wish.sheet is None or wish.column is None:
            continue
        found = unmet_records(connection, settings, wish.use_case, wish.expectation)
        for (key,) in found.project("record_id").fetchall():
            line = lists[wish.sheet.mart].setdefault(key, Line(key))
            line.helps[wish.column].add(f"{wish.title} {wish.next_stage}")
    return lists


def _stamp(path: Path) -> tuple[int, int] | None:
    if not path.exists():
        return None
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _wishes(settings: Settings, assessments: Sequence[Assessment]) -> Iterable[Wish]:
    from expectations.specification import read_use_cases

    targets = {
        (case.name, item.name): item.target
        for case in read_use_cases(settings.expectations).use_cases
        for _, item in case.checks
    }
    for found in assessments:
        for unmet in found.unmet:
            if (found.use_case, unmet.expectation) in targets:
                yield Wish(
                    found.use_case,
                    unmet.expectation,
                    getattr(found, f"title_{settings.language}"),
                    found.stage,
                    unmet.stage,
                    getattr(unmet, f"todo_{settings.language}"),
                    *(targets[found.use_case, unmet.expectation] or (None, None)),
                )


def _describe(connection: duckdb.DuckDBPyConnection, sheet: Sheet, lines: dict[str, Line]) -> None:
    """Add to the lines what people know the records by; drop what has been filled in meanwhile."""
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
        for key in keys:
            for column, cases in found[key].helps.items():
                if (record, column) not in filled:
                    line.helps[column] |= cases
        if line.helps:
            lines[line.key] = line


def _choices(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[str]]:
    """Read the values in use of columns that people should write alike."""
    wanted = (("customers", "industry"), ("leads", "lead_source"), ("products", "product_group"))
    customers = connection.execute(
        "select concat_ws(', ', name, city) || ' (' || customer_id || ')' from marts.customers"
        " order by 1 limit ?",
        [MAX_CUSTOMERS],
    ).fetchall()
    return {CUSTOMERS: [customer for (customer,) in customers]} | {
        (mart, column): [
            value
            for (value,) in connection.execute(
                f"select {column} from marts.{mart} where {column} is not null"
                " group by 1 order by count(*) desc, 1 limit 200"
            ).fetchall()
        ]
        for mart, column in wanted
    }


def make_book(
    words: Words,
    wishes: Sequence[Wish],
    lists: Mapping[str, Mapping[str, Line]],
    choices: Mapping[tuple[str, str], list[str]],
) -> Workbook:
    """Lay out the workbook: what is to do on the first sheet, then a sheet per kind of record."""
    book = new_book()
    overview = book.active
    overview.title = words("overview")
    overview.append(words.lines("overview_columns"))
    for wish in wishes:
        there = bool(wish.sheet and lists.get(wish.sheet.mart))
        where = words.sheet(wish.sheet.mart) if wish.sheet and there else words("at_the_source")
        overview.append([wish.title, wish.stage, wish.next_stage, wish.todo, where])
    dress(overview, (30, 10, 10, 80, 26), frozen="B2")
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
    from openpyxl.styles import PatternFill
    from openpyxl.utils import get_column_letter

    page = book.create_sheet(words.sheet(sheet.mart))
    fields = [column for column in sheet.fields if any(column in line.helps for line in lines)]
    shown = [words.column(column) for column, _ in sheet.shown]
    page.append(
        [
            capitalised(words.column(sheet.called)),
            *map(capitalised, shown),
            *(heading(column, words.language) for column in fields),
            words("helps_column"),
            words(sheet.counts),
            KEY[words.language],
        ]
    )
    for line in lines:
        helps = sorted({case for column in fields for case in line.helps.get(column, ())})
        empty = [None] * len(fields)
        known = [line.name, *map(_typed, line.shown)]
        page.append(writable([*known, *empty, ", ".join(helps), line.worth, line.record]))
    widths = [34.0, *[20.0] * len(shown), *[24.0] * len(fields), 40.0, 13.0, 12.0]
    dress(page, widths, frozen="B2")
    first = 2 + len(shown)
    nothing = PatternFill("solid", fgColor="E4E7EB")
    for number, line in enumerate(lines, start=2):
        for cell in page[number][1:first]:
            if isinstance(cell.value, date):
                cell.number_format = "DD.MM.YYYY" if words.language == "de" else "D MMM YYYY"
        for place, column in enumerate(fields, start=first):
            cell = page.cell(number, place)
            mark_to_fill([cell]) if column in line.helps else setattr(cell, "fill", nothing)
            if sheet.fields[column] in AS_TYPED:
                cell.number_format = "@"
    for place, column in enumerate(fields, start=first):
        area = f"{get_column_letter(place)}2:{get_column_letter(place)}{len(lines) + 1}"
        _guide(book, page, area, (sheet.mart, column), choices, words)
    page.column_dimensions[get_column_letter(len(widths))].hidden = True


def _typed(text: str | None) -> str | date | None:
    """Turn a day that is shown into one that Excel sorts by."""
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
    """Say what a cell may hold when it is entered; offer the values that are in use."""
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
