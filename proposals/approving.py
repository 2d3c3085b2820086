"""Proposals to many that are released by one answer: what a person is shown, and what it does."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from config import Settings
from proposals.reading import Shown, read_waiting
from proposals.releasing import Decision, record_decisions
from proposals.rules import load_rules
from warehouse import open_warehouse

EXAMPLES = 3


class Asked(BaseModel):
    """Proposals that one answer releases.

    `counts`: how many per `<use case>.<action>`; `examples`: the first of each; `versions`: the
    fingerprint by proposal_id. An answer is about these versions, and no later ones.
    """

    model_config = ConfigDict(frozen=True)

    counts: dict[str, int]
    examples: list[Shown]
    versions: dict[str, str]


def read_asked(settings: Settings) -> Asked | None:
    """Return what waits of the actions in `approve_in_airflow` of `config/proposals.yml`.

    Returns:
        None where nothing of them waits.

    Raises:
        ConfigurationError: `config/proposals.yml` is wrong.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    wanted = load_rules(settings).approve_in_airflow
    if not wanted:
        return None
    waiting: dict[str, list[Shown]] = {}
    for one in read_waiting(settings):
        place = f"{one.use_case}.{one.action}"
        if place in wanted and one.state == "open":
            waiting.setdefault(place, []).append(one)
    if not waiting:
        return None
    return Asked(
        counts={place: len(found) for place, found in waiting.items()},
        examples=[one for found in waiting.values() for one in found[:EXAMPLES]],
        versions={one.proposal_id: one.sha256 for found in waiting.values() for one in found},
    )


def release_asked(settings: Settings, asked: Asked, person: str) -> tuple[int, list[str]]:
    """Release the versions that a person was asked about.

    Returns:
        How many decisions are new, and why others could not be taken.

    Raises:
        ConfigurationError: `config/proposals.yml` is wrong.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    now = datetime.now(UTC).replace(tzinfo=None)
    decisions = [
        Decision(
            proposal_id=name,
            sha256=sha256,
            person=person,
            is_released=True,
            decided_at=now,
            source="approval",
        )
        for name, sha256 in asked.versions.items()
    ]
    rules = load_rules(settings)
    with open_warehouse(settings) as connection:
        connection.begin()
        new, refused = record_decisions(connection, decisions, rules)
        connection.commit()
    return new, [problem for _decision, problem in refused]
