"""Commands with commands of their own: `reifegrad sources …` and `reifegrad identity …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from reifegrad.options import settings_now
from reifegrad.terminal.printing import progress_bar, say, show

sources_app = typer.Typer(no_args_is_help=True)
identity_app = typer.Typer(no_args_is_help=True)


@sources_app.command()
def suggest(
    file: Annotated[
        Path,
        typer.Argument(exists=True, metavar="FILE|DIR", help="In the inbox or not."),
    ],
    write: Annotated[
        bool, typer.Option("--write", help="Append it to sources.yml; else nothing is written.")
    ] = False,
    language: Annotated[
        Literal["de", "en"] | None, typer.Option(help="Of the comments; default: the setting.")
    ] = None,
) -> None:
    """Propose entries in sources.yml for an unknown file, or for a folder of them with a preview.

    Unsure columns are left to a person.
    """
    from config.language import _
    from ingest.suggesting.one_file import suggest as propose

    settings = settings_now()
    if file.is_dir():
        _suggest_folder(file, language, write=write)
        return
    suggestion = propose(settings, file, language or settings.language, write=write)
    say(suggestion.text.rstrip("\n"))
    if suggestion.written:
        told = _(
            "Written into {file}: {names}. Columns that wait for your decision (#, ?): {count}."
        )
        place, names = settings.config / "sources.yml", ", ".join(suggestion.written)
        typer.echo(told.format(file=place, names=names, count=suggestion.to_decide), err=True)


def _suggest_folder(folder: Path, language: Literal["de", "en"] | None, *, write: bool) -> None:
    from config import ConfigurationError
    from config.language import _
    from ingest.suggesting.one_file import append_sources
    from ingest.suggesting.trial import try_out
    from reifegrad.start import own_settings
    from reifegrad.terminal.suggest_tables import suggest_tables

    given = settings_now()
    settings = own_settings(given, folder)
    if write and settings.config != given.config:
        told = _("This home has no settings of its own yet. Begin with: reifegrad start {folder}")
        raise ConfigurationError(told.format(folder=folder))
    with progress_bar() as progress:
        trial = try_out(settings, folder, progress)
    if write and trial.suggestion.proposals:
        append_sources(settings, trial.suggestion.proposals, language or settings.language)
    show(*suggest_tables(trial, settings, folder, is_written=write))


Record = Annotated[str, typer.Argument(help="Record id, <source>:<key>.", show_default=False)]


@identity_app.command(name="import")
def import_decisions(
    file: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="Default: the lists in review/."),
    ] = None,
) -> None:
    """Take over what people filled in in the review list; each build does so too."""
    from reifegrad import stations

    for line in stations.import_decisions(settings_now(), file):
        say(line)


@identity_app.command()
def decide(
    a: Record,
    b: Record,
    verdict: Annotated[Literal["same", "different"], typer.Argument(help="What they are.")],
) -> None:
    """Decide that two company records are the same customer, or different ones, for good."""
    from reifegrad import stations

    say(stations.decide(settings_now(), (a, b), verdict))


@identity_app.command()
def undo(a: Record, b: Record) -> None:
    """Take back what was decided of two company records."""
    from reifegrad import stations

    say(stations.undo(settings_now(), (a, b)))
