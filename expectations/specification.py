"""The form of `expectations/*.yml`: what the data of one use case must satisfy, stage by stage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.settings import ConfigurationError, read_yaml

AUDIT = "audit"
FAMILIES = {  # family of checks -> the fields that it needs beside `column`
    "complete": (),  # values present; `mostly` is the share required
    "unique": (),  # no value twice
    "in_set": ("values",),
    "in_range": ("min", "max"),  # either or both
    "rows": ("at_least",),  # number of records
    "distinct": ("at_least",),  # number of different values
    "fresh": ("at_most",),  # days since the newest date
    "history": ("at_least",),  # days since the oldest date
}
PLACEHOLDERS = ("unmet", "total", "to_next", "observed", "required")
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectation(_Strict):
    """One thing that must hold, checked over the records of a mart or of a query."""

    name: Name
    type: str = Field(description="a family, or the name of any row-wise GX expectation")
    mart: Name | None = None
    where: str | None = Field(default=None, description="SQL condition on the mart's rows")
    query: str | None = Field(default=None, description="SQL select instead of a mart")
    id: str = Field(description="column that names a record in lists and data docs")
    column: str | None = None
    mostly: float = Field(default=1.0, gt=0, le=1, description="share of records that must pass")
    values: tuple[str | bool | int, ...] | None = None
    min: float | None = None
    max: float | None = None
    at_least: float | None = Field(default=None, gt=0)
    at_most: float | None = Field(default=None, gt=0)
    may_be_empty: bool = Field(default=False, description="no records at all: it holds")
    arguments: dict[str, Any] = Field(default_factory=dict, description="for a GX expectation")
    unit: str | None = Field(default=None, description="of observed and required; else by family")
    reason: str | None = None
    source: str | None = None
    todo_de: str
    todo_en: str

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.mart is None) == (self.query is None):
            raise ValueError("give either `mart` or `query`")
        if self.where is not None and self.mart is None:
            raise ValueError("`where` goes with `mart`; put the condition into `query`")
        if not (self.reason or self.source):
            raise ValueError("say why this threshold: `reason` or `source`")
        for todo in (self.todo_de, self.todo_en):
            unknown = set(re.findall(r"{(.*?)}", todo)) - set(PLACEHOLDERS)
            if unknown:
                raise ValueError(
                    f"`todo` knows no {{{min(unknown)}}}; use {', '.join(PLACEHOLDERS)}"
                )
        return self

    @model_validator(mode="after")
    def _fits_type(self) -> Self:
        if self.type.startswith("Expect"):
            return self
        if self.type not in FAMILIES:
            raise ValueError(
                f"no type {self.type!r}; use {', '.join(FAMILIES)} or a Great Expectations"
                " name such as ExpectColumnPairValuesAToBeGreaterThanB"
            )
        if self.column is None and self.type != "rows":
            raise ValueError(f"type {self.type} needs `column`")
        needed = FAMILIES[self.type]
        if needed and all(getattr(self, field) is None for field in needed):
            raise ValueError(f"type {self.type} needs {' or '.join(f'`{n}`' for n in needed)}")
        return self

    @property
    def records(self) -> str:
        """The SQL of the records that are checked; `{night}`, `{mart_rows}` are still in it."""
        if self.query is not None:
            return self.query.strip()
        condition = f" where {self.where}" if self.where else ""
        return f"select * from marts.{self.mart}{condition}"


class Stage(_Strict):
    """What one stage's method may do, and what it needs beyond the stage below."""

    description_de: str
    description_en: str
    expectations: tuple[Expectation, ...] = Field(min_length=1)


class UseCase(_Strict):
    """One use case of the customer journey; `name` is the file's name."""

    name: Name
    title_de: str
    title_en: str
    decision_de: str = Field(description="the decision that is supported")
    decision_en: str
    stages: dict[int, Stage]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if sorted(self.stages) not in ([1], [1, 2], [1, 2, 3]):
            raise ValueError("`stages` are 1, 1 to 2 or 1 to 3, without a gap")
        return self

    @property
    def checks(self) -> Iterator[tuple[int, Expectation]]:
        """Every stage's expectations with the stage, lowest first."""
        for number in sorted(self.stages):
            yield from ((number, item) for item in self.stages[number].expectations)


class Audit(_Strict):
    """What guards the warehouse itself: nothing is published while one of these fails."""

    name: Name
    title_de: str
    title_en: str
    expectations: tuple[Expectation, ...] = Field(min_length=1)

    @property
    def checks(self) -> Iterator[tuple[int, Expectation]]:
        """The expectations, as stage 0."""
        yield from ((0, item) for item in self.expectations)


_Spec = TypeVar("_Spec", UseCase, Audit)


def load_use_cases(folder: Path) -> list[UseCase]:
    """Read every `<use_case>.yml` of the folder but the audit's, in the order of their names.

    Raises:
        ConfigurationError: one line with file, use case, expectation and what to change.

    """
    paths = sorted(path for path in folder.glob("*.yml") if path.stem != AUDIT)
    if not paths:
        raise ConfigurationError(f"{folder} holds no <use_case>.yml.")
    return [_parse(path, UseCase) for path in paths]


def load_audit(folder: Path) -> Audit:
    """Read `audit.yml`; raises as `load_use_cases` does."""
    return _parse(folder / f"{AUDIT}.yml", Audit)


def _parse(path: Path, model: type[_Spec]) -> _Spec:
    content = read_yaml(path)
    try:
        spec = model.model_validate(content | {"name": path.stem})
    except ValidationError as error:
        first = error.errors()[0]
        place = _place(content, list(first["loc"]))
        more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{path}, {place}: {message}{more}.") from error
    seen: set[str] = set()
    for _, item in spec.checks:
        if item.name in seen:
            raise ConfigurationError(f"{path}, expectation {item.name}: the name is there twice.")
        seen.add(item.name)
    return spec


def _place(content: dict[str, Any], location: list[int | str]) -> str:
    """Name a place in the file as its writer would: stage, expectation's name, field."""
    words: list[str] = []
    node: Any = content
    for step in location:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            node = None
        if isinstance(step, int) and isinstance(node, dict) and "description_de" in node:
            words.append(f"stage {step}")
        elif isinstance(step, int) and isinstance(node, dict):
            words.append(f"expectation {node.get('name', step + 1)}")
        elif step not in ("stages", "expectations", "[key]"):
            words.append(f"`{step}`")
    return ", ".join(words) or "top"
