"""scikit-learn pipelines from a candidate of the spec: one small transformer per feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ml.specs.spec import CandidateModel, Spec

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.pipeline import Pipeline

    from ml.learning.validation import Fold

# Seed: random estimators must give the same result each time; the others ignore it.
_SEED = 0


def varying(inputs: pandas.DataFrame) -> list[str]:
    """Columns with more than one value: a constant one teaches nothing, and breaks tree binning."""
    return [str(name) for name in inputs if inputs[name].nunique(dropna=True) > 1]


def fit(model: CandidateModel, spec: Spec, inputs: pandas.DataFrame, y: NDArray[Any]) -> Pipeline:
    """Fit a pipeline on typed inputs (`ml.features.table`); columns with one value are left out.

    A numeric column is made symmetric (Yeo and Johnson 2000) for the linear model, and a missing
    value becomes the mean plus a flag; trees take it as it is. Rare categories are merged into one.

    Raises:
        ValueError: scikit-learn refuses the parameters of the candidate.

    """
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    linear = model.kind == "logistic_regression"
    names = varying(inputs)
    steps = []
    for name in names:
        is_number = spec.features[name].type == "numeric"
        steps.append((name, _numeric(linear) if is_number else _categorical(model, spec), [name]))
    columns = ColumnTransformer(steps, sparse_threshold=0)
    # Centred columns make coefficient x value the push away from the average row.
    centre = [("centre", StandardScaler(with_std=False))] if linear else []
    pipeline = Pipeline([("columns", columns), *centre, ("model", _classifier(model, spec, names))])
    # One thread: on tables of this size more gain nothing, and on a busy machine they block each
    # other.
    with threadpool_limits(limits=1):
        return pipeline.fit(inputs, y)


def calibrate(
    fitted: Pipeline, inputs: pandas.DataFrame, y: NDArray[Any], folds: Sequence[Fold]
) -> ClassifierMixin:
    """Fit again with a sigmoid over the scores of unseen rows (Platt 1999)."""
    from sklearn.calibration import CalibratedClassifierCV
    from threadpoolctl import threadpool_limits

    splits = [(fold.train, fold.test) for fold in folds]
    calibrated = CalibratedClassifierCV(fitted, method="sigmoid", ensemble=False, cv=splits)
    with threadpool_limits(limits=1):
        return calibrated.fit(inputs, y)


def predict(fitted: ClassifierMixin, inputs: pandas.DataFrame) -> NDArray[Any]:
    """Probability of the positive outcome, 0 to 1, per row."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return np.asarray(fitted.predict_proba(inputs)[:, 1], dtype=float)


def parts(fitted: ClassifierMixin, inputs: pandas.DataFrame) -> tuple[NDArray[Any], float]:
    """Split each row's score into what each feature adds to it, without sampling.

    Linear models: coefficient x (value - training mean), one-hot columns summed per feature. Trees:
    Shapley values of the paths (Lundberg et al. 2020, "TreeSHAP"). A calibration is affine in the
    log-odds, so it scales them. A forest votes in probabilities: its parts are stretched to the
    log-odds of their sum.

    Args:
        fitted: what `fit` or `calibrate` returned.
        inputs: typed inputs with the model's features among the columns.

    Returns:
        Rows x columns of `inputs` in log-odds (0 for columns that the model does not use), and
        the base: base + sum of a row's parts = log-odds of `predict`, to 1e-6.

    """
    import numpy as np

    scale, shift = 1.0, 0.0
    is_calibrated = hasattr(fitted, "calibrated_classifiers_")
    if is_calibrated:
        (calibrated,) = fitted.calibrated_classifiers_
        (sigmoid,) = calibrated.calibrators
        fitted, scale, shift = calibrated.estimator, -sigmoid.a_, -sigmoid.b_
    columns, model = fitted.named_steps["columns"], fitted.named_steps["model"]
    values = fitted[:-1].transform(inputs)
    if hasattr(model, "coef_"):
        split, base = values * model.coef_[0], float(model.intercept_[0])
    else:
        split, base = _tree_parts(model, values)
        if not is_calibrated and not hasattr(model, "decision_function"):
            split, base = _stretched(split, base)
    found = np.zeros(inputs.shape)
    for name, columns_of_it in columns.output_indices_.items():
        if name in inputs.columns:
            found[:, inputs.columns.get_loc(name)] = split[:, columns_of_it].sum(axis=1)
    return found * scale, base * scale + shift


def log_odds(probability: NDArray[Any]) -> NDArray[Any]:
    """Natural logarithm of p / (1 - p), with p kept a millionth away from 0 and 1."""
    import numpy as np

    clipped = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)))


def _tree_parts(model: ClassifierMixin, values: NDArray[Any]) -> tuple[NDArray[Any], float]:
    """Shapley values per column in the model's own unit: log-odds, or a forest's probability."""
    import numpy as np
    import shap  # type: ignore[import-untyped]

    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    split = np.asarray(explainer.shap_values(values, check_additivity=False))
    base = float(np.ravel(explainer.expected_value)[-1])
    return (split[..., -1] if split.ndim == 3 else split), base


def _stretched(split: NDArray[Any], base: float) -> tuple[NDArray[Any], float]:
    """Turn parts of a probability into parts of its log-odds, each in proportion."""
    import numpy as np

    moved = split.sum(axis=1)
    start = float(log_odds(np.array([base]))[0])
    wanted = log_odds(base + moved) - start
    # where nothing moves, a part's worth in log-odds is the slope at the base
    slope = 1 / (base * (1 - base))
    factor = np.divide(wanted, moved, out=np.full(len(moved), slope), where=np.abs(moved) > 1e-12)
    return split * factor[:, None], start


def _numeric(linear: bool) -> BaseEstimator | str:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PowerTransformer

    if not linear:
        return "passthrough"
    return make_pipeline(
        PowerTransformer(), SimpleImputer(strategy="constant", fill_value=0.0, add_indicator=True)
    )


def _categorical(model: CandidateModel, spec: Spec) -> BaseEstimator:
    """One column per category; for boosted trees one column with its cross-fitted target mean."""
    from sklearn.model_selection import StratifiedKFold
    from sklearn.preprocessing import OneHotEncoder, TargetEncoder

    if model.kind == "hist_gradient_boosting":
        folds = StratifiedKFold(5, shuffle=True, random_state=_SEED)
        return TargetEncoder(target_type="binary", cv=folds)
    return OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
        max_categories=spec.preparation.max_categories,
        min_frequency=spec.preparation.min_category_rows,
    )


def _classifier(model: CandidateModel, spec: Spec, names: list[str]) -> ClassifierMixin:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    if model.kind == "logistic_regression":
        return LogisticRegression(random_state=_SEED, **model.parameters)
    if model.kind == "random_forest":
        return RandomForestClassifier(random_state=_SEED, **model.parameters)
    signs = {"rising": 1, "falling": -1, None: 0}
    features = [spec.features[name] for name in names]
    return HistGradientBoostingClassifier(
        random_state=_SEED,
        categorical_features=None,
        monotonic_cst=[
            signs[feature.direction] if feature.type == "numeric" else 0 for feature in features
        ],
        **model.parameters,
    )
