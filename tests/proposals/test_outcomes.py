"""What came of an action, beside the control group."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import ConfigurationError
from proposals import load_use, propose
from proposals.outcomes import Effect, Group, count_effect, read_effect
from proposals.page import say_effect
from proposals.uses import Outcome
from report.words import Words
from tests.proposals.small_firm import NIGHT
from warehouse import open_warehouse

OUTCOME = Outcome.model_validate(
    {"label": {"de": "bestellt", "en": "orders"}, "happened": "select 1", "days": 30}
)
DAYS = st.dates(NIGHT - timedelta(days=90), NIGHT)


def day(number):
    return NIGHT + timedelta(days=number)


@given(
    st.lists(st.tuples(st.sampled_from("abcd").map(lambda name: {name}), st.booleans(), DAYS)),
    st.lists(st.tuples(st.sampled_from("abcde"), DAYS)),
)
def test_every_customer_is_in_one_group_or_pending_and_no_more_happen_than_there_are(first, events):
    rows = [{"customer_id": name, "happened_on": on} for name, on in events]
    effect = count_effect(OUTCOME, first, rows, NIGHT)
    assert effect.pending + effect.proposed.customers + effect.control.customers == len(first)
    for group in (effect.proposed, effect.control):
        assert 0 <= group.happened <= group.customers
    assert count_effect(OUTCOME, first, rows[::-1], NIGHT) == effect


@pytest.mark.parametrize(
    ("on", "counts"),
    [(day(0), 0), (day(1), 1), (day(30), 1), (day(31), 0), (datetime(2026, 3, 3, 9), 1), (None, 0)],  # noqa: DTZ001
)
def test_it_counts_from_the_day_after_until_the_days_are_over(on, counts):
    rows = [{"customer_id": "new", "happened_on": on}]
    effect = count_effect(OUTCOME, [({"old", "new"}, False, NIGHT)], rows, day(31))
    assert effect.proposed == Group(1, counts)  # also under the id that the customer has by now


def test_of_whom_the_days_are_not_over_nothing_is_counted_yet():
    rows = [{"customer_id": "a", "happened_on": day(2)}]
    effect = count_effect(OUTCOME, [({"a"}, False, NIGHT)], rows, day(29))
    assert (effect.proposed, effect.pending) == (Group(0, 0), 1)


def outcome_of(firm, happened="select customer_id, ordered_on as happened_on from marts.orders"):
    said = {"label": {"de": "bestellt", "en": "orders"}, "happened": happened, "days": 30}
    firm.use(outcome=said, control_share=0.5, at_most=1000)
    return load_use(firm.settings.proposals / "mails.yml").actions["thanks"]


def read(firm, action, night):
    with open_warehouse(firm.settings) as connection:
        return read_effect(connection, "mails", "thanks", action, night)


def test_all_who_were_drawn_are_compared_sent_or_not_and_no_objector(firm):
    action = outcome_of(firm)
    names = [f"c{number}" for number in range(40)]
    firm.customer(*names)
    propose(firm.settings)
    control = {name for name, state in firm.states().items() if state == "control"}
    assert 5 < len(control) < 35
    buyers = [*sorted(set(names) - control)[:4], *sorted(control)[:1]]
    for name in buyers:
        firm.sql(
            "insert into marts.orders values (?, ?, ?, ?, null, 1, false)",
            [f"X{name}", name, f"X{name}", day(5)],
        )
    effect = read(firm, action, day(30))
    assert effect.control == Group(len(control), 1)
    assert effect.proposed == Group(40 - len(control), 4)
    firm.sql(
        "update marts.customers set has_objected_to_profiling = true where customer_id = ?",
        [buyers[0]],
    )
    assert read(firm, action, day(30)).proposed == Group(39 - len(control), 3)


def test_an_action_without_an_outcome_has_no_effect_and_a_wrong_one_is_told(firm):
    firm.use()
    action = load_use(firm.settings.proposals / "mails.yml").actions["thanks"]
    assert read(firm, action, NIGHT) is None
    with pytest.raises(ConfigurationError, match=r"mails\.thanks\.outcome.*happened_on"):
        read(firm, outcome_of(firm, "select customer_id from marts.orders"), NIGHT)


@pytest.mark.parametrize(
    ("proposed", "control", "told"),
    [
        ((0, 0), (0, 0), "so lange ist noch kein Vorschlag her (3 laufen)"),
        ((50, 20), (0, 0), "Ohne Vergleichsgruppe"),
        ((50, 20), (19, 5), "mindestens 20 Kunden"),
        ((200, 120), (50, 15), "Unterschied von +30,0 Prozentpunkten (95 %: +14,"),
        ((200, 90), (50, 22), "kann Zufall sein"),
        ((200, 40), (50, 25), "Es schadet: −30,0"),
    ],
)
def test_what_is_said_of_it_claims_no_more_than_the_figures(proposed, control, told):
    effect = Effect(OUTCOME, Group(*proposed), Group(*control), pending=3)
    assert told in say_effect(effect, Words("de"))
