"""What others would use on such a table: each with its defaults, on typed inputs of `ml`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

# scikit-learn's boosting takes no more categories than this.
_MOST_CATEGORIES = 250


class OdooNaiveBayes(ClassifierMixin, BaseEstimator):
    """Odoo's predictive lead scoring (addons/crm/models/crm_lead.py, `_pls_get_naive_bayes...`).

    Per value of a field the wins and losses are counted from 0.1 on; the product of their shares
    is normalised and kept between 0.01 % and 99.99 %. Odoo knows fields with few values, so a
    number is cut into quarters.
    """

    def fit(self, inputs: pd.DataFrame, y: np.ndarray) -> Self:
        """Count the wins and losses of each value of each field."""
        self.classes_ = np.array([0, 1])
        self.cuts_ = {
            name: np.unique(inputs[name].quantile([0.25, 0.5, 0.75]))
            for name in inputs.select_dtypes("number")
        }
        self.share_ = float(np.mean(y))
        totals = np.array([(y == 0).sum(), (y == 1).sum()], dtype=float)
        self.odds_ = {}
        for name, values in self._groups(inputs).items():
            lost, won = (values[y == outcome].value_counts() for outcome in (0, 1))
            seen = values.unique()
            lost, won = (c.reindex(seen, fill_value=0) + 0.1 for c in (lost, won))
            self.odds_[name] = np.log(won / totals[1]) - np.log(lost / totals[0])
        return self

    def predict_proba(self, inputs: pd.DataFrame) -> np.ndarray:
        """Multiply the shares of the row's values."""
        odds = np.full(len(inputs), np.log(self.share_ / (1 - self.share_)))
        for name, values in self._groups(inputs).items():
            odds += values.map(self.odds_[name]).fillna(0).to_numpy()
        p = np.clip(1 / (1 + np.exp(-odds)), 0.0001, 0.9999)
        return np.column_stack([1 - p, p])

    def _groups(self, inputs: pd.DataFrame) -> dict[str, pd.Series]:
        return {
            name: pd.Series(np.digitize(inputs[name], self.cuts_[name]), inputs.index).where(
                inputs[name].notna(), -1
            )
            if name in self.cuts_
            else inputs[name]
            for name in inputs
        }


class _Native(ClassifierMixin, BaseEstimator):
    """LightGBM and CatBoost with their own treatment of categories."""

    def __init__(self, make: Callable[[list[str]], Any], as_category: bool) -> None:
        self.make, self.as_category = make, as_category

    def fit(self, inputs: pd.DataFrame, y: np.ndarray) -> Self:
        self.classes_ = np.array([0, 1])
        self.text_ = [name for name in inputs if inputs[name].dtype == object]
        self.levels_ = {name: inputs[name].unique() for name in self.text_}
        self.model_ = self.make(self.text_).fit(self._typed(inputs), y)
        return self

    def predict_proba(self, inputs: pd.DataFrame) -> np.ndarray:
        return self.model_.predict_proba(self._typed(inputs))

    def _typed(self, inputs: pd.DataFrame) -> pd.DataFrame:
        if not self.as_category:
            return inputs
        return inputs.assign(**{n: pd.Categorical(inputs[n], self.levels_[n]) for n in self.text_})


def peers(inputs: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    """Make a fresh estimator per name; one thread each, so that seconds are CPU seconds."""
    text = [name for name in inputs if inputs[name].dtype == object]
    numbers = [name for name in inputs if name not in text]
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False, max_categories=300), text),
    )
    codes = make_column_transformer(
        (
            OrdinalEncoder(
                handle_unknown="use_encoded_value",
                unknown_value=np.nan,
                max_categories=_MOST_CATEGORIES,
            ),
            text,
        ),
        remainder="passthrough",
    )
    return {
        "Odoo's naive Bayes": OdooNaiveBayes,
        "logistic regression": lambda: make_pipeline(columns, LogisticRegression(max_iter=2000)),
        "random forest, leaves of 1": lambda: make_pipeline(columns, _forest(1)),
        "random forest, leaves of 3": lambda: make_pipeline(columns, _forest(3)),
        "HistGradientBoosting": lambda: make_pipeline(
            codes,
            HistGradientBoostingClassifier(
                random_state=0, categorical_features=list(range(len(text)))
            ),
        ),
        "LightGBM": lambda: _Native(
            lambda _text: LGBMClassifier(random_state=0, n_jobs=1, verbose=-1), as_category=True
        ),
        "CatBoost": lambda: _Native(
            lambda text: CatBoostClassifier(
                random_seed=0, thread_count=1, verbose=False, cat_features=text,
                allow_writing_files=False,
            ),
            as_category=False,
        ),
    }  # fmt: skip


def _forest(leaf: int) -> RandomForestClassifier:
    return RandomForestClassifier(300, min_samples_leaf=leaf, random_state=0, n_jobs=1)
