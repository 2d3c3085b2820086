"""Looking whether an Odoo is ready, and making it so: custom fields, a page of them, a filter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from config.language import _, spoken_language
from crm.config import CrmConfig
from crm.connectors.connector import Finding, SetupStep
from crm.connectors.odoo.fields import MODELS, field_names
from crm.connectors.odoo.rpc import OdooRpc
from crm.errors import CrmRejectedError, CrmSetupError
from crm.fields import FIELDS, Field
from crm.records import Target

OLDEST, LAST_OF_OLD, NEWEST = 16, 18, 19
TYPES: Final = {
    "integer": "integer",
    "text": "char",
    "long_text": "text",
    "date": "date",
    "selection": "selection",
}
GERMAN: Final = "de_DE"
# The views that get something of ours, by external id: form, list and search of each kind.
VIEWS: Final[Mapping[Target, Mapping[str, str]]] = {
    "parties": {
        "form": "base.view_partner_form",
        "list": "base.view_partner_tree",
        "search": "base.view_res_partner_filter",
    },
    "opportunities": {
        "form": "crm.crm_lead_view_form",
        "list": "crm.crm_case_tree_view_oppor",
        "search": "crm.view_crm_case_opportunities_filter",
    },
}
EXPORT_GROUP: Final = "base.group_allow_export"
IN_LISTS: Final = ("points", "band", "scored_on")


def check(rpc: OdooRpc, config: CrmConfig) -> list[Finding]:
    """See `Connector.check`."""
    version = rpc.version
    user = rpc.user_id
    told = _("Odoo {version} answers and lets us in.").format(version=version)
    found = [Finding(True, told)]
    if not OLDEST <= version <= NEWEST:
        says = _("This connector was written for Odoo 16 to 19; this is {version}.")
        todo = _("Try it with a copy of your database first.")
        found.append(Finding(False, says.format(version=version), todo))
    for target in MODELS:
        found += _check_model(rpc, config, target)
    # Called with the user's id before the name of the group, it works in all of these versions.
    may_export = EXPORT_GROUP in _groups(rpc, user)
    says = _("Merged partners are followed.") if may_export else _("Merged partners get lost.")
    todo = _("Give the user the right “Access to export feature”.")
    found.append(Finding(may_export, says, None if may_export else todo))
    return found


def _check_model(rpc: OdooRpc, config: CrmConfig, target: Target) -> list[Finding]:
    model = MODELS[target]
    wanted = set(field_names(config, target).values())
    try:
        known = rpc.call(model, "fields_get", allfields=sorted(wanted), attributes=["type"])
    except CrmSetupError as error:
        return [Finding(False, str(error), _("Install Odoo's app CRM, or give the user access."))]
    missing = sorted(wanted - set(known))
    says = _("{model} has all our fields.").format(model=model)
    if missing:
        says = _("{model} lacks {fields}.").format(model=model, fields=", ".join(missing))
    found = [Finding(not missing, says, _("Run `reifegrad crm setup`.") if missing else None)]
    if not _may_write(rpc, model):
        says = _("The user may not write {model}.").format(model=model)
        todo = _("Give the user the sales rights of an account manager for all documents.")
        found.append(Finding(False, says, todo))
    return found


def _may_write(rpc: OdooRpc, model: str) -> bool:
    """Ask as each version is asked; what a user may not do is an answer, too."""
    try:
        if rpc.version <= LAST_OF_OLD:
            return bool(
                rpc.call(model, "check_access_rights", operation="write", raise_exception=False)
            )
        return bool(rpc.call(model, "has_access", [], operation="write"))
    except (CrmSetupError, CrmRejectedError):
        return False


def _groups(rpc: OdooRpc, user: int) -> set[str]:
    """Return the external ids of the user's groups that say anything here."""
    name, module = EXPORT_GROUP.split(".")[1], EXPORT_GROUP.split(".")[0]
    try:
        rows = rpc.search(
            "ir.model.data", [["module", "=", module], ["name", "=", name]], ["res_id"], 10
        )
        field = "groups_id" if rpc.version <= LAST_OF_OLD else "all_group_ids"
        (mine,) = rpc.call("res.users", "read", [user], fields=[field])
    except (CrmSetupError, CrmRejectedError, ValueError):
        return set()
    return {EXPORT_GROUP} if any(row["res_id"] in mine[field] for row in rows) else set()


def set_up(rpc: OdooRpc, config: CrmConfig) -> list[SetupStep]:
    """See `Connector.setup`."""
    steps: list[SetupStep] = []
    for target, model in MODELS.items():
        rows = rpc.search("ir.model", [["model", "=", model]], ["model"], 10)
        if not rows:
            says = _("Odoo has no {model}: install the app CRM if deals are to show scores.")
            steps.append(SetupStep(False, says.format(model=model)))
            continue
        try:
            steps += _make_fields(rpc, config, target, rows[0]["id"])
            steps += _make_views(rpc, config, target)
        except CrmSetupError as error:
            says = _(
                "{told} Let an administrator run `reifegrad crm setup`, or add the fields of"
                " {model} by hand: {fields}."
            )
            fields = ", ".join(
                f"{name} ({TYPES[FIELDS[own].kind]})"
                for own, name in field_names(config, target).items()
            )
            steps.append(SetupStep(False, says.format(told=error, model=model, fields=fields)))
    return steps


def _make_fields(rpc: OdooRpc, config: CrmConfig, target: Target, model_id: int) -> list[SetupStep]:
    names = field_names(config, target)
    rows = rpc.search(
        "ir.model.fields",
        [["model", "=", MODELS[target]], ["name", "in", sorted(names.values())]],
        ["name"],
        1000,
    )
    known = {row["name"] for row in rows}
    has_german = bool(rpc.search("res.lang", [["code", "=", GERMAN], ["active", "=", True]],
                                 ["code"], 10))  # fmt: skip
    missing = {own: name for own, name in names.items() if name not in known}
    if not missing:
        return []
    # All in one call: after each Odoo loads its models anew, which takes seconds.
    made = rpc.call(
        "ir.model.fields",
        "create",
        vals_list=[_new_field(model_id, name, FIELDS[own]) for own, name in missing.items()],
        context={"lang": "en_US"},
    )
    if has_german:
        for field_id, own in zip(made, missing, strict=True):
            values = {"field_description": FIELDS[own].label_de}
            rpc.call("ir.model.fields", "write", [field_id], vals=values, context={"lang": GERMAN})
            _translate_options(rpc, field_id, FIELDS[own])
    says = _("Field {name} on {model} made.")
    return [
        SetupStep(True, says.format(name=name, model=MODELS[target])) for name in missing.values()
    ]


def _new_field(model_id: int, name: str, field: Field) -> dict[str, Any]:
    values = {
        "model_id": model_id,
        "name": name,
        "field_description": field.label_en,
        "ttype": TYPES[field.kind],
        "state": "manual",
        "copied": False,
    }
    if field.options:
        values["selection_ids"] = [
            [0, 0, {"value": value, "name": label_en, "sequence": place}]
            for place, (value, (_de, label_en)) in enumerate(field.options.items())
        ]
    return values


def _translate_options(rpc: OdooRpc, field_id: int, field: Field) -> None:
    if not field.options:
        return
    rows = rpc.search("ir.model.fields.selection", [["field_id", "=", field_id]], ["value"], 100)
    for row in rows:
        label_de, _label_en = field.options[row["value"]]
        rpc.call(
            "ir.model.fields.selection",
            "write",
            [row["id"]],
            vals={"name": label_de},
            context={"lang": GERMAN},
        )


def _make_views(rpc: OdooRpc, config: CrmConfig, target: Target) -> list[SetupStep]:
    steps = []
    for kind, view in VIEWS[target].items():
        module, _dot, name = view.partition(".")
        own_name = f"reifegrad.{MODELS[target]}.{kind}"
        if rpc.search("ir.ui.view", [["name", "=", own_name]], ["name"], 10):
            continue
        parents = rpc.search(
            "ir.model.data", [["module", "=", module], ["name", "=", name]], ["res_id"], 10
        )
        if not parents:
            says = _("The view {view} is not there: add our fields to it by hand.")
            steps.append(SetupStep(False, says.format(view=view)))
            continue
        rpc.call(
            "ir.ui.view",
            "create",
            vals_list=[
                {
                    "name": own_name,
                    "model": MODELS[target],
                    "inherit_id": parents[0]["res_id"],
                    "mode": "extension",
                    "priority": 99,
                    "arch": _arch(kind, field_names(config, target)),
                }
            ],
        )
        says = _("View {view} shows our fields.").format(view=view)
        steps.append(SetupStep(True, says))
    return steps


def _arch(kind: str, names: Mapping[str, str]) -> str:
    """Return what is added to a view. `/*` is its root, which is called tree, then list."""
    if kind == "form":
        fields = "".join(f'<field name="{name}" readonly="1"/>' for name in names.values())
        page = f'<page name="reifegrad" string="Reifegrad"><group>{fields}</group></page>'
        return f'<data><xpath expr="//notebook" position="inside">{page}</xpath></data>'
    if kind == "list":
        inside = "".join(f'<field name="{names[one]}" optional="show"/>' for one in IN_LISTS)
    else:
        label = FIELDS["band"].options["high"][spoken_language() == "en"]
        domain = f"[('{names['band']}', '=', 'high')]"
        inside = f'<filter name="reifegrad_high" string="Reifegrad: {label}" domain="{domain}"/>'
    return f'<data><xpath expr="/*" position="inside">{inside}</xpath></data>'
