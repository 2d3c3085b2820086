"""One whole night to look at: files, services, the real scheduler, and what came of it."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from rich.console import Console

from config import Settings
from config.language import _
from nights.airflow import WAREHOUSE_POOL, WAREHOUSE_POOL_NOTE
from nights.dates import settle
from nights.manifest import renew_manifest
from nights.steps import DAG_IDS
from reifegrad import stations
from reifegrad.services import processes
from reifegrad.services.airflow_api import AirflowApi
from reifegrad.services.following import LOOK_SECONDS, NightFailedError, Step, follow
from reifegrad.services.passwords import airflow_password
from reifegrad.services.places import places
from reifegrad.terminal.overview_tables import console as make_console
from reifegrad.terminal.overview_tables import tables
from report.overview import read_overview

READY_SECONDS: Final = 300.0
HEALTH_SECONDS: Final = 30.0
ALL_SERVICES: Final = ("airflow", "crm", "mlflow")


def run_demo(
    settings: Settings,
    customers: int,
    months: int,
    *,
    keep: bool,
    timeout: float,
    night: date | None = None,
) -> None:
    """Run one night on the inbox's files, or on a sample company if there are none.

    Raises:
        ConfigurationError: `night` is yet to come.
        ServiceError: a service can't start or died.
        NightFailedError: a task failed, or the night took longer than `timeout` seconds.

    """
    console = make_console()
    started = time.monotonic()
    settled = settle(settings, night)  # not for the services, which live on
    for line in stations.check(settings, "demo"):
        console.print(line, markup=False)
    renew_manifest()  # whoever edits a model and calls the demo sees it
    begun = datetime.now(UTC)
    with _own_services(settings, console, keep=keep) as ours:
        _fill_inbox(settled, console, customers, months)
        _fill_crm(settings, console)
        api = _sign_in(settings, console)
        check = _watch(settings)
        if "airflow" in ours:
            give_up_older(settings, console, api, begun)
        wait_for_older(settings, console, api, check, timeout)
        since = datetime.now(UTC)
        api.trigger(DAG_IDS[0], night)
        with _status(console, _("The night is running …")):
            for step in follow(settings, api, since, timeout, check):
                _tell(console, step, time.monotonic() - started)
        _summarise(settings, console, since, time.monotonic() - started)
        if keep:
            console.print(_("Everything keeps running. `make down` stops it."))
        elif sys.stdin.isatty():
            console.print(_("Everything keeps running. Ctrl-C stops everything."))
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()


def start_everything(settings: Settings) -> None:
    """Start what does not run yet and wait until it answers.

    Raises:
        ServiceError: a service can't start or died.

    """
    console = make_console()
    renew_manifest()
    _start(settings, console, [])
    _sign_in(settings, console)
    for service in processes.all_services(settings):
        with _status(console, _("waiting for {name} …").format(name=service.name)):
            processes.wait_until_ready(settings, service, READY_SECONDS)
        console.print(_("{name} answers").format(name=service.name))
    console.print(places(settings, secretly=not console.is_terminal))
    console.print(_("Everything keeps running. `make down` stops it."))


def stop_everything(settings: Settings) -> None:
    """Stop every service, whatever is left of it."""
    stopped = processes.stop(settings, *ALL_SERVICES)
    told = (
        _("Stopped: {names}").format(names=", ".join(stopped))
        if stopped
        else _("Nothing was running.")
    )
    make_console().print(told)


@contextlib.contextmanager
def _own_services(settings: Settings, console: Console, *, keep: bool) -> Iterator[list[str]]:
    """Start the services that do not run, yield their names, and stop these on the way out.

    Also on Ctrl-C, when the terminal is closed, and on a failure.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # SIGINT: a shell's `&` mutes it
        signal.signal(number, signal.default_int_handler)
    started: list[str] = []
    is_done = False
    try:
        _start(settings, console, started)
        yield started
        is_done = True
    except KeyboardInterrupt:
        console.print()
    finally:
        if started and not (keep and is_done):
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not cut this short
            processes.stop(settings, *started)
            console.print(_("Stopped: {names}").format(names=", ".join(started)))
            if is_done:
                console.print(_("`make up` starts everything again."))
    if not is_done:
        sys.exit(130)


def _start(settings: Settings, console: Console, started: list[str]) -> None:
    """Start all services at once and note their names in `started`.

    A port in use is found before the first one starts.
    """
    wanted = processes.all_services(settings)
    if processes.is_running(settings, "airflow") and (sick := processes.sick_parts(settings)):
        console.print(
            _("{name} is started again, no sign of life from: {parts}").format(
                name="airflow", parts=", ".join(sick)
            )
        )
        processes.stop(settings, "airflow")
    for service in wanted:
        if not processes.is_running(settings, service.name):
            processes.stop(settings, service.name)  # what a killed start left behind
            for port in service.ports:
                processes.require_free_port(port, service.setting)
    for service in wanted:
        is_new = not processes.is_running(settings, service.name)
        if is_new:
            started.append(service.name)  # before it starts: a Ctrl-C may come in between
            processes.start(settings, service)
        told = _("{name} starts (port {port})") if is_new else _("{name} is running already")
        console.print(told.format(name=service.name, port=service.ports[0]))


def _fill_inbox(settings: Settings, console: Console, customers: int, months: int) -> None:
    files = [path for path in settings.inbox.rglob("*") if path.is_file()]
    if files:
        console.print(
            _("{files} files are already in {inbox}").format(files=len(files), inbox=settings.inbox)
        )
        return
    console.print(stations.make_sample(settings, customers, months, seed=1, until=None))


def _fill_crm(settings: Settings, console: Console) -> None:
    """Give the sample company the CRM that it keeps; Airflow is still starting meanwhile."""
    from crm.sample_crm import fill_sample_crm, is_due

    if settings.crm_url or not is_due(settings):
        return
    crm = processes.crm_service(settings)
    with _status(console, _("waiting for {name} …").format(name=crm.name)):
        processes.wait_until_ready(settings, crm, READY_SECONDS)
    with _status(console, _("The CRM gets the sample company's own records …")):
        filled = fill_sample_crm(settings)
    if filled:
        told = _("The CRM holds {parties} companies and {opportunities} deals of its own export")
        console.print(told.format(**filled._asdict()))


def _sign_in(settings: Settings, console: Console) -> AirflowApi:
    """Wait until Airflow answers and knows all DAGs."""
    airflow = processes.airflow_service(settings)
    with _status(console, _("waiting for {name} …").format(name="airflow")):
        processes.wait_until_ready(settings, airflow, READY_SECONDS)
        api = AirflowApi(settings, airflow_password(settings))
        api.ensure_pool(WAREHOUSE_POOL, 1, WAREHOUSE_POOL_NOTE)
        deadline = time.monotonic() + READY_SECONDS
        while not api.dag_ids().issuperset(DAG_IDS):
            if errors := api.import_errors():
                raise NightFailedError(_("A DAG can't be read: {error}").format(error=errors[0]))
            processes.require_running(settings, "airflow")
            if time.monotonic() > deadline:
                log = processes.log_file(settings, "airflow")
                raise NightFailedError(
                    _("Airflow does not find the DAGs; its log is {log}").format(log=log)
                )
            time.sleep(1)
    return api


def give_up_older(settings: Settings, console: Console, api: AirflowApi, begun: datetime) -> None:
    """Let the nights fail that an interruption before `begun` left: their workers are gone.

    Else Airflow would take them up again, and the new one would queue behind them.
    """
    left = {run: asked for run, asked in api.active_since().items() if asked < begun}
    for run in left:
        api.give_up(run)
    if left:
        console.print(
            _("The night of {time} had been interrupted; a new one begins").format(
                time=_local(settings, min(left.values()))
            )
        )


def wait_for_older(
    settings: Settings,
    console: Console,
    api: AirflowApi,
    check: Callable[[], None],
    timeout: float,
) -> None:
    """Wait until no other night runs, and say once for which.

    Raises:
        NightFailedError: it did not end within `timeout` seconds.

    """
    deadline = time.monotonic() + timeout
    is_told = False
    while active := api.active_since():
        night = _local(settings, min(active.values()))
        if not is_told:
            console.print(
                _("waits for the night of {time}, which is still running").format(time=night)
            )
            is_told = True
        if time.monotonic() > deadline:
            message = _("The night of {time} did not end within {seconds:.0f} s.")
            raise NightFailedError(message.format(time=night, seconds=timeout))
        check()
        time.sleep(LOOK_SECONDS)


def _watch(settings: Settings) -> Callable[[], None]:
    """Make the check of a running night: every service lives, and every part of Airflow."""
    looked = time.monotonic()

    def check() -> None:
        nonlocal looked
        for service in processes.all_services(settings):
            processes.require_running(settings, service.name)
        if time.monotonic() - looked > HEALTH_SECONDS:
            looked = time.monotonic()
            processes.require_healthy(settings)

    return check


def _local(settings: Settings, moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(settings.timezone)):%H:%M}"


def _tell(console: Console, step: Step, seconds: float) -> None:
    task = step.task
    took = "" if task.seconds is None else f"{task.seconds:4.0f} s"
    line = f"{_clock(seconds)}  {task.dag_id:<22}{task.task_id.removeprefix('build_models.'):<38}"
    if step.reason or task.state != "success":
        reason = step.reason or _("its process was ended")
        console.print(line + _("is tried again: {reason}").format(reason=reason), markup=False)
    else:
        console.print(line + took, markup=False)


def _summarise(settings: Settings, console: Console, since: datetime, seconds: float) -> None:
    overview = read_overview(settings)
    console.rule(_("The night has ended after {time}").format(time=_clock(seconds)))
    tonight = tuple(p for p in overview.pushes if p.pushed_at >= since.replace(tzinfo=None))
    for renderable in tables(overview.model_copy(update={"pushes": tonight}), settings):
        console.print(renderable)
    if not tonight:
        console.print(_("No score that people see changed tonight."))
    console.print(places(settings, secretly=not console.is_terminal))


def _status(console: Console, text: str) -> contextlib.AbstractContextManager[object]:
    """Show what is being waited for, on a terminal only."""
    return console.status(text) if console.is_terminal else contextlib.nullcontext()


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:d}:{int(seconds) % 60:02d}"
