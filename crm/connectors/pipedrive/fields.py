"""Our custom fields in Pipedrive, which knows each by a hash of its own.

They are recognised by their names, in German or English: "Reifegrad: Punkte", "Reifegrad: Points".
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from config.language import _, spoken_language
from crm.config import CrmConfig
from crm.connectors.pipedrive.api import PipedriveApi, Row
from crm.errors import CrmSetupError
from crm.fields import FIELDS
from crm.records import Record, Target

KINDS: Final[dict[Target, str]] = {"parties": "organizations", "opportunities": "deals"}
FIELD_PATHS: Final[dict[Target, str]] = {
    "parties": "/api/v2/organizationFields",
    "opportunities": "/api/v2/dealFields",
}
NAMES: Final[dict[Target, str]] = {"parties": "name", "opportunities": "title"}
PREFIX: Final = "Reifegrad: "
OPEN: Final = "open"  # the state of a deal that nobody has closed


class Own(NamedTuple):
    """One custom field: its hash, and the id of each option of a selection."""

    code: str
    options: Mapping[str, int]


class OwnFields:
    """Our fields of each kind of record, read once."""

    def __init__(self, api: PipedriveApi, config: CrmConfig) -> None:
        self._api, self._config = api, config
        self._lock = threading.Lock()
        self._known: dict[Target, dict[str, Own]] = {}

    def find(self, target: Target) -> dict[str, Own]:
        """Return our fields that Pipedrive has."""
        names = {name: one for one in FIELDS for name in self.names(one)}
        found = {}
        for row in self._api.rows(FIELD_PATHS[target]):
            own = names.get(row["field_name"]) or names.get(row["field_code"])
            if own and target in FIELDS[own].targets and own not in found:
                found[own] = Own(row["field_code"], _options(own, row))
        return found

    def of(self, target: Target) -> dict[str, Own]:
        """Return our fields, all of them.

        Raises:
            CrmSetupError: some are missing.

        """
        with self._lock:
            if target not in self._known:
                found = self.find(target)
                missing = [
                    self.names(name)[0]
                    for name, field in FIELDS.items()
                    if target in field.targets and name not in found
                ]
                if missing:
                    raise CrmSetupError(
                        _("Pipedrive's {model} lack {fields}: run `reifegrad crm setup`.").format(
                            model=KINDS[target], fields=", ".join(missing)
                        )
                    )
                self._known[target] = found
            return self._known[target]

    def names(self, own: str) -> tuple[str, ...]:
        """Return the names a field of ours may have; the first is what a setup gives it."""
        if own in self._config.fields:
            return (self._config.fields[own],)
        labels = (FIELDS[own].label_de, FIELDS[own].label_en)
        if spoken_language() == "en":
            labels = labels[::-1]
        return tuple(PREFIX + label for label in labels)


def to_record(target: Target, own: Mapping[str, Own], row: Row) -> Record:
    """Return a row of Pipedrive's as a record."""
    told = row.get("custom_fields") or {}
    changed = row.get("update_time")
    return Record(
        crm_id=str(row["id"]),
        values={name: _value(name, one, told.get(one.code)) for name, one in own.items()},
        name=row.get(NAMES[target]) or None,
        is_active=target == "parties" or row.get("status") == OPEN,
        changed_on=date.fromisoformat(changed[:10]) if changed else None,
    )


def to_custom(own: Mapping[str, Own], values: Mapping[str, Any]) -> Row:
    """Return our fields as Pipedrive takes them; null clears."""
    return {
        own[name].code: own[name].options.get(value, value) if own[name].options else value
        for name, value in values.items()
        if name in own
    }


def _value(name: str, one: Own, value: Any) -> Any:  # noqa: ANN401
    if value in (None, ""):
        return None
    if FIELDS[name].kind == "integer":
        return int(value)
    if one.options:
        return {number: known for known, number in one.options.items()}.get(value, str(value))
    return value


def _options(own: str, row: Row) -> dict[str, int]:
    """Return the id of each value of ours; people may have added others."""
    ours = {label: value for value, labels in FIELDS[own].options.items() for label in labels}
    return {
        ours[option["label"]]: option["id"]
        for option in row.get("options") or []
        if option["label"] in ours
    }
