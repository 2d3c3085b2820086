"""Our properties in HubSpot: their names, how values look there, and the records that have them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from crm.config import CrmConfig
from crm.connectors.hubspot.api import Row
from crm.fields import FIELDS
from crm.records import Record, Target

KINDS: Final[dict[Target, str]] = {"parties": "companies", "opportunities": "deals"}
PREFIX: Final = "reifegrad_"
NAMES: Final[dict[Target, str]] = {"parties": "name", "opportunities": "dealname"}
MERGED: Final = "hs_merged_object_ids"  # the ids of those that went into this record
CLOSED: Final = "hs_is_closed"  # of a deal


def field_names(config: CrmConfig, target: Target) -> dict[str, str]:
    """Return HubSpot's names of our properties."""
    return {
        name: config.fields.get(name, f"{PREFIX}{name}")
        for name, field in FIELDS.items()
        if target in field.targets
    }


def wanted(config: CrmConfig, target: Target, *more: str) -> list[str]:
    """Return the names of all properties that are read of a record."""
    own = field_names(config, target).values()
    return sorted({*own, NAMES[target], MERGED, *([CLOSED] if target != "parties" else []), *more})


def to_record(config: CrmConfig, target: Target, row: Row) -> Record:
    """Return a row of HubSpot's as a record."""
    told = row["properties"]
    names = field_names(config, target)
    changed = row["updated"]
    return Record(
        crm_id=row["id"],
        values={name: _value(name, told.get(field)) for name, field in names.items()},
        name=told.get(NAMES[target]) or None,
        is_active=told.get(CLOSED) != "true",
        changed_on=changed.date() if changed else None,
    )


def to_properties(config: CrmConfig, target: Target, values: Mapping[str, Any]) -> Row:
    """Return our fields as HubSpot takes them; an empty text clears."""
    names = field_names(config, target)
    return {
        names[name]: "" if value is None else str(value)
        for name, value in values.items()
        if name in names
    }


def merged_ids(row: Row) -> list[str]:
    """Return the ids under which this record was known before."""
    return [one for one in str(row["properties"].get(MERGED) or "").split(";") if one]


def _value(name: str, text: str | None) -> Any:  # noqa: ANN401
    if text in (None, ""):
        return None
    kind = FIELDS[name].kind
    if kind == "integer":
        return int(float(str(text)))
    if kind == "date":
        return date.fromisoformat(str(text)[:10]).isoformat()
    return text
