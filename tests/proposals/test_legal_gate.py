"""The legal gate: every branch of what the law allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from proposals.legal_gate import Standing, judge, refusal

NOBODY = Standing("a@b.example", False, False, False, False)
YES = replace(NOBODY, has_consented=True, consented_on=date(2025, 5, 4))
BOUGHT = replace(NOBODY, got_with_sale=True)


@pytest.mark.parametrize(
    ("basis", "standing", "writes_mail", "refused"),
    [
        ("advertising", NOBODY, True, "no_consent"),
        ("advertising", YES, True, None),
        ("advertising", BOUGHT, True, None),
        ("consent", YES, True, None),
        # an opinion is not asked of an existing customer: § 7(3) is for goods like those bought
        ("consent", BOUGHT, True, "no_consent"),
        ("advertising", replace(YES, has_refused_advertising=True), True, "refused_advertising"),
        ("advertising", replace(BOUGHT, has_refused_advertising=True), True, "refused_advertising"),
        ("consent", replace(YES, has_refused_advertising=True), True, "refused_advertising"),
        (
            "advertising",
            replace(YES, has_objected_to_profiling=True),
            True,
            "objected_to_profiling",
        ),
        ("hint", replace(YES, has_objected_to_profiling=True), False, "objected_to_profiling"),
        ("contract", replace(NOBODY, has_objected_to_profiling=True), True, None),
        ("contract", NOBODY, True, None),
        ("hint", NOBODY, False, None),
        ("hint", replace(NOBODY, email=None), False, None),
        ("advertising", replace(YES, email=None), True, "no_address"),
        ("contract", replace(NOBODY, email=None), True, "no_address"),
        # a consent whose day nobody knows proves nothing
        ("advertising", replace(YES, consented_on=None), True, "no_consent"),
    ],
)
def test_who_may_be_addressed_on_which_basis(basis, standing, writes_mail, refused):
    verdict = judge(basis, standing, writes_mail=writes_mail)
    assert verdict.refused == refused
    assert bool(verdict.basis_de and verdict.basis_en) == (refused is None)
    if refused:
        assert refusal(refused)


def test_the_basis_names_the_day_of_the_consent_in_both_languages():
    verdict = judge("advertising", YES, writes_mail=True)
    assert verdict.basis_de == "Einwilligung vom 04.05.2025 (§ 7 Abs. 2 Nr. 2 UWG)"
    assert verdict.basis_en == "Consent of 04 May 2025 (§ 7(2) no. 2 UWG)"
    assert "§ 7(3) UWG" in judge("advertising", BOUGHT, writes_mail=True).basis_en


@pytest.mark.parametrize(
    "email",
    ["", " ", "a", "a@b", "a@b.example; c@d.example", "=1+1@b.example", "a@b.exa mple",
     "a@b.example\nBcc: c@d.example", "<a@b.example>", "+49@b.example"],
)  # fmt: skip
def test_nothing_goes_to_what_is_no_single_mailbox(email):
    assert judge("contract", replace(YES, email=email), writes_mail=True).refused == "no_address"


@pytest.mark.parametrize("basis", ["advertising", "consent"])
def test_advertising_needs_all_that_the_law_wants(basis):
    """All 16 standings: whoever is allowed has consented or bought, and has objected to nothing."""
    for objected, yes, no, sale in product([True, False], repeat=4):
        standing = Standing("a@b.example", objected, yes, no, sale, date(2025, 1, 1))
        allowed = judge(basis, standing, writes_mail=True).refused is None
        assert allowed == (not objected and not no and (yes or (sale and basis == "advertising")))
