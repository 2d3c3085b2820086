"""What each candidate predicts for rows that it has not seen, and which one is chosen by that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ml.learning import estimators
from ml.learning.validation import Fold, Metrics, corrected_error, measure_folds
from ml.specs.sections import CandidateModel
from ml.specs.spec import Spec

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

    from ml.learning.blend import Blend

# Sums of curves, one per feature: a person can read each part by itself. Trees are not.
_ADDITIVE = {"logistic_regression", "explainable_boosting"}
# The trial of the procedure: in each fold what the others would have chosen.
Trials = Mapping[str, "Trial"]


@dataclass(frozen=True)
class Trial:
    """One candidate's log-odds for the test rows of every fold.

    `platt` is the slope and offset (Platt 1999) that all folds together ask for, `mended` those
    that the other folds (forward in time: the earlier ones) ask for in each fold; (1, 0) where
    recalibrating does not pay.
    """

    models: tuple[CandidateModel, ...]
    odds: list[NDArray[Any]]
    outcomes: list[NDArray[Any]]
    platt: tuple[float, float]
    mended: list[tuple[float, float]]

    @classmethod
    def run(
        cls,
        model: CandidateModel,
        spec: Spec,
        inputs: pandas.DataFrame,
        y: NDArray[Any],
        folds: Sequence[Fold],
        groups: NDArray[Any] | None = None,
    ) -> Trial:
        """Fit on the training rows of each fold and predict its test rows."""
        import numpy as np

        found = []
        for fold in folds:
            seen, test = inputs.iloc[fold.train], inputs.iloc[fold.test]
            if estimators.varying(seen):
                together = None if groups is None else groups[fold.train]
                fitted = estimators.fit(model, spec, seen, y[fold.train], together)
                found.append(estimators.log_odds_of(fitted, test))
            else:
                found.append(estimators.log_odds(np.full(len(test), y[fold.train].mean())))
        return cls.of((model,), found, spec, y, folds)

    @classmethod
    def of(
        cls,
        models: tuple[CandidateModel, ...],
        odds: list[NDArray[Any]],
        spec: Spec,
        y: NDArray[Any],
        folds: Sequence[Fold],
    ) -> Trial:
        """Recalibrate the log-odds if that saves enough log loss."""
        outcomes = [y[fold.test] for fold in folds]
        plain = cls(models, odds, outcomes, (1.0, 0.0), [(1.0, 0.0)] * len(folds))
        lines = [
            _platt(*_pooled(odds, outcomes, _others(index, folds))) for index in range(len(folds))
        ]
        mended = cls(models, odds, outcomes, _platt(*_pooled(odds, outcomes, range(len(folds)))),
                     lines)  # fmt: skip
        pays = mended.losses.mean() <= plain.losses.mean() * (1 - spec.validation.calibration_gain)
        return mended if pays else plain

    @property
    def is_additive(self) -> bool:
        """Whether it is a sum of curves."""
        return {model.kind for model in self.models} <= _ADDITIVE

    def probabilities(self) -> list[NDArray[Any]]:
        """Probability per test row of each fold, recalibrated by the other folds."""
        from scipy.special import expit  # type: ignore[import-untyped]

        return [
            expit(slope * odds + offset)
            for odds, (slope, offset) in zip(self.odds, self.mended, strict=True)
        ]

    @cached_property
    def losses(self) -> NDArray[Any]:
        """Log loss of each fold, straight from the log-odds."""
        import numpy as np

        return np.array(
            [
                np.mean(np.logaddexp(0, slope * odds + offset) - truth * (slope * odds + offset))
                for odds, truth, (slope, offset) in zip(
                    self.odds, self.outcomes, self.mended, strict=True
                )
            ]
        )

    def metrics(self, folds: Sequence[Fold]) -> Metrics:
        """Measure all test rows; see `ml.learning.validation.measure_folds`."""
        return measure_folds(self.outcomes, self.probabilities(), folds)

    def fit(
        self,
        spec: Spec,
        inputs: pandas.DataFrame,
        y: NDArray[Any],
        groups: NDArray[Any] | None = None,
    ) -> Blend:
        """Fit on all rows, with the recalibration that the folds asked for."""
        from ml.learning.blend import Blend

        members = [estimators.fit(model, spec, inputs, y, groups) for model in self.models]
        return Blend(members, *self.platt)


def run_trials(
    spec: Spec,
    inputs: pandas.DataFrame,
    y: NDArray[Any],
    folds: Sequence[Fold],
    groups: NDArray[Any] | None = None,
) -> dict[str, Trial]:
    """Try the candidates for which there are enough rows; a blend costs no fit of its own.

    A blend joins those of its members that were tried, if these are at least two. If there are too
    few rows for every candidate, the first is tried all the same.
    """
    import numpy as np

    single = {name: model for name, model in spec.candidates.items() if not model.members}
    tried = {name: model for name, model in single.items() if len(y) >= model.min_rows}
    tried = tried or dict(list(single.items())[:1])
    alone = {
        name: Trial.run(model, spec, inputs, y, folds, groups) for name, model in tried.items()
    }
    trials = {}
    for name, model in spec.candidates.items():
        if name in alone:
            trials[name] = alone[name]
        members = [alone[member] for member in model.members if member in alone]
        same = [trial.models for trial in trials.values()]
        models = tuple(trial.models[0] for trial in members)
        if len(members) > 1 and models not in same:
            odds = [np.mean(each, axis=0) for each in zip(*(m.odds for m in members), strict=True)]
            trials[name] = Trial.of(models, odds, spec, y, folds)
    return trials


def choose(trials: Trials, folds: Sequence[Fold], among: Sequence[int] | None = None) -> str:
    """Name the candidate with the least log loss, by the one-standard-error rule for additive ones.

    Of the sums of curves the best is taken, unless trees beat it by more than the standard error
    of the difference (Breiman et al. 1984; corrected for folds, Nadeau and Bengio 2003).

    Args:
        trials: by name, in the order of the spec.
        folds: on which they were tried.
        among: which folds count; all if not given.

    """
    import numpy as np

    counted = list(range(len(folds)) if among is None else among)
    losses = {name: trial.losses[counted] for name, trial in trials.items()}
    means = {name: float(np.mean(found)) for name, found in losses.items()}
    best = min(means, key=lambda name: means[name])
    additive = [name for name, trial in trials.items() if trial.is_additive]
    if best in additive or not additive:
        return best
    readable = min(additive, key=lambda name: means[name])
    error = corrected_error(losses[readable] - losses[best], [folds[index] for index in counted])
    return best if means[readable] - means[best] > error else readable


def as_chosen_elsewhere(trials: Trials, folds: Sequence[Fold]) -> Trial:
    """Predict each fold by the candidate that the other folds would choose.

    What is measured on it is what the whole procedure does on unseen rows: the choice, too, has not
    seen the outcomes on which it is measured.
    """
    names = [
        choose(trials, folds, [other for other in range(len(folds)) if other != index])
        for index in range(len(folds))
    ] if len(folds) > 1 else [choose(trials, folds)]  # fmt: skip
    first = trials[names[0]]
    return Trial(
        models=first.models,
        odds=[trials[name].odds[index] for index, name in enumerate(names)],
        outcomes=first.outcomes,
        platt=(1.0, 0.0),
        mended=[trials[name].mended[index] for index, name in enumerate(names)],
    )


def simplicity_cost(trials: Trials, chosen: str, folds: Sequence[Fold]) -> Metrics:
    """Say what was given up for a sum of curves: how much the best of all candidates is better.

    Returns:
        `simplicity_cost` in nats of log loss with `simplicity_cost_error`, and
        `simplicity_cost_auc`; all 0 if the best was chosen.

    """
    losses = {name: trial.losses for name, trial in trials.items()}
    best = min(losses, key=lambda name: losses[name].mean())
    lost = losses[chosen] - losses[best]
    aucs = [trials[name].metrics(folds)["auc"] for name in (best, chosen)]
    return {
        "simplicity_cost": float(lost.mean()),
        "simplicity_cost_error": corrected_error(lost, folds) if best != chosen else 0.0,
        "simplicity_cost_auc": aucs[0] - aucs[1],
    }


def _others(index: int, folds: Sequence[Fold]) -> list[int]:
    """Which folds may recalibrate this one: the earlier ones in time, else all with other rows."""
    import numpy as np

    test = folds[index].test
    others = [other for other in range(len(folds)) if other != index]
    if folds[index].is_forward:
        return [other for other in others if other < index]
    return [other for other in others if not np.isin(folds[other].test, test).any()]


def _pooled(
    odds: list[NDArray[Any]], outcomes: list[NDArray[Any]], which: Sequence[int]
) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np

    if not len(which):
        return np.array([]), np.array([])
    return np.concatenate([odds[i] for i in which]), np.concatenate([outcomes[i] for i in which])


def _platt(odds: NDArray[Any], outcomes: NDArray[Any]) -> tuple[float, float]:
    """Slope and offset that make log-odds honest; (1, 0) where they do not even rank rightly."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    if len(set(outcomes)) < 2:
        return 1.0, 0.0
    with threadpool_limits(limits=1):
        line = LogisticRegression(C=1e6).fit(odds[:, None], outcomes)
    slope, offset = float(line.coef_[0, 0]), float(line.intercept_[0])
    return (slope, offset) if slope > 0 else (1.0, 0.0)
