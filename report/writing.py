"""The maturity report: one self-contained page in German and English."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config import Settings
from report.words import LANGUAGES, Words

if TYPE_CHECKING:
    from report.view import View

NAME: Final = "maturity.html"
TEMPLATE: Final = "maturity.html.j2"


def report_path(settings: Settings) -> Path:
    """Return where the report lies."""
    return settings.reports / NAME


def write_report(settings: Settings) -> Path:
    """Write the report of the last night in one atomic step; the set language comes first.

    Raises:
        ConfigurationError: a file of `expectations/` is wrong; yesterday's page stays.
        WarehouseLockedError: a night is running; yesterday's page stays.

    """
    from report.facts import read_facts
    from report.view import make_view

    facts = read_facts(settings)
    languages = sorted(LANGUAGES, key=lambda language: language != settings.language)
    page = render([make_view(facts, language) for language in languages])
    path = report_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
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


def render(views: Sequence[View]) -> str:
    """Write the page; the first view is the one that is seen first."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(views=views)
