"""What is on record: the latest word of a mailbox, and of its company."""

from __future__ import annotations

from datetime import date

import pytest

from proposals.standing import read_standings
from tests.proposals.small_firm import NIGHT
from warehouse import open_warehouse

MAIL = "c1@firma.example"


def standing(firm, email=MAIL, customer="c1"):
    with open_warehouse(firm.settings) as connection:
        return read_standings(connection, [(customer, email)], NIGHT)[customer, email]


@pytest.mark.parametrize(
    ("said", "has_consented", "has_refused"),
    [
        ([], False, False),
        ([(True, 1)], True, False),
        ([(True, 1), (False, 2)], False, True),
        ([(False, 1), (True, 2)], True, False),
        ([(True, 2), (False, 2)], False, True),  # on one day the refusal holds
        ([(True, 40)], False, False),  # a day to come is a slip of the pen
        ([(False, 40)], False, True),  # … but a no is a no
        ([(False, 1), (True, 40)], False, True),
    ],
)
def test_the_latest_word_of_a_mailbox_counts(firm, said, has_consented, has_refused):
    firm.customer("c1", consent=False)
    for is_granted, day in said:
        on = date(2026, 2, day) if day <= 28 else date(2027, 2, 1)
        firm.consent("c1", MAIL, is_granted=is_granted, on=on)
    found = standing(firm)
    assert (found.has_consented, found.has_refused_advertising) == (has_consented, has_refused)
    assert (found.consented_on is not None) == has_consented


def test_a_no_of_the_company_counts_for_its_mailboxes_and_a_yes_for_none(firm):
    firm.customer("c1")
    firm.customer("c2", consent=False)
    firm.consent("c1", None, is_granted=False, on=date(2024, 1, 1))
    firm.consent("c2", None, is_granted=True, on=date(2024, 1, 1))
    assert standing(firm).has_refused_advertising
    assert not standing(firm, "c2@firma.example", "c2").has_consented


def test_an_objection_to_mails_ends_what_a_sale_allowed(firm):
    firm.customer("c1", consent=False)
    firm.consent("c1", MAIL, is_granted=True, on=date(2025, 1, 1), purpose="existing_customer")
    assert standing(firm).got_with_sale
    firm.consent("c1", MAIL, is_granted=False, on=date(2025, 2, 1))
    assert standing(firm).has_refused_advertising


def test_whom_nobody_knows_any_more_counts_as_one_who_objected(firm):
    assert standing(firm, customer="gone").has_objected_to_profiling
