"""Options that the commands share, and the settings that a command begins with."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from config import Settings

Night = Annotated[
    datetime | None,
    typer.Option("--night", formats=["%Y-%m-%d"], help="The night in question; default: today's."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def settings_now() -> Settings:
    """Load the settings; tell where the home was open to others and is closed now."""
    from config import load_settings
    from config.language import _
    from config.rights import close_home

    settings = load_settings()
    if close_home(settings.home):
        told = _("{home} could be read by others; now only by its owner.")
        typer.echo(told.format(home=settings.home), err=True)
    return settings


def settings_of(night: datetime | None) -> Settings:
    """Settle of which night the command speaks: however long it takes, it stays that one."""
    from nights.dates import settle

    return settle(settings_now(), night.date() if night else None)


def prepare_terminal(*, verbose: bool) -> None:
    """Write files that only their owner reads, and log to the terminal: all, or warnings."""
    import logging
    import sys

    from config.rights import write_privately

    write_privately()
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s" if verbose else "! %(message)s",
        stream=sys.stderr,
    )
    if not verbose:  # their lines are those that the command prints
        for room in ("ingest", "expectations", "fetch", "proposals"):
            logging.getLogger(room).setLevel(logging.ERROR)
