"""What to know of a series, said in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, Literal

from ml.forecast.series import Notice, Unit
from ml.specs.feature import Text

_UNITS: Final[dict[Unit, tuple[Text, Text]]] = {
    "day": (Text(de="Tag", en="day"), Text(de="Tage", en="days")),
    "week": (Text(de="Woche", en="week"), Text(de="Wochen", en="weeks")),
    "month": (Text(de="Monat", en="month"), Text(de="Monate", en="months")),
}
_SAID: Final[dict[str, Text]] = {
    "short": Text(
        de="erst {count} {units} Geschichte: ob es Jahreszeiten gibt, weiß niemand",
        en="only {count} {units} of history: whether there are seasons nobody knows",
    ),
    "ended": Text(
        de="seit {day} nichts mehr ({count} {units})",
        en="nothing since {day} ({count} {units})",
    ),
    "zeros": Text(de="{count} {units} ohne Wert", en="{count} {units} without a value"),
    "gap": Text(
        de="{count} {units} nichts ab {day}: fehlt eine Datei?",
        en="{count} {units} of nothing from {day} on: is a file missing?",
    ),
    "outlier": Text(
        de="ungewöhnlich viel ab {day}: {value}", en="unusually much from {day} on: {value}"
    ),
    "outliers": Text(
        de="{count} {units} mit ungewöhnlich viel, zuletzt ab {day}: {value}",
        en="{count} {units} with unusually much, the last from {day} on: {value}",
    ),
}


def tell(notices: Sequence[Notice], unit: Unit, language: Literal["de", "en"]) -> list[str]:
    """Say each notice in a sentence; several outliers are one."""
    outliers = [one for one in notices if one.kind == "outlier"]
    said = [_say(one.kind, one, unit, language) for one in notices if one.kind != "outlier"]
    if len(outliers) == 1:
        said.append(_say("outlier", outliers[0], unit, language))
    elif outliers:
        last = outliers[-1]
        several = Notice("outlier", last.day, len(outliers), last.value)
        said.append(_say("outliers", several, unit, language))
    return said


def _say(name: str, one: Notice, unit: Unit, language: Literal["de", "en"]) -> str:
    text = getattr(_SAID[name], language)
    units = getattr(_UNITS[unit][0 if one.count == 1 else 1], language)
    return str(text).format(
        count=one.count, units=units, day=_day(one.day, language), value=_value(one.value, language)
    )


def _day(day: date, language: Literal["de", "en"]) -> str:
    return f"{day:%d.%m.%Y}" if language == "de" else f"{day:%d %b %Y}"


def _value(value: float, language: Literal["de", "en"]) -> str:
    text = f"{value:,.0f}"
    return text.replace(",", ".") if language == "de" else text
