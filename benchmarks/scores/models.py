"""Print how well the learning in `ml/` does beside plain peers, on the same folds.

Usage: python -m benchmarks.scores.models [telco b2b ...] [--only ours|peers] [--keep FOLDER]
Ours is the whole procedure: choice, search and calibration are repeated inside each training
window. The real tables lie in shared/data beside the project; the others are generated. With
--keep each table's predictions are stored and those already there are not computed again.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from threadpoolctl import threadpool_limits

import ml
from benchmarks.scores.peers import peers
from benchmarks.scores.tables import TABLES, Table
from ml.features.table import read_inputs, read_labels
from ml.learning import estimators
from ml.learning.validation import Fold, corrected_error, make_folds

MEASURES: dict[str, Callable[[Any, Any], float]] = {
    "AUC": roc_auc_score,
    "log loss": lambda y, p: log_loss(y, p, labels=[0, 1]),
    "AP": average_precision_score,
    "Brier": lambda y, p: float(np.mean((y - p) ** 2)),
}
FOLDS = {"folds": 5, "repeats": 1, "small_folds": 5, "small_repeats": 3, "small_rows": 2000}


def main() -> None:
    """Measure the named tables and print one line per model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], help="which tables")
    parser.add_argument("--only", choices=["ours", "peers"], help="the others are left out")
    parser.add_argument("--keep", type=Path, help="folder for predictions")
    options = parser.parse_args()
    heads = "".join(f"{name:>17}" for name in MEASURES)
    print(f"{'table':14}{'model':44}{heads}{'CPU s a fit':>13}", flush=True)
    for name in options.tables or list(TABLES):
        table = TABLES[name]()
        folds, y = _folds(table)
        for model, learn in _learners(table, options.only).items():
            kept = options.keep / f"{name} {model}.npz".replace("'", "") if options.keep else None
            found = _predicted(learn, folds, kept)
            print(f"{name:14}{_line(model, found, folds, y)}", flush=True)


def _folds(table: Table) -> tuple[list[Fold], np.ndarray]:
    frame, spec = table
    spec = spec.model_copy(update={"validation": spec.validation.model_copy(update=FOLDS)})
    y = read_labels(frame, spec).to_numpy()
    return make_folds(frame, y, spec), y


Learn = Callable[[Fold], tuple[np.ndarray, str]]


def _learners(table: Table, only: str | None) -> dict[str, Learn]:
    frame, spec = table
    y, inputs = read_labels(frame, spec).to_numpy(), read_inputs(frame, spec)

    def ours(fold: Fold) -> tuple[np.ndarray, str]:
        candidate = ml.train(frame.iloc[fold.train].reset_index(drop=True), spec)
        return estimators.predict(candidate.model, inputs.iloc[fold.test]), candidate.name

    @cache
    def in_time() -> ml.Candidate:
        return ml.train(frame, spec)

    def ours_in_time(fold: Fold) -> tuple[np.ndarray, str]:
        """One year is too short to choose inside each block: the other blocks choose."""
        tested = in_time().tested
        mine = tested[tested["row"].isin(fold.test)].set_index("row")
        return mine["probability"].loc[fold.test].to_numpy(), in_time().name

    def by(name: str) -> Learn:
        def learn(fold: Fold) -> tuple[np.ndarray, str]:
            # Constant columns break some peers; nobody would leave them in.
            seen = inputs[estimators.varying(inputs.iloc[fold.train])]
            fitted = peers(seen)[name]().fit(seen.iloc[fold.train], y[fold.train])
            return fitted.predict_proba(seen.iloc[fold.test])[:, 1], ""

        return learn

    mine = ours_in_time if make_folds(frame, y, spec)[0].is_forward else ours
    found = {} if only == "peers" else {"ours": mine}
    return found if only == "ours" else found | {name: by(name) for name in peers(inputs)}


def _predicted(learn: Learn, folds: list[Fold], kept: Path | None) -> dict[str, np.ndarray]:
    """Predictions of every fold, one after the other, with the CPU seconds of each."""
    if kept is not None and kept.is_file():
        return dict(np.load(kept))
    predictions, chosen, seconds = [], [], []
    for fold in folds:
        started = time.process_time()
        with warnings.catch_warnings(), threadpool_limits(limits=1):
            warnings.simplefilter("ignore")
            p, name = learn(fold)
        seconds.append(time.process_time() - started)
        predictions.append(np.clip(p, 1e-6, 1 - 1e-6))
        chosen.append(name)
    found = {
        "p": np.concatenate(predictions), "chosen": np.array(chosen), "seconds": np.array(seconds)
    }  # fmt: skip
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, **found)
    return found


def _line(model: str, found: dict[str, np.ndarray], folds: list[Fold], y: np.ndarray) -> str:
    names, counts = np.unique(found["chosen"], return_counts=True)
    chosen = ", ".join(f"{c}x {n}" for n, c in zip(names, counts, strict=True) if n)
    edges = np.cumsum([len(fold.test) for fold in folds])[:-1]
    figures = ""
    for measure in MEASURES.values():
        by_fold = np.array(
            [
                measure(y[fold.test], p)
                for fold, p in zip(folds, np.split(found["p"], edges), strict=True)
            ]
        )
        figures += f"{by_fold.mean():9.3f} ±{corrected_error(by_fold, folds):6.3f}"
    return (
        f"{f'{model} ({chosen})' if chosen else model:44}{figures}{found['seconds'].mean():13.2f}"
    )


if __name__ == "__main__":
    main()
