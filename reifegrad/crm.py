"""`reifegrad push`, and `reifegrad crm …`: whether the CRM can take scores, and preparing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reifegrad.options import AsJson, Night, settings_now, settings_of
from reifegrad.terminal.printing import push_progress, say, say_json, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config import Settings
    from crm import Connector, CrmConfig

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
    if not steps:
        say(_("The CRM has all that we need already."))
    for step in steps:
        if step.is_done:
            say(f"✓ {step.says}")
    by_hand = [step.says for step in steps if not step.is_done]
    if by_hand:
        say(_("Left to you:"))
    for number, says in enumerate(by_hand, start=1):
        say(f"{number}. {says}")


@crm_app.command()
def forget(
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it is only told.")] = False,
) -> None:
    """Begin anew with another CRM, after a trial say: which records are ours is forgotten here.

    Nothing changes in any CRM. What was shown of whom stays in the push ledger.
    """
    from config.language import _
    from crm import count_known, forget_crm

    settings, config = _settings_with_crm()
    if not settings.warehouse.exists() or not any(known := count_known(settings, config.connector)):
        say(_("Nothing is known of a CRM ({connector}).").format(connector=config.connector))
        return
    if yes:
        forget_crm(settings, config.connector)
        told = _(
            "Forgotten of the CRM so far ({connector}): {parties} records of customers,"
            " {opportunities} of opportunities, {tasks} tasks. The next push looks for each"
            " customer anew: `reifegrad push --dry-run`."
        )
    else:
        told = _(
            "Would be forgotten of the CRM so far ({connector}): {parties} records of customers,"
            " {opportunities} of opportunities, {tasks} tasks. Nothing changes in any CRM."
            " To do so, call `reifegrad crm forget --yes`."
        )
    say(told.format(connector=config.connector, **known._asdict()))
    for line in _told_of_sources(settings, config):
        say(line)


def _told_of_sources(settings: Settings, config: CrmConfig) -> Iterator[str]:
    """Say what else speaks of the former CRM and is a person's to change."""
    from config.language import _
    from fetch import load_entries

    entries = [name for name, entry in load_entries(settings).items() if entry.kind == "crm"]
    if entries:
        told = _(
            "! What {entries} of fetch.yml has read so far is of the former CRM: give the entry"
            " another name, and its sources in sources.yml and crm.yml, so that all of the new one"
            " is read and the ids of the former are no longer used."
        )
        yield told.format(entries=", ".join(entries))
        return
    sources = [found.source for _target, found in config.records if found]
    if sources:
        told = _("! Is the source {sources} (crm.yml: records) the export of the new CRM?")
        yield told.format(sources=", ".join(sources))


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
    from crm import open_connector

    return open_connector(*_settings_with_crm())


def _settings_with_crm() -> tuple[Settings, CrmConfig]:
    from config import ConfigurationError
    from config.language import _
    from crm import load_config

    settings = settings_now()
    config = load_config(settings)
    if not config.has_crm:
        raise ConfigurationError(
            _("{file} says `connector: excel`: there is no CRM to look at.").format(
                file=settings.config / "crm.yml"
            )
        )
    return settings, config
