"""What HubSpot knows of customers and deals, as flat rows of text for the inbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from crm.connectors.connector import Export
from crm.connectors.hubspot.api import HubspotApi, Row
from crm.connectors.paging import Pages

# Leads are contacts by their `lifecyclestage`.
# The kinds of records that are exported as one thing, each with its properties.
EXPORTS: Final[Mapping[Export, Mapping[str, tuple[str, ...]]]] = {
    "companies": {
        "companies": (
            "name", "domain", "address", "zip", "city", "country", "phone", "industry",
            "lifecyclestage", "hubspot_owner_id", "createdate",
        )
    },
    "contacts": {
        "contacts": (
            "firstname", "lastname", "email", "phone", "jobtitle", "associatedcompanyid",
            "lifecyclestage", "hubspot_owner_id", "createdate", "hs_email_optout",
        )
    },
    "deals": {
        "deals": (
            "dealname", "amount", "pipeline", "dealstage", "closedate", "hs_is_closed",
            "hs_is_closed_won", "hubspot_owner_id", "createdate",
            "hs_primary_associated_company",
        )
    },
    "activities": {
        "calls": ("hs_timestamp", "hs_call_title", "hs_call_direction", "hubspot_owner_id"),
        "meetings": ("hs_timestamp", "hs_meeting_title", "hs_meeting_outcome",
                     "hubspot_owner_id"),
    },
}  # fmt: skip
CHANGED: Final = {"contacts": "lastmodifieddate"}  # elsewhere hs_lastmodifieddate


def export(
    api: HubspotApi, what: Export, since: datetime | None
) -> Iterator[Mapping[str, str | None]]:
    """See `Connector.export`. All from a list, what changed since then from a search."""
    kinds = EXPORTS.get(what, {})
    columns = list(dict.fromkeys(name for names in kinds.values() for name in names))
    for kind, names in kinds.items():
        for row in _rows(api, kind, names, since):
            told = row["properties"]
            flat: dict[str, str | None] = {"id": row["id"]}
            if len(kinds) > 1:
                flat["kind"] = kind
            flat |= {name: told.get(name) or None for name in columns}
            yield flat | {"updated_at": row["updated"].isoformat() if row["updated"] else None}


def _rows(
    api: HubspotApi, kind: str, names: tuple[str, ...], since: datetime | None
) -> Iterator[Row]:
    if since is not None:
        changed = {
            "propertyName": CHANGED.get(kind, "hs_lastmodifieddate"),
            "operator": "GTE",
            "value": str(int(since.timestamp() * 1000)),
        }
        yield from api.search(kind, [[changed]], names)
        return
    after: str | None = None
    pages = Pages(kind)
    while True:
        rows, after = api.page(kind, names, after)
        yield from rows
        if after is None:
            return
        pages.turn(after)
