"""Custom fields through the Tooling API of the Salesforce fake."""

from __future__ import annotations

import re
from typing import Any

from tests.crm.fakes import soql
from tests.crm.fakes.salesforce_org import Org, Row
from tests.crm.fakes.salesforce_schema import Field
from tests.crm.fakes.salesforce_values import RequestError

TYPES = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Date": "date",
    "DateTime": "datetime",
    "Checkbox": "boolean",
    "Picklist": "picklist",
}


def list_fields(org: Org, condition: soql.Test | soql.Both | None) -> Any:
    """Answer a query of CustomField: DeveloperName is the name without `__c`."""
    rows = [
        {"Id": f"00N{number:015d}", "DeveloperName": name[:-3], "TableEnumOrId": thing.name}
        for thing in org.objects.values()
        for number, name in enumerate(thing.fields)
        if name.endswith("__c")
    ]
    found = [row for row in rows if soql.matches(condition, row, lambda r, path: r[path])]
    return {"size": len(found), "totalSize": len(found), "done": True, "records": found}


def new_field(org: Org, kind: str, values: Row) -> str:
    if kind != "CustomField":
        raise RequestError(404, "NOT_FOUND", "The requested resource does not exist")
    thing_name, _, name = values["FullName"].partition(".")
    if thing_name == "Activity":  # what tasks and events have in common
        thing_name = "Task"
    thing, told = org.object(thing_name), values["Metadata"]
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}__c", name):
        raise RequestError(400, "INVALID_FULL_NAME", f"Invalid fullName: {values['FullName']}")
    if name.lower() in thing.names:
        words = f"There is already a field named {told.get('label')} on {thing.name}."
        raise RequestError(400, "DUPLICATE_DEVELOPER_NAME", words)
    org.add_field(thing.name, _field(name, told), granted=False)
    return f"00N{len(thing.fields):015d}"


def _field(name: str, told: Row) -> Field:
    needed = {
        "Text": ("length",),
        "LongTextArea": ("length", "visibleLines"),
        "Number": ("precision", "scale"),
        "Picklist": ("valueSet",),
    }
    for word in ("label", *needed.get(told["type"], ())):
        if word not in told:
            words = f"Must specify '{word}' for a CustomField of type {told['type']}"
            raise RequestError(400, "FIELD_INTEGRITY_EXCEPTION", words)
    values = told.get("valueSet") or {}
    options = (values.get("valueSetDefinition") or {}).get("value", [])
    return Field(
        name,
        TYPES[told["type"]],
        label=told["label"],
        length=told.get("length", 255),
        precision=told.get("precision", 18),
        scale=told.get("scale", 0),
        options=tuple(option["fullName"] for option in options),
        restricted=bool(values.get("restricted")),
        external_id=bool(told.get("externalId")),
        unique=bool(told.get("unique")),
        default=False if told["type"] == "Checkbox" else None,
    )
