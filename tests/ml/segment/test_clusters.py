"""Customers who behave alike."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from ml.segment import clusters
from ml.segment.clusters import TooFewError, assign, choose, distances, fit_clusters, match, numbers


def test_plain_kinds_are_found_again_and_are_stable(customers, spec):
    table, shares = customers
    fit = fit_clusters(table, shares, spec.behaviour)
    kinds = [name.rstrip("0123456789") for name in table.index]
    assert fit.clusters == 4
    assert adjusted_rand_score(kinds, fit.labels) > 0.95
    assert fit.stability[4] > 0.9


def test_the_same_customers_give_the_same_segments_in_any_order(customers, spec):
    table, shares = customers
    first = fit_clusters(table, shares, spec.behaviour)
    turned = table.iloc[::-1]
    away = distances(first.pipeline, numbers(turned, shares, spec.behaviour, first.layout))
    assert (away.argmin(axis=1)[::-1] == first.labels).all()


def test_noise_is_not_stable(spec):
    random = np.random.default_rng(3)
    table = pd.DataFrame(
        random.normal(10, 1, (300, 5)).clip(0), columns=list(spec.behaviour.traits)
    )
    fit = fit_clusters(table, pd.DataFrame(index=table.index), spec.behaviour)
    assert fit.stability[fit.clusters] < spec.behaviour.gate.stability


def test_one_giant_makes_no_segment_of_its_own(customers, spec):
    table, shares = customers
    table.loc["large000", "amount"] = 1e12
    fit = fit_clusters(table, shares, spec.behaviour)
    assert np.bincount(fit.labels).min() >= spec.behaviour.gate.share_of_all * len(table)


def test_customers_who_are_all_alike_give_no_segments(spec):
    table = pd.DataFrame(7.0, index=[f"C{n}" for n in range(90)], columns=spec.behaviour.traits)
    with pytest.raises(TooFewError):
        fit_clusters(table, pd.DataFrame(index=table.index), spec.behaviour)


def test_blank_traits_and_unknown_interests_are_taken_as_typical(customers, spec):
    table, shares = customers
    table.loc["large000", "amount"] = np.nan
    fit = fit_clusters(table, shares.drop(index="large001"), spec.behaviour)
    matrix = numbers(table, shares.assign(news=0.5), spec.behaviour, fit.layout)
    assert np.isfinite(matrix).all()
    assert matrix.shape == (len(table), len(fit.layout.columns))


@pytest.mark.parametrize(
    ("stability", "chosen"),
    [
        ({3: 0.90, 4: 0.88, 5: 0.5}, 4),  # hardly less stable: what people keep in mind
        ({3: 0.95, 4: 0.80, 5: 0.5}, 3),
        ({3: None, 4: None, 5: 0.7}, 5),
    ],
)
def test_four_segments_unless_another_number_is_clearly_more_stable(stability, chosen):
    assert choose(stability, usual=4, clearly=0.05) == chosen


def test_without_a_possible_number_there_are_none():
    with pytest.raises(TooFewError):
        choose({3: None, 4: None}, usual=4, clearly=0.05)


def test_a_customer_who_is_hardly_nearer_to_another_segment_stays():
    away = np.array([[1.0, 0.95], [1.0, 0.85], [1.0, 0.95]])
    assert assign(away, [0, 0, None], hysteresis=0.1).tolist() == [0, 1, 1]


@given(
    st.lists(st.lists(st.floats(0.01, 9), min_size=3, max_size=3), min_size=1, max_size=9),
    st.floats(0, 0.5),
)
def test_without_new_data_nobody_changes_segment(rows, hysteresis):
    away = np.array(rows)
    first = assign(away, [None] * len(rows), hysteresis)
    assert (assign(away, first.tolist(), hysteresis) == first).all()


def test_a_new_fit_keeps_the_letters_of_those_who_share_most_customers():
    before = ["A"] * 10 + ["B"] * 10 + ["C"] * 10
    now = np.array([2] * 9 + [0] * 11 + [1] * 10)
    assert match(before, now, 3, used="ABC") == ["B", "C", "A"]


def test_a_segment_that_is_new_gets_a_letter_that_was_never_used():
    before = ["A"] * 12 + ["B"] * 12
    now = np.array([0] * 12 + [1] * 4 + [2] * 4 + [3] * 4)
    assert match(before, now, 4, used="ABC") == ["A", "B", "D", "E"]


def test_the_first_fit_names_the_largest_segment_a():
    now = np.array([0] * 3 + [1] * 9 + [2] * 5)
    assert match([None] * 17, now, 3, used="") == ["C", "A", "B"]


def test_stability_of_many_customers_is_measured_on_some(customers, spec, monkeypatch):
    table, shares = customers
    whole = fit_clusters(table, shares, spec.behaviour).stability[4]
    monkeypatch.setattr(clusters, "MOST_RESAMPLED", 120)
    assert fit_clusters(table, shares, spec.behaviour).stability[4] == pytest.approx(whole, abs=0.1)
