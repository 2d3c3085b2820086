"""What a HubSpot account holds, and the rules that each change must pass.

Written from HubSpot's public documentation and changelog. Where these show no wording for an
error, the sentence is ours and its category HubSpot's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

TYPE_IDS = {
    "contacts": "0-1",
    "companies": "0-2",
    "deals": "0-3",
    "tasks": "0-27",
    "meetings": "0-47",
    "calls": "0-48",
}
NAMES = {alias: name for name, type_id in TYPE_IDS.items() for alias in (name, type_id)} | {
    "contact": "contacts",
    "company": "companies",
    "deal": "deals",
    "task": "tasks",
    "meeting": "meetings",
    "call": "calls",
}
UNIQUE_LIMIT = 10  # custom unique properties per object
STRING_LIMIT = 65_536
READ_ONLY = ("hs_object_id", "createdate", "hs_lastmodifieddate", "lastmodifieddate")
DEFAULTS = {
    "contacts": ["email", "firstname", "lastname"],
    "companies": ["name", "domain"],
    "deals": ["dealname", "amount", "closedate", "dealstage", "pipeline"],
    "tasks": [],
    "meetings": [],
    "calls": [],
}
STANDARD = {
    "contacts": "email firstname lastname phone jobtitle company associatedcompanyid"
    " hs_email_optout hubspot_owner_id hs_merged_object_ids",
    "companies": "name domain website phone address address2 city zip country industry"
    " lifecyclestage description hubspot_owner_id hs_merged_object_ids",
    "deals": "dealname amount:number dealstage pipeline closedate:datetime dealtype"
    " hubspot_owner_id hs_is_closed hs_is_closed_won hs_merged_object_ids",
    "tasks": "hs_timestamp:datetime hs_task_subject hs_task_body hubspot_owner_id"
    " hs_task_status:NOT_STARTED|IN_PROGRESS|WAITING|COMPLETED|DEFERRED"
    " hs_task_priority:LOW|MEDIUM|HIGH hs_task_type:EMAIL|CALL|TODO hs_merged_object_ids",
    "meetings": "hs_timestamp:datetime hs_meeting_title hs_meeting_body hs_meeting_outcome"
    " hubspot_owner_id hs_merged_object_ids",
    "calls": "hs_timestamp:datetime hs_call_title hs_call_body hs_call_direction hubspot_owner_id"
    " hs_merged_object_ids",
}


class HubSpotError(Exception):
    """An error answer: status, category, message and what else the body holds."""

    def __init__(self, status: int, category: str, message: str, **body: Any) -> None:
        super().__init__(message)
        self.status, self.category, self.message, self.body = status, category, message, body


@dataclass
class Item:
    """One record."""

    id: str
    properties: dict[str, str]
    created: datetime
    updated: datetime
    searchable_at: float
    archived: bool = False


@dataclass
class Store:
    """Objects, their properties and associations of one account.

    Args:
        clock: seconds, for the search index.
        index_lag: so many seconds after a change by API the search shows it. The documentation
            says "a few moments".

    """

    clock: Callable[[], float]
    index_lag: float
    portal: int = 4711
    objects: dict[str, dict[str, Item]] = field(default_factory=lambda: {t: {} for t in TYPE_IDS})
    successors: dict[str, dict[str, str]] = field(default_factory=lambda: {t: {} for t in TYPE_IDS})
    properties: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    groups: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    links: dict[tuple[str, str], dict[str, list[str]]] = field(default_factory=dict)
    next_id: int = 9_000_000_001
    unique: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind, text in STANDARD.items():
            group = f"{kind}information"
            self.groups[kind] = {group: {"name": group, "label": group, "displayOrder": 0}}
            self.properties[kind] = {}
            for word in [*text.split(), *READ_ONLY]:
                name, _, what = word.partition(":")
                definition = {"name": name, "label": name, "groupName": group, "type": "string"}
                if "|" in what:
                    options = [{"label": value, "value": value} for value in what.split("|")]
                    definition |= {"type": "enumeration", "options": options}
                elif what:
                    definition["type"] = what
                definition |= {"hubspotDefined": True, "hasUniqueValue": name == "email"}
                self.properties[kind][name] = _complete(definition)

    def find(self, kind: str, id_: str, id_property: str | None = None) -> Item | None:
        """Return the record, or the one into which it was merged; None if there is none."""
        if id_property:
            self.require_unique(kind, id_property)
            id_ = self.unique.get((kind, id_property), {}).get(id_, "")
        while id_ in self.successors[kind]:
            id_ = self.successors[kind][id_]
        item = self.objects[kind].get(id_)
        return None if item is None or item.archived else item

    def require_unique(self, kind: str, name: str) -> None:
        definition = self.properties[kind].get(name)
        if definition is None or not definition["hasUniqueValue"]:
            raise HubSpotError(
                400,
                "VALIDATION_ERROR",
                f"Unable to perform update/upsert by non-unique {TYPE_IDS[kind]} property {name}"
                f" in portal ID {self.portal}",
            )

    def create(self, kind: str, properties: Mapping[str, Any], *, by_api: bool = True) -> Item:
        values = self.check(kind, properties, item_id=None)
        now = datetime.now(UTC)
        item = Item(str(self.next_id), {}, now, now, 0.0)
        self.next_id += 1
        self.objects[kind][item.id] = item
        self._put(kind, item, values, by_api)
        return item

    def change(
        self, kind: str, item: Item, properties: Mapping[str, Any], *, by_api: bool = True
    ) -> None:
        if not properties:
            raise HubSpotError(
                400,
                "VALIDATION_ERROR",
                "No properties found to update, please provide at least one.",
                context={"properties": ["{}"]},
            )
        self._put(kind, item, self.check(kind, properties, item.id), by_api)

    def archive(self, kind: str, id_: str) -> None:
        if item := self.find(kind, id_):
            item.archived = True
            self._forget(kind, item)

    def merge(self, kind: str, primary: str, other: str) -> Item:
        """Both become one record with an id of its own, under which the old ids are found, too."""
        items = [self.find(kind, primary), self.find(kind, other)]
        if items[0] is None or items[1] is None or items[0] is items[1]:
            raise HubSpotError(400, "VALIDATION_ERROR", "Unable to merge these objects")
        first, second = items[0], items[1]
        for item in (first, second):
            self._forget(kind, item)
            del self.objects[kind][item.id]
        before = [first.properties.get("hs_merged_object_ids", ""), first.id]
        before += [second.properties.get("hs_merged_object_ids", ""), second.id]
        values = second.properties | {k: v for k, v in first.properties.items() if v != ""}
        values["hs_merged_object_ids"] = ";".join(text for text in before if text)
        now = datetime.now(UTC)
        merged = Item(str(self.next_id), {}, min(first.created, second.created), now, 0.0)
        self.next_id += 1
        self.objects[kind][merged.id] = merged
        for item in (first, second):
            self.successors[kind][item.id] = merged.id
            for to_kind, ids in self.links.pop((kind, item.id), {}).items():
                for id_ in ids:
                    self.link(kind, merged.id, to_kind, id_)
        self._put(kind, merged, values, by_api=True)
        return merged

    def link(self, kind: str, id_: str, to_kind: str, to_id: str) -> None:
        for one, other in (((kind, id_), (to_kind, to_id)), ((to_kind, to_id), (kind, id_))):
            ids = self.links.setdefault(one, {}).setdefault(other[0], [])
            if other[1] not in ids:
                ids.append(other[1])

    def linked(self, kind: str, id_: str, to_kind: str) -> list[str]:
        found = [self.find(to_kind, to) for to in self.links.get((kind, id_), {}).get(to_kind, [])]
        return list(dict.fromkeys(item.id for item in found if item))

    def check(
        self, kind: str, properties: Mapping[str, Any], item_id: str | None
    ) -> dict[str, str]:
        """Return the values as they are kept.

        Raises:
            HubSpotError: 400, all properties that are not valid; 409, a unique value is taken.

        """
        wrong, values = [], {}
        for name, value in properties.items():
            definition = self.properties[kind].get(name)
            text = "" if value is None else str(value)
            problem = _problem(definition, name, text)
            if problem:
                wrong.append(
                    {"isValid": False, "message": problem[1], "error": problem[0], "name": name}
                )
            values[name] = text
        if wrong:
            raise HubSpotError(
                400, "VALIDATION_ERROR", f"Property values were not valid: {json.dumps(wrong)}"
            )
        for name, text in values.items():
            holder = self.unique.get((kind, name), {}).get(text)
            if text and holder and holder != item_id:
                raise _conflict(self.portal, kind, item_id, name, text, holder)
        return values

    def define(self, kind: str, definition: Mapping[str, Any]) -> dict[str, Any]:
        name = str(definition.get("name", "")).lower()
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise HubSpotError(400, "VALIDATION_ERROR", f"Property name '{name}' is not valid")
        if name in self.properties[kind]:
            raise HubSpotError(
                409, "OBJECT_ALREADY_EXISTS", f"Property named '{name}' already exists"
            )
        if definition.get("groupName") not in self.groups[kind]:
            raise HubSpotError(
                400,
                "VALIDATION_ERROR",
                f"Property group '{definition.get('groupName')}' does not exist",
            )
        if definition.get("type") == "enumeration" and not definition.get("options"):
            raise HubSpotError(400, "VALIDATION_ERROR", "Enumeration properties need options")
        own = [p for p in self.properties[kind].values() if not p["hubspotDefined"]]
        if definition.get("hasUniqueValue") and (
            sum(p["hasUniqueValue"] for p in own) >= UNIQUE_LIMIT
        ):
            raise HubSpotError(
                400,
                "VALIDATION_ERROR",
                f"Limit of {UNIQUE_LIMIT} unique properties reached for {TYPE_IDS[kind]}",
            )
        self.properties[kind][name] = _complete({**definition, "name": name})
        return self.properties[kind][name]

    def show(self, item: Item, kind: str, names: Iterable[str]) -> dict[str, str | None]:
        """Return the default properties and those asked for; of unknown ones nothing, silently."""
        shown = [*DEFAULTS[kind], *READ_ONLY[:3], *names]
        return {
            name: item.properties.get(name) or None
            for name in dict.fromkeys(shown)
            if name in self.properties[kind]
        }

    def _put(self, kind: str, item: Item, values: Mapping[str, str], by_api: bool) -> None:
        self._forget(kind, item)
        item.properties.update(values)
        item.updated = datetime.now(UTC)
        item.properties |= {
            "hs_object_id": item.id,
            "createdate": stamp(item.created),
            "hs_lastmodifieddate": stamp(item.updated),
        }
        item.searchable_at = self.clock() + (self.index_lag if by_api else 0.0)
        for name, definition in self.properties[kind].items():
            if definition["hasUniqueValue"] and item.properties.get(name):
                self.unique.setdefault((kind, name), {})[item.properties[name]] = item.id

    def _forget(self, kind: str, item: Item) -> None:
        for (of_kind, name), holders in self.unique.items():
            if of_kind == kind and holders.get(item.properties.get(name, "")) == item.id:
                del holders[item.properties[name]]


def stamp(moment: datetime) -> str:
    """Return a time as HubSpot writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _complete(definition: Mapping[str, Any]) -> dict[str, Any]:
    kind = definition.get("type", "string")
    return {
        "fieldType": {"enumeration": "select", "bool": "booleancheckbox"}.get(kind, "text"),
        "description": "",
        "options": [],
        "displayOrder": -1,
        "hasUniqueValue": False,
        "hidden": False,
        "formField": False,
        "calculated": False,
        "externalOptions": False,
        "hubspotDefined": False,
        "archived": False,
        **definition,
    }


def _problem(definition: Mapping[str, Any] | None, name: str, text: str) -> tuple[str, str] | None:
    """Return error code and message of a value that the property does not take."""
    if definition is None:
        return "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'
    if name in READ_ONLY:
        return "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'
    if text == "":
        return None
    kind = definition["type"]
    if kind == "string":
        if len(text) > STRING_LIMIT:
            return "PROPERTY_VALUE_TOO_LONG", f"Value is longer than {STRING_LIMIT} characters"
        return None
    if text != text.strip():
        return (
            "LEADING_TRAILING_WHITESPACE",
            f'"{text}" includes leading or trailing whitespace.',
        )
    return _problem_of_type(definition, kind, text)


def _problem_of_type(definition: Mapping[str, Any], kind: str, text: str) -> tuple[str, str] | None:
    if kind in ("enumeration", "bool"):
        allowed = [option["value"] for option in definition["options"]]
        allowed = allowed or ["true", "false"]
        if not set(text.split(";")) <= set(allowed):
            options = ", ".join(allowed)
            return "INVALID_OPTION", f"{text} was not one of the allowed options: [{options}]"
    if kind == "number" and not re.fullmatch(r"-?\d+(\.\d+)?([eE]-?\d+)?", text):
        return "INVALID_NUMBER", f"{text} was not a valid number."
    if kind in ("date", "datetime"):
        return _problem_of_date(kind, text)
    return None


def _problem_of_date(kind: str, text: str) -> tuple[str, str] | None:
    try:
        if re.fullmatch(r"-?\d+", text):
            moment = datetime.fromtimestamp(int(text) / 1000, UTC)
        else:
            moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (ValueError, OverflowError):
        return "INVALID_DATE", f"{text} was not a valid date."
    if kind == "date" and (moment.hour, moment.minute, moment.second) != (0, 0, 0):
        return (
            "INVALID_DATE",
            f"{text} is at {moment.hour}:{moment.minute}:{moment.second}.0 UTC, not midnight!",
        )
    return None


def _conflict(
    portal: int, kind: str, item_id: str | None, name: str, text: str, holder: str
) -> HubSpotError:
    if (kind, name) == ("contacts", "email"):
        return HubSpotError(409, "CONFLICT", f"Contact already exists. Existing ID: {holder}")
    return HubSpotError(
        409,
        "CONFLICT",
        f"Cannot set PropertyValueCoordinates{{portalId={portal}, objectTypeId={TYPE_IDS[kind]},"
        f" objectId={item_id}, propertyName={name}, value={text}}} on {item_id}."
        f" {holder} already has that value.",
    )
