"""The command: quick help, exit codes, one line per failure, and the stations on a tiny company."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import PROJECT_ROOT

REIFEGRAD = Path(sys.executable).with_name("reifegrad")


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def reifegrad(home):
    def run(*arguments, **variables):
        environment = os.environ | {"REIFEGRAD_HOME": str(home), "COLUMNS": "200"} | variables
        return subprocess.run(
            [REIFEGRAD, *arguments],
            env=environment,
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def test_help_names_every_command_and_loads_nothing_heavy():
    code = (
        "import sys; sys.argv = ['reifegrad', '--help']\n"
        "from reifegrad.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'pandas', 'duckdb', 'pydantic', 'airflow', 'mlflow', 'sklearn'}\n"
        "heavy |= {'config.settings'}\n"
        "print('LOADED', heavy & set(sys.modules))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    commands = (
        "sample ingest build audit publish assess report train score push run status demo up down"
    )
    assert all(f" {command} " in told for command in commands.split())
    assert told.strip().endswith("LOADED set()")


@pytest.mark.parametrize("arguments", [["no-such-command"], ["sample", "--customers", "many"], []])
def test_wrong_usage_exits_2(reifegrad, arguments):
    assert reifegrad(*arguments).returncode == 2


def test_a_wrong_setting_is_one_line_and_exit_1(reifegrad):
    ended = reifegrad("status", REIFEGRAD_LANGUAGE="fr")
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "REIFEGRAD_LANGUAGE" in ended.stderr


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("", "REIFEGRAD_CRM_PORT='x': ganze Zahl erwartet. Bitte in der Umgebung oder in "),
        ("en", "REIFEGRAD_CRM_PORT='x': Input should be a valid integer"),
    ],
)
def test_a_wrong_setting_is_told_in_the_set_language(reifegrad, language, said):
    ended = reifegrad("status", REIFEGRAD_LANGUAGE=language, REIFEGRAD_CRM_PORT="x")
    assert ended.stderr.startswith(said)


@pytest.mark.parametrize(("language", "said"), [("", "fehlt."), ("en", "is missing.")])
def test_a_missing_file_is_told_in_the_set_language(reifegrad, tmp_path, language, said):
    ended = reifegrad("ingest", REIFEGRAD_LANGUAGE=language, REIFEGRAD_CONFIG=str(tmp_path))
    assert (ended.returncode, ended.stderr) == (1, f"{tmp_path / 'sources.yml'} {said}\n")


@pytest.mark.parametrize(
    ("language", "said"),
    [("", "Das Warehouse enthält noch keine Daten"), ("en", "The warehouse holds no raw data yet")],
)
def test_what_a_station_lacks_is_told_in_the_set_language(reifegrad, language, said):
    ended = reifegrad("build", REIFEGRAD_LANGUAGE=language)
    assert (ended.returncode, ended.stderr.startswith(said)) == (1, True)


def test_building_before_ingesting_says_what_to_do(reifegrad):
    ended = reifegrad("build")
    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "reifegrad ingest" in ended.stderr


def test_an_unexpected_failure_keeps_its_traceback_in_a_file(reifegrad, home):
    home.mkdir(mode=0o700)  # an open one would be closed and told
    (home / "warehouse.duckdb").write_text("not a database", encoding="utf-8")
    ended = reifegrad("status")
    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1
    log = home / "logs" / "reifegrad.log"
    assert str(log) in ended.stderr
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_status_of_an_empty_home(reifegrad):
    ended = reifegrad("status", "--json")
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["files"] == [] and told["customers"] is None and told["scores"] == []


def test_sample_and_ingest_tell_what_came_in_and_why_something_did_not(reifegrad, home):
    assert reifegrad("sample", "--customers", "10", "--months", "12").returncode == 0
    (home / "inbox" / "unknown.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    first = reifegrad("ingest")
    assert (first.returncode, first.stderr) == (1, "Nicht geladen, siehe oben: unknown.csv\n")
    assert "unknown.csv: nicht geladen." in first.stdout
    assert "Zeilen geladen" in first.stdout
    again = reifegrad("ingest", REIFEGRAD_LANGUAGE="en")
    assert "erp_kunden.csv: unchanged" in again.stdout
    status = json.loads(reifegrad("status", "--json").stdout)
    by_file = {file["file"]: file for file in status["files"]}
    assert by_file["unknown.csv"]["status"] == "failed"
    assert by_file["unknown.csv"]["reason_de"] in first.stdout
    orders = by_file["erp_auftraege.csv"]
    assert orders["rows_found"] == orders["rows_loaded"] + orders["rows_quarantined"] > 0
    waiting = sum(group["rows"] for group in status["quarantine"])
    assert waiting == sum(file["rows_quarantined"] for file in status["files"])
    tables = reifegrad("status", REIFEGRAD_LANGUAGE="en").stdout
    assert "Quarantine" in tables and "unknown.csv" in tables


def test_status_says_which_version_stands_when_a_file_fails(reifegrad, home):
    assert reifegrad("sample", "--customers", "10", "--months", "12").returncode == 0
    assert reifegrad("ingest").returncode == 0
    (home / "inbox" / "erp_kunden.csv").write_text("Nr;Firma\n1;A\n", encoding="utf-8")
    assert "erp_kunden.csv: nicht geladen" in reifegrad("ingest").stdout
    (customers,) = (
        file
        for file in json.loads(reifegrad("status", "--json").stdout)["files"]
        if file["file"] == "erp_kunden.csv"
    )
    assert customers["status"] == "failed" and customers["in_force_since"]
    assert "es gilt der Stand vom" in reifegrad("status").stdout.replace("\n", " ")


def test_down_with_nothing_running(reifegrad):
    assert reifegrad("down").returncode == 0
    assert reifegrad("down", REIFEGRAD_LANGUAGE="en").stdout.strip() == "Nothing was running."
