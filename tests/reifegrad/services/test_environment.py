"""What a started process sees."""

from __future__ import annotations

from config import PROJECT_ROOT, Settings, load_settings
from reifegrad.services.environment import airflow_environment, process_environment


def test_nothing_listens_beyond_this_machine_and_the_ports_follow_the_setting(tmp_path):
    environment = airflow_environment(Settings(home=tmp_path, airflow_port=18081))
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    for name in ("API__BASE_URL", "CORE__EXECUTION_API_SERVER_URL"):
        assert environment[f"AIRFLOW__{name}"].startswith("http://127.0.0.1:18081")


def test_a_started_process_has_the_same_settings(tmp_path, monkeypatch):
    settings = Settings(home=tmp_path, language="en", as_of="2026-03-02", crm_port=18070)
    monkeypatch.setenv("REIFEGRAD_LANGUAGE", "de")
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", "/somewhere/else")
    for name, value in process_environment(settings).items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings
    assert process_environment(settings)["AIRFLOW__CORE__DAGS_FOLDER"] == str(PROJECT_ROOT / "dags")


def test_passwords_do_not_travel_in_the_environment(tmp_path):
    settings = Settings(home=tmp_path, crm_password="hush")
    assert "hush" not in airflow_environment(settings).values()


def test_started_processes_keep_bytecode(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in process_environment(Settings(home=tmp_path))


def test_dag_files_are_read_within_airflows_own_time(tmp_path):
    """They only read; dbt's manifest is made before."""
    names = airflow_environment(Settings(home=tmp_path))
    assert [n for n in names if n.endswith(("IMPORT_TIMEOUT", "PROCESSOR_TIMEOUT"))] == []
