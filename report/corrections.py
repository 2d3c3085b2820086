"""Filled to-do lists, read back: what people said of records, kept in `ops.corrections`."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from config import Settings
from report.fields import SHEETS, Sheet, read_cell
from report.words import LANGUAGES, Language, Words, capitalised

if TYPE_CHECKING:
    import duckdb

NAME: Final = "to_do.xlsx"
PATTERN: Final = "to_do*.xlsx"  # the copy of a browser or a colleague counts too
SOURCE: Final = "corrections"
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Filled:
    """A cell that a person filled in, as it stands there."""

    sheet: str
    row: int
    mart: str
    column: str
    record_id: str
    value: Any


@dataclass(frozen=True, slots=True)
class Refused:
    """A cell that can't be taken over, and why."""

    cell: Filled
    reason_de: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken over from a list: how many values are new, and what was refused."""

    file: str
    values: int
    refused: tuple[str, ...]


def is_to_do(name: str) -> bool:
    """Tell whether a file of the inbox is a filled to-do list."""
    from fnmatch import fnmatch

    return fnmatch(Path(name).name.casefold(), PATTERN)


def take_corrections(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[Taken]:
    """Take over what people filled in in the lists of `review/` and of the inbox.

    A value is as old as its file: of two about the same field the newer one holds, so a list can
    be read as often as one likes. What can't be taken over goes to quarantine with its reason.
    """
    lists = [settings.review / NAME]
    if settings.inbox.is_dir():
        lists += sorted(path for path in settings.inbox.rglob("*.xlsx") if is_to_do(path.name))
    return [_take(connection, path, settings) for path in lists if path.is_file()]


def _take(connection: duckdb.DuckDBPyConnection, path: Path, settings: Settings) -> Taken:
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    name = path.name if path.parent == settings.review else str(path.relative_to(settings.inbox))
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    cells: list[Filled] = []
    unreadable = None
    try:
        cells = list(read_workbook(path))
    except Exception as error:  # openpyxl raises whatever its parsers do
        unreadable = error
    good, refused = _judge(connection, cells)
    said = tuple(getattr(r, f"reason_{settings.language}") for r in refused)
    if unreadable is not None:
        said = (Words(settings.language)("unreadable", file=name, error=unreadable),)
    for line in said:
        logger.warning("%s", line)
    (is_known,) = connection.execute(
        "select count(*) > 0 from ops.loads where source = ? and file = ? and sha256 = ?",
        [SOURCE, name, sha256],
    ).fetchone() or (False,)
    if is_known:
        return Taken(name, 0, said)
    connection.begin()
    new = sum(_keep(connection, cell, value, name, at) for cell, value in good)
    # What was wrong in the file before is mended or gone.
    connection.execute("delete from ops.quarantine where source = ? and file = ?", [SOURCE, name])
    if good or said:
        _record(connection, name, sha256, (len(good), refused, unreadable))
    connection.commit()
    return Taken(name, new, said)


def read_workbook(path: Path) -> Iterator[Filled]:
    """Read the filled cells, wherever people moved rows and columns, in either language."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    for page in book.worksheets:
        sheet = next((s for s in SHEETS.values() if page.title in _titles(s)), None)
        rows = page.iter_rows(values_only=True)
        header = next(rows, None)
        if sheet is None or header is None:
            continue
        columns = {
            place: column
            for column in sheet.fields
            for place, title in enumerate(header)
            if title in _headings(column)
        }
        key = next((place for place, title in enumerate(header) if title in KEY.values()), None)
        if key is None:
            raise ValueError(f"{page.title}: {KEY['de']}")
        for number, row in enumerate(rows, start=2):
            for place, column in columns.items():
                value = row[place] if place < len(row) else None
                if value is not None and str(value).strip():
                    record = str(row[key] or "").strip()
                    yield Filled(page.title, number, sheet.mart, column, record, value)


KEY: Final[dict[Language, str]] = {"de": "Schlüssel", "en": "Key"}


def heading(column: str, language: Language) -> str:
    """Write the heading of a column to fill."""
    words = Words(language)
    name = "customer_number" if column == "customer_id" else "to_fill"
    return capitalised(words(name, column=words.column(column)))


def _headings(column: str) -> set[str]:
    return {heading(column, language) for language in LANGUAGES}


def _titles(sheet: Sheet) -> set[str]:
    return {Words(language).sheet(sheet.mart) for language in LANGUAGES}


def _judge(
    connection: duckdb.DuckDBPyConnection, cells: Sequence[Filled]
) -> tuple[list[tuple[Filled, str]], list[Refused]]:
    """Part the cells into values that fit and cells that don't."""
    good, refused = [], []
    for cell in cells:
        sheet = SHEETS[cell.mart]
        kind = sheet.fields[cell.column]
        value = read_cell(kind, cell.value)
        problem = None if value is not None else f"no_{kind}"
        if not cell.record_id:
            problem = "no_record"
        elif value is not None and kind == "customer":
            (value,) = connection.execute(
                "select min(record_id) from marts.customer_records where customer_id = ?", [value]
            ).fetchone() or (None,)
            problem = None if value is not None else "no_customer"
        if problem or value is None:
            refused.append(_refuse(cell, problem or "no_record"))
        else:
            good.append((cell, value))
    return good, refused


def _refuse(cell: Filled, problem: str) -> Refused:
    de, en = (
        Words(language)(
            problem,
            sheet=cell.sheet,
            row=cell.row,
            column=Words(language).column(cell.column),
            value=str(cell.value)[:60],
        )
        for language in LANGUAGES
    )
    return Refused(cell, de, en)


def _keep(
    connection: duckdb.DuckDBPyConnection, cell: Filled, value: str, file: str, at: datetime
) -> bool:
    """Keep a value unless a newer file says something of the same field."""
    place = [cell.mart, cell.record_id, cell.column]
    last = connection.execute(
        "select value, said_at from ops.corrections"
        " where (mart, record_id, column_name) = (?, ?, ?)",
        place,
    ).fetchone()
    if last and (last[0] == value or last[1] >= at):
        return False
    connection.execute(
        "insert or replace into ops.corrections values (?, ?, ?, ?, ?, ?, ?)",
        [*place, value, file, cell.row, at],
    )
    return True


def _record(
    connection: duckdb.DuckDBPyConnection,
    file: str,
    sha256: str,
    outcome: tuple[int, Sequence[Refused], Exception | None],
) -> None:
    """Account for every filled cell: taken over, or in quarantine with its reason."""
    taken, refused, unreadable = outcome
    load_id, now = uuid.uuid4().hex, datetime.now(UTC).replace(tzinfo=None)
    reasons = [
        Words(language)("unreadable", file=file, error=unreadable) if unreadable else None
        for language in LANGUAGES
    ]
    status = "failed" if unreadable else "loaded"
    connection.execute(
        "insert into ops.loads (load_id, source, file, sha256, loaded_at, rows_found, rows_loaded,"
        " rows_quarantined, status, reason_de, reason_en) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            load_id, SOURCE, file, sha256, now, taken + len(refused), taken, len(refused), status,
            *reasons,
        ],
    )  # fmt: skip
    if refused:
        connection.executemany(
            "insert into ops.quarantine values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                [
                    load_id, SOURCE, file, r.cell.sheet, r.cell.row, str(r.cell.value),
                    r.reason_de, r.reason_en, now,
                ]
                for r in refused
            ],
        )  # fmt: skip
