"""What Dynamics knows of customers and deals, as flat rows of text for the inbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from crm.connectors.connector import Export
from crm.connectors.dynamics.api import FORMATTED, DataverseApi
from crm.connectors.dynamics.installing import columns

# What is exported -> Dataverse's table, the column of its id, and its columns. Of one that refers
# to another record (`_…_value`) both its id and, with `.name`, what people see are given.
EXPORTS: Final[Mapping[Export, tuple[str, str, tuple[str, ...]]]] = {
    "companies": (
        "account",
        "accountid",
        (
            "name", "accountnumber", "websiteurl", "telephone1", "emailaddress1",
            "address1_line1", "address1_postalcode", "address1_city", "address1_country",
            "statecode", "_ownerid_value",
        ),
    ),
    "contacts": (
        "contact",
        "contactid",
        (
            "_parentcustomerid_value", "firstname", "lastname", "jobtitle", "emailaddress1",
            "telephone1", "donotemail", "donotbulkemail", "statecode",
        ),
    ),
    "deals": (
        "opportunity",
        "opportunityid",
        (
            "_customerid_value", "name", "estimatedvalue", "actualvalue", "stepname", "statecode",
            "statuscode", "createdon", "actualclosedate", "estimatedclosedate", "_ownerid_value",
        ),
    ),
    "leads": (
        "lead",
        "leadid",
        (
            "companyname", "firstname", "lastname", "jobtitle", "emailaddress1", "telephone1",
            "websiteurl", "address1_line1", "address1_postalcode", "address1_city",
            "address1_country", "subject", "leadsourcecode", "estimatedvalue", "statecode",
            "statuscode", "createdon", "_parentaccountid_value", "_qualifyingopportunityid_value",
            "donotemail", "donotbulkemail", "_ownerid_value",
        ),
    ),
    "activities": (
        "task",
        "activityid",
        (
            "_regardingobjectid_value", "subject", "statecode", "scheduledend", "actualend",
            "createdon", "_ownerid_value",
        ),
    ),
}  # fmt: skip


def export(
    api: DataverseApi, what: Export, since: datetime | None
) -> Iterator[Mapping[str, str | None]]:
    """See `Connector.export`. A column that the environment lacks is empty."""
    table, key, wanted = EXPORTS[what]
    there = columns(api, table)
    select = [name for name in wanted if name in there or _attribute(name) in there]
    condition = None
    if since is not None:
        condition = f"modifiedon ge {since.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}"
    for row in api.rows(table, [key, *select], condition, named=True):
        told: dict[str, str | None] = {key: row[key]}
        for name in wanted:
            told[name] = _text(row.get(name))
            if name.startswith("_"):
                told[f"{_attribute(name)}.name"] = _text(row.get(f"{name}@{FORMATTED}"))
        yield told


def _attribute(name: str) -> str:
    """Return the column behind `_…_value`."""
    return name.removeprefix("_").removesuffix("_value")


def _text(value: Any) -> str | None:  # noqa: ANN401
    return None if value is None or value == "" else str(value)
