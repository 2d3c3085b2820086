"""How well a score would do on customers that it has not seen: folds and measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from config.language import _
from ml.features.table import NotEnoughDataError, TableError, read_inputs
from ml.specs.sections import Validation
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
    is_forward: bool = False  # the test rows lie later than the training rows


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
    folds = forward_folds(frame, time, y, spec) if time else grouped_folds(frame, y, spec)
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


def forward_folds(frame: pandas.DataFrame, time: str, y: NDArray[Any], spec: Spec) -> list[Fold]:
    """Blocks of the test period, each with the rows that were closed when it began.

    The period is `validation.test_days` long. While fewer than `test_cases` entities of an outcome
    fall into it, it begins earlier, as long as `learn_cases` of each were closed before. A longer
    one has more blocks in proportion, at most `most_blocks`.
    """
    import numpy as np
    import pandas as pd

    rules, days = spec.validation, pd.to_datetime(frame[time])
    horizon = pd.Timedelta(days=spec.snapshots.horizon_days if spec.snapshots else 0)
    entities = frame["entity_id"].to_numpy() if "entity_id" in frame else np.arange(len(frame))
    cases = pd.DataFrame({"day": days.to_numpy(), "entity": entities, "outcome": y})
    cutoffs = np.sort(days.unique())
    usual = pd.Timedelta(days=rules.test_days)
    first = _first_tested(cases, cutoffs, cutoffs[cutoffs > cutoffs[-1] - usual][0], horizon, rules)
    tested = cutoffs[cutoffs >= first]
    longer = max((cutoffs[-1] - first) / usual, 1.0)
    count = max(min(round(rules.blocks * longer), rules.most_blocks), rules.blocks)
    folds = []
    for block in np.array_split(tested, min(count, len(tested))):
        closed = days + horizon <= block[0] if horizon else days < block[0]
        fold = Fold(np.flatnonzero(closed), np.flatnonzero(days.isin(block)), is_forward=True)
        if len(set(y[fold.train])) == 2 and len(set(y[fold.test])) == 2:
            folds.append(fold)
    return folds


def _first_tested(
    cases: pandas.DataFrame,
    cutoffs: NDArray[Any],
    usual: pandas.Timestamp,
    horizon: pandas.Timedelta,
    rules: Validation,
) -> pandas.Timestamp:
    """Go back from the usual first cut-off until enough entities of each outcome are tested.

    Args:
        cases: `day`, `entity`, `outcome` (0 or 1) per row.
        cutoffs: the days of the rows, rising.
        usual: where the test period begins at the latest.
        horizon: so long after its day an outcome is known.
        rules: how many entities are to be tested, and known before.

    """
    seen = cases.groupby(["outcome", "entity"])["day"]
    oldest, newest = seen.min(), seen.max()
    first = usual
    for earlier in cutoffs[cutoffs < usual][::-1]:
        known = [int((oldest[side] + horizon <= earlier).sum()) for side in (0.0, 1.0)]
        tested = [int((newest[side] >= first).sum()) for side in (0.0, 1.0)]
        if min(tested) >= rules.test_cases or min(known) < rules.learn_cases:
            break
        first = earlier
    return first


def grouped_folds(frame: pandas.DataFrame, y: NDArray[Any], spec: Spec) -> list[Fold]:
    """Repeated stratified folds over groups (rows of one entity, or exact copies)."""
    import numpy as np
    import pandas as pd
    from sklearn.model_selection import StratifiedKFold

    rules = spec.validation
    groups = row_groups(frame, spec)
    groups = np.arange(len(frame)) if groups is None else groups
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


def row_groups(frame: pandas.DataFrame, spec: Spec) -> NDArray[Any] | None:
    """Give each row the number of its group, whose rows must stay together; None if none has two.

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
    copied = rows.duplicated().mean()
    return copies if 0 < copied <= spec.validation.copies_at_most else None


def measure(y: NDArray[Any], probability: NDArray[Any]) -> Metrics:
    """Measure probabilities (0 to 1) against outcomes (0 or 1).

    `auc` is the chance that a positive lies above a negative; `average_precision` the mean share of
    positives from the top of the list down to each positive; `log_loss` (nats) and `brier` judge
    the probabilities themselves; `calibration_error` is the mean gap between promised and
    observed share over ten bins of equal size (Naeini et al. 2015, expected calibration error).
    """
    import numpy as np

    bins = np.array_split(np.argsort(probability, kind="stable"), min(10, len(y)))
    gaps = [abs(probability[rows].mean() - y[rows].mean()) * len(rows) for rows in bins]
    return {name: figure(y, probability) for name, figure in _figures().items()} | {
        "calibration_error": float(sum(gaps) / len(y)),
        "mean_probability": float(probability.mean()),
        "n": float(len(y)),
        "positives": float(y.sum()),
        "base_rate": float(y.mean()),
    }


def measure_folds(
    outcomes: Sequence[NDArray[Any]], probabilities: Sequence[NDArray[Any]], folds: Sequence[Fold]
) -> Metrics:
    """Measure what was predicted for the test rows of all folds.

    Returns:
        What `measure` says of all test rows together, except that `auc` is the mean over folds, and
        for `auc, average_precision, log_loss, brier` the standard error (`auc_error`, see
        `corrected_error`) and the 95 % interval of Student's t (`auc_low`, `auc_high`): where new
        customers of the same kind will lie. With one fold there is no error: 0, and no interval.

    """
    import numpy as np
    from scipy.stats import t  # type: ignore[import-untyped]

    found = measure(np.concatenate(outcomes), np.concatenate(probabilities))
    for name, figure in _figures().items():
        each = np.array([figure(*pair) for pair in zip(outcomes, probabilities, strict=True)])
        if name == "auc":
            found[name] = float(each.mean())
        found[f"{name}_error"] = 0.0
        if len(each) > 1:
            error = corrected_error(each, folds)
            reach = float(t.ppf(0.975, len(each) - 1)) * error
            most = float("inf") if name == "log_loss" else 1.0
            found[f"{name}_error"] = error
            found[f"{name}_low"] = max(found[name] - reach, 0.0)
            found[f"{name}_high"] = min(found[name] + reach, most)
    return found


def calibration_curve(tested: pandas.DataFrame) -> list[dict[str, float]]:
    """Compare what was promised with what came, in bins of rows that no model had seen.

    Args:
        tested: `entity_id`, `outcome`, `probability` per row (`Candidate.tested`).

    Returns:
        At most ten bins of equally many rows, each of at least 20 entities, by rising promise:
        `promised` and `observed` mean (0 to 1), the 95 % interval of the observed share (`low`,
        `high`; Wilson 1927) and `n`, the number of entities, since the rows of one entity are not
        independent.

    """
    import numpy as np

    from ml.features.shares import share_interval

    bins = min(10, max(tested["entity_id"].nunique() // 20, 1))
    order = np.argsort(tested["probability"].to_numpy(), kind="stable")
    curve = []
    for rows in np.array_split(order, bins):
        inside = tested.iloc[rows]
        by_entity = inside.groupby("entity_id")[["probability", "outcome"]].mean()
        observed, n = float(by_entity["outcome"].mean()), len(by_entity)
        low, high = share_interval(observed, n)
        promised = float(by_entity["probability"].mean())
        curve.append({"promised": promised, "observed": observed, "low": low, "high": high,
                      "n": float(n)})  # fmt: skip
    return curve


def _figures() -> dict[str, Callable[[NDArray[Any], NDArray[Any]], float]]:
    import numpy as np
    from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

    return {
        "auc": lambda y, p: float(roc_auc_score(y, p)),
        "average_precision": lambda y, p: float(average_precision_score(y, p)),
        "log_loss": lambda y, p: float(log_loss(y, p, labels=[0, 1])),
        "brier": lambda y, p: float(np.mean((y - p) ** 2)),
    }


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
