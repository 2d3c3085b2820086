"""Airflow's parts as one service, with real processes and a real database."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from config import Settings
from reifegrad.services import airflow_parts, processes
from reifegrad.services.environment import airflow_database, process_environment

AIRFLOW = str(Path(sys.executable).with_name("airflow"))
# Ends at its first start and leaves a child behind; stays at its second.
FRAIL = """
import pathlib, subprocess, sys, time
folder = pathlib.Path(sys.argv[1])
if (folder / "child").exists():
    (folder / "second").touch()
    time.sleep(600)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
(folder / "child").write_text(str(child.pid))
sys.exit(7)
"""
# The whole service, with parts of our own.
RUNNER = """
import signal, sys
from reifegrad.services import airflow_parts
signal.signal(signal.SIGTERM, airflow_parts._end)
airflow_parts.keep_running({"frail": (sys.executable, "-c", sys.argv[1], sys.argv[2])})
"""


def is_there(path):
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.1)
    return True


def test_a_part_that_ends_is_started_again_without_what_it_left_behind(tmp_path):
    runner = psutil.Popen([sys.executable, "-c", RUNNER, FRAIL, str(tmp_path)])
    try:
        assert is_there(tmp_path / "second")
        left = int((tmp_path / "child").read_text())
        assert not psutil.pid_exists(left) or psutil.Process(left).status() == "zombie"
        (second,) = runner.children()
        runner.terminate()
        assert runner.wait(timeout=30) == 0
        assert not second.is_running()
    finally:
        if runner.is_running():
            runner.kill()


def test_a_part_that_ends_again_and_again_ends_the_service(monkeypatch):
    monkeypatch.setattr(airflow_parts, "LOOK_SECONDS", 0.2)
    ends = (sys.executable, "-c", "raise SystemExit('no licence')")
    stays = (sys.executable, "-c", "import time; time.sleep(600)")
    commands = {"scheduler": ends, "triggerer": stays}
    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(airflow_parts.PartEndedError, match="scheduler ended 3 times within 300 s"):
        airflow_parts.keep_running(commands)
    # The other part must not outlive the service.
    alive = [
        child
        for child in psutil.Process().children()
        if child.pid not in before and child.status() != psutil.STATUS_ZOMBIE
    ]
    assert alive == []


@pytest.fixture
def settings(tmp_path, monkeypatch):
    settings = Settings(home=tmp_path / "home", airflow_port=8190)
    for name, value in process_environment(settings).items():
        monkeypatch.setenv(name, value)
    return settings


def revision(database):
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("select version_num from alembic_version").fetchone()


def test_half_a_database_of_a_killed_start_is_made_anew_and_a_whole_one_is_kept(settings):
    database = airflow_database(settings)
    database.parent.mkdir(parents=True)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("create table dag_run (nothing_that_airflow_knows integer)")
    (database.with_name("fresh.db")).write_bytes(b"what a killed migration left")
    before = os.umask(0o077)
    try:
        airflow_parts.prepare_database(settings, AIRFLOW)
    finally:
        os.umask(before)
    assert revision(database)
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert [path.name for path in database.parent.glob("fresh.db*")] == []
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("insert into log (event, dttm) values ('kept', '2026-01-01')")
        connection.commit()
    airflow_parts.prepare_database(settings, "/nothing/is/started/where/all/is/well")
    database.with_suffix(".version").write_text("1.10")  # as after an upgrade
    airflow_parts.prepare_database(settings, AIRFLOW)
    with closing(sqlite3.connect(database)) as connection:
        kept = connection.execute("select count(*) from log where event = 'kept'").fetchone()
    assert kept == (1,)


def test_a_database_that_cannot_be_made_is_told_and_nothing_takes_its_place(settings):
    with pytest.raises(airflow_parts.PartEndedError, match="airflow db migrate failed"):
        airflow_parts.prepare_database(settings, "false")
    assert not airflow_database(settings).exists()


@pytest.mark.parametrize(
    ("told", "sick"),
    [
        ({"scheduler": "healthy", "dag_processor": "unhealthy"}, ["dag processor"]),
        ({"scheduler": "unhealthy", "triggerer": None}, ["scheduler", "triggerer"]),
        ({"scheduler": "healthy"}, []),
    ],
)
def test_a_part_without_a_sign_of_life_is_named(settings, monkeypatch, told, sick):
    class Answer:
        ok = True

        def json(self):
            return {part: {"status": state} for part, state in told.items()}

    monkeypatch.setattr(processes.requests, "get", lambda *_args, **_options: Answer())
    assert processes.sick_parts(settings) == sick
    assert processes.airflow_service(settings).is_ready() == (not sick)


def test_a_mute_airflow_is_not_called_healthy(settings):
    assert processes.airflow_health(settings) == {}
    assert not processes.airflow_service(settings).is_ready()
