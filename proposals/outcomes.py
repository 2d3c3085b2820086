"""What came of an action: those it was proposed for, beside those whom chance left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from proposals.audience import run_query
from proposals.store import later_ids
from proposals.uses import Action, Outcome

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Group:
    """How many customers, and of how many of them it happened in time."""

    customers: int
    happened: int

    @property
    def share(self) -> float:
        """The share of them, 0 to 1; 0 of nobody."""
        return self.happened / self.customers if self.customers else 0.0


@dataclass(frozen=True, slots=True)
class Effect:
    """What came of an action so far.

    All to whom it was proposed are compared with the control group, sent or not: who was released
    was chosen by people, so those alone are no fair comparison (intention to treat). A customer
    counts once, from the first time on. `pending`: customers whose days are not over.
    """

    outcome: Outcome
    proposed: Group
    control: Group
    pending: int


def read_effect(
    connection: duckdb.DuckDBPyConnection, use_case: str, name: str, action: Action, night: date
) -> Effect | None:
    """Count what happened after an action; None where its YAML names no `outcome`.

    Raises:
        ConfigurationError: the SQL of `outcome.happened` is wrong.

    """
    if action.outcome is None:
        return None
    place = f"{use_case}.{name}.outcome"
    columns = ("customer_id", "happened_on")
    events = run_query(connection, place, action.outcome.happened, columns, night)
    first = connection.execute(
        "select customer_id, is_control, min(night) from ops.proposals"
        " where use_case = ? and action = ? and not exists (select 1 from marts.customers"
        "  where customers.customer_id = proposals.customer_id and has_objected_to_profiling)"
        " group by customer_id, is_control",
        [use_case, name],
    ).fetchall()
    later = later_ids(connection)
    return count_effect(
        action.outcome,
        [(later(customer_id), is_control, since) for customer_id, is_control, since in first],
        events,
        night,
    )


def count_effect(
    outcome: Outcome,
    first: list[tuple[set[str], bool, date]],
    events: list[dict[str, Any]],
    night: date,
) -> Effect:
    """Count per group of how many it happened within the days.

    Args:
        outcome: says how many days.
        first: per customer all ids it had since, whether chance left it alone, and the night on
            which that began.
        events: rows with `customer_id` and `happened_on`, a day or a time.
        night: tonight; whose days end later are pending.

    """
    days: dict[str, list[date]] = {}
    for event in events:
        on = event["happened_on"]
        if event["customer_id"] and on is not None:
            days.setdefault(event["customer_id"], []).append(_day(on))
    counts = {True: [0, 0], False: [0, 0]}
    pending = 0
    for ids, is_control, since in first:
        until = since + timedelta(days=outcome.days)
        if until > night:
            pending += 1
            continue
        happened = any(since < on <= until for name in ids for on in days.get(name, ()))
        counts[is_control][0] += 1
        counts[is_control][1] += happened
    return Effect(outcome, Group(*counts[False]), Group(*counts[True]), pending)


def _day(on: date | datetime) -> date:
    return on.date() if isinstance(on, datetime) else on
