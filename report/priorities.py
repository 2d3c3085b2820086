"""What a step costs and a use case is worth: `priorities.yml`, and the company's own file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config import Settings, explain, read_yaml
from config.settings import ConfigurationError

FILE: Final = Path(__file__).with_name("priorities.yml")
Kind = Literal["fill", "renew", "mend", "deliver", "collect", "wait"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Value(_Strict):
    """What a use case is worth to the firm, 0 to 5."""

    value: float = Field(ge=0, le=5)
    reason: str


class Cost(_Strict):
    """Hours of a kind of step (`per_record` for each record), and how likely it can be done."""

    hours: float = Field(gt=0)
    per_record: float = Field(ge=0)
    chance: float = Field(ge=0, le=1)
    reason: str


class Chance(_Strict):
    """How likely a firm has a source; 0: it never has."""

    chance: float = Field(ge=0, le=1)
    reason: str


class Priorities(_Strict):
    """All weights by which the next steps are sorted."""

    values: Mapping[str, Value]
    default_value: float = Field(ge=0, le=5)
    steps: Mapping[Kind, Cost]
    sources: Mapping[str, Chance]

    def value(self, use_case: str) -> float:
        """Say what a use case is worth."""
        found = self.values.get(use_case)
        return self.default_value if found is None else found.value

    def cost(self, kind: Kind, records: int) -> float:
        """Estimate the hours of a step that touches so many records."""
        cost = self.steps[kind]
        return cost.hours + cost.per_record * records

    def chance(self, kind: Kind, source: str | None) -> float:
        """Say how likely a step can be done at all."""
        own = self.sources.get(source or "") if kind == "deliver" else None
        return self.steps[kind].chance if own is None else own.chance


def read_priorities(settings: Settings) -> Priorities:
    """Read the weights; the company's own `priorities.yml` overrides single ones.

    Raises:
        ConfigurationError: the company's file has an unknown name or a number out of range.

    """
    weights = read_yaml(FILE)
    own = settings.config / FILE.name
    if own.is_file():
        for part, content in read_yaml(own).items():
            known = weights.get(part)
            if isinstance(known, dict) and isinstance(content, dict):
                content = known | content
            weights[part] = content
    try:
        return Priorities.model_validate(weights)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{own}, {place}: {explain(first)}.") from error
