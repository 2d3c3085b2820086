"""The containers run under the same settings as the native start."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
import yaml

from config import PROJECT_ROOT, Settings
from config.folders import read_env
from reifegrad.services.environment import airflow_environment

COMPOSE = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if name != "postgres"}
# Where things lie and who answers where: what must differ between a machine and containers.
PLACES = {
    "AIRFLOW_HOME",
    "AIRFLOW__API__BASE_URL",
    "AIRFLOW__API__HOST",
    "AIRFLOW__API__PORT",
    "AIRFLOW__CORE__DAGS_FOLDER",
    "AIRFLOW__CORE__DEFAULT_TIMEZONE",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__CORE__PLUGINS_FOLDER",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE",
    "AIRFLOW__COSMOS__CACHE_DIR",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    "MLFLOW_TRACKING_URI",
}
SECRETS = {"AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__CORE__FERNET_KEY"}
DOCKER_COMPOSE = shutil.which("docker-compose")


def native():
    """Variables of the native start, without the settings that both read from settings.env."""
    environment = airflow_environment(Settings())
    return {k: v for k, v in environment.items() if not k.startswith("REIFEGRAD_")}


@pytest.mark.parametrize("name", OURS)
def test_every_container_has_the_native_starts_variables(name):
    environment = OURS[name]["environment"]
    for variable, value in native().items():
        assert variable in environment, variable
        if variable not in PLACES:
            assert environment[variable] == value, variable


@pytest.mark.parametrize("name", OURS)
def test_no_container_has_a_variable_that_the_native_start_lacks(name):
    extra = {
        variable for variable in OURS[name]["environment"] if not variable.startswith("REIFEGRAD_")
    } - native().keys()
    assert extra == SECRETS


@pytest.mark.parametrize("name", OURS)
def test_every_container_reads_the_one_settings_file(name):
    assert OURS[name]["env_file"] == "${REIFEGRAD_CONFIG:-./config}/settings.env"


@pytest.mark.parametrize("name", sorted(OURS.keys() - {"crm"}))
def test_every_container_sees_the_folder_of_that_settings_file(name):
    folder = OURS[name]["environment"]["REIFEGRAD_CONFIG"]
    assert f"${{REIFEGRAD_CONFIG:-./config}}:{folder}:ro" in OURS[name]["volumes"]


def test_the_parts_are_the_same_as_natively():
    commands = {name: " ".join(service["command"]) for name, service in OURS.items()}
    for part in ("api-server", "scheduler", "dag-processor", "triggerer"):
        assert f"airflow {part}" in commands.values()
    assert commands["mlflow"].startswith("mlflow server")
    assert "reifegrad.services.embedded_crm" in commands["crm"]
    assert SERVICES["crm"]["profiles"] == ["demo"]
    assert [n for n, s in SERVICES.items() if "profiles" in s] == ["crm"]


def test_published_ports_are_the_settings_and_stay_on_this_machine():
    settings = read_env(PROJECT_ROOT / "config" / "settings.env")
    defaults = Settings()
    for name, setting, inside in (
        ("airflow-api", "airflow_port", 8080),
        ("mlflow", "mlflow_port", 5000),
        ("crm", "crm_port", 8069),
    ):
        (port,) = SERVICES[name]["ports"]
        pattern = rf"127\.0\.0\.1:\$\{{REIFEGRAD_{setting.upper()}:-(\d+)\}}:{inside}"
        default = re.fullmatch(pattern, port)
        assert default, port
        assert int(default[1]) == getattr(defaults, setting) == int(settings[setting])
    assert "ports" not in SERVICES["postgres"]


def test_no_secret_stands_in_the_file():
    text = (PROJECT_ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for name in ("PASSWORD", "JWT_SECRET", "FERNET_KEY"):
        for value in re.findall(rf"^\s+\w*{name}: (.+)$", text, flags=re.MULTILINE):
            assert value.startswith("${"), value


@pytest.mark.skipif(DOCKER_COMPOSE is None, reason="docker-compose is not installed")
@pytest.mark.parametrize("options", [[], ["--profile", "demo"]], ids=["own CRM", "demo CRM"])
def test_docker_compose_accepts_the_file(options):
    needed = ("POSTGRES_PASSWORD", "REIFEGRAD_AIRFLOW_PASSWORD", "AIRFLOW_JWT_SECRET")
    secrets = dict.fromkeys((*needed, "AIRFLOW_FERNET_KEY", "REIFEGRAD_CRM_PASSWORD"), "secret")
    command = [DOCKER_COMPOSE, "--env-file", "config/settings.env", *options, "config"]

    def run(environment):
        return subprocess.run(
            command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False
        )

    plain = {k: v for k, v in os.environ.items() if k not in secrets}
    accepted = run(plain | secrets)
    assert accepted.returncode == 0, accepted.stderr
    assert yaml.safe_load(accepted.stdout)["services"].keys() >= {"postgres", "airflow-scheduler"}
    refused = run(plain)
    assert refused.returncode != 0
    assert "set " in refused.stderr
