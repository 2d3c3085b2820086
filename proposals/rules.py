"""`config/proposals.yml`: what holds for all proposals, whatever their use case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config import PROJECT_ROOT, ConfigurationError, Settings, explain, read_yaml
from proposals.uses import Name, Text

FILE: Final = "proposals.yml"
Place = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]


class From(BaseModel):
    """Who a mail is from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")


class Rules(BaseModel):
    """All of `proposals.yml`; each field's reason stands there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mailbox_days: int = Field(ge=0)
    may_release: tuple[str, ...] = ()
    approve_in_airflow: tuple[Place, ...] = ()
    keep_days: int = Field(ge=1)
    reject_reasons: Mapping[Name, Text] = Field(min_length=1)
    mark: Text
    objection: Text
    imprint: Text | None = None
    mailing_tool: Literal["csv", "listmonk", "brevo"] = "csv"
    sender: From | None = None
    listmonk_template: int | None = None

    def lets_release(self, person: str) -> bool:
        """Whether somebody may release."""
        return not self.may_release or same_name(person) in map(same_name, self.may_release)


def load_rules(settings: Settings) -> Rules:
    """Read `proposals.yml` of the company; what it leaves out is as in the project's own.

    Raises:
        ConfigurationError: a value is not allowed; the message names the file and the value.

    """
    path, own = PROJECT_ROOT / "config" / FILE, settings.config / FILE
    content = read_yaml(path)
    if own.is_file():
        path, content = own, content | read_yaml(own)
    try:
        return Rules.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}: {name}: {explain(first)}.") from error


def same_name(person: str) -> str:
    """Return a name so that "Anna  Berg" and "anna berg" are one person."""
    return " ".join(person.split()).casefold()
