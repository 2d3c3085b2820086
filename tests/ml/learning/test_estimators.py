"""What each kind of model says of a row, split over its features."""

import numpy as np
import pandas as pd
import pytest

from ml.features.table import read_inputs
from ml.learning import estimators
from ml.learning.validation import grouped_folds
from ml.specs.files import load_spec

KINDS = {
    "logistic_regression": {},
    "hist_gradient_boosting": {"max_iter": 30},
    "random_forest": {"n_estimators": 20, "min_samples_leaf": 3},
}


@pytest.mark.parametrize("is_calibrated", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_base_and_parts_add_up_to_the_log_odds(table, table_spec, kind, is_calibrated):
    table_spec["candidates"] = {"one": {"kind": kind, "parameters": KINDS[kind]}}
    table_spec["features"]["same"] = {"type": "numeric"}
    table["same"] = 1.0
    table.loc[::9, "size"] = np.nan
    spec = load_spec(table_spec)
    inputs, y = read_inputs(table, spec), (table["bought"] == "Yes").to_numpy(dtype=float)
    fitted = estimators.fit(spec.candidates["one"], spec, inputs, y)
    if is_calibrated:
        fitted = estimators.calibrate(fitted, inputs, y, grouped_folds(table, y, spec))
    unseen = pd.concat([inputs, inputs.head(5).assign(colour="violet", size=4.0)])
    split, base = estimators.parts(fitted, unseen)
    promised = estimators.log_odds(estimators.predict(fitted, unseen))
    np.testing.assert_allclose(base + split.sum(axis=1), promised, atol=1e-6)
    assert split.shape == unseen.shape
    assert not split[:, list(unseen.columns).index("same")].any()
    assert np.ptp(split[:, list(unseen.columns).index("size")]) > 0.5
