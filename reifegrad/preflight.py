"""The look of the command line: what every night looks at, and the services around it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from config import Settings
from config.language import _
from nights.manifest import is_outdated
from nights.preflight import Finding, Purpose, listed
from nights.preflight import check_setup as check_night


def check_setup(settings: Settings, purpose: Purpose = "check") -> list[Finding]:
    """Look at what a night needs, then at the ports and at the nights in Airflow."""
    return [
        *check_night(settings, purpose),
        *_ports(settings, purpose),
        *_airflow(settings),
    ]


def _ports(settings: Settings, purpose: Purpose) -> Iterator[Finding]:
    """Look whether the services could start.

    A night by hand starts none; the demo ends what a killed start left behind before
    it looks for itself, ahead of the first start.
    """
    from config import ConfigurationError
    from reifegrad.services import processes

    if purpose != "check":
        return
    try:
        wanted = processes.all_services(settings)
    except ConfigurationError:
        return  # told already
    taken = False
    for service in wanted:
        if processes.is_running(settings, service.name):
            continue
        try:
            for port in service.ports:
                processes.require_free_port(port, service.setting)
        except processes.ServiceError as error:
            taken = True
            yield Finding(check="ports", level="error", says=f"{service.name}: {error}")
    if not taken:
        ports = ", ".join(str(port) for service in wanted for port in service.ports)
        says = _("The ports {ports} are free or ours.").format(ports=ports)
        yield Finding(check="ports", level="ok", says=says)


def _airflow(settings: Settings) -> Iterator[Finding]:
    """Look for a night that still runs or waits in Airflow: a new one would queue behind it."""
    from reifegrad.services import processes

    if not processes.is_running(settings, "airflow"):
        return
    if is_outdated():  # a start would make it anew
        says = _("dbt_project/ changed: Airflow can't read the nightly DAG and starts no night.")
        todo = _("Call `make setup`; within five minutes Airflow reads it again.")
        yield Finding(check="airflow", level="warning", says=says, todo=todo)
    from requests import RequestException

    from reifegrad.services.airflow_api import FINISHED, AirflowApi, AirflowError
    from reifegrad.services.passwords import airflow_password

    try:
        api = AirflowApi(settings, airflow_password(settings))
        runs = api.runs_since(datetime.now(UTC) - timedelta(days=2))
    except (AirflowError, RequestException):  # never the answer: it may hold what was sent
        says = _("Airflow runs but does not let us ask for its nights.")
        todo = _("Look into {log}.").format(log=processes.log_file(settings, "airflow"))
        yield Finding(check="airflow", level="warning", says=says, todo=todo)
        return
    open_runs = [run for run in runs if run.state not in FINISHED]
    if not open_runs:
        yield Finding(check="airflow", level="ok", says=_("No night runs or waits in Airflow."))
        return
    yield Finding(
        check="airflow",
        level="warning",
        says=_("In Airflow there still runs or waits: {runs}.").format(
            runs=listed([f"{run.dag_id} ({run.state})" for run in open_runs])
        ),
        todo=_("A new night begins when it is done; in Airflow's page you can end it."),
    )
