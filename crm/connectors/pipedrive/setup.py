"""Looking whether a Pipedrive is ready, and making it so: custom fields."""

from __future__ import annotations

from typing import Final

from config.language import _, in_thousands, spoken_language
from crm.connectors.connector import Finding, SetupStep
from crm.connectors.pipedrive.api import ForbiddenError, PipedriveApi, Row
from crm.connectors.pipedrive.fields import FIELD_PATHS, KINDS, OwnFields
from crm.fields import FIELDS
from crm.records import Target

TYPES: Final = {
    "integer": "double",
    "text": "varchar",
    "long_text": "text",
    "date": "date",
    "selection": "enum",
}
FEW_TOKENS: Final = 2000


def check(api: PipedriveApi, own: OwnFields) -> list[Finding]:
    """See `Connector.check`."""
    company = api.call("GET", "/v1/users/me")["data"].get("company_name") or ""
    says = _("Pipedrive answers and lets us in ({company}).").format(company=company)
    found = [Finding(True, says)]
    for target, kind in KINDS.items():
        missing = _missing(own, target)
        says = _("{model} has all our fields.").format(model=kind)
        if missing:
            names = ", ".join(own.names(name)[0] for name in missing)
            says = _("{model} lacks {fields}.").format(model=kind, fields=names)
        todo = _("Run `reifegrad crm setup`.") if missing else None
        found.append(Finding(not missing, says, todo))
    if api.tokens_left is not None:
        enough = api.tokens_left >= FEW_TOKENS
        says = _("{count} tokens of today's budget are left; a record written costs 5.")
        todo = None if enough else _("Let the night push before other programs call Pipedrive.")
        found.append(Finding(enough, says.format(count=in_thousands(api.tokens_left)), todo))
    return found


def set_up(api: PipedriveApi, own: OwnFields) -> list[SetupStep]:
    """See `Connector.setup`."""
    steps = []
    for target, kind in KINDS.items():
        for name in _missing(own, target):
            label = own.names(name)[0]
            try:
                api.call("POST", FIELD_PATHS[target], _body(name, label))
            except ForbiddenError:
                says = _(
                    "Let an administrator of Pipedrive add the field “{name}” ({type}) to {model},"
                    " or run `reifegrad crm setup` with an administrator's token."
                )
                kind_of = TYPES[FIELDS[name].kind]
                steps.append(SetupStep(False, says.format(name=label, type=kind_of, model=kind)))
                continue
            says = _("Field {name} on {model} made.")
            steps.append(SetupStep(True, says.format(name=label, model=kind)))
    return steps


def _missing(own: OwnFields, target: Target) -> list[str]:
    found = own.find(target)
    return [name for name, field in FIELDS.items() if target in field.targets and name not in found]


def _body(name: str, label: str) -> Row:
    body: Row = {"field_name": label, "field_type": TYPES[FIELDS[name].kind]}
    if FIELDS[name].options:
        english = spoken_language() == "en"
        body["options"] = [{"label": one[english]} for one in FIELDS[name].options.values()]
    return body
