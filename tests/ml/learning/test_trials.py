"""Which candidate is chosen by what the folds showed, and what is promised of it."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

import ml
from ml.learning.estimators import predict
from ml.learning.trials import Trial, as_chosen_elsewhere, choose, run_trials, simplicity_cost
from ml.learning.validation import (
    Fold,
    calibration_curve,
    corrected_error,
    make_folds,
    measure,
    row_groups,
)
from ml.specs.files import load_spec
from ml.specs.sections import CandidateModel

LINEAR = CandidateModel(kind="logistic_regression")
CURVES = CandidateModel(kind="explainable_boosting")
TREES = CandidateModel(kind="hist_gradient_boosting")
ROWS = 400
FOLDS = [
    Fold(np.delete(np.arange(ROWS), test), test) for test in np.array_split(np.arange(ROWS), 4)
]


@pytest.fixture
def spec(table_spec):
    return load_spec(table_spec)


@pytest.fixture
def truth():
    """True log-odds and outcomes."""
    random = np.random.default_rng(0)
    odds = random.normal(0, 1.5, ROWS)
    return odds, (random.random(ROWS) < 1 / (1 + np.exp(-odds))).astype(float)


def trial(model, odds, y, spec):
    return Trial.of((model,), [odds[fold.test] for fold in FOLDS], spec, y, FOLDS)


def blurred(odds, noise, seed=1):
    return odds + np.random.default_rng(seed).normal(0, noise, ROWS)


@pytest.mark.parametrize(
    "linear, curves, trees, chosen",
    [
        (0.5, 1.5, 1.5, "linear"),  # the best sum of curves
        (1.5, 0.5, 1.5, "curves"),
        (0.55, 1.5, 0.5, "linear"),  # trees are better by chance only
        (4.0, 4.0, 0.0, "trees"),  # trees are clearly better
    ],
)
def test_trees_must_be_clearly_better_than_a_sum_of_curves(
    spec, truth, linear, curves, trees, chosen
):
    odds, y = truth
    trials = {
        name: trial(model, blurred(odds, noise, seed + 10), y, spec)
        for seed, (name, model, noise) in enumerate(
            [("linear", LINEAR, linear), ("curves", CURVES, curves), ("trees", TREES, trees)]
        )
    }
    assert choose(trials, FOLDS) == chosen
    cost = simplicity_cost(trials, chosen, FOLDS)
    best = min(trials.values(), key=lambda each: each.losses.mean())
    lost = trials[chosen].losses.mean() - best.losses.mean()
    assert cost["simplicity_cost"] == pytest.approx(lost)
    assert cost["simplicity_cost"] <= max(cost["simplicity_cost_error"], 0)


def test_what_is_overconfident_is_recalibrated_by_the_other_folds(spec, truth):
    odds, y = truth
    wrong = trial(LINEAR, 3 * odds + 2, y, spec)
    slope, offset = wrong.platt
    assert slope == pytest.approx(1 / 3, rel=0.25)
    assert offset == pytest.approx(-2 / 3, abs=0.25)
    honest = trial(LINEAR, odds, y, spec)
    assert wrong.losses.mean() == pytest.approx(honest.losses.mean(), abs=0.01)
    assert len(set(wrong.mended)) == len(FOLDS)  # each by the outcomes of the others


def test_forward_in_time_only_earlier_blocks_recalibrate(spec, truth):
    odds, y = truth
    forward = [Fold(fold.train, fold.test, is_forward=True) for fold in FOLDS]
    found = Trial.of((LINEAR,), [3 * odds[f.test] + 2 for f in FOLDS], spec, y, forward)
    assert found.mended[0] == (1.0, 0.0)
    later = y.copy()
    later[FOLDS[3].test] = 1 - later[FOLDS[3].test]
    again = Trial.of((LINEAR,), [3 * odds[f.test] + 2 for f in FOLDS], spec, later, forward)
    if again.mended[1] != (1.0, 0.0):
        assert found.mended[:3] == again.mended[:3]


def test_the_choice_has_not_seen_the_fold_on_which_it_is_measured(spec):
    """Of six useless candidates the luckiest must not be promised its luck."""
    random = np.random.default_rng(3)
    promised, lucky = [], []
    for _round in range(10):
        y = (random.random(ROWS) < 0.5).astype(float)
        trials = {
            f"useless{number}": trial(LINEAR, random.normal(0, 0.3, ROWS), y, spec)
            for number in range(6)
        }
        promised.append(as_chosen_elsewhere(trials, FOLDS).metrics(FOLDS)["auc"])
        lucky.append(max(each.metrics(FOLDS)["auc"] for each in trials.values()))
    assert np.mean(lucky) > 0.52
    assert np.mean(promised) == pytest.approx(0.5, abs=0.025)


def test_candidates_without_enough_rows_are_not_tried(table, table_spec):
    table_spec["candidates"] |= {
        "curves": {"kind": "explainable_boosting", "min_rows": 5000},
        "trees": {"kind": "hist_gradient_boosting", "parameters": {"max_iter": 20}},
        "both": {"kind": "blend", "members": ["logistic", "curves", "trees"]},
        "lonely": {"kind": "blend", "members": ["logistic", "curves"]},
    }
    candidate = ml.train(table, table_spec)
    assert set(candidate.trials) == {"logistic", "trees", "both"}
    table_spec["candidates"] = {"curves": {"kind": "explainable_boosting", "min_rows": 5000,
                                           "parameters": {"outer_bags": 1}}}  # fmt: skip
    assert ml.train(table, table_spec).name == "curves"


def test_a_blend_predicts_what_was_measured(table, table_spec):
    table_spec["candidates"] = {
        "logistic": {"kind": "logistic_regression"},
        "trees": {"kind": "hist_gradient_boosting", "parameters": {"max_iter": 20}},
        "both": {"kind": "blend", "members": ["logistic", "trees"]},
    }
    spec = load_spec(table_spec)
    inputs = table[["size", "colour"]].astype({"colour": object})
    y = (table["bought"] == "Yes").to_numpy(dtype=float)
    folds = make_folds(table, y, spec)
    both = run_trials(spec, inputs, y, folds)["both"]
    first = folds[0]
    again = both.fit(spec, inputs.iloc[first.train], y[first.train])
    np.testing.assert_allclose(
        (again.decision_function(inputs.iloc[first.test]) - again.offset) / again.slope,
        both.odds[0],
    )


def test_the_error_of_folds_grows_with_their_overlap():
    values = np.array([0.7, 0.8, 0.75, 0.85])
    plain = values.std(ddof=1) / 2
    assert corrected_error(values, FOLDS) == pytest.approx(plain * np.sqrt(4 * (1 / 4 + 1 / 3)))
    assert corrected_error(values[:1], FOLDS[:1]) == float("inf")


def test_on_small_tables_what_is_promised_comes_true():
    """Thirty rows were promised .903 ± .041 and brought .757: the interval must hold."""
    random = np.random.default_rng(11)
    spec = load_spec(
        {
            "target": {"column": "y", "positive": 1},
            "features": {f"x{number}": {"type": "numeric"} for number in range(3)},
            "candidates": {
                f"C{strength}": {"kind": "logistic_regression", "parameters": {"C": strength}}
                for strength in (0.01, 10.0)
            },
            "validation": {"small_folds": 5},
        }
    )
    held, gaps, rounds = 0, [], 15
    for _round in range(rounds):
        inputs = pd.DataFrame(random.normal(size=(1040, 3)), columns=["x0", "x1", "x2"])
        odds = 1.2 * inputs["x0"] - 0.5 * inputs["x1"]
        y = (random.random(len(inputs)) < 1 / (1 + np.exp(-odds))).to_numpy(dtype=float)
        few = inputs[:40]
        folds = make_folds(few, y[:40], spec)
        trials = run_trials(spec, few, y[:40], folds)
        promised = as_chosen_elsewhere(trials, folds).metrics(folds)
        model = trials[choose(trials, folds)].fit(spec, few, y[:40])
        realised = measure(y[40:], predict(model, inputs[40:]))["auc"]
        held += promised["auc_low"] <= realised <= promised["auc_high"]
        gaps.append(promised["auc"] - realised)
    # 95 % is stated; 11 of 15 or fewer come by chance in 1 of 200 runs
    assert held >= 12
    error = np.std(gaps, ddof=1) / np.sqrt(rounds)
    assert abs(np.mean(gaps)) < t.ppf(0.995, rounds - 1) * error + 0.02


def test_the_calibration_curve_counts_entities_and_tells_how_sure_it_is():
    random = np.random.default_rng(4)
    promised = random.uniform(0, 1, 400).repeat(3)
    tested = pd.DataFrame(
        {
            "entity_id": np.arange(400).repeat(3),
            "probability": promised,
            "outcome": (random.random(400).repeat(3) < promised).astype(float),
        }
    )
    curve = calibration_curve(tested)
    assert len(curve) == 10
    assert [row["promised"] for row in curve] == sorted(row["promised"] for row in curve)
    assert sum(row["n"] for row in curve) <= 410
    inside = [row["low"] <= row["promised"] <= row["high"] for row in curve]
    assert sum(inside) >= 8
    wrong = calibration_curve(tested.assign(probability=tested["probability"] / 3))
    assert sum(row["low"] <= row["promised"] <= row["high"] for row in wrong) <= 4
    few = calibration_curve(tested[:60])
    assert len(few) == 1


def test_curves_stop_by_customers_that_they_have_not_learnt_from(table_spec):
    """Many rows per customer, whose outcome is his own: what is remembered is not skill."""
    random = np.random.default_rng(6)
    customers = random.normal(size=(120, 4))
    chance = 1 / (1 + np.exp(-customers[:, 0] - random.normal(0, 1.5, 120)))
    entity = np.arange(120).repeat(12)
    frame = pd.DataFrame(
        customers[entity] + random.normal(0, 0.05, (1440, 4)), columns=list("abcd")
    )
    frame["entity_id"] = entity
    frame["bought"] = np.where(random.random(1440) < chance[entity], "Yes", "No")
    table_spec["features"] = {name: {"type": "numeric"} for name in "abcd"}
    table_spec["candidates"] = {
        "curves": {"kind": "explainable_boosting", "parameters": {"outer_bags": 2, "max_bins": 64}}
    }
    spec = load_spec(table_spec)
    y = (frame["bought"] == "Yes").to_numpy(dtype=float)
    folds = make_folds(frame, y, spec)
    losses = [
        run_trials(spec, frame[list("abcd")], y, folds, groups)["curves"].losses.mean()
        for groups in (row_groups(frame, spec), None)
    ]
    assert losses[0] < losses[1] - 0.005
