"""`ops.proposals`: reading and writing proposals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from proposals.audience import Candidate
from proposals.channels.needs import MAILS

if TYPE_CHECKING:
    import duckdb

# A draft may change until somebody sent or rejected it.
WAITING: Final = ("open", "released", "shown")
_CHANGING: Final = (
    "stage", "title_de", "title_en", "reason_de", "reason_en", "legal_basis_de", "legal_basis_en",
    "subject", "body", "language", "sha256", "releases_needed", "email", "channel", "author",
)  # fmt: skip


class Known(NamedTuple):
    """A proposal of an earlier night; for how its state is told see `ops.proposal_states`."""

    proposal_id: str
    customer_id: str
    email: str | None
    occasion: str
    sha256: str
    state: str
    is_control: bool
    expires_on: date
    settled_on: datetime | date | None  # sent or rejected


@dataclass(frozen=True)
class Memory:
    """What is known of an action when tonight's proposals are made.

    `known`: by proposal_id. `lately`: customers and mailboxes that wait after the last one of this
    action; `settled`: (customer or mailbox, occasion) that was sent or rejected; `mailboxes`: who
    got or may get a mail of any other action, too near to another one.
    """

    known: Mapping[str, Known]
    lately: Collection[str]
    settled: Collection[tuple[str, str]]
    mailboxes: Collection[str]

    def holds(self, one: Candidate) -> bool:
        """Whether this one waits."""
        return any(
            who in self.lately or (who, one.occasion) in self.settled
            for who in (one.customer_id, one.email)
            if who
        )


def read_memory(
    connection: duckdb.DuckDBPyConnection,
    use_case: str,
    action: str,
    night: date,
    *,
    pause_days: int,
    mailbox_days: int,
) -> Memory:
    """Read what is known of an action; customers that became others since count as those.

    Args:
        connection: to the warehouse.
        use_case: with the action.
        action: its name.
        night: tonight.
        pause_days: for so long after one of this action the same customer gets no other.
        mailbox_days: for so long after a mail of any action the same mailbox gets no other.

    """
    known = [
        Known(*row)
        for row in connection.execute(
            "select proposal_id, customer_id, email, occasion, sha256, state, is_control,"
            " expires_on, coalesce(delivered_on, rejected_at::date) from ops.proposal_states"
            " where use_case = ? and action = ?",
            [use_case, action],
        ).fetchall()
    ]
    later = later_ids(connection)
    since = night - timedelta(days=pause_days)
    lately: set[str] = set()
    settled: set[tuple[str, str]] = set()
    for one in known:
        if one.state in ("sent", "rejected"):
            who = {*later(one.customer_id), *((one.email,) if one.email else ())}
            settled |= {(name, one.occasion) for name in who}
            if one.settled_on and one.settled_on > since:
                lately |= who
    return Memory(
        {one.proposal_id: one for one in known},
        lately,
        settled,
        frozenset(_taken_mailboxes(connection, use_case, action, night, mailbox_days)),
    )


def _taken_mailboxes(
    connection: duckdb.DuckDBPyConnection, use_case: str, action: str, night: date, days: int
) -> Iterable[str]:
    """Yield who got a mail lately, or would get one of another action; none without a limit."""
    if not days:
        return ()
    rows = connection.execute(
        "select distinct email from ops.proposal_states"
        " where channel in (select unnest(?::varchar[])) and (state = 'sent' and delivered_on > ?"
        "  or state in ('open', 'released') and (use_case, action) <> (?, ?))",
        [list(MAILS), night - timedelta(days=days), use_case, action],
    ).fetchall()
    return (email for (email,) in rows)


def later_ids(connection: duckdb.DuckDBPyConnection) -> Callable[[str], set[str]]:
    """Return what tells all ids that a customer had since, its own included."""
    became: dict[str, set[str]] = defaultdict(set)
    for old, new in connection.execute(
        "select old_id, new_id from marts.customer_id_changes where new_id is not null"
    ).fetchall():
        became[old].add(new)

    def later(customer_id: str) -> set[str]:
        found, fresh = {customer_id}, {customer_id}
        while fresh:
            fresh = {new for old in fresh for new in became.get(old, ())} - found
            found |= fresh
        return found

    return later


class Written(NamedTuple):
    """How many proposals are new, changed, kept; how many ended, and of those were released."""

    new: int
    changed: int
    kept: int
    ended: int
    lost: int


def replace_open(
    connection: duckdb.DuckDBPyConnection,
    place: tuple[str, str, date],
    known: Mapping[str, Known],
    drafts: Sequence[Mapping[str, Any]],
    refused: Mapping[str, str],
) -> Written:
    """Bring an action's proposals up to tonight's drafts. The caller holds the transaction.

    Args:
        connection: to the warehouse.
        place: use case, action and night.
        known: its proposals of before.
        drafts: rows of the table, but for `renewed_on`.
        refused: those that the law does not allow (any more), with the reason by proposal_id.

    """
    shown = [draft for draft in drafts if not draft["is_control"]]
    before = {one.proposal_id: one for one in known.values() if one.state != "sent"}
    found = [(before.get(draft["proposal_id"]), draft["sha256"]) for draft in shown]
    if drafts:
        _write(connection, drafts)
    due = {draft["proposal_id"] for draft in drafts}
    over = [
        one
        for one in known.values()
        if (one.state in WAITING and one.proposal_id not in due)
        or (one.state in (*WAITING, "control") and one.proposal_id in refused)
    ]
    _end(connection, place[2], over, refused)
    return Written(
        new=sum(one is None for one, _ in found),
        changed=sum(one is not None and one.sha256 != sha256 for one, sha256 in found),
        kept=sum(one is not None and one.sha256 == sha256 for one, sha256 in found),
        ended=len(over),
        lost=sum(one.state == "released" for one in over),
    )


def _write(connection: duckdb.DuckDBPyConnection, drafts: Sequence[Mapping[str, Any]]) -> None:
    import pyarrow as pa

    changed = ", ".join(f"{name} = drafts.{name}" for name in _CHANGING)
    connection.register("drafts", pa.Table.from_pylist([dict(draft) for draft in drafts]))
    connection.execute(
        f"update ops.proposals set {changed}, renewed_on = drafts.night, ended_on = null,"
        " ended_why = null from drafts where proposals.proposal_id = drafts.proposal_id"
    )
    connection.execute(
        "insert into ops.proposals by name select *, night as renewed_on from drafts"
        " anti join ops.proposals using (proposal_id)"
    )
    connection.unregister("drafts")


def _end(
    connection: duckdb.DuckDBPyConnection,
    night: date,
    over: Sequence[Known],
    refused: Mapping[str, str],
) -> None:
    whys = [
        refused.get(one.proposal_id, "expired" if one.expires_on < night else "not_due")
        for one in over
    ]
    connection.execute(
        "update ops.proposals set ended_on = $night, ended_why = over.why from"
        " (select unnest($ids::varchar[]) as proposal_id, unnest($whys::varchar[]) as why) as over"
        " where proposals.proposal_id = over.proposal_id",
        {"night": night, "ids": [one.proposal_id for one in over], "whys": whys},
    )


def end_others(
    connection: duckdb.DuckDBPyConnection,
    night: date,
    in_force: Iterable[tuple[str, str]],
    broken: Sequence[str],
) -> int:
    """End the waiting proposals of actions that are not in force tonight; return how many.

    Those of `broken` use cases stay: nobody knows what their YAML was meant to say.
    """
    kept = [f"{use_case}.{action}" for use_case, action in in_force]
    (ended,) = connection.execute(
        "update ops.proposals set ended_on = ?, ended_why = 'not_due' where proposal_id in ("
        " select proposal_id from ops.proposal_states"
        " where list_contains(?::varchar[], state)"
        " and not list_contains(?::varchar[], use_case || '.' || action)"
        " and not list_contains(?::varchar[], use_case))",
        [night, WAITING, kept, list(broken)],
    ).fetchone() or (0,)
    return int(ended)


def forget(connection: duckdb.DuckDBPyConnection, oldest: date) -> int:
    """Delete what nobody needs any more; return how many proposals.

    What was proposed before `oldest`, and what was not sent or rejected of whoever objected to
    profiling since (Art. 21 GDPR), the control group included. What was sent stays as proof.
    """
    (deleted,) = connection.execute(
        "delete from ops.proposals where greatest(renewed_on, coalesce("
        "  (select delivered_on from ops.deliveries"
        "   where deliveries.proposal_id = proposals.proposal_id), renewed_on)) < ?"
        " or proposal_id in (select proposal_id from ops.proposal_states"
        "  where state not in ('sent', 'rejected') and customer_id in"
        "  (select customer_id from marts.customers where has_objected_to_profiling))",
        [oldest],
    ).fetchone() or (0,)
    for table in ("releases", "deliveries", "refused_releases"):
        connection.execute(
            f"delete from ops.{table} where proposal_id is not null"
            " and proposal_id not in (select proposal_id from ops.proposals)"
        )
    return int(deleted)
