"""Decisions of people on proposals: the machine never releases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from config.language import _
from proposals.rules import Rules, same_name

if TYPE_CHECKING:
    import duckdb

Source = Literal["release_list", "command", "page", "approval"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of one version of a proposal.

    `sha256`: the version that the person saw. `decided_at` is in UTC without a zone.
    `reject_reason`: one of `Rules.reject_reasons`; None: released, or nobody said why.
    """

    proposal_id: str
    sha256: str
    person: str
    is_released: bool
    decided_at: datetime
    source: Source
    comment: str | None = None
    reject_reason: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Whose word on what it is; a later one replaces it."""
        return self.proposal_id, self.sha256, same_name(self.person)


class _State(NamedTuple):
    sha256: str
    state: str
    author: str | None


class _Said(NamedTuple):
    decision: str
    reject_reason: str | None
    comment: str | None
    decided_at: datetime


def record_decisions(
    connection: duckdb.DuckDBPyConnection, decisions: Iterable[Decision], rules: Rules
) -> tuple[int, list[tuple[Decision, str]]]:
    """Keep what people decided; the same decision again changes nothing.

    A rejection counts whatever else is said of the proposal, before or after. The caller holds the
    transaction.

    Args:
        connection: to the warehouse.
        decisions: in the order in which they were made.
        rules: say who may release.

    Returns:
        How many decisions are new, and those that cannot be taken with a sentence that says why
        and what to do, in the set language.

    """
    asked = list(decisions)
    ids = list({one.proposal_id for one in asked})
    states = _read_states(connection, ids)
    said = _read_said(connection, ids)
    rejected = {name for name, one in states.items() if one.state == "rejected"}
    new: dict[tuple[str, str, str], Decision] = {}
    refused: list[tuple[Decision, str]] = []
    for one in asked:
        if _is_known(one, said.get(one.key)):
            continue
        if problem := _problem(one, states.get(one.proposal_id), rules, rejected):
            refused.append((one, problem))
            continue
        said[one.key] = _Said(_word(one), one.reject_reason, one.comment, one.decided_at)
        new[one.key] = one
        if not one.is_released:
            rejected.add(one.proposal_id)
    _write(connection, list(new.values()))
    return len(new), refused


def _word(one: Decision) -> str:
    return "release" if one.is_released else "reject"


def _is_known(one: Decision, last: _Said | None) -> bool:
    """Whether the same was said before, or something else later."""
    if last is None:
        return False
    same = (last.decision, last.reject_reason, last.comment) == (
        _word(one),
        one.reject_reason,
        one.comment,
    )
    return same or last.decided_at > one.decided_at


def _read_states(connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> dict[str, _State]:
    rows = connection.execute(
        "select proposal_id, sha256, state, author from ops.proposal_states"
        " where proposal_id in (select unnest(?::varchar[]))",
        [ids],
    ).fetchall()
    return {row[0]: _State(*row[1:]) for row in rows}


def _read_said(
    connection: duckdb.DuckDBPyConnection, ids: Sequence[str]
) -> dict[tuple[str, str, str], _Said]:
    rows = connection.execute(
        "select proposal_id, sha256, person_key, decision, reject_reason, comment, decided_at"
        " from ops.releases where proposal_id in (select unnest(?::varchar[]))",
        [ids],
    ).fetchall()
    return {row[:3]: _Said(*row[3:]) for row in rows}


def _write(connection: duckdb.DuckDBPyConnection, decisions: Sequence[Decision]) -> None:
    if not decisions:
        return
    import pyarrow as pa

    rows = [
        {
            "proposal_id": one.proposal_id, "sha256": one.sha256, "person_key": one.key[2],
            "person": " ".join(one.person.split()), "decision": _word(one),
            "reject_reason": one.reject_reason, "comment": one.comment,
            "decided_at": one.decided_at, "source": one.source,
        }
        for one in decisions
    ]  # fmt: skip
    schema = pa.schema(
        [(name, pa.timestamp("us") if name == "decided_at" else pa.string()) for name in rows[0]]
    )
    connection.register("decided", pa.Table.from_pylist(rows, schema))
    connection.execute("insert or replace into ops.releases by name from decided")
    connection.unregister("decided")


def _problem(one: Decision, found: _State | None, rules: Rules, rejected: set[str]) -> str | None:
    """Say why a decision cannot be taken."""
    name, person = one.proposal_id, " ".join(one.person.split())
    problem: str | None = None
    if found is None:
        problem = _("{name}: there is no such proposal.")
    elif not person:
        problem = _("{name}: who decides is missing; please write a name.")
    elif found.state == "control":
        problem = _("{name} belongs to the control group and is left alone.")
    elif found.state == "sent":
        problem = _("{name} was sent already.")
    elif not rules.lets_release(person):
        problem = _("{name}: {person} may not release; config/proposals.yml names who may.")
    elif one.reject_reason and one.reject_reason not in rules.reject_reasons:
        problem = _("{reason} is no reason of config/proposals.yml; there are {known}.")
    elif one.is_released:
        problem = _problem_of_release(one, found, is_rejected=name in rejected)
    known = ", ".join(rules.reject_reasons)
    if problem:
        problem = problem.format(name=name, person=person, reason=one.reject_reason, known=known)
    return problem


def _problem_of_release(one: Decision, found: _State, *, is_rejected: bool) -> str | None:
    if is_rejected:
        return _("{name} was rejected; a rejection counts.")
    if found.state == "ended":
        return _("{name} is no longer due.")
    if found.sha256 != one.sha256:
        return _("{name} has changed since; please look at it again in the new list.")
    if found.author and same_name(found.author) == same_name(one.person):
        return _("{name}: {person} wrote it; somebody else must release it.")
    return None
