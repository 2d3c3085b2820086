"""What people say of scores: on the day's list, in fields and tasks of a CRM.

The one place where feedback comes in, from wherever; `ops.score_feedback` keeps it. Who said it is
kept nowhere: hints are judged, never colleagues.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    import duckdb

FeedbackKind = Literal["called", "not_reached", "not_now", "won_back", "lost", "wrong"]
KINDS: Final[tuple[FeedbackKind, ...]] = get_args(FeedbackKind)
# After these somebody had turned to the customer, whatever came of it.
FOLLOWED: Final = frozenset({"called", "not_reached", "won_back", "lost"})
LIST: Final = "list"


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody said of one score.

    `entity_id`: a customer_id or lead_id, as `entity` says. `said_at` is in UTC without a zone.
    `source`: LIST, or the name of the CRM that it came from. `about`: the night whose list it
    stands on; None: the day it was said. `note`: people's own words, such as why it is wrong.
    """

    score: str
    entity: Literal["customer", "lead"]
    entity_id: str
    kind: FeedbackKind
    said_at: datetime
    source: str
    note: str | None = None
    about: date | None = None


def record_feedback(connection: duckdb.DuckDBPyConnection, said: Iterable[Feedback]) -> int:
    """Keep feedback; of two words on the same score and list the newer one holds.

    The same word again changes nothing, so a list or a CRM can be read any number of times. Of who
    objected to profiling nothing is kept.

    Args:
        connection: to the warehouse, with marts built.
        said: feedback from one source, in any order.

    Returns:
        How many words are new or another than before.

    """
    return sum(_keep(connection, one) for one in said)


def _keep(connection: duckdb.DuckDBPyConnection, said: Feedback) -> bool:
    if _has_objected(connection, said):  # perhaps after the list was written
        return False
    place = [said.score, said.entity_id, said.about or said.said_at.date(), said.source]
    last = connection.execute(
        "select kind, note, said_at from ops.score_feedback"
        " where (score, entity_id, about, source) = (?, ?, ?, ?)",
        place,
    ).fetchone()
    if last and (last[:2] == (said.kind, said.note) or last[2] >= said.said_at):
        return False
    score, entity_id, about, source = place
    connection.execute(
        "insert or replace into ops.score_feedback by name select ? as score, ? as entity,"
        " ? as entity_id, ? as company_record_id, ? as kind, ? as note, ? as about, ? as said_at,"
        " ? as source",
        [
            score, said.entity, entity_id, _record_of(connection, said), said.kind, said.note,
            about, said.said_at, source,
        ],
    )  # fmt: skip
    return True


def _has_objected(connection: duckdb.DuckDBPyConnection, said: Feedback) -> bool:
    (found,) = connection.execute(
        "select count(*) > 0 from marts.customers where has_objected_to_profiling and customer_id ="
        " coalesce((select customer_id from marts.leads where ? = 'lead' and lead_id = ?), ?)",
        [said.entity, said.entity_id, said.entity_id],
    ).fetchone() or (False,)
    return bool(found)


def _record_of(connection: duckdb.DuckDBPyConnection, said: Feedback) -> str | None:
    """Find the company record that the feedback follows where customers merge or split."""
    found = connection.execute(
        "select min(record_id) from marts.customer_records where customer_id = coalesce("
        "(select customer_id from marts.leads where ? = 'lead' and lead_id = ?), ?)",
        [said.entity, said.entity_id, said.entity_id],
    ).fetchone()
    return str(found[0]) if found and found[0] else None


def is_known(connection: duckdb.DuckDBPyConnection, entity: str, entity_id: str) -> bool:
    """Tell whether a customer or lead is in the marts."""
    mart, key = ("leads", "lead_id") if entity == "lead" else ("customers", "customer_id")
    (found,) = connection.execute(
        f"select count(*) > 0 from marts.{mart} where {key} = ?", [entity_id]
    ).fetchone() or (False,)
    return bool(found)


def forget_hints(connection: duckdb.DuckDBPyConnection, oldest: date) -> int:
    """Delete shown hints and feedback of who objected to profiling, or is no customer any more.

    Args:
        connection: to the warehouse, with marts built.
        oldest: hints shown, and what was said of them, before this night are deleted too.

    Returns:
        How many rows were deleted.

    """
    stays = "select customer_id from marts.customers where not has_objected_to_profiling"
    (shown,) = connection.execute(
        f"delete from ops.shown_hints where night < ? or customer_id not in ({stays})", [oldest]
    ).fetchone() or (0,)
    (feedback,) = connection.execute(
        "delete from ops.score_feedback where about < ? or coalesce(company_record_id, '') not in"
        f" (select record_id from marts.customer_records where customer_id in ({stays}))",
        [oldest],
    ).fetchone() or (0,)
    return int(shown) + int(feedback)
