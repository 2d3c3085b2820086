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
from crm.fields import Score
from crm.records import TARGETS, Row, Target
from ml import ScoreTexts, score_texts

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
    "expected_amount": marked("Expected amount"),
    "reasons": marked("Reasons"),
    "scored_on": marked("As of"),
    "valid_until": marked("Valid until"),
}
SCORES: Final[dict[Target, str]] = {"parties": "churn", "opportunities": "lead"}
# The notes on how to read the list; behind so many stands what the points mean.
MEANINGS: Final = 4
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
    marked("In the reasons, + raises the points and − lowers them; each side's weightiest first."),
    marked("A score is a hint with its reasons; what is done is decided by a person."),
    marked(
        "Whoever objected to being scored is not in the list. Beside facts on companies it holds"
        " no persons but the company's own colleagues."
    ),
)


@dataclass(frozen=True)
class _Column:
    """A column; `heading` replaces the one of `TITLES`, where a score's YAML names it."""

    title: str
    width: float
    value: Callable[[Row, Score], object]
    heading: str | None = None


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
    texts = score_texts(settings)
    for target in TARGETS:
        sheet = book.create_sheet(_(SHEETS[target]))
        columns = _columns(target, config, rows[target], texts.get(SCORES[target]))
        _fill(sheet, settings, config, target, rows[target], columns)
    notes = [_(note) for note in NOTES]
    meanings = [_meaning(rows[target], texts.get(SCORES[target])) for target in TARGETS]
    notes[MEANINGS:MEANINGS] = [meaning for meaning in meanings if meaning]
    _explain(
        book.create_sheet(_("How to read it")), settings, _last_night(settings, rows),
        config, notes,
    )  # fmt: skip
    save(book, path)


def _meaning(rows: Sequence[Row], texts: ScoreTexts | None) -> str | None:
    """Say what points mean; those of rules are no probability."""
    methods = {row.master.get("method") for row in rows if row.score}
    if not methods or texts is None:
        return None
    if methods == {"model"} and texts.meaning:
        return f"{texts.title}: {texts.meaning.format(points=texts.high)}"
    told = _("{title}: rules give the points. They say where to look first, not how likely it is.")
    return told.format(title=texts.title)


def _fill(
    sheet: Worksheet,
    settings: Settings,
    config: CrmConfig,
    target: Target,
    rows: Sequence[Row],
    columns: Sequence[_Column],
) -> None:
    from openpyxl.styles import PatternFill

    from workbooks.style import DAY_FORMATS, dress, writable

    sheet.append([column.heading or _(TITLES[column.title]) for column in columns])
    scored = [(row, row.score) for row in rows if row.score]
    first = _at_stake if config.list_order == "amount" else _points
    for row, score in sorted(scored, key=lambda pair: (-first(*pair), _name(pair[0]))):
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
        for amount in {"amount", "expected_amount"} & set(names):
            cells[names.index(amount)].number_format = "#,##0"
    _furnish(sheet, settings)


def _furnish(sheet: Worksheet, settings: Settings) -> None:
    """Print the list's title and "page x of y" on every page."""
    sheet.oddHeader.left.text = f"{settings.company.replace('&', '&&')} · {sheet.title}"
    sheet.oddFooter.right.text = _("Page &P of &N")
    margins = sheet.page_margins
    margins.left = margins.right = 0.4  # inches


def _explain(
    sheet: Worksheet, settings: Settings, night: date, config: CrmConfig, notes: Sequence[str]
) -> None:
    from openpyxl.styles import Alignment, Font

    from workbooks.style import LINE_POINTS, count_lines

    until = night + timedelta(days=config.valid_days)
    sheet.column_dimensions["A"].width = 100
    for text in notes:
        sheet.append([text.format(company=settings.company, night=night, until=until)])
    for (cell,) in sheet.iter_rows():
        cell.data_type = "s"  # a company's name may begin with "="
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[cell.row].height = LINE_POINTS * count_lines(cell.value, 100) + 6
    sheet["A1"].font = Font(name="Calibri", bold=True)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4


def _columns(
    target: Target, config: CrmConfig, rows: Sequence[Row], texts: ScoreTexts | None
) -> list[_Column]:
    """List the columns from left to right; customers' numbers and amounts where any has one."""
    valid = timedelta(days=config.valid_days)
    has_numbers = any(row.master.get("customer_no") for row in rows)
    numbers = [_Column("customer_no", 13, _master("customer_no"))] if has_numbers else []
    who = [
        _Column("place", 24, _place),
        _Column("account_manager", 18, _master("account_manager")),
    ]
    said = [
        _Column("band", 9, lambda _row, score: _(BANDS[score.band])),
        *_amounts(target, rows, texts),
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


def _amounts(target: Target, rows: Sequence[Row], texts: ScoreTexts | None) -> list[_Column]:
    """List what is at stake, under the headings that the score's YAML gives."""
    headings = {"expected_amount": texts.expected_amount if texts else None}
    if target == "parties":  # an opportunity's amount stands beside its title
        headings = {"amount": texts.amount if texts else None} | headings
    return [
        _Column(name, 15, _rounded(name), heading)
        for name, heading in headings.items()
        if heading and any(row.master.get(name) is not None for row in rows)
    ]


def _points(_row: Row, score: Score) -> float:
    return score.points


def _at_stake(row: Row, score: Score) -> float:
    """Order by the expected amount; points of rules are no probability, but order all the same."""
    expected = row.master.get("expected_amount")
    return float(expected or (row.master.get("amount") or 0) * score.points / 100)


def _rounded(name: str) -> Callable[[Row, Score], object]:
    def value(row: Row, _score: Score) -> object:
        amount = row.master.get(name)
        return None if amount is None else round(float(amount))

    return value


def _master(name: str) -> Callable[[Row, Score], object]:
    return lambda row, _score: row.master.get(name)


def _place(row: Row, _score: Score) -> str:
    return " ".join(str(part) for part in (row.master["postcode"], row.master["city"]) if part)


def _name(row: Row) -> str:
    return str(row.master.get("name") or "")


def _last_night(settings: Settings, rows: dict[Target, list[Row]]) -> date:
    scored = (row.score.scored_on for target in TARGETS for row in rows[target] if row.score)
    return max(scored, default=settings.night)
