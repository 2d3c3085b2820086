"""What Salesforce knows of customers and deals, as flat rows of text for the inbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from crm.connectors.connector import Export
from crm.connectors.salesforce.installing import visible_fields
from crm.connectors.salesforce.rest import SalesforceRest

# What is exported -> Salesforce's object and its fields. A dotted field is one of the record that
# the first part refers to.
EXPORTS: Final[Mapping[Export, tuple[str, tuple[str, ...]]]] = {
    "companies": (
        "Account",
        (
            "Name", "AccountNumber", "Website", "Phone", "BillingStreet", "BillingPostalCode",
            "BillingCity", "BillingCountry", "Industry", "Type", "Owner.Name",
        ),
    ),
    "contacts": (
        "Contact",
        ("AccountId", "FirstName", "LastName", "Title", "Email", "Phone", "HasOptedOutOfEmail"),
    ),
    "deals": (
        "Opportunity",
        (
            "AccountId", "Name", "StageName", "Amount", "CreatedDate", "CloseDate", "IsClosed",
            "IsWon", "LeadSource", "Owner.Name",
        ),
    ),
    "leads": (
        "Lead",
        (
            "Company", "FirstName", "LastName", "Title", "Email", "Phone", "Website", "Street",
            "PostalCode", "City", "Country", "Status", "LeadSource", "CreatedDate", "IsConverted",
            "ConvertedDate", "ConvertedAccountId", "ConvertedOpportunityId", "HasOptedOutOfEmail",
            "Owner.Name",
        ),
    ),
    "activities": (
        "Task",
        (
            "AccountId", "WhatId", "WhoId", "Subject", "Status", "ActivityDate",
            "CompletedDateTime", "TaskSubtype", "Owner.Name",
        ),
    ),
}  # fmt: skip


def export(
    rest: SalesforceRest, what: Export, since: datetime | None
) -> Iterator[Mapping[str, str | None]]:
    """See `Connector.export`. A field that the org hides from our user, or lacks, is empty."""
    sobject, fields = EXPORTS[what]
    seen = visible_fields(rest, sobject)
    asked = [field for field in fields if field in seen or "." in field]
    soql = f"SELECT Id, {', '.join(asked)} FROM {sobject}"
    if since is not None:
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        soql += f" WHERE SystemModstamp >= {moment}"
    for row in rest.query_iter(f"{soql} ORDER BY Id"):
        yield {"Id": row["Id"]} | {field: _text(_value(row, field)) for field in fields}


def _value(row: Mapping[str, Any], field: str) -> Any:  # noqa: ANN401
    first, _, rest = field.partition(".")
    return (row.get(first) or {}).get(rest) if rest else row.get(first)


def _text(value: Any) -> str | None:  # noqa: ANN401
    return None if value is None or value == "" else str(value)
