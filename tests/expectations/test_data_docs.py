from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

import expectations
from config import PROJECT_ROOT, Settings
from expectations.data_docs import offline, replaced_folder
from tests.browser import CHROMIUM, FLAGS


@pytest.fixture(name="docs")
def _docs(settings: Settings, damage: Callable[[str], None], tmp_path: Path) -> Path:
    damage("update marts.tickets set customer_id = null where ticket_id > 'T3'")
    folder = tmp_path / "e"
    folder.mkdir()
    churn = yaml.safe_load((PROJECT_ROOT / "expectations" / "churn.yml").read_text())
    shutil.copy(PROJECT_ROOT / "expectations" / "shared.yml", folder)
    (folder / "churn.yml").write_text(yaml.safe_dump(churn | {"stages": {1: churn["stages"][2]}}))
    expectations.assess(settings.model_copy(update={"expectations": folder}))
    return settings.reports / "data_docs"


def test_pages_name_failing_records_and_load_nothing_from_outside(docs: Path) -> None:
    pages = {page.name: page.read_text() for page in docs.rglob("*.html")}
    assert "index.html" in pages
    tickets = next(text for name, text in pages.items() if "tickets" in name and "T31" in text)
    assert "ticket_id" in tickets
    for text in pages.values():
        assert not re.search(r'<(script|link|img)\b[^>]*(src|href)="https?:', text)


def test_no_link_of_any_page_is_dead(docs: Path) -> None:
    links = 0
    for page in docs.rglob("*.html"):
        text = page.read_text()
        assert "https://greatexpectations.io" not in text
        found = re.findall(r"""(?:src|href)=["']([^"'#?]+)""", text)
        found += re.findall(r"'_table_row_link_path': '([^']+)'", text)
        for link in found:
            if not link.startswith(("data:", "javascript:")):
                links += 1
                assert (page.parent / unquote(link)).is_file(), f"{page.name}: {link}"
    assert links > 50


@pytest.mark.parametrize(("language", "night"), [("de", "'Nacht'"), ("en", "'Night'")])
def test_the_frame_is_in_the_set_language_and_says_whom_it_is_for(
    tmp_path: Path, language: str, night: str
) -> None:
    target = tmp_path / "docs"
    with replaced_folder(target, language) as folder:
        page = "<head></head><body class='a'>{'title': 'Run Name'}"
        (folder / "index.html").write_text(page)
    text = (target / "index.html").read_text()
    assert night in text
    assert "maturity.html" in text
    assert not list(target.rglob("*.yml"))


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_the_index_lists_the_validations_in_a_browser(docs: Path, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    shown = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            *FLAGS,
            f"--user-data-dir={tmp_path / 'chrome'}",
            "--dump-dom",
            f"file://{docs / 'index.html'}",
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout
    rows = re.findall(r'<tr class="clickable-row".*?</tr>', shown, re.DOTALL)
    assert any("tickets by ticket_id" in row and "fa-times" in row for row in rows)
    assert any("fa-check-circle" in row for row in rows)


def test_a_failed_build_leaves_the_pages_that_were_there(tmp_path: Path) -> None:
    target = tmp_path / "docs"
    with replaced_folder(target, "de") as folder:
        (folder / "index.html").write_text("<head></head>old")
    with pytest.raises(RuntimeError), replaced_folder(target, "de") as folder:
        (folder / "index.html").write_text("new")
        raise RuntimeError
    assert (target / "index.html").read_text().endswith("old")
    assert [path.name for path in tmp_path.iterdir()] == ["docs"]


def test_offline_keeps_what_is_at_hand_and_drops_the_rest() -> None:
    page = (
        '<head><script src="https://code.example/jquery-3.7.1.min.js"></script>'
        '<link rel="stylesheet" href="https://fonts.example/all.min.css"></head>'
    )
    result = offline(page, "../", {"reworded": {}, "note": ""})
    assert '<script src="../static/assets/jquery-3.7.1.min.js"></script>' in result
    assert "https://" not in result
