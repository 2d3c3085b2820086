"""What is due again by a customer's own rhythm."""

import pytest

from ml.recommend.history import history_before
from ml.recommend.telling import again_rows
from tests.ml.recommend.shop import day, facts_of


def due(connection, spec, days, today, **named):
    """Rows for a customer that ordered an article on the days; another orders something today."""
    rows = [("C1", "A", d) for d in days] + [("C2", "Z", today)]
    facts = facts_of(connection, spec, rows, **named)
    return list(again_rows(history_before(facts, spec, facts.last_day + 1), spec))


@pytest.mark.parametrize(
    ("today", "is_due"),
    [
        (105, False),  # 25 days of 40 are over: not due within 14 days
        (106, True),
        (120, True),
        (160, True),  # overdue by as much again
        (161, False),  # lapsed: two times let pass
    ],
)
def test_due_from_two_weeks_before_until_it_lapsed(connection, spec, today, is_due):
    assert bool(due(connection, spec, (0, 40, 80), today)) is is_due


def test_two_orders_are_no_rhythm(connection, spec):
    assert due(connection, spec, (0, 40), 80) == []


def test_what_was_ordered_a_few_days_ago_is_not_due(connection, spec):
    assert due(connection, spec, (0, 10, 20, 30), 33) == []


def test_the_reason_tells_how_often_and_when(connection, spec):
    (row,) = due(connection, spec, (0, 40, 80), 120)
    assert row["due_on"] == day(120)
    assert row["reason_de"] == "an 3 Tagen bestellt, etwa alle 40 Tage, zuletzt am 21.03.2024"
    assert row["reason_en"] == "ordered on 3 days, about every 40 days, last on 21 Mar 2024"
    assert (row["sku"], row["product_name"], row["rank"]) == ("A", "Name A", 1)


def test_what_is_not_offered_is_not_due(connection, spec):
    goods = [("A", "Repair", "Service", False), ("Z", "Z", "Z", True)]
    assert due(connection, spec, (0, 40, 80), 120, goods=goods) == []


def test_the_likeliest_three_are_shown(connection, spec):
    rows = [("C1", f"A{n}", d) for n in range(5) for d in range(0, 40 * (n + 3), 40)]
    last = max(d for _c, _a, d in rows)
    rows = [(c, a, last - d) for c, a, d in rows] + [("C2", "Z", last + 40)]
    facts = facts_of(connection, spec, rows)
    found = list(again_rows(history_before(facts, spec, facts.last_day + 1), spec))
    assert [row["sku"] for row in found] == ["A4", "A3", "A2"]
    assert [row["rank"] for row in found] == [1, 2, 3]
