"""What people answer on the pages, and how it is entered into the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from config import Settings
from identity import memory
from identity.features import IdentityError
from proposals import Decision, record_decisions
from proposals.rules import load_rules
from report.answers import keep_answers
from report.corrections import Filled
from report.fields import SHEETS
from warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb

# The threads of one process share DuckDB's file, and would meet each other's transactions.
_ONE_AT_A_TIME: Final = Lock()


class _Answer(BaseModel):
    """`person`: who is logged in; `at`: when it was said, in UTC without a zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: str
    at: datetime


class Release(_Answer):
    """Of a version of a proposal: release it, or reject it; fields as of `proposals.Decision`."""

    kind: Literal["release"] = "release"
    proposal_id: str
    sha256: str
    is_released: bool
    comment: str | None = None
    reject_reason: str | None = None

    @property
    def about(self) -> str:
        """Say what it is about, for people."""
        return self.proposal_id


class Pair(_Answer):
    """Of two records: whether they are one customer."""

    kind: Literal["pair"] = "pair"
    record_a: str
    record_b: str
    verdict: Literal["same", "different"]

    @property
    def about(self) -> str:
        """Say what it is about, for people."""
        return f"{self.record_a}, {self.record_b}"


class Cell(_Answer):
    """Of a record: a value that it lacked."""

    kind: Literal["cell"] = "cell"
    mart: str
    record_id: str
    column: str
    value: str

    @property
    def about(self) -> str:
        """Say what it is about, for people."""
        return f"{self.record_id}: {self.value}"


Answer = Annotated[Release | Pair | Cell, Field(discriminator="kind")]


class Refused(NamedTuple):
    """An answer that could not be entered, and why."""

    answer: Release | Pair | Cell
    problem: str


class Entered(NamedTuple):
    """How many answers are new, and those that could not be entered."""

    new: int
    refused: tuple[Refused, ...]


def enter(settings: Settings, answers: Sequence[Release | Pair | Cell]) -> Entered:
    """Enter answers in one transaction; the same answers again change nothing.

    Raises:
        ConfigurationError: `config/proposals.yml` is wrong.
        warehouse.WarehouseLockedError: another process holds the warehouse; nothing is entered.

    """
    with opened(settings) as connection:
        connection.begin()
        done = [
            _release(connection, settings, [one for one in answers if isinstance(one, Release)]),
            _tell_apart(connection, [one for one in answers if isinstance(one, Pair)]),
            _fill(connection, settings, [one for one in answers if isinstance(one, Cell)]),
        ]
        connection.commit()
    return Entered(sum(one.new for one in done), tuple(r for one in done for r in one.refused))


def _release(
    connection: duckdb.DuckDBPyConnection, settings: Settings, answers: Sequence[Release]
) -> Entered:
    if not answers:
        return Entered(0, ())
    decisions = {
        Decision(
            proposal_id=one.proposal_id,
            sha256=one.sha256,
            person=one.person,
            is_released=one.is_released,
            decided_at=one.at,
            source="page",
            comment=one.comment,
            reject_reason=one.reject_reason,
        ): one
        for one in answers
    }
    new, refused = record_decisions(connection, decisions, load_rules(settings))
    return Entered(new, tuple(Refused(decisions[one], why) for one, why in refused))


def _tell_apart(connection: duckdb.DuckDBPyConnection, answers: Iterable[Pair]) -> Entered:
    new, refused = 0, []
    for one in answers:
        pair = one.record_a, one.record_b
        try:
            new += memory.decide(connection, pair, one.verdict, one.person, one.at)
        except IdentityError as error:
            refused.append(Refused(one, str(error)))
    return Entered(new, tuple(refused))


def _fill(
    connection: duckdb.DuckDBPyConnection, settings: Settings, answers: Iterable[Cell]
) -> Entered:
    new, refused = 0, []
    by_time = sorted(answers, key=lambda one: one.at)
    for at in dict.fromkeys(one.at for one in by_time):
        cells = {
            Filled("", number, one.mart, one.column, one.record_id, one.value): one
            for number, one in enumerate(by_time, start=1)
            if one.at == at and one.mart in SHEETS
        }
        taken, not_taken = keep_answers(connection, settings, list(cells), at)
        new += taken
        refused += [
            # without the place in a list, which stands before the colon
            Refused(cells[one.cell], getattr(one, f"reason_{settings.language}").partition(": ")[2])
            for one in not_taken
        ]
    return Entered(new, tuple(refused))


@contextmanager
def opened(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse while no other thread of this process is at work in it.

    Raises:
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    with _ONE_AT_A_TIME, open_warehouse(settings) as connection:
        yield connection
