"""What a partner and a lead get when the push creates them in Odoo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from config.language import _
from crm.config import CrmConfig
from crm.connectors.odoo.fields import field_names
from crm.connectors.odoo.rpc import OdooRpc
from crm.errors import CrmRejectedError
from crm.records import Change, Target

PARTNER: Final = {
    "name": "name",
    "street": "street",
    "postcode": "zip",
    "city": "city",
    "email": "email",
    "phone": "phone",
    "website": "website",
    "vat_id": "vat",
    "customer_no": "ref",
}
LEAD: Final = {
    "title": "name",
    "amount": "expected_revenue",
    "contact_email": "email_from",
    "contact_name": "contact_name",
}


def new_records(
    rpc: OdooRpc, config: CrmConfig, target: Target, changes: Sequence[Change]
) -> list[dict[str, Any]]:
    """Return the values of new records, our fields and key among them.

    Raises:
        CrmRejectedError: the customer of a lead is not in the CRM.

    """
    names = field_names(config, target)
    own = [
        {names[name]: value for name, value in change.writes.items() if name in names}
        | {names["key"]: change.key}
        for change in changes
    ]
    masters = [change.master or {} for change in changes]
    new = _partners(rpc, masters) if target == "parties" else _leads(rpc, masters)
    return [one | values for one, values in zip(new, own, strict=True)]


def _partners(rpc: OdooRpc, masters: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    codes = sorted({str(m["country_code"]) for m in masters if m.get("country_code")})
    countries = _ids(rpc, "res.country", "code", codes)
    return [
        {"is_company": True}
        | _filled(master, PARTNER)
        | (
            {"country_id": countries[master["country_code"]]}
            if master.get("country_code") in countries
            else {}
        )
        for master in masters
    ]


def _leads(rpc: OdooRpc, masters: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    for master in masters:
        if not master.get("parent_id"):
            raise CrmRejectedError(
                _("the CRM has no partner for {key}").format(key=master.get("parent"))
            )
    owners = _ids(rpc, "res.users", "name", sorted({m["owner"] for m in masters if m.get("owner")}))
    return [
        {"type": "opportunity", "partner_id": int(master["parent_id"])}
        | _filled(master, LEAD)
        | ({"user_id": owners[master["owner"]]} if master.get("owner") in owners else {})
        for master in masters
    ]


def _ids(rpc: OdooRpc, model: str, field: str, values: Sequence[str]) -> dict[str, int]:
    if not values:
        return {}
    rows = rpc.search(model, [[field, "in", list(values)]], [field], 1000)
    return {row[field]: row["id"] for row in rows}


def _filled(master: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        field: master[name] for name, field in names.items() if master.get(name) not in (None, "")
    }
