"""Whether Salesforce is ready for our scores, and how it becomes so."""

from __future__ import annotations

from typing import Any, Final

from config.language import _, in_thousands
from crm.config import CrmConfig
from crm.connectors.connector import Finding, SetupStep
from crm.connectors.salesforce.rest import SalesforceRest
from crm.connectors.salesforce.schema import (
    OBJECTS,
    TASK_KEY,
    definition,
    field_names,
    task_key,
)
from crm.errors import CrmRejectedError, CrmSetupError
from crm.records import TARGETS

PERMISSIONS: Final = "Reifegrad"
"""The permission set that lets its users see and write our fields."""


def visible_fields(rest: SalesforceRest, sobject: str) -> dict[str, dict[str, Any]]:
    """Return the fields that our user sees, by name; none if it does not see the object."""
    try:
        described = rest.ask(f"sobjects/{sobject}/describe")
    except CrmSetupError:
        return {}
    return {field["name"]: field for field in described["fields"]}


def check(rest: SalesforceRest, config: CrmConfig) -> list[Finding]:
    """See `Connector.check`."""
    rest.log_in()
    found = [Finding(True, _("The CRM answers and lets us in."))]
    for target in TARGETS:
        first, *others = [sobject.name for sobject in OBJECTS[target]]
        names = set(field_names(config, target).values())
        found.append(_check_object(rest, first, names))
        # Leads are used by some firms only.
        found += [
            _check_object(rest, other, names) for other in others if visible_fields(rest, other)
        ]
    if config.tasks:
        found.append(_check_object(rest, "Task", {TASK_KEY}))
    limit = rest.ask("limits/")["DailyApiRequests"]
    told = _("{left} of {count} calls are left today.")
    left, count = limit["Remaining"], limit["Max"]
    todo = None
    if left * 10 < count:
        todo = _("Other programs use up the calls: ask who, or buy more.")
    said = told.format(left=in_thousands(left), count=in_thousands(count))
    found.append(Finding(todo is None, said, todo))
    return found


def setup(rest: SalesforceRest, config: CrmConfig, language: str) -> list[SetupStep]:
    """See `Connector.setup`."""
    steps, made = [], []
    for target in TARGETS:
        for sobject in OBJECTS[target]:
            seen = visible_fields(rest, sobject.name)
            if not seen and sobject is not OBJECTS[target][0]:
                continue
            for name, field in field_names(config, target).items():
                if field not in seen:
                    full_name = f"{sobject.name}.{field}"
                    steps.append(_create(rest, full_name, definition(name, language)))
                    made.append((sobject.name, full_name))
    if config.tasks and TASK_KEY not in visible_fields(rest, "Task"):
        # Fields of tasks and events are defined on what both have in common.
        steps.append(_create(rest, f"Activity.{TASK_KEY}", task_key()))
        made.append(("Task", f"Task.{TASK_KEY}"))
    if made:
        told = _(
            "In Setup, Object Manager, put the fields on the page layouts of {objects}, and make"
            " list views sorted by {field}."
        )
        objects = ", ".join(one.name for target in TARGETS for one in OBJECTS[target])
        field = field_names(config, "parties")["points"]
        steps.append(_permit(rest, made))
        steps.append(SetupStep(False, told.format(objects=objects, field=field)))
    return steps


def _check_object(rest: SalesforceRest, sobject: str, names: set[str]) -> Finding:
    seen = visible_fields(rest, sobject)
    if not seen:
        return Finding(
            False,
            _("Our user does not see {model}.").format(model=sobject),
            _("Give its profile the right to read and edit {model}.").format(model=sobject),
        )
    if missing := sorted(names - seen.keys()):
        return Finding(
            False,
            _("{model} lacks {fields}.").format(model=sobject, fields=", ".join(missing)),
            _("Run `reifegrad crm setup`."),
        )
    if fixed := sorted(name for name in names if not seen[name].get("updateable", True)):
        return Finding(
            False,
            _("Our user may not write {fields} of {model}.").format(
                fields=", ".join(fixed), model=sobject
            ),
            _("Assign the permission set {name} to it.").format(name=PERMISSIONS),
        )
    return Finding(True, _("{model} has all our fields.").format(model=sobject))


def _create(rest: SalesforceRest, full_name: str, metadata: dict[str, Any]) -> SetupStep:
    body = {"FullName": full_name, "Metadata": metadata}
    try:
        rest.ask("tooling/sobjects/CustomField", "POST", body)
    except (CrmRejectedError, CrmSetupError) as error:
        if "DUPLICATE_DEVELOPER_NAME" in str(error):
            return SetupStep(True, _("{field} was there already.").format(field=full_name))
        told = _("Create the field {field} ({type}) by hand: {reason}")
        return SetupStep(False, told.format(field=full_name, type=metadata["type"], reason=error))
    return SetupStep(True, _("Created {field}.").format(field=full_name))


def _permit(rest: SalesforceRest, fields: list[tuple[str, str]]) -> SetupStep:
    """Let our user see and write the new fields: Salesforce shows them to nobody at first."""
    try:
        number = _permission_set(rest)
        records = [
            {
                "attributes": {"type": "FieldPermissions"},
                "ParentId": number,
                "SobjectType": sobject,
                "Field": field,
                "PermissionsRead": True,
                "PermissionsEdit": True,
            }
            for sobject, field in fields
        ]
        refused = [o.refused for o in rest.save("POST", "composite/sobjects", records) if o.refused]
    except (CrmRejectedError, CrmSetupError) as error:
        refused = [str(error)]
    if refused:
        told = _(
            "In Setup, Permission Sets, let the users of the scores and our own see the new"
            " fields, and our own write them ({reason})."
        )
        return SetupStep(False, told.format(reason=refused[0]))
    told = _("Assign the permission set {name} to whoever shall see the scores.")
    return SetupStep(False, told.format(name=PERMISSIONS))


def _permission_set(rest: SalesforceRest) -> str:
    """Return the id of our permission set, made and given to our user if it is new."""
    found = rest.query_in("SELECT Id FROM PermissionSet WHERE Name IN {}", [PERMISSIONS])
    if found:
        return str(found[0]["Id"])
    values = {"Name": PERMISSIONS, "Label": PERMISSIONS}
    made = rest.ask("sobjects/PermissionSet", "POST", values)["id"]
    assignment = {"PermissionSetId": made, "AssigneeId": rest.user_id()}
    rest.ask("sobjects/PermissionSetAssignment", "POST", assignment)
    return str(made)
