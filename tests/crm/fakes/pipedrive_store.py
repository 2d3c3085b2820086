"""What a Pipedrive company account holds, and what its API v2 lets through.

Written from Pipedrive's public documentation of API v2, its migration guide and its tutorials.
Where these show no wording for an error, the sentence is ours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

Row = dict[str, Any]
ONE = {
    "organizations": "organization",
    "deals": "deal",
    "persons": "person",
    "activities": "activity",
}
STANDARD = {
    "organizations": {"name": str, "owner_id": int, "visible_to": int, "label_ids": list,
                      "address": dict, "website": str},
    "deals": {"title": str, "owner_id": int, "person_id": int, "org_id": int, "value": float,
              "currency": str, "stage_id": int, "pipeline_id": int, "status": str,
              "probability": float, "expected_close_date": str, "visible_to": int},
    "persons": {"name": str, "owner_id": int, "org_id": int, "emails": list, "phones": list,
                "visible_to": int},
    "activities": {"subject": str, "type": str, "owner_id": int, "org_id": int, "person_id": int,
                   "deal_id": int, "due_date": str, "due_time": str, "duration": str,
                   "done": bool, "note": str, "priority": int, "public_description": str},
}  # fmt: skip
REQUIRED = {"organizations": "name", "deals": "title", "persons": "name"}
FIELD_TYPES = ("varchar", "varchar_auto", "text", "double", "monetary", "date", "set", "enum",
               "user", "org", "people", "phone", "time", "timerange", "daterange",
               "address")  # fmt: skip
VARCHAR = 255
CUSTOM_FIELDS = 15  # keys that `custom_fields` of a query may name
NUMBERS = ("double", "enum", "user", "org", "people")


class PipedriveError(Exception):
    """An error answer."""

    def __init__(self, status: int, error: str, code: str = "") -> None:
        super().__init__(error)
        self.status, self.error, self.code = status, error, code


def invalid(*problems: str) -> PipedriveError:
    return PipedriveError(
        400, "Validation failed: " + "; ".join(problems), "ERR_SCHEMA_VALIDATION_FAILED"
    )


@dataclass
class Store:
    """Records and custom fields of one account."""

    rows: dict[str, dict[int, Row]] = field(default_factory=lambda: {kind: {} for kind in ONE})
    fields: dict[str, dict[str, Row]] = field(default_factory=lambda: {kind: {} for kind in ONE})
    next_id: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ONE, 1))
    next_option: int = 1

    def define(self, kind: str, name: Any, type_: Any, options: Iterable[Any] | None) -> Row:
        """Add a custom field; its key is a hash that no one can guess from its name."""
        if not name or not isinstance(name, str):
            raise invalid("field_name: Parameter 'field_name' is required")
        if type_ not in FIELD_TYPES:
            raise invalid(f"field_type: Unexpected value {type_!r}")
        given = list(options or [])
        if type_ in ("enum", "set") and not given:
            raise invalid("options: Options are required for the field type")
        key = hashlib.sha1(f"{kind} {name} {len(self.fields[kind])}".encode()).hexdigest()
        kept = []
        for one in given:
            label = one["label"] if isinstance(one, Mapping) else one
            kept.append({"id": self.next_option, "label": label})
            self.next_option += 1
        self.fields[kind][key] = {
            "id": 4000 + len(self.fields[kind]),
            "key": key,
            "name": name,
            "type": type_,
            "options": kept,
        }
        return self.fields[kind][key]

    def find(self, kind: str, id_: int, *, deleted: bool = False) -> Row:
        row = self.rows[kind].get(id_)
        if row is None or (row["is_deleted"] and not deleted):
            raise PipedriveError(404, f"{ONE[kind].capitalize()} not found", "ERR_NOT_FOUND")
        return row

    def create(self, kind: str, values: Mapping[str, Any]) -> Row:
        self.check(kind, values)
        needed = REQUIRED.get(kind)
        if needed and not values.get(needed):
            raise invalid(f"{needed}: Parameter '{needed}' is required")
        id_ = self.next_id[kind]
        self.next_id[kind] += 1
        row: Row = dict.fromkeys(STANDARD[kind])
        row |= {"id": id_, "add_time": _now(), "is_deleted": False, "custom_fields": {}}
        if kind == "activities":
            row |= {"done": False, "type": "call", "marked_as_done_time": None}
        if kind == "deals":
            row |= {"status": "open", "currency": "EUR"}
        self.rows[kind][id_] = row
        return self._put(row, values)

    def change(self, kind: str, id_: int, values: Mapping[str, Any]) -> Row:
        row = self.find(kind, id_)
        self.check(kind, values)
        needed = REQUIRED.get(kind)
        if needed and needed in values and not values[needed]:
            raise invalid(f"{needed}: Parameter '{needed}' must not be empty")
        return self._put(row, values)

    def delete(self, kind: str, id_: int) -> None:
        """Mark as deleted; the record goes for good after 30 days."""
        row = self.find(kind, id_)
        row |= {"is_deleted": True, "update_time": _now()}

    def merge(self, kind: str, lose: int, keep: int) -> Row:
        """The record in the address is gone; the other keeps its values and takes missing ones."""
        lost, kept = self.find(kind, lose), self.find(kind, keep)
        for name, value in lost.items():
            if kept.get(name) in (None, "", []):
                kept[name] = value
        for key, value in lost["custom_fields"].items():
            if kept["custom_fields"].get(key) is None:
                kept["custom_fields"][key] = value
        link = {"organizations": "org_id", "persons": "person_id", "deals": "deal_id"}[kind]
        for rows in self.rows.values():
            for row in rows.values():
                if row.get(link) == lose:
                    row[link] = keep
        kept["update_time"] = _now()
        del self.rows[kind][lose]
        return kept

    def check(self, kind: str, values: Mapping[str, Any]) -> None:
        """Let only known names with values of their type pass; numbers are not text in v2."""
        problems = []
        for name, value in values.items():
            if name == "custom_fields":
                problems += [
                    f"custom_fields: {problem}"
                    for key, one in dict(value).items()
                    if (problem := self._problem(kind, key, one))
                ]
            elif name not in STANDARD[kind]:
                problems.append(f"{name}: Parameter '{name}' is not allowed for this request")
            elif value is not None and not _is(value, STANDARD[kind][name]):
                problems.append(f"{name}: Expected '{_word(STANDARD[kind][name])}'")
        if problems:
            raise invalid(*problems)

    def _problem(self, kind: str, key: str, value: Any) -> str | None:
        definition = self.fields[kind].get(key)
        if definition is None:
            return f"Parameter '{key}' is not allowed for this request"
        if value is None:
            return None
        type_ = definition["type"]
        what = f"{'single option' if type_ == 'enum' else ONE[kind]} custom field '{key}'"
        if type_ in NUMBERS and not _is(value, float):
            return f"Expected 'number' as value for {what}"
        options = {option["id"] for option in definition["options"]}
        if (type_ == "enum" and value not in options) or (
            type_ == "set" and not (isinstance(value, list) and set(value) <= options)
        ):
            return f"Unknown option {value!r} for {what}"
        if type_ in ("varchar", "varchar_auto", "text", "phone", "date", "time"):
            return _problem_of_text(type_, what, value)
        if type_ in ("monetary", "address", "timerange", "daterange") and not (
            isinstance(value, dict) and "value" in value
        ):
            return f"Expected 'object' with 'value' as value for {what}"
        return None

    def _put(self, row: Row, values: Mapping[str, Any]) -> Row:
        row |= {name: value for name, value in values.items() if name != "custom_fields"}
        row["custom_fields"] |= values.get("custom_fields") or {}
        row["update_time"] = _now()
        if "done" in values:
            row["marked_as_done_time"] = _now() if values["done"] else None
        return row

    def show(self, kind: str, row: Row, keys: Iterable[str] | None = None) -> Row:
        """Return a record as API v2 shows it, with all its custom fields or those asked for."""
        wanted = list(self.fields[kind]) if keys is None else list(keys)
        custom = {key: row["custom_fields"].get(key) for key in wanted if key in self.fields[kind]}
        return row | {"custom_fields": custom}


def _problem_of_text(type_: str, what: str, value: Any) -> str | None:
    if not isinstance(value, str):
        return f"Expected 'string' as value for {what}"
    if type_.startswith("varchar") and len(value) > VARCHAR:
        return f"Value is longer than {VARCHAR} characters for {what}"
    if type_ == "date":
        try:
            date.fromisoformat(value)
        except ValueError:
            return f"Expected a date (YYYY-MM-DD) as value for {what}"
    return None


def moment(name: str, text: str) -> datetime:
    """Return a time out of a query: whole seconds, as the reference's example has them."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text):
        raise invalid(f"{name}: {text} is not a valid datetime")
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _is(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _word(kind: type) -> str:
    return {str: "string", bool: "boolean", list: "array", dict: "object"}.get(kind, "number")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
