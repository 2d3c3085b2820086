"""Learn from any table by any spec: validate the candidates, choose one, fit it on all rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.language import _
from ml.features.table import NotEnoughDataError, TableError, read_inputs, read_labels
from ml.learning import estimators
from ml.learning.calls import precision_at_calls
from ml.learning.leaks import find_leaks
from ml.learning.notes import notes, nothing_left
from ml.learning.telling import find_telling
from ml.learning.trials import Trial, as_chosen_elsewhere, choose, run_trials, simplicity_cost
from ml.learning.validation import (
    Fold,
    Metrics,
    calibration_curve,
    make_folds,
    measure,
    row_groups,
    single_feature_auc,
)
from ml.rules import points, promised
from ml.specs.files import load_spec
from ml.specs.sections import CandidateModel
from ml.specs.spec import Spec

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray


# Of either outcome: categories are encoded in five folds within the folds of the test, and each
# needs one.
_LEAST_CASES = 6


@dataclass(frozen=True)
class Candidate:
    """A fitted model with what its validation showed.

    `model` is a scikit-learn classifier over the columns `features`; `typical` holds the median
    or most frequent value of each, `telling` which of their values are more than chance
    (`ml.learning.telling`); `metrics` were measured on rows that neither the model nor the choice
    among candidates had seen (`ml.learning.validation.measure_folds`), with what a readable model
    costs (`ml.learning.trials.simplicity_cost`); `trials` are those of every candidate. `tested`
    is what they rest on: see `_tested`. `calibration` compares promised and observed shares
    (`ml.learning.validation.calibration_curve`).
    `left_out` names the columns that are nearly the outcome, each with what gives it away
    (`ml.learning.leaks`); the model has not seen them.
    """

    spec: Spec
    name: str
    model: Any
    features: tuple[str, ...]
    typical: dict[str, float | str]
    telling: dict[str, dict[str, Any]]
    metrics: Metrics
    trials: dict[str, Metrics]
    tested: pandas.DataFrame = field(repr=False)
    calibration: list[dict[str, float]] = field(repr=False)
    warnings: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    baseline: str = ""
    baseline_model: Any = field(default=None, repr=False)


def train(frame: pandas.DataFrame, spec: Spec | str | Path | dict[str, Any]) -> Candidate:
    """Validate every candidate of the spec on the same folds, choose one and fit it on all rows.

    The best sum of curves wins unless trees are better by more than the standard error of the
    difference of log loss (`ml.learning.trials.choose`). Rows without an outcome are left out.
    Exact copies of a row are never split between training and test.

    Args:
        frame: any table with the target column and the columns of the features.
        spec: a spec, the path of its YAML, or the same as a dict.

    Raises:
        TableError: the table does not fit the spec, or (NotEnoughDataError) has too little data.

    """
    spec = load_spec(spec)
    frame, inputs, y = _labelled(frame, spec)
    _require_cases(y, spec)
    left_out = find_leaks(frame, inputs, y, spec)
    warnings = notes(frame, inputs, left_out, spec)
    names = [name for name in estimators.varying(inputs) if name not in left_out]
    if not names:
        raise TableError(nothing_left(left_out, spec))
    inputs = inputs[names]
    folds, groups = make_folds(frame, y, spec), row_groups(frame, spec)
    baseline = _baseline(inputs, y, spec)
    simple = CandidateModel(kind="logistic_regression")
    trials = run_trials(spec, inputs, y, folds, groups)
    chosen = choose(trials, folds)
    procedure = as_chosen_elsewhere(trials, folds)
    benchmark = Trial.run(simple, spec, inputs[[baseline]], y, folds)
    metrics = procedure.metrics(folds) | {"baseline_auc": benchmark.metrics(folds)["auc"]}
    metrics |= _rules_auc(frame, y, spec, folds) | simplicity_cost(trials, chosen, folds)
    tested = _tested(frame, y, spec, folds, procedure, benchmark)
    metrics |= precision_at_calls(tested, spec)
    return Candidate(
        spec=spec,
        name=chosen,
        model=trials[chosen].fit(spec, inputs, y, groups),
        features=tuple(names),
        typical=_typical(inputs[names]),
        telling=find_telling(frame, inputs, y, spec),
        metrics=metrics,
        trials={name: trial.metrics(folds) for name, trial in trials.items()},
        tested=tested,
        calibration=calibration_curve(tested),
        warnings=tuple(warnings),
        left_out=left_out,
        baseline=baseline,
        baseline_model=estimators.fit(simple, spec, inputs[[baseline]], y),
    )


def _baseline(inputs: pandas.DataFrame, y: NDArray[Any], spec: Spec) -> str:
    """Name the one feature to compare with: the spec's, or where it is left out the strongest."""
    named = spec.gates.baseline
    if named and named in inputs:
        return named
    aucs = {str(name): single_feature_auc(values, y) for name, values in inputs.items()}
    return max(aucs, key=lambda name: aucs[name])


def evaluate(candidate: Candidate, frame: pandas.DataFrame) -> Metrics:
    """Measure a candidate on a table that it was not trained on.

    Returns:
        `auc, log_loss, brier, calibration_error, mean_probability, n, positives, base_rate`, the
        `baseline_auc` of the single feature `candidate.baseline` and, where the spec has rules,
        `rules_1_auc` and `rules_2_auc`.

    Raises:
        TableError: the table does not fit the spec, or holds one outcome only.

    """
    frame, inputs, y = _labelled(frame, candidate.spec)
    inputs = inputs[list(candidate.features)]
    baseline = estimators.predict(candidate.baseline_model, inputs[[candidate.baseline]])
    return (
        measure(y, estimators.predict(candidate.model, inputs))
        | {"baseline_auc": measure(y, baseline)["auc"]}
        | _rules_auc(frame, y, candidate.spec, None)
    )


def _labelled(
    frame: pandas.DataFrame, spec: Spec
) -> tuple[pandas.DataFrame, pandas.DataFrame, NDArray[Any]]:
    labels = read_labels(frame, spec).to_numpy()
    known = labels == labels
    frame, y = frame[known].reset_index(drop=True), labels[known]
    if len(set(y)) < 2:
        raise NotEnoughDataError(
            _(
                "{name}: all {count} rows have the same outcome in {column!r}; a model needs"
                " both. Collect outcomes of the other kind, or mend target.positive."
            ).format(name=spec.name, count=len(y), column=spec.target.column)
        )
    return frame, read_inputs(frame, spec), y


def _require_cases(y: NDArray[Any], spec: Spec) -> None:
    rarer = int(min(y.sum(), len(y) - y.sum()))
    if rarer < _LEAST_CASES:
        raise NotEnoughDataError(
            _(
                "{name}: {count} rows, {rarer} of them with the rarer outcome; a model needs at"
                " least {least} of each. Collect more outcomes."
            ).format(name=spec.name, count=len(y), rarer=rarer, least=_LEAST_CASES)
        )


def _rules_auc(
    frame: pandas.DataFrame, y: NDArray[Any], spec: Spec, folds: list[Fold] | None
) -> Metrics:
    """AUC of the rules on the same test rows (rules learn nothing, so every row is unseen)."""
    import numpy as np
    from sklearn.metrics import roc_auc_score

    if spec.rules is None or not set(spec.features) <= set(frame.columns):
        return {}
    metrics = {}
    for stage in (1, 2):
        scored = points(frame, spec, stage)
        rows = [fold.test for fold in folds] if folds else [np.arange(len(y))]
        aucs = [roc_auc_score(y[test], scored[test]) for test in rows]
        metrics[f"rules_{stage}_auc"] = float(sum(aucs) / len(aucs))
    return metrics


def _tested(
    frame: pandas.DataFrame,
    y: NDArray[Any],
    spec: Spec,
    folds: list[Fold],
    procedure: Trial,
    benchmark: Trial,
) -> pandas.DataFrame:
    """List what was predicted for rows not learnt from: what the gate compares.

    Returns:
        One row per fold and test row: `fold`, `row` (its position among the labelled rows),
        `entity_id` (the row itself where the table has none), `cutoff` where there is one,
        `outcome` (0 or 1), `probability`, `baseline` (probability by the best single feature) and,
        where the spec has rules, their points `rules_1`, `rules_2` and what these points promise
        by the fold's training rows, `rules_1_probability`, `rules_2_probability`.

    """
    import numpy as np
    import pandas as pd

    rows = np.concatenate([fold.test for fold in folds])
    entities = frame["entity_id"].to_numpy()[rows] if "entity_id" in frame else rows
    table = {
        "fold": np.repeat(range(len(folds)), [len(fold.test) for fold in folds]),
        "row": rows,
        "entity_id": entities,
        "outcome": y[rows],
        "probability": np.concatenate(procedure.probabilities()),
        "baseline": np.concatenate(benchmark.probabilities()),
    }
    if "cutoff" in frame:
        table["cutoff"] = frame["cutoff"].to_numpy()[rows]
    if spec.rules is not None and set(spec.features) <= set(frame.columns):
        for stage in (1, 2):
            scored = points(frame, spec, stage)
            table[f"rules_{stage}"] = scored[rows]
            table[f"rules_{stage}_probability"] = np.concatenate(
                [promised(scored[fold.train], y[fold.train], scored[fold.test]) for fold in folds]
            )
    return pd.DataFrame(table)


def _typical(inputs: pandas.DataFrame) -> dict[str, float | str]:
    return {
        str(name): str(values.mode().iloc[0]) if values.dtype == object else float(values.median())
        for name, values in inputs.items()
    }
