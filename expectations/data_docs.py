"""The data docs: pages that need no network, replaced all at once."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config import read_yaml

# Great Expectations' pages load these from public hosts; a company's closed network has none, and
# nobody outside should learn who looks at which customer's data.
ASSETS = Path(__file__).with_name("data_docs_assets")
STYLE = "reifegrad.css"
WORDS = ASSETS / "words.yml"
_EXTERNAL = re.compile(
    r'<(?:link|script)\b[^>]*?(?:href|src)="https?://(?P<address>[^"]+)"[^>]*>(?:</script>)?'
)
# Pages of the suites are not made, since the results show each expectation: on the first page their
# links lead to the results in the same line, elsewhere they are plain text.
_SUITE_OF_A_ROW = re.compile(
    r"""href="expectations/[^"]*"(?P<rest>(?:(?!href=).)*?"""
    r"""'_table_row_link_path': '(?P<page>[^']*)')""",
    re.DOTALL,
)
_NO_PAGE = re.compile(
    r'<a\b[^>]*href="(?:https?://|[^"]*\bexpectations/)[^"]*"[^>]*>(?P<name>.*?)</a>', re.DOTALL
)
_STATIC = re.compile(r'(?<=href=")(?:\.\./)*static/images/')
_BODY = re.compile(r"<body\b[^>]*>")
_LOGO = re.compile(r'(?<=src=")https?://[^"]*/(?P<file>[^"/?]+)[^"]*(?=")')

_REWORDED = {
    # The dark style sheet is not among the assets; half of it would leave dark text on black.
    "@media (prefers-color-scheme: dark)": "@media not all",
    # Failed checks first, and all on one page.
    "'sortName': 'run_time'": "'sortName': 'validation_success'",
    "'pagination': 'true'": "'pageSize': 1000",
    "Data documentation compiled by Great Expectations": "Data Docs",
    "Data Docs created by Great Expectations": "Data Docs",
}


@contextmanager
def replaced_folder(target: Path, language: str) -> Iterator[Path]:
    """Yield an empty folder to build pages in; without an error it replaces `target`.

    The frame of the pages is in the language; the names of checks are those of the YAML files.
    """
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        yield fresh
        make_offline(fresh, read_yaml(WORDS)[language])
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def make_offline(folder: Path, words: dict[str, Any]) -> None:
    """Let every page below the folder use the scripts and styles that lie beside it."""
    assets = folder / "static" / "assets"
    shutil.copytree(ASSETS, assets, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.yml"))
    for page in folder.rglob("*.html"):
        root = "../" * (len(page.relative_to(folder).parts) - 1)
        text = offline(page.read_text(encoding="utf-8"), root, words)
        page.write_text(text, encoding="utf-8")


def offline(html: str, root: str, words: dict[str, Any]) -> str:
    """Point a page's links at local assets; others are removed.

    Args:
        html: the page.
        root: the way from the page to the site's folder, such as `../../`.
        words: of one language in `data_docs.yml`.

    """

    def local(match: re.Match[str]) -> str:
        name = match["address"].rsplit("/", 1)[-1]
        if not (ASSETS / name).is_file():
            return ""
        path = f"{root}static/assets/{name}"
        if name.endswith(".css"):
            return f'<link rel="stylesheet" href="{path}">'
        return f'<script src="{path}"></script>'

    html = _EXTERNAL.sub(local, html)
    html = _LOGO.sub(lambda match: f"{root}static/images/{match['file']}", html)
    html = _STATIC.sub(f"{root}static/images/", html)
    html = _SUITE_OF_A_ROW.sub(lambda match: f'href="{match["page"]}"{match["rest"]}', html)
    html = _NO_PAGE.sub(lambda match: match["name"], html)
    for before, after in _REWORDED.items():
        html = html.replace(before, after)
    for before, after in words["reworded"].items():
        html = html.replace(before, after)
    style = f'<link rel="stylesheet" href="{root}static/assets/{STYLE}">'
    html = html.replace("</head>", f"{style}</head>", 1)
    note = f'<p class="reifegrad-note">{words["note"]}</p>'
    return _BODY.sub(lambda match: match[0] + note, html, count=1)
