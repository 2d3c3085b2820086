"""What lies on the desk: read from the warehouse, or as it was last read while a night holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from config import Settings
from desk.answers import opened
from identity.reviewing import CARD
from proposals.reading import Shown, read_waiting
from report.fields import CUSTOMERS, read_choices
from report.gaps import Gap, read_kept
from warehouse import WarehouseLockedError

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T", bound=BaseModel)
# A person waits for the page: a night that is at work is not waited for.
PATIENCE: Final = 1.0  # seconds
MAX_CHOICES: Final = 1000  # a page with more grows heavy; the number of a customer can be typed


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class Doubt(_Row):
    """Two records of which nobody knows whether they are one customer.

    `cards`: what each says, by the name of the column. `decided`: what somebody said of them since
    the last night, which acts in the next one.
    """

    record_a: str
    record_b: str
    cards: tuple[tuple[str, str | None, str | None], ...]
    probability: float | None
    is_joined: bool
    evidence: str
    note: str
    decided: Literal["same", "different"] | None = None


class Choices(_Row):
    """The values in use of a column."""

    mart: str
    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lying(Generic[T]):
    """Questions of one kind as of `read_at` (UTC); `held`: why they are not read anew."""

    rows: tuple[T, ...]
    read_at: datetime
    held: str | None = None


Kept = Literal["proposals", "doubts", "choices"]


def read_proposals(settings: Settings) -> Lying[Shown]:
    """Read the proposals that wait for a release, or for the next hand-over."""
    return _read(settings, "proposals", _PROPOSALS, _read_proposals)


def read_doubts(settings: Settings) -> Lying[Doubt]:
    """Read the pairs of records to decide, those first whose answer matters most."""
    return _read(settings, "doubts", _DOUBTS, _read_doubts)


def read_gaps(settings: Settings) -> Lying[Gap]:
    """Return the records to complete as of the last night, without what was filled in since.

    To look for them anew takes many seconds, in which no night could go on.
    """
    gaps, at = read_kept(settings)
    brief = settings.model_copy(update={"lock_wait_seconds": PATIENCE})
    held, filled = None, set()
    try:
        with opened(brief) as connection:
            filled = set(
                connection.execute(
                    "select mart, record_id, column_name from ops.corrections where said_at > ?",
                    [at.replace(tzinfo=None)],
                ).fetchall()
            )
    except WarehouseLockedError as error:
        held = str(error)
    return Lying(without(gaps, filled), at, held)


def without(gaps: Iterable[Gap], filled: Set[tuple[str, str, str]]) -> tuple[Gap, ...]:
    """Leave out cells (mart, record, column), and records of which none is left."""
    left = (
        gap.model_copy(
            update={
                "cells": tuple(
                    cell
                    for cell in gap.cells
                    if (gap.mart, gap.record_id, cell.column) not in filled
                )
            }
        )
        for gap in gaps
    )
    return tuple(gap for gap in left if gap.cells)


def read_values(settings: Settings) -> Lying[Choices]:
    """Read the values in use, to choose from."""
    return _read(settings, "choices", _CHOICES, _read_values)


def count_kept(settings: Settings) -> dict[str, int]:
    """Count what lay on the desk when it was last read, by kind."""
    found = {"gaps": len(read_kept(settings)[0])}
    for name in ("proposals", "doubts"):
        with suppress(OSError, ValueError), _path(settings, name).open("rb") as file:
            found[name] = int(file.readline())
    return found


def keep_questions(settings: Settings) -> None:
    """Keep what lies on the desk now, for whoever looks while the next night is at work.

    Raises:
        warehouse.WarehouseLockedError: another process holds the warehouse; what was kept stays.

    """
    with opened(settings) as connection:
        for name, (rows_of, read) in _READERS.items():
            _keep(_path(settings, name), read(settings, connection), rows_of)


def _read(
    settings: Settings,
    name: Kept,
    rows_of: TypeAdapter[tuple[T, ...]],
    read: Callable[[Settings, duckdb.DuckDBPyConnection], Sequence[T]],
) -> Lying[T]:
    path = _path(settings, name)
    brief = settings.model_copy(update={"lock_wait_seconds": PATIENCE})
    try:
        with opened(brief) as connection:
            rows = read(settings, connection)
    except WarehouseLockedError as error:
        try:
            kept = rows_of.validate_json(path.read_bytes().partition(b"\n")[2])
            at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except (OSError, ValidationError):  # none yet, or of another version
            kept, at = (), datetime.now(UTC)
        return Lying(kept, at, str(error))
    _keep(path, rows, rows_of)
    return Lying(tuple(rows), datetime.now(UTC))


def _keep(path: Path, rows: Sequence[T], rows_of: TypeAdapter[tuple[T, ...]]) -> None:
    """Keep rows, with how many of them wait in the first line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = sum(getattr(row, "state", "open") == "open" for row in rows)
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)  # it names customers
    fresh.write_bytes(b"%d\n" % waiting + rows_of.dump_json(tuple(rows)))
    fresh.replace(path)


def _path(settings: Settings, name: str) -> Path:
    return settings.home / "run" / f"desk_{name}.json"


def _read_proposals(settings: Settings, _connection: Any) -> list[Shown]:  # noqa: ANN401
    return read_waiting(settings)


def _read_doubts(_settings: Settings, connection: duckdb.DuckDBPyConnection) -> list[Doubt]:
    import duckdb

    from identity.memory import read_decisions
    from identity.reviewing import read_review

    try:
        rows = read_review(connection)
    except duckdb.CatalogException:  # before the first night
        return []
    decided = {(one.record_a, one.record_b): one.verdict for one in read_decisions(connection)}
    return [
        Doubt(
            record_a=row.record_a,
            record_b=row.record_b,
            cards=tuple(
                (name, a, b)
                for name, a, b in zip(CARD, row.card_a, row.card_b, strict=True)
                if a or b
            ),
            probability=row.probability,
            is_joined=row.is_joined,
            evidence=row.evidence,
            note=row.note,
            decided=decided.get((row.record_a, row.record_b)),
        )
        for row in rows
    ]


def _read_values(settings: Settings, connection: duckdb.DuckDBPyConnection) -> list[Choices]:
    import duckdb

    try:
        found = read_choices(connection, settings.language)
    except duckdb.CatalogException:  # before the first night
        return []
    return [
        Choices(mart=mart, column=column, values=tuple(values))
        for (mart, column), values in found.items()
        if len(values) <= MAX_CHOICES or (mart, column) != CUSTOMERS
    ]


_PROPOSALS: Final = TypeAdapter(tuple[Shown, ...])
_DOUBTS: Final = TypeAdapter(tuple[Doubt, ...])
_CHOICES: Final = TypeAdapter(tuple[Choices, ...])
_READERS: Final[dict[str, tuple[TypeAdapter[Any], Callable[[Settings, Any], Sequence[Any]]]]] = {
    "proposals": (_PROPOSALS, _read_proposals),
    "doubts": (_DOUBTS, _read_doubts),
    "choices": (_CHOICES, _read_values),
}
