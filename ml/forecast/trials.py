"""Which method forecasts a series best, tried out from many past days; and how wide it errs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ml.forecast.methods import Forecaster, Shape
from ml.forecast.spec import ForecastSpec, Method

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

LEAST_FOR_COVERAGE: Final = 20  # origins: of fewer a share means little


@dataclass(frozen=True)
class Tried:
    """What past forecasts of a series by one method came to.

    `errors`: observed less forecast, origins x units ahead. `levels`: mean of the values before
    each origin, over the window; errors grow with it.
    """

    method: Method
    errors: Numbers
    levels: Numbers

    @property
    def relative(self) -> Numbers:
        """Errors as shares of the level."""
        return self.errors / self.levels[:, None]

    @property
    def error(self) -> float:
        """Mean absolute error per unit."""
        import numpy as np

        return float(np.abs(self.errors).mean())


@dataclass(frozen=True)
class Choice:
    """The method of a series.

    `origins`: from how many past days it was tried. `error`, `baseline_error`: mean absolute
    errors of the method and of the mean over the same origins; None with too few. `low`, `high`:
    what is added to each unit ahead for the interval, and to their sum (`low_total`, `high_total`),
    as shares of the level.
    `coverage`: share of the later values inside intervals that were made of the earlier ones.
    """

    method: Method
    origins: int
    error: float | None
    baseline_error: float | None
    low: tuple[float, ...]
    high: tuple[float, ...]
    low_total: float
    high_total: float
    coverage: float | None
    errors: dict[str, float]


def try_methods(values: Numbers, spec: ForecastSpec) -> dict[Method, Tried]:
    """Forecast from past days by each method that has enough values there, all from the same days.

    A method that would leave fewer origins than are asked for is left out; the mean never is.
    """
    import numpy as np

    shape = Shape(spec.season, spec.window)
    makers = {method: Forecaster(method, shape) for method in spec.methods}
    last = len(values) - spec.ahead
    tried = {
        method: maker
        for method, maker in makers.items()
        if method == "mean" or last - maker.least() + 1 >= spec.trial.origins
    }
    first = max(maker.least() for maker in tried.values())
    if len(tried) == 1:
        first = min(spec.window, max(last, 2))
    origins = list(range(max(first, last - spec.trial.at_most + 1, 2), last + 1))
    levels = np.array([level(values[:at], spec.window) for at in origins])
    found = {}
    for method, maker in tried.items():
        errors = [
            values[at : at + spec.ahead]
            - maker.forecast(values[:at], spec.ahead, refit=number % spec.trial.refit_every == 0)
            for number, at in enumerate(origins)
        ]
        found[method] = Tried(method, np.array(errors).reshape(-1, spec.ahead), levels)
    return found


def level(values: Numbers, window: int) -> float:
    """Mean of the absolute values of the last window; 1 where all are zero."""
    import numpy as np

    return float(np.abs(values[-window:]).mean()) or 1.0


def choose(values: Numbers, spec: ForecastSpec) -> Choice:
    """Choose the method of a series: the mean, unless another is surely better."""
    tried = try_methods(values, spec)
    baseline = tried["mean"]
    origins = len(baseline.errors)
    method: Method = "mean"
    if origins >= spec.trial.origins and len(tried) > 1:
        best = min(
            (one for name, one in tried.items() if name != "mean"), key=lambda one: one.error
        )
        is_worth_it = best.error <= (1 - spec.trial.least_gain) * baseline.error
        if is_worth_it and surely_better(baseline.errors, best.errors, spec.window):
            method = best.method
    chosen = tried[method]
    low, high, total = _interval(chosen, values, spec)
    return Choice(
        method,
        origins,
        chosen.error if origins else None,
        baseline.error if origins else None,
        low,
        high,
        *total,
        coverage(chosen.relative, spec.coverage),
        {name: one.error for name, one in tried.items() if origins},
    )


def surely_better(baseline: Numbers, other: Numbers, window: int) -> bool:
    """Whether the other method errs less, and not by chance (one-sided, 2.5 %).

    Diebold and Mariano (1995) on the mean absolute error of each origin. Neighbouring origins share
    the days ahead and the window of the mean, so the variance counts as many neighbours (Newey and
    West 1987); with so many of them the bound is that of Kiefer and Vogelsang (2005, fixed b).

    Args:
        baseline: errors of the mean, origins x units ahead.
        other: those of the other method from the same origins.
        window: units that the mean looks back on.

    """
    import numpy as np

    gains = np.abs(baseline).mean(axis=1) - np.abs(other).mean(axis=1)
    count, mean = len(gains), float(gains.mean())
    if mean <= 0:
        return False
    lags = min(max(baseline.shape[1], window), count - 1)
    rest = gains - mean
    variance = float(rest @ rest) / count
    for lag in range(1, lags):
        variance += 2 * (1 - lag / lags) * float(rest[lag:] @ rest[:-lag]) / count
    wide = lags / count
    bound = 1.96 + 2.9694 * wide + 0.416 * wide**2 - 0.5324 * wide**3
    return bool(mean > bound * np.sqrt(max(variance, 0.0) / count))


def _interval(
    tried: Tried, values: Numbers, spec: ForecastSpec
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, float]]:
    """Return bounds of past errors per unit ahead and of their sum.

    With too few past forecasts the spread of the values around their mean stands for them.
    """
    import numpy as np

    if len(tried.errors) < LEAST_FOR_COVERAGE:
        rest = values[-spec.window :] - values[-spec.window :].mean()
        spread = float(np.abs(rest).max()) / level(values, spec.window)
        total = spread * spec.ahead
        return (-spread,) * spec.ahead, (spread,) * spec.ahead, (-total, total)
    low, high = bounds(tried.relative, spec.coverage)
    low_total, high_total = bounds(tried.relative.sum(axis=1, keepdims=True), spec.coverage)
    return (
        tuple(map(float, low)),
        tuple(map(float, high)),
        (float(low_total[0]), float(high_total[0])),
    )


def bounds(errors: Numbers, share: float) -> tuple[Numbers, Numbers]:
    """Errors between which a share of the past ones lies, per unit ahead.

    The quantiles are those of split conformal prediction (Vovk et al. 2005): a little wider than
    the plain ones, as befits few origins.
    """
    import numpy as np

    count = len(errors)
    wide = min(1.0, (1 - (1 - share) / 2) * (count + 1) / count)
    low: Numbers = np.quantile(errors, 1 - wide, axis=0)
    high: Numbers = np.quantile(errors, wide, axis=0)
    return low, high


def coverage(errors: Numbers, share: float) -> float | None:
    """Share of later errors inside bounds made of those that were known at their origin.

    Known are the errors of origins whose units ahead were over by then.
    """
    import numpy as np

    ahead = errors.shape[1]
    inside = []
    for origin in range(LEAST_FOR_COVERAGE + ahead - 1, len(errors)):
        low, high = bounds(errors[: origin - ahead + 1], share)
        inside.append((errors[origin] >= low) & (errors[origin] <= high))
    return float(np.mean(inside)) if len(inside) >= LEAST_FOR_COVERAGE else None
