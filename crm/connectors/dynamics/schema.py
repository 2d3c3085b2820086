"""Dataverse's tables, and how our fields are called, defined and written there."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final, NamedTuple

from crm.config import CrmConfig
from crm.fields import FIELDS, Field, Values
from crm.records import Target


class Table(NamedTuple):
    """One kind of record: the columns of its id and name; whether Dynamics can merge it."""

    name: str
    plural: str
    id: str
    title: str
    is_merged: bool = False


ACCOUNT: Final = Table("account", "accounts", "accountid", "name", is_merged=True)
OPPORTUNITY: Final = Table("opportunity", "opportunities", "opportunityid", "name")
LEAD: Final = Table("lead", "leads", "leadid", "fullname", is_merged=True)
TABLES: Final[dict[Target, tuple[Table, ...]]] = {
    "parties": (ACCOUNT,),
    "opportunities": (OPPORTUNITY, LEAD),
}
"""A lead of ours is an opportunity or a lead of Dynamics."""
PREFIX: Final = "rei"
"""Of our columns: Dataverse wants one of two to eight letters."""
TASK_KEY: Final = f"{PREFIX}_task_key"
TEXT_LENGTH: Final = 255
KEY_LENGTH: Final = 80
LONG_TEXT_LENGTH: Final = 10_000
FIRST_OPTION: Final = 100_000_000
"""Choices are numbers to Dataverse, and those that customers add begin here."""
LANGUAGES: Final = {"de": 1031, "en": 1033}  # Microsoft's numbers of German and English


def field_names(config: CrmConfig, target: Target) -> dict[str, str]:
    """Return Dataverse's (logical) names of our fields, by ours."""
    return {
        name: config.fields.get(name, f"{PREFIX}_{name}")
        for name, field in FIELDS.items()
        if target in field.targets
    }


def key_name(table: Table) -> str:
    """Return the name of the alternate key by which our records are found."""
    return f"{PREFIX}_{table.name}_key"


def definition(name: str, number: int) -> Any:  # noqa: ANN401
    """Return what a column of ours is, as Microsoft's client takes it.

    Args:
        name: of our field.
        number: Microsoft's number of the language of the labels.

    """
    field = FIELDS[name]
    place = 0 if number == LANGUAGES["de"] else 1
    if field.kind == "selection":
        return _choices(name, field, place, number)
    told = {"display_name": (field.label_de, field.label_en)[place]}
    if name == "key":
        return {"type": "string", "max_length": KEY_LENGTH, **told}
    if field.kind == "integer":
        return {"type": "int", **told}
    if field.kind == "date":
        return {"type": "date", **told}
    if field.kind == "long_text":
        return {"type": "memo", "max_length": LONG_TEXT_LENGTH, **told}
    return {"type": "string", "max_length": TEXT_LENGTH, **told}


def to_dataverse(name: str, value: Any) -> Any:  # noqa: ANN401
    """Return a value of ours as its column holds it."""
    options = list(FIELDS[name].options)
    if options and value is not None:
        # An unknown value is handed on, for Dataverse to refuse it with its own words.
        return FIRST_OPTION + options.index(value) if value in options else -1
    return value


def from_dataverse(name: str, value: Any) -> Any:  # noqa: ANN401
    """Return what a column holds as one of our values."""
    options = list(FIELDS[name].options)
    if options and value is not None:
        place = int(value) - FIRST_OPTION
        return options[place] if 0 <= place < len(options) else str(value)
    return value if value != "" else None


def own_columns(config: CrmConfig, target: Target, writes: Values) -> dict[str, Any]:
    """Return what is to be written of our fields, by column."""
    names = field_names(config, target)
    return {names[n]: to_dataverse(n, value) for n, value in writes.items() if n in names}


def _choices(name: str, field: Field, place: int, number: int) -> type[IntEnum]:
    members = {value: FIRST_OPTION + order for order, value in enumerate(field.options)}
    choices = IntEnum(name.title(), members)  # type: ignore[misc]
    labels = {value: both[place] for value, both in field.options.items()}
    choices.__labels__ = {number: labels}  # type: ignore[attr-defined]
    return choices
