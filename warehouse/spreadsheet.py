"""customer_360 as an Excel file: readable headings, real dates and numbers, no formulas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from config import ConfigurationError, Settings, read_yaml
from config.language import _
from warehouse.catalogue import Column, Mart
from warehouse.privacy import Rules, Treatment
from workbooks.style import AUTHOR, DAY_FORMATS, HEADER, writable

if TYPE_CHECKING:
    import duckdb
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

TEXTS: Final = Path(__file__).with_name("customer_360.yml")
ROWS_OF_A_SHEET: Final = 1_048_575  # Excel's limit, without the header
LETTERS_OF_A_CELL: Final = 32_767  # Excel's limit
ROWS_AT_ONCE: Final = 1000
FORMATS: Final = {
    "date": DAY_FORMATS,
    "timestamp": {"de": "DD.MM.YYYY HH:MM", "en": "YYYY-MM-DD HH:MM"},
    "double": {"de": "#,##0.00", "en": "#,##0.00"},
    "bigint": {"de": "#,##0", "en": "#,##0"},
    "integer": {"de": "#,##0", "en": "#,##0"},
}
HEADER_POINTS: Final = 48.0  # three lines
SHARE: Final = "0 %"


class Heading(BaseModel):
    """The title of a column in each language, and its width in characters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    de: str
    en: str
    width: float


class Shown(BaseModel):
    """A column of the sheet."""

    model_config = ConfigDict(frozen=True)

    column: Column
    heading: str
    width: float
    number_format: str | None
    words: dict[str, str]


def write_spreadsheet(
    connection: duckdb.DuckDBPyConnection, path: Path, mart: Mart, rules: Rules, settings: Settings
) -> None:
    """Write the customers of `published.customer_360`, those at highest risk first.

    Columns that the rules hide are left out; the second sheet says which, and how each heading
    is called in the warehouse.

    Raises:
        ConfigurationError: warehouse/customer_360.yml is wrong, or there are more customers than
            a sheet has rows.

    """
    from openpyxl import Workbook

    texts = read_yaml(TEXTS)
    language = settings.language
    words = {name: text[language] for name, text in texts["words"].items()}
    shown = list(_shown(mart, rules, texts, words, language))
    book = Workbook(write_only=True)
    book.properties.creator = book.properties.lastModifiedBy = AUTHOR
    _write_customers(book, connection, shown, words, settings)
    _write_about(book, mart, rules, shown, words, settings)
    book.save(path)


def _shown(
    mart: Mart, rules: Rules, texts: dict[str, Any], words: dict[str, str], language: str
) -> Iterator[Shown]:
    """List the columns in the order of the file; reasons in the set language only."""
    order = list(texts["columns"])
    headings = {name: Heading.model_validate(text) for name, text in texts["columns"].items()}

    def place(column: Column) -> int:
        name = _base(column, language)
        return order.index(name) if name in order else len(order)

    for column in sorted(mart.columns, key=place):
        treatment = rules.treatment(mart.name, column)
        if treatment == "hidden" or column.name.endswith("_en" if language == "de" else "_de"):
            continue
        name = _base(column, language)
        known = headings.get(name) or Heading(de=name, en=name, width=14)
        heading = known.de if language == "de" else known.en
        values = texts["values"].get(name, {})
        share = SHARE if name.startswith("share_") else None
        yield Shown(
            column=column,
            heading=words["pseudonym"].format(heading=heading)
            if treatment == "pseudonym"
            else heading,
            width=known.width,
            number_format=share or FORMATS.get(column.data_type, {}).get(language),
            words={value: text[language] for value, text in values.items()},
        )


def _base(column: Column, language: str) -> str:
    return column.name.removesuffix(f"_{language}")


def _write_customers(
    book: Workbook,
    connection: duckdb.DuckDBPyConnection,
    shown: Sequence[Shown],
    words: dict[str, str],
    settings: Settings,
) -> None:
    from openpyxl.utils import get_column_letter

    (count,) = connection.execute("select count(*) from published.customer_360").fetchone() or (0,)
    if count > ROWS_OF_A_SHEET:
        raise ConfigurationError(
            _("{count:,} customers are more than a sheet of Excel holds ({limit:,}).").format(
                count=count, limit=ROWS_OF_A_SHEET
            )
        )
    sheet = book.create_sheet(words["sheet"])
    names = [one.column.name for one in shown]
    for number, one in enumerate(shown, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = one.width
    # The number and name of the customer stay in sight.
    frozen = names.index("name") + 2 if "name" in names else 2
    sheet.row_dimensions[1].height = HEADER_POINTS
    sheet.freeze_panes = f"{get_column_letter(frozen)}2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(shown))}{count + 1}"
    sheet.print_title_rows = "1:1"
    _print_on_a4(sheet)
    sheet.append(_header(sheet, [one.heading for one in shown]))
    columns = ", ".join(f'"{name}"' for name in names)
    risk = "churn_points desc nulls last," if "churn_points" in names else ""
    reader = connection.execute(
        f"select {columns} from published.customer_360 order by {risk} customer_id"
    )
    zone = ZoneInfo(settings.timezone)
    while rows := reader.fetchmany(ROWS_AT_ONCE):
        for row in rows:
            sheet.append(
                [
                    _cell(sheet, one, value, words, zone)
                    for one, value in zip(shown, row, strict=True)
                ]
            )


def _print_on_a4(sheet: Any) -> None:  # noqa: ANN401
    from openpyxl.worksheet.worksheet import Worksheet

    sheet.page_setup.orientation = Worksheet.ORIENTATION_LANDSCAPE
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A4


def _header(sheet: Any, headings: Sequence[str]) -> list[WriteOnlyCell]:  # noqa: ANN401
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill

    cells = [WriteOnlyCell(sheet, value=heading) for heading in headings]
    for cell in cells:
        cell.font = Font(name="Calibri", bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor=HEADER)
        cell.alignment = Alignment(vertical="top", wrap_text=True)
    return cells


def _cell(
    sheet: Any,  # noqa: ANN401
    shown: Shown,
    value: object,
    words: dict[str, str],
    zone: ZoneInfo,
) -> object:
    """Convert a value of the warehouse to one of Excel's; a text is never a formula."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment

    if value is None:
        return None
    if isinstance(value, bool):
        return words["yes" if value else "no"]
    if isinstance(value, list):
        value = "; ".join(shown.words.get(part, part) for part in map(str, value))
    elif isinstance(value, datetime):  # Excel knows no zones
        value = value.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    elif isinstance(value, str):
        value = shown.words.get(value, value)
    if isinstance(value, str):
        (text,) = writable([value[:LETTERS_OF_A_CELL]])
        if not str(text).startswith("="):
            return text
        cell = WriteOnlyCell(sheet, value=text)
        cell.data_type, cell.quotePrefix = "s", True
        return cell
    if shown.number_format is None:
        return value
    cell = WriteOnlyCell(sheet, value=value)
    cell.number_format = shown.number_format
    if isinstance(value, int):  # else it runs into the next text
        cell.alignment = Alignment(horizontal="center")
    return cell


def _write_about(
    book: Workbook,
    mart: Mart,
    rules: Rules,
    shown: Sequence[Shown],
    words: dict[str, str],
    settings: Settings,
) -> None:
    """Write the night, the column behind each heading, and what the rules limited."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet = book.create_sheet(words["about"])
    for letter, width in zip("ABC", (42, 32, 52), strict=True):
        sheet.column_dimensions[letter].width = width
    _print_on_a4(sheet)
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToHeight = 0
    night = WriteOnlyCell(sheet, value=settings.night)
    night.number_format = FORMATS["date"][settings.language]
    sheet.append([words["night"], night])
    sheet.append([])
    sheet.append(_header(sheet, [words["heading"], words["column"], ""]))
    notes: dict[Treatment, str] = {
        "clear": "",
        "pseudonym": words["pseudonym_note"],
        "hidden": words["hidden_note"],
    }
    for one in shown:
        treatment = rules.treatment(mart.name, one.column)
        sheet.append([one.heading, one.column.name, notes[treatment]])
    for column in mart.columns:
        if rules.treatment(mart.name, column) == "hidden":
            sheet.append(["", column.name, notes["hidden"]])
