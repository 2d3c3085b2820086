"""Reasons: pushes that add up, texts that are true, numbers as each language writes them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ml
from config import PROJECT_ROOT
from ml.estimators import log_odds, predict
from ml.explanation import contributions, model_reasons, rule_reasons
from ml.rules import hits, points
from ml.spec import SpecError, load_spec
from ml.table import read_inputs
from ml.wording import number

CHURN = load_spec(PROJECT_ROOT / "models/churn.yml")


@pytest.mark.parametrize("kind", ["logistic_regression", "hist_gradient_boosting"])
def test_pushes_add_up_to_the_distance_from_the_reference(table, table_spec, kind):
    sizes = {"max_iter": 100} if kind == "logistic_regression" else {"max_iter": 20}
    table_spec["candidates"] = {"one": {"kind": kind, "parameters": sizes}}
    candidate = ml.train(table, table_spec)
    inputs = read_inputs(table, candidate.spec)
    model = getattr(candidate.model, "calibrated_classifiers_", [candidate.model])[0]
    model = getattr(model, "estimator", model)
    pushes = contributions(candidate.model, inputs, candidate.typical, 3)
    total = pushes.sum(axis=1) - log_odds(predict(model, inputs))
    np.testing.assert_allclose(total, total[0], atol=1e-9)


def test_a_larger_push_comes_first_and_points_the_right_way(table, table_spec):
    candidate = ml.train(table, table_spec)
    rows = pd.DataFrame({"size": [3.0, -3.0], "colour": ["green", "green"]})
    inputs = read_inputs(rows, candidate.spec)
    pushes = contributions(candidate.model, inputs, candidate.typical, 3)
    high, low = model_reasons(rows, pushes, candidate.typical, candidate.spec)
    assert high[0] == ("size: 3 – erhöht den Wert", "size: 3 – raises the score")
    assert low[0] == ("size: -3 – senkt den Wert", "size: -3 – lowers the score")


def one(**features):
    """One customer's features; what is not said is missing."""
    return pd.DataFrame([dict.fromkeys(CHURN.features, np.nan) | features])


def push(**by_feature):
    return np.array([[by_feature.get(name, 0.0) for name in CHURN.inputs]])


TYPICAL = dict.fromkeys(CHURN.inputs, 10.0)


def test_the_reason_names_what_is_usual_for_this_customer():
    row = one(days_silent=143, rhythm_days=41, silence_ratio=143 / 41)
    (reasons,) = model_reasons(row, push(days_silent=2.0, silence_ratio=1.0), TYPICAL, CHURN)
    assert reasons[0] == (
        "Seit 143 Tagen keine Bestellung, üblich sind 41",
        "No order for 143 days, usually every 41",
    )


def test_without_a_usual_rhythm_the_reason_does_not_invent_one():
    (reasons,) = model_reasons(one(days_silent=143), push(days_silent=2.0), TYPICAL, CHURN)
    assert reasons[0][0] == "Seit 143 Tagen keine Bestellung"


def test_a_silence_within_the_own_rhythm_is_not_called_unusual():
    row = one(days_silent=54, rhythm_days=354, silence_ratio=54 / 354)
    (reasons,) = model_reasons(row, push(days_silent=2.0, silence_ratio=1.0), TYPICAL, CHURN)
    assert reasons[0][0] == "Seit 54 Tagen keine Bestellung"


def test_a_text_that_would_not_be_true_is_not_said():
    """The model pushes up although the customer has ordered just now: no "silent for" then."""
    row = one(days_silent=3, rhythm_days=41, orders_year=9)
    (reasons,) = model_reasons(row, push(days_silent=2.0), TYPICAL, CHURN)
    assert not any("keine Bestellung" in german for german, _ in reasons)


def test_features_of_one_theme_give_one_reason():
    row = one(days_silent=143, rhythm_days=41, silence_ratio=3.5, complaints=2)
    pushes = push(days_silent=1.0, silence_ratio=1.5, complaints=0.8)
    (reasons,) = model_reasons(row, pushes, TYPICAL | {"complaints": 0.0}, CHURN)
    assert len(reasons) == 2
    assert reasons[1][0] == "Beschwerden in den letzten 4 Monaten: 2"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-3, 3), min_size=len(CHURN.inputs), max_size=len(CHURN.inputs)),
    st.floats(0, 400), st.one_of(st.none(), st.floats(1, 200)), st.integers(0, 40),
)  # fmt: skip
def test_every_row_has_two_to_four_different_reasons(pushes, silent, rhythm, orders):
    row = one(days_silent=silent, rhythm_days=np.nan if rhythm is None else rhythm,
              orders_year=orders, orders_quarter=0)  # fmt: skip
    (reasons,) = model_reasons(row, np.array([pushes]), TYPICAL, CHURN)
    assert 2 <= len(reasons) <= 4
    assert len(set(reasons)) == len(reasons)
    assert all("{" not in text and "nan" not in text for reason in reasons for text in reason)


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 2000), st.one_of(st.none(), st.floats(1, 400)), st.integers(0, 200))
def test_rules_give_points_in_range_and_two_reasons(silent, rhythm, orders):
    rhythm = np.nan if rhythm is None else rhythm
    row = one(days_silent=silent, rhythm_days=rhythm, silence_ratio=silent / rhythm,
              orders_year=orders, orders_quarter=0)  # fmt: skip
    for stage in (1, 2):
        (value,) = points(row, CHURN, stage)
        assert 0 <= value <= 100
        (reasons,) = rule_reasons(row, CHURN, stage)
        assert 2 <= len(reasons) <= 4


def test_longer_silence_never_gives_fewer_points():
    rows = pd.concat([one(days_silent=d, rhythm_days=40, silence_ratio=d / 40, orders_year=5,
                          order_trend=1) for d in range(0, 400, 5)])  # fmt: skip
    for stage in (1, 2):
        assert (np.diff(points(rows, CHURN, stage)) >= 0).all()


def test_a_wrong_rule_is_named():
    rules = CHURN.rules.model_copy(
        update={"stage_1": (CHURN.rules.stage_1[0].model_copy(update={"when": "days_silnt > 1"}),)}
    )
    with pytest.raises(SpecError, match=r"churn.yml: rules.stage_1.0.when.*days_silnt"):
        hits(one(), CHURN.model_copy(update={"rules": rules}), 1)


@pytest.mark.parametrize(
    ("value", "form", "german", "english"),
    [
        (1234.5, "", "1.234", "1,234"),
        (2.54, "", "2,5", "2.5"),
        (3.0, "", "3", "3"),
        (12400, "€", "12.400 €", "€12,400"),
        (0.273, "%", "27 %", "27%"),
        (1.25, "2", "1,25", "1.25"),
        (-0.01, "", "0", "0"),
    ],
)
def test_numbers_are_written_as_the_language_writes_them(value, form, german, english):
    assert number(value, "de", form) == german
    assert number(value, "en", form) == english
