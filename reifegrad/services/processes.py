"""Starting and ending the long-running processes: Airflow and MLflow (the CRM starts itself).

Each service is a process group of its own, with a log below `<home>/logs` and a record below
`<home>/run`. A leader that is signalled alone can leave children behind, therefore whole groups
are ended.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import requests

from config import PROJECT_ROOT, Settings
from config.language import _
from config.rights import PRIVATE
from reifegrad.services.environment import process_environment
from reifegrad.services.passwords import airflow_password, kept_secret, mlflow_login

GRACE_SECONDS = 12.0


class ServiceError(Exception):
    """A service can't start or died; the message names what to change or the log to read."""


@dataclass(frozen=True)
class Service:
    """One process group: its command, its ports, the setting behind them, and whether it answers.

    The first port is the one that people open. `environment` is what this service alone needs.
    `niceness` (0 to 19) lets a service that nobody waits for give way to the others.
    """

    name: str
    command: tuple[str, ...]
    ports: tuple[int, ...]
    setting: str
    is_ready: Callable[[], bool]
    environment: Callable[[], Mapping[str, str]] = dict
    niceness: int = 0


def airflow_service(settings: Settings) -> Service:
    """Describe scheduler, DAG processor, triggerer and API server as one service.

    It is ready when all of them give signs of life, not when its page answers.
    The API for tasks builds itself at its first request, eight seconds of a core in which the
    whole server answers nobody; better now than when the first task reports.
    """
    return Service(
        "airflow",
        (sys.executable, "-m", "reifegrad.services.airflow_parts"),
        (settings.airflow_port,),
        "REIFEGRAD_AIRFLOW_PORT",
        partial(_airflow_is_ready, settings),
        partial(_airflow_secrets, settings),
    )


def mlflow_service(settings: Settings) -> Service:
    """Describe MLflow's web page on the store that the stations write.

    On a machine that several people use, whoever has an account there reaches it; with
    `mlflow_login` it asks for the password in the home. The stations write the store itself.
    """
    login = ("--app-name", "basic-auth") if settings.mlflow_login else ()
    return Service(
        "mlflow",
        (
            _program("mlflow"), "server", "--host", "127.0.0.1",
            "--port", str(settings.mlflow_port), "--workers", "1",
            "--backend-store-uri", settings.mlflow_tracking_uri,
            "--artifacts-destination", settings.mlflow_artifacts.as_uri(), *login,
        ),
        (settings.mlflow_port,),
        "REIFEGRAD_MLFLOW_PORT",
        partial(_answers, f"http://127.0.0.1:{settings.mlflow_port}/health"),
        partial(mlflow_login, settings) if settings.mlflow_login else dict,
        niceness=10,
    )  # fmt: skip


def crm_service(settings: Settings) -> Service:
    """Describe the embedded CRM, which installs and activates itself before it starts."""
    from crm.embedded import is_ready

    return Service(
        "crm",
        (sys.executable, "-m", "reifegrad.services.embedded_crm"),
        (settings.crm_port,),
        "REIFEGRAD_CRM_PORT",
        partial(is_ready, settings),
    )


def all_services(settings: Settings) -> list[Service]:
    """List what a full installation runs here; a CRM elsewhere is not ours to start.

    Raises:
        ConfigurationError: `crm.yml` is missing or wrong.

    """
    from crm import load_config

    has_own_crm = load_config(settings).has_crm and not settings.crm_url
    crm = [crm_service(settings)] if has_own_crm else []
    return [airflow_service(settings), *crm, mlflow_service(settings)]


def airflow_health(settings: Settings) -> dict[str, str]:
    """Ask Airflow's health page. Returns `healthy` or `unhealthy` per part, nothing if it is mute.

    A part is unhealthy after a minute without a sign of life.
    """
    try:
        answer = requests.get(f"{_airflow_url(settings)}/api/v2/monitor/health", timeout=60)
        found = answer.json() if answer.ok else {}
    except (requests.RequestException, ValueError):
        return {}
    return {
        part.replace("_", " "): str(told["status"] or "unhealthy") for part, told in found.items()
    }


def sick_parts(settings: Settings) -> list[str]:
    """Name the parts of Airflow without a sign of life; none where its page does not answer."""
    return [part for part, state in airflow_health(settings).items() if state != "healthy"]


def require_healthy(settings: Settings) -> None:
    """Make sure that no part of Airflow hangs; one that died is started again by itself.

    Raises:
        ServiceError: one gives no sign of life; the message names it and what to do.

    """
    if sick := sick_parts(settings):
        message = _(
            "Airflow gives no sign of life: {parts}. `reifegrad up` starts it again (log: {log})."
        )
        raise ServiceError(message.format(parts=", ".join(sick), log=log_file(settings, "airflow")))


def failing(settings: Settings) -> str | None:
    """Say in one line which services were started and do not do their work; None if all do."""
    if not _record(settings, "any").parent.is_dir():
        return None
    problems = []
    for service in all_services(settings):
        if _read_record(settings, service.name) is None:
            continue
        if not is_running(settings, service.name):
            problem = _("{name} has ended").format(name=service.name)
        elif service.name == "airflow" and (sick := sick_parts(settings)):
            problem = _("Airflow gives no sign of life: {parts}").format(parts=", ".join(sick))
        elif not service.is_ready():
            problem = _("{name} does not answer").format(name=service.name)
        else:
            continue
        problems.append(problem)
    if not problems:
        return None
    return _("{problems}. `reifegrad up` starts it again (logs: {folder}).").format(
        problems="; ".join(problems), folder=settings.home / "logs"
    )


def log_file(settings: Settings, name: str) -> Path:
    """Return where a service writes."""
    return settings.home / "logs" / f"{name}.log"


def start(settings: Settings, service: Service) -> None:
    """Start a service in a process group of its own."""
    log = log_file(settings, service.name)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            service.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=PROJECT_ROOT,
            env={**process_environment(settings), **service.environment()},
            start_new_session=True,
            umask=PRIVATE,
        )
    leader = psutil.Process(process.pid)
    leader.nice(service.niceness)
    record = {"pid": process.pid, "started": leader.create_time()}
    path = _record(settings, service.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record), encoding="utf-8")


def is_running(settings: Settings, name: str) -> bool:
    """Tell whether the service's first process lives."""
    record = _read_record(settings, name)
    return record is not None and _is_same(record)


def wait_until_ready(settings: Settings, service: Service, seconds: float) -> None:
    """Wait until the service answers over HTTP.

    Raises:
        ServiceError: it ended or did not answer in time.

    """
    deadline = time.monotonic() + seconds
    while not service.is_ready():
        require_running(settings, service.name)
        if time.monotonic() > deadline:
            log = log_file(settings, service.name)
            raise ServiceError(
                _("{name} did not answer within {seconds:.0f} s; its log is {log}").format(
                    name=service.name, seconds=seconds, log=log
                )
            )
        time.sleep(0.5)


def require_running(settings: Settings, name: str) -> None:
    """Make sure that the service lives.

    Raises:
        ServiceError: it has ended; the message holds the last line of its log.

    """
    if not is_running(settings, name):
        log = log_file(settings, name)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        last = next((line.strip() for line in reversed(lines) if line.strip()), _("no output"))
        raise ServiceError(
            _("{name} has ended: {last} (log: {log})").format(name=name, last=last[-300:], log=log)
        )


def stop(settings: Settings, *names: str) -> list[str]:
    """End services with everything that they started. Returns the names of those that ran."""
    records = {name: record for name in names if (record := _read_record(settings, name))}
    ran = [name for name, record in records.items() if _processes_of(record)]
    for number in (signal.SIGTERM, signal.SIGKILL):
        alive = [process for record in records.values() for process in _processes_of(record)]
        _signal(alive, number)
        psutil.wait_procs(alive, timeout=GRACE_SECONDS)
    for name in names:
        _record(settings, name).unlink(missing_ok=True)
    return ran


def require_free_port(port: int, setting: str) -> None:
    """Make sure that nobody listens to the port.

    Raises:
        ServiceError: it is taken; the message names the setting.

    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise ServiceError(
                _(
                    "Port {port} is in use: end the program that holds it, or set"
                    " {setting} to another port (in the environment or"
                    " config/settings.env)."
                ).format(port=port, setting=setting)
            ) from None


def _airflow_secrets(settings: Settings) -> dict[str, str]:
    airflow_password(settings)  # where there is none, Airflow makes one and prints it into its log
    return {"AIRFLOW__API_AUTH__JWT_SECRET": kept_secret(settings, "signing_key")}


def _airflow_url(settings: Settings) -> str:
    return f"http://127.0.0.1:{settings.airflow_port}"


def _airflow_is_ready(settings: Settings) -> bool:
    """Tell whether all parts live and the API for tasks answers, which takes its first request."""
    if not _answers(f"{_airflow_url(settings)}/execution/health"):
        return False
    health = airflow_health(settings)
    return bool(health) and set(health.values()) == {"healthy"}


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _record(settings: Settings, name: str) -> Path:
    return settings.home / "run" / f"{name}.json"


def _read_record(settings: Settings, name: str) -> dict[str, float] | None:
    try:
        record = json.loads(_record(settings, name).read_text(encoding="utf-8"))
        return {"pid": int(record["pid"]), "started": float(record["started"])}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _is_same(record: dict[str, float]) -> bool:
    try:
        process = psutil.Process(int(record["pid"]))
        return process.status() != psutil.STATUS_ZOMBIE and _started(process, record)
    except psutil.NoSuchProcess:
        return False


def _started(process: psutil.Process, record: dict[str, float]) -> bool:
    return abs(process.create_time() - record["started"]) < 1


def _processes_of(record: dict[str, float]) -> list[psutil.Process]:
    """Find the service's session, its groups and all their descendants, also without the leader.

    While a member lives, the system gives the session's number to nobody else; a process that
    carries it and is older than the record belongs to somebody else.
    """
    session = int(record["pid"])
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            is_ours = os.getsid(process.pid) == session or os.getpgid(process.pid) == session
            if is_ours and process.create_time() >= record["started"] - 1:
                found |= {p.pid: p for p in [process, *process.children(recursive=True)]}
        except (psutil.Error, ProcessLookupError):
            continue
    return list(found.values())


def _signal(processes: Iterable[psutil.Process], number: int) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=60).ok
    except requests.RequestException:
        return False
