"""Ways to forecast a series; each sees only the values that it is given."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ml.forecast.spec import Method

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """What all methods know of a series: units of a year, and how far the mean looks back."""

    season: int
    window: int


@dataclass
class Forecaster:
    """One method for one series; the parameters that it learnt last serve until it learns anew."""

    method: Method
    shape: Shape
    learnt: dict[str, float] = field(default_factory=dict)

    def least(self) -> int:
        """How many values it needs."""
        return {
            "mean": 2,
            "seasonal_naive": self.shape.season,
            "smoothing": 10,
            # two of each season: else the first one is all that is known of it
            "seasonal_smoothing": 2 * self.shape.season,
        }[self.method]

    def forecast(self, values: Numbers, ahead: int, *, refit: bool) -> Numbers:
        """Forecast the next values; none is below zero where none was.

        Args:
            values: known so far, oldest first, at least `least()` of them.
            ahead: how many to forecast.
            refit: learn the parameters anew.

        """
        import numpy as np

        if self.method == "mean":
            found = np.full(ahead, values[-self.shape.window :].mean())
        elif self.method == "seasonal_naive":
            last = values[-self.shape.season :]
            found = np.array([last[step % self.shape.season] for step in range(ahead)])
        else:
            found = self._smoothed(values, ahead, refit=refit)
        return np.maximum(found, 0.0) if values.min() >= 0 else found

    def _smoothed(self, values: Numbers, ahead: int, *, refit: bool) -> Numbers:
        """Exponential smoothing (Hyndman et al. 2008), of the level or of level and season."""
        import numpy as np
        from statsmodels.tsa.holtwinters import ExponentialSmoothing  # type: ignore[import-untyped]

        seasonal = self.method == "seasonal_smoothing"
        model = ExponentialSmoothing(
            values,
            seasonal="add" if seasonal else None,
            seasonal_periods=self.shape.season if seasonal else None,
            initialization_method="heuristic" if len(values) >= 10 else "estimated",
        )
        with warnings.catch_warnings():
            # that the search did not end is no news: the trial shows whether the result is any good
            warnings.simplefilter("ignore")
            if refit or not self.learnt:
                fitted = model.fit()
                self.learnt = _parameters(fitted.params, seasonal=seasonal)
            else:
                fitted = model.fit(optimized=False, **self.learnt)
        found: Numbers = np.asarray(fitted.forecast(ahead), dtype=float)
        return found


def _parameters(found: Any, *, seasonal: bool) -> dict[str, float]:  # noqa: ANN401
    names = ["smoothing_level", *(["smoothing_seasonal"] if seasonal else [])]
    return {name: float(found[name]) for name in names}
