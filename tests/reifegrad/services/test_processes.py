"""Starting and ending process groups, with real processes."""

from __future__ import annotations

import functools
import os
import signal
import socket
import sys
import time

import psutil
import pytest
import requests

from config import Settings
from reifegrad.services import airflow_parts, passwords, processes

# A leader with a child that does not listen to SIGTERM, and a grandchild in a group of its own.
FAMILY = """
import signal, subprocess, sys, time
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", stubborn])
runaway = "import os, time; os.setpgid(0, 0); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", runaway])
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "GRACE_SECONDS", 2.0)
    return Settings(home=tmp_path / "home")


def family(settings, program=FAMILY):
    log = processes.log_file(settings, "family")
    return processes.Service(
        "family",
        (sys.executable, "-c", program),
        ports=(1,),
        setting="NONE",
        is_ready=lambda: log.exists() and "up" in log.read_text(encoding="utf-8"),
    )


def started(settings):
    """Start the family and return its processes once all three are there."""
    processes.start(settings, family(settings))
    processes.wait_until_ready(settings, family(settings), 30)
    record = processes._read_record(settings, "family")
    deadline = time.monotonic() + 20
    while len(found := processes._processes_of(record)) < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(found) == 3
    time.sleep(0.5)  # until the children have changed their signals and groups
    return found


def alive(found):
    return [p for p in found if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def test_stop_ends_everything_that_was_started(settings):
    family_of = started(settings)
    assert processes.is_running(settings, "family")
    assert processes.stop(settings, "family") == ["family"]
    assert alive(family_of) == []
    assert not processes.is_running(settings, "family")
    assert processes.stop(settings, "family") == []


def test_stop_ends_what_a_dead_leader_left_behind(settings):
    family_of = started(settings)
    leader = processes._read_record(settings, "family")["pid"]
    os.kill(leader, signal.SIGKILL)
    psutil.wait_procs([p for p in family_of if p.pid == leader], timeout=5)
    assert not processes.is_running(settings, "family")
    assert processes.stop(settings, "family") == ["family"]
    assert alive(family_of) == []


def test_a_number_that_now_belongs_to_somebody_else_is_left_alone(settings):
    stranger = psutil.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        record = processes._record(settings, "family")
        record.parent.mkdir(parents=True)
        record.write_text(f'{{"pid": {stranger.pid}, "started": {time.time() + 60}}}')
        assert not processes.is_running(settings, "family")
        processes.stop(settings, "family")
        assert stranger.is_running()
    finally:
        stranger.kill()
        stranger.wait()


def test_a_damaged_record_counts_as_not_running(settings):
    record = processes._record(settings, "family")
    record.parent.mkdir(parents=True)
    record.write_text("{")
    assert not processes.is_running(settings, "family")
    assert processes.stop(settings, "family") == []


def test_a_service_that_dies_is_named_with_its_last_line(settings):
    service = family(settings, "raise SystemExit('no licence')")
    processes.start(settings, service)
    with pytest.raises(processes.ServiceError, match=r"family has ended: no licence \(log: .+\)"):
        processes.wait_until_ready(settings, service, 30)


def test_a_service_that_never_answers_is_named(settings):
    service = family(settings, "import time; time.sleep(600)")
    processes.start(settings, service)
    try:
        with pytest.raises(processes.ServiceError, match="family did not answer within 1 s"):
            processes.wait_until_ready(settings, service, 1)
    finally:
        processes.stop(settings, "family")


def test_a_port_in_use_is_named_with_its_setting():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(processes.ServiceError, match=rf"Port {port} is in use.+REIFEGRAD_X"):
            processes.require_free_port(port, "REIFEGRAD_X")
    processes.require_free_port(port, "REIFEGRAD_X")


def test_the_password_is_made_once_and_readable_by_its_owner_only(settings, monkeypatch):
    monkeypatch.delenv("REIFEGRAD_AIRFLOW_PASSWORD", raising=False)
    first = passwords.airflow_password(settings)
    assert len(first) >= 16
    assert passwords.airflow_password(settings) == first
    assert passwords.password_file(settings).stat().st_mode & 0o077 == 0
    monkeypatch.setenv("REIFEGRAD_AIRFLOW_PASSWORD", "given")
    assert passwords.airflow_password(settings) == "given"
    monkeypatch.delenv("REIFEGRAD_AIRFLOW_PASSWORD")
    assert passwords.airflow_password(settings) == "given"


def test_a_crm_elsewhere_is_not_started(settings):
    names = [service.name for service in processes.all_services(settings)]
    assert names == ["airflow", "crm", "mlflow"]
    elsewhere = settings.model_copy(update={"crm_url": "https://crm.example"})
    assert [s.name for s in processes.all_services(elsewhere)] == ["airflow", "mlflow"]


def test_airflow_opens_no_port_but_its_page(settings):
    """Its log servers would listen to the whole network, on ports that two homes share."""
    assert processes.airflow_service(settings).ports == (settings.airflow_port,)
    for part in ("scheduler", "triggerer"):
        assert "--skip-serve-logs" in airflow_parts.PARTS[part]


def test_airflows_password_is_there_before_airflow_prints_one(settings):
    processes.airflow_service(settings).environment()
    assert passwords.password_file(settings).is_file()


@pytest.fixture
def airflow(settings, monkeypatch):
    """An Airflow that lives, with the health that the test gives it."""
    health = {"scheduler": "healthy"}
    monkeypatch.setattr(processes, "airflow_health", lambda _settings: health)
    monkeypatch.setattr(processes, "_answers", lambda _url: True)
    record = processes._record(settings, "airflow")
    record.parent.mkdir(parents=True)
    started = psutil.Process().create_time()
    record.write_text(f'{{"pid": {os.getpid()}, "started": {started}}}')
    return health


def test_services_that_were_never_started_do_not_fail(settings):
    assert processes.failing(settings) is None


def test_a_service_that_works_does_not_fail(settings, airflow):
    assert processes.failing(settings) is None


def test_a_scheduler_without_a_sign_of_life_is_named(settings, airflow):
    airflow["scheduler"] = "unhealthy"
    assert "scheduler" in processes.failing(settings)
    with pytest.raises(processes.ServiceError, match="scheduler"):
        processes.require_healthy(settings)


def test_a_service_that_ended_is_named(settings, airflow):
    processes._record(settings, "airflow").write_text('{"pid": 1, "started": 0}')
    assert "airflow" in processes.failing(settings)


def test_mlflows_page_asks_for_the_password_in_the_home(tmp_path):
    """The real server: 401 without the password, 200 with it, and it stands in no log."""
    (port,) = _free_ports(1)
    home = Settings(home=tmp_path / "home", mlflow_port=port, mlflow_login=True)
    url = f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/search"
    try:
        service = processes.mlflow_service(home)
        processes.start(home, service)
        processes.wait_until_ready(home, service, 180)
        ask = functools.partial(requests.post, url, json={"max_results": 1}, timeout=60)
        password = passwords.mlflow_password(home)
        assert ask().status_code == 401
        assert ask(auth=("admin", "another")).status_code == 401
        assert ask(auth=("admin", password)).status_code == 200
        assert password not in processes.log_file(home, "mlflow").read_text(encoding="utf-8")
    finally:
        processes.stop(home, "mlflow")


def _free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports
