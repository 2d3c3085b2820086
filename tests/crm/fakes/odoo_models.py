"""The models of the Odoo fake: names and types of their fields, what a fresh database holds.

A subset of what Odoo 16 to 19 have with the modules CRM and contacts, written from the public
documentation of its models. `name:type` with `*` for required, `>model` for a relation, and
`=key/Label|…` for a selection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class OdooError(Exception):
    """What a call raises on the server: the Python name of the exception and its message."""

    def __init__(self, name: str, message: str, status: int = 500) -> None:
        super().__init__(message)
        self.name, self.message, self.status = name, message, status


def user_error(message: str) -> OdooError:
    return OdooError("odoo.exceptions.UserError", message, 422)


def validation_error(message: str) -> OdooError:
    return OdooError("odoo.exceptions.ValidationError", message, 422)


MODELS = {
    "res.partner": ("Contact", "name:char is_company:boolean parent_id:many2one>res.partner"
        " street:char street2:char zip:char city:char country_id:many2one>res.country vat:char"
        " ref:char website:char email:char phone:char function:char lang:char comment:html"
        " company_registry:char user_id:many2one>res.users customer_rank:integer active:boolean"
        " category_id:many2many>res.partner.category"
        " type:selection=contact/Contact|invoice/Invoice~Address|delivery/Delivery~Address"
        "|other/Other~Address"),
    "res.partner.category": ("Partner Tags", "name*:char active:boolean"),
    "crm.lead": ("Lead/Opportunity", "name*:char type*:selection=lead/Lead|opportunity/Opportunity"
        " partner_id:many2one>res.partner partner_name:char contact_name:char email_from:char"
        " phone:char website:char expected_revenue:float probability:float"
        " stage_id:many2one>crm.stage user_id:many2one>res.users description:html"
        " date_deadline:date date_closed:datetime active:boolean"
        " priority:selection=0/Low|1/Medium|2/High|3/Very~High"
        " lost_reason_id:many2one>crm.lost.reason"),
    "crm.lost.reason": ("Opp. Lost Reason", "name*:char active:boolean"),
    "crm.stage": ("CRM Stages", "name*:char sequence:integer is_won:boolean"),
    "mail.activity": ("Activity", "res_model_id*:many2one>ir.model res_model:char res_id:integer"
        " activity_type_id:many2one>mail.activity.type summary:char note:html"
        " date_deadline*:date user_id*:many2one>res.users"),
    "mail.activity.type": ("Activity Type", "name*:char res_model:char active:boolean"),
    "mail.message": ("Message", "model:char res_id:integer body:html subject:char date:datetime"
        " mail_activity_type_id:many2one>mail.activity.type author_id:many2one>res.partner"
        " message_type:char"),
    "res.users": ("User", "login*:char name:char email:char partner_id:many2one>res.partner"
        " active:boolean share:boolean groups_id:many2many>res.groups"
        " all_group_ids:many2many>res.groups"),
    "res.groups": ("Access Groups", "name*:char"),
    "res.lang": ("Languages", "name*:char code*:char active:boolean"),
    "res.country": ("Country", "name*:char code:char"),
    "ir.model": ("Models", "name*:char model*:char state:char"),
    "ir.model.fields": ("Fields", "name*:char model:char model_id*:many2one>ir.model"
        " field_description*:char ttype*:char state*:char selection:char relation:char"
        " required:boolean readonly:boolean size:integer help:text index:boolean copied:boolean"
        " store:boolean selection_ids:one2many>ir.model.fields.selection"),
    "ir.model.fields.selection": ("Fields Selection", "field_id*:many2one>ir.model.fields"
        " value*:char name*:char sequence:integer"),
    "ir.model.data": ("Model Data", "module*:char name*:char model*:char res_id:integer"
        " noupdate:boolean complete_name:char"),
    "ir.ui.view": ("View", "name*:char model:char type:char arch:text arch_base:text"
        " arch_db:text inherit_id:many2one>ir.ui.view mode:char priority*:integer"
        " active:boolean"),
    "ir.filters": ("Filters", "name*:char model_id*:char domain*:text context*:text sort*:text"
        " user_id:many2one>res.users is_default:boolean active:boolean"),
    "ir.module.module": ("Module", "name*:char state:char shortdesc:char"),
}  # fmt: skip
DEFAULTS: dict[str, dict[str, Any]] = {
    "res.partner": {"active": True, "type": "contact"},
    "res.partner.category": {"active": True},
    "crm.lead": {"active": True, "type": "lead", "priority": "0"},
    "mail.activity.type": {"active": True},
    "res.users": {"active": True},
    "res.lang": {"active": True},
    "ir.model.fields": {"state": "manual", "store": True, "copied": True},
    "ir.ui.view": {"active": True, "priority": 16, "mode": "primary"},
    "ir.filters": {"active": True, "domain": "[]", "context": "{}", "sort": "[]"},
}
SETTINGS_ONLY = ("ir.model.fields", "ir.model.fields.selection", "ir.model", "ir.ui.view")
"""Models that only users with the right "Settings" may change."""

VIEWS = {
    "base.view_partner_form": (
        "res.partner",
        "form",
        '<form><sheet><div name="button_box"/><field name="name"/><group><field name="vat"/>'
        '</group><notebook><page name="contact_addresses"/><page name="internal_notes"/>'
        "</notebook></sheet></form>",
    ),
    "base.view_partner_tree": (
        "res.partner",
        "list",
        '<tree><field name="name"/><field name="phone"/><field name="email"/></tree>',
    ),
    "base.view_res_partner_filter": (
        "res.partner",
        "search",
        '<search><field name="name"/><filter name="inactive" string="Archived"'
        " domain=\"[('active', '=', False)]\"/></search>",
    ),
    "crm.crm_lead_view_form": (
        "crm.lead",
        "form",
        '<form><sheet><field name="name"/><group><field name="expected_revenue"/></group>'
        '<notebook><page name="internal_notes"/></notebook></sheet></form>',
    ),
    "crm.view_crm_case_opportunities_filter": (
        "crm.lead",
        "search",
        '<search><field name="name"/><filter name="won" string="Won"'
        " domain=\"[('probability', '=', 100)]\"/></search>",
    ),
    "crm.crm_case_tree_view_oppor": (
        "crm.lead",
        "list",
        '<tree><field name="name"/><field name="stage_id"/></tree>',
    ),
}


@dataclass
class Field:
    """One field of a model."""

    name: str
    type: str
    label: str
    required: bool = False
    relation: str = ""
    selection: list[tuple[str, str]] = field(default_factory=list)
    size: int = 0
    readonly: bool = False
    manual: bool = False

    def describe(self) -> dict[str, Any]:
        """Return what `fields_get` tells about it."""
        told: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "string": self.label,
            "required": self.required,
            "readonly": self.readonly,
            "store": True,
            "searchable": True,
            "sortable": True,
            "manual": self.manual,
        }
        if self.relation:
            told["relation"] = self.relation
        if self.type == "selection":
            told["selection"] = [list(pair) for pair in self.selection]
        if self.type == "char" and self.size:
            told["size"] = self.size
        return told


def fields_of(text: str) -> dict[str, Field]:
    """Return the fields of one line of `MODELS`, with those that every model has."""
    fields = {
        "id": Field("id", "integer", "ID", readonly=True),
        "display_name": Field("display_name", "char", "Display Name", readonly=True),
        "create_date": Field("create_date", "datetime", "Created on", readonly=True),
        "write_date": Field("write_date", "datetime", "Last Updated on", readonly=True),
    }
    for word in text.split():
        name, _, kind = word.partition(":")
        kind, _, options = kind.partition("=")
        kind, _, relation = kind.partition(">")
        selection = [
            tuple(pair.replace("~", " ").split("/")) for pair in options.split("|") if pair
        ]
        name, required = name.rstrip("*"), name.endswith("*")
        label = name.removesuffix("_id").replace("_", " ").title()
        fields[name] = Field(name, kind, label, required, relation, selection)  # type: ignore[arg-type]
    return fields
