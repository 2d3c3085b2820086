"""The station `propose`: what each use case proposes tonight, by the stage of its data."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from config import ConfigurationError, Settings
from config.language import _
from ml.maturity import stages
from proposals import store
from proposals.audience import Candidate, find_candidates, is_in_control_group
from proposals.composing import Draft, compose
from proposals.legal_gate import Refused, Verdict, judge, refusal
from proposals.rules import Rules, load_rules
from proposals.standing import read_standings
from proposals.uses import Action, UseCase, read_uses
from warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb

logger = logging.getLogger(__name__)


class ProposingError(Exception):
    """Some actions could not be proposed; `results` tells of all, the others are proposed."""

    def __init__(self, message: str, results: list[Proposed]) -> None:
        """Keep the results beside the message, one line that names each and its reason."""
        super().__init__(message)
        self.results = results


@dataclass
class Proposed:
    """What became of one action tonight; without an action, of a use case.

    `new`, `changed` (releases no longer count), `kept`, `ended` (`lost` of them were released
    already): proposals. `control`: left alone by chance. `refused`: by the legal gate, the reason
    by proposal_id. `paused`: sent or rejected on this occasion or not long ago; `mailed`: the
    mailbox has or may have a mail of another action; `expired`: nobody released it in time; `cut`:
    beyond `at_most`. `problem`: why nothing of it was touched.
    """

    use_case: str
    action: str | None
    stage: int
    new: int = 0
    changed: int = 0
    kept: int = 0
    ended: int = 0
    lost: int = 0
    control: int = 0
    paused: int = 0
    mailed: int = 0
    expired: int = 0
    cut: int = 0
    refused: dict[str, Refused] = field(default_factory=dict)
    problem: str | None = None

    @property
    def place(self) -> str:
        """Name it: `<use case>.<action>`."""
        return ".".join(filter(None, (self.use_case, self.action)))


class _Due(NamedTuple):
    """A candidate that passed the gate and is not paused."""

    candidate: Candidate
    verdict: Verdict
    is_control: bool


def propose(settings: Settings) -> list[Proposed]:
    """Write tonight's proposals into `ops.proposals`; a second time the same night changes nothing.

    Open proposals that are no longer due, that expired, or that the law no longer allows are
    ended. What was sent or rejected stays as it is; a release counts for the version that was
    seen only. Below its stage an action proposes nothing, and its open proposals end.

    Raises:
        ConfigurationError: `config/proposals.yml` is wrong; nothing was touched.
        ProposingError: a use case's YAML is wrong; its proposals stay, the others' are made.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    rules, uses, reached = load_rules(settings), read_uses(settings), stages(settings)
    results = [
        Proposed(name, None, reached.get(name, 0), problem=str(error))
        for name, error in uses.broken.items()
    ]
    with open_warehouse(settings) as connection:
        store.forget(connection, settings.night - timedelta(days=rules.keep_days))
        in_force = [
            (use.name, name)
            for use in uses.readable
            for name in use.actions_at(reached.get(use.name, 0))
        ]
        # Before the others: what is not in force takes no mailbox from them.
        store.end_others(connection, settings.night, in_force, list(uses.broken))
        for use in uses.readable:
            results += _propose_use(connection, settings, rules, use, reached.get(use.name, 0))
    for one in results:
        logger.log(logging.ERROR if one.problem else logging.INFO, "%s", tell(one))
    if problems := [tell(one) for one in results if one.problem]:
        told = _("Not proposed: {problems}").format(problems="; ".join(problems))
        raise ProposingError(told, results)
    return results


def tell(one: Proposed) -> str:
    """Say in one line what became of an action, in the set language."""
    if one.problem:
        return one.problem if one.place in one.problem else f"{one.place}: {one.problem}"
    if one.action is None:
        return _("{place}: nothing, since its data are at stage {stage}").format(
            place=one.place, stage=one.stage
        )
    counts = [
        (one.new, _("new")), (one.changed, _("changed")), (one.kept, _("as before")),
        (one.ended, _("no longer due")), (one.lost, _("of these released already")),
        (one.control, _("control group")), (one.paused, _("have or had one")),
        (one.mailed, _("have another mail")), (one.expired, _("expired")),
        (one.cut, _("beyond at_most")),
    ]  # fmt: skip
    said = [f"{count} {what}" for count, what in counts if count]
    for reason in dict.fromkeys(one.refused.values()):
        count = sum(each == reason for each in one.refused.values())
        told = _("{count} not allowed ({reason})")
        said.append(told.format(count=count, reason=refusal(reason)))
    told = ", ".join(said) or _("nobody is due")
    return f"{one.place}: {told}"


def _propose_use(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    rules: Rules,
    use: UseCase,
    stage: int,
) -> Iterator[Proposed]:
    actions = use.actions_at(stage)
    if not actions:
        yield Proposed(use.name, None, stage)
    for name, action in actions.items():
        result = Proposed(use.name, name, stage)
        memory = store.read_memory(
            connection, use.name, name, settings.night,
            pause_days=action.pause_days, mailbox_days=rules.mailbox_days,
        )  # fmt: skip
        try:
            due = _due(connection, settings, result, action, memory)
            drafts = [
                _row(
                    one,
                    compose(action, one.candidate.facts, settings.language, rules),
                    result,
                    action,
                )
                | {
                    "night": settings.night,
                    "expires_on": settings.night + timedelta(days=action.expires_days),
                }
                for one in due
            ]
        except ConfigurationError as error:
            result.problem = str(error)
        else:
            connection.begin()
            place = (use.name, name, settings.night)
            written = store.replace_open(connection, place, memory.known, drafts, result.refused)
            connection.commit()
            for figure, count in written._asdict().items():
                setattr(result, figure, count)
        yield result


def _due(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    result: Proposed,
    action: Action,
    memory: store.Memory,
) -> list[_Due]:
    """Return who is due tonight: what was proposed already goes before what would be new."""
    found = find_candidates(connection, result.place, action, settings.night)
    control = [one for one in memory.known.values() if one.state == "control"]
    addressees = [(one.customer_id, one.email) for one in found]
    addressees += [(one.customer_id, one.email) for one in control]
    standings = read_standings(connection, addressees, settings.night)

    def verdict_on(one: Candidate | store.Known) -> Verdict:
        standing = standings[one.customer_id, one.email]
        return judge(action.legal_basis, standing, writes_mail=action.writes_mail)

    for known in control:  # nor is anybody compared with others who may not be addressed
        if refused := verdict_on(known).refused:
            result.refused[known.proposal_id] = refused
    waiting = {
        name for name, one in memory.known.items() if one.state in (*store.WAITING, "control")
    }
    due: list[_Due] = []
    asked: set[str] = set()  # one mail of a kind a customer, also of those due on the same night
    for one in sorted(found, key=lambda one: one.proposal_id not in waiting):
        verdict, before = verdict_on(one), memory.known.get(one.proposal_id)
        who = {one.customer_id, one.email or one.customer_id}
        if verdict.refused:
            result.refused[one.proposal_id] = verdict.refused
        elif memory.holds(one) or ((action.pause_days or action.writes_mail) and asked & who):
            result.paused += 1
        elif before and before.expires_on < settings.night:
            result.expired += 1
        elif action.writes_mail and one.email in memory.mailboxes:
            result.mailed += 1
        elif len(due) - result.control >= action.at_most:
            result.cut += 1
        else:
            asked |= who
            is_control = (
                before.is_control
                if before
                else is_in_control_group(result.place, one.customer_id, action.control_share)
            )
            result.control += is_control
            due.append(_Due(one, verdict, is_control))
    return due


def _row(due: _Due, draft: Draft, result: Proposed, action: Action) -> dict[str, Any]:
    one = due.candidate
    return {
        "proposal_id": one.proposal_id,
        "use_case": result.use_case,
        "action": result.action,
        "stage": result.stage,
        "channel": action.channel,
        "customer_id": one.customer_id,
        "lead_id": one.lead_id,
        "contact_id": one.contact_id,
        "email": one.email,
        "occasion": one.occasion,
        "title_de": draft.title_de,
        "title_en": draft.title_en,
        "reason_de": draft.reason_de,
        "reason_en": draft.reason_en,
        "legal_basis_de": due.verdict.basis_de,
        "legal_basis_en": due.verdict.basis_en,
        "subject": draft.subject,
        "body": draft.body,
        "language": draft.language,
        "sha256": _sha256_of(one.email, draft),
        "author": action.author,
        "releases_needed": action.releases,
        "is_control": due.is_control,
    }


def _sha256_of(email: str | None, draft: Draft) -> str:
    """Return the fingerprint of what would be handed over, and so of what is released."""
    handed: dict[str, object] = {
        "email": email, "subject": draft.subject, "body": draft.body, "title": draft.title_de,
    }  # fmt: skip
    if not draft.body:  # then title and reason are what is handed over
        handed |= {"reason": draft.reason_de}
    return hashlib.sha256(json.dumps(handed, ensure_ascii=False).encode()).hexdigest()
