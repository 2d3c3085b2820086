"""Proposals as tables on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from config.language import _, in_thousands, marked
from reifegrad.terminal.overview_tables import NOTHING, titled_table

if TYPE_CHECKING:
    from config import Settings
    from config.language import Language
    from proposals.reading import Shown
    from report.results import Overview

STATES: Final = {
    "open": marked("waits for a release"),
    "released": marked("released, goes out with the next hand-over"),
    "sent": marked("handed over"),
    "rejected": marked("rejected"),
    "ended": marked("no longer due"),
    "control": marked("left alone (control group)"),
    "shown": marked("shown beside the customer"),
}
_DAY: Final = {"de": "{:%d.%m.%Y}", "en": "{:%Y-%m-%d}"}


def waiting_table(found: Sequence[Shown], language: Language) -> Table:
    """Show what waits, a row per proposal."""
    table = titled_table(
        _("Proposals"), _("Id"), _("Proposal"), _("To"), _("Valid until"), _("Released by"),
    )  # fmt: skip
    for one in found:
        released = ", ".join(one.released_by) or NOTHING
        table.add_row(
            one.proposal_id,
            Text(one.title_de if language == "de" else one.title_en),
            Text(one.email or NOTHING),
            _DAY[language].format(one.expires_on),
            Text(f"{released} ({len(one.released_by)}/{one.releases_needed})"),
        )
    return table


def proposal_table(one: Shown, settings: Settings) -> Table:
    """Show all of one proposal that a person needs to decide."""
    from proposals.rules import load_rules

    is_german, form = settings.language == "de", _DAY[settings.language]
    reason = one.reject_reason
    if reason and (said := load_rules(settings).reject_reasons.get(reason)):
        reason = said.de if is_german else said.en
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), title_justify="left")
    table.title = Text(f"{one.proposal_id}: {one.title_de if is_german else one.title_en}")
    rows = (
        (_("State"), _(STATES[one.state])),
        (_("To"), one.email),
        (_("Why"), one.reason_de if is_german else one.reason_en),
        (_("Legal basis"), one.legal_basis_de if is_german else one.legal_basis_en),
        (_("Valid until"), form.format(one.expires_on)),
        (_("Written by"), one.author),
        (_("Released by"), ", ".join(one.released_by)),
        (_("Rejected by"), one.rejected_by),
        (_("Reason"), reason),
        (_("Comment"), one.comment),
        (_("Handed over"), form.format(one.delivered_on) if one.delivered_on else None),
        (_("File"), str(settings.home / one.place) if one.place else None),
        (_("Subject"), one.subject),
        (_("Text"), one.body),
    )
    for name, value in rows:
        if value:
            table.add_row(Text(name, style="bold"), Text(value))
    return table


def proposals_table(overview: Overview, language: Language) -> Table:
    """Show per use case what it proposes at the stage of its data, and what became of it."""
    stages = {stage["use_case"]: stage for stage in overview.stages}
    table = titled_table(
        _("Proposals"), _("Use case"), _("Stage"), _("Waiting"), _("Released"),
        _("Shown"), _("Control"), _("Last out"),
    )  # fmt: skip
    for group in overview.proposals:
        stage = stages.get(group.use_case, {})
        last = NOTHING
        if group.sent_on:
            last = f"{in_thousands(group.sent)} ({_DAY[language].format(group.sent_on)})"
        table.add_row(
            Text(str(stage.get(f"title_{language}", group.use_case))),
            str(stage.get("stage", NOTHING)),
            *(
                in_thousands(count) if count else NOTHING
                for count in (group.waiting, group.released, group.shown, group.control)
            ),
            last,
        )
    return table
