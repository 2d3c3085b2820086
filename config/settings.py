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

from config.folders import PROJECT_ROOT, SETTINGS_FILE, config_folder, read_env
from config.language import _, use_language
from config.validation import explain


class ConfigurationError(Exception):
    """A setting or YAML file is wrong; the message names the file and says what to change."""


class Settings(BaseSettings):
    """Everything one installation may set. Variables are named `REIFEGRAD_<FIELD>`.

    `home` is the one folder with all state; `config` the folder with the company's YAML files.
    """

    model_config = SettingsConfigDict(
        env_prefix="REIFEGRAD_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    home: Path = Field(
        default=PROJECT_ROOT / "data",
        description="the one folder with all state; two homes never touch each other",
    )
    config: Path = Field(
        default=PROJECT_ROOT / "config",
        description="the company's YAML files and settings.env; where the home has a config folder"
        " with a settings.env (written by `reifegrad start`), that one is the default",
    )
    models: Path = Field(default=PROJECT_ROOT / "models", description="one YAML file per score")
    expectations: Path = Field(
        default=PROJECT_ROOT / "expectations", description="one YAML file per use case"
    )
    proposals: Path = Field(
        default=PROJECT_ROOT / "proposals", description="one YAML file per use case that acts"
    )
    language: Literal["de", "en"] = Field(
        default="de",
        description="reasons, to-dos, tables, help, errors, and the log lines that are for people",
    )
    company: str = Field(default="Nordhang Antriebstechnik", description="its name in the CRM")
    timezone: str = Field(default="Europe/Berlin", description="time zone of the nights")
    as_of: date | None = Field(
        default=None, description="the day that the night speaks of; default: today"
    )
    airflow_port: int = Field(
        default=8080, gt=0, lt=65536, description="two homes at a time need other ports each"
    )
    airflow_users: str = Field(
        default="",
        pattern=r"^([^:,]+:(viewer|user|op|admin)(,[^:,]+:(viewer|user|op|admin))*)?$",
        description="who may log in to Airflow beside `admin`, as `Anna Berg:user,Ben Kurz:user`:"
        " `viewer` looks, `user` also decides about proposals. Their passwords are made at the"
        " next start and lie in `airflow/passwords.json`",
    )
    mlflow_port: int = Field(default=5000, gt=0, lt=65536, description="as for Airflow")
    mlflow_login: bool = Field(
        default=False,
        description="MLflow's page asks for the user `admin` and a password, made at the first"
        " start and kept in `airflow/mlflow_password`: for machines on which others have an"
        " account. The tasks write MLflow's store itself",
    )
    crm_port: int = Field(
        default=8069, gt=0, lt=65536, description="of the embedded CRM, as for Airflow"
    )
    crm_url: str | None = Field(
        default=None,
        description="your own CRM; then none is started here. Default: the embedded CRM",
    )
    crm_database: str = Field(default="crm", description="its database")
    crm_user: str = Field(default="admin", description="who writes the scores there")
    crm_password: str | None = Field(
        default=None, repr=False, description="of that user; for the embedded CRM one is made"
    )
    serve_token: str | None = Field(
        default=None,
        repr=False,
        description="what a remote analyst must have, 16 characters or more; made at the first"
        " `reifegrad serve` and kept in `secrets.env`",
    )
    embedding_url: str | None = Field(
        default=None,
        description="a server of your own that speaks OpenAI's embeddings interface, such as"
        " `http://host:8000/v1`; asked only by models of texts with `engine: endpoint`",
    )
    embedding_key: str | None = Field(
        default=None, repr=False, description="its key, where it wants one"
    )
    lock_wait_seconds: float = Field(
        default=120, ge=0, description="how long a station waits for the warehouse's file"
    )

    @field_validator("home", "config", "models", "expectations", "proposals")
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
    def outbox(self) -> Path:
        """What the nights write for people to fetch, such as the list of scores."""
        return self.home / "outbox"

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
    defaults. Relative paths in `settings.env` are relative to the project's root. From then on
    messages are in the set language.

    Raises:
        ConfigurationError: a value is not allowed; the message names the variable.

    """
    folder, home = config_folder()
    values: dict[str, Any] = read_env(home / "secrets.env") | read_env(folder / SETTINGS_FILE)
    values = {
        key: str(PROJECT_ROOT / value) if key in {"models", "expectations", "proposals"} else value
        for key, value in values.items()
    } | {"home": home}
    environment = {
        key.removeprefix("REIFEGRAD_").lower(): value
        for key, value in os.environ.items()
        if key.startswith("REIFEGRAD_") and value != ""
    }
    use_language((values | environment).get("language"))
    try:
        return Settings(**(values | environment | {"config": folder}))
    except ValidationError as error:
        first = error.errors()[0]
        variable = f"REIFEGRAD_{str(first['loc'][0]).upper()}"
        raise ConfigurationError(
            _("{variable}={value!r}: {problem}. Change it in the environment or in {file}.").format(
                variable=variable,
                value=first.get("input"),
                problem=explain(first),
                file=folder / SETTINGS_FILE,
            )
        ) from error


def read_yaml(path: Path, *, as_text: bool = False) -> dict[str, Any]:
    """Read one YAML file that holds a mapping.

    Args:
        path: the file.
        as_text: keep each scalar as it is written, for lists of words: `no` is the word "no".

    Raises:
        ConfigurationError: the file is missing, is not YAML (with the line) or holds no mapping.

    """
    try:
        loader = yaml.BaseLoader if as_text else yaml.SafeLoader
        content = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506 - both are safe
    except FileNotFoundError:
        raise ConfigurationError(_("{path} is missing.").format(path=path)) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = explain(getattr(error, "problem", None) or _("not YAML"))
        if mark is None:
            raise ConfigurationError(f"{path}: {problem}.") from error
        message = _("{path}, line {line}: {problem}.")
        raise ConfigurationError(
            message.format(path=path, line=mark.line + 1, problem=problem)
        ) from error
    if not isinstance(content, dict):
        raise ConfigurationError(
            _("{path}: expected `name: value` pairs at the top.").format(path=path)
        )
    return content
