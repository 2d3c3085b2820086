"""The command `reifegrad`: each station by hand, the whole night, and the services around it."""

from __future__ import annotations

import getpass
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from reifegrad.crm import crm_app, push
from reifegrad.fetching import fetch
from reifegrad.groups import identity_app, sources_app
from reifegrad.listing import lists
from reifegrad.models import models_app
from reifegrad.options import AsJson, Night, prepare_terminal, settings_now, settings_of
from reifegrad.proposals import deliver, proposals_app, propose
from reifegrad.spoken import SpokenGroup
from reifegrad.terminal.printing import progress_bar, say, say_json, show

app = typer.Typer(
    cls=SpokenGroup,
    name="reifegrad",
    help="Scattered customer files in the evening, scores with reasons in the CRM in the morning.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
STATIONS, NIGHTS, SERVICES = "Stations, in their order", "Nights", "Services"
app.add_typer(
    sources_app,
    name="sources",
    help="What comes into the inbox: config/sources.yml.",
    rich_help_panel=NIGHTS,
)
app.add_typer(
    identity_app,
    name="identity",
    help="What people decide of records: one customer or two.",
    rich_help_panel=NIGHTS,
)
app.add_typer(
    models_app,
    name="models",
    help="The scores' specs: models/*.yml, and what people decide of the models in force.",
    rich_help_panel=NIGHTS,
)
app.add_typer(
    proposals_app,
    name="proposals",
    help="What waits for a person's release; without a command the table of it.",
    rich_help_panel=NIGHTS,
)
app.command(rich_help_panel=STATIONS)(fetch)
app.add_typer(
    crm_app,
    name="crm",
    help="The CRM: what is missing there, and our fields in it.",
    rich_help_panel=NIGHTS,
)


@app.callback()
def options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tell each step.")] = False,
) -> None:
    """Scattered customer files in the evening, scores with reasons in the CRM in the morning."""
    prepare_terminal(verbose=verbose)


@app.command(rich_help_panel=NIGHTS)
def start(
    folder: Annotated[Path, typer.Argument(help="With the files; they are copied, not moved.")],
    company: Annotated[
        str | None, typer.Option(help="Name of the firm; else it is asked for.")
    ] = None,
) -> None:
    """Begin with a company's own files: understand them, write its settings, load them."""
    from config import ConfigurationError
    from config.language import _
    from reifegrad.start import known_company, own_settings
    from reifegrad.start import start as begin
    from reifegrad.terminal.start_tables import start_tables

    settings = settings_now()
    name = known_company(own_settings(settings, folder)) or company
    if name is None and sys.stdin.isatty():
        name = typer.prompt(_("Name of the company"))
    if name is None:
        raise ConfigurationError(_("Say the firm's name: --company 'Name'."))
    with progress_bar() as progress:
        begun = begin(settings, folder, name, progress)
    show(*start_tables(begun))


@app.command(rich_help_panel=STATIONS)
def sample(
    customers: Annotated[int, typer.Option(help="Firms that ever ordered.")] = 300,
    months: Annotated[int, typer.Option(help="How far back the files go.")] = 30,
    seed: Annotated[int, typer.Option(help="Another seed is another company.")] = 1,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day of data; default: the day before."),
    ] = None,
) -> None:
    """Put the files of a fictitious company into the inbox, and the truth beside it."""
    from reifegrad import stations

    last_day = until.date() if until else None
    say(stations.make_sample(settings_now(), customers, months, seed, last_day))


@app.command(rich_help_panel=STATIONS)
def ingest(
    accept: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Release a file that is held back, then read the inbox."),
    ] = None,
    reject: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Turn down a file that is held back."),
    ] = None,
    night: Night = None,
) -> None:
    """Read the inbox into raw; what can't be read goes to quarantine with its reason."""
    from reifegrad import stations

    settings = settings_of(night)
    if accept or reject:
        from ingest.loading.held import decide_files

        decide_files(settings, accept or (), reject or (), getpass.getuser())
    with progress_bar() as progress:
        for line in stations.ingest_all(settings, progress):
            say(line)


@app.command(rich_help_panel=STATIONS)
def build(
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Make everything anew, changed or not.")
    ] = False,
    night: Night = None,
) -> None:
    """Build and test staging, customers and marts with dbt; what did not change is kept."""
    from reifegrad import stations

    say(stations.build(settings_of(night), full_refresh=full_refresh))


@app.command(rich_help_panel=STATIONS)
def audit(night: Night = None) -> None:
    """Check what must always hold of the marts."""
    from reifegrad import stations

    say(stations.audit(settings_of(night)))


@app.command(rich_help_panel=STATIONS)
def publish(night: Night = None) -> None:
    """Copy the marts to the file that analysts open."""
    from reifegrad import stations

    say(stations.publish(settings_of(night)))


@app.command(rich_help_panel=STATIONS)
def assess(
    json: AsJson = False,
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            help="Tell which stages would be reached and write nothing:"
            " customers.industry=90%, leads=500, orders.ordered_on=0d. Repeat it for more."
        ),
    ] = None,
    night: Night = None,
) -> None:
    """Measure which stage the data of each use case have reached, and what would raise it."""
    from config import ConfigurationError
    from expectations import assess as measure
    from expectations import look_ahead
    from reifegrad.terminal.overview_tables import outlooks_table, stages_table
    from report.overview import with_missing

    settings = settings_of(night)
    assessments = [] if what_if else measure(settings)
    ahead = look_ahead(settings, what_if) if what_if else []
    found = [each.model_dump(mode="json") for each in (*assessments, *ahead)]
    if json:
        say_json(found)
    elif what_if:
        show(outlooks_table(found, settings.language))
    else:
        show(stages_table(with_missing(settings, found), settings.language))
    for assessment in assessments:
        if assessment.cause == "unmeasured":
            raise ConfigurationError(getattr(assessment, f"cause_{settings.language}"))


@app.command(rich_help_panel=STATIONS)
def report(night: Night = None) -> None:
    """Write the maturity report: one page that shows the stages and what blocks the next ones."""
    from reifegrad import stations

    say(stations.report(settings_of(night)))


@app.command(rich_help_panel=STATIONS)
def train(
    scores: Annotated[
        list[str] | None, typer.Argument(help="Names in models/; default: all at stage 3.")
    ] = None,
    night: Night = None,
) -> None:
    """Train the scores at stage 3; a candidate that passes its gates becomes champion."""
    from reifegrad import stations

    for line in stations.train(settings_of(night), scores or None):
        say(line)


@app.command(rich_help_panel=STATIONS)
def score(night: Night = None) -> None:
    """Score customers and leads by the method of their stage."""
    from reifegrad import stations

    for line in stations.score(settings_of(night)):
        say(line)


@app.command(rich_help_panel=STATIONS)
def watch(night: Night = None) -> None:
    """Compare earlier scores with what happened, look for drift, write the page on scores."""
    from reifegrad import stations

    for line in stations.watch(settings_of(night)):
        say(line)


app.command(rich_help_panel=STATIONS)(propose)
app.command(rich_help_panel=STATIONS)(deliver)
app.command(rich_help_panel=STATIONS)(lists)
app.command(rich_help_panel=STATIONS)(push)


@app.command(rich_help_panel=NIGHTS)
def check(json: AsJson = False) -> None:
    """Look whether a night would succeed: configuration, inbox, CRM, disk, rights, ports."""
    from reifegrad.preflight import check_setup

    found = check_setup(settings_now())
    if json:
        say_json([finding.model_dump(mode="json") for finding in found])
    else:
        from reifegrad.terminal.overview_tables import findings_table

        show(findings_table(found))
    if any(finding.level == "error" for finding in found):
        raise typer.Exit(1)


@app.command(rich_help_panel=NIGHTS)
def run(night: Night = None) -> None:
    """Run the whole night without Airflow: ingest to push, training when it is due."""
    from reifegrad import stations

    settings = settings_of(night)
    with progress_bar() as progress:
        for line in stations.run_night(settings, progress):
            say(line)
    from reifegrad.services.places import files_to_look_at

    show(files_to_look_at(settings))


@app.command(rich_help_panel=NIGHTS)
def status(json: AsJson = False) -> None:
    """Show files, quarantine, stages, scores, the last push, and services that fail."""
    from report.overview import read_overview

    settings = settings_now()
    overview = read_overview(settings.model_copy(update={"lock_wait_seconds": 1}))
    if json:
        say(overview.model_dump_json(indent=2))
    else:
        from reifegrad.terminal.overview_tables import tables

        show(*tables(overview, settings))
    from reifegrad.services.processes import ServiceError, failing

    if problem := failing(settings):
        raise ServiceError(problem)


@app.command(rich_help_panel=NIGHTS)
def customer(
    asked: Annotated[
        str,
        typer.Argument(help="Words of its name, its id or a record id.", show_default=False),
    ],
    json: AsJson = False,
) -> None:
    """Show a customer: where its data come from, why its records are one, what happened."""
    from reifegrad.stations import customer as look_up
    from reifegrad.terminal.customer_tables import choice_table, customer_tables

    settings = settings_now()
    found, held = look_up(settings, asked)
    if held:
        typer.echo(held, err=True)
    if isinstance(found, list):
        fitting = [choice.model_dump(mode="json") for choice in found]
        if json:
            say_json({"customers": fitting})
        else:
            show(choice_table(found))
    elif json:
        say(found.model_dump_json(indent=2))
    else:
        show(*customer_tables(found))


@app.command(rich_help_panel=NIGHTS)
def demo(
    customers: Annotated[int, typer.Option(help="Size of the sample company.")] = 300,
    months: Annotated[int, typer.Option(help="How far back its files go.")] = 30,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running and return.")
    ] = False,
    timeout: Annotated[int, typer.Option(help="Give up after so many seconds.")] = 1800,
    night: Night = None,
) -> None:
    """Run one whole night in the real scheduler, on the inbox's files or a sample company."""
    from reifegrad.demo import run_demo

    run_demo(
        settings_now(),
        customers,
        months,
        keep=keep,
        timeout=timeout,
        night=night.date() if night else None,
    )


@app.command(rich_help_panel=SERVICES)
def up() -> None:
    """Start CRM, MLflow and Airflow and leave them running."""
    from reifegrad.demo import start_everything

    start_everything(settings_now())


@app.command(rich_help_panel=SERVICES)
def down() -> None:
    """Stop CRM, MLflow and Airflow, whatever is left of them."""
    from reifegrad.demo import stop_everything

    stop_everything(settings_now())


@app.command(rich_help_panel=SERVICES)
def docs() -> None:
    """Write tables, columns and lineage of the warehouse as one page."""
    from reifegrad import stations

    say(stations.document(settings_now()))


@app.command(rich_help_panel=SERVICES)
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 9494,
) -> None:
    """Serve the published warehouse to remote analysts (DuckDB's Quack protocol), read-only."""
    from reifegrad import stations

    for line in stations.serve(settings_now(), host, port):
        say(line)


@app.command(rich_help_panel=SERVICES)
def setup_crm() -> None:
    """Build the demo CRM's own environment and its web client."""
    from crm.embedded import install

    install()


@app.command(rich_help_panel=SERVICES)
def setup_airflow() -> None:
    """Prepare Airflow's database, pool and password where its parts run apart (containers)."""
    from reifegrad.services.airflow_setup import prepare_airflow

    prepare_airflow(settings_now())


def main() -> None:
    """Run the command; a failure is one line on stderr and exit code 1."""
    try:
        app()
    except Exception as error:
        from nights.failures import is_named, one_line, record_unexpected

        told = one_line(error) if is_named(error) else record_unexpected(error, sys.argv[1:])
        typer.echo(told, err=True)
        sys.exit(1)
