"""Every link between pages leads somewhere, and so does every page that code or YAML names."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from config import PROJECT_ROOT

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"\bdocs/[\w/-]+\.(?:md|png)\b")


def _files(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.split("\n") if (path := PROJECT_ROOT / name).is_file()]


PAGES = _files("*.md")


@cache
def _anchors(page: Path) -> set[str]:
    """Name the headings as GitHub does: lower case, blanks as hyphens, no other marks."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings
    }


def _broken(page: Path) -> list[str]:
    found = []
    for target in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        if not linked.exists():
            found.append(f"{target}: no such file")
        elif anchor and anchor not in _anchors(linked):
            found.append(f"{target}: no such heading")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT_ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert _broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A heading\n[a](none.md) [b](#a-heading) [c](#none) [d](page.md#nowhere)\n")
    assert len(_broken(page)) == 3


def test_every_page_that_code_and_yaml_name_is_there() -> None:
    missing = []
    for path in _files(
        "*.py", "*.yml", "*.sql", "*.env", "*.toml", "*.md", "Makefile", "Dockerfile"
    ):
        for name in NAMED.findall(path.read_text(encoding="utf-8")):
            if not (PROJECT_ROOT / name).exists():
                missing.append(f"{path.relative_to(PROJECT_ROOT)}: {name}")
    assert missing == []


def test_every_page_of_docs_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [PROJECT_ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            path = (page.parent / target.partition("#")[0]).resolve()
            if not re.match(r"[a-z]+:", target) and path.is_file():
                waiting.append(path)
    assert {page for page in PAGES if page.is_relative_to(PROJECT_ROOT / "docs")} <= reached
