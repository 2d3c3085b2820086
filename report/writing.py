"""The maturity report: one self-contained page in German and English."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config import Settings
from report.words import LANGUAGES, Language, Words
from warehouse import open_warehouse

if TYPE_CHECKING:
    from jinja2 import Template

    from report.score_view import ScoresView
    from report.view import View

NAME: Final = "maturity.html"
TEMPLATE: Final = "maturity.html.j2"
SCORES_NAME: Final = "scores.html"
SCORES_TEMPLATE: Final = "scores.html.j2"


def report_path(settings: Settings) -> Path:
    """Return where the report lies."""
    return settings.reports / NAME


def write_report(settings: Settings) -> Path:
    """Write the report of the last night in one atomic step; the set language comes first.

    It leads to the page on scores, so that one is written too where there is none yet.

    Raises:
        ConfigurationError: a file of `expectations/` is wrong; yesterday's page stays.
        WarehouseLockedError: a night is running; yesterday's page stays.

    """
    from report.facts import read_facts
    from report.view import make_view

    facts = read_facts(settings)
    if not scores_path(settings).is_file():
        write_scores_page(settings)
    page = render([make_view(facts, language) for language in languages(settings)])
    return replace_page(report_path(settings), page)


def scores_path(settings: Settings) -> Path:
    """Return where the page on scores lies."""
    return settings.reports / SCORES_NAME


def write_scores_page(settings: Settings) -> Path:
    """Write the page on scores in one atomic step; the set language comes first.

    It names customers, so only its owner can read it.

    Raises:
        WarehouseLockedError: a night is running; yesterday's page stays.

    """
    from report.calls.outcomes import read_hints
    from report.score_facts import read_score_facts
    from report.score_view import make_scores_view

    found, broken = read_score_facts(settings)
    with open_warehouse(settings) as connection:
        hints = read_hints(connection)
    views = [
        make_scores_view(found, settings.company, settings.night, language, broken, hints)
        for language in languages(settings)
    ]
    return replace_page(scores_path(settings), render(views, SCORES_TEMPLATE))


def languages(settings: Settings) -> list[Language]:
    """Return both languages, the set one first."""
    return sorted(LANGUAGES, key=lambda language: language != settings.language)


def replace_page(path: Path, page: str) -> Path:
    """Write a page that only its owner can read, in one atomic step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(page, encoding="utf-8")
    fresh.replace(path)
    return path


def missing_page(settings: Settings) -> str:
    """Make the page to show where no report has been written yet."""
    words = Words(settings.language)
    steps = "".join(f"<li>{line}</li>" for line in words.lines("empty_steps"))
    return (
        f'<!doctype html><html lang="{words.language}"><meta charset="utf-8">'
        f"<title>{words('title')}</title><h1>{words('empty_title')}</h1><ol>{steps}</ol></html>"
    )


def render(views: Sequence[View] | Sequence[ScoresView], template: str = TEMPLATE) -> str:
    """Write the page; the first view is the one that is seen first."""
    return template_named(template).render(views=views)


def template_named(name: str, *folders: Path) -> Template:
    """Open a template of this folder or of `folders`; what it shows is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([*folders, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
