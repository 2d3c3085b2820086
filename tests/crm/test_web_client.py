"""What a salesperson sees in Tryton's own web client, in German and English."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from crm import embedded, push
from crm.password import read_password
from crm.tryton import TrytonConnector

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TEXTS = {
    "de": {
        "band": "Hoch",
        "date": "22.11.2026",
        "party": ["Abwanderungsrisiko (Reifegrad)", "Einstufung:", "Punkte:", "Stand:", "Gründe:"],
        "opportunity": ["Abschlusschance (Reifegrad)", "Einstufung:", "Punkte:", "Gründe:"],
        "list": ["Risiko", "Risikostufe"],
    },
    "en": {
        "band": "High",
        "date": "11/22/2026",
        "party": ["Risk of losing this customer (Reifegrad)", "Band:", "Points:", "Scored on:"],
        "opportunity": ["Chance to win (Reifegrad)", "Band:", "Points:", "Reasons:"],
        "list": ["Risk", "Risk band"],
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
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 1400, "height": 900}, locale="de-DE")
            page.set_default_timeout(60_000)
            yield page
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
    crm = TrytonConnector(settings)
    party = crm.read("parties", {"C1"})["C1"].crm_id
    opportunity = crm.read("opportunities", {"L1"})["L1"].crm_id
    texts = TEXTS[settings.language]

    log_in(page, settings)
    page.locator(".tab-pane.active").get_by_text("Müller & Söhne C2").wait_for()
    for header in texts["list"]:
        assert page.get_by_role("columnheader", name=header, exact=True).first.is_visible()

    for model, crm_id, labels, points in (
        ("party.party", party, texts["party"], "82"),
        ("sale.opportunity", opportunity, texts["opportunity"], "91"),
    ):
        page.goto(embedded.find_record_url(settings, model, crm_id))
        title = page.get_by_text(labels[0], exact=True)
        group = page.locator(".tab-pane.active fieldset").filter(has=title)
        group.wait_for()
        for label in labels[1:]:
            assert group.get_by_text(label, exact=True).first.is_visible()
        expect(group.locator("textarea")).to_have_value(score(0).reasons)
        expect(group.locator("select option:checked")).to_have_text(texts["band"])
        expect(group.locator("input[name=reifegrad_points]:visible")).to_have_value(points)
        expect(group.locator("[name=reifegrad_scored_on]")).to_have_value(texts["date"])
        page.screenshot(path=tmp_path / f"{model}.png")
        box = group.locator("[name=reifegrad_scored_on]").bounding_box()
        assert box["x"] + box["width"] <= 1400
        assert box["y"] < 450  # seen without scrolling


def log_in(page: Any, settings: Settings) -> None:
    page.goto(embedded.find_record_url(settings, "party.party"))
    page.wait_for_load_state("networkidle")  # until the client knows the database
    page.locator("#login").fill("admin")
    page.keyboard.press("Enter")
    password = page.locator("input[type=password]:visible")
    password.fill(read_password(settings))
    page.keyboard.press("Enter")
    password.wait_for(state="hidden")
