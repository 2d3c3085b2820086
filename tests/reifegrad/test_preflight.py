"""The look before a night: what would stop it is said at once, with what to do."""

from __future__ import annotations

import json
import shutil
import socket
from collections import namedtuple
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config import PROJECT_ROOT, Settings
from nights import preflight
from nights.preflight import PreflightError, require
from reifegrad.cli import app
from reifegrad.preflight import check_setup
from reifegrad.services import processes
from reifegrad.services.airflow_api import Run
from tests.warehouse.conftest import child
from warehouse import open_warehouse

SOURCES = """
sources:
  erp:
    files: "orders*.csv"
    kind: events
    maps:
      order_line:
        key: [Nr]
        columns: {order_no: Nr, line_no: Nr, net_amount: Wert}
"""
HOLD = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    config = tmp_path / "config"
    config.mkdir()
    for name in ("privacy.yml", "golden_record.yml", "sources.yml"):
        shutil.copy(PROJECT_ROOT / "config" / name, config)
    (config / "crm.yml").write_text("connector: excel\n", encoding="utf-8")
    home = tmp_path / "home"
    (home / "inbox").mkdir(parents=True)
    home.chmod(0o700)
    (home / "inbox" / "erp_kunden.csv").write_text("Nr\n1\n", encoding="utf-8")
    return Settings(
        home=home, config=config, airflow_port=8271, mlflow_port=8272, crm_port=8273,
        crm_password="secret-word",
    )  # fmt: skip


def found(settings: Settings, name: str, purpose: preflight.Purpose = "check"):
    """Return level, sentence and advice of the one look's findings."""
    all_ = [f for f in check_setup(settings, purpose) if f.check == name]
    return [(f.level, f.says, f.todo or "") for f in all_]


def test_all_well_is_a_few_lines(settings):
    findings = check_setup(settings)
    assert {finding.level for finding in findings} == {"ok"}
    assert len(findings) <= 8
    assert require(check_setup(settings, "run")) == []


@pytest.mark.parametrize("name", ["sources.yml", "crm.yml"])
def test_a_missing_file_is_an_error_that_says_who_writes_it(settings, name):
    (settings.config / name).unlink()
    ((level, says, todo),) = found(settings, "configuration")
    assert level == "error" and name in says and "missing" in says
    assert "reifegrad start" in todo


def test_without_privacy_rules_the_night_runs_and_it_is_told(settings, caplog):
    (settings.config / "privacy.yml").unlink()
    ((level, says, todo),) = found(settings, "configuration")
    assert level == "warning" and "privacy.yml is missing" in says and "reifegrad start" in todo
    assert not caplog.records  # once is enough


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("crm.yml", "connector: excel\nguard: {max_share_cleared: 7}\n"),
        ("privacy.yml", "analysts: 3\n"),
        ("golden_record.yml", "rules: [\n"),
        ("sources.yml", "sources: 1\n"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_it(settings, name, content):
    (settings.config / name).write_text(content, encoding="utf-8")
    ((level, says, _todo),) = found(settings, "configuration")
    assert level == "error" and name in says


def test_wrong_models_and_expectations_are_named_too(settings, tmp_path):
    for folder in ("models", "expectations"):
        shutil.copytree(PROJECT_ROOT / folder, tmp_path / folder, ignore=lambda _, names: [
            name for name in names if not name.endswith(".yml")
        ])  # fmt: skip
        broken = next(iter(sorted((tmp_path / folder).glob("c*.yml"))))
        broken.write_text("title: [\n", encoding="utf-8")
    other = settings.model_copy(
        update={"models": tmp_path / "models", "expectations": tmp_path / "expectations"}
    )
    stops, told = found(other, "configuration")
    assert stops[0] == "error" and "expectations/c" in stops[1]
    assert told[0] == "warning", "a score with a mistake does not stop the others"
    assert "churn.yml, line 2" in told[1] and "until then churn stays as it is" in told[2]


def test_files_without_a_source_and_records_without_a_customer_are_told(settings):
    (settings.config / "sources.yml").write_text(SOURCES, encoding="utf-8")
    (settings.inbox / "orders.csv").write_text("Nr;Wert\n1;2\n", encoding="utf-8")
    (settings.config / "golden_record.yml").unlink()
    (unclaimed, untied) = found(settings, "inbox")
    assert unclaimed[0] == "warning" and "erp_kunden.csv" in unclaimed[1]
    assert "sources suggest" in unclaimed[2]
    assert untied[0] == "warning" and "erp.maps.order_line" in untied[1]


def test_an_empty_inbox_is_told_but_to_the_demo(settings):
    (settings.inbox / "erp_kunden.csv").unlink()
    assert found(settings, "inbox")[0][0] == "warning"
    assert found(settings, "inbox", "demo") == []


def test_a_crm_that_does_not_answer_is_told_and_stops_no_night(settings):
    """Files, scores and lists need no CRM; the push at the end fails by itself."""
    (settings.config / "crm.yml").write_text("connector: tryton\n", encoding="utf-8")
    for purpose in ("run", "airflow"):
        ((level, says, todo),) = found(settings, "crm", purpose)
        assert level == "warning" and "does not answer" in says and "connector: excel" in todo
        require(check_setup(settings, purpose))
    assert found(settings, "crm", "demo")[0][0] == "ok"  # which starts it
    elsewhere = settings.model_copy(update={"crm_url": "http://127.0.0.1:9", "crm_password": "x"})
    assert found(elsewhere, "crm", "check")[0][0] == "error"


def test_a_crm_elsewhere_needs_a_password(settings):
    (settings.config / "crm.yml").write_text("connector: tryton\n", encoding="utf-8")
    elsewhere = settings.model_copy(
        update={"crm_url": "http://127.0.0.1:8279", "crm_password": None}
    )
    ((level, says, _todo),) = found(elsewhere, "crm")
    assert level == "error" and "REIFEGRAD_CRM_PASSWORD" in says


def test_a_full_disk_is_an_error(settings, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 10**6))
    ((level, says, todo),) = found(settings, "disk")
    assert level == "error" and "0.0 GB" in says and "REIFEGRAD_HOME" in todo


def test_a_home_that_others_see_or_nobody_writes_is_told(settings, monkeypatch):
    settings.home.chmod(0o755)
    assert found(settings, "rights")[0][::2] == ("warning", f"chmod 700 {settings.home}")
    monkeypatch.setattr(preflight.os, "access", lambda *_: False)  # root may write everywhere
    assert found(settings, "rights")[0][0] == "error"


def test_a_port_in_use_is_named_with_its_setting(settings):
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.mlflow_port))
        other.listen()
        ((level, says, _todo),) = found(settings, "ports")
        assert level == "error" and "REIFEGRAD_MLFLOW_PORT" in says
        assert found(settings, "ports", "run") == []


def test_a_warehouse_that_is_held_or_spoilt_is_told(settings):
    with open_warehouse(settings):
        pass
    with child(HOLD, settings.warehouse) as holder:
        ((level, says, _todo),) = found(settings, "warehouse", "run")
        assert level == "error" and str(holder.pid) in says
        assert found(settings, "warehouse", "airflow")[0][0] == "warning"
    settings.warehouse.write_bytes(b"no database at all" * 1000)
    ((level, says, _todo),) = found(settings, "warehouse")
    assert level == "error" and "can't be opened" in says


def test_a_night_that_waits_in_airflow_is_told_and_no_password(settings, monkeypatch):
    class Api:
        def __init__(self, *_):
            pass

        def runs_since(self, _):
            return [Run("push_scores", "1", "queued"), Run("train_models", "2", "success")]

    monkeypatch.setattr(processes, "is_running", lambda *_: True)
    monkeypatch.setattr("reifegrad.services.passwords.airflow_password", lambda _: "secret-word")
    monkeypatch.setattr("reifegrad.services.airflow_api.AirflowApi", Api)
    ((level, says, _todo),) = found(settings, "airflow")
    assert level == "warning" and "push_scores (queued)" in says and "train" not in says
    monkeypatch.undo()
    monkeypatch.setattr(processes, "is_running", lambda *_: True)
    monkeypatch.setattr("reifegrad.services.passwords.airflow_password", lambda _: "secret-word")
    ((level, says, todo),) = found(settings, "airflow")  # nothing listens there
    assert level == "warning" and "secret-word" not in says + todo


def test_a_dbt_project_that_airflow_does_not_know_is_told_while_airflow_runs(
    settings, monkeypatch, tmp_path
):
    monkeypatch.setattr("reifegrad.services.passwords.airflow_password", lambda _: "secret-word")
    monkeypatch.setattr("nights.manifest.MANIFEST", tmp_path / "none.json")
    assert found(settings, "airflow") == []  # the next start makes it
    monkeypatch.setattr(processes, "is_running", lambda *_: True)
    level, says, todo = found(settings, "airflow")[0]
    assert level == "warning" and "dbt_project/" in says and "`make setup`" in todo


def test_the_command_ends_with_1_on_an_error_and_speaks_json(settings, monkeypatch):
    monkeypatch.setenv("REIFEGRAD_HOME", str(settings.home))
    monkeypatch.setenv("REIFEGRAD_CONFIG", str(settings.config))
    assert CliRunner().invoke(app, ["check"]).exit_code == 0
    (settings.config / "crm.yml").unlink()
    shown = CliRunner().invoke(app, ["check", "--json"])
    assert shown.exit_code == 1
    assert "error" in {finding["level"] for finding in json.loads(shown.stdout)}


def test_a_night_by_hand_stops_before_it_reads_a_file(settings, monkeypatch):
    monkeypatch.setenv("REIFEGRAD_HOME", str(settings.home))
    monkeypatch.setenv("REIFEGRAD_CONFIG", str(settings.config))
    (settings.config / "crm.yml").unlink()
    ended = CliRunner().invoke(app, ["run"])
    assert isinstance(ended.exception, PreflightError)
    assert not settings.warehouse.exists()
