"""Filled to-do lists, read back: people's corrections of records, kept in `ops.corrections`."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from config import Settings
from ingest.loading.file_names import leads_out
from report.fields import SHEETS, Sheet, read_cell
from report.receipts import keep_receipt
from report.words import LANGUAGES, Language, Words, capitalised
from workbooks.to_do import NAME, is_to_do

if TYPE_CHECKING:
    import duckdb

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
    """A cell that can't be taken over, and why; `problem` is the name of the text."""

    cell: Filled
    problem: str
    reason_de: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken over from a list: how many values are new, and what was refused.

    `can_return`: all refused values can be shown in the next list with their reasons.
    """

    file: str
    values: int
    refused: tuple[str, ...]
    can_return: bool = True


class LayoutError(Exception):
    """A sheet can't be read as part of the list; `problem` names the text that says why."""

    def __init__(self, problem: str, sheet: str) -> None:
        super().__init__(f"{problem}: {sheet}")
        self.problem, self.sheet = problem, sheet


def take_corrections(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[Taken]:
    """Take over what people filled in in the lists of `review/` and of the inbox.

    A value has the time of its file: of two for the same field the newer one is used, so a list can
    be read any number of times. What can't be taken over goes to quarantine with its reason.
    """
    lists = [settings.review / NAME]
    below = (path for path in settings.inbox.rglob("*") if is_to_do(path.name))
    lists += sorted(path for path in below if not leads_out(path, settings.inbox))
    return [_take(connection, path, settings) for path in lists if path.is_file()]


def _take(connection: duckdb.DuckDBPyConnection, path: Path, settings: Settings) -> Taken:
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    name = path.name if path.parent == settings.review else str(path.relative_to(settings.inbox))
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    cells: list[Filled] = []
    broken: dict[Language, str] = {}
    try:
        cells = list(read_workbook(path))
    except LayoutError as error:
        broken = _said(error.problem, file=name, sheet=error.sheet)
    except Exception as error:  # openpyxl raises whatever its parsers do
        broken = _said("unreadable", file=name, error=error)
    (is_known,) = connection.execute(
        "select count(*) > 0 from ops.loads where source = ? and file = ? and sha256 = ?",
        [SOURCE, name, sha256],
    ).fetchone() or (False,)
    good, refused = judge(connection, cells)
    if is_known:  # what was refused may fit now: the customer came meanwhile
        waiting = _waiting(connection, name)
        good = [(cell, value) for cell, value in good if _mark(cell) in waiting]
        refused = [one for one in refused if _mark(one.cell) in waiting]
    refused = _unsettled(connection, refused, name, at)
    said = (broken[settings.language],) if broken else ()
    said += tuple(getattr(r, f"reason_{settings.language}") for r in refused)
    has_changed = _places(refused) != _refused_before(connection, name)
    can_return = all(map(_has_place, refused)) and not broken
    # A list is read twice a night, and what came back in red stands there until it is mended.
    for line in said if has_changed or not (can_return or is_known) else ():
        logger.warning("%s", line)
    kept = Taken(name, 0, said, can_return)
    if not (good or broken or has_changed) or (is_known and not (good or has_changed)):
        return kept
    connection.begin()
    new = sum(keep(connection, cell, value, name, at) for cell, value in good)
    # What was wrong in the file before is mended or gone.
    connection.execute("delete from ops.quarantine where source = ? and file = ?", [SOURCE, name])
    _keep_refused(connection, name, refused)
    if good or said:
        _record(connection, name, sha256, (len(good), refused, broken))
    if new or (refused and has_changed):
        keep_receipt(connection, settings.night, name, new, len(refused))
    connection.commit()
    return replace(kept, values=new)


def _has_place(refused: Refused) -> bool:
    """Tell whether a refused cell can be shown in the next list as it was in this one.

    Not if another value for the same field was taken: alone in the next list this one would win.
    """
    return refused.problem not in ("no_column", "no_record", "twice")


def _places(refused: Iterable[Refused]) -> dict[tuple[str, str, str], str]:
    """Index the refused cells by mart, record and column, with their values."""
    return {
        (r.cell.mart, r.cell.record_id, r.cell.column): str(r.cell.value)
        for r in refused
        if _has_place(r)
    }


def _refused_before(
    connection: duckdb.DuckDBPyConnection, file: str
) -> dict[tuple[str, str, str], str]:
    rows = connection.execute(
        "select mart, record_id, column_name, value from ops.refused_cells where file = ?", [file]
    ).fetchall()
    return {(mart, record, column): value for mart, record, column, value in rows}


def _unsettled(
    connection: duckdb.DuckDBPyConnection, refused: Sequence[Refused], file: str, at: datetime
) -> list[Refused]:
    """Leave out cells settled by a newer list, and those that only came back from another file."""
    settled = {
        tuple(row)
        for row in connection.execute(
            "select mart, record_id, column_name from ops.corrections where said_at > ?", [at]
        ).fetchall()
    }
    of_others = set(
        connection.execute(
            "select mart, record_id, column_name, value from ops.refused_cells where file <> ?",
            [file],
        ).fetchall()
    )
    return [
        r
        for r in refused
        if (place := (r.cell.mart, r.cell.record_id, r.cell.column)) not in settled
        and (*place, str(r.cell.value)) not in of_others
    ]


def _keep_refused(
    connection: duckdb.DuckDBPyConnection, file: str, refused: Sequence[Refused]
) -> None:
    connection.execute("delete from ops.refused_cells where file = ?", [file])
    for r in filter(_has_place, refused):
        cell = r.cell
        connection.execute(
            "insert or replace into ops.refused_cells values (?, ?, ?, ?, ?, ?, ?)",
            [
                cell.mart, cell.record_id, cell.column, str(cell.value), file,
                r.reason_de, r.reason_en,
            ],
        )  # fmt: skip


def _mark(cell: Filled) -> tuple[str, int, str]:
    return cell.sheet, cell.row, str(cell.value)


def _waiting(connection: duckdb.DuckDBPyConnection, file: str) -> set[tuple[str, int, str]]:
    """Find the cells of a file that could not be taken over so far."""
    return set(
        connection.execute(
            "select sheet, row_number, raw_text from ops.quarantine where source = ? and file = ?",
            [SOURCE, file],
        ).fetchall()
    )


def _said(name: str, **values: object) -> dict[Language, str]:
    return {language: Words(language)(name, **values) for language in LANGUAGES}


def read_workbook(path: Path) -> Iterator[Filled]:
    """Read the filled cells, wherever people moved rows and columns, in either language.

    Cells in a column that is not in the list are returned too, with the heading as their column:
    they are refused rather than lost.

    Raises:
        LayoutError: a sheet has records but no keys, or keys but an unknown name.

    """
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    for page in book.worksheets:
        sheet = next((s for s in SHEETS.values() if page.title.strip() in _titles(s)), None)
        rows = enumerate(page.iter_rows(values_only=True), start=1)
        header, is_empty = (), True
        for _, header in rows:
            is_empty = is_empty and not any(map(_is_filled, header))
            if set(header) & set(KEY.values()):
                break
        else:
            if sheet is None or is_empty:
                continue
            raise LayoutError("no_keys", page.title)
        if sheet is None:
            raise LayoutError("no_sheet", page.title)
        yield from _read_rows(page.title, sheet, header, rows)


def _read_rows(
    title: str, sheet: Sheet, header: Sequence[Any], rows: Iterable[tuple[int, Sequence[Any]]]
) -> Iterator[Filled]:
    fields = {name: column for column in sheet.fields for name in _headings(column)}
    own = _own_headings(sheet)
    key = next(place for place, name in enumerate(header) if name in KEY.values())
    for number, row in rows:
        record = str(row[key] or "").strip() if key < len(row) else ""
        for place, value in enumerate(row):
            name = header[place] if place < len(header) else None
            if _is_filled(value) and name not in own:
                column = fields.get(str(name)) or str(name or "")
                yield Filled(title, number, sheet.mart, column, record, value)


def _is_filled(value: object) -> bool:
    return value is not None and bool(str(value).strip())


KEY: Final[dict[Language, str]] = {"de": "Schlüssel", "en": "Key"}


def heading(column: str, language: Language) -> str:
    """Write the heading of a column to fill."""
    words = Words(language)
    name = "customer_number" if column == "customer_id" else "to_fill"
    return capitalised(words(name, column=words.column(column)))


def _headings(column: str) -> set[str]:
    return {heading(column, language) for language in LANGUAGES}


def _own_headings(sheet: Sheet) -> set[str]:
    """Name the columns that identify a record for people and say what filling it is worth."""
    shown = [sheet.called, *(column for column, _ in sheet.shown)]
    return set(KEY.values()) | {
        name
        for words in map(Words, LANGUAGES)
        for name in (
            *(capitalised(words.column(column)) for column in shown),
            words("helps_column"),
            words(sheet.counts),
            words("refused_column"),
        )
    }


def _titles(sheet: Sheet) -> set[str]:
    return {Words(language).sheet(sheet.mart) for language in LANGUAGES}


def judge(
    connection: duckdb.DuckDBPyConnection, cells: Sequence[Filled]
) -> tuple[list[tuple[Filled, str]], list[Refused]]:
    """Split the cells into valid values and refused cells."""
    good, refused = [], []
    first: dict[tuple[str, str, str], tuple[int, str]] = {}
    for cell in cells:
        kind = SHEETS[cell.mart].fields.get(cell.column)
        if kind is None:
            refused.append(_refuse(cell, "no_column"))
            continue
        value = read_cell(kind, cell.value)
        problem = None if value is not None else f"no_{kind}"
        if not cell.record_id:
            problem = "no_record"
        elif value is not None and kind == "customer":
            value = _customer_record(connection, value)
            problem = None if value is not None else "no_customer"
        if problem or value is None:
            refused.append(_refuse(cell, problem or "no_record"))
            continue
        row, said = first.setdefault((cell.mart, cell.record_id, cell.column), (cell.row, value))
        if said == value:
            good.append((cell, value))
        else:
            refused.append(_refuse(cell, "twice", other=row))
    return good, refused


def _customer_record(connection: duckdb.DuckDBPyConnection, customer_id: str) -> str | None:
    """Find the company record under which a customer is kept; None before the first build."""
    import duckdb

    try:
        found = connection.execute(
            "select min(record_id) from marts.customer_records where customer_id = ?",
            [customer_id],
        ).fetchone()
    except duckdb.CatalogException:
        return None
    return found[0] if found else None


def _refuse(cell: Filled, problem: str, **more: object) -> Refused:
    de, en = (
        Words(language)(
            problem,
            **more,
            sheet=cell.sheet,
            row=cell.row,
            column=Words(language).column(cell.column),
            value=str(cell.value)[:60],
        )
        for language in LANGUAGES
    )
    return Refused(cell, problem, de, en)


def keep(
    connection: duckdb.DuckDBPyConnection, cell: Filled, value: str, file: str, at: datetime
) -> bool:
    """Keep a value unless a newer file has one for the same field."""
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
    outcome: tuple[int, Sequence[Refused], Mapping[Language, str]],
) -> None:
    """Account for every filled cell: taken over, or in quarantine with its reason."""
    taken, refused, broken = outcome
    load_id, now = uuid.uuid4().hex, datetime.now(UTC).replace(tzinfo=None)
    reasons = [broken.get(language) for language in LANGUAGES]
    status = "failed" if broken else "loaded"
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
