"""What an account and an opportunity get when the push creates them in Salesforce."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from config.language import _
from crm.connectors.salesforce.rest import SalesforceRest
from crm.errors import CrmRejectedError
from crm.records import Change, Target

CLOSES_AFTER_DAYS: Final = 90
"""Salesforce wants the day on which a deal closes. Until sales says better: a quarter later."""


class NewRecords:
    """Values of new records. What it asks Salesforce for, it asks once."""

    def __init__(self, rest: SalesforceRest, night: date) -> None:
        self._rest, self._night = rest, night
        self._stages: list[dict[str, Any]] | None = None
        self._fields: set[str] | None = None

    def values(self, target: Target, changes: Sequence[Change]) -> list[dict[str, Any]]:
        """Return the values of each new record, our own fields apart.

        Raises:
            CrmRejectedError: the customer of an opportunity is not in the CRM.

        """
        if target == "parties":
            return [self._account(change.master or {}) for change in changes]
        owners = self._users({str((c.master or {}).get("owner") or "") for c in changes} - {""})
        return [self._opportunity(change.master or {}, owners) for change in changes]

    def _account(self, master: dict[str, Any]) -> dict[str, Any]:
        # Orgs with country picklists have a field for the code; others keep a plain text.
        has_codes = "BillingCountryCode" in self._account_fields
        country = "BillingCountryCode" if has_codes else "BillingCountry"
        values = {
            "Name": master.get("name"),
            "BillingStreet": master.get("street"),
            "BillingPostalCode": master.get("postcode"),
            "BillingCity": master.get("city"),
            country: master.get("country_code"),
            "Phone": master.get("phone"),
            "Website": master.get("website"),
            "AccountNumber": master.get("customer_no"),
        }
        return {name: value for name, value in values.items() if value}

    def _opportunity(self, master: dict[str, Any], owners: dict[str, str]) -> dict[str, Any]:
        if not master.get("parent_id"):
            told = _("the CRM has no party for {key}")
            raise CrmRejectedError(told.format(key=master.get("parent")))
        created_on = master.get("created_on")
        begun = date.fromisoformat(str(created_on)) if created_on else self._night
        values = {
            "Name": str(master.get("title") or "")[:120],  # Salesforce's limit of a name
            "AccountId": master["parent_id"],
            "Amount": master.get("amount"),
            "StageName": self._stage(master.get("lead_stage")),
            "CloseDate": (begun + timedelta(days=CLOSES_AFTER_DAYS)).isoformat(),
            "OwnerId": owners.get(str(master.get("owner") or "")),
        }
        return {name: value for name, value in values.items() if value is not None}

    def _stage(self, wanted: str | None) -> str | None:
        """Return the org's stage of that name, else its default or first one."""
        if self._stages is None:
            described = self._rest.ask("sobjects/Opportunity/describe")
            (field,) = [f for f in described["fields"] if f["name"] == "StageName"]
            self._stages = [one for one in field["picklistValues"] if one.get("active", True)]
        named = [one["value"] for one in self._stages if wanted in (one["value"], one["label"])]
        default = [one["value"] for one in self._stages if one.get("defaultValue")]
        every = [one["value"] for one in self._stages]
        return next(iter([*named, *default, *every]), None)

    @property
    def _account_fields(self) -> set[str]:
        if self._fields is None:
            described = self._rest.ask("sobjects/Account/describe")
            self._fields = {field["name"] for field in described["fields"]}
        return self._fields

    def _users(self, names: set[str]) -> dict[str, str]:
        """Return the ids of active users by name. Whoever is none leaves the record to ours."""
        return user_ids(self._rest, names)


def user_ids(rest: SalesforceRest, names: set[str]) -> dict[str, str]:
    """Return the ids of active users by their name."""
    if not names:
        return {}
    soql = "SELECT Id, Name FROM User WHERE IsActive = true AND Name IN {}"
    return {row["Name"]: row["Id"] for row in rest.query_in(soql, sorted(names))}
