"""The environment variables under which Airflow, MLflow and dbt run, from the one settings file.

`docker-compose.yml` states the same variables for the containers; a test compares the two.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from config import PROJECT_ROOT, Settings

AIRFLOW_USER = "admin"
# Nothing is reported to anybody, and nothing runs that no one needs.
QUIET = {
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "true",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GX_ANALYTICS_ENABLED": "False",
    # Seven processes for judging chat bots, fourteen seconds of a core at every start.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}
# How the nights run, wherever they run.
NIGHTS = {
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    # Two cores: more tasks at once only slow each other down.
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "120",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
    "AIRFLOW__API__EXPOSE_CONFIG": "False",
    # On a busy machine an answer takes longer than Airflow's five seconds, and the task dies.
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
    # Logs hold names of files and customers' numbers: for their owner only.
    "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
    "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
    # A part that is silent for a minute is dead; on two busy cores half a minute is not enough.
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "60",
    "AIRFLOW__DAG_PROCESSOR__HEALTH_CHECK_THRESHOLD": "60",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "60",
    # The DAG's shape comes from dbt's manifest; nothing of it is kept in Airflow variables.
    "AIRFLOW__COSMOS__ENABLE_CACHE_DBT_LS": "False",
    "AIRFLOW__COSMOS__UPLOAD_SQL_TO_XCOM": "False",
}


def airflow_home(settings: Settings) -> Path:
    """Return the folder with Airflow's own database, configuration and task logs."""
    return settings.home / "airflow"


def airflow_database(settings: Settings) -> Path:
    """Return the SQLite file in which Airflow keeps runs, tasks and its audit log."""
    return airflow_home(settings) / "airflow.db"


def password_file(settings: Settings) -> Path:
    """Return the JSON file with the passwords of Airflow's users."""
    return airflow_home(settings) / "passwords.json"


def airflow_users(settings: Settings) -> str:
    """Return who may log in to Airflow, as its simple auth manager wants it: `name:role,…`."""
    return ",".join(filter(None, (f"{AIRFLOW_USER}:admin", settings.airflow_users)))


def airflow_environment(settings: Settings) -> dict[str, str]:
    """Return the variables of a native start, without those inherited from the calling process."""
    url = f"http://127.0.0.1:{settings.airflow_port}"
    home = airflow_home(settings)
    return {
        **QUIET,
        **NIGHTS,
        **reifegrad_environment(settings),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_ROOT / "dags"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT_ROOT / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(password_file(settings)),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": airflow_users(settings),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow_database(settings)}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(settings.airflow_port),
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": settings.timezone,
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__COSMOS__CACHE_DIR": str(home / "cosmos"),
    }


def reifegrad_environment(settings: Settings) -> dict[str, str]:
    """Return the settings as variables, so that a started process sees the same as its starter."""
    values = {
        f"REIFEGRAD_{name.upper()}": str(value)
        for name, value in settings.model_dump(exclude={"crm_password", "serve_token"}).items()
        if value is not None
    }
    return {**values, "MLFLOW_TRACKING_URI": settings.mlflow_tracking_uri}


def process_environment(settings: Settings) -> dict[str, str]:
    """Return the whole environment of a started process: the caller's, then ours."""
    inherited = {
        # Without bytecode every task compiles Airflow anew, eight seconds each.
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONDONTWRITEBYTECODE"
        # Airflow's own settings are ours to give; in its connections are logins for fetch and mail.
        and (not name.startswith("AIRFLOW_") or name.startswith("AIRFLOW_CONN_"))
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)])
    return {**inherited, **airflow_environment(settings), "PATH": path, "PYTHONUNBUFFERED": "1"}
