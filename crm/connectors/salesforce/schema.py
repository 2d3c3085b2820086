"""Salesforce's objects, and how our fields are called and defined there."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from crm.config import CrmConfig
from crm.fields import FIELDS, Field
from crm.records import Target


class SObject(NamedTuple):
    """One kind of record: its ids begin with `prefix`; `closed` is the field that says it is."""

    name: str
    prefix: str
    closed: str | None = None
    is_merged: bool = False


ACCOUNT: Final = SObject("Account", "001", is_merged=True)
OPPORTUNITY: Final = SObject("Opportunity", "006", "IsClosed")
LEAD: Final = SObject("Lead", "00Q", "IsConverted", is_merged=True)
OBJECTS: Final[dict[Target, tuple[SObject, ...]]] = {
    "parties": (ACCOUNT,),
    "opportunities": (OPPORTUNITY, LEAD),
}
"""A lead of ours is an opportunity or a lead of Salesforce, as its id says."""
TASK_KEY: Final = "Reifegrad_Task_Key__c"
TEXT_LENGTH: Final = 255  # of a text field of Salesforce
KEY_LENGTH: Final = 80
LONG_TEXT_LENGTH: Final = 32_768


def field_names(config: CrmConfig, target: Target) -> dict[str, str]:
    """Return Salesforce's names of our fields, by ours."""
    return {
        name: config.fields.get(name, f"Reifegrad_{name.title()}__c")
        for name, field in FIELDS.items()
        if target in field.targets
    }


def definition(name: str, language: str) -> dict[str, Any]:
    """Return the metadata of one field of ours, as the Tooling API takes it."""
    field = FIELDS[name]
    return {"label": _label(field, language), **_type(name, field, language)}


def task_key() -> dict[str, Any]:
    """Return the metadata of the field that tells one task of ours from another."""
    return {"label": "Reifegrad Task Key", "type": "Text", "length": KEY_LENGTH}


def _label(field: Field, language: str) -> str:
    return field.label_de if language == "de" else field.label_en


def _type(name: str, field: Field, language: str) -> dict[str, Any]:
    if name == "key":
        unique = {"externalId": True, "unique": True, "caseSensitive": True}
        return {"type": "Text", "length": KEY_LENGTH, **unique}
    if field.kind == "integer":
        return {"type": "Number", "precision": 9, "scale": 0}
    if field.kind == "date":
        return {"type": "Date"}
    if field.kind == "long_text":
        return {"type": "LongTextArea", "length": LONG_TEXT_LENGTH, "visibleLines": 6}
    if field.kind == "selection":
        place = 0 if language == "de" else 1
        values = [
            {"fullName": value, "label": labels[place], "default": False}
            for value, labels in field.options.items()
        ]
        options = {"sorted": False, "value": values}
        return {
            "type": "Picklist",
            "valueSet": {"restricted": True, "valueSetDefinition": options},
        }
    return {"type": "Text", "length": TEXT_LENGTH}
