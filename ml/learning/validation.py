"""How well a score would do on customers that it has not seen: folds and measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from config.language import _
from ml.features.table import NotEnoughDataError, TableError, read_inputs
from ml.specs.spec import Spec

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

Metrics = dict[str, float]


@dataclass(frozen=True)
class Fold:
    """Row positions to learn from and to be measured on."""

    train: NDArray[Any]
    test: NDArray[Any]


def make_folds(frame: pandas.DataFrame, y: NDArray[Any], spec: Spec) -> list[Fold]:
    """Split forward in time where the table has a time column, else into cross-validation folds.

    Forward: a block is predicted by what was known when it began, i.e. from rows whose label
    horizon had ended by then. Cross-validation: stratified and repeated; rows of one group, and
    rows that are exact copies of each other, always stay on the same side.

    Raises:
        NotEnoughDataError: no split leaves both outcomes on both sides.

    """
    time = spec.validation.time
    if time is None and spec.snapshots and spec.snapshots.every_days and "cutoff" in frame:
        time = "cutoff"
    folds = forward_folds(frame[time], y, spec) if time else grouped_folds(frame, y, spec)
    if not folds:
        horizon = spec.snapshots.horizon_days if spec.snapshots else 0
        raise NotEnoughDataError(
            _(
                "{name}: the history is too short to test a model forward in time:"
                " beyond the first cut-off it needs {horizon} more days with both"
                " outcomes. Load older files."
            ).format(name=spec.name, horizon=horizon + spec.validation.test_days)
        )
    return folds


def forward_folds(times: pandas.Series[Any], y: NDArray[Any], spec: Spec) -> list[Fold]:
    """Blocks of the test period, each with the rows that were closed when it began."""
    import numpy as np
    import pandas as pd

    days = pd.to_datetime(times)
    horizon = pd.Timedelta(days=spec.snapshots.horizon_days if spec.snapshots else 0)
    cutoffs = np.sort(days.unique())
    tested = cutoffs[cutoffs > cutoffs[-1] - pd.Timedelta(days=spec.validation.test_days)]
    folds = []
    for block in np.array_split(tested, min(spec.validation.blocks, len(tested))):
        closed = days + horizon <= block[0] if horizon else days < block[0]
        fold = Fold(np.flatnonzero(closed), np.flatnonzero(days.isin(block)))
        if len(set(y[fold.train])) == 2 and len(set(y[fold.test])) == 2:
            folds.append(fold)
    return folds


def grouped_folds(frame: pandas.DataFrame, y: NDArray[Any], spec: Spec) -> list[Fold]:
    """Repeated stratified folds over groups (rows of one entity, or exact copies)."""
    import numpy as np
    import pandas as pd
    from sklearn.model_selection import StratifiedKFold

    rules = spec.validation
    groups = _groups(frame, spec)
    outcome = pd.Series(y).groupby(groups).max().to_numpy()
    small = len(frame) < rules.small_rows
    rarer = int(min(outcome.sum(), len(outcome) - outcome.sum()))
    count = min(rules.small_folds if small else rules.folds, rarer)
    if count < 2:
        raise NotEnoughDataError(
            _(
                "{name}: both outcomes are needed at least twice among distinct rows to"
                " test a model; the rarer one is there {rarer} times. Collect more"
                " outcomes."
            ).format(name=spec.name, rarer=rarer)
        )
    folds = []
    for repeat in range(rules.small_repeats if small else rules.repeats):
        splits = StratifiedKFold(count, shuffle=True, random_state=repeat)
        for train, _test in splits.split(outcome, outcome):
            learnt = np.isin(groups, train)
            folds.append(Fold(np.flatnonzero(learnt), np.flatnonzero(~learnt)))
    return folds


def _groups(frame: pandas.DataFrame, spec: Spec) -> NDArray[Any]:
    """Give each row the number of its group, whose rows must stay together.

    Copies are rows equal in every feature, whatever their outcome: if only those with the same
    outcome stayed together, training would hold just the copies with the other outcome.
    """
    import pandas as pd

    column = spec.validation.group
    if column is None and "entity_id" in frame and frame["entity_id"].duplicated().any():
        column = "entity_id"
    if column is not None:
        if column not in frame:
            raise TableError(
                _("{file}: validation.group: the table has no column {column!r}.").format(
                    file=spec.file, column=column
                )
            )
        return pd.factorize(frame[column])[0]
    rows = read_inputs(frame, spec)
    copies = pd.factorize(pd.util.hash_pandas_object(rows, index=False))[0]
    is_coarse = rows.duplicated().mean() > spec.validation.copies_at_most
    return pd.RangeIndex(len(rows)).to_numpy() if is_coarse else copies


def measure(y: NDArray[Any], probability: NDArray[Any]) -> Metrics:
    """Measure probabilities (0 to 1) against outcomes (0 or 1).

    `auc` is the chance that a positive lies above a negative; `log_loss` (nats) and `brier` judge
    the probabilities themselves; `calibration_error` is the mean gap between promised and
    observed share over ten bins of equal size (Naeini et al. 2015, expected calibration error).
    """
    import numpy as np
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

    bins = np.array_split(np.argsort(probability, kind="stable"), min(10, len(y)))
    gaps = [abs(probability[rows].mean() - y[rows].mean()) * len(rows) for rows in bins]
    return {
        "auc": float(roc_auc_score(y, probability)),
        "log_loss": float(log_loss(y, probability, labels=[0, 1])),
        "brier": float(brier_score_loss(y, probability)),
        "calibration_error": float(sum(gaps) / len(y)),
        "mean_probability": float(probability.mean()),
        "n": float(len(y)),
        "positives": float(y.sum()),
        "base_rate": float(y.mean()),
    }


def standard_error(differences: NDArray[Any]) -> float:
    """Return the standard error of a mean over folds; infinite with one fold."""
    import numpy as np

    if len(differences) < 2:
        return float("inf")
    return float(np.std(differences, ddof=1) / np.sqrt(len(differences)))


def single_feature_auc(values: pandas.Series[Any], y: NDArray[Any]) -> float:
    """AUC of one feature alone, 0.5 to 1, by its values or by whether it is missing.

    Categories are replaced by their cross-fitted share of positives, so that unique names predict
    nothing.
    """
    import numpy as np
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold
    from sklearn.preprocessing import TargetEncoder

    if values.dtype == object:
        encoder = TargetEncoder(
            target_type="binary", cv=StratifiedKFold(5, shuffle=True, random_state=0)
        )
        score = encoder.fit_transform(values.to_frame(), y)[:, 0]
        return float(roc_auc_score(y, score))
    absent = values.isna().to_numpy()
    scores = [values.fillna(values.median()).to_numpy(), absent.astype(float)]
    aucs = [roc_auc_score(y, score) for score in scores if not np.isnan(score).any()]
    return float(max(max(auc, 1 - auc) for auc in aucs))


def corrected_error(values: NDArray[Any], folds: Sequence[Fold]) -> float:
    """Return the standard error of a mean over overlapping folds; infinite with one fold.

    Folds are not independent: of the variance between them not 1/J but 1/J + tested/learnt is
    taken (Nadeau and Bengio 2003, Machine Learning 52:239-281, corrected resampled t-test).
    """
    import numpy as np

    if len(values) < 2:
        return float("inf")
    overlap = np.mean([len(fold.test) / len(fold.train) for fold in folds])
    return float(np.std(values, ddof=1) * np.sqrt(1 / len(values) + overlap))
