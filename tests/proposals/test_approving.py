"""Proposals to many, released by one answer in Airflow."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from config import ConfigurationError
from nights.release_approval import mailing_body, mailing_subject
from proposals import hand_over, propose
from proposals.approving import Asked, read_asked, release_asked
from proposals.rules import load_rules

PLACE = "mails.thanks"
EVIL = "<b>[Müller](http://evil.example)</b> | *x*"


@pytest.fixture
def many(firm):
    firm.customer("C1", "C2", "C3", "C4")
    firm.rules(approve_in_airflow=[PLACE])
    propose(firm.settings)
    return firm


def kept(asked):
    """As Airflow keeps it between tasks."""
    return Asked.model_validate(asked.model_dump(mode="json"))


def test_only_named_actions_are_asked_about(many):
    asked = read_asked(many.settings)
    assert asked.counts == {PLACE: 4}
    assert len(asked.examples) == 3
    assert set(asked.versions) == set(many.ids())
    many.rules(approve_in_airflow=["mails.welcome"])
    assert read_asked(many.settings) is None
    many.rules()
    assert read_asked(many.settings) is None


def test_an_answer_is_one_persons_release_of_what_was_shown(many):
    asked = kept(read_asked(many.settings))
    assert release_asked(many.settings, asked, "Anna Berg") == (4, [])
    assert release_asked(many.settings, asked, "Anna Berg") == (0, [])
    assert hand_over(many.settings).lists == [], "texts need two people"
    changed = many.ids()[0]
    many.sql("update ops.proposals set sha256 = 'other' where proposal_id = ?", (changed,))
    new, refused = release_asked(many.settings, asked, "Ben Kurz")
    assert new == 3
    assert len(refused) == 1
    assert changed in refused[0]
    assert len(hand_over(many.settings).lists[0].proposals) == 3
    assert read_asked(many.settings).counts == {PLACE: 1}
    sources = many.sql("select distinct source from ops.releases")
    assert sources == [("approval",)]


def test_who_may_not_release_does_not_by_an_answer(many):
    many.rules(approve_in_airflow=[PLACE], may_release=["Ben Kurz"])
    new, refused = release_asked(many.settings, read_asked(many.settings), "Anna Berg")
    assert (new, len(refused)) == (0, 4)
    new, refused = release_asked(many.settings, read_asked(many.settings), "")
    assert (new, len(refused)) == (0, 4), "nobody answered"


def test_a_name_that_is_no_action_is_told(many):
    many.rules(approve_in_airflow=["thanks"])
    with pytest.raises(ConfigurationError, match="approve_in_airflow"):
        load_rules(many.settings)


@pytest.mark.parametrize(
    ("language", "said"),
    [("de", ("4 Vorschläge freigeben?", "Eine zweite Person", "Dank an")),
     ("en", ("Release 4 proposals?", "A second person", "Thanks to"))],
)  # fmt: skip
def test_the_question_says_what_goes_to_how_many(many, language, said, monkeypatch):
    monkeypatch.setenv("REIFEGRAD_LANGUAGE", language)
    many.sql("update marts.customers set name = ?", (EVIL,))
    propose(many.settings)
    asked = read_asked(many.settings).model_dump(mode="json")
    subject, second, title = said
    assert mailing_subject(asked) == subject
    body = mailing_body(asked)
    assert second in body
    page = MarkdownIt("gfm-like", {"html": True}).render(body)
    assert not re.search("<(a|script|img|b|em)\\b", page)
    assert page.count("<blockquote>") == 3
    assert page.count(f"<strong>{title}") == 3
    assert re.search(r"<td>mails.*thanks</td>\n<td>4</td>", page)
