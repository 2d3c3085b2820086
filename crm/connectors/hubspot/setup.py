"""Looking whether a HubSpot is ready, and making it so: a group, its properties."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from config.language import _, spoken_language
from crm.config import CrmConfig
from crm.connectors.connector import Finding, SetupStep
from crm.connectors.hubspot.api import HubspotApi
from crm.connectors.hubspot.fields import KINDS, field_names
from crm.errors import CrmSetupError
from crm.fields import FIELDS, Field
from crm.records import Target

GROUP: Final = "reifegrad"
TYPES: Final = {
    "integer": ("number", "number"),
    "text": ("string", "text"),
    "long_text": ("string", "textarea"),
    "date": ("date", "date"),
    "selection": ("enumeration", "select"),
}
RIGHTS: Final = ("read", "write")
UNIQUE: Final = frozenset({"key"})


def check(api: HubspotApi, config: CrmConfig) -> list[Finding]:
    """See `Connector.check`."""
    api.page("companies", [], size=1)
    found = [Finding(True, _("HubSpot answers and lets us in.")), *_missing_scopes(api, config)]
    for target, kind in KINDS.items():
        try:
            known = api.properties(kind)
        except CrmSetupError as error:
            todo = _("Add the scope to the private app in HubSpot.")
            found.append(Finding(False, str(error), todo))
            continue
        names = field_names(config, target)
        missing = sorted(set(names.values()) - set(known))
        says = _("{model} has all our fields.").format(model=kind)
        if missing:
            says = _("{model} lacks {fields}.").format(model=kind, fields=", ".join(missing))
        found.append(
            Finding(not missing, says, _("Run `reifegrad crm setup`.") if missing else None)
        )
        key = known.get(names["key"])
        if key is not None and not key.has_unique_value:
            says = _("{name} of {model} is no unique property.")
            todo = _("Delete it in HubSpot and run `reifegrad crm setup`.")
            found.append(Finding(False, says.format(name=names["key"], model=kind), todo))
    return found


def _missing_scopes(api: HubspotApi, config: CrmConfig) -> Iterator[Finding]:
    """Name the rights that a push would miss only in the night."""
    given = api.client.config
    told = api.client.api_request(  # which has no method of its own for it
        {
            "method": "POST",
            "base_url": given["host"],
            "path": "/oauth/v2/private-apps/get/access-token-info",
            "body": {"tokenKey": given["access_token"]},
        }
    )
    if not told.ok:  # HubSpot tells it only of private apps' tokens
        return
    allowed = told.json().get("scopes") or []
    needed = [f"crm.objects.{kind}.{right}" for kind in KINDS.values() for right in RIGHTS]
    if "email" in config.find_by or config.tasks:
        needed.append("crm.objects.contacts.read")
    if config.tasks:
        needed += ["crm.objects.contacts.write", "crm.objects.owners.read"]
    lacking = [scope for scope in needed if scope not in allowed]
    if lacking:
        says = _("HubSpot's app lacks a scope: add {scopes} to it.")
        yield Finding(False, says.format(scopes=", ".join(lacking)))


def set_up(api: HubspotApi, config: CrmConfig) -> list[SetupStep]:
    """See `Connector.setup`."""
    steps: list[SetupStep] = []
    for target, kind in KINDS.items():
        try:
            steps += _make(api, config, target)
        except CrmSetupError as error:
            says = _("{told} Then run `reifegrad crm setup` again.")
            steps.append(SetupStep(False, says.format(told=error)))
            continue
        says = _(
            "Add a view of {model} with the fields of the group Reifegrad, sorted by the points:"
            " HubSpot's interface can't."
        )
        if any(step.is_done for step in steps):
            steps.append(SetupStep(False, says.format(model=kind)))
    return steps


def _make(api: HubspotApi, config: CrmConfig, target: Target) -> list[SetupStep]:
    kind, names = KINDS[target], field_names(config, target)
    known = api.properties(kind)
    missing = [own for own, name in names.items() if name not in known]
    if missing and GROUP not in api.groups(kind):
        api.make_group(kind, GROUP, "Reifegrad")
    for place, own in enumerate(missing):
        api.make_property(kind, **_property(own, names[own], FIELDS[own], place))
    says = _("Field {name} on {model} made.")
    return [SetupStep(True, says.format(name=names[own], model=kind)) for own in missing]


def _property(own: str, name: str, field: Field, place: int) -> dict[str, Any]:
    english = spoken_language() == "en"
    kind, field_type = TYPES[field.kind]
    values: dict[str, Any] = {
        "name": name,
        "label": field.label_en if english else field.label_de,
        "type": kind,
        "field_type": field_type,
        "group_name": GROUP,
        "display_order": place,
    }
    if own in UNIQUE:
        values["has_unique_value"] = True
    if field.options:
        values["options"] = [
            {"value": value, "label": labels[english], "display_order": number}
            for number, (value, labels) in enumerate(field.options.items())
        ]
    return values
