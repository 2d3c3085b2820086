"""The seam to CRMs: what a connector reads becomes files, as of every other source."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from config import Settings
from config.language import _
from fetch.entries import CrmEntry
from fetch.errors import FetchError
from fetch.parcels import Parcel, safe_name
from fetch.rows import write_json_lines
from fetch.state import State
from ingest.loading.file_names import numbered


@dataclass(frozen=True, slots=True)
class CrmTable:
    """What a CRM has of one kind of object.

    `name`: the kind (`companies`). `rows`: its records, names to values of JSON; read once.
    `is_whole`: these are all of them, so the file replaces the last one; else only what changed
    since, in a numbered file of its own. `cursor`: called after the rows were read, gives where the
    next read begins, in a form of the reader's own.
    """

    name: str
    rows: Iterable[dict[str, Any]]
    is_whole: bool
    cursor: Callable[[], str | None] = lambda: None


class CrmReader(Protocol):
    """Reads the objects that an entry names from the CRM.

    `since` maps a table's name to the cursor that it gave last time; one that is missing is read
    from the beginning. An error of its own room is told as it is.
    """

    def __call__(
        self, settings: Settings, entry: CrmEntry, since: dict[str, str]
    ) -> Iterable[CrmTable]:
        """Yield a table per object."""
        ...


def parcels(
    entry: CrmEntry, settings: Settings, state: State, reader: CrmReader | None
) -> Iterator[Parcel]:
    """Yield a file per object of the CRM."""
    if reader is None:
        raise FetchError(_("No connector here reads from a CRM: remove the entry."))
    since: dict[str, str] = json.loads(state.cursor) if state.cursor else {}
    number = state.number
    for table in reader(settings, entry, dict(since)):
        name = safe_name(table.name)
        file = f"{entry.target}/{name}.jsonl"

        def write(path: Path, table: CrmTable = table) -> int:
            return write_json_lines(path, table.rows)

        def remember(before: State, table: CrmTable = table) -> State:
            reached = table.cursor()
            if reached is not None:
                since[table.name] = reached
            update = {"cursor": json.dumps(since), "number": number + 1}
            return before.model_copy(update=update)

        yield Parcel(
            file=file if table.is_whole else numbered(file, number),
            write=write,
            state=remember,
            has_rows=True,
        )
