"""When a source that did not come is missed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.loading.rhythm import is_overdue, usual_days

MONDAY = date(2026, 3, 2)


def nights(*offsets: int) -> set[date]:
    return {MONDAY + timedelta(days=offset) for offset in offsets}


WORKING_DAYS = nights(*(week * 7 + day for week in range(5) for day in range(5)))


@pytest.mark.parametrize(
    ("came", "tonight", "expected"),
    [
        (nights(0, 1, 2, 3), 4, True),  # every night, and not tonight
        (nights(0, 1, 2, 3, 4), 4, False),  # it came tonight
        (nights(0, 1, 2), 3, False),  # too few nights to tell
        (nights(0, 7, 14, 21), 27, False),
        (nights(0, 7, 14, 21), 28, True),
        (nights(0, 28, 59, 90), 120, False),  # months are not equally long
        (nights(0, 28, 59, 90), 121, True),
        (WORKING_DAYS, 33, False),  # a Saturday
        (WORKING_DAYS, 35, True),  # the Monday after
        (WORKING_DAYS | nights(35), 36, True),  # a Tuesday, though weekends are longer gaps
        (nights(), 5, False),
    ],
)
def test_the_rhythm_is_derived_from_the_nights(
    came: set[date], tonight: int, expected: bool
) -> None:
    assert is_overdue(came, MONDAY + timedelta(days=tonight)) is expected


@pytest.mark.parametrize(
    ("expected", "days", "missed"),
    [("daily", 1, True), ("weekly", 6, False), ("weekly", 7, True), ("monthly", 30, False),
     ("monthly", 31, True), ("never", 400, False)],
)  # fmt: skip
def test_what_the_mapping_expects_wins(expected: str, days: int, missed: bool) -> None:
    assert is_overdue(nights(0), MONDAY + timedelta(days=days), expected) is missed  # type: ignore[arg-type]
    assert is_overdue(set(), MONDAY, expected) is (expected != "never")  # type: ignore[arg-type]


@given(st.integers(1, 40), st.integers(4, 30))
def test_a_source_that_keeps_its_time_is_never_missed_before_it_and_always_at_it(
    gap: int, times: int
) -> None:
    came = nights(*(gap * number for number in range(times)))
    last = max(came)
    assert usual_days(came) == gap
    assert is_overdue(came, last + timedelta(days=gap))
    if gap > 1:
        assert not is_overdue(came, last + timedelta(days=1)) or gap % 7 == 1
