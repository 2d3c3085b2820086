"""Which method a series gets, and how wide its interval is."""

import numpy as np
import pytest

from config import PROJECT_ROOT
from ml.forecast.methods import Forecaster, Shape
from ml.forecast.spec import load
from ml.forecast.trials import choose, coverage, surely_better, try_methods


@pytest.fixture(scope="module")
def spec():
    return load(PROJECT_ROOT / "models" / "demand.yml")


def noise(count=156, seed=0):
    return np.random.default_rng(seed).normal(100, 20, count).clip(0)


def test_of_noise_the_mean_stays(spec):
    for seed in range(4):
        choice = choose(noise(seed=seed), spec)
        assert choice.method == "mean"
        assert choice.origins >= 50
        assert choice.error == choice.baseline_error


def test_a_clear_season_is_taken(spec):
    weeks = np.arange(170)
    values = 100 + 60 * np.sin(weeks * 2 * np.pi / 52) + np.random.default_rng(1).normal(0, 5, 170)
    choice = choose(values, spec)
    assert choice.method in {"seasonal_naive", "seasonal_smoothing"}
    assert choice.error < 0.5 * choice.baseline_error


def test_with_fewer_than_fifty_origins_the_season_is_not_asked_however_clear(spec):
    weeks = np.arange(100)
    choice = choose(100 + 60 * np.sin(weeks * 2 * np.pi / 52), spec)
    assert set(choice.errors) == {"mean", "smoothing"}


@pytest.mark.parametrize("count", [1, 2, 5, 14, 30])
def test_a_short_history_gives_the_mean_and_an_interval(spec, count):
    choice = choose(noise(count), spec)
    assert choice.method == "mean"
    assert choice.coverage is None
    assert len(choice.low) == spec.ahead
    assert np.isfinite([*choice.low, *choice.high, choice.low_total, choice.high_total]).all()


def test_no_forecast_sees_what_came_after_its_origin(spec):
    values = noise(120)
    before = try_methods(values, spec)
    changed = values.copy()
    changed[-1] += 5000
    after = try_methods(changed, spec)
    assert len(before) == 3
    for method, tried in before.items():
        # only the forecast whose last unit ahead is the changed one errs otherwise
        differs = np.argwhere(tried.errors != after[method].errors).tolist()
        assert differs == [[len(tried.errors) - 1, spec.ahead - 1]]


def test_the_interval_holds_what_it_promises(spec):
    plain = spec.model_copy(update={"methods": ("mean",)})
    shares = [choose(noise(190, seed), plain).coverage for seed in range(10, 30)]
    assert abs(np.mean(shares) - spec.coverage) < 0.04


def test_coverage_is_counted_from_errors_that_were_known():
    random = np.random.default_rng(0)
    errors = random.normal(0, 1, (90, 4))
    errors[60:] *= 9  # later errors are larger: the promise is not kept, and that is seen
    assert coverage(errors, 0.8) < 0.7
    assert coverage(errors[:25], 0.8) is None


def test_better_by_chance_is_seldom_surely_better():
    """Of series without anything to learn, as the trials see them: overlapping forecasts."""
    wins = 0
    for seed in range(200):
        values = noise(132, seed)
        origins = range(52, 120)
        observed = np.array([values[at : at + 13] for at in origins])
        mean = np.array([values[at - 26 : at].mean() for at in origins])[:, None]
        longer = np.array([values[at - 52 : at].mean() for at in origins])[:, None]
        # each of two equally good methods may be the baseline
        wins += surely_better(observed - longer, observed - mean, 26)
    assert wins <= 10
    errors = np.random.default_rng(0).normal(0, 1, (60, 13))
    assert surely_better(errors, 0.5 * errors, 26)
    assert not surely_better(errors, errors, 26)


@pytest.mark.parametrize("method", ["mean", "seasonal_naive", "smoothing", "seasonal_smoothing"])
def test_no_method_forecasts_less_than_nothing(method):
    values = np.linspace(50, 0, 60)
    maker = Forecaster(method, Shape(season=12, window=6))
    assert (maker.forecast(values, 24, refit=True) >= 0).all()
    assert len(maker.forecast(values, 24, refit=False)) == 24
