"""scikit-learn pipelines from a candidate of the spec: one small transformer per feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ml.specs.sections import CandidateModel
from ml.specs.spec import Spec

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

# Seed: random estimators must give the same result each time; the others ignore it.
_SEED = 0
# TreeSHAP took 0.05 to 0.1 µs per row and leaf (2026-11-30): up to about 100 seconds in a night,
# that is 120,000 customers with 8,000 leaves, or a million with 1,000.
_LEAVES_AT_MOST = 10**9


def varying(inputs: pandas.DataFrame) -> list[str]:
    """Columns with more than one value: a constant one teaches nothing, and breaks tree binning."""
    return [str(name) for name in inputs if inputs[name].nunique(dropna=True) > 1]


def fit(
    model: CandidateModel,
    spec: Spec,
    inputs: pandas.DataFrame,
    y: NDArray[Any],
    groups: NDArray[Any] | None = None,
) -> Pipeline:
    """Fit a pipeline on typed inputs (`ml.features.table`); columns with one value are left out.

    A numeric column is made symmetric (Yeo and Johnson 2000) for the linear model, and a missing
    value becomes the mean plus a flag; the others take it as it is. Rare categories are merged into
    one; a column with more than `preparation.max_categories` of them becomes its cross-fitted
    share of positives. Where cases are few, only the features that tell most are used. A feature
    with a `direction` acts in that direction in every kind of model, or not at all. `groups` says
    which rows belong together (`ml.learning.validation.row_groups`); None: no two do.

    Raises:
        ValueError: scikit-learn or interpret refuses the parameters of the candidate.

    """
    from sklearn.pipeline import Pipeline
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    names = _affordable(varying(inputs), spec, inputs, y)
    columns = _columns(model, spec, inputs[names])
    # One thread: on tables of this size more gain nothing, and on a busy machine they block each
    # other.
    with threadpool_limits(limits=1):
        values = columns.fit_transform(inputs, y)
        signs = _signs(columns, spec)
        steps: list[tuple[str, Any]] = [("columns", columns)]
        if model.kind == "logistic_regression":
            steps += _fit_linear(model, spec, values, y, signs)
        elif model.kind == "explainable_boosting":
            from ml.learning.curves import Curves

            coded = {name for group, _step, names in columns.transformers_ if group == "few"
                     for name in names}  # fmt: skip
            codes = [name in coded for name in _owners(columns)]
            steps.append(("model", Curves(codes, signs, model.parameters).fit(values, y, groups)))
        else:
            classifier = _trees(model, signs)
            steps.append(("model", _searched(classifier, model, spec, values, y).fit(values, y)))
    return Pipeline(steps)


def predict(fitted: ClassifierMixin, inputs: pandas.DataFrame) -> NDArray[Any]:
    """Probability of the positive outcome, 0 to 1, per row."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return np.asarray(fitted.predict_proba(inputs)[:, 1], dtype=float)


def parts(fitted: ClassifierMixin, inputs: pandas.DataFrame) -> tuple[NDArray[Any], float]:
    """Split each row's score into what each feature adds to it, without sampling.

    Linear models: coefficient x (value - training mean), one-hot columns summed per feature.
    Explainable boosting: its curves, a pair's score halved between both. Trees: Shapley values of
    the paths (Lundberg et al. 2020, "TreeSHAP"); where rows x leaves are too many for a night, what
    each split on the path moves (Saabas 2014), which adds up as exactly. A blend is a mean and its
    calibration is affine in the log-odds, so both only scale these. A forest votes in
    probabilities: its parts are stretched to the log-odds of their sum.

    Args:
        fitted: what `fit` returned, or a blend of such.
        inputs: typed inputs with the model's features among the columns.

    Returns:
        Rows x columns of `inputs` in log-odds (0 for columns that the model does not use), and
        the base: base + sum of a row's parts = log-odds of `predict`, to 1e-6 (within the range
        of `log_odds`).

    """
    import numpy as np

    if hasattr(fitted, "members"):
        every = [parts(member, inputs) for member in fitted.members]
        scale = fitted.slope / len(every)
        base = scale * sum(base for _split, base in every) + fitted.offset
        return np.sum([split for split, _base in every], axis=0) * scale, float(base)
    columns, model = fitted.named_steps["columns"], fitted.named_steps["model"]
    values = fitted[:-1].transform(inputs)
    if hasattr(model, "coef_"):
        split, base = values * model.coef_[0], float(model.intercept_[0])
    elif hasattr(model, "parts"):
        split, base = model.parts(values), model.base_
    else:
        split, base = _tree_parts(model, values)
        if not hasattr(model, "decision_function"):
            split, base = _stretched(split, base)
    found = np.zeros(inputs.shape)
    for column, name in enumerate(_owners(columns)):
        found[:, inputs.columns.get_loc(name)] += split[:, column]
    return found, base


def log_odds_of(fitted: ClassifierMixin, inputs: pandas.DataFrame) -> NDArray[Any]:
    """Log-odds per row, of a forest from its share of votes."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        if hasattr(fitted, "decision_function"):
            return np.asarray(fitted.decision_function(inputs), dtype=float)
        return log_odds(fitted.predict_proba(inputs)[:, 1])


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
    leaves = int((explainer.model.children_left < 0).sum())
    is_large = len(values) * leaves > _LEAVES_AT_MOST
    split = np.asarray(explainer.shap_values(values, approximate=is_large, check_additivity=False))
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


def _affordable(
    names: list[str], spec: Spec, inputs: pandas.DataFrame, y: NDArray[Any]
) -> list[str]:
    """Keep as many features as the rarer outcome has cases for, by how much each tells alone."""
    from ml.learning.validation import single_feature_auc

    rarer = min(y.sum(), len(y) - y.sum())
    most = max(int(rarer // spec.preparation.cases_per_feature), 1)
    if len(names) <= most:
        return names
    told = {name: single_feature_auc(inputs[name], y) for name in names}
    kept = sorted(names, key=lambda name: -told[name])[:most]
    return [name for name in names if name in kept]


def _columns(model: CandidateModel, spec: Spec, inputs: pandas.DataFrame) -> ColumnTransformer:
    """One transformer for all numbers, one for columns of few categories, one for those of many."""
    from sklearn.compose import ColumnTransformer

    groups: dict[str, list[str]] = {"numbers": [], "few": [], "many": []}
    for name in map(str, inputs):
        if spec.features[name].type == "numeric":
            groups["numbers"].append(name)
        elif inputs[name].nunique() > spec.preparation.max_categories:
            groups["many"].append(name)
        else:
            groups["few"].append(name)
    steps = {
        "numbers": _numeric(model.kind == "logistic_regression"),
        "few": _categorical(model, spec),
        "many": _share_of_positives(model),
    }
    used = [(group, steps[group], names) for group, names in groups.items() if names]
    return ColumnTransformer(used, sparse_threshold=0)


def _owners(columns: ColumnTransformer) -> list[str]:
    """Name the feature of each column that a fitted transformer gives.

    Gaps of numbers have flags behind the numbers; a category has a column of its own, or shares
    one with the other rare ones.
    """
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder

    owners: list[str] = []
    for group, transformer, names in columns.transformers_:
        if group == "remainder":
            continue
        if isinstance(transformer, OneHotEncoder):
            rare = transformer.infrequent_categories_
            for name, seen, merged in zip(names, transformer.categories_, rare, strict=True):
                owners += [name] * (len(seen) if merged is None else len(seen) - len(merged) + 1)
            continue
        owners += names
        if group == "numbers" and isinstance(transformer, Pipeline):
            owners += [names[index] for index in transformer[-1].indicator_.features_]
    return owners


def _signs(columns: ColumnTransformer, spec: Spec) -> list[int]:
    """Spread the features' directions over the columns; a gap has none."""
    wanted = {"rising": 1, "falling": -1, None: 0}
    seen: set[str] = set()
    signs = []
    for name in _owners(columns):
        feature = spec.features[name]
        has_one = feature.type == "numeric" and name not in seen
        signs.append(wanted[feature.direction] if has_one else 0)
        seen.add(name)
    return signs


def _numeric(is_linear: bool) -> BaseEstimator | str:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PowerTransformer

    if not is_linear:
        return "passthrough"
    return make_pipeline(
        PowerTransformer(), SimpleImputer(strategy="constant", fill_value=0.0, add_indicator=True)
    )


def _categorical(model: CandidateModel, spec: Spec) -> BaseEstimator:
    """Choose a column per category, or codes, or (for boosted trees) shares of positives."""
    import numpy as np
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    rare = spec.preparation.min_category_rows
    if model.kind == "hist_gradient_boosting":
        return _share_of_positives(model)
    if model.kind == "explainable_boosting":
        return OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-1, min_frequency=rare,
            dtype=np.float64,
        )  # fmt: skip
    return OneHotEncoder(
        handle_unknown="infrequent_if_exist", sparse_output=False, min_frequency=rare
    )


def _share_of_positives(model: CandidateModel) -> BaseEstimator:
    """Replace a category by its share of positives, in training by that of other rows."""
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler, TargetEncoder

    folds = StratifiedKFold(5, shuffle=True, random_state=_SEED)
    share = TargetEncoder(target_type="binary", cv=folds)
    is_linear = model.kind == "logistic_regression"
    return make_pipeline(share, StandardScaler()) if is_linear else share


def _fit_linear(
    model: CandidateModel, spec: Spec, values: NDArray[Any], y: NDArray[Any], signs: list[int]
) -> list[tuple[str, Any]]:
    """Fit on centred columns; a coefficient against its feature's direction becomes 0.

    Centred columns make coefficient x value the push away from the average row. Whatever works
    against its direction is left out and the rest fitted again, until nothing does.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    centre = StandardScaler(with_std=False).fit(values)
    centred, wanted = centre.transform(values), np.asarray(signs)
    linear = _searched(
        LogisticRegression(random_state=_SEED, **model.parameters), model, spec, centred, y
    )
    kept = np.ones(values.shape[1], dtype=bool)
    while True:
        linear.fit(centred[:, kept], y)
        coefficients = np.zeros(values.shape[1])
        coefficients[kept] = linear.coef_[0]
        wrong = coefficients * wanted < 0
        if not wrong.any() or wrong.sum() == kept.sum():
            break
        kept &= ~wrong
    linear.coef_ = np.where(wrong, 0.0, coefficients)[None, :]
    linear.n_features_in_ = values.shape[1]
    return [("centre", centre), ("model", linear)]


def _trees(model: CandidateModel, signs: list[int]) -> ClassifierMixin:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

    if model.kind == "random_forest":
        return RandomForestClassifier(random_state=_SEED, monotonic_cst=signs, **model.parameters)
    return HistGradientBoostingClassifier(
        random_state=_SEED, categorical_features=None, monotonic_cst=signs, **model.parameters
    )


def _searched(
    classifier: ClassifierMixin,
    model: CandidateModel,
    spec: Spec,
    values: NDArray[Any],
    y: NDArray[Any],
) -> ClassifierMixin:
    """Set the parameters of `search` that predict best inside these rows (three folds, log loss).

    Only on small tables: with thousands of rows the strength of the shrinkage hardly matters.
    """
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    is_small = len(y) < spec.validation.small_rows
    if not model.search or not is_small or min(y.sum(), len(y) - y.sum()) < 6:
        return classifier
    folds = StratifiedKFold(3, shuffle=True, random_state=_SEED)
    found = GridSearchCV(
        classifier, dict(model.search), scoring="neg_log_loss", cv=folds, refit=False
    )
    return classifier.set_params(**found.fit(values, y).best_params_)
