"""The look of the list of scores: two sheets to work with, one that explains them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config import Settings
from config.language import _, marked
from crm.config import CrmConfig
from crm.diff import TARGETS, Row, Score, Target

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

# Warm where sales should act on a risk, green where a deal is likely; the rest stays white.
COLOURS: Final[dict[Target, dict[str, str]]] = {
    "parties": {"high": "FBE3DF", "medium": "FDF3DC"},
    "opportunities": {"high": "DDF0E3", "medium": "EFF7F1"},
}
SHEETS: Final[dict[Target, str]] = {
    "parties": marked("Customers"),
    "opportunities": marked("Opportunities"),
}
BANDS: Final = {"high": marked("high"), "medium": marked("medium"), "low": marked("low")}
TITLES: Final = {
    "customer_no": marked("Customer no."),
    "customer_id": marked("Id"),
    "lead_id": marked("Id"),
    "name": marked("Customer"),
    "title": marked("Opportunity"),
    "amount": marked("Amount"),
    "place": marked("Town"),
    "account_manager": marked("Account manager"),
    "risk": marked("Risk (0–100)"),
    "chance": marked("Chance (0–100)"),
    "band": marked("Band"),
    "reasons": marked("Reasons"),
    "scored_on": marked("As of"),
    "valid_until": marked("Valid until"),
}
NOTES: Final = (
    marked("{company}: as of the night of {night:%Y-%m-%d}, valid until {until:%Y-%m-%d}."),
    marked("Every night replaces this file by the new state. Keep notes in a copy."),
    marked(
        "Customers: the more points, the less likely the customer orders again. At the top is"
        " whom sales calls first."
    ),
    marked(
        "Opportunities: the more points, the more likely an order comes of it. At the top is"
        " where a talk is worthwhile first."
    ),
    marked(
        "In the reasons, + raises the points and − lowers them; without a sign: for your"
        " information."
    ),
    marked("A score is a hint with its reasons; what is done is decided by a person."),
    marked(
        "Whoever objected to being scored is not in the list. Beside facts on companies it holds"
        " no persons but the company's own colleagues."
    ),
)


@dataclass(frozen=True)
class _Column:
    title: str
    width: float
    value: Callable[[Row, Score], object]


def write_book(
    settings: Settings,
    config: CrmConfig,
    path: Path,
    rows: dict[Target, list[Row]],
    push_id: str,
) -> None:
    """Write the list in one atomic step; it bears the id of the push that made it."""
    from workbooks.style import new_book, save

    book = new_book()
    book.properties.identifier = push_id
    book.properties.title = f"{settings.company}: {path.stem}"
    book.remove(book.worksheets[0])
    for target in TARGETS:
        sheet = book.create_sheet(_(SHEETS[target]))
        _fill(sheet, settings, config, target, rows[target])
    _explain(
        book.create_sheet(_("How to read it")), settings, _last_night(settings, rows),
        config,
    )  # fmt: skip
    save(book, path)


def _fill(
    sheet: Worksheet, settings: Settings, config: CrmConfig, target: Target, rows: Sequence[Row]
) -> None:
    from openpyxl.styles import PatternFill

    from workbooks.style import DAY_FORMATS, dress, writable

    columns = _columns(target, config, rows)
    sheet.append([_(TITLES[column.title]) for column in columns])
    scored = [(row, row.score) for row in rows if row.score]
    for row, score in sorted(scored, key=lambda pair: (-pair[1].points, _name(pair[0]))):
        sheet.append(writable(column.value(row, score) for column in columns))
    if not scored:
        told = (
            _("No customer has a score.")
            if target == "parties"
            else _("No open opportunity has a score.")
        )
        name = next(i for i, column in enumerate(columns, start=1) if column.title == "name")
        sheet.cell(row=2, column=name, value=told)
    names = [column.title for column in columns]
    dress(sheet, [column.width for column in columns], frozen=sheet.cell(2, 3).coordinate)
    by_text = {_(BANDS[band]): colour for band, colour in COLOURS[target].items()}
    points, band = (names.index("risk" if target == "parties" else "chance"), names.index("band"))
    for cells in sheet.iter_rows(min_row=2):
        if colour := by_text.get(str(cells[band].value)):
            for place in (points, band):
                cells[place].fill = PatternFill("solid", fgColor=colour)
        for cell in cells:
            if isinstance(cell.value, date):
                cell.number_format = DAY_FORMATS[settings.language]
        if target == "opportunities":
            cells[names.index("amount")].number_format = "#,##0"
    _furnish(sheet, settings)


def _furnish(sheet: Worksheet, settings: Settings) -> None:
    """Print the list's title and "page x of y" on every page."""
    sheet.oddHeader.left.text = f"{settings.company.replace('&', '&&')} · {sheet.title}"
    sheet.oddFooter.right.text = _("Page &P of &N")
    margins = sheet.page_margins
    margins.left = margins.right = 0.4  # inches


def _explain(sheet: Worksheet, settings: Settings, night: date, config: CrmConfig) -> None:
    from openpyxl.styles import Alignment, Font

    from workbooks.style import LINE_POINTS, count_lines

    until = night + timedelta(days=config.valid_days)
    sheet.column_dimensions["A"].width = 100
    for text in NOTES:
        sheet.append([_(text).format(company=settings.company, night=night, until=until)])
    for (cell,) in sheet.iter_rows():
        cell.data_type = "s"  # a company's name may begin with "="
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[cell.row].height = LINE_POINTS * count_lines(cell.value, 100) + 6
    sheet["A1"].font = Font(name="Calibri", bold=True)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4


def _columns(target: Target, config: CrmConfig, rows: Sequence[Row]) -> list[_Column]:
    """List the columns from left to right; the customer's number where any customer has one."""
    valid = timedelta(days=config.valid_days)
    has_numbers = any(row.master.get("customer_no") for row in rows)
    numbers = [_Column("customer_no", 13, _master("customer_no"))] if has_numbers else []
    who = [
        _Column("place", 24, _place),
        _Column("account_manager", 18, _master("account_manager")),
    ]
    said = [
        _Column("band", 9, lambda _row, score: _(BANDS[score.band])),
        _Column("reasons", 70, lambda _row, score: score.reasons),
        _Column("scored_on", 12, lambda _row, score: score.scored_on),
        _Column("valid_until", 12, lambda _row, score: score.scored_on + valid),
    ]
    name = _Column("name", 38, _master("name"))
    if target == "parties":
        key = _Column("customer_id", 16, lambda row, _score: row.key)
        points = _Column("risk", 15, lambda _row, score: score.points)
        return [*(numbers or [key]), name, *who, points, *said, *([key] if numbers else [])]
    key = _Column("lead_id", 24, lambda row, _score: row.key)
    points = _Column("chance", 17, lambda _row, score: score.points)
    deal = [_Column("title", 32, _master("title")), _Column("amount", 12, _master("amount"))]
    return [*numbers, name, *deal, *who, points, *said, key]


def _master(name: str) -> Callable[[Row, Score], object]:
    return lambda row, _score: row.master.get(name)


def _place(row: Row, _score: Score) -> str:
    return " ".join(str(part) for part in (row.master["postcode"], row.master["city"]) if part)


def _name(row: Row) -> str:
    return str(row.master.get("name") or "")


def _last_night(settings: Settings, rows: dict[Target, list[Row]]) -> date:
    scored = (row.score.scored_on for target in TARGETS for row in rows[target] if row.score)
    return max(scored, default=settings.night)
