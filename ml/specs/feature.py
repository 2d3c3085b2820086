"""What a YAML of `models/` says of one feature: where it comes from, why it is used, its texts."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Part(BaseModel):
    """A section of the YAML: no field but those that it names."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Text(Part):
    """One text in both languages; `{feature}` stands for that feature's value."""

    de: str
    en: str

    @model_validator(mode="before")
    @classmethod
    def _both(cls, value: object) -> object:
        return {"de": value, "en": value} if isinstance(value, str) else value


def as_list(value: object) -> object:
    """Return a single value as a list of one."""
    return value if value is None or isinstance(value, list | tuple) else [value]


class ReasonText(Text):
    """A sentence, said only where the SQL condition `when` over the features holds."""

    when: str | None = None


class Reasons(Part):
    """Sentences for a push up or down; the first that is true and has all its values is taken."""

    up: tuple[ReasonText, ...] = ()
    down: tuple[ReasonText, ...] = ()

    _lists = field_validator("up", "down", mode="before")(as_list)


class Source(Part):
    """Rows of a mart that features may aggregate.

    `known_on` is the column with the day on which all of `columns` were known: a row is visible
    to a cut-off only if that day lies before it, and no column beyond `columns` is.
    """

    mart: str
    known_on: str
    columns: tuple[str, ...] = ()
    key: str = "customer_id"
    where: str | None = None


class Measure(Part):
    """An SQL expression over the rows of `from` known before `cutoff`, or over the entity's row."""

    source: str = Field(default="entity", alias="from")
    sql: str
    window_days: int | None = Field(default=None, gt=0)
    missing: float | str | bool | None = None


class Feature(Part):
    """One input of the model and why it may be used.

    Without `sql` the feature is a column of the table, named `column` or like the feature.
    `direction`: a higher value can only raise (`rising`) or lower (`falling`) the score. Features
    of one `theme` tell a person the same thing and give one reason. `neutral` is the value above
    and below which texts differ (default: the typical one in training).
    """

    name: str = ""
    type: Literal["numeric", "categorical"]
    why: str | None = None
    title: Text | None = None
    column: str | None = None
    source: str = Field(default="entity", alias="from")
    sql: str | None = None
    window_days: int | None = Field(default=None, gt=0)
    missing: float | str | None = None
    in_model: bool = True
    direction: Literal["rising", "falling"] | None = None
    neutral: float | None = None
    theme: str | None = None
    reasons: Reasons = Reasons()
    labels: dict[str, Text] = Field(default_factory=dict)
