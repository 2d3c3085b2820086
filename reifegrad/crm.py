"""`reifegrad push`, and `reifegrad crm …`: whether the CRM can take scores, and preparing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reifegrad.options import AsJson, Night, settings_now, settings_of
from reifegrad.terminal.printing import push_progress, say, say_json, show

if TYPE_CHECKING:
    from crm import Connector

crm_app = typer.Typer(no_args_is_help=True)


@crm_app.command()
def check(json: AsJson = False) -> None:
    """Look at login, rights, our fields and limits in the CRM; nothing is written."""
    from nights.preflight import Finding
    from reifegrad.terminal.overview_tables import findings_table

    found = [
        Finding(
            check="crm",
            level="ok" if finding.is_well else "error",
            says=finding.says,
            todo=finding.todo,
        )
        for finding in _connector().check()
    ]
    if json:
        say_json([finding.model_dump(mode="json") for finding in found])
    else:
        show(findings_table(found))
    if any(finding.level == "error" for finding in found):
        raise typer.Exit(1)


@crm_app.command()
def setup() -> None:
    """Create our fields in the CRM, as far as its interface lets us; a second time does nothing.

    What is left to a person is printed as steps.
    """
    from config.language import _

    steps = _connector().setup()
    for step in steps:
        if step.is_done:
            say(f"✓ {step.says}")
    by_hand = [step.says for step in steps if not step.is_done]
    if by_hand:
        say(_("Left to you:"))
    for number, says in enumerate(by_hand, start=1):
        say(f"{number}. {says}")


def push(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would change.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write even more than config/crm.yml holds plausible.")
    ] = False,
    only: Annotated[
        str | None,
        typer.Option(help="Only this customer: a number, a key or a part of the name."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write over our fields that a person changed, too.")
    ] = False,
    json: AsJson = False,
    night: Night = None,
) -> None:
    """Show the scores in the CRM; only what changed is written."""
    from crm import to_json
    from nights.sales import push_scores

    settings = settings_of(night)
    with push_progress() as progress:
        changes = push_scores(
            settings,
            dry_run=dry_run,
            force=force,
            only=only,
            overwrite=overwrite,
            progress=progress,
        )
    if json:
        say(to_json(changes))
    else:
        from reifegrad.terminal.push_tables import changes_table, reasons_table

        show(changes_table(changes, dry_run=dry_run))
        if left_out := reasons_table(changes):
            show(left_out)


def _connector() -> Connector:
    from config import ConfigurationError
    from config.language import _
    from crm import load_config, open_connector

    settings = settings_now()
    config = load_config(settings)
    if not config.has_crm:
        raise ConfigurationError(
            _("{file} says `connector: excel`: there is no CRM to look at.").format(
                file=settings.config / "crm.yml"
            )
        )
    return open_connector(settings, config)
