"""The command `reifegrad fetch`, and what is said of each source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from config.language import _, in_thousands
from reifegrad.options import AsJson, settings_now
from reifegrad.terminal.printing import say, say_json

if TYPE_CHECKING:
    from config import Settings
    from fetch import Fetched

FILES_NAMED = 3


def fetch(
    names: Annotated[
        list[str] | None, typer.Argument(help="Entries of config/fetch.yml; default: all.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would come; nothing is written.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Bring what is new in databases, APIs, folders and mailboxes into the inbox."""
    from crm import read_objects
    from fetch import fetch_all
    from fetch.errors import FetchesFailedError

    settings = settings_now()

    def tell(one: Fetched) -> None:
        for line in () if json else told(settings, [one]):
            say(line)

    fetched = fetch_all(
        settings, names or (), dry_run=dry_run, crm_reader=read_objects, on_entry=tell
    )
    if json:
        say_json([one.to_json() for one in fetched])
    elif not fetched:
        say(
            _("{file} names no source; docs/how-to/fetch.md says how.").format(
                file=settings.config / "fetch.yml"
            )
        )
    if failed := failed_names(fetched):
        raise FetchesFailedError(failed)


def failed_names(fetched: Iterable[Fetched]) -> str | None:
    """Say which sources could not be fetched; None if all could."""
    names = ", ".join(one.name for one in fetched if one.problem)
    return _("Not fetched, see above: {names}").format(names=names) if names else None


def told(settings: Settings, fetched: Iterable[Fetched]) -> Iterator[str]:
    """Tell each source in a line: what came, since when, how long it took; then what to look at."""
    for one in fetched:
        yield f"! {one.name}: {_failed(settings, one)}" if one.problem else _came(one)
        yield from (f"  {note}" for note in one.notes)


def _came(one: Fetched) -> str:
    how = [_("rows: {rows}").format(rows=in_thousands(one.rows))] if one.rows else []
    if one.since:
        how.append(_("since {since}").format(since=one.since))
    took = ", ".join([*how, _("{seconds:.1f} s").format(seconds=one.seconds)])
    if not one.files:
        return _("{name}: nothing new ({how})").format(name=one.name, how=took)
    files, more = ", ".join(one.files[:FILES_NAMED]), len(one.files) - FILES_NAMED
    if more > 0:
        files = _("{files} and {more} more").format(files=files, more=in_thousands(more))
    return f"{one.name}: {files} ({took})"


def _failed(settings: Settings, one: Fetched) -> str:
    """Say why, and how old what stands of it is."""
    from reifegrad.terminal.overview_tables import local_time

    text = str(one.problem).rstrip(".") + "."
    if one.files:
        text += " " + _("Before that there came: {files}.").format(
            files=", ".join(one.files[:FILES_NAMED])
        )
    if one.fetched_at:
        return (
            text
            + " "
            + _("What is there is of {time}.").format(time=local_time(settings, one.fetched_at))
        )
    return text + " " + _("It has never been fetched yet.")
