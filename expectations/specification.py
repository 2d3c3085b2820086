"""The form of `expectations/*.yml`: what the data of one use case must satisfy, stage by stage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.language import _
from config.settings import ConfigurationError, read_yaml
from config.validation import explain
from config.yaml_lines import YamlLines
from expectations.journey import Phase, order
from expectations.shared import SHARED, Origin, Place, SharedChecks, holders

AUDIT = "audit"
NO_USE_CASES = (AUDIT, SHARED, "sources")  # files beside the use cases
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
# Columns of a mart that are computed from another mart: they say nothing if its source is missing.
FILLED_FROM = {"first_order_on": "orders", "last_order_on": "orders", "order_count": "orders"}
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
    concerns: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$",
        description="the <mart>.<column> to mend where that is not the column checked",
    )
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
    line: int = Field(default=0, description="in the YAML file; set on reading")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.mart is None) == (self.query is None):
            raise ValueError(_("give either `mart` or `query`"))
        if self.where is not None and self.mart is None:
            raise ValueError(_("`where` goes with `mart`; put the condition into `query`"))
        if not (self.reason or self.source):
            raise ValueError(_("say why this threshold: `reason` or `source`"))
        for todo in (self.todo_de, self.todo_en):
            for name in re.findall(r"{(.*?)}", todo):
                if not re.fullmatch(rf"({'|'.join(PLACEHOLDERS)})(:[^|]*\|[^|]*)?", name):
                    raise ValueError(
                        _(
                            "`todo` knows no {{{name}}}; use {names}, and"
                            " {{unmet:belongs|belong}} for a word that goes with one or"
                            " with many"
                        ).format(name=name, names=", ".join(PLACEHOLDERS))
                    )
        return self

    @model_validator(mode="after")
    def _fits_type(self) -> Self:
        if self.type.startswith("Expect"):
            return self
        if self.type not in FAMILIES:
            raise ValueError(
                _(
                    "no type {type!r}; use {names} or a Great Expectations name such as"
                    " ExpectColumnPairValuesAToBeGreaterThanB"
                ).format(type=self.type, names=", ".join(FAMILIES))
            )
        if self.column is None and self.type != "rows":
            raise ValueError(_("type {type} needs `column`").format(type=self.type))
        needed = FAMILIES[self.type]
        if needed and all(getattr(self, field) is None for field in needed):
            raise ValueError(
                _("type {type} needs {names}").format(
                    type=self.type, names=_(" or ").join(f"`{n}`" for n in needed)
                )
            )
        return self

    @property
    def records(self) -> str:
        """The SQL of the records that are checked; `{night}`, `{mart_rows}` are still in it."""
        if self.query is not None:
            return self.query.strip()
        condition = f" where {self.where}" if self.where else ""
        return f"select * from marts.{self.mart}{condition}"

    @property
    def marts(self) -> set[str]:
        """The marts whose rows are checked, or fill the columns that choose them."""
        words = set(re.findall(r"\w+", self.records)) | {self.column}
        filling = {mart for column, mart in FILLED_FROM.items() if column in words}
        return filling | set(re.findall(r"\bmarts\.(\w+)", self.records))

    @property
    def target(self) -> tuple[str, str] | None:
        """Mart and column to mend; None if no single column is at fault."""
        if self.concerns:
            mart, _, column = self.concerns.partition(".")
            return mart, column
        return (self.mart, self.column) if self.mart and self.column else None

    @property
    def strictness(self) -> float | None:
        """The threshold as a number: of two otherwise equal expectations the higher is stricter."""
        if self.type in ("rows", "distinct", "history"):
            return self.at_least
        if self.type == "fresh":
            return None if self.at_most is None else -self.at_most
        return self.mostly

    @property
    def subject(self) -> tuple[object, ...]:
        """What is checked, whatever the threshold."""
        rule = (self.values, self.min, self.max, str(sorted(self.arguments.items())))
        return (self.type, " ".join(self.records.split()), self.column, *rule)


class Stage(_Strict):
    """What one stage's method may do, and what it needs beyond the stage below."""

    description_de: str
    description_en: str
    expectations: tuple[Expectation, ...] = Field(min_length=1)


class UseCase(_Strict):
    """One use case of the customer journey; `name` is the file's name."""

    name: Name
    phase: Phase = Field(default="all", description="of the customer journey")
    position: int = Field(default=99, description="within the phase, smallest first")
    title_de: str
    title_en: str
    decision_de: str = Field(description="the decision that is supported")
    decision_en: str
    nights_to_fall: int = Field(
        default=2, ge=1, description="nights in a row below a stage until it is lost"
    )
    stages: dict[int, Stage]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if sorted(self.stages) not in ([1], [1, 2], [1, 2, 3]):
            raise ValueError(_("`stages` are 1, 1 to 2 or 1 to 3, without a gap"))
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


@dataclass(frozen=True)
class Specifications:
    """The use cases read, in the journey's order, and the problems of broken files."""

    use_cases: tuple[UseCase, ...]
    problems: dict[str, str]  # name of the use case -> one line with file, line and remedy

    @property
    def names(self) -> list[str]:
        """All of them, the broken ones last."""
        return [case.name for case in self.use_cases] + list(self.problems)


def read_use_cases(folder: Path) -> Specifications:
    """Read every `<use_case>.yml` of the folder except NO_USE_CASES; broken ones are reported.

    Raises:
        ConfigurationError: the folder holds none.

    """
    paths = sorted(path for path in folder.glob("*.yml") if path.stem not in NO_USE_CASES)
    if not paths:
        raise ConfigurationError(_("{folder} holds no <use_case>.yml.").format(folder=folder))
    use_cases, problems = [], {}
    for path in paths:
        try:
            use_cases.append(_parse(path, UseCase))
        except ConfigurationError as error:
            problems[path.stem] = str(error)
    use_cases.sort(key=lambda case: (order(case.phase), case.position, case.name))
    return Specifications(tuple(use_cases), problems)


def load_use_cases(folder: Path) -> list[UseCase]:
    """Read the use cases in the order of the journey.

    Raises:
        ConfigurationError: one line with file, line, expectation and what to change.

    """
    found = read_use_cases(folder)
    for problem in found.problems.values():
        raise ConfigurationError(problem)
    return list(found.use_cases)


def load_audit(folder: Path) -> Audit:
    """Read `audit.yml`; raises as `load_use_cases` does."""
    return _parse(folder / f"{AUDIT}.yml", Audit)


def _parse(path: Path, model: type[_Spec]) -> _Spec:
    content = read_yaml(path)
    lines = YamlLines(path.read_text(encoding="utf-8"))
    shared = SharedChecks(path.parent)
    origins = _expand(path, content, lines, shared)
    try:
        spec = model.model_validate(content | {"name": path.stem})
    except ValidationError as error:
        first = error.errors()[0]
        location = list(first["loc"])
        file, line = _origin(path, lines, shared, origins, location)
        others = error.error_count() - 1
        more = _(" ({count} more)").format(count=others) if others else ""
        message = explain(first)
        raise ConfigurationError(
            _("{path}, line {line}, {place}: {problem}.").format(
                path=file,
                line=line,
                place=_place(content, location),
                problem=message + more,
            )
        ) from error
    _refuse_contradictions(path, spec)
    return spec


def _expand(
    path: Path, content: dict[str, Any], lines: YamlLines, shared: SharedChecks
) -> dict[Place, Origin]:
    """Put shared checks in the places where they are named; give every expectation its line."""
    origins = {}
    for place, items in holders(content):
        for number, item in enumerate(items):
            line = lines.of([*place, number])
            try:
                expanded, origins[*place, number] = shared.expand(item)
            except KeyError as missing:
                raise ConfigurationError(
                    _(
                        "{path}, line {line}: there is no check {name} in {shared}, or it is like"
                        " itself."
                    ).format(path=path, line=line, name=missing.args[0], shared=shared.path)
                ) from None
            if isinstance(expanded, dict):
                items[number] = _at(place, expanded) | {"line": line}
            else:
                items[number] = expanded
    return origins


def _at(place: Place, item: dict[str, Any]) -> dict[str, Any]:
    """Put the stage into the texts of an item, which may be shared by several."""
    if len(place) < 2:
        return item
    return {
        field: text.replace("{stage}", str(place[1]))
        if field.startswith("todo_") and isinstance(text, str)
        else text
        for field, text in item.items()
    }


def _origin(
    path: Path,
    lines: YamlLines,
    shared: SharedChecks,
    origins: dict[Place, Origin],
    location: list[int | str],
) -> tuple[Path, int]:
    """Find the file and line that say what is at a place: the use case's, or the shared check's."""
    for size in range(1, len(location)):
        origin = origins.get(tuple(location[:size]))
        field = str(location[size])
        if origin is None:
            continue
        if field not in origin.own and origin.like and (line := shared.line(origin.like, field)):
            return shared.path, line
        return path, lines.of([*location[:size], *origin.steps, *location[size:]])
    return path, lines.of(location)


def _refuse_contradictions(path: Path, spec: UseCase | Audit) -> None:
    """Refuse duplicate names and a stage that requires less than a lower one."""
    for (low, lower), (high, higher) in combinations(spec.checks, 2):
        if lower.name == higher.name:
            raise ConfigurationError(
                _("{path}, line {line}, expectation {name}: the name is there twice.").format(
                    path=path, line=higher.line, name=higher.name
                )
            )
        asked, before = higher.strictness, lower.strictness
        if low == high or lower.subject != higher.subject or asked is None or before is None:
            continue
        if asked >= before:
            continue
        raise ConfigurationError(
            _(
                "{path}, line {line}, stage {high}, expectation {name}: asks for"
                " {asked:g} where stage {low} ({other}, line {other_line}) asks for"
                " {before:g}; a higher stage can't ask for less."
            ).format(
                path=path,
                line=higher.line,
                high=high,
                name=higher.name,
                asked=abs(asked),
                low=low,
                other=lower.name,
                other_line=lower.line,
                before=abs(before),
            )
        )


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
            words.append(_("stage {stage}").format(stage=step))
        elif isinstance(step, int) and isinstance(node, dict):
            words.append(_("expectation {name}").format(name=node.get("name", step + 1)))
        elif step not in ("stages", "expectations", "[key]"):
            words.append(f"`{step}`")
    return ", ".join(words) or _("top")
