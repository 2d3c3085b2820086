"""What a salesperson sees in Tryton's own web client, in German and English."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from crm import embedded, load_config, push
from crm.connectors.tryton import TrytonConnector
from crm.password import read_password
from tests.browser import CHROMIUM, FLAGS

TEXTS = {
    "de": {
        "band": "Hoch",
        "method": "Modell",
        "date": "22.11.2026",
        "party": [
            "Abwanderungsrisiko (Reifegrad)",
            "Einstufung:",
            "Punkte von 100:",
            "Stand:",
            "Gültig bis:",
            "Gründe:",
        ],
        "opportunity": ["Abschlusschance (Reifegrad)", "Einstufung:", "Punkte von 100:", "Gründe:"],
        "list": ["Risiko", "Risikostufe"],
        "opportunities": ["Kunde", "Titel", "Chance", "Stufe", "Betrag", "Phase", "Verantwortlich"],
        "guess": "Umwandlungswahrscheinlichkeit",
        "tabs": {"Offen": 2, "Hoch": 1, "Mittel": 0, "Gewonnen": 0, "Verloren": 0, "Alle": 2},
        "menus": ["Parteien", "Verkauf", "Verwaltung"],
    },
    "en": {
        "band": "High",
        "method": "Model",
        "date": "11/22/2026",
        "party": [
            "Risk of losing this customer (Reifegrad)",
            "Band:",
            "Points of 100:",
            "Scored on:",
            "Valid until:",
        ],
        "opportunity": ["Chance to win (Reifegrad)", "Band:", "Points of 100:", "Reasons:"],
        "list": ["Risk", "Risk band"],
        "opportunities": ["Customer", "Title", "Chance", "Band", "Amount", "Stage", "Owner"],
        "guess": "Conversion Probability",
        "tabs": {"Open": 2, "High": 1, "Medium": 0, "Won": 0, "Lost": 0, "All": 2},
        "menus": ["Parties", "Sales", "Administration"],
    },
}

pytestmark = [
    pytest.mark.night,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="no Node.js: no web client"),
]


@pytest.fixture(params=["de", "en"])
def settings(settings: Settings, unused_port: int, request: pytest.FixtureRequest) -> Settings:
    return settings.model_copy(update={"crm_port": unused_port, "language": request.param})


@pytest.fixture
def page(settings: Settings) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    assert embedded.install()
    embedded.activate(settings)
    server = embedded.start(settings)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            window = browser.new_context(viewport={"width": 1280, "height": 900}, locale="de-DE")
            window.set_default_timeout(60_000)
            yield window.new_page()
            browser.close()
    finally:
        embedded.stop(server)


def test_score_band_reasons_and_date_stand_in_form_and_list(
    settings, page, show, score, tmp_path: Path
):
    show({"C1": score(82), "C2": score(12), "C3": None}, {"L1": score(91)})
    push(settings)
    from playwright.sync_api import expect

    expect.set_options(timeout=60_000)
    crm = TrytonConnector(settings, load_config(settings))
    (party,) = crm.find("parties", "key", {"C1"})["C1"]
    (opportunity,) = crm.find("opportunities", "key", {"L1"})["L1"]
    texts = TEXTS[settings.language]

    log_in(page, settings)
    page.locator(".tab-pane.active").get_by_text("Müller & Söhne C2").wait_for()
    for header in texts["list"]:
        expect(page.get_by_role("columnheader", name=header, exact=True).first).to_be_visible()
    # The client draws its list more than once: each expectation waits until it holds.
    customers = page.locator(".tab-pane.active tbody tr")
    expect(customers.nth(0)).to_contain_text("C1")  # the highest risk first
    expect(customers.nth(0)).to_contain_text("82")
    expect(customers.nth(1)).to_contain_text("12")

    for model, crm_id, labels, points in (
        ("party.party", party, texts["party"], "82"),
        ("sale.opportunity", opportunity, texts["opportunity"], "91"),
    ):
        page = follow_link(page, embedded.find_record_url(settings, model, crm_id))
        title = page.get_by_text(labels[0], exact=True)
        group = page.locator(".tab-pane.active fieldset").filter(has=title)
        group.wait_for()
        for label in labels[1:]:
            expect(group.get_by_text(label, exact=True).first).to_be_visible()
        expect(group.locator("textarea[name=reifegrad_reasons]")).to_have_value(score(0).reasons)
        expect(group.locator("select option:checked")).to_have_text(
            [texts["band"], texts["method"]]
        )
        expect(group.locator("input[name=reifegrad_points]:visible")).to_have_value(points)
        expect(group.locator("[name=reifegrad_scored_on]")).to_have_value(texts["date"])
        page.screenshot(path=tmp_path / f"{model}.png")
        box = group.locator("[name=reifegrad_scored_on]").bounding_box()
        assert box["x"] + box["width"] <= 1280
        assert box["y"] < 450  # seen without scrolling


def test_sales_begins_with_opportunities_and_customers_and_sees_what_it_needs(
    settings, page, show, score, tmp_path: Path
):
    show({"C1": score(82), "C2": score(12)}, {"L1": score(11), "L2": score(91)})
    push(settings)
    from playwright.sync_api import expect

    expect.set_options(timeout=60_000)
    texts = TEXTS[settings.language]
    log_in(page, settings, start=True)
    page.locator("#tablist li").nth(1).wait_for()  # the two lists open by themselves
    menus = page.locator("#menu tbody tr:visible")
    expect(menus).to_have_text(texts["menus"])

    page.locator("#tablist li a").first.click()
    tabs = page.locator(".tab-domain .nav-tabs li a:visible")
    expect(tabs).to_contain_text(list(texts["tabs"]))
    for tab, (name, count) in zip(tabs.all(), texts["tabs"].items(), strict=True):
        tab.click()
        expect(page.locator(".tab-pane.active tbody tr"), name).to_have_count(count)
    box = tabs.last.bounding_box()
    assert box["x"] + box["width"] <= 1280
    page = follow_link(page, embedded.find_record_url(settings, "sale.opportunity"))
    rows = page.locator(".tab-pane.active tbody tr")
    rows.filter(has_text="Getriebe für L2").wait_for()
    page.screenshot(path=tmp_path / "opportunities.png")
    active = page.locator(".tab-pane.active")
    for header in texts["opportunities"]:
        box = active.get_by_role("columnheader", name=header, exact=True).bounding_box()
        assert box["width"] > 40, header
        assert box["x"] + box["width"] <= 1280, header
    for cell in ("Müller & Söhne C2", "Getriebe für L2", "91", "Angebot", "Petra Blum"):
        expect(rows.first).to_contain_text(cell)
    assert active.get_by_text(texts["guess"]).count() == 0
    assert active.get_by_text(re.compile(r"^50(\s*%|[.,]0+)?$")).count() == 0
    crm = TrytonConnector(settings, load_config(settings))
    (opportunity,) = crm.find("opportunities", "key", {"L2"})["L2"]
    page = follow_link(page, embedded.find_record_url(settings, "sale.opportunity", opportunity))
    contact = page.locator(".tab-pane.active input[name=contact]:visible")
    contact.wait_for()
    page.wait_for_function("e => e.value.includes('Jan Roth')", arg=contact.element_handle())
    assert page.get_by_text(texts["guess"]).count() == 0


def log_in(page: Any, settings: Settings, *, start: bool = False) -> None:
    address = embedded.find_record_url(settings, "party.party")
    page.goto(address.split("/model")[0] if start else address)
    page.wait_for_load_state("networkidle")  # until the client knows the database
    page.locator("#login").fill("admin")
    page.keyboard.press("Enter")
    password = page.locator("input[type=password]:visible")
    password.fill(read_password(settings))
    page.keyboard.press("Enter")
    password.wait_for(state="hidden")


def follow_link(page: Any, address: str) -> Any:
    """Open an address as a link in a list does: in a page of its own, signed in already.

    In the page that is open the client would still be drawing its lists, and each sets the address
    to its own when it is done: the record would be lost under them.
    """
    record = page.context.new_page()
    record.goto(address)
    return record
