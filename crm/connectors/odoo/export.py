"""What Odoo knows of customers and deals, as flat rows of text for the inbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from crm.connectors.connector import Export
from crm.connectors.odoo.rpc import OdooRpc

ROWS_PER_READ: Final = 1000
YES_OR_NO: Final = frozenset({"active", "is_company"})  # elsewhere Odoo's false says: no value
# Odoo's model, its domain, its fields. Of a reference both id and name are exported.
# Leads are deals of another `type`.
EXPORTS: Final[Mapping[Export, tuple[str, list[Any], tuple[str, ...]]]] = {
    "companies": (
        "res.partner",
        [["parent_id", "=", False]],
        (
            "name", "ref", "vat", "is_company", "street", "street2", "zip", "city", "country_id",
            "email", "phone", "website", "user_id", "active", "create_date", "write_date",
        ),
    ),
    "contacts": (
        "res.partner",
        [["parent_id", "!=", False]],
        (
            "name", "parent_id", "function", "email", "phone", "active", "create_date",
            "write_date",
        ),
    ),
    "deals": (
        "crm.lead",
        [],
        (
            "name", "type", "partner_id", "contact_name", "email_from", "phone", "stage_id",
            "expected_revenue", "user_id", "date_deadline", "date_closed", "active",
            "lost_reason_id", "create_date", "write_date",
        ),
    ),
    "activities": (
        "mail.message",
        [["mail_activity_type_id", "!=", False]],
        ("model", "res_id", "mail_activity_type_id", "date", "author_id", "create_date",
         "write_date"),
    ),
}  # fmt: skip


def export(
    rpc: OdooRpc, what: Export, since: datetime | None
) -> Iterator[Mapping[str, str | None]]:
    """See `Connector.export`. Times are in UTC; a column that this Odoo lacks is left out."""
    if what not in EXPORTS:
        return
    model, domain, columns = EXPORTS[what]
    known = rpc.call(model, "fields_get", allfields=list(columns), attributes=["type"])
    fields = [column for column in columns if column in known]
    if since is not None:
        moment = f"{since.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        domain = [*domain, ["write_date", ">=", moment]]
    for row in rpc.search(model, domain or [["id", ">", 0]], fields, ROWS_PER_READ):
        flat: dict[str, str | None] = {"id": str(row["id"])}
        for field in fields:
            value = row[field]
            if isinstance(value, list):
                flat[field], flat[f"{field}.name"] = str(value[0]), str(value[1])
            elif field.endswith("_id") and field != "res_id":
                flat[field] = flat[f"{field}.name"] = None
            elif field in YES_OR_NO:
                flat[field] = str(value).lower()
            else:
                flat[field] = None if value in (False, "") else str(value)
        yield flat
