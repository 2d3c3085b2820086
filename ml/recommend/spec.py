"""The YAML of a recommendation: where purchases stand, what may be shown, and how it is tested."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import Field, model_validator

from config import read_yaml
from ml.specs.feature import Part, Text
from ml.specs.kind import KindSpec, load_as

DEFAULTS: Final = Path(__file__).with_name("defaults.yml")


class Again(Part):
    """What counts as bought again and again, and when it is due."""

    least_orders: int = Field(ge=2)
    soon_days: int = Field(ge=0)
    lapsed_after: float = Field(gt=1)


class New(Part):
    """Which articles may be recommended to whoever never bought them, and how they are found."""

    least_customers: int = Field(ge=2)
    most_articles: int = Field(ge=10, le=10_000)
    discontinued_days: int = Field(ge=1)
    discontinued_gaps: float = Field(ge=1)
    least_together: int = Field(ge=2)
    ridges: tuple[float, ...] = Field(min_length=1)
    signal_weights: tuple[float, ...]
    signal_days: int = Field(ge=1)
    least_visitors: int = Field(ge=2)


class Gate(Part):
    """How the methods are held against each other, forward in time."""

    horizon_days: int = Field(ge=7)
    learn_days: int = Field(ge=30)
    folds: int = Field(ge=1, le=12)
    hit_at: int = Field(ge=1)
    test_cases: int = Field(ge=10)
    most_customers: int = Field(ge=100)
    confidence: float = Field(gt=0.5, lt=1)


class ReasonTexts(Part):
    """Sentences beside an article; each placeholder is a count or a name of tonight."""

    again: Text
    together: Text
    looked: Text
    group: Text


class RecommendSpec(KindSpec):
    """One recommendation.

    `purchases`: SQL over marts, a row per customer, article and day: `customer_id, article,
    bought_on, quantity` (negative: sent back; null counts as one). Who objected to profiling must
    not be in it. `articles`: `article, name, product_group, is_offered` (false: never recommended
    as new). `signals`: `customer_id, topic, seen_on`, what customers looked at or searched for;
    used from stage 3 on. `rejected`: `customer_id, article` that a person called wrong as new.
    """

    kind: Literal["recommend"]
    learns_from: Literal[1, 2, 3] = 2
    purchases: str = Field(min_length=1)
    articles: str = Field(min_length=1)
    signals: str | None = None
    rejected: str | None = None
    history_days: int = Field(ge=90)
    shown: int = Field(ge=1, le=20)
    again: Again
    new: New
    gate: Gate
    reasons: ReasonTexts

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, content: Any) -> Any:  # noqa: ANN401 - whatever the YAML holds
        if not isinstance(content, dict):
            return content
        filled = dict(content)
        for section, default in read_yaml(DEFAULTS).items():
            given = filled.setdefault(section, default)
            if isinstance(given, dict) and isinstance(default, dict):
                filled[section] = default | given
        return filled

    @model_validator(mode="after")
    def _shows_what_is_tested(self) -> Self:
        if self.shown > self.gate.hit_at:
            raise ValueError(f"shown: must not be more than gate.hit_at ({self.gate.hit_at})")
        return self


def load(path: Path) -> RecommendSpec:
    """Read a YAML of kind `recommend`.

    Raises:
        ConfigurationError: the first mistake in one line with file, line and what to change.

    """
    return load_as(path, RecommendSpec)
