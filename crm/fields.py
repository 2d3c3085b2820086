"""The fields that are ours in every CRM: what a salesperson sees of a score.

Nothing else of an existing record is ever written. Texts and dates are as in JSON: dates in ISO
format, no value is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from config.language import spoken_language

Kind = Literal["integer", "text", "long_text", "date", "selection"]
Values = dict[str, Any]  # by the names of `FIELDS`
TEXT_LENGTH: Final = 255
"""Characters of a text field in Salesforce and Pipedrive; the others hold as many or more. A
proposed step that names a long title would else keep its score out of the CRM."""
DATES: Final = frozenset({"scored_on", "valid_until"})  # a new date alone is no news


class Field(NamedTuple):
    """One field of ours: its kind, its labels, and the labels of its values if it is a selection.

    `targets`: the records that have it.
    """

    kind: Kind
    label_de: str
    label_en: str
    options: Mapping[str, tuple[str, str]] = {}
    targets: tuple[str, ...] = ("parties", "opportunities")


BANDS: Final = {
    "high": ("Hoch", "High"),
    "medium": ("Mittel", "Medium"),
    "low": ("Niedrig", "Low"),
}
METHODS: Final = {"rules": ("Regeln", "Rules"), "model": ("Modell", "Model")}
FIELDS: Final[Mapping[str, Field]] = {
    "points": Field("integer", "Punkte", "Points"),
    "band": Field("selection", "Einstufung", "Band", BANDS),
    "reasons": Field("long_text", "Gründe", "Reasons"),
    "next_step": Field("text", "Nächster Schritt", "Next step"),
    "stage": Field("integer", "Reifestufe", "Maturity stage"),
    "method": Field("selection", "Verfahren", "Method", METHODS),
    "model_version": Field("text", "Modellversion", "Model version"),
    "scored_on": Field("date", "Bewertet am", "Scored on"),
    "proposals": Field("long_text", "Vorschläge", "Proposals"),
    "valid_until": Field("date", "Gültig bis", "Valid until"),
    "customer_no": Field("text", "Kundennummer (ERP)", "Customer number (ERP)", {}, ("parties",)),
    "key": Field("text", "Schlüssel", "Key"),
}
"""`customer_no` stays when a score is cleared; `key` (our id) is only written on records that the
push creates, so that one created twice is noticed."""


def label_of(name: str) -> str:
    """Return what people call a field of ours, in the language in use."""
    return FIELDS[name].label_de if spoken_language() == "de" else FIELDS[name].label_en


class Score(BaseModel):
    """What a salesperson sees: points (0 to 100), band (high, medium, low), reasons, dates.

    `stage`: the maturity stage (1 to 3) whose `method` (rules, model) gave the points;
    `valid_until`: the day after which they should not be relied on.
    """

    model_config = ConfigDict(frozen=True)

    points: int
    band: str
    reasons: str
    scored_on: date
    next_step: str | None = None
    stage: int | None = None
    method: str | None = None
    model_version: str | None = None
    valid_until: date | None = None

    @property
    def values(self) -> Values:
        """The score as the CRM's fields."""
        return self.model_dump(mode="json")


SCORE_FIELDS: Final = tuple(Score.model_fields)
SHOWN_FIELDS: Final = (*SCORE_FIELDS, "proposals")
"""What changes with the nights: the score, and what is proposed, which is there without a score,
too."""


def is_scored(values: Mapping[str, Any]) -> bool:
    """Whether a record shows anything of a score."""
    return any(values.get(name) is not None for name in SCORE_FIELDS)


def is_shown(values: Mapping[str, Any]) -> bool:
    """Whether a record shows anything of a score or a proposal."""
    return any(values.get(name) is not None for name in SHOWN_FIELDS)


def differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> set[str]:
    """Return the names of the fields that change with the nights in which two records differ.

    Blanks around a text and the kind of its line ends are the CRM's own affair.
    """
    return {name for name in SHOWN_FIELDS if _plain(first.get(name)) != _plain(second.get(name))}


def _plain(value: object) -> object:
    if isinstance(value, str):
        return "\n".join(line.strip() for line in value.strip().splitlines()) or None
    return value
