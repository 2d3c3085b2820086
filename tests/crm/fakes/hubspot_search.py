"""HubSpot's search: groups of filters, 200 a page, 10,000 in all, some moments behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.crm.fakes import hubspot_batch
from tests.crm.fakes.hubspot_store import HubSpotError, Item, Store

PAGE, RESULTS = 200, 10_000
GROUPS, FILTERS, FILTERS_PER_GROUP, VALUES = 5, 25, 10, 100
OPERATORS = ("EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN")
PRESENCE = ("HAS_PROPERTY", "NOT_HAS_PROPERTY")


def search(store: Store, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return one page of the records that fit.

    Raises:
        HubSpotError: more filters, rows or values than allowed, or a property that is not there.

    """
    groups = body.get("filterGroups") or []
    limit, after = int(body.get("limit") or 10), int(body.get("after") or 0)
    _require(limit <= PAGE, f"limit must be at most {PAGE}")
    _require(
        after + limit <= RESULTS, f"Search results are limited to {RESULTS} in total for a query"
    )
    _require(len(groups) <= GROUPS, f"at most {GROUPS} filterGroups are allowed")
    filters = [one for group in groups for one in group.get("filters", [])]
    _require(len(filters) <= FILTERS, f"at most {FILTERS} filters are allowed")
    for group in groups:
        _require(
            len(group.get("filters", [])) <= FILTERS_PER_GROUP,
            f"at most {FILTERS_PER_GROUP} filters are allowed in a filterGroup",
        )
    for one in filters:
        _require_filter(store, kind, one)
    now = store.clock()
    found = [
        item
        for item in store.objects[kind].values()
        if not item.archived and item.searchable_at <= now and _fits(store, kind, item, groups)
    ]
    found = _sorted(found, body.get("sorts") or [])
    page = found[after : after + limit]
    names = list(body.get("properties") or [])
    answer: dict[str, Any] = {
        "total": len(found),
        "results": [hubspot_batch.shown(store, kind, item, names) for item in page],
    }
    if len(found) > after + limit:
        answer["paging"] = {"next": {"after": str(after + limit)}}
    return answer


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise HubSpotError(
            400, "VALIDATION_ERROR", f"There was a problem with the request: {message}"
        )


def _require_filter(store: Store, kind: str, one: Mapping[str, Any]) -> None:
    name, operator = one.get("propertyName"), one.get("operator")
    _require(name in store.properties[kind], f"property {name} does not exist")
    _require(operator in (*OPERATORS, *PRESENCE), f"operator {operator} is not valid")
    if operator in ("IN", "NOT_IN"):
        values = one.get("values") or []
        _require(0 < len(values) <= VALUES, f"{operator} takes 1 to {VALUES} values")
        _require(
            store.properties[kind][str(name)]["type"] != "string"
            or all(value == value.lower() for value in values),
            "values of a string property must be lowercase",
        )


def _fits(store: Store, kind: str, item: Item, groups: Any) -> bool:
    return not groups or any(
        all(_match(store, kind, item, one) for one in group.get("filters", [])) for group in groups
    )


def _match(store: Store, kind: str, item: Item, one: Mapping[str, Any]) -> bool:
    name, operator = one["propertyName"], one["operator"]
    held = item.properties.get(name, "")
    if operator in PRESENCE:
        return bool(held) == (operator == "HAS_PROPERTY")
    numeric = store.properties[kind][name]["type"] == "number"

    def value(text: Any) -> Any:
        return float(text) if numeric else str(text).lower()

    if operator in ("IN", "NOT_IN"):
        inside = bool(held) and value(held) in {value(text) for text in one["values"]}
        return inside == (operator == "IN")
    if operator == "NEQ":
        return not held or value(held) != value(one["value"])
    if not held:
        return False
    left, right = value(held), value(one["value"])
    return bool(
        {
            "EQ": lambda: left == right,
            "LT": lambda: left < right,
            "LTE": lambda: left <= right,
            "GT": lambda: left > right,
            "GTE": lambda: left >= right,
            "BETWEEN": lambda: right <= left <= value(one["highValue"]),
        }[operator]()
    )


def _sorted(found: list[Item], sorts: list[Any]) -> list[Item]:
    """One order at most; without one the oldest come first."""
    if not sorts:
        return sorted(found, key=lambda item: int(item.id))
    order = sorts[0]
    if isinstance(order, str):
        order = {"propertyName": order.lstrip("-"), "direction": order[:1] == "-" and "DESCENDING"}
    return sorted(
        found,
        key=lambda item: item.properties.get(order["propertyName"], ""),
        reverse=order.get("direction") == "DESCENDING",
    )
