"""What a party and an opportunity get when the push creates them in Tryton."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from config.language import _
from crm.connectors.tryton.rpc import TrytonRpc, to_date
from crm.errors import CrmRejectedError
from crm.records import Change

PARTIES_PER_SEARCH: Final = 1000


def new_parties(rpc: TrytonRpc, changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Return the values of new parties: name, address and contacts, with our key as the code."""
    codes = {(c.master or {}).get("country_code") for c in changes} - {None}
    countries = {
        row["code"]: row["id"]
        for row in rpc.call(
            "model.country.country.search_read",
            [["code", "in", sorted(codes)]], 0, None, None, ["code"],
        )
    }  # fmt: skip
    return [{"code": change.key} | _party(change.master or {}, countries) for change in changes]


def new_opportunities(rpc: TrytonRpc, changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Return the values of new opportunities, each with its party and the person to talk to.

    Raises:
        CrmRejectedError: the customer of one is not in the CRM.

    """
    for change in changes:
        if not (change.master or {}).get("parent_id"):
            parent = (change.master or {}).get("parent")
            raise CrmRejectedError(_("the CRM has no party for {key}").format(key=parent))
    company = rpc.company
    (row,) = rpc.call("model.company.company.read", [company], ["currency"])
    contacts = _contacts(rpc, changes)
    return [
        {"reifegrad_key": change.key, "company": company, "currency": row["currency"]}
        | _opportunity(change.master or {})
        | {"contact": contacts.get(change.key)}
        for change in changes
    ]


def _contacts(rpc: TrytonRpc, changes: Sequence[Change]) -> dict[str, int]:
    """Find the contact of each lead; a person that the party lacks is added to it.

    Returns:
        The key of the lead to the id of a contact mechanism of its party: the person's
        address, else the party's own first one; none if there is neither.

    """
    people = {
        change.key: (int(master["parent_id"]), master.get("contact_email"), master)
        for change in changes
        if (master := change.master)
    }
    ids = sorted({party for party, _, _ in people.values()})
    known = _read_contacts(rpc, ids)
    values = {(row["party"], row["value"]) for row in known}
    missing = {
        (party, email): {
            **{"party": party, "type": "email", "value": email},
            "name": master.get("contact_name"),
        }
        for party, email, master in people.values()
        if email and (party, email) not in values
    }
    if missing:
        rpc.call("model.party.contact_mechanism.create", list(missing.values()))
        known = _read_contacts(rpc, ids)
    first: dict[int, int] = {}
    for row in known:
        first.setdefault(row["party"], row["id"])
    found = {(row["party"], row["value"]): row["id"] for row in known}
    return {
        key: contact
        for key, (party, email, _) in people.items()
        if (contact := found.get((party, email)) or first.get(party))
    }


def _read_contacts(rpc: TrytonRpc, parties: Sequence[int]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for start in range(0, len(parties), PARTIES_PER_SEARCH):
        rows += rpc.call(
            "model.party.contact_mechanism.search_read",
            [["party", "in", list(parties[start : start + PARTIES_PER_SEARCH])]],
            0, None, [["id", "ASC"]], ["party", "value"],
        )  # fmt: skip
    return rows


def _party(master: dict[str, Any], countries: dict[str, int]) -> dict[str, Any]:
    address = {
        "street": master.get("street"),
        "postal_code": master.get("postcode"),
        "city": master.get("city"),
        "country": countries.get(master.get("country_code") or ""),
    }
    contacts = [
        {"type": kind, "value": master[kind]}
        for kind in ("phone", "email", "website")
        if master.get(kind)
    ]
    return {
        "name": master.get("name"),
        "addresses": [["create", [address]]] if any(address.values()) else [],
        "contact_mechanisms": [["create", contacts]] if contacts else [],
    }


def _opportunity(master: dict[str, Any]) -> dict[str, Any]:
    amount, created_on = master.get("amount"), master.get("created_on")
    values = {
        "description": master.get("title"),
        "party": int(master["parent_id"]),
        "reifegrad_stage": master.get("lead_stage"),
        "reifegrad_owner": master.get("owner"),
    }
    if amount is not None:
        values["amount"] = {"__class__": "Decimal", "decimal": f"{amount:.2f}"}
    if created_on is not None:
        values["start_date"] = to_date(date.fromisoformat(str(created_on)))
    return values
