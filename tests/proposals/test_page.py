"""The page on proposals."""

from __future__ import annotations

import re
from html import unescape

import pytest

from proposals import page_path, propose, write_page
from proposals.reading import decide
from tests.proposals.small_firm import USE


def text_of(firm):
    page = write_page(firm.settings).read_text(encoding="utf-8")
    bare = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(bare))


def test_it_tells_what_became_of_the_proposals_in_both_languages(firm):
    firm.customer("c1", "c2", "c3")
    propose(firm.settings)
    first, second, _third = firm.ids()
    decide(firm.settings, [first], "Ben", "", is_released=False, reject_reason="not_true")
    decide(firm.settings, [second], "Ben", "", is_released=True)
    told = text_of(firm)
    assert "in 92 Tagen vorgeschlagen 3 warten 2 abgelehnt 1 Abgelehnt, weil: stimmt nicht" in told
    assert "proposed in 92 days 3 waiting 2 rejected 1 Rejected because: not true (1)." in told
    assert "Ben" not in told  # nothing is said of colleagues


def test_what_is_shown_stands_under_latest_but_not_of_who_objected(firm):
    firm.use(channel="table", releases=0, subject=None, body=None, legal_basis="hint")
    firm.customer("c1", "c2")
    propose(firm.settings)
    assert "02.03.2026: Dank an Firma c1" in text_of(firm)  # its title names the customer
    firm.sql("update ops.proposals set title_de = 'Wieder fällig' where customer_id = 'c1'")
    assert "02.03.2026: Firma c1: Wieder fällig" in text_of(firm)
    firm.sql("update marts.customers set has_objected_to_profiling = true where customer_id = 'c1'")
    told = text_of(firm)
    assert "Firma c1" not in told
    assert "Firma c2" in told


def test_below_its_stage_and_with_a_mistake_it_says_so(firm):
    firm.stage(0)
    assert "es wird nichts vorgeschlagen" in text_of(firm)
    firm.stage(1)
    firm.use(use=USE | {"actions": {"thanks": USE["actions"]["thanks"] | {"stage": 2}}})
    assert "Vorschläge beginnen über Stufe 1" in text_of(firm)
    (firm.settings.proposals / "mails.yml").write_text("actions: {}", encoding="utf-8")
    assert "mails.yml: purpose" in text_of(firm)


def test_a_wrong_outcome_is_told_and_stops_no_other_part(firm):
    said = {"label": {"de": "kauft", "en": "buys"}, "happened": "select 1 as x", "days": 30}
    firm.use(outcome=said)
    firm.customer("c1")
    propose(firm.settings)
    told = text_of(firm)
    assert "mails.thanks.outcome" in told
    assert "warten 1" in told


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "A & B"])
def test_names_are_escaped_and_only_the_owner_reads_the_page(firm, name):
    firm.use(channel="table", releases=0, subject=None, body=None, legal_basis="hint")
    firm.customer("c1")
    firm.sql("update marts.customers set name = ?", [name])
    propose(firm.settings)
    write_page(firm.settings)
    page = page_path(firm.settings)
    assert "<script" not in page.read_text(encoding="utf-8")
    assert name in text_of(firm)
    assert page.stat().st_mode & 0o077 == 0


def test_without_a_use_case_it_says_so(firm):
    (firm.settings.proposals / "mails.yml").unlink()
    assert "Kein Anwendungsfall schlägt etwas vor" in text_of(firm)
