"""A record is one of two persons at most."""

import pytest

from identity.exclusion import exclude

BETWEEN = [(0, 1, 0.5), (0, 2, 0.97), (1, 2, 0.97)]


def third(*birth_dates, between=BETWEEN):
    return [round(likely, 2) for *_, likely in exclude(between, birth_dates)]


def test_who_is_like_two_persons_is_probably_neither():
    assert third("19701010", "19900315", None) == [0.5, 0.49, 0.49]


def test_the_likelier_one_keeps_its_lead():
    lead = [(0, 1, 0.1), (0, 2, 0.99), (1, 2, 0.5)]
    assert third("19701010", "19900315", None, between=lead) == [0.1, 0.98, 0.01]


@pytest.mark.parametrize(
    "dates",
    [
        ("19701010", "19701011", None),  # a slip
        ("19780312", "19791203", None),  # swapped, and another year
        ("19701010", "19900315", "19701010"),  # says itself who it is
        ("19701010", None, None),
        (None, None, None),
    ],
)
def test_all_else_stays(dates):
    assert third(*dates) == [0.5, 0.97, 0.97]


def test_two_that_are_one_in_spite_of_their_dates_exclude_nothing():
    sure = [(0, 1, 0.9), (0, 2, 0.97), (1, 2, 0.97)]
    assert third("19701010", "19900315", None, between=sure) == [0.9, 0.97, 0.97]
