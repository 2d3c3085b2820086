"""What Tryton knows of customers and deals, as flat rows of text for the inbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from crm.connectors.connector import Export
from crm.connectors.paging import Pages
from crm.connectors.tryton.rpc import TrytonRpc

ROWS_PER_CALL: Final = 1000
# Leads are deals of the state `lead`; activities need further modules.
# What is exported -> Tryton's model and its fields. A dotted field is one of the record that the
# first part refers to.
EXPORTS: Final[Mapping[Export, tuple[str, tuple[str, ...]]]] = {
    "companies": (
        "party.party",
        ("code", "name", "active", "replaced_by.code", "lang.code"),
    ),
    "contacts": (
        "party.contact_mechanism",
        ("party.code", "type", "value", "name", "active"),
    ),
    "deals": (
        "sale.opportunity",
        (
            "number", "party.code", "description", "state", "amount", "start_date", "end_date",
            "reifegrad_stage", "reifegrad_owner", "lost_reason",
        ),
    ),
}  # fmt: skip


def export(
    rpc: TrytonRpc, what: Export, since: datetime | None
) -> Iterator[Mapping[str, str | None]]:
    """See `Connector.export`."""
    if what not in EXPORTS:
        return
    model, fields = EXPORTS[what]
    domain: list[Any] = []
    if since is not None:
        moment = {"__class__": "datetime", **_parts(since)}
        domain = ["OR", ["write_date", ">=", moment], ["create_date", ">=", moment]]
    offset, pages = 0, Pages(model)
    while rows := rpc.call(
        f"model.{model}.search_read",
        domain, offset, ROWS_PER_CALL, [["id", "ASC"]], list(fields), active_test=False,
    ):  # fmt: skip
        pages.turn(rows[0]["id"])
        for row in rows:
            yield {"id": str(row["id"])} | {field: _text(_value(row, field)) for field in fields}
        offset += len(rows)


def _value(row: Mapping[str, Any], field: str) -> Any:  # noqa: ANN401
    first, _, rest = field.partition(".")
    return (row.get(f"{first}.") or {}).get(rest) if rest else row[first]


def _text(value: Any) -> str | None:  # noqa: ANN401
    if value is None or value == "":
        return None
    if isinstance(value, dict):
        if value.get("__class__") == "date":
            return f"{value['year']:04}-{value['month']:02}-{value['day']:02}"
        if value.get("__class__") == "Decimal":
            return str(value["decimal"])
    return str(value)


def _parts(moment: datetime) -> dict[str, int]:
    return {
        name: getattr(moment, name)
        for name in ("year", "month", "day", "hour", "minute", "second", "microsecond")
    }
