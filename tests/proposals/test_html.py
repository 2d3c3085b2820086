"""A mail as HTML says what its text says, and fetches nothing."""

from __future__ import annotations

import re

from proposals import hand_over, preview, propose
from tests.proposals.small_firm import USE
from tests.proposals.test_channels import drafts

BODY = {"de": "Guten Tag,\n\nzu {{ order_no }}:\nalles <gut> & schön.", "en": "Hello."}


def test_the_preview_says_what_would_go_out(firm):
    firm.rules(imprint={"de": "Firma GmbH, HRB 1", "en": "Firma GmbH, HRB 1"})
    firm.use(body=BODY, subject={"de": "A & B", "en": "A & B"})
    firm.customer("c1")
    propose(firm.settings)
    page = preview(firm.settings, firm.ids()[0])
    assert '<html lang="de"' in page
    assert "<title>A &amp; B</title>" in page
    assert "zu Ac10:<br />alles &lt;gut&gt; &amp; schön." in page
    seen = re.sub(r"<[^>]+>", " ", page.partition("<body")[2])
    said = ["Nordhang Antriebstechnik", "Von einem Programm.", "Nein danke?", "Firma GmbH, HRB 1"]
    places = [seen.index(text) for text in said]
    assert places == sorted(places)
    assert "-- " not in seen
    (text,) = firm.sql("select body from ops.proposals")[0]
    assert text.endswith("-- \nVon einem Programm.\nNein danke?\nFirma GmbH, HRB 1\n")


def test_nothing_is_fetched_from_anywhere(firm):
    firm.customer("c1")
    propose(firm.settings)
    page = preview(firm.settings, firm.ids()[0])
    assert set(re.findall(r"https?://[^\"' >)]+", page)) <= {"http://www.w3.org/1999/xhtml"}
    assert not re.search(r"<(img|script|link|iframe)\b|@import", page)


def test_what_is_no_mail_has_no_preview(firm):
    firm.use(channel="table", legal_basis="hint", releases=0, subject=None, body=None)
    firm.customer("c1")
    propose(firm.settings)
    assert preview(firm.settings, firm.ids("shown")[0]) is None


def test_a_draft_holds_both_and_they_are_of_one_language(firm):
    firm.use(
        channel="draft",
        releases=1,
        audience=USE["actions"]["thanks"]["audience"].replace(
            "select customer_id", "select 'en' as language, customer_id"
        ),
    )
    firm.customer("c1")
    propose(firm.settings)
    firm.decide("Anna")
    hand_over(firm.settings)
    (mail,) = drafts(firm)
    assert mail.get_body(("plain",)).get_content().startswith("Hello, Ac10.")
    page = mail.get_body(("html",)).get_content()
    assert '<html lang="en"' in page
    assert "Hello, Ac10." in page
