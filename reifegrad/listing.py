"""The command `reifegrad lists`, and what the night tells of the lists of the day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from config.language import _
from reifegrad.options import Night, settings_of
from reifegrad.terminal.printing import say

if TYPE_CHECKING:
    from config import Settings
    from nights.mailing import Mailed
    from report.calls import Lists


def lists(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell how long each list would be.")
    ] = False,
    mail: Annotated[
        bool, typer.Option("--mail", help="Send them, too, to whom config/lists.yml names.")
    ] = False,
    night: Night = None,
) -> None:
    """Write the lists of the day: whom to call and why, a file per account manager."""
    for line in write_and_tell(settings_of(night), dry_run=dry_run, mail=mail):
        say(line)


def write_and_tell(
    settings: Settings, *, dry_run: bool = False, mail: bool = False
) -> Iterator[str]:
    """Write the lists, a line per account manager; send them where that is wanted."""
    from report.calls import write_call_lists
    from warehouse import require_marts

    require_marts(settings)
    yield from say_lists(settings, write_call_lists(settings, dry_run=dry_run))
    if mail or dry_run:
        from nights.mailing import mail_call_lists

        yield from say_mails(settings, mail_call_lists(settings, dry_run=dry_run))


def say_mails(_settings: Settings, done: Iterable[Mailed]) -> Iterator[str]:
    """Tell who got which list as a mail, or would get it."""
    said = {
        "sent": _("{title}: sent to {to}"),
        "would be sent": _("{title}: would be sent to {to}"),
        "sent before": _("{title}: was sent to {to} before"),
        "no address": _("{title}: no mail, since lists.yml names no address"),
    }
    for one in done:
        yield said[one.state].format(title=one.title, to=", ".join(one.addresses))


def say_lists(_settings: Settings, done: Lists) -> Iterator[str]:
    """Tell what people had answered, how long each list is and what stands on none."""
    for answered in done.answered:
        if answered.taken:
            told = _("{file}: answers taken over: {count}")
            yield told.format(file=answered.path.name, count=answered.taken)
        if answered.refused:
            told = _(
                "! {file}: answers not taken over: {count}. The reasons stand on the next list"
            )
            yield told.format(file=answered.path.name, count=len(answered.refused))
    for one in done.written:
        told = _("{title}: {count} of {candidates} customers")
        yield told.format(
            title=one.title, count=len(one.found.calls), candidates=one.found.candidates
        )
        if one.problem:
            yield f"! {one.problem}"
    if not done.written:
        yield _(
            "No list of the day: nobody has a hint. After an upgrade call `reifegrad build` first."
        )
    for path in done.removed:
        yield _("{file} is gone: nobody of that name has customers any more").format(file=path.name)
    if done.homeless:
        told = _("Open leads on no list, since nobody knows their customer: {count}")
        yield told.format(count=done.homeless)
    if paths := [one.path for one in done.written if one.path]:
        yield _("Lists of the day: {path}").format(path=paths[0].parent)
