"""Puts values into German and English texts, numbers in the format of the language."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

from ml.features.table import MISSING
from ml.specs.feature import Feature, Text
from vocabulary.words import is_filled

if TYPE_CHECKING:
    import pandas
    import pyarrow
    from numpy.typing import NDArray

Language = Literal["de", "en"]
LANGUAGES: Final[tuple[Language, Language]] = ("de", "en")


def can_be_said(
    text: Text,
    frame: pandas.DataFrame,
    features: Mapping[str, Feature],
    about: Feature | None = None,
) -> NDArray[Any]:
    """Tell for which rows all that the text names is known: a blank is no reason.

    Args:
        text: with `{feature}`, or `{value}` and `{title}` of the feature that it is about.
        frame: rows with all features.
        features: by name.
        about: the feature whose text it is, if it is one's.

    Returns:
        A boolean per row.

    """
    import numpy as np

    named = {_about(name, about, features) for name, _form in _placeholders(text.de + text.en)}
    if about:
        named.add(about.name)
    said = np.ones(len(frame), dtype=bool)
    for name in named - {None}:
        said &= _is_known(frame[name])
    return said


def word(
    text: Text,
    frame: pandas.DataFrame,
    features: Mapping[str, Feature],
    about: Feature | None = None,
) -> tuple[pyarrow.StringArray, pyarrow.StringArray]:
    """Word a text for each row, in German and in English; all it names must be known.

    After a colon stands how to show a value: `{amount:€}`, `{share:%}`, `{ratio:1}` (decimals), or
    instead of it one of two words: `{days} {days:day|days}` (the first where it is 1).
    """
    german, english = (_worded(text, frame, features, about, language) for language in LANGUAGES)
    return german, english


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


def _worded(
    text: Text,
    frame: pandas.DataFrame,
    features: Mapping[str, Feature],
    about: Feature | None,
    language: Language,
) -> pyarrow.StringArray:
    import pyarrow
    from pyarrow import compute

    pieces: list[Any] = [pyarrow.array([""] * len(frame), pyarrow.string())]
    for literal, name, form, _ in string.Formatter().parse(getattr(text, language)):
        pieces.append(literal)
        if name:
            named = _about(name, about, features)
            pieces.append(
                _title(about, language)
                if named is None
                else _written(frame[named], features[named], language, form or "")
            )
    return compute.binary_join_element_wise(*pieces, "")


def _written(
    values: pandas.Series[Any], feature: Feature, language: Language, form: str
) -> pyarrow.StringArray:
    """Write each value as the language does; each different one once."""
    import pandas as pd
    import pyarrow

    codes, different = pd.factorize(values)
    texts = pyarrow.array([_one(value, feature, language, form) for value in different])
    return texts.take(pyarrow.array(codes))


def _one(value: Any, feature: Feature, language: Language, form: str) -> str:  # noqa: ANN401
    if label := feature.labels.get(str(value)):
        return str(getattr(label, language))
    if isinstance(value, str):
        return value
    if "|" in form:
        one, many = form.split("|")
        return one if value == 1 else many
    return number(float(value), language, form)


@cache
def _placeholders(template: str) -> tuple[tuple[str, str], ...]:
    def found() -> Iterator[tuple[str, str]]:
        for _, name, form, _ in string.Formatter().parse(template):
            if name:
                yield name, form or ""

    return tuple(found())


def _about(placeholder: str, about: Feature | None, features: Mapping[str, Feature]) -> str | None:
    """Name the feature that a placeholder speaks of; None for the title of `about`."""
    if about and placeholder == "title":
        return None
    return about.name if about and placeholder == "value" else features[placeholder].name


def _title(feature: Feature | None, language: Language) -> str:
    if feature is None or feature.title is None:
        return feature.name if feature else ""
    return str(getattr(feature.title, language))


def _is_known(values: pandas.Series[Any]) -> NDArray[Any]:
    import numpy as np
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values):
        return np.asarray(values.notna())
    codes, different = pd.factorize(values)
    known = [
        not isinstance(value, str) or (value != MISSING and is_filled(value)) for value in different
    ]
    return np.array([*known, False])[codes]  # a missing value has the code -1
