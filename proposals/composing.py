"""Texts of proposals: Jinja2 templates over the columns of an audience, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from config import ConfigurationError
from config.language import _
from proposals.rules import Rules
from proposals.uses import Action, Text

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import SandboxedEnvironment

Language = Literal["de", "en"]
LANGUAGES: Final = ("de", "en")
SIGNATURE: Final = "-- "  # parts the text from what stands under every mail (RFC 3676)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person is shown of a proposal, and what would be handed over."""

    title_de: str
    title_en: str
    reason_de: str
    reason_en: str
    subject: str | None = None
    body: str | None = None
    language: Language | None = None  # of subject and body


def compose(action: Action, facts: Mapping[str, Any], language: Language, rules: Rules) -> Draft:
    """Write the texts of one proposal; the text that leaves the house in one language only.

    Args:
        action: with its templates.
        facts: the columns of one row of the audience; `language` there goes before the set one.
        language: the set one, of subject and body.
        rules: say what stands under each mail.

    Raises:
        ConfigurationError: a template names a column that the audience lacks, or is no template.

    """
    spoken = cast(
        "Language", chosen if (chosen := facts.get("language")) in LANGUAGES else language
    )
    subject = body = None
    if not action.writes_mail:
        spoken = language  # colleagues read it
    if action.subject:
        subject = " ".join(_fill(action.subject, facts, spoken).split())
    if action.body:
        body = _fill(action.body, facts, spoken).strip()
    if body and action.writes_mail:
        below = [getattr(rules.mark, spoken)]
        if action.legal_basis != "contract":
            below.append(getattr(rules.objection, spoken))
        if rules.imprint:
            below.append(getattr(rules.imprint, spoken))
        body = "\n".join([body, "", SIGNATURE, *below, ""])
    return Draft(
        _fill(action.title, facts, "de"),
        _fill(action.title, facts, "en"),
        _fill(action.reason, facts, "de"),
        _fill(action.reason, facts, "en"),
        subject,
        body,
        spoken if subject or body else None,
    )


def _fill(text: Text, facts: Mapping[str, Any], language: Language) -> str:
    source = getattr(text, language)
    try:
        return _template(source, language).render(facts)
    except Exception as error:  # a template raises whatever its expressions do
        problem = _("{problem}; the audience has the columns {columns}. Text: {text}")
        raise ConfigurationError(
            problem.format(problem=error, columns=", ".join(facts), text=" ".join(source.split()))
        ) from error


@cache
def _template(source: str, language: Language) -> Template:
    return _environment(language).from_string(source)


@cache
def _environment(language: Language) -> SandboxedEnvironment:
    """Make an environment whose templates see nothing but the facts, and miss none in silence."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.finalize = lambda value: _shown(value, language)
    environment.filters["money"] = lambda value: _money(value, language)
    return environment


def _shown(value: Any, language: Language) -> Any:  # noqa: ANN401
    """Write a value as people do: a date as day, a whole number without a fraction."""
    if value is None:
        return ""
    if isinstance(value, date | datetime):
        return f"{value:%d.%m.%Y}" if language == "de" else f"{value:%d %b %Y}"
    if isinstance(value, float | Decimal):
        text = f"{value:,.2f}".removesuffix(".00")
        return text.translate(_GERMAN) if language == "de" else text
    return value


_GERMAN: Final = str.maketrans(",.", ".,")


def _money(value: float | Decimal | None, language: Language) -> str:
    if value is None:
        return ""
    text = f"{value:,.0f}"
    return f"{text.translate(_GERMAN)} €" if language == "de" else f"€{text}"
