"""`outbox/release.xlsx`: what waits for a person, one sheet a use case, to be filled in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from config import Settings
from config.language import _
from expectations.specification import read_use_cases
from proposals.channels import OutboxError
from proposals.rules import Rules, load_rules
from report.words import Language, Words
from warehouse import open_warehouse
from workbooks.release_list import MARK
from workbooks.style import DAY_FORMATS, LINE_POINTS, dress, mark_to_fill, new_book, save, writable

if TYPE_CHECKING:
    import duckdb
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

FILE: Final = {"de": "freigabe.xlsx", "en": "release.xlsx"}
DECISION, FIRST, SECOND, COMMENT, KEY = (
    "release_decision", "release_first", "release_second", "release_comment", "release_key",
)  # fmt: skip
YES, NO = "release_yes", "release_no"
HEADER: Final = 3  # below title and subtitle
REFUSED_DAYS: Final = 14  # so long the next lists tell what could not be taken over
HIGHEST_ROW: Final = 400.0  # points; Excel takes 409
_SHOWN: Final = (
    ("release_what", 27.0),
    ("release_to", 25.0),
    ("release_text", 68.0),
    ("release_basis", 21.0),
    ("release_until", 11.5),
    (DECISION, 17.0),
    (FIRST, 14.0),
    (SECOND, 14.0),
    (COMMENT, 18.0),
    (KEY, 20.0),
)
_REFUSED: Final = (
    ("release_file", 34.0), ("release_row", 8.0), ("release_said", 46.0), ("release_reason", 80.0),
)  # fmt: skip


class WrittenList(NamedTuple):
    """Where the list lies, how many proposals wait; whether it holds answers not taken over yet."""

    path: Path
    waiting: int
    is_filled: bool


class _Row(NamedTuple):
    use_case: str
    cells: tuple[object, ...]
    released_by: tuple[str, ...]
    key: str


def list_path(settings: Settings) -> Path:
    """Return where the list lies."""
    return settings.outbox / FILE[settings.language]


def write_release_list(settings: Settings) -> WrittenList:
    """Write what waits for a release; who released it so far stands beside it.

    A list that somebody filled in since it was read stays: the next run takes it over first.
    One that would show the same stays, too. Without a proposal there is a list that says so.

    Raises:
        ConfigurationError: `config/proposals.yml` is wrong.
        OutboxError: the file cannot be written, for instance because it is open.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    path, rules = list_path(settings), load_rules(settings)
    name = path.relative_to(settings.home).as_posix()
    with open_warehouse(settings) as connection:
        rows = _read(connection, settings.language)
        refused = _read_refused(connection)
        shown = json.dumps([rows, refused], default=str)
        shown = hashlib.sha256(shown.encode()).hexdigest()
        before = connection.execute(
            "select sha256, shown from ops.taken_lists where file = ?", [name]
        ).fetchone()
        if path.exists():
            sha256 = sha256_of(path)
            if before is None or before[0] != sha256:
                return WrittenList(path, len(rows), is_filled=True)
            if before[1] == shown:
                return WrittenList(path, len(rows), is_filled=False)
        try:
            save(_make_book(settings, rules, rows, refused), path)
        except OSError as error:
            told = _("{path} cannot be written ({problem}): is it open?")
            raise OutboxError(told.format(path=path, problem=error.strerror or error)) from error
        connection.execute(
            "insert or replace into ops.taken_lists values (?, ?, ?)",
            [name, sha256_of(path), shown],
        )
    return WrittenList(path, len(rows), is_filled=False)


def sha256_of(path: Path) -> str:
    """Return the fingerprint of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(connection: duckdb.DuckDBPyConnection, language: Language) -> list[_Row]:
    rows = connection.execute(
        f"select use_case, title_{language}, reason_{language}, email, subject, body,"
        f" legal_basis_{language}, expires_on, released_by, proposal_id || ':' || sha256"
        " from ops.proposal_states where state = 'open' order by use_case, action, night, 2, 10"
    ).fetchall()
    return [
        _Row(
            use_case,
            (
                f"{title}\n{reason}",
                email,
                f"{Words(language)('release_subject')}: {subject}\n\n{body}".strip(),
                basis,
                until,
            ),
            tuple(released_by),
            key,
        )
        for (
            use_case, title, reason, email, subject, body, basis, until, released_by, key,
        ) in rows
    ]  # fmt: skip


def _read_refused(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Return what could not be taken over lately and was not decided since."""
    since = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=REFUSED_DAYS)
    return connection.execute(
        "select file, row_number, said, reason from ops.refused_releases as refused"
        " where refused_at > ? and not exists (select 1 from ops.releases as decided"
        "  where decided.proposal_id = refused.proposal_id and decided_at > refused_at)"
        " order by refused_at desc, file, row_number",
        [since],
    ).fetchall()


def _make_book(
    settings: Settings, rules: Rules, rows: Sequence[_Row], refused: Sequence[Sequence[object]]
) -> Workbook:
    words = Words(settings.language)
    book = new_book()
    book.remove(book.active)
    book.properties.title = words("release_sheet")
    titles = {
        use.name: getattr(use, f"title_{settings.language}")
        for use in read_use_cases(settings.expectations).use_cases
    }
    for use_case in dict.fromkeys(row.use_case for row in rows):
        title = titles.get(use_case, use_case)
        sheet = book.create_sheet(_sheet_name(title))
        mine = [row for row in rows if row.use_case == use_case]
        told = words("release_subtitle", night=words.day(settings.night), count=len(mine))
        if refused:
            told += " " + words("release_see_refused")
        _head(sheet, f"{words('release_sheet')}: {title}", told)
        _fill(sheet, mine, words, len(choices_of(words, rules)))
    if not rows:
        sheet = book.create_sheet(words("release_sheet"))
        told = words("release_nothing", night=words.day(settings.night))
        _head(sheet, words("release_sheet"), told)
        sheet.column_dimensions["A"].width = 90
    if refused:
        sheet = book.create_sheet(words("release_refused_sheet"))
        _head(sheet, words("release_refused_sheet"), words("release_refused_told"))
        sheet.sheet_properties.tabColor = "B04300"
        _tell(sheet, refused, words)
    choices = book.create_sheet(MARK)
    choices.sheet_state = "hidden"
    for number, choice in enumerate(choices_of(words, rules), start=1):
        choices.cell(number, 1, choice)
    return book


def choices_of(words: Words, rules: Rules) -> dict[str, tuple[bool, str | None]]:
    """Return what people can decide, in their language: whether it releases, and why not."""
    reasons: dict[str, tuple[bool, str | None]] = {
        f"{words(NO)}: {getattr(said, words.language)}": (False, name)
        for name, said in rules.reject_reasons.items()
    }
    return {words(YES): (True, None)} | reasons | {words(NO): (False, None)}


def _head(sheet: Worksheet, title: str, told: str) -> None:
    from openpyxl.styles import Font

    for row, text, size, points in ((1, title, 16, 24.0), (2, told, 10, 18.0)):
        cell = sheet.cell(row, 1, text)
        cell.data_type = "s"
        cell.font = Font(name="Calibri", size=size, bold=row == 1, color="334E68")
        sheet.row_dimensions[row].height = points


def _fill(sheet: Worksheet, rows: Sequence[_Row], words: Words, choices: int) -> None:
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    names = [name for name, _width in _SHOWN]
    sheet.append([words(name) for name in names])
    for row in rows:
        first = row.released_by[0] if row.released_by else None
        done = words(YES) if first else None
        sheet.append(writable([*row.cells, done, first, None, None, row.key]))
    dress(sheet, [width for _name, width in _SHOWN], f"B{HEADER + 1}", HEADER)
    filled = names.index(DECISION) + 1
    for cells in sheet.iter_rows(min_row=HEADER + 1):
        height = sheet.row_dimensions[cells[0].row]
        height.height = min(HIGHEST_ROW, height.height or LINE_POINTS)
        cells[names.index("release_until")].number_format = DAY_FORMATS[words.language]
        mark_to_fill(cells[filled - 1 : len(names) - 1])
        for cell in cells[filled:-1]:
            cell.number_format = "@"
            cell.alignment = Alignment(vertical="top", wrap_text=True)
    _offer(sheet, get_column_letter(filled), words, choices)
    sheet.column_dimensions[get_column_letter(len(names))].hidden = True
    sheet.print_area = f"A1:{get_column_letter(len(names) - 1)}{sheet.max_row}"
    _set_margins(sheet, words)


def _set_margins(sheet: Worksheet, words: Words) -> None:
    from openpyxl.worksheet.page import PageMargins

    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.4, bottom=0.5)  # inches
    sheet.oddFooter.right.text = words("calls_page")
    sheet.oddFooter.right.size = 8


def _offer(sheet: Worksheet, letter: str, words: Words, choices: int) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    choice = DataValidation(type="list", formula1=f"'{MARK}'!$A$1:$A${choices}", allow_blank=True)
    choice.showErrorMessage = True
    choice.errorTitle = words(DECISION)
    choice.error = words("release_choose")
    choice.add(f"{letter}{HEADER + 1}:{letter}{sheet.max_row}")
    sheet.add_data_validation(choice)


def _tell(sheet: Worksheet, refused: Sequence[Sequence[object]], words: Words) -> None:
    sheet.append([words(name) for name, _width in _REFUSED])
    for row in refused:
        sheet.append(writable(row))
    dress(sheet, [width for _name, width in _REFUSED], f"A{HEADER + 1}", HEADER)
    _set_margins(sheet, words)


def _sheet_name(title: str) -> str:
    """Shorten a title to what a sheet may be called."""
    return "".join(" " if letter in "[]:*?/\\" else letter for letter in title)[:31].strip("'")
