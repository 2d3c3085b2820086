"""Filled lists of proposals to release, read back: where they lie or from the inbox."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from config import Settings
from ingest.loading.file_names import leads_out
from proposals.release_list import (
    COMMENT,
    DECISION,
    FILE,
    FIRST,
    KEY,
    REFUSED_DAYS,
    SECOND,
    choices_of,
    sha256_of,
)  # fmt: skip
from proposals.releasing import Decision, record_decisions
from proposals.rules import Rules, load_rules, same_name
from report.words import LANGUAGES, Words
from warehouse import open_warehouse
from workbooks.filled import read_sheets
from workbooks.release_list import is_release_list

if TYPE_CHECKING:
    import duckdb

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken over from one list: how many decisions are new, and a line per refused one."""

    path: Path
    new: int
    refused: tuple[str, ...]


class LayoutError(Exception):
    """The list has no column of keys."""


class _Row(NamedTuple):
    number: int
    decision: str
    names: tuple[str, ...]
    comment: str
    key: str

    def said(self) -> str:
        return " · ".join(part for part in (self.decision, *self.names, self.comment) if part)


class _Refusal(NamedTuple):
    row: int
    proposal_id: str | None
    said: str
    reason: str


def take_releases(settings: Settings) -> list[Taken]:
    """Take over what people decided in lists; each content of a file is read once.

    A decision has the time of its file; of two lists the older is read first. What cannot be taken
    over stops nothing else, and stands on the next list. A list that cannot be read is tried again
    by the next run, and is not written over.

    Raises:
        ConfigurationError: `config/proposals.yml` is wrong.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    rules = load_rules(settings)
    with open_warehouse(settings) as connection:
        lists = filled_lists(settings)
        known = dict(connection.execute("select file, sha256 from ops.taken_lists").fetchall())
        fresh = [
            (path, sha256)
            for path in lists
            if known.get(_name_of(settings, path)) != (sha256 := sha256_of(path))
        ]
        taken = [_take(connection, settings, rules, *one) for one in fresh]
        _forget(connection, [_name_of(settings, path) for path in lists])
    return taken


def filled_lists(settings: Settings) -> list[Path]:
    """Return the lists where they were written, and those dropped into the inbox, oldest first."""
    dropped = settings.inbox.rglob("*") if settings.inbox.is_dir() else ()
    ours = [path for name in FILE.values() if (path := settings.outbox / name).is_file()]
    found = [
        path
        for path in dropped
        if not path.name.startswith((".", "~$"))
        and not leads_out(path, settings.inbox)  # ingest tells of such links
        and path.is_file()
        and is_release_list(path)
    ]
    return sorted([*ours, *found], key=lambda path: (path.stat().st_mtime_ns, path))


def _take(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    rules: Rules,
    path: Path,
    sha256: str,
) -> Taken:
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    words = Words(settings.language)
    decisions: list[Decision] = []
    refused: list[_Refusal] = []
    rows: dict[str, _Row] = {}
    choices = _choices(rules)
    is_read = True
    try:
        for row in _rows(path):
            found = _decide(row, at, words, choices)
            if isinstance(found, str):
                refused.append(_Refusal(row.number, row.key.partition(":")[0], row.said(), found))
            else:
                decisions += found
                rows[row.key] = row
    except LayoutError:
        refused.append(_Refusal(0, None, path.name, words("release_no_keys")))
    except Exception as error:  # openpyxl raises whatever its parsers do
        is_read, decisions = False, []  # half a list is none
        told = words("release_unreadable", problem=f"{type(error).__name__}: {error}")
        refused = [_Refusal(0, None, path.name, told)]
    connection.begin()
    new, not_taken = record_decisions(connection, decisions, rules)
    for one, reason in not_taken:
        row = rows[f"{one.proposal_id}:{one.sha256}"]
        refused.append(_Refusal(row.number, one.proposal_id, row.said(), reason))
    refused = list(dict.fromkeys(refused))  # two names in a row, one reason
    name = _name_of(settings, path)
    _keep(connection, name, refused, at)
    if is_read:
        connection.execute(
            "insert or replace into ops.taken_lists values (?, ?, null)", [name, sha256]
        )
    connection.commit()
    lines = tuple(f"{path.name}: {_at(words, one.row)}{one.reason}" for one in refused)
    for line in lines:
        logger.warning("%s", line)
    return Taken(path, new, lines)


def _at(words: Words, row: int) -> str:
    return f"{words('release_row')} {row}: " if row else ""


def _keep(
    connection: duckdb.DuckDBPyConnection, name: str, refused: Sequence[_Refusal], at: datetime
) -> None:
    connection.execute("delete from ops.refused_releases where file = ?", [name])
    if refused:
        connection.executemany(
            "insert into ops.refused_releases values (?, ?, ?, ?, ?, ?)",
            [[name, one.row, one.proposal_id, one.said, one.reason, at] for one in refused],
        )


def _forget(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
    """Forget files that are gone, and what was refused long ago: a file is a colleague."""
    connection.execute(
        "delete from ops.taken_lists where not list_contains(?::varchar[], file)", [names]
    )
    since = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=REFUSED_DAYS)
    connection.execute("delete from ops.refused_releases where refused_at < ?", [since])


def _name_of(settings: Settings, path: Path) -> str:
    return path.relative_to(settings.home).as_posix()


def _rows(path: Path) -> Iterator[_Row]:
    """Read the rows that somebody filled in, wherever people moved rows and columns.

    Raises:
        LayoutError: a sheet has our headings, and no column of keys.

    """
    for page in read_sheets(path):
        places: dict[str, int] = {}
        for number, cells in enumerate(page, start=1):
            if not places:
                places = _places(cells)
                if places and KEY not in places:
                    raise LayoutError(path.name)
                continue
            decision, first, second, comment, key = (
                _text(cells, places.get(name)) for name in (DECISION, FIRST, SECOND, COMMENT, KEY)
            )
            if key and (decision or first or second):
                names = tuple(name for name in (first, second) if name)
                yield _Row(number, decision, names, comment, key)


def _places(row: Sequence[Any]) -> dict[str, int]:
    """Return where our columns are, of a row that holds the heading of the decision."""
    headings = {
        Words(language)(name): name
        for language in LANGUAGES
        for name in (DECISION, FIRST, SECOND, COMMENT, KEY)
    }
    found = {
        headings[str(cell).strip()]: place
        for place, cell in enumerate(row)
        if cell is not None and str(cell).strip() in headings
    }
    return found if DECISION in found else {}


def _text(row: Sequence[Any], place: int | None) -> str:
    value = row[place] if place is not None and place < len(row) else None
    return "" if value is None else " ".join(str(value).split())


def _choices(rules: Rules) -> dict[str, tuple[bool, str | None]]:
    """Return what may stand in the column of decisions, in either language."""
    return {
        said.casefold(): meant
        for language in LANGUAGES
        for said, meant in choices_of(Words(language), rules).items()
    }


def _decide(
    row: _Row, at: datetime, words: Words, choices: Mapping[str, tuple[bool, str | None]]
) -> list[Decision] | str:
    """Turn a row into decisions, or say why it cannot be taken."""
    choice = choices.get(row.decision.casefold())
    if choice is None:
        return words("release_no_choice", value=row.decision[:80])
    if not row.names:
        return words("release_no_name")
    if len({same_name(name) for name in row.names}) < len(row.names):
        return words("release_one_name")
    proposal_id, _sep, sha256 = row.key.partition(":")
    # Who rejects what another one released writes below that one's name.
    is_released, reason = choice
    comment = row.comment or None
    return [
        Decision(proposal_id, sha256, name, is_released, at, "release_list", comment, reason)
        for name in (row.names if is_released else row.names[-1:])
    ]
