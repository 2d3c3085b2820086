"""Reasons: pushes that add up, texts that are true, numbers as each language writes them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ml
from config import PROJECT_ROOT
from ml.features.shares import difference
from ml.features.table import read_inputs
from ml.learning.estimators import parts
from ml.learning.telling import find_telling
from ml.reasons.explanation import model_reasons, rule_reasons
from ml.reasons.wording import number
from ml.rules import hits, points
from ml.score_tables import SIGNS
from ml.specs.files import load_spec
from ml.specs.spec import SpecError

CHURN = load_spec(PROJECT_ROOT / "models/churn.yml")


def lists(said, rows=1):
    """The lines of each row in their order, German and English, as people read them."""
    table = said.to_pandas().sort_values(["row", "place"])
    signs = table["direction"].map(SIGNS)
    lines = pd.Series(
        list(zip(signs + table["de"], signs + table["en"], strict=True)), dtype=object
    )
    return [lines[(table["row"] == row).to_numpy()].tolist() for row in range(rows)]


def model_lists(rows, *rest):
    return lists(model_reasons(rows, *rest), len(rows))


def rule_lists(rows, spec, stage):
    return lists(rule_reasons(rows, spec, stage), len(rows))


def test_a_larger_push_comes_first_and_points_the_right_way(table, table_spec):
    candidate = ml.train(table, table_spec)
    rows = pd.DataFrame({"size": [3.0, -3.0], "colour": ["green", "green"]})
    inputs = read_inputs(rows, candidate.spec)
    pushes, _base = parts(candidate.model, inputs[list(candidate.typical)])
    high, low = model_lists(rows, pushes, candidate.typical, candidate.spec, {})
    assert high[0] == ("+ size: 3", "+ size: 3")
    assert low[0] == ("− size: -3", "− size: -3")


def one(**features):
    """One customer's features; what is not said is missing."""
    return pd.DataFrame([dict.fromkeys(CHURN.features, np.nan) | features])


def push(**by_feature):
    return np.array([[by_feature.get(name, 0.0) for name in CHURN.inputs]])


TYPICAL = dict.fromkeys(CHURN.inputs, 10.0)


def test_the_reason_names_what_is_usual_for_this_customer():
    row = one(days_silent=143, usual_gap_days=41, silence_ratio=143 / 41)
    (reasons,) = model_lists(row, push(days_silent=2.0, silence_ratio=1.0), TYPICAL, CHURN, {})
    assert reasons[0] == (
        "+ Seit 143 Tagen keine Bestellung, üblich sind 41",
        "+ No order for 143 days, the usual gap is 41",
    )


def test_one_day_is_no_days():
    (reasons,) = model_lists(one(days_silent=1), push(days_silent=-2.0), TYPICAL, CHURN, {})
    assert reasons[0] == ("− Zuletzt vor 1 Tag bestellt", "− Last ordered 1 day ago")


def test_without_a_usual_rhythm_the_reason_does_not_invent_one():
    (reasons,) = model_lists(one(days_silent=143), push(days_silent=2.0), TYPICAL, CHURN, {})
    assert reasons[0][0] == "+ Letzte Bestellung vor 143 Tagen"


def test_a_silence_within_the_own_rhythm_is_not_called_unusual():
    row = one(days_silent=54, usual_gap_days=354, silence_ratio=54 / 354)
    (reasons,) = model_lists(row, push(days_silent=2.0, silence_ratio=1.0), TYPICAL, CHURN, {})
    assert not any(text.startswith("+") for reason in reasons for text in reason)


def test_a_text_that_would_not_be_true_is_not_said():
    """The model pushes up although the customer has ordered just now: no "silent for" then."""
    row = one(days_silent=3, usual_gap_days=41, orders_year=9)
    (reasons,) = model_lists(row, push(days_silent=2.0), TYPICAL, CHURN, {})
    assert not any("keine Bestellung" in german for german, _ in reasons)


def test_features_of_one_theme_give_one_reason():
    row = one(days_silent=143, usual_gap_days=41, silence_ratio=3.5, complaints=2)
    pushes = push(days_silent=1.0, silence_ratio=1.5, complaints=0.8)
    (reasons,) = model_lists(row, pushes, TYPICAL | {"complaints": 0.0}, CHURN, {})
    assert len(reasons) == 2
    assert reasons[1][0] == "+ Beschwerden in den letzten 4 Monaten: 2"


@settings(max_examples=40)
@given(
    st.lists(st.floats(-3, 3), min_size=len(CHURN.inputs), max_size=len(CHURN.inputs)),
    st.floats(0, 400), st.one_of(st.none(), st.floats(1, 200)), st.integers(0, 40),
)  # fmt: skip
def test_every_row_has_two_to_six_different_reasons(pushes, silent, rhythm, orders):
    row = one(days_silent=silent, usual_gap_days=np.nan if rhythm is None else rhythm,
              orders_year=orders, orders_quarter=0)  # fmt: skip
    (reasons,) = model_lists(row, np.array([pushes]), TYPICAL, CHURN, {})
    assert 2 <= len(reasons) <= 6
    assert all(sum(line[0][0] == sign for line in reasons) <= 3 for sign in "+−")
    assert len(set(reasons)) == len(reasons)
    assert all("{" not in text and "nan" not in text for reason in reasons for text in reason)


@settings(max_examples=40)
@given(st.floats(0, 2000), st.one_of(st.none(), st.floats(1, 400)), st.integers(0, 200))
def test_rules_give_points_in_range_and_two_reasons(silent, rhythm, orders):
    rhythm = np.nan if rhythm is None else rhythm
    row = one(days_silent=silent, usual_gap_days=rhythm, silence_ratio=silent / rhythm,
              orders_year=orders, orders_quarter=0)  # fmt: skip
    for stage in (1, 2):
        (value,) = points(row, CHURN, stage)
        assert 0 <= value <= 100
        (reasons,) = rule_lists(row, CHURN, stage)
        assert 2 <= len(reasons) <= 6


@pytest.mark.parametrize("longest", [40, 70, 120, 300])
@pytest.mark.parametrize("usual", [3, 14, 40, 90, np.nan])
def test_longer_silence_never_gives_fewer_points(usual, longest):
    rows = pd.concat([
        one(days_silent=d, usual_gap_days=usual, silence_ratio=d / usual, longest_gap_days=longest,
            orders_year=9, order_trend=1)
        for d in range(0, 400, 2)
    ])  # fmt: skip
    for stage in (1, 2):
        assert (np.diff(points(rows, CHURN, stage)) >= 0).all()


def test_a_wrong_rule_is_named():
    rules = CHURN.rules.model_copy(
        update={"stage_1": (CHURN.rules.stage_1[0].model_copy(update={"when": "days_silnt > 1"}),)}
    )
    with pytest.raises(SpecError, match=r"churn.yml, line \d+: rules.stage_1.0.when.*days_silnt"):
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


def test_what_raises_comes_first_and_the_same_is_not_said_twice():
    row = one(days_silent=20, usual_gap_days=41, silence_ratio=20 / 41, complaints=2, orders_year=3)
    pushes = push(silence_ratio=-2.0, complaints=0.8)
    (reasons,) = model_lists(row, pushes, TYPICAL | {"complaints": 0.0}, CHURN, {})
    assert [german[0] for german, _ in reasons] == ["+", "−"]
    for stage in (1, 2):
        (reasons,) = rule_lists(row, CHURN, stage)
        signs = [german[0] if german[0] in "+−" else "." for german, _ in reasons]
        assert signs == sorted(signs, key="+−.".index)
        bare = [german.lstrip("+− ") for german, _ in reasons]
        assert len(set(bare)) == len(bare)


LEAD = load_spec(PROJECT_ROOT / "models/lead.yml")


def test_a_difference_within_chance_is_no_reason():
    """28.9 % won where the average is 28.5 % says nothing; 60 % of 50 against 28 % of 400 does."""
    frame = pd.DataFrame({
        "entity_id": range(900),
        "lead_source": ["Messe"] * 90 + ["Empfehlung"] * 50 + ["Website"] * 760,
    })  # fmt: skip
    y = np.array([1] * 26 + [0] * 64 + [1] * 30 + [0] * 20 + [1] * 217 + [0] * 543)
    inputs = pd.DataFrame(dict.fromkeys(LEAD.inputs, np.nan), index=frame.index)
    inputs["lead_source"] = frame["lead_source"]
    for name, feature in LEAD.inputs.items():
        if feature.type == "categorical" and name != "lead_source":
            inputs[name] = "x"
    telling = find_telling(frame, inputs, y, LEAD)
    assert telling["lead_source"]["signs"]["Empfehlung"] == 1
    assert "Messe" not in telling["lead_source"]["signs"]
    for source, said in (("Messe", False), ("Empfehlung", True)):
        row = pd.DataFrame(
            [dict.fromkeys(LEAD.features, np.nan) | {"industry": "x", "lead_source": source}]
        )
        pushes = np.array([[3.0 if name == "lead_source" else 0.0 for name in LEAD.inputs]])
        typical = dict.fromkeys(LEAD.inputs, 1.0)
        (reasons,) = model_lists(row, pushes, typical, LEAD, telling)
        assert any("führt öfter zum Abschluss" in german for german, _ in reasons) == said


def test_many_pictures_of_one_entity_are_one_trial():
    frame = pd.DataFrame({"entity_id": ["a"] * 50 + ["b"] * 50})
    inputs = pd.DataFrame(dict.fromkeys(LEAD.inputs, np.nan), index=frame.index)
    for name, feature in LEAD.inputs.items():
        if feature.type == "categorical":
            inputs[name] = ["x"] * 50 + ["y"] * 50
    telling = find_telling(frame, inputs, np.array([1] * 50 + [0] * 50), LEAD)
    assert not any(found["signs"] for found in telling.values())


def test_the_interval_of_a_difference_is_the_published_one():
    """Newcombe (1998), table II, 56/70 and 48/80: 0.0524 to 0.3339 by method 10."""
    assert difference(56 / 70, 70, 48 / 80, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_open_for_long_and_makes_no_progress_are_one_reason():
    assert LEAD.features["lead_days"].theme == LEAD.features["stage_moves"].theme
