"""Series per day, week and month, and what is told of them."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.forecast.series import Series, make_series, next_start, notice, start_of
from ml.forecast.telling import tell


def make(values, first=date(2024, 1, 1), unit="week"):
    return Series("s", unit, first, np.array(values, dtype=float))


def test_weeks_go_on_across_the_year_and_the_unfinished_one_is_left_out():
    rows = [
        ("s", date(2024, 12, 29), 1.0),
        ("s", date(2024, 12, 30), 2.0),
        ("s", date(2025, 1, 5), 3.0),
        ("s", date(2025, 1, 14), 4.0),
    ]
    (found,) = make_series(rows, "week", date(2025, 1, 16))
    assert found.first == date(2024, 12, 23)
    assert found.values.tolist() == [1.0, 5.0, 0.0]
    assert found.starts(2) == [date(2025, 1, 13), date(2025, 1, 20)]


def test_no_day_is_lost_when_the_clocks_change():
    first = date(2025, 3, 28)
    rows = [("s", first + timedelta(days=n), 1.0) for n in range(5)]  # 30 March has 23 hours
    (found,) = make_series(rows, "day", date(2025, 4, 2))
    assert found.values.tolist() == [1.0] * 5


def test_months_of_any_length():
    rows = [("s", date(2024, 1, 31), 1.0), ("s", date(2024, 2, 29), 2.0)]
    (found,) = make_series(rows, "month", date(2024, 4, 1))
    assert found.values.tolist() == [1.0, 2.0, 0.0]
    assert found.starts(1) == [date(2024, 4, 1)]


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.sampled_from(["day", "week", "month"]))
def test_each_day_lies_in_the_unit_that_starts_last(day, unit):
    start = start_of(day, unit)
    assert start <= day < next_start(start, unit)


def test_a_series_without_a_whole_unit_is_none():
    assert make_series([("s", date(2025, 1, 14), 4.0)], "week", date(2025, 1, 16)) == []


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([5] * 120, []),
        ([5] * 60, ["short"]),
        ([5] * 60 + [0] * 5 + [5] * 100, ["gap"]),
        ([5, 0, 5, 5] * 30, ["zeros"]),
        ([5] * 110 + [0] * 6, ["ended"]),
        ([5] * 100 + [900] + [5] * 20, ["outlier"]),
        ([5] + [0] * 119, ["ended"]),
    ],
)
def test_nothing_odd_is_silent(values, found):
    assert [one.kind for one in notice(make(values), 52, 6)] == found


def test_it_is_told_in_plain_words():
    said = notice(make([5] * 100 + [900, 5, 800] + [5] * 20), 52, 6)
    assert tell(said, "week", "de") == [
        "2 Wochen mit ungewöhnlich viel, zuletzt ab 15.12.2025: 800"
    ]
    (english,) = tell(said, "week", "en")
    assert english == "2 weeks with unusually much, the last from 15 Dec 2025 on: 800"
    short = notice(make([5], unit="month"), 12, 6)
    assert tell(short, "month", "en") == [
        "only 1 month of history: whether there are seasons nobody knows"
    ]
