"""Whom an action is about tonight: the rows of its SQL over marts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from config import ConfigurationError
from config.language import _
from proposals.uses import Action

if TYPE_CHECKING:
    import duckdb

ENTITIES: Final = ("customer_id", "lead_id", "contact_id")


@dataclass(frozen=True)
class Candidate:
    """One row of an audience: about whom, on which occasion, and the facts that texts may name."""

    proposal_id: str
    customer_id: str
    lead_id: str | None
    contact_id: str | None
    email: str | None
    occasion: str
    facts: dict[str, Any]


def find_candidates(
    connection: duckdb.DuckDBPyConnection, place: str, action: Action, night: date
) -> list[Candidate]:
    """Run an action's SQL; `$night` in it is the night.

    Rows without a customer are left out; of several rows of one customer and occasion the first
    counts.

    Args:
        connection: to the warehouse.
        place: the action's name, `<use case>.<action>`.
        action: with its SQL.
        night: the night.

    Raises:
        ConfigurationError: the SQL fails, or lacks a column that the action needs.

    """
    needed = ["customer_id", *action.about, *(["email"] if action.writes_mail else [])]
    rows = run_query(connection, place, action.audience, needed, night)
    candidates: dict[str, Candidate] = {}
    for facts in rows:
        if facts["customer_id"]:
            candidate = _candidate(facts, place, action)
            candidates.setdefault(candidate.proposal_id, candidate)
    return list(candidates.values())


def run_query(
    connection: duckdb.DuckDBPyConnection,
    place: str,
    sql: str,
    needed: Sequence[str],
    night: date,
) -> list[dict[str, Any]]:
    """Run a query of a use case's YAML over marts, and return its rows by column.

    Raises:
        ConfigurationError: it is no single query, fails, or lacks a column of `needed`.

    """
    import duckdb

    told = _("{place}: the query is wrong: {problem}")
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            problem = _("it must be one query (select …)")
            raise ConfigurationError(told.format(place=place, problem=problem))
        names = statements[0].named_parameters
        found = connection.execute(statements[0], {"night": night} if "night" in names else None)
        columns = [column[0] for column in found.description or ()]
        rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        raise ConfigurationError(told.format(place=place, problem=first)) from error
    if missing := [column for column in needed if column not in columns]:
        problem = _("it has no column {missing}").format(missing=", ".join(missing))
        raise ConfigurationError(told.format(place=place, problem=problem))
    return rows


def is_in_control_group(place: str, customer_id: str, share: float) -> bool:
    """Whether chance leaves a customer alone; the same every night, another one per action."""
    drawn = hashlib.sha256(f"{place}:{customer_id}".encode()).digest()
    return int.from_bytes(drawn[:8]) < share * 2**64


def _candidate(facts: dict[str, Any], place: str, action: Action) -> Candidate:
    email = str(facts.get("email") or "").strip().lower() or None
    occasion = json.dumps(
        {column: facts[column] for column in action.about}, default=str, sort_keys=True
    )
    entities: dict[str, Any] = {column: facts.get(column) for column in ENTITIES}
    key = json.dumps([place, *entities.values(), email, occasion], default=str)
    return Candidate(
        proposal_id="P" + hashlib.sha256(key.encode()).hexdigest()[:12],
        email=email,
        occasion=occasion,
        facts=facts,
        **entities,
    )
