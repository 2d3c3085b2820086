"""Puts values into German and English texts, numbers in the format of the language."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from ml.features.table import MISSING
from ml.specs.feature import Feature, Text

Language = Literal["de", "en"]
LANGUAGES: tuple[Language, Language] = ("de", "en")
_UNKNOWN: Mapping[Language, str] = {"de": "unbekannt", "en": "unknown"}


def word(
    texts: Sequence[Text],
    values: Mapping[str, Any],
    features: Mapping[str, Feature],
    about: Feature | None = None,
) -> tuple[str, str] | None:
    """Word the first text whose placeholders all have a value.

    A placeholder names a feature, or is `{value}` or `{title}` of the feature that the text is
    about. After a colon stands how to show it: `{amount:€}`, `{share:%}`, `{ratio:1}` (decimals),
    or instead of it one of two words: `{days} {days:day|days}` (the first where it is 1).

    Returns:
        German and English, or None if no text fits.

    """
    for text in texts:
        named = {name: _about(name, about, features) for name in _placeholders(text.de + text.en)}
        if all(_can_be_said(feature, values, about) for feature in named.values()):
            german, english = (
                getattr(text, language).format(
                    **{
                        name: _title(about, language)
                        if feature is None
                        else _Value(values.get(feature.name), feature, language)
                        for name, feature in named.items()
                    }
                )
                for language in LANGUAGES
            )
            return german, english
    return None


def number(value: float, language: Language, form: str = "") -> str:
    """One number as that language writes it.

    Args:
        value: any finite number.
        language: de or en.
        form: `%` (a share), `€`, a count of decimals; empty: none from ten on, else one at most.

    """
    if form == "%":
        return f"{value * 100:.0f}" + (" %" if language == "de" else "%")
    decimals = int(form) if form.isdigit() else 0
    if not form and abs(value) < 10 and round(value, 1) != round(value):
        decimals = 1
    text = f"{value:,.{decimals}f}"
    text = text.removeprefix("-") if not text.strip("-0.,") else text
    if language == "de":
        text = text.translate(str.maketrans(",.", ".,"))
    if form == "€":
        return f"{text} €" if language == "de" else f"€{text}"
    return text


class _Value:
    """A feature's value that writes itself as the language does."""

    def __init__(self, value: object, feature: Feature, language: Language) -> None:
        self.value, self.feature, self.language = value, feature, language

    def __format__(self, form: str) -> str:
        if not _is_known(self.value):
            return _UNKNOWN[self.language]
        label = self.feature.labels.get(str(self.value))
        if label:
            return str(getattr(label, self.language))
        if isinstance(self.value, str):
            return self.value
        if "|" in form:
            one, many = form.split("|")
            return one if float(self.value) == 1 else many  # type: ignore[arg-type]
        return number(float(self.value), self.language, form)  # type: ignore[arg-type]


@cache
def _placeholders(template: str) -> tuple[str, ...]:
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name)


def _about(
    placeholder: str, about: Feature | None, features: Mapping[str, Feature]
) -> Feature | None:
    """Find the feature that a placeholder speaks of; None for its title."""
    if about and placeholder == "title":
        return None
    return about if about and placeholder == "value" else features[placeholder]


def _can_be_said(feature: Feature | None, values: Mapping[str, Any], about: Feature | None) -> bool:
    """Whether there is a value; an unknown category counts, since it can be the reason."""
    if feature is None or (feature is about and feature.type == "categorical"):
        return True
    return _is_known(values.get(feature.name))


def _title(feature: Feature | None, language: Language) -> str:
    if feature is None or feature.title is None:
        return feature.name if feature else ""
    return str(getattr(feature.title, language))


def _is_known(value: object) -> bool:
    return value is not None and value == value and value not in ("", MISSING)
