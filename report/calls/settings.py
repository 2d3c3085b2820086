"""`config/lists.yml` as typed objects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from config import PROJECT_ROOT, ConfigurationError, Settings, explain, read_yaml
from config.language import _
from ml.feedback import FOLLOWED, KINDS, FeedbackKind

if TYPE_CHECKING:
    import duckdb

FILE: Final = "lists.yml"
Address = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]{2,}$")]
Sender = Annotated[str, Field(pattern=r"^([^<>@]*<[^@\s<>]+@[^@\s<>]+>|[^@\s<>]+@[^@\s<>]+)$")]
Several = Annotated[
    tuple[Address, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(_Strict):
    """A kind of feedback: what people choose, and for how many days it pauses a customer."""

    de: str = Field(min_length=1)
    en: str = Field(min_length=1)
    pause_days: int = Field(ge=0)


class NextStep(_Strict):
    """What to do next where `when` holds: SQL over the columns of `marts.call_list`."""

    when: str = "true"
    de: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Mail(_Strict):
    """Who gets which list as a mail; off without a `connection` (one of Airflow's, SMTP)."""

    connection: str | None = None
    sender: Sender | None = None
    to: dict[str, Several] = {}
    without_manager: Several = ()

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, values: dict[str, object]) -> dict[str, object]:
        return {key: value for key, value in values.items() if value is not None}

    @model_validator(mode="after")
    def _complete(self) -> Mail:
        if self.connection and not self.sender:
            raise ValueError(_("a sender is missing"))
        return self

    def recipients(self, manager: str | None) -> tuple[str, ...]:
        """Return who gets the list of an account manager; None: that of customers without one."""
        if manager is None:
            return self.without_manager
        by_name = {name.casefold(): addresses for name, addresses in self.to.items()}
        return by_name.get(manager.casefold(), ())


class ListConfig(_Strict):
    """All of `lists.yml`."""

    rows_per_person: int = Field(ge=1, le=100)
    scores: tuple[str, ...] = Field(min_length=1)
    bands: tuple[Literal["high", "medium", "low"], ...] = Field(min_length=1)
    names: dict[str, str] = {}
    keep_days: int = Field(default=730, ge=1)
    feedback: dict[FeedbackKind, Choice]
    next_steps: tuple[NextStep, ...] = Field(min_length=1)
    mail: Mail = Mail()

    @model_validator(mode="after")
    def _every_kind(self) -> ListConfig:
        if missing := [kind for kind in KINDS if kind not in self.feedback]:
            raise ValueError(_("feedback: {kinds} is missing").format(kinds=", ".join(missing)))
        return self


def load_lists(settings: Settings) -> ListConfig:
    """Read `lists.yml` of the company, or the project's own where it has none.

    Raises:
        ConfigurationError: a value is not allowed; the message names the file and the value.

    """
    path = lists_path(settings)
    try:
        return ListConfig(**read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        told = f"{path}: {name}: {explain(first)}." if name else f"{path}: {explain(first)}."
        raise ConfigurationError(told) from error


def lists_path(settings: Settings) -> Path:
    """Return the file in force."""
    own = settings.config / FILE
    return own if own.is_file() else PROJECT_ROOT / "config" / FILE


def keep_rules(connection: duckdb.DuckDBPyConnection, config: ListConfig) -> None:
    """Tell the warehouse what `marts.call_list` is made by."""
    connection.begin()
    for table in ("call_list_limits", "call_list_names", "feedback_kinds"):
        connection.execute(f"delete from ops.{table}")
    connection.execute(
        "insert into ops.call_list_limits values (?, ?, ?)",
        [config.rows_per_person, list(config.scores), list(config.bands)],
    )
    for written, name in config.names.items():
        connection.execute(
            "insert into ops.call_list_names values (?, ?)", [written.strip().lower(), name]
        )
    for kind, choice in config.feedback.items():
        connection.execute(
            "insert into ops.feedback_kinds values (?, ?, ?)",
            [kind, kind in FOLLOWED, choice.pause_days],
        )
    connection.commit()


def is_built(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether a build of this version has made the marts that the lists are read from."""
    (found,) = connection.execute(
        "select count(*) from information_schema.tables where table_schema = 'marts'"
        " and table_name in ('call_list', 'customer_records', 'leads', 'scores')"
    ).fetchone() or (0,)
    return int(found) == 4
