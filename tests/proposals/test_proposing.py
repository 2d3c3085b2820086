"""What is proposed, when it changes, and when it ends."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from config import ConfigurationError
from proposals import ProposingError, hand_over, propose
from proposals.proposing import tell
from tests.proposals.small_firm import NIGHT, USE


def thanks(firm, day=0):
    (result,) = propose(firm.on(day))
    return result


def test_below_its_stage_nothing_is_proposed_and_it_says_so(firm):
    firm.customer("c1")
    firm.stage(0)
    (result,) = propose(firm.settings)
    assert tell(result) == "mails: nichts, denn die Daten sind auf Stufe 0"
    assert firm.states() == {}
    firm.stage(1)
    assert thanks(firm).new == 1
    firm.stage(0)
    propose(firm.settings)
    assert firm.states() == {"c1": "ended"}, "what waited ends with the stage"


def test_a_second_time_the_same_night_changes_nothing(firm):
    firm.customer("c1")
    firm.customer("c2", consent=False)
    assert (thanks(firm).new, thanks(firm).kept) == (1, 1)
    assert firm.sql("select count(*) from ops.proposals") == [(1,)]


def test_a_higher_stage_writes_better_and_thanks_nobody_twice(firm):
    better = {2: {"body": {"de": "Guten Tag {{ company }}!", "en": "Hello {{ company }}!"}}}
    firm.use(at_stage=better)
    for name in ("sent", "open"):
        firm.customer(name)
    propose(firm.settings)
    first = firm.sql("select proposal_id from ops.proposals where customer_id = 'sent'")[0]
    firm.decide("Anna", "Ben", ids=first)
    hand_over(firm.settings)
    firm.decide("Anna")
    firm.stage(3, night=NIGHT + timedelta(days=1))
    result = thanks(firm, day=1)
    assert (result.new, result.changed, result.paused) == (0, 1, 1)
    assert firm.states() == {"sent": "sent", "open": "open"}
    (body,) = firm.sql("select body from ops.proposals where customer_id = 'open'")[0]
    assert body.startswith("Guten Tag Firma open!\n\n-- \nVon einem Programm.\nNein danke?")
    assert firm.sql("select len(released_by) from ops.proposal_states where state = 'open'") == [
        (0,)
    ]


def test_a_draft_that_changes_loses_its_release_and_one_that_does_not_keeps_it(firm):
    firm.customer("c1")
    firm.customer("c2")
    propose(firm.settings)
    firm.decide("Anna", "Ben")
    firm.sql("update marts.customers set name = 'Neu GmbH' where customer_id = 'c1'")
    assert thanks(firm).changed == 1
    assert firm.states() == {"c1": "open", "c2": "released"}
    assert [len(one.proposals) for one in hand_over(firm.settings).lists] == [1]


@pytest.mark.parametrize("is_released", [True, False])
def test_what_was_sent_or_rejected_does_not_come_back_on_the_same_occasion(firm, is_released):
    firm.customer("c1")
    propose(firm.settings)
    firm.decide("Anna", "Ben", is_released=is_released)
    hand_over(firm.settings)
    settled = "sent" if is_released else "rejected"
    assert thanks(firm, day=1).paused == 1
    # nor under another address, nor for the customer that it became
    firm.sql("update marts.contacts set email = 'new@firma.example'")
    firm.consent("c1", "new@firma.example", is_granted=True, on=date(2025, 1, 1))
    assert thanks(firm, day=1).paused == 1
    for old, new in (("c1", "c7"), ("c7", "c9")):
        firm.sql(
            "insert into marts.customer_id_changes values (?, ?, ?, 'merged', 1)", (NIGHT, old, new)
        )
    for table in ("customers", "orders", "contacts"):
        firm.sql(f"update marts.{table} set customer_id = 'c9'")
    assert thanks(firm, day=1).paused == 1
    assert firm.states() == {"c1": settled}
    firm.sql("update marts.orders set order_no = 'A2'")
    assert thanks(firm, day=1).new == 1, "another order is another occasion"


def test_after_one_a_customer_rests_whatever_the_occasion(firm):
    firm.use(pause_days=10)
    firm.customer("c1", orders=2)
    assert thanks(firm).paused == 1, "of two orders one"
    firm.decide("Anna", "Ben")
    hand_over(firm.settings)
    assert (thanks(firm, day=9).new, thanks(firm, day=10).new) == (0, 1)


def test_what_nobody_releases_expires_and_does_not_come_back(firm):
    firm.use(expires_days=3)
    firm.customer("c1")
    propose(firm.settings)
    propose(firm.on(3))
    assert firm.states() == {"c1": "open"}, "it is renewed each night, and does not live longer"
    assert thanks(firm, day=4).expired == 1
    assert firm.sql("select state, ended_why from ops.proposal_states") == [("ended", "expired")]
    assert thanks(firm, day=5).expired == 1


def test_what_is_no_longer_due_ends_and_a_release_of_it_is_told_as_lost(firm):
    firm.customer("c1")
    propose(firm.settings)
    firm.decide("Anna", "Ben")
    firm.sql("update marts.orders set delivered_on = null")
    result = thanks(firm)
    assert (result.ended, result.lost) == (1, 1)
    assert "1 davon schon freigegeben" in tell(result)
    assert not hand_over(firm.settings).lists


def test_chance_leaves_the_same_ones_alone_each_night_and_objectors_are_in_no_group(firm):
    firm.use(control_share=0.3)
    firm.customer(*(f"c{number}" for number in range(60)))
    firm.sql("update marts.customers set has_objected_to_profiling = true where customer_id < 'c2'")
    result = thanks(firm)
    control = firm.ids("control")
    assert 5 <= len(control) == result.control <= 30
    assert thanks(firm, day=1).control == len(control)
    assert firm.ids("control") == control
    assert firm.decide("Anna", ids=control[:1]) == [
        f"{control[0]} gehört zur Kontrollgruppe und wird in Ruhe gelassen."
    ]
    firm.sql("update marts.customers set has_objected_to_profiling = true")
    propose(firm.on(2))
    assert firm.sql("select count(*) from ops.proposals") == [(0,)], "nothing is kept of them"


def test_who_refuses_advertising_leaves_the_control_group(firm):
    firm.use(control_share=0.5)
    firm.customer(*(f"c{number}" for number in range(20)))
    propose(firm.settings)
    (left_alone,) = firm.sql("select min(customer_id) from ops.proposals where is_control")[0]
    firm.consent(left_alone, None, is_granted=False, on=NIGHT)
    propose(firm.settings)
    assert firm.states()[left_alone] == "ended"


def test_the_group_is_drawn_among_those_who_would_be_asked_not_among_the_rest(firm):
    firm.use(control_share=0.5, at_most=5)
    firm.customer(*(f"c{number:02}" for number in range(40)))
    result = thanks(firm)
    assert result.new == 5
    last = firm.sql(
        "select max(customer_id) filter (not is_control), max(customer_id) from ops.proposals"
    )
    assert last[0][0] >= last[0][1], "nobody is compared who came after the last one asked"
    assert thanks(firm, day=1).kept == 5, "what was proposed goes before what would be new"


def test_a_mailbox_gets_one_mail_within_the_days_over_all_actions(firm):
    firm.rules(mailbox_days=14)
    other = {"actions": {"hello": USE["actions"]["thanks"]}}
    firm.use("other", USE | other)
    firm.stage(1, "other")
    firm.customer("c1")
    firm.customer("c2", email="C1@firma.example ")  # one mailbox, two customers
    first, second = propose(firm.settings)
    assert (first.new, first.paused, second.new, second.mailed) == (1, 1, 0, 2)
    firm.decide("Anna", "Ben")
    hand_over(firm.settings)
    assert [one.new for one in propose(firm.on(13))] == [0, 0]
    assert sum(one.new for one in propose(firm.on(14))) == 1


MARTS = "select customer_id from marts.customers"
WRONG = "die Abfrage ist falsch"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"body": {"de": "{{ compny }}", "en": "x"}}, "'compny' is undefined; die Zielgruppe hat"),
        ({"body": {"de": "{{ company", "en": "x"}}, "unexpected end of template"),
        ({"audience": MARTS}, f"mails.thanks: {WRONG}: die Spalte fehlt: order_no, email"),
        ({"audience": "select no from marts.customers"}, 'Referenced column "no" not found'),
        ({"audience": "drop table marts.customers"}, "es muss eine einzelne Abfrage sein"),
        ({"audience": f"{MARTS}; drop table marts.customers"}, "eine einzelne Abfrage sein"),
        ({"audience": "select 1); drop table marts.customers; select (1"}, WRONG),
        ({"releases": 1}, "mailing_list braucht mindestens 2"),
        ({"legal_basis": "hint"}, "eine Mail an einen Kunden ist kein Hinweis"),
        ({"subject": None}, "mailing_list braucht subject und body"),
        ({"about": []}, "about"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_mistake_in_a_yaml_is_told_and_leaves_what_was_proposed(firm, changes, told):
    firm.customer("c1")
    firm.use("other", USE)
    firm.stage(1, "other")
    propose(firm.settings)
    firm.use(**changes)
    with pytest.raises(ProposingError) as failure:
        propose(firm.settings)
    assert told in str(failure.value)
    assert "\n" not in str(failure.value)
    assert [one.kept for one in failure.value.results if not one.problem] == [1]
    assert len(firm.ids()) == 2
    assert firm.sql("select count(*) from marts.customers") == [(1,)]


def test_a_mistake_in_the_common_rules_stops_all_before_anything_is_touched(firm):
    firm.customer("c1")
    firm.rules(mailbox_days=-1)
    for station in (propose, hand_over):
        with pytest.raises(ConfigurationError, match=r"proposals\.yml: mailbox_days"):
            station(firm.settings)


def test_mails_are_written_in_the_language_that_the_audience_names(firm):
    firm.use(
        audience="select 'en' as language, * from (" + USE["actions"]["thanks"]["audience"] + ")"
    )
    firm.customer("c1")
    propose(firm.settings)
    (text,) = firm.sql("select subject || body || title_de from ops.proposals")[0]
    assert text.startswith("Thank you, Firma c1Hello, Ac10.\n\n-- \nBy a program.\nNo, thanks?")
    assert text.endswith("Dank an Firma c1")


def test_a_hint_for_colleagues_needs_no_release_and_goes_into_no_list(firm):
    action = USE["actions"]["thanks"] | {
        "channel": "table", "legal_basis": "hint", "releases": 0, "subject": None, "body": None,
    }  # fmt: skip
    firm.use(use=USE | {"actions": {"thanks": action}})
    firm.customer("c1", consent=False)
    propose(firm.settings)
    assert firm.states() == {"c1": "shown"}
    assert not hand_over(firm.settings).lists


def test_what_is_old_is_forgotten(firm):
    firm.rules(keep_days=100)
    firm.customer("c1")
    propose(firm.settings)
    firm.decide("Anna", "Ben")
    hand_over(firm.settings)
    propose(firm.on(100))
    assert firm.states() == {"c1": "sent"}
    propose(firm.on(101))
    for table in ("proposals", "releases", "deliveries"):
        assert firm.sql(f"select count(*) from ops.{table}") == [(0,)], table
