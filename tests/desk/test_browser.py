"""The pages in a real browser: by keyboard alone, readable, whole at each width."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from desk.app import Person, make_app
from tests.browser import CHROMIUM, FLAGS
from tests.desk.conftest import fill, set_up
from tests.proposals.small_firm import Firm

SIZES = ((1280, 900), (390, 844))
PAGES = ("", "customers", "gaps", "proposal?id={id}", "?q=none", "nope")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[tuple[str, Firm]]:
    """The pages of a firm, served as Airflow serves them."""
    import uvicorn

    firm = Firm(tmp_path_factory.mktemp("desk") / "firm")
    fill(firm)
    with pytest.MonkeyPatch.context() as patch:
        set_up(firm.settings, patch)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        app = make_app(lambda: Person("Anna Berg", may_decide=True))
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/", firm
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_page_is_whole_and_accessible_at_every_width(browser, address, language, monkeypatch):
    from axe_playwright_python.sync_playwright import Axe

    monkeypatch.setenv("REIFEGRAD_LANGUAGE", language)
    root, firm = address
    name = firm.sql("select proposal_id from ops.proposal_states where customer_id = 'C3'")[0][0]
    for width, height in SIZES:
        page = browser.new_page(viewport={"width": width, "height": height})
        for path in PAGES:
            page.goto(root + path.format(id=name))
            for closed in page.locator("summary").all():
                closed.click()
            place = f"{path} {width} {language}"
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
            found = Axe().run(page)
            assert found.violations_count == 0, f"{place}: {found.generate_report()}"
        page.close()


def test_by_keyboard_alone_a_proposal_is_released(browser, address):
    root, firm = address
    page = browser.new_page(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    page.goto(root)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # past the menu
    seen = []
    for _step in range(12):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        outline = focused.evaluate("e => getComputedStyle(e).outlineStyle")
        assert outline == "solid", "one sees where one is"
        seen.append(focused.get_attribute("type"))
        if seen[-1] == "checkbox":
            break
    assert seen[-1] == "checkbox"
    page.keyboard.press("Space")
    page.locator("button[value=release]").focus()
    page.keyboard.press("Enter")
    told = page.get_by_role("status")
    told.wait_for()
    assert told.inner_text() == "1 Antwort übernommen."
    assert firm.sql("select person, decision, source from ops.releases") == [
        ("Anna Berg", "release", "page")
    ]
    page.close()


def test_a_page_loads_nothing_and_its_preview_runs_nothing(browser, address):
    root, firm = address
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{root}proposal?id={firm.ids()[0]}")
    frame = page.frame_locator("iframe")
    frame.get_by_text("danke für").last.wait_for()
    page.wait_for_load_state("networkidle")
    assert {url for url in asked if not url.startswith((root, "data:", "about:"))} == set()
    assert page.evaluate("document.querySelector('iframe').contentDocument") is None
    page.close()


def test_another_sites_form_is_refused_by_browser_and_page(browser, address, tmp_path):
    root, firm = address
    before = firm.sql("select count(*) from ops.releases")
    key = firm.sql("select proposal_id || ':' || sha256 from ops.proposals limit 1")[0][0]
    foreign = tmp_path / "foreign.html"
    foreign.write_text(
        f"<form method=post action='{root}'><input name=key value='{key}'>"
        "<button name=decision value=release>win</button></form>"
    )
    page = browser.new_page()
    page.goto(foreign.as_uri())
    page.locator("button").click()
    page.get_by_role("alert").wait_for()
    assert "fremden Seite" in page.content()
    assert firm.sql("select count(*) from ops.releases") == before
    page.close()
