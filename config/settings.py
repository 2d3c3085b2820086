"""The settings of one installation: environment over `settings.env` over the defaults here."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SETTINGS_FILE = "settings.env"


class ConfigurationError(Exception):
    """A setting or YAML file is wrong; the message names the file and says what to change."""


class Settings(BaseSettings):
    """Everything one installation may set. Variables are named `REIFEGRAD_<FIELD>`.

    `home` is the one folder with all state; `config` the folder with the company's YAML files.
    """

    model_config = SettingsConfigDict(env_prefix="REIFEGRAD_", extra="ignore", frozen=True)

    home: Path = Field(default=PROJECT_ROOT / "data")
    config: Path = Field(default=PROJECT_ROOT / "config")
    models: Path = Field(default=PROJECT_ROOT / "models")
    expectations: Path = Field(default=PROJECT_ROOT / "expectations")
    language: Literal["de", "en"] = "de"
    company: str = "Nordhang Antriebstechnik"
    timezone: str = "Europe/Berlin"
    as_of: date | None = Field(
        default=None, description="the day that the night speaks of; default: today"
    )
    airflow_port: int = Field(default=8080, gt=0, lt=65536)
    mlflow_port: int = Field(default=5000, gt=0, lt=65536)
    crm_port: int = Field(default=8069, gt=0, lt=65536)
    crm_url: str | None = Field(default=None, description="default: the embedded CRM")
    crm_database: str = "crm"
    crm_user: str = "admin"
    crm_password: str | None = Field(default=None, repr=False)
    serve_token: str | None = Field(default=None, repr=False)
    lock_wait_seconds: float = Field(default=120, ge=0)

    @field_validator("home", "config", "models", "expectations")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value if value.is_absolute() else Path.cwd() / value

    @property
    def inbox(self) -> Path:
        """Where people and programs drop files."""
        return self.home / "inbox"

    @property
    def review(self) -> Path:
        """Where the list lies in which people decide what is one customer."""
        return self.home / "review"

    @property
    def archive(self) -> Path:
        """Original bytes of every file ever loaded, addressed by content."""
        return self.home / "archive"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that the night writes; analysts never open it."""
        return self.home / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The DuckDB file that analysts open."""
        return self.home / "published" / "warehouse.duckdb"

    @property
    def reports(self) -> Path:
        """Data docs and reports (HTML)."""
        return self.home / "reports"

    @property
    def mlflow_tracking_uri(self) -> str:
        """MLflow's store: SQLite in the home, unless MLFLOW_TRACKING_URI names a server."""
        return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{self.home}/mlflow/mlflow.db"

    @property
    def mlflow_artifacts(self) -> Path:
        """Where MLflow keeps models of the local store."""
        return self.home / "mlflow" / "artifacts"

    @property
    def night(self) -> date:
        """The day that scores and stages speak of (`as_of`, else today in the company's zone)."""
        return self.as_of or datetime.now(ZoneInfo(self.timezone)).date()


def load_settings() -> Settings:
    """Read the settings.

    Order: environment, then `settings.env` in the config folder (see `config_folder`), then the
    defaults. Relative paths in `settings.env` are relative to the project's root.

    Raises:
        ConfigurationError: a value is not allowed; the message names the variable.

    """
    folder, home = config_folder()
    values: dict[str, Any] = _read_env(home / "secrets.env") | _read_env(folder / SETTINGS_FILE)
    values = {
        key: str(PROJECT_ROOT / value) if key in {"models", "expectations"} else value
        for key, value in values.items()
    } | {"home": home}
    environment = {
        key.removeprefix("REIFEGRAD_").lower(): value
        for key, value in os.environ.items()
        if key.startswith("REIFEGRAD_") and value != ""
    }
    try:
        return Settings(**(values | environment | {"config": folder}))
    except ValidationError as error:
        first = error.errors()[0]
        variable = f"REIFEGRAD_{str(first['loc'][0]).upper()}"
        raise ConfigurationError(
            f"{variable}={first.get('input')!r}: {first['msg']}. Change it in the environment"
            f" or in {folder / 'settings.env'}."
        ) from error


def config_folder() -> tuple[Path, Path]:
    """Return the folder with the company's settings and YAML files, and the home.

    The folder is REIFEGRAD_CONFIG, else `<home>/config` where that holds a `settings.env` (the
    company's own, written by `reifegrad start`), else the project's (the sample company's).
    """
    chosen = os.environ.get("REIFEGRAD_CONFIG")
    folder = Path(chosen or PROJECT_ROOT / "config")
    named = _read_env(folder / SETTINGS_FILE).get("home", "data")
    home = Path(os.environ.get("REIFEGRAD_HOME") or PROJECT_ROOT / named)
    own = home / "config"
    return (own if not chosen and (own / SETTINGS_FILE).is_file() else folder), home


def read_yaml(path: Path) -> dict[str, Any]:
    """Read one YAML file that holds a mapping.

    Raises:
        ConfigurationError: the file is missing, is not YAML (with the line) or holds no mapping.

    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path} is missing.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise ConfigurationError(f"{path}{line}: {problem}.") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: expected `name: value` pairs at the top.")
    return content


def _read_env(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    pairs = (
        line.split("=", 1)
        for line in path.read_text(encoding="utf-8").splitlines()
        if "=" in line and not line.lstrip().startswith("#")
    )
    return {k.strip().removeprefix("REIFEGRAD_").lower(): v.strip() for k, v in pairs}
