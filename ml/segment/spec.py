"""What the YAML of a segmentation says: groups by known attributes, clusters by behaviour."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.language import _
from ml.specs.feature import Part, Text
from ml.specs.kind import KindSpec, load_as

Mart = Annotated[str, Field(pattern=r"^\w+\.\w+$")]
# Letters name segments for good; a person may name them as they like.
Letter = Annotated[str, Field(pattern=r"^[A-Z]$")]


class Groups(Part):
    """Stage 1: customers with the same attributes.

    `customers`: SQL with `customer_id` and one column per attribute, the most important first. A
    combination that fewer than `at_least` customers share loses its last attribute; who is left in
    the end is `other`. A group of yesterday stays one down to `keep` of `at_least`, so that nobody
    moves to and fro because of one customer more or less.
    """

    customers: str = Field(min_length=1)
    at_least: int = Field(gt=1)
    keep: float = Field(gt=0, le=1)
    other: Text


class Trait(Part):
    """One number per customer: what it is called, and the words for little and much of it.

    `scale`: `log` where tenfold matters as much as tenfold again (amounts, counts, days).
    `weight`: how much it counts beside the others; with 0 it only names and describes segments.
    """

    scale: Literal["log", "linear"]
    title: Text
    low: Text
    high: Text
    weight: float = Field(default=1, ge=0)


class Interests(Part):
    """What a customer is interested in, as shares.

    `customers`: SQL with `customer_id`, `interest`, `amount` before `$as_of`. All of them together
    weigh as much as `weight` traits; of more than `at_most` the largest count, the others as one.
    `name` is said of a segment in which an interest has at least `named_share` and `named_times` of
    what it has with all customers.
    """

    customers: str = Field(min_length=1)
    weight: float = Field(gt=0)
    at_most: int = Field(gt=0)
    named_share: float = Field(gt=0, lt=1)
    named_times: float = Field(gt=1)
    name: Text


class Outcome(Part):
    """What customers do next: SQL with `customer_id`, `amount` within `days` from `$as_of` on."""

    customers: str = Field(min_length=1)
    days: int = Field(gt=0)


class Gate(Part):
    """What clusters must prove before they are used.

    `stability`: mean adjusted Rand index between the clusters and those of `draws` resamples of the
    customers (1: the same, 0: chance). `share_of_all`: no segment may be smaller. The clusters must
    tell more of `outcome` than the groups of stage 1 do, by the `confidence` interval of `draws`
    resamples. `customers`: of fewer nothing is learnt.
    """

    customers: int = Field(gt=0)
    stability: float = Field(gt=0, le=1)
    share_of_all: float = Field(gt=0, lt=0.3)
    draws: int = Field(ge=5)
    confidence: float = Field(gt=0.5, lt=1)


class Drift(Part):
    """When a person is asked for a new fit.

    A customer is far from all segments beyond the `quantile` of the distances at the fit. New
    clusters are proposed when surely more than `share` of the customers are far.
    """

    quantile: float = Field(gt=0.5, lt=1)
    share: float = Field(gt=0, lt=1)


class Behaviour(Part):
    """Stage 2: customers who behave alike.

    `customers`: SQL with `customer_id` and the columns named in `traits`, of what was known before
    `$as_of`. Customers that it does not return are the segment `without`. `clusters` are made
    unless another number from `fewest` to `most` is more stable by `clearly`. A customer changes
    segment when the new one is nearer by `hysteresis` of the distance to the old one.
    """

    customers: str = Field(min_length=1)
    traits: dict[str, Trait] = Field(min_length=2)
    interests: Interests | None = None
    without: Text
    outcome: Outcome
    clusters: int
    fewest: int = Field(ge=2)
    most: int = Field(le=12)
    clearly: float = Field(ge=0, lt=1)
    hysteresis: float = Field(ge=0, lt=1)
    gate: Gate
    drift: Drift

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.fewest <= self.clusters <= self.most:
            raise ValueError(_("clusters: must lie between fewest and most"))
        if not any(trait.weight for trait in self.traits.values()):
            raise ValueError(_("traits: at least one must have a weight"))
        return self


class SegmentSpec(KindSpec):
    """One segmentation of the customers.

    `clock`: the dated columns whose latest day says how far the data reach; behaviour is counted
    from there, so that a late file makes nobody look silent. `excluded`: condition on the
    customer's row (who objected to profiling). `months`: how far back the way of the segments is
    drawn at stage 3. `fitted_from`: a fit older than this day is made anew; so a person asks for
    one. `names`: what people call a segment; it holds whatever is proposed.
    """

    kind: Literal["segment"]
    clock: tuple[Mart, ...] = Field(min_length=1)
    stale_days: int = Field(ge=0)
    excluded: str = Field(min_length=1)
    groups: Groups
    behaviour: Behaviour
    months: int = Field(ge=2, le=60)
    fitted_from: date | None = None
    names: dict[Letter, Text] = Field(default_factory=dict)


def load(path: Path) -> SegmentSpec:
    """Read the YAML of a segmentation.

    Raises:
        ConfigurationError: it is no YAML, or the first mistake in one line.

    """
    return load_as(path, SegmentSpec)
