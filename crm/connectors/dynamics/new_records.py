"""What an account and an opportunity get when the push creates them in Dynamics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from config.language import _
from crm.connectors.dynamics.api import DataverseApi
from crm.errors import CrmRejectedError
from crm.records import Change, Target


def new_values(
    api: DataverseApi, target: Target, changes: Sequence[Change]
) -> list[dict[str, Any]]:
    """Return the values of each new record, our own fields apart.

    Raises:
        CrmRejectedError: the customer of an opportunity is not in the CRM.

    """
    if target == "parties":
        return [_account(change.master or {}) for change in changes]
    owners = user_ids(api, {str((c.master or {}).get("owner") or "") for c in changes} - {""})
    return [_opportunity(change.master or {}, owners) for change in changes]


def user_ids(api: DataverseApi, names: set[str]) -> dict[str, str]:
    """Return the ids of enabled users by their full name."""
    if not names:
        return {}
    rows = api.rows_in(
        "systemuser",
        ["systemuserid", "fullname"],
        "fullname",
        sorted(names),
        " and isdisabled eq false",
    )
    return {row["fullname"]: row["systemuserid"] for row in rows}


def _account(master: Mapping[str, Any]) -> dict[str, Any]:
    values = {
        "name": master.get("name"),
        "address1_line1": master.get("street"),
        "address1_postalcode": master.get("postcode"),
        "address1_city": master.get("city"),
        "address1_country": master.get("country_code"),
        "telephone1": master.get("phone"),
        "emailaddress1": master.get("email"),
        "websiteurl": master.get("website"),
        "accountnumber": master.get("customer_no"),
    }
    return {name: value for name, value in values.items() if value}


def _opportunity(master: Mapping[str, Any], owners: Mapping[str, str]) -> dict[str, Any]:
    if not master.get("parent_id"):
        told = _("the CRM has no party for {key}")
        raise CrmRejectedError(told.format(key=master.get("parent")))
    owner = owners.get(str(master.get("owner") or ""))
    values = {
        "name": master.get("title"),
        "estimatedvalue": master.get("amount"),
        "customerid_account@odata.bind": f"/accounts({master['parent_id']})",
        "ownerid@odata.bind": f"/systemusers({owner})" if owner else None,
    }
    return {name: value for name, value in values.items() if value is not None}
