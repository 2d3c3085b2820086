"""What Pipedrive knows of customers and deals, as flat rows of text for the inbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from crm.connectors.connector import Export
from crm.connectors.pipedrive.api import PipedriveApi

# Leads of the leads inbox are behind the older API only.
# What is exported -> the list and its columns.
EXPORTS: Final[Mapping[Export, tuple[str, tuple[str, ...]]]] = {
    "companies": (
        "organizations",
        ("name", "address", "website", "owner_id", "add_time", "update_time"),
    ),
    "contacts": (
        "persons",
        ("name", "org_id", "emails", "phones", "owner_id", "add_time", "update_time"),
    ),
    "deals": (
        "deals",
        (
            "title", "org_id", "person_id", "value", "currency", "status", "stage_id",
            "pipeline_id", "owner_id", "lost_reason", "won_time", "lost_time", "close_time",
            "expected_close_date", "add_time", "update_time",
        ),
    ),
    "activities": (
        "activities",
        (
            "subject", "type", "done", "due_date", "marked_as_done_time", "org_id", "deal_id",
            "person_id", "owner_id", "add_time", "update_time",
        ),
    ),
}  # fmt: skip


def export(
    api: PipedriveApi, what: Export, since: datetime | None
) -> Iterator[Mapping[str, str | None]]:
    """See `Connector.export`."""
    if what not in EXPORTS:
        return
    kind, columns = EXPORTS[what]
    params: dict[str, str | int] = {}
    if since is not None:
        params["updated_since"] = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    for row in api.rows(f"/api/v2/{kind}", params):
        yield {"id": str(row["id"])} | {name: _text(row.get(name)) for name in columns}


def _text(value: Any) -> str | None:  # noqa: ANN401
    """Return an address by its one line, of several e-mail addresses the first one."""
    if isinstance(value, list):
        main = next((one for one in value if one.get("primary")), value[0] if value else None)
        return _text(main)
    if isinstance(value, dict):
        return _text(value.get("value"))
    if isinstance(value, bool):
        return str(value).lower()
    return None if value in (None, "") else str(value)
