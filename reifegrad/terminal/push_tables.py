"""What the command line says of a push: lines of the night, and tables of `reifegrad push`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from config import Settings
from config.language import _, in_thousands
from reifegrad.terminal.overview_tables import target_name, titled_table

if TYPE_CHECKING:
    from rich.table import Table

    from crm import Change, Exchanged


MOST_REASONS: Final = 15
"""Some name a record each, so there may be as many as records."""


def say_waiting(_settings: Settings, due: list[str]) -> Iterator[str]:
    """Say that the push waits, where it does."""
    if not due:
        yield _(
            "! The push waits for a person (crm.yml: approval). Look at `reifegrad push --dry-run`,"
            " then call `reifegrad push`."
        )


def say_pushed(settings: Settings, changes: list[Change]) -> Iterator[str]:
    """Tell what a push did, a line per target."""
    from crm import count_actions, list_path, load_config

    has_crm = load_config(settings).has_crm
    said = (
        _("CRM, {target}: {create} created, {change} changed, {clear} cleared")
        if has_crm
        else _("List, {target}: {create} new, {change} changed, {clear} gone")
    )
    done = count_actions(changes)
    if not any(counts[kind] for counts in done.values() for kind in ("create", "change", "clear")):
        yield _("No score that people see changed tonight.")
    for target, counts in done.items():
        yield said.format(target=target_name(target), **counts)
    yield from _left_open(settings, changes)
    if not has_crm:
        yield _("List of scores: {path}").format(path=list_path(settings))


def say_tasks(_settings: Settings, done: Exchanged) -> Iterator[str]:
    """Tell of the tasks in the CRM, where there are any."""
    if any(done):
        told = _("Tasks in the CRM: {created} created, {answered} answered, {refused} refused.")
        yield told.format(**done._asdict())
    if done.without_record:
        told = _("{count} rows of the list are about customers that are not in the CRM.")
        yield told.format(count=done.without_record)


def _left_open(settings: Settings, changes: list[Change]) -> Iterator[str]:
    """Tell what a person should look at after a push."""
    from crm.duplicates import FILE as DUPLICATES
    from crm.refusals import FILE as REJECTED

    refused = sum(change.refused is not None for change in changes)
    if refused:
        told = _("! Refused by the CRM: {count}; why, and what to do: {path}")
        yield told.format(count=refused, path=settings.review / REJECTED)
    kept = sum(bool(change.kept) for change in changes)
    if kept:
        told = _("Fields that people changed in the CRM stay theirs: {count} records.")
        yield told.format(count=kept)
    if (settings.review / DUPLICATES).is_file():
        told = _("Customers that your CRM has more than once: {path}")
        yield told.format(path=settings.review / DUPLICATES)


def changes_table(changes: Sequence[Change], *, dry_run: bool) -> Table:
    """Count what a push wrote, or would write, by target and action."""
    from crm import count_actions

    title = _("What would change") if dry_run else _("What changed")
    table = titled_table(
        title,
        _("Target"),
        _("created"),
        _("changed"),
        _("cleared"),
        _("left out"),
        _("left to people"),
        numbers=range(1, 6),
    )
    for target, counts in count_actions(changes).items():
        table.add_row(target_name(target), *(in_thousands(n) for n in counts.values()))
    return table


def reasons_table(changes: Sequence[Change]) -> Table | None:
    """Say why records are cleared, left out or left to people; None if all is said."""
    reasons: dict[tuple[str, str, str], list[Change]] = {}
    done = {"clear": _("cleared"), "skip": _("left out"), "conflict": _("left to people")}
    said = (_("unchanged"), _("no score"))
    for change in changes:
        if change.action in done and change.reason not in said:
            about = (change.target, done[change.action], change.reason or "")
            reasons.setdefault(about, []).append(change)
    if not reasons:
        return None
    table = titled_table(
        _("Why records are cleared or left out"), _("Target"), "", _("Reason"), _("Records"),
        _("for example"),
        numbers=range(3, 4),
    )  # fmt: skip
    ordered = sorted(reasons.items(), key=lambda one: -len(one[1]))
    for (target, what, reason), group in ordered[:MOST_REASONS]:
        example = group[0].name or group[0].key
        table.add_row(target_name(target), what, reason, in_thousands(len(group)), example)
    if rest := sum(len(group) for _reason, group in ordered[MOST_REASONS:]):
        others = _("others: `reifegrad push --dry-run --json`")
        table.add_row("…", "", others, in_thousands(rest), "")
    return table
