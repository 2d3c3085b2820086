"""Rows of a database or an API: fetched by dlt, written as files that ingest reads exactly.

Databases become Parquet, whose columns are text already, so that no type in between rounds or
guesses; records of an API, which may be nested, become JSON lines.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from config import Settings
from config.language import _
from fetch.entries import RestEntry, SqlEntry
from fetch.errors import FetchError
from fetch.parcels import Parcel
from fetch.state import State, folder

if TYPE_CHECKING:
    from dlt.extract import DltResource, Incremental

Row = dict[str, Any]
BATCH_ROWS: Final = 10_000
# Clocks of servers differ, and a day more of a delivery date is no mistake.
FUTURE: Final = timedelta(days=1)


def prepare_dlt(settings: Settings) -> None:
    """Import dlt so that it keeps its files in the home and reports nothing to anybody."""
    place = str(folder(settings) / "dlt")
    os.environ |= {
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "CRITICAL",  # its lines may hold addresses with secrets
        "PROVIDERS__ENABLE_AIRFLOW_SECRETS": "false",  # which would import all of Airflow
        "DLT_DATA_DIR": place,
        "DLT_PROJECT_DIR": place,
        "DLT_LOCAL_DIR": place,
    }
    import dlt  # noqa: F401 - reads these variables once, when it is imported


def cursor_of(entry: SqlEntry | RestEntry, start: object) -> Incremental[Any] | None:
    """Return dlt's cursor of an entry, None where all rows are fetched each time.

    Rows at the last value are asked for once more and those seen are left out by their content. A
    row without a cursor value is never left out.
    """
    import dlt

    if entry.cursor is None:
        return None
    return dlt.sources.incremental(
        f"['{entry.cursor}']" if isinstance(entry, SqlEntry) else entry.cursor,
        initial_value=start,
        lag=entry.overlap,
        on_cursor_value_missing="include",
        primary_key=None if entry.overlap is None else (),
        allow_external_schedulers=False,
    )


class CursorState:
    """dlt's state of one resource, taken from ours and given back after the rows were read."""

    def __init__(self, entry: SqlEntry | RestEntry, state: State) -> None:
        """Begin where the last delivered file ended."""
        from dlt.common import json as typed

        self.entry = entry
        self.before = typed.typed_loads(state.cursor) if state.cursor else {}
        self.reached: object = None
        self.capped: object = None

    def read(self, resource: DltResource) -> Iterator[Row]:
        """Yield the rows; afterwards the state is that behind the last of them."""
        from dlt.common.configuration.container import Container
        from dlt.common.pipeline import StateInjectableContext

        with Container().injectable_context(StateInjectableContext(state=self.before)):
            yield from resource

    def after(self) -> str:
        """Return the state to keep, its cursor never beyond tomorrow.

        A single row dated 2099 would else shut out all that come after it.
        """
        from dlt.common import json as typed

        for held in _cursors(self.before):
            self.reached = held["last_value"]
            latest = _tomorrow_like(self.reached)
            if latest is not None and self.reached > latest:
                self.capped, held["last_value"], held["unique_hashes"] = self.reached, latest, []
        return str(typed.typed_dumps(self.before))


def rows_parcel(
    entry: SqlEntry | RestEntry,
    state: State,
    open_rows: Callable[[CursorState], Iterable[Row]],
    write_file: Callable[[Path, Iterable[Row]], int],
) -> Parcel:
    """Make the one parcel of an entry whose rows become a file.

    Args:
        entry: says whether the file is replaced or one of many.
        state: how far it was fetched.
        open_rows: yields the rows behind the cursor.
        write_file: writes rows to a path and returns their number.

    """
    cursor = CursorState(entry, state)
    found: dict[str, Any] = {}

    def write(path: Path) -> int:
        rows = write_file(path, open_rows(cursor))
        found["rows"], found["cursor"] = rows, cursor.after() if entry.cursor else None
        with path.open("rb") as file:
            found["digest"] = hashlib.file_digest(file, "sha256").hexdigest()
        # Rows without a cursor value, or looked back at, that were brought already.
        return 0 if entry.cursor and found["digest"] == state.digest else rows

    def remember(before: State) -> State:
        return before.model_copy(
            update={
                "cursor": found["cursor"],
                "digest": found["digest"],
                "number": before.number + 1,
            }
        )

    def note() -> str | None:
        if cursor.capped is not None:
            return _(
                "{column} reaches {value}, which is in the future; such rows come each time anew"
                " until then."
            ).format(column=entry.cursor, value=cell(cursor.capped))
        if found.get("rows") == 0 and not entry.cursor:
            return _("There was no row; the file of the last time stays.")
        return None

    file = entry.numbered(state.number) if entry.cursor else entry.file
    return Parcel(file=file, write=write, state=remember, note=note, has_rows=True)


def since(entry: SqlEntry | RestEntry, state: State) -> str | None:
    """Tell the cursor value from which on rows are fetched."""
    from dlt.common import json as typed

    if state.cursor:
        for held in _cursors(typed.typed_loads(state.cursor)):
            return cell(held["last_value"])
    return cell(entry.start)


def write_parquet(path: Path, rows: Iterable[Row]) -> int:
    """Write rows as one Parquet file of text columns; the first row names the columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, written, writer = iter(rows), 0, None
    try:
        while batch := list(islice(rows, BATCH_ROWS)):
            if writer is None:
                schema = pa.schema([(name, pa.string()) for name in batch[0]])
                writer = pq.ParquetWriter(path, schema, compression="zstd")
            columns = [pa.array([cell(row[n]) for row in batch], pa.string()) for n in schema.names]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            written += len(batch)
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        path.touch()
    return written


def write_json_lines(path: Path, rows: Iterable[Row]) -> int:
    """Write records as lines of JSON; numbers keep the digits that the API sent."""
    written = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for written, row in enumerate(rows, start=1):  # noqa: B007 - the last one is the number
            file.write(json.dumps(row, ensure_ascii=False, default=cell) + "\n")
    return written


def cell(value: object) -> str | None:
    """Return a value as text, exact: all digits of a decimal, dates in ISO form, bytes as text.

    Bytes that are no UTF-8 are hexadecimal, lists and records JSON; null, and "not a number", is
    None.

    >>> cell(Decimal("1.500")), cell(Decimal("1E+3")), cell(date(2026, 3, 1)), cell("")
    ('1.500', '1000', '2026-03-01', '')
    """
    from ingest.reading.sheets.cells import cell_text

    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, memoryview | bytearray):
        value = bytes(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.hex()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=cell)
    return cell_text(value)


def require_unlike(names: Iterable[str]) -> None:
    """Make sure that no two columns have one name, since one of them would be lost.

    Raises:
        FetchError: two have; names them.

    """
    names = list(names)
    if twice := sorted({name for name in names if names.count(name) > 1}):
        message = _("The query gives two columns named {names}: name them apart with `as`.")
        raise FetchError(message.format(names=", ".join(twice)))


def _cursors(state: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what dlt keeps of each cursor: `last_value`, `unique_hashes` and others."""
    for source in state.get("sources", {}).values():
        for resource in source.get("resources", {}).values():
            yield from (c for c in resource.get("incremental", {}).values() if "last_value" in c)


def _tomorrow_like(value: object) -> Any:  # noqa: ANN401 - comparable with the value
    now = datetime.now(UTC) + FUTURE
    if isinstance(value, datetime):
        return now if value.tzinfo else now.replace(tzinfo=None)
    return now.date() if isinstance(value, date) else None
