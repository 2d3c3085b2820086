"""The data docs as pages that need no network, replaced whole."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Great Expectations' pages load these from public hosts; a company's closed network has none, and
# nobody outside should learn who looks at which customer's data.
ASSETS = Path(__file__).with_name("data_docs_assets")
STYLE = "reifegrad.css"
_EXTERNAL = re.compile(
    r'<(?:link|script)\b[^>]*?(?:href|src)="https?://(?P<address>[^"]+)"[^>]*>(?:</script>)?'
)
_SUITE_LINK = re.compile(r'<a href="[^"]*/expectations/[^"]*\.html"\s*>(?P<name>[^<]*)</a>')
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
def replaced_folder(target: Path) -> Iterator[Path]:
    """Give a fresh folder to build pages in; when all went well they replace those of `target`."""
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        yield fresh
        make_offline(fresh)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def make_offline(folder: Path) -> None:
    """Let every page below the folder use the scripts and styles that lie beside it."""
    shutil.copytree(ASSETS, folder / "static" / "assets", dirs_exist_ok=True)
    for page in folder.rglob("*.html"):
        root = "../" * (len(page.relative_to(folder).parts) - 1)
        page.write_text(offline(page.read_text(encoding="utf-8"), root), encoding="utf-8")


def offline(html: str, root: str) -> str:
    """Point one page at local files; what is not among the assets is left out.

    Args:
        html: the page.
        root: the way from the page to the site's folder, such as `../../`.

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
    html = _SUITE_LINK.sub(lambda match: match["name"], html)
    for before, after in _REWORDED.items():
        html = html.replace(before, after)
    style = f'<link rel="stylesheet" href="{root}static/assets/{STYLE}">'
    return html.replace("</head>", f"{style}</head>", 1)
