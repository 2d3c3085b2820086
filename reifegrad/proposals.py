"""`reifegrad propose`, `deliver` and `proposals …`: proposals, and what people decide of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from config.language import _
from reifegrad.options import AsJson, Night, settings_now, settings_of
from reifegrad.terminal.printing import say, say_json, show

if TYPE_CHECKING:
    from config import Settings
    from proposals import Handed, Proposed, Taken, WrittenList

proposals_app = typer.Typer(invoke_without_command=True)
Ids = Annotated[list[str], typer.Argument(help="Ids as the table shows them.", show_default=False)]
By = Annotated[str | None, typer.Option(help="Who decides; default: the user of this machine.")]


def propose(night: Night = None) -> None:
    """Propose what each use case does at the stage of its data, and list what is to be released."""
    from desk import keep_questions, take_kept
    from proposals import ProposingError, take_releases, write_page, write_release_list
    from proposals import propose as make
    from warehouse import require_marts

    settings = settings_of(night)
    require_marts(settings)
    take_kept(settings)
    _say(say_taken(settings, take_releases(settings)))
    try:
        results, failed = make(settings), None
    except ProposingError as error:
        results, failed = error.results, error
    _say(say_proposed(settings, results))
    _say(say_release_list(settings, write_release_list(settings)))
    write_page(settings)
    keep_questions(settings)
    if failed:
        raise failed


def deliver(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would go where.")
    ] = False,
    night: Night = None,
) -> None:
    """Take over filled release lists, and hand over what people released."""
    from desk import keep_questions, take_kept
    from proposals import (
        HandOverError,
        hand_over,
        take_releases,
        write_page,
        write_release_list,
    )
    from warehouse import require_marts

    settings = settings_of(night)
    require_marts(settings)
    if dry_run:
        _say(say_handed(settings, hand_over(settings, dry_run=True)))
        return
    take_kept(settings)
    _say(say_taken(settings, take_releases(settings)))
    try:
        handed, failed = hand_over(settings), None
    except HandOverError as error:
        handed, failed = error.handed, error
    _say(say_handed(settings, handed))
    _say(say_release_list(settings, write_release_list(settings)))
    write_page(settings)
    keep_questions(settings)
    if failed:
        raise failed


@proposals_app.callback()
def waiting(context: typer.Context, json: AsJson = False) -> None:
    """List what waits for a person's release, and what is released and not handed over yet."""
    from proposals.reading import read_waiting
    from reifegrad.terminal.proposal_tables import waiting_table

    if context.invoked_subcommand:
        return
    settings = settings_now()
    found = read_waiting(settings)
    if json:
        say_json([one.model_dump(mode="json") for one in found])
    elif found:
        show(waiting_table(found, settings.language))
    else:
        say(_("Nothing waits for a release."))


@proposals_app.command(name="show")
def show_one(
    proposal: Annotated[str, typer.Argument(help="Its id.", show_default=False)],
    json: AsJson = False,
) -> None:
    """Show one proposal: to whom, why, on which legal basis, and the text that would go out."""
    from proposals.reading import read_one
    from reifegrad.terminal.proposal_tables import proposal_table

    settings = settings_now()
    found = read_one(settings, proposal)
    if json:
        say_json(found.model_dump(mode="json"))
    else:
        show(proposal_table(found, settings))


@proposals_app.command()
def release(
    proposals: Ids,
    by: By = None,
    why: Annotated[str, typer.Option(help="A remark, for the record.")] = "",
) -> None:
    """Release proposals as they are now; texts need two different people."""
    _decide(proposals, by, why, is_released=True)


@proposals_app.command()
def reject(
    proposals: Ids,
    why: Annotated[str, typer.Option(help="The reason, for the record.")] = "",
    reason: Annotated[
        str | None,
        typer.Option(help="One of reject_reasons in config/proposals.yml, such as not_true."),
    ] = None,
    by: By = None,
) -> None:
    """Reject proposals: they do not come back on the same occasion."""
    if not (why or reason):
        raise typer.BadParameter(_("Say why: --why TEXT or --reason KEY."))
    _decide(proposals, by, why, is_released=False, reason=reason)


def _decide(
    proposals: list[str],
    by: str | None,
    why: str,
    *,
    is_released: bool,
    reason: str | None = None,
) -> None:
    from getpass import getuser

    from proposals.reading import decide

    person = by or getuser()
    taken = decide(
        settings_now(), proposals, person, why, is_released=is_released, reject_reason=reason
    )
    told = _("{count} released by {person}") if is_released else _("{count} rejected by {person}")
    say(told.format(count=taken, person=person))


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def say_taken(_settings: Settings, taken: Iterable[Taken]) -> Iterator[str]:
    """Tell what was taken over from each filled list, and what not."""
    for one in taken:
        if one.new:
            told = _("{file}: decisions taken over: {count}")
            yield told.format(file=one.path.name, count=one.new)
        for line in one.refused:
            yield f"! {line}"


def say_proposed(_settings: Settings, results: Iterable[Proposed]) -> Iterator[str]:
    """Tell what each action proposes, or why not."""
    from proposals.proposing import tell

    for one in results:
        yield f"! {tell(one)}" if one.problem else tell(one)


def say_handed(_settings: Settings, handed: Handed) -> Iterator[str]:
    """Tell what went where, and what is held back."""
    from proposals.handing_over import tell

    yield from tell(handed)


def say_release_list(_settings: Settings, written: WrittenList | Any) -> Iterator[str]:  # noqa: ANN401
    """Tell what waits for people, and where."""
    if written.waiting:
        told = _("Waiting for a release: {count}, see {path}")
        yield told.format(count=written.waiting, path=written.path)
    if written.is_filled:
        told = _("! {path} was filled in meanwhile; the next run takes it over.")
        yield told.format(path=written.path)
