"""Hints on who takes part in buying: what is proposed of the marts, and what people make of it."""

from __future__ import annotations

import pytest
import yaml

from config import PROJECT_ROOT
from proposals import propose

USE = PROJECT_ROOT / "proposals/buying_centre.yml"


@pytest.fixture
def buying(firm):
    """A firm with a decider at each of three customers, and an open offer at the first."""
    (firm.settings.proposals / "mails.yml").unlink()
    firm.use("buying_centre", yaml.safe_load(USE.read_text(encoding="utf-8")))
    firm.customer("a", "b", "c")
    firm.sql(
        "insert into marts.contact_roles select contact_id, customer_id, 'decider',"
        " 'Funktion: ' || role, 'job title: ' || role, 'title', 1, 2, 5, '2026-02-01'"
        " from marts.contacts"
    )
    firm.sql("insert into marts.leads values ('L1', 'a', 'Presse 7', 'open', 1000)")
    firm.sql(
        "insert into marts.buying_centres values"
        " ('L1', 'a', 'decider', 'buyer', 40, 31, 0.5, 0.2, null)"
    )
    return firm


def told(firm, action):
    return firm.sql(
        "select title_de, reason_de from ops.proposals where action = ? order by customer_id",
        (action,),
    )


def test_a_probable_decider_is_a_hint_with_its_reason_and_waits_for_nobody(buying):
    buying.stage(1, "buying_centre")
    propose(buying.settings)
    assert set(buying.states().values()) == {"shown"}
    assert told(buying, "decider")[0] == (
        "Firma a: Eva Adler ist wahrscheinlich Entscheider",
        "Funktion: Werkleiterin",
    )
    assert not told(buying, "missing"), "stage 3 only"


def test_at_stage_2_it_says_who_ordered_and_was_seen(buying):
    buying.stage(2, "buying_centre")
    propose(buying.settings)
    (_, reason) = told(buying, "decider")[0]
    assert reason == (
        "Funktion: Werkleiterin; in Angeboten genannt: 2, davon gewonnen: 1;"
        " zuletzt gesehen am 01.02.2026 (Mails, Website, Messe)"
    )


def test_at_stage_3_the_missing_part_of_an_open_offer_is_named(buying):
    buying.stage(3, "buying_centre")
    propose(buying.settings)
    assert told(buying, "missing") == [
        (
            "Firma a, „Presse 7“: Einkauf fehlt noch",
            "In 31 von 40 gewonnenen Angeboten war diese Rolle dabei, hier nicht."
            " Beim Kunden ist noch niemand mit dieser Rolle bekannt",
        )
    ]
    buying.sql("update marts.buying_centres set contact_id = 'Kb'")
    propose(buying.settings)
    assert told(buying, "missing")[0][1].endswith("Bekannt ist Eva Adler (Werkleiterin)")


def test_what_people_confirmed_is_no_longer_probable(buying):
    buying.sql("update marts.contact_roles set method = 'person', reason_de = 'bestätigt'")
    buying.stage(1, "buying_centre")
    propose(buying.settings)
    assert told(buying, "decider")[0][0] == "Firma a: Eva Adler ist Entscheider"


def test_whoever_objected_left_or_is_no_customer_any_more_is_not_named(buying):
    buying.sql(
        "update marts.customers set has_objected_to_profiling = true where customer_id = 'a'"
    )
    buying.sql("update marts.contacts set is_active = false where customer_id = 'b'")
    buying.sql("update marts.customers set last_order_on = '2020-01-01' where customer_id = 'c'")
    buying.stage(3, "buying_centre")
    propose(buying.settings)
    assert buying.states() == {}
