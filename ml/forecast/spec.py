"""What the YAML of a forecast says: which series, how far ahead, which methods are tried."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.language import _
from ml.specs.feature import Part
from ml.specs.kind import KindSpec, load_as

Mart = Annotated[str, Field(pattern=r"^\w+\.\w+$")]
Method = Literal["mean", "seasonal_naive", "smoothing", "seasonal_smoothing"]


class Trial(Part):
    """How methods are compared: by forecasts from past days, each seeing only what was before it.

    `origins`: from so many at least, else the mean stays; `at_most`: the latest. A method is taken
    in place of the mean if it errs less by `least_gain`, and surely (`ml.forecast.trials`).
    Parameters are learnt anew every `refit_every` origins.
    """

    origins: int = Field(ge=20)
    at_most: int = Field(ge=20)
    refit_every: int = Field(ge=1)
    least_gain: float = Field(ge=0, lt=1)


class ForecastSpec(KindSpec):
    """One forecast of one or many series.

    `series`: SQL over marts with `series`, `day`, `value`; values of one unit of time are added up,
    a unit without any counts as zero. `clock`: the dated columns whose latest day says how far the
    data reach; the unit that has not ended by then is left out. `ahead`: units forecast. `season`:
    units of a year. `window`: units that the mean looks back on. `coverage`: share of the values
    that shall lie in the interval. `at_most`: so many series, the largest of the last window.
    `outlier`: a unit with so many times the median of its series is told.
    """

    kind: Literal["forecast"]
    clock: tuple[Mart, ...] = Field(min_length=1)
    stale_days: int = Field(ge=0)
    unit: Literal["day", "week", "month"]
    unit_of_value: str = ""
    series: str = Field(min_length=1)
    ahead: int = Field(gt=0, le=366)
    season: int = Field(gt=1)
    window: int = Field(gt=1)
    methods: tuple[Method, ...] = Field(min_length=1)
    trial: Trial
    coverage: float = Field(gt=0.5, lt=1)
    at_most: int = Field(gt=0)
    outlier: float = Field(gt=1)

    @model_validator(mode="after")
    def _has_baseline(self) -> Self:
        if self.methods[0] != "mean":
            raise ValueError(_("methods: the first must be mean, which the others have to beat"))
        return self


def load(path: Path) -> ForecastSpec:
    """Read the YAML of a forecast.

    Raises:
        ConfigurationError: it is no YAML, or the first mistake in one line.

    """
    return load_as(path, ForecastSpec)
