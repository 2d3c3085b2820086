"""What of the released may go out now: asked right before it is handed over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from config import Settings
from config.language import _
from ml.maturity import stages
from proposals.channels import MAILS, NEEDS, Released
from proposals.legal_gate import Refused, judge, refusal
from proposals.rules import Rules
from proposals.standing import read_standings
from proposals.uses import Action, read_uses

if TYPE_CHECKING:
    import duckdb

Held = Refused | Literal["not_in_force", "not_released", "mailbox_had_one", "other_channel"]


class Chosen(NamedTuple):
    """Those that may go out, and why the others may not (yet), by proposal_id."""

    allowed: list[Released]
    held: dict[str, Held]


def choose(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    rules: Rules,
    waiting: Sequence[Released],
) -> Chosen:
    """Ask the YAML, the stage, the law and the mailbox again: since the release, things happened.

    Args:
        connection: to the warehouse, with marts.
        settings: the night, and where the YAML files lie.
        rules: `config/proposals.yml`.
        waiting: what is released, in the order in which a mailbox gets one.

    """
    reached = stages(settings)
    actions = {
        (use.name, name): action
        for use in read_uses(settings).readable
        for name, action in use.actions_at(reached.get(use.name, 0)).items()
    }
    who = ((one.customer_id, one.email) for one in waiting)
    standings = read_standings(connection, who, settings.night)
    mailed = _read_mailed(connection, settings, rules.mailbox_days)
    chosen = Chosen([], {})
    for one in waiting:
        held = _why_not_in_force(one, actions.get((one.use_case, one.action)))
        if held is None and rules.mailbox_days and one.email in mailed and one.channel in MAILS:
            held = "mailbox_had_one"
        if held is None:
            basis = actions[one.use_case, one.action].legal_basis
            writes_mail = one.channel in MAILS
            standing = standings[one.customer_id, one.email]
            held = judge(basis, standing, writes_mail=writes_mail).refused
        if held:
            chosen.held[one.proposal_id] = held
        else:
            if one.channel in MAILS and one.email:
                mailed.add(one.email)
            chosen.allowed.append(one)
    return chosen


def tell_held(reason: Held) -> str:
    """Say why something is held back, in the set language."""
    if reason == "not_in_force":
        return _("not in force at this stage, or its YAML is wrong")
    if reason == "not_released":
        return _("its YAML wants more releases by now")
    if reason == "mailbox_had_one":
        return _("the mailbox got another mail not long ago")
    if reason == "other_channel":
        return _("its YAML names another channel by now")
    return refusal(reason)


def _why_not_in_force(one: Released, action: Action | None) -> Held | None:
    if action is None:
        return "not_in_force"
    if action.channel != one.channel:  # what was released was for there, not for here
        return "other_channel"
    least = max(action.releases, NEEDS[action.channel].least_releases)
    return "not_released" if len(one.released_by) < least else None


def _read_mailed(connection: duckdb.DuckDBPyConnection, settings: Settings, days: int) -> set[str]:
    """Return the mailboxes that got a mail too near to tonight; what was only begun is none."""
    rows = connection.execute(
        "select distinct email from ops.proposal_states where state = 'sent' and not is_begun"
        " and channel in (select unnest(?::varchar[])) and delivered_on > ?",
        [list(MAILS), settings.night - timedelta(days=days)],
    ).fetchall()
    return {email for (email,) in rows}
