"""What each kind of model says of a row, split over its features; directions; what is stored."""

import numpy as np
import pandas as pd
import pytest
import skops.io

from ml.features.table import read_inputs
from ml.learning import estimators
from ml.learning.blend import Blend
from ml.learning.curves import Curves
from ml.registry.runs import TRUSTED_TYPES
from ml.specs.files import load_spec
from ml.specs.spec import SpecError

KINDS = {
    "logistic_regression": {},
    "explainable_boosting": {"outer_bags": 1, "interactions": 2, "max_bins": 32},
    "hist_gradient_boosting": {"max_iter": 30},
    "random_forest": {"n_estimators": 20, "min_samples_leaf": 3},
}


@pytest.fixture
def wide(table, table_spec):
    """More of everything: gaps, a constant, many categories, one row alone in its category."""
    random = np.random.default_rng(5)
    table["same"] = 1.0
    table["place"] = [f"p{number}" for number in random.integers(0, 80, len(table))]
    table["other"] = random.normal(size=len(table))
    table.loc[::9, "size"] = np.nan
    table.loc[0, "colour"] = "mauve"
    table_spec["features"] |= {
        "same": {"type": "numeric"},
        "place": {"type": "categorical"},
        "other": {"type": "numeric"},
    }
    table_spec["candidates"] = {
        kind: {"kind": kind, "parameters": parameters} for kind, parameters in KINDS.items()
    }
    return table, table_spec


def fitted(wide, *kinds):
    table, spec = wide[0], load_spec(wide[1])
    inputs, y = read_inputs(table, spec), (table["bought"] == "Yes").to_numpy(dtype=float)
    members = [estimators.fit(spec.candidates[kind], spec, inputs, y) for kind in kinds]
    return members, inputs


def unseen(inputs):
    """Rows as they come at night: a new category, a value beyond all others, a gap."""
    new = inputs.head(5).assign(colour="violet", size=4.0, place="p-new")
    return pd.concat([inputs, new, inputs.head(3).assign(other=np.nan)])


@pytest.mark.parametrize("slope, offset", [(1.0, 0.0), (0.7, -0.4)])
@pytest.mark.parametrize("kinds", [*[(kind,) for kind in KINDS], tuple(KINDS)])
def test_base_and_parts_add_up_to_the_log_odds(wide, kinds, slope, offset):
    members, inputs = fitted(wide, *kinds)
    model, rows = Blend(members, slope, offset), unseen(inputs)
    split, base = estimators.parts(model, rows)
    promised = estimators.log_odds(estimators.predict(model, rows))
    np.testing.assert_allclose(base + split.sum(axis=1), promised, atol=1e-6)
    assert split.shape == rows.shape
    assert not split[:, list(rows.columns).index("same")].any()
    assert np.ptp(split[:, list(rows.columns).index("size")]) > 0.3


def test_curves_say_what_interpret_says(wide):
    """The tables are those of the library: same log-odds, pairs and gaps included."""
    from interpret.glassbox import ExplainableBoostingClassifier

    random = np.random.default_rng(1)
    values = np.column_stack([random.integers(0, 4, 500), random.normal(size=(500, 2))])
    values[::9, 1] = np.nan
    odds = (values[:, 0] == 2) + values[:, 2] * (1 + np.nan_to_num(values[:, 1]))
    y = (random.random(500) < 1 / (1 + np.exp(-odds))).astype(float)
    parameters = {"outer_bags": 2, "interactions": 2, "max_bins": 32, "max_interaction_bins": 8}
    ours = Curves([True, False, False], [0, 0, 0], parameters).fit(values, y)
    kinds = ["nominal", "continuous", "continuous"]
    theirs = ExplainableBoostingClassifier(
        feature_types=kinds, n_jobs=1, random_state=0, **parameters
    ).fit(values, y)
    assert any(len(term) == 2 for term in ours.terms_)
    rows = np.vstack([values, [[-1, 0.3, 9.0], [7, np.nan, -9.0]]])
    np.testing.assert_allclose(
        ours.predict_proba(rows)[:, 1], theirs.predict_proba(rows)[:, 1], atol=1e-9
    )


def test_every_kind_comes_back_from_skops_as_it_was(wide, tmp_path):
    members, inputs = fitted(wide, *KINDS)
    model, rows = Blend(members, 0.9, 0.1), unseen(inputs)
    skops.io.dump(model, tmp_path / "model.skops")
    again = skops.io.load(tmp_path / "model.skops", trusted=TRUSTED_TYPES)
    np.testing.assert_array_equal(again.predict_proba(rows), model.predict_proba(rows))


@pytest.mark.parametrize("sign, direction", [(1, "rising"), (-1, "falling")])
@pytest.mark.parametrize("kind", KINDS)
def test_a_direction_holds_in_every_kind(wide, kind, sign, direction):
    """Even against the data: the size that raises the outcome must never be said to lower it."""
    wide[1]["features"]["size"]["direction"] = direction
    wide[1]["features"]["other"]["direction"] = direction
    (model,), inputs = fitted(wide, kind)
    for name in ("size", "other"):
        for start in range(0, 20, 5):
            steps = pd.concat([inputs.iloc[[start]]] * 41).assign(**{name: np.linspace(-4, 4, 41)})
            assert (np.diff(estimators.log_odds_of(model, steps)) * sign >= -1e-9).all()


def test_where_cases_are_few_the_features_that_tell_most_are_used(table, table_spec):
    random = np.random.default_rng(2)
    few = table[:40].reset_index(drop=True)
    for number in range(20):
        few[f"noise{number}"] = random.normal(size=40)
        table_spec["features"][f"noise{number}"] = {"type": "numeric"}
    table_spec["preparation"] = {"cases_per_feature": 6}
    spec = load_spec(table_spec)
    inputs, y = read_inputs(few, spec), (few["bought"] == "Yes").to_numpy(dtype=float)
    model = estimators.fit(spec.candidates["logistic"], spec, inputs, y)
    split, _base = estimators.parts(model, inputs)
    used = [name for name, said in zip(inputs, split.T, strict=True) if said.any()]
    assert len(used) == min(y.sum(), 40 - y.sum()) // 6
    assert "size" in used


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"kind": "blend"}, "members"),
        ({"kind": "blend", "members": ["nobody"]}, "nobody"),
        ({"kind": "logistic_regression", "members": ["logistic"]}, "members"),
        ({"kind": "explainable_boosting", "search": {"max_bins": [8]}}, "search"),
    ],
)
def test_a_candidate_that_makes_no_sense_is_refused(table_spec, wrong, message):
    table_spec["candidates"]["wrong"] = wrong
    with pytest.raises(SpecError, match=message):
        load_spec(table_spec)
