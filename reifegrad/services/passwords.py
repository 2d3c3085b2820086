"""Passwords and keys of the services: made at the first start, kept in the home for its owner."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from config import Settings
from reifegrad.services.environment import AIRFLOW_USER, airflow_users, password_file


def airflow_password(settings: Settings) -> str:
    """Return the password of Airflow's user `admin`; make those that are missing, of all users.

    REIFEGRAD_AIRFLOW_PASSWORD in the environment wins, for `admin`, and is kept.
    """
    given = os.environ.get("REIFEGRAD_AIRFLOW_PASSWORD")
    path = password_file(settings)
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    users = [user.partition(":")[0].strip() for user in airflow_users(settings).split(",")]
    passwords = known | {user: known.get(user) or secrets.token_urlsafe(12) for user in users}
    passwords[AIRFLOW_USER] = given or passwords[AIRFLOW_USER]
    if passwords != known:
        _write_secret(path, json.dumps(passwords))
    return str(passwords[AIRFLOW_USER])


def mlflow_password(settings: Settings) -> str:
    """Return the password of MLflow's user `admin`, made at the first start with a login."""
    return kept_secret(settings, "mlflow_password", 12)


def mlflow_login(settings: Settings) -> Mapping[str, str]:
    """Write MLflow's file on who may sign in; return the variables that name it."""
    folder = settings.home / "mlflow"
    configuration = folder / "login.ini"
    _write_secret(
        configuration,
        "[mlflow]\n"
        "default_permission = READ\n"
        f"database_uri = sqlite:///{folder / 'login.db'}\n"
        f"admin_username = {AIRFLOW_USER}\n"
        f"admin_password = {mlflow_password(settings)}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n",
    )
    return {
        "MLFLOW_AUTH_CONFIG_PATH": str(configuration),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": kept_secret(settings, "mlflow_key"),
    }


def kept_secret(settings: Settings, name: str, size: int = 64) -> str:
    """Return a secret of so many random bytes, made at the first call and kept."""
    path = password_file(settings).with_name(name)
    if not path.exists():
        _write_secret(path, secrets.token_urlsafe(size))
    return path.read_text(encoding="utf-8")


def _write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
