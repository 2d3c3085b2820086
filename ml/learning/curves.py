"""Explainable boosting as plain arrays: a sum of curves, one per feature and a few per pair.

What `interpret` fits (Lou et al. 2013, KDD, "Accurate intelligible models with pairwise
interactions") is kept as tables, so that scoring needs no `interpret`, skops can store the model,
and each feature's part of a score is read off, not estimated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

# The classes that a scikit-learn estimator must inherit from; the module is imported only to learn.
from sklearn.base import BaseEstimator, ClassifierMixin  # noqa: TID253

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The share of groups that decides when to stop; interpret's own share of rows.
_HELD_OUT = 0.15


class Curves(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Log-odds as the sum of a base and of one table lookup per term.

    Args:
        are_categories: per feature whether it is a category, given as codes from 0 on. Numbers may
            be missing (NaN).
        signs: per feature 1 (rising), -1 (falling) or 0. A feature with a direction is in no pair.
        parameters: those of interpret's ExplainableBoostingClassifier.

    After `fit`: `base_` (log-odds of the average row), `terms_` (the positions of the one or two
    features of each), `scores_` (per term log-odds by bin, or by bin of the first x bin of the
    second), `edges_` (per number one or two arrays that cut it into bins: for its own curve and,
    where coarser, for pairs; bin 0 is for missing values), `codes_` (per category the bin of each
    code).

    """

    def __init__(
        self, are_categories: Sequence[bool], signs: Sequence[int], parameters: dict[str, Any]
    ) -> None:
        self.are_categories, self.signs, self.parameters = are_categories, signs, parameters

    def fit(
        self, values: NDArray[Any], y: NDArray[Any], groups: NDArray[Any] | None = None
    ) -> Self:
        """Fit by `interpret` on rows x features and outcomes of 0 and 1, and keep its tables.

        With `groups` (one number per row) the rows by which it decides when to stop hold other
        groups than those it learns from: else what it remembers of a customer looks like skill.
        """
        import warnings

        import numpy as np
        from interpret.glassbox import ExplainableBoostingClassifier  # type: ignore[import-untyped]

        booster = ExplainableBoostingClassifier(
            feature_types=["nominal" if of else "continuous" for of in self.are_categories],
            monotone_constraints=list(self.signs),
            n_jobs=1,
            random_state=0,
            **self.parameters,
        )
        with warnings.catch_warnings():
            # Of its pictures, which are not drawn.
            warnings.filterwarnings("ignore", message="Missing values detected")
            booster.fit(values, y, bags=_bags(groups, booster.outer_bags))
        levels = list(zip(booster.bins_, self.are_categories, strict=True))
        self.classes_ = np.array([0.0, 1.0])
        self.base_ = float(booster.intercept_[0])
        self.edges_ = [[] if of else [cuts.astype(float) for cuts in bins] for bins, of in levels]
        self.codes_ = [_code_bins(bins[0]) if of else None for bins, of in levels]
        self.terms_ = [list(term) for term in booster.term_features_]
        self.scores_ = [scores.astype(float) for scores in booster.term_scores_]
        return self

    def parts(self, values: NDArray[Any]) -> NDArray[Any]:
        """Split the log-odds over the columns of `values`; a pair's score is halved between both.

        Returns:
            Rows x columns in log-odds; their sum per row plus `base_` is `decision_function`.

        """
        import numpy as np

        found = np.zeros(values.shape)
        for term, scores in zip(self.terms_, self.scores_, strict=True):
            bins = tuple(self._bins(values[:, at], at, is_pair=len(term) > 1) for at in term)
            share = scores[bins] / len(term)
            for at in term:
                found[:, at] += share
        return found

    def decision_function(self, values: NDArray[Any]) -> NDArray[Any]:
        """Log-odds per row."""
        odds: NDArray[Any] = self.parts(values).sum(axis=1) + self.base_
        return odds

    def predict_proba(self, values: NDArray[Any]) -> NDArray[Any]:
        """Probability of 0 and of 1 per row."""
        import numpy as np
        from scipy.special import expit  # type: ignore[import-untyped]

        positive = expit(self.decision_function(values))
        return np.column_stack([1 - positive, positive])

    def _bins(self, values: NDArray[Any], at: int, *, is_pair: bool) -> NDArray[Any]:
        import numpy as np

        codes = self.codes_[at]
        if codes is not None:
            # The last bin is for categories that were not there in training.
            known = np.where((values >= 0) & (values < len(codes) - 1), values, len(codes) - 1)
            return np.asarray(codes[known.astype(int)])
        cuts = self.edges_[at][-1 if is_pair else 0]
        return np.where(np.isnan(values), 0, np.searchsorted(cuts, values, side="right") + 1)


def _bags(groups: NDArray[Any] | None, count: int) -> NDArray[Any] | None:
    """Per row and bag 1 to learn from or -1 to stop by; interpret's own if rows are independent."""
    import numpy as np

    if groups is None:
        return None
    distinct = np.unique(groups)
    bags = []
    for seed in range(count):
        held = distinct[np.random.default_rng(seed).random(len(distinct)) < _HELD_OUT]
        bags.append(np.where(np.isin(groups, held), -1, 1))
    return np.array(bags, dtype=np.int8).T


def _code_bins(bins: dict[str, int]) -> NDArray[Any]:
    """Bin of each code from 0 on; codes that are not there, and the last entry: unseen."""
    import numpy as np

    unseen = max(bins.values()) + 1
    found = np.full(max(int(float(code)) for code in bins) + 2, unseen)
    for code, index in bins.items():
        found[int(float(code))] = index
    return found
