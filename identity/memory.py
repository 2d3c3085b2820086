"""What identity remembers from night to night, in tables of `ops`.

Every function takes an open connection to the warehouse; the caller closes it.
"""

from __future__ import annotations

import logging
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from config.language import _
from identity.decisions import Decision, Language, Rulings, Verdict
from identity.features import IdentityError
from identity.stable_ids import Membership

if TYPE_CHECKING:
    import duckdb

logger = logging.getLogger(__name__)
DOES_NOT_ACT: dict[Language, str] = {
    "de": "Diese Entscheidung wirkt nicht: %s.",
    "en": "This decision does not act: %s.",
}
Kind = Literal["customer", "person", "contact"]
# Where a build says which record has which id; ops.<kind>_ids remembers it.
RESOLVED: dict[Kind, str] = {
    "customer": "int_companies_resolved",
    "person": "int_persons_resolved",
    "contact": "int_persons_resolved",
}


def find_night(connection: duckdb.DuckDBPyConnection, night: date) -> date:
    """Find the night that a build counts as.

    A build for an earlier night (`as_of` before the last night remembered) counts as the last night
    run again, so it can lose no more than that night's changes.
    """
    (last,) = connection.execute(
        "select max(greatest(since, coalesce(until, since))) from ops.customer_ids"
    ).fetchone() or (None,)
    return max(night, last or night)


def read_memberships(
    connection: duckdb.DuckDBPyConnection, kind: Kind = "customer"
) -> list[Membership]:
    """Read which records belonged to which customer (or person, or contact), and when."""
    rows = connection.execute(
        f"select record_id, {kind}_id, since, until from ops.{kind}_ids"
    ).fetchall()
    return [Membership(*row) for row in rows]


def read_decisions(connection: duckdb.DuckDBPyConnection) -> list[Decision]:
    """Read the decisions of people that are in force."""
    rows = connection.execute(
        "select record_a, record_b, decision, decided_at from ops.identity_decisions"
        " where withdrawn_at is null order by all"
    ).fetchall()
    return [Decision(*row) for row in rows]


def decide(
    connection: duckdb.DuckDBPyConnection,
    pair: tuple[str, str],
    verdict: Verdict,
    by: str,
    at: datetime,
) -> bool:
    """Keep a person's decision about two records, in place of earlier ones about them.

    Args:
        connection: the open warehouse.
        pair: the record ids, in any order.
        verdict: whether they are one customer.
        by: who decided.
        at: when, in UTC. Ignored if no newer than the pair's last decision.

    Returns:
        Whether the decision is new.

    Raises:
        IdentityError: no build has seen one of the records, or both ids are the same.

    """
    a, b = _known_pair(connection, pair)
    (last, in_force) = connection.execute(
        "select max(greatest(decided_at, coalesce(withdrawn_at, decided_at))),"
        " max(decision) filter (withdrawn_at is null)"
        " from ops.identity_decisions where (record_a, record_b) = (?, ?)",
        [a, b],
    ).fetchone() or (None, None)
    if in_force == verdict or (last is not None and at <= last):
        return False
    _withdraw(connection, a, b, at)
    connection.execute(
        "insert into ops.identity_decisions values (?, ?, ?, ?, ?, null)", [a, b, verdict, by, at]
    )
    return True


def undo(connection: duckdb.DuckDBPyConnection, pair: tuple[str, str], at: datetime) -> None:
    """Withdraw the decision about two records.

    Raises:
        IdentityError: there is no decision about them.

    """
    a, b = sorted(pair)
    if not _withdraw(connection, a, b, at):
        told = _("Nothing is decided of {a} and {b}, so there is nothing to undo.")
        raise IdentityError(told.format(a=a, b=b))


def _withdraw(connection: duckdb.DuckDBPyConnection, a: str, b: str, at: datetime) -> int:
    (withdrawn,) = connection.execute(
        "update ops.identity_decisions set withdrawn_at = ?"
        " where (record_a, record_b) = (?, ?) and withdrawn_at is null",
        [at, a, b],
    ).fetchone() or (0,)
    return int(withdrawn)


def _known_pair(connection: duckdb.DuckDBPyConnection, pair: tuple[str, str]) -> tuple[str, str]:
    a, b = sorted(pair)
    if a == b:
        raise IdentityError(_("{record} is one record: name two to decide of.").format(record=a))
    known = connection.execute(
        "select distinct record_id from ops.customer_ids where record_id in (?, ?)", [a, b]
    ).fetchall()
    for record in (a, b):
        if (record,) not in known:
            told = _(
                "No build has seen a company record {record!r} yet: record ids are"
                " `<source>:<key>`, as in customer_records."
            )
            raise IdentityError(told.format(record=record))
    return a, b


def remember_customers(
    connection: duckdb.DuckDBPyConnection, night: date, language: Language = "en"
) -> None:
    """Keep the ids of the last build and the changes of customer ids.

    In one transaction; a night that runs again replaces its earlier rows. Decisions that contradict
    each other are logged in the language.
    """
    night = find_night(connection, night)
    connection.begin()
    try:
        for kind, relation in RESOLVED.items():
            _remember_ids(connection, kind, relation, night)
        connection.execute("delete from ops.customer_id_changes")
        connection.execute(
            "insert into ops.customer_id_changes by name from intermediate.int_customer_ids_changed"
        )
        _remember_doubts(connection, night, language)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _remember_ids(
    connection: duckdb.DuckDBPyConnection, kind: Kind, relation: str, night: date
) -> None:
    table, column = f"ops.{kind}_ids", f"{kind}_id"
    connection.execute(f"delete from {table} where since >= ?", [night])
    connection.execute(f"update {table} set until = null where until >= ?", [night])
    connection.execute(
        f"update {table} set until = ? where until is null and (record_id, {column})"
        f" not in (select (record_id, {column}) from intermediate.{relation})",
        [night],
    )
    connection.execute(
        f"insert into {table} select record_id, {column}, ?, null from intermediate.{relation}"
        f" anti join (from {table} where until is null) as held using (record_id, {column})",
        [night],
    )


def _remember_doubts(
    connection: duckdb.DuckDBPyConnection, night: date, language: Language
) -> None:
    """Replace the pairs to look at: doubts, and decisions that contradict each other."""
    decisions = read_decisions(connection)
    connection.execute("delete from ops.identity_review")
    connection.execute(
        "insert into ops.identity_review by name"
        " with listed as (select record_id as record_a, unnest(doubts) as doubt, customer_id"
        " from intermediate.int_companies_resolved)"
        " select ? as night, record_a, doubt.record_id as record_b, doubt.probability,"
        " listed.customer_id = other.customer_id as is_joined, doubt.evidence_de, doubt.evidence_en"
        " from listed join intermediate.int_companies_resolved as other"
        " on other.record_id = doubt.record_id where not exists"
        " (from ops.identity_decisions as made where made.withdrawn_at is null"
        " and made.record_a = listed.record_a and made.record_b = doubt.record_id)",
        [night],
    )
    told: set[tuple[str, str]] = set()
    for found in Rulings(decisions).contradictions:
        logger.warning(DOES_NOT_ACT[language], found.tell(language))
        notes = (
            f"Widerspruch, die neueste Entscheidung wirkt nicht: {found.tell('de')}",
            f"Contradiction, the newest decision does not act: {found.tell('en')}",
        )
        for made in (found.decision, *found.others):
            pair = made.record_a, made.record_b
            if pair not in told:
                told.add(pair)
                is_joined = (made.verdict == "same") != (made == found.decision)
                connection.execute(
                    "insert into ops.identity_review by name select ? as night, ? as record_a,"
                    " ? as record_b, ? as is_joined, '' as evidence_de, '' as evidence_en,"
                    " ? as note_de, ? as note_en",
                    [night, *pair, is_joined, *notes],
                )
