"""The maturity report in a real browser: readable, reachable, printable, and from one file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from report import write_report
from tests.browser import CHROMIUM, FLAGS
from tests.report.conftest import NIGHT, make_home, store_nights
from warehouse import open_warehouse

SIZES = {"desk": (1280, 900), "phone": (390, 844)}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = make_home(tmp_path_factory.mktemp("report"))
    store_nights(settings)
    with open_warehouse(settings) as connection:  # more than the page shows
        connection.execute(
            "insert into ops.unmet_references select 'erp', 'entity ' || n, 'company', 'kunden',"
            " 'x', 400, 312, true, repeat('312 von 400 Zeilen nennen einen Kunden. ', 4),"
            " repeat('312 of 400 rows name a customer. ', 4), '', '' from range(8) as t(n)"
        )
    return write_report(settings)


@pytest.fixture(params=SIZES)
def page(browser: Any, report: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    width, height = SIZES[request.param]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(report.as_uri())
    yield page
    page.close()


def test_at_every_width_and_in_both_languages_the_page_is_whole_and_accessible(page):
    from axe_playwright_python.sync_playwright import Axe

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    for language, title in (("de", "Reifegrad der Daten"), ("en", "Maturity of the data")):
        if language == "en":
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.textContent") == "English"
            page.keyboard.press("Enter")
        assert page.get_by_role("heading", level=1).all_inner_texts() == [title]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert cut_off(page) == []
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    assert {url for url in asked if not url.startswith(("file:", "data:"))} == set()


def cut_off(page: Any) -> list[str]:
    """Name the texts, charts' ones included, that reach out of their box or of the window."""
    return page.evaluate("""() => {
      const seen = e => e.offsetParent !== null || e.getBoundingClientRect().width > 0;
      const out = [];
      for (const box of document.querySelectorAll('.tile, figure, .best, .counts li, .phase h2')) {
        if (!seen(box)) continue;
        const frame = box.getBoundingClientRect();
        for (const part of box.querySelectorAll('*:not(.unseen):not(.unseen *)')) {
          const r = part.getBoundingClientRect();
          if (r.width && (r.right > frame.right + 1 || r.left < frame.left - 1))
            out.push(part.tagName + ' ' + part.textContent.slice(0, 40));
        }
      }
      return out;
    }""")


def test_it_prints_on_one_page_of_a4(browser, report):
    page = browser.new_page()
    for language in ("de", "en"):
        page.goto(f"{report.as_uri()}#{language}")
        pdf = page.pdf(prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
        (width, height) = map(
            float, re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf).groups()
        )
        assert (round(width / 72 * 25.4), round(height / 72 * 25.4)) == (210, 297)
    page.close()


def test_every_tile_says_its_stage_also_to_whoever_does_not_see_it(page):
    tile = page.locator(".first .tile", has_text="Leads bewerten")
    assert "Stufe 3 von 3" in tile.inner_text()
    line = tile.get_by_role("img")
    assert line.get_attribute("aria-label") == "Verlauf der letzten Nächte: 1, 2, 3"


@pytest.fixture(scope="module", params=["month", "20 nights", "first night", "long names", "empty"])
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of unlike companies, with sources missing and a receipt where there are nights."""
    settings = make_home(tmp_path_factory.mktemp("company"))
    if request.param == "empty":
        return write_report(settings)
    store_nights(settings, {"20 nights": 20, "first night": 1}.get(request.param, 30))
    with open_warehouse(settings) as connection:
        for mart in ("tickets", "leads", "interactions", "contacts", "consents"):
            narrowed = {"interactions": "kind", "consents": "purpose"}.get(mart, "id")
            connection.execute(f"create table marts.{mart} ({narrowed} varchar)")
        connection.execute(
            "insert into ops.receipts values (?, 'to_do.xlsx', 8, 3, map {'churn': 0})", [NIGHT]
        )
        if request.param == "first night":  # as many customers as records
            connection.execute("update ops.customer_ids set customer_id = record_id")
        if request.param == "long names":
            connection.execute(
                "update ops.source_nights set source = source || repeat('_mit_langem_namen', 5)"
            )
            long = "Süddeutsche Antriebstechnik- und Präzisionsgetriebebau Gesellschaft " * 2
            settings = settings.model_copy(update={"company": long.strip()})
    return write_report(settings)


@pytest.mark.parametrize("width", [390, 1280])
def test_no_label_of_a_chart_lies_over_another_or_out_of_its_figure(browser, company, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    for language in ("de", "en"):
        page.goto(f"{company.as_uri()}#{language}")
        assert overlaps(page) == []
        assert cut_off(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


def test_printed_every_company_has_one_page_of_a4_without_overlaps(browser, company):
    page = browser.new_page(viewport={"width": 726, "height": 1054})  # A4 within its margins
    page.emulate_media(media="print")
    for language in ("de", "en"):
        page.goto(f"{company.as_uri()}#{language}")
        assert overlaps(page) == []
        pdf = page.pdf(prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    page.close()


def overlaps(page: Any) -> list[str]:
    """Name the pairs of texts within a chart whose boxes share more than a pixel."""
    return page.evaluate("""() => {
      const out = [];
      for (const chart of document.querySelectorAll('figure svg')) {
        const texts = [...chart.querySelectorAll('text')].filter(t => t.textContent.trim())
          .map(t => [t.textContent, t.getBoundingClientRect()]).filter(([, r]) => r.width);
        texts.forEach(([one, a], n) => texts.slice(n + 1).forEach(([other, b]) => {
          const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
          const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
          if (across > 1 && down > Math.min(a.height, b.height) * 0.25)
            out.push(one + ' | ' + other);
        }));
      }
      return out;
    }""")
