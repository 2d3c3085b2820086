"""Training on any table: what is chosen, what is refused, what must not leak."""

import numpy as np
import pandas as pd
import pytest

import ml
from ml.features.table import NotEnoughDataError, TableError
from ml.learning.validation import forward_folds, grouped_folds, make_folds, measure
from ml.rules import promised
from ml.specs.files import load_spec

BOOSTING = {"kind": "hist_gradient_boosting", "parameters": {"max_iter": 20}}


def test_learns_from_a_plain_table_and_measures_it_on_other_rows(table, table_spec):
    candidate = ml.train(table[:300], table_spec)
    metrics = ml.evaluate(candidate, table[300:])
    assert metrics["auc"] > 0.75
    assert metrics["auc"] > metrics["baseline_auc"]
    assert metrics["n"] == 100
    assert abs(metrics["mean_probability"] - metrics["base_rate"]) < 0.15
    assert {"log_loss", "brier", "calibration_error", "positives"} <= set(metrics)


def test_every_unseen_prediction_is_kept(table, table_spec):
    table_spec["rules"] = {"base": 50, "stage_1": [], "stage_2": [
        {"when": "size > 0", "points": 30, "reason": {"de": "groß", "en": "big"}, "why": "it is"}
    ]}  # fmt: skip
    candidate = ml.train(table, table_spec)
    tested = candidate.tested
    assert sorted(tested["row"]) == list(range(len(table)))
    assert (tested["outcome"] == (table.bought == "Yes").to_numpy()[tested["row"]]).all()
    auc = [measure(*fold[["outcome", "probability"]].to_numpy().T)["auc"]
           for _, fold in tested.groupby("fold")]  # fmt: skip
    assert np.mean(auc) == pytest.approx(candidate.metrics["auc"])
    big = table["size"].to_numpy()[tested["row"]] > 0
    assert set(tested.rules_2[big]) == {80} and set(tested.rules_2[~big]) == {50}
    assert tested.rules_1_probability.nunique() <= 4  # nothing but the share of the fold
    observed = tested.outcome.groupby(big).mean()
    assert tested.rules_2_probability[big].mean() == pytest.approx(observed[True], abs=0.03)
    assert tested.rules_2_probability[~big].mean() == pytest.approx(observed[False], abs=0.03)


def test_points_that_speak_against_the_outcome_promise_its_share():
    seen, outcomes = np.array([10, 20, 80, 90]), np.array([1.0, 1.0, 0.0, 1.0])
    assert set(promised(seen, outcomes, np.array([0, 50, 100]))) == {0.75}


def test_the_same_table_gives_the_same_model(table, table_spec):
    first, second = (ml.train(table, table_spec) for _ in range(2))
    assert first.metrics == second.metrics
    assert ml.evaluate(first, table) == ml.evaluate(second, table)


def test_unseen_missing_and_many_categories_do_no_harm(table, table_spec):
    table_spec["features"]["name"] = {"type": "categorical"}
    table_spec["candidates"]["boosting"] = BOOSTING
    table["name"] = [f"firm {number}" for number in range(len(table))]
    candidate = ml.train(table, table_spec)
    assert any("name" in warning for warning in candidate.warnings)
    other = table.assign(colour="violet", name=None)
    other.loc[::2, "size"] = np.nan
    assert 0.5 < ml.evaluate(candidate, other)["auc"] < 1


@pytest.mark.parametrize("kind", ["logistic_regression", "random_forest", "hist_gradient_boosting"])
def test_constant_and_empty_columns_are_left_out(table, table_spec, kind):
    table_spec["features"] |= {"same": {"type": "numeric"}, "none": {"type": "numeric"}}
    size = {"random_forest": {"n_estimators": 20}, "hist_gradient_boosting": {"max_iter": 20}}
    table_spec["candidates"] = {"one": {"kind": kind, "parameters": size.get(kind, {})}}
    candidate = ml.train(table.assign(same=7.0, none=None), table_spec)
    assert set(candidate.features) == {"size", "colour"}
    assert len(candidate.warnings) == 2


def test_a_column_constant_in_one_fold_only_is_no_problem(table, table_spec):
    table_spec["candidates"] = {"one": BOOSTING}
    table_spec["features"]["rare"] = {"type": "numeric"}
    rare = np.zeros(len(table))
    rare[0] = 1
    candidate = ml.train(table.assign(rare=rare), table_spec)
    assert 0 <= candidate.metrics["auc"] <= 1


def test_a_feature_that_knows_the_answer_is_reported(table, table_spec):
    table_spec["features"]["closed"] = {"type": "numeric"}
    leak = table.assign(closed=np.where(table.bought == "Yes", 1.0, np.nan))
    leak.loc[0, "closed"] = 2.0
    candidate = ml.train(leak, table_spec)
    assert any(w.startswith("closed") and "AUC" in w for w in candidate.warnings)
    assert not any(w.startswith("size") for w in candidate.warnings)


def test_one_outcome_only_is_refused(table, table_spec):
    with pytest.raises(NotEnoughDataError, match="same outcome"):
        ml.train(table[table.bought == "Yes"], table_spec)


def test_nothing_to_learn_from_is_refused(table, table_spec):
    with pytest.raises(TableError, match="nothing to learn"):
        ml.train(table.assign(size=1, colour="red"), table_spec)


def test_copies_never_lie_on_both_sides(table, table_spec):
    spec = load_spec(table_spec)
    doubled = pd.concat([table, table[:100]], ignore_index=True)
    y = (doubled.bought == "Yes").to_numpy(dtype=float)
    for fold in grouped_folds(doubled, y, spec):
        seen = set(doubled["size"].iloc[fold.train])
        assert not seen & set(doubled["size"].iloc[fold.test])


def test_copies_do_not_make_a_model_look_better_than_it_is(table_spec):
    """Noise, each row twice: split across copies, a forest would reach an AUC near 1."""
    random = np.random.default_rng(3)
    noise = pd.DataFrame({"size": random.normal(size=150), "colour": "red",
                          "bought": random.choice(["Yes", "No"], 150)})  # fmt: skip
    table_spec["candidates"] = {"one": {"kind": "random_forest",
                                        "parameters": {"n_estimators": 30}}}  # fmt: skip
    candidate = ml.train(pd.concat([noise, noise], ignore_index=True), table_spec)
    assert candidate.metrics["auc"] < 0.65


def test_a_coarse_table_is_not_taken_for_copies(table_spec):
    random = np.random.default_rng(1)
    coarse = pd.DataFrame({"size": random.integers(0, 2, 200), "colour": "red"})
    coarse["bought"] = np.where(random.random(200) < 0.2 + 0.6 * coarse["size"], "Yes", "No")
    assert ml.train(coarse, table_spec).metrics["auc"] > 0.7


def test_a_simpler_model_wins_unless_the_other_is_clearly_better(table_spec):
    random = np.random.default_rng(2)
    frame = pd.DataFrame({"size": random.normal(size=600), "colour": "red"})
    table_spec["candidates"]["boosting"] = BOOSTING
    straight = frame["size"] + random.normal(size=600) > 0
    bent = frame["size"].abs() + 0.3 * random.normal(size=600) > 0.7
    for truth, winner in ((straight, "logistic"), (bent, "boosting")):
        frame["bought"] = np.where(truth, "Yes", "No")
        assert ml.train(frame, table_spec).name == winner


def pictures(months, customers):
    """A picture of every customer every 30 days, half of them with each outcome."""
    days = pd.date_range("2022-01-01", periods=months, freq="30D").repeat(customers)
    frame = pd.DataFrame({"cutoff": days, "entity_id": np.tile(range(customers), months)})
    return frame, np.tile([0.0, 1.0], len(frame) // 2)


def test_forward_in_time_nothing_is_learnt_whose_horizon_was_open(table_spec):
    spec = load_spec("models/churn.yml")
    frame, y = pictures(24, 400)
    folds = forward_folds(frame, "cutoff", y, spec)
    days = frame["cutoff"]
    assert len(folds) == spec.validation.blocks
    tested = days.iloc[np.concatenate([fold.test for fold in folds])]
    assert (tested.max() - tested.min()).days < spec.validation.test_days
    for fold in folds:
        begins = days.iloc[fold.test].min()
        assert (days.iloc[fold.train] + pd.Timedelta(days=90)).max() <= begins


def test_with_few_customers_more_months_are_tested_each_by_what_was_known_before():
    """Leads that are open for one month each, six new ones a month, of which two are won."""
    spec = load_spec("models/lead.yml")
    frame, _y = pictures(30, 6)
    frame["entity_id"] = range(len(frame))
    y = np.tile([1.0, 1.0, 0.0, 0.0, 0.0, 0.0], 30)
    folds = forward_folds(frame, "cutoff", y, spec)
    days = frame["cutoff"]
    assert len(folds) == spec.validation.most_blocks
    for fold in folds:
        begins = days.iloc[fold.test].min()
        assert (days.iloc[fold.train] + pd.Timedelta(days=120)).max() <= begins
    # twelve won ones are known ten months after the first: all from then on are tested
    assert y[folds[0].train].sum() == spec.validation.learn_cases
    assert folds[0].test[0] == 6 * (6 - 1 + 120 // 30)
    tested = np.concatenate([fold.test for fold in folds])
    assert (tested == np.arange(tested[0], len(frame))).all()
    enough = spec.validation.model_copy(update={"test_cases": 20})
    fewer = forward_folds(frame, "cutoff", y, spec.model_copy(update={"validation": enough}))
    assert sum(y[fold.test].sum() for fold in fewer) == 20


def test_a_history_too_short_to_test_says_how_much_is_missing():
    spec = load_spec("models/churn.yml")
    frame = pd.DataFrame({"cutoff": pd.to_datetime(["2024-01-01"] * 4)})
    with pytest.raises(NotEnoughDataError, match="270 more days"):
        make_folds(frame, np.array([0.0, 1.0, 0.0, 1.0]), spec)


def test_measures_of_perfect_and_of_useless_probabilities():
    y = np.array([0.0, 1.0] * 50)
    assert measure(y, y)["auc"] == 1
    assert measure(y, y)["calibration_error"] == 0
    useless = measure(y, np.full(100, 0.5))
    assert useless["auc"] == 0.5
    assert useless["brier"] == 0.25
