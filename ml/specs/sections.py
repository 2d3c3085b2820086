"""The sections that a score's YAML may hold; `ml.specs.spec.Spec` joins them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from config.language import _
from ml.specs.feature import Measure, Part, ReasonText, Text, as_list

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Target(Part):
    """The column to predict; rows whose value is neither positive nor (if given) negative."""

    column: str
    positive: str | bool | int | float | None = None
    negative: str | bool | int | float | None = None
    title: Text | None = None


class Snapshots(Part):
    """The (entity, cut-off) pairs that a model learns from.

    With `every_days` the cut-offs lie that far apart, the newest one `horizon_days` before the
    last day that any column of `clock` (mart.column) has reached; scores count from that last day.
    When it lies more than `stale_days` before the night, scores say so. Without `every_days` each
    entity gives one row as of the night.
    `label` sees rows in [cut-off, cut-off + horizon) only. With `own_horizon` that is as many days
    as it says of each row, at least `horizon_days`; rows whose days are not over yet are left out.
    Where `settled` holds, the outcome counts as decided before the cut-off (a lead that nobody has
    touched for long is lost, though nobody closed it): neither learnt from nor scored.
    """

    every_days: int | None = Field(default=None, gt=0)
    at_most: int = Field(default=24, gt=0)
    history_days: int = Field(default=0, ge=0)
    horizon_days: int = Field(default=0, ge=0)
    own_horizon: str | None = Field(default=None, description="SQL over the features: days")
    settled: str | None = Field(default=None, description="SQL condition over the features")
    clock: tuple[Annotated[str, Field(pattern=r"^\w+\.\w+$")], ...] = ()
    stale_days: int = Field(default=14, ge=0)
    at_most_rows: int = Field(default=200_000, gt=0)
    population: Measure
    label: Measure
    excluded: str = Field(description="condition on the customer's row: who objected to profiling")
    why: str

    _list = field_validator("clock", mode="before")(as_list)

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if self.every_days and not (self.clock and self.horizon_days):
            raise ValueError(_("with every_days, give horizon_days and clock (mart.column) too"))
        return self


class Rule(Part):
    """Points added where the SQL condition `when` holds over the features.

    Of its texts the first whose placeholders all have a value is taken; 0 points make it a fact.
    """

    when: str
    points: int = Field(ge=-100, le=100)
    reason: tuple[Text, ...]
    why: str

    _list = field_validator("reason", mode="before")(as_list)


class Rules(Part):
    """What is scored without learning: points to start from, and a list per stage."""

    base: int = Field(default=0, ge=0, le=100)
    stage_1: tuple[Rule, ...]
    stage_2: tuple[Rule, ...]

    def of(self, stage: int) -> tuple[Rule, ...]:
        """Rules of stage 1, or those of stage 2 for every higher one."""
        return self.stage_1 if stage <= 1 else self.stage_2


class CandidateModel(Part):
    """One kind of model with its parameters (scikit-learn's or interpret's names).

    `search` lists values of parameters to choose from inside the training rows; below `min_rows`
    labelled rows the candidate is not tried. A blend is the mean of its `members`' log-odds.
    """

    kind: Literal[
        "logistic_regression",
        "explainable_boosting",
        "random_forest",
        "hist_gradient_boosting",
        "blend",
    ]
    parameters: dict[str, Any] = Field(default_factory=dict)
    search: dict[str, list[Any]] = Field(default_factory=dict)
    members: tuple[str, ...] = ()
    min_rows: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.kind == "blend") != bool(self.members):
            raise ValueError(_("members: a blend, and nothing else, names its members"))
        if self.search and self.kind in {"explainable_boosting", "blend"}:
            raise ValueError(_("search: a candidate of this kind has nothing to search for"))
        return self


class Validation(Part):
    """How generalisation is measured; see `defaults.yml` for what each figure means."""

    time: str | None = None
    group: str | None = None
    folds: int = Field(ge=2)
    repeats: int = Field(ge=1)
    small_rows: int = Field(ge=0)
    small_folds: int = Field(ge=2)
    small_repeats: int = Field(ge=1)
    blocks: int = Field(ge=1)
    test_days: int = Field(ge=1)
    most_blocks: int = Field(ge=1)
    test_cases: int = Field(ge=0)
    learn_cases: int = Field(ge=1)
    calibration_gain: float = Field(ge=0)
    copies_at_most: float = Field(ge=0, le=1)


class Preparation(Part):
    """How a table's columns are read, how they are made fit for a model, and how many are used."""

    max_categories: int = Field(ge=2)
    min_category_rows: int = Field(ge=1)
    cases_per_feature: float = Field(gt=0)
    unread_share: float = Field(ge=0, le=1)


class Leaks(Part):
    """When a column is left out because it is nearly the outcome; see `ml.learning.leaks`.

    The limit for a column alone is `gates.suspicious_auc`. `cleared` names columns that stay
    whatever the guard finds, each with the reason why its value was known before the outcome.
    """

    cleared: dict[str, str] = Field(default_factory=dict)
    most_rows: int = Field(ge=100)
    beyond_auc: float = Field(gt=0.5, le=1)
    beyond_error: float = Field(gt=0, le=1)
    lonely_auc: float = Field(gt=0.5, le=1)
    related_share: float = Field(ge=0, le=1)
    pure_ratio: float = Field(gt=1)
    pure_share: float = Field(gt=0, le=1)
    blank_gap: float = Field(gt=0, le=1)
    comes_with: float = Field(gt=1)
    chance: float = Field(gt=0, lt=1)


class Gates(Part):
    """What a model must reach before it may replace the rules."""

    min_rows: int = Field(ge=0)
    min_positives: int = Field(ge=1)
    min_negatives: int = Field(ge=1)
    min_auc: float = Field(ge=0, le=1)
    confidence: float = Field(gt=0.5, lt=1)
    better_draws: float = Field(ge=0, le=1)
    resamples: int = Field(ge=100)
    calibration_error: float = Field(ge=0, le=1)
    keep_share: float = Field(ge=0, le=1)
    min_shared: int = Field(ge=1)
    promise_days: int = Field(ge=0)
    baseline: str | None = None
    suspicious_auc: float = Field(gt=0.5, le=1)


class Fairness(Part):
    """Groups that a model must treat alike, by name with SQL over `customer` and `entity`."""

    groups: dict[str, str] = Field(default_factory=dict)
    min_entities: int = Field(ge=2)
    min_outcomes: int = Field(ge=2)
    confidence: float = Field(gt=0.5, lt=1)
    tolerance: float = Field(ge=0, le=1)

    @field_validator("groups", mode="before")
    @classmethod
    def _columns(cls, value: object) -> object:
        """Take a list as columns of the customer."""
        if isinstance(value, list):
            return {str(name): f'customer."{name}"' for name in value}
        return value


class Watching(Part):
    """When a score is said to have drifted or worsened; see `defaults.yml` for each figure."""

    keep_every_days: int = Field(ge=1)
    keep_days: int = Field(ge=1)
    least_rows: int = Field(ge=10)
    least_outcomes: int = Field(ge=5)
    alarm_rate: float = Field(gt=0, lt=0.5)
    least_distance: float = Field(ge=0, le=1)
    beyond_usual: float = Field(ge=1)
    outcome_days: int = Field(ge=1)
    retrain_after_days: int = Field(ge=1)
    most_age_days: int = Field(ge=1)


class Bands(Part):
    """From how many points on a score is high or medium."""

    why: str
    high: int = Field(ge=0, le=101)
    medium: int = Field(ge=0, le=101)

    def of(self, points: int) -> Literal["high", "medium", "low"]:
        """Name the band of that many points (0 to 100)."""
        return "high" if points >= self.high else "medium" if points >= self.medium else "low"

    def of_all(self, points: NDArray[Any]) -> NDArray[Any]:
        """Name the band of each of many."""
        import numpy as np

        names = np.array(["low", "medium", "high"], dtype=object)
        return np.asarray(names[(points >= self.medium).astype(int) + (points >= self.high)])


class Explanation(Part):
    """How reasons are chosen and told; `defaults.yml` says what each figure means.

    `raises` and `lowers` stand above the reasons for and against, `facts` above the rest; `up` and
    `down` are the texts of features that have none of their own.
    """

    most_reasons: int = Field(ge=1, le=3)
    least_share: float = Field(ge=0, le=1)
    keep: float = Field(ge=1)
    raises: Text
    lowers: Text
    facts: Text
    up: ReasonText
    down: ReasonText


class Worth(Part):
    """The amount that an entity stands for: an SQL expression over the features, in euros.

    `expected` is what people call amount x probability.
    """

    sql: str
    title: Text
    expected: Text


class Calls(Part):
    """How many entities the team can look after in a week."""

    per_week: int = Field(gt=0)
    why: str
