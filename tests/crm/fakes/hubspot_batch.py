"""HubSpot's batch endpoints: at most 100 inputs, 207 for partial success, else whole or not at all.

A batch that creates answers per input (207) if each has an `objectWriteTraceId` of its own. Every
other batch with an input that is not valid is refused as a whole; only ids that do not exist are
told beside the results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.crm.fakes.hubspot_store import NAMES, TYPE_IDS, HubSpotError, Item, Store, stamp

LIMIT = 100
SINGULAR = {"contacts": "CONTACT", "companies": "COMPANY", "deals": "DEAL", "tasks": "TASK"}
Inputs = Sequence[dict[str, Any]]


@dataclass
class Outcome:
    """Records that a batch touched, which of them are new, and what it could not do."""

    items: list[Item] = field(default_factory=list)
    new: set[str] = field(default_factory=set)
    errors: list[dict[str, Any]] = field(default_factory=list)
    trace: dict[str, str] = field(default_factory=dict)


def run(store: Store, kind: str, action: str, body: dict[str, Any]) -> tuple[int, Any]:
    """Return status and body of one batch call.

    Raises:
        HubSpotError: the batch is refused as a whole.

    """
    inputs = body.get("inputs") or []
    if len(inputs) > LIMIT:
        raise HubSpotError(
            400,
            "VALIDATION_ERROR",
            f"The maximum number of inputs supported in a batch request is {LIMIT}."
            f" Received {len(inputs)}.",
        )
    names = [*body.get("properties", [])]
    if action == "read":
        outcome = read(store, kind, inputs, body.get("idProperty"))
    else:
        _require_distinct(action, inputs)
        outcome = ACTIONS[action](store, kind, inputs)
        names = [name for one in inputs for name in one.get("properties", {})]
    if action == "archive":
        return 204, None
    results = []
    for item in outcome.items:
        answer = shown(store, kind, item, names)
        if action == "upsert":
            answer["new"] = item.id in outcome.new
        if trace := outcome.trace.get(item.id):
            answer["objectWriteTraceId"] = trace
        results.append(answer)
    status = 201 if action == "create" else 200
    return (207 if outcome.errors else status), batch(results, outcome.errors)


def shown(store: Store, kind: str, item: Item, names: Sequence[str]) -> dict[str, Any]:
    """Return a record as the API shows it."""
    return {
        "id": item.id,
        "properties": store.show(item, kind, names),
        "createdAt": stamp(item.created),
        "updatedAt": stamp(item.updated),
        "archived": item.archived,
    }


def batch(results: Sequence[Any], errors: Sequence[Any] = ()) -> dict[str, Any]:
    """Return the body of a batch's answer."""
    now = stamp(datetime.now(UTC))
    answer = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    return answer | ({"numErrors": len(errors), "errors": errors} if errors else {})


def read(store: Store, kind: str, inputs: Inputs, id_property: str | None) -> Outcome:
    outcome, missing = Outcome(), []
    for one in inputs:
        item = store.find(kind, str(one["id"]), id_property)
        if item is None:
            missing.append(str(one["id"]))
        elif item not in outcome.items:
            outcome.items.append(item)
    return _tell_missing(outcome, kind, missing)


def create(store: Store, kind: str, inputs: Inputs) -> Outcome:
    outcome = Outcome()
    traces = [one.get("objectWriteTraceId") for one in inputs]
    partial = bool(inputs) and all(traces) and len(set(traces)) == len(traces)
    valid = _valid(store, kind, [(one, None) for one in inputs], outcome if partial else None)
    for one, _item in valid:
        item = store.create(kind, one.get("properties", {}))
        outcome.items.append(item)
        if trace := one.get("objectWriteTraceId"):
            outcome.trace[item.id] = trace
        for association in one.get("associations") or []:
            type_id = association["types"][0]["associationTypeId"]
            store.link(kind, item.id, _target(kind, type_id), association["to"]["id"])
    return outcome


def update(store: Store, kind: str, inputs: Inputs) -> Outcome:
    outcome, found, missing = Outcome(), [], []
    for one in inputs:
        item = store.find(kind, str(one["id"]), one.get("idProperty"))
        if item is None:
            missing.append(str(one["id"]))
        else:
            found.append((one, item))
    for one, item in _valid(store, kind, found, None):
        store.change(kind, item, one["properties"])  # type: ignore[arg-type]
        outcome.items.append(item)  # type: ignore[arg-type]
    return _tell_missing(outcome, kind, missing)


def upsert(store: Store, kind: str, inputs: Inputs) -> Outcome:
    outcome, found = Outcome(), []
    for one in inputs:
        name = one.get("idProperty")
        if not name:
            raise HubSpotError(400, "VALIDATION_ERROR", "idProperty is required to upsert")
        item = store.find(kind, str(one["id"]), name)
        values = {**one.get("properties", {}), name: str(one["id"])}
        found.append(({**one, "properties": values}, item))
    for one, item in _valid(store, kind, found, None):
        if item is None:
            item = store.create(kind, one["properties"])
            outcome.new.add(item.id)
        else:
            store.change(kind, item, one["properties"])
        outcome.items.append(item)
    return outcome


def archive(store: Store, kind: str, inputs: Inputs) -> Outcome:
    for one in inputs:
        store.archive(kind, str(one["id"]))
    return Outcome()


ACTIONS: dict[str, Callable[..., Outcome]] = {
    "read": read,
    "create": create,
    "update": update,
    "upsert": upsert,
    "archive": archive,
}


def associate(store: Store, kind: str, to_kind: str, inputs: Inputs) -> tuple[int, Any]:
    """Link records of two kinds; what is missing is told beside the results."""
    results, missing = [], []
    for one in inputs:
        item, target = store.find(kind, one["from"]["id"]), store.find(to_kind, one["to"]["id"])
        if item is None or target is None:
            missing.append(one["from"]["id"] if item is None else one["to"]["id"])
            continue
        store.link(kind, item.id, to_kind, target.id)
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}
        results.append({"from": {"id": item.id}, "to": {"id": target.id}, "associationSpec": spec})
    outcome = _tell_missing(Outcome(), kind, missing)
    return (207 if missing else 200), batch(results, outcome.errors)


def associated(store: Store, kind: str, to_kind: str, inputs: Inputs) -> tuple[int, Any]:
    """Return per record what it is linked to."""
    results, errors = [], []
    for one in inputs:
        item = store.find(kind, one["id"])
        found = targets(store, kind, item, to_kind) if item else []
        if found:
            results.append({"from": {"id": one["id"]}, "to": found})
        else:
            errors.append(
                {
                    "status": "error",
                    "category": "OBJECT_NOT_FOUND",
                    "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                    "message": f"No {to_kind} is associated with {kind} {one['id']}.",
                    "context": {"fromObjectId": [one["id"]]},
                }
            )
    return (207 if errors else 200), batch(results, errors)


def targets(store: Store, kind: str, item: Item, to_kind: str) -> list[dict[str, Any]]:
    label = {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": None}
    return [
        {"toObjectId": int(to), "associationTypes": [label]}
        for to in store.linked(kind, item.id, to_kind)
    ]


def _valid(
    store: Store,
    kind: str,
    found: Sequence[tuple[dict[str, Any], Item | None]],
    partial: Outcome | None,
) -> list[tuple[dict[str, Any], Item | None]]:
    """Return the inputs that may be written; without `partial` a bad one refuses the batch."""
    good, taken = [], set()
    unique = [name for name, p in store.properties[kind].items() if p["hasUniqueValue"]]
    for one, item in found:
        values = one.get("properties") or {}
        try:
            store.check(kind, values, item.id if item else None)
            pairs = {(name, values[name]) for name in unique if values.get(name)}
            if pairs & taken:
                raise HubSpotError(409, "CONFLICT", f"Conflicting values in the batch: {pairs}")
            taken |= pairs
            good.append((one, item))
        except HubSpotError as error:
            if partial is None:
                raise
            partial.errors.append(
                {
                    "status": "error",
                    "category": error.category,
                    "message": error.message,
                    "context": {"objectWriteTraceId": [one["objectWriteTraceId"]]},
                }
            )
    return good


def _require_distinct(action: str, inputs: Inputs) -> None:
    if action == "create":
        return
    counts = Counter((one.get("idProperty"), str(one.get("id"))) for one in inputs)
    twice = [id_ for (_name, id_), count in counts.items() if count > 1]
    if twice:
        raise HubSpotError(
            400,
            "VALIDATION_ERROR",
            f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique",
        )


def _tell_missing(outcome: Outcome, kind: str, missing: Sequence[str]) -> Outcome:
    if missing:
        outcome.errors.append(
            {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": f"Could not get some {SINGULAR[kind]} objects, they may be deleted or"
                " not exist. Check that ids are valid.",
                "context": {"ids": list(missing)},
            }
        )
    return outcome


def _target(kind: str, type_id: int) -> str:
    """Return the kind at the other end of one of HubSpot's own association types."""
    pairs = {
        "contacts": {1: "companies", 279: "companies", 4: "deals"},
        "deals": {5: "companies", 341: "companies", 3: "contacts"},
        "companies": {2: "contacts", 280: "contacts", 6: "deals", 342: "deals"},
        "tasks": {192: "companies", 204: "contacts", 216: "deals"},
    }
    if type_id not in pairs[kind]:
        raise HubSpotError(
            400,
            "VALIDATION_ERROR",
            f"No association type {type_id} from object type {TYPE_IDS[NAMES[kind]]}",
        )
    return pairs[kind][type_id]
