"""Our fields in Odoo: their names, how values look there, and the records that have them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from crm.config import CrmConfig
from crm.fields import FIELDS, Values
from crm.records import Record, Target

MODELS: Final[dict[Target, str]] = {"parties": "res.partner", "opportunities": "crm.lead"}
PREFIX: Final = "x_reifegrad_"
"""Odoo wants `x_` before the name of a field that no module brings."""
# What is read of a record beside our fields. A lead that is won or lost has a date of closing.
OTHERS: Final[dict[Target, tuple[str, ...]]] = {
    "parties": ("name", "active", "write_date"),
    "opportunities": ("name", "active", "write_date", "date_closed"),
}
NEVER_ZERO: Final = frozenset({"stage"})  # Odoo shows an empty whole number as 0


def field_names(config: CrmConfig, target: Target) -> dict[str, str]:
    """Return Odoo's names of our fields."""
    return {
        name: config.fields.get(name, f"{PREFIX}{name}")
        for name, field in FIELDS.items()
        if target in field.targets
    }


def to_record(config: CrmConfig, target: Target, row: Mapping[str, Any]) -> Record:
    """Return a row of Odoo's as a record."""
    names = field_names(config, target)
    values: Values = {name: _value(name, row[field]) for name, field in names.items()}
    if values["points"] == 0 and values["band"] is None and values["scored_on"] is None:
        values["points"] = None
    changed = row.get("write_date")
    return Record(
        crm_id=str(row["id"]),
        values=values,
        name=row["name"] or None,
        is_active=bool(row["active"]) and not row.get("date_closed"),
        changed_on=date.fromisoformat(changed[:10]) if changed else None,
    )


def _value(name: str, value: Any) -> Any:  # noqa: ANN401
    if value is False or value == "":
        return None
    return None if value == 0 and name in NEVER_ZERO else value
