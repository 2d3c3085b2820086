"""What waits for people, for those who look at a terminal; and their decisions from there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from pydantic import BaseModel, ConfigDict

from config import ConfigurationError, Settings
from config.language import _
from proposals.releasing import Decision, record_decisions
from proposals.rules import load_rules
from warehouse import open_warehouse

QUERY = (
    "select proposal_id, use_case, action, stage, channel, state, customer_id, email, title_de,"
    " title_en, reason_de, reason_en, legal_basis_de, legal_basis_en, subject, body, author,"
    " releases_needed, released_by, rejected_by, reject_reason, comment, night, expires_on,"
    " ended_why, delivered_on, place, sha256, language as mail_language from ops.proposal_states"
)


class Shown(BaseModel):
    """One proposal as people are shown it; the columns of `ops.proposal_states`."""

    model_config = ConfigDict(frozen=True)

    proposal_id: str
    use_case: str
    action: str
    stage: int
    channel: str
    state: str
    customer_id: str
    email: str | None
    title_de: str
    title_en: str
    reason_de: str
    reason_en: str
    legal_basis_de: str
    legal_basis_en: str
    subject: str | None
    body: str | None
    author: str | None
    releases_needed: int
    released_by: tuple[str, ...]
    rejected_by: str | None
    reject_reason: str | None
    comment: str | None
    night: date
    expires_on: date
    ended_why: str | None
    delivered_on: date | None
    place: str | None
    sha256: str
    mail_language: str | None = None


class DecisionError(Exception):
    """Decisions could not be taken; the message says which and why."""


def read_waiting(settings: Settings) -> list[Shown]:
    """Return what waits for a release or, released, for the next hand-over."""
    where = " where state in ('open', 'released') order by use_case, action, night, proposal_id"
    return _read(settings, where, [])


def read_one(settings: Settings, proposal_id: str) -> Shown:
    """Return one proposal.

    Raises:
        ConfigurationError: there is none.

    """
    found = _read(settings, " where proposal_id = ?", [proposal_id])
    if not found:
        told = _("{name}: there is no such proposal.")
        raise ConfigurationError(told.format(name=proposal_id))
    return found[0]


def decide(
    settings: Settings,
    ids: Sequence[str],
    person: str,
    why: str,
    *,
    is_released: bool,
    reject_reason: str | None = None,
) -> int:
    """Record what a person decided of proposals as they are now; return how many were new.

    Raises:
        DecisionError: some could not be decided so; the others are.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    rules = load_rules(settings)
    now = datetime.now(UTC).replace(tzinfo=None)
    with open_warehouse(settings) as connection:
        versions = dict(
            connection.execute(
                "select proposal_id, sha256 from ops.proposals"
                " where proposal_id in (select unnest(?::varchar[]))",
                [list(ids)],
            ).fetchall()
        )
        decisions = [
            Decision(
                proposal_id=name,
                sha256=versions.get(name, ""),
                person=person,
                is_released=is_released,
                decided_at=now,
                source="command",
                comment=why or None,
                reject_reason=reject_reason,
            )
            for name in dict.fromkeys(ids)
        ]
        connection.begin()
        new, refused = record_decisions(connection, decisions, rules)
        connection.commit()
    if refused:
        raise DecisionError(" ".join(dict.fromkeys(problem for _decision, problem in refused)))
    return new


def _read(settings: Settings, where: str, values: list[str]) -> list[Shown]:
    with open_warehouse(settings) as connection:
        cursor = connection.execute(QUERY + where, values)
        names = [column[0] for column in cursor.description or ()]
        return [Shown(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
