"""What happened in the CRM after its export was made: no file of the inbox tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sample.crm import Crm
from sample.firms import Firm

SINCE_EXPORT: Final = "crm_since_export.csv"
"""The file of the truth that tells it."""
HEADER: Final = ("event", "company_id", "into", "name", "vat_id", "website")
_MERGED: Final = 1 / 3  # of the firms that the CRM holds twice
_GONE: Final = 1 / 150  # of the customers, deleted and archived each
_ENTERED: Final = 1 / 5  # of the customers that the CRM's export lacks


def happened_since(crm: Crm) -> Iterator[Sequence[str]]:
    """Yield what people did, one row each; of each kind one at least where there is a firm for it.

    `merged`: a record of a firm that is there twice, into the first; `deleted` and `archived`: a
    customer's only record, without any deal (Tryton lets nobody delete one that has deals);
    `entered`: a customer that only the ERP had known, under its VAT identifier, which the ERP's
    export shows as well.
    """
    twice = [ids for _, ids in sorted(crm.ids.items()) if len(ids) > 1]
    for first, second in twice[: _at_least_one(_MERGED, twice)]:
        yield "merged", second, first, "", "", ""
    customers = [firm for firm in crm.world.firms if firm.number in crm.world.customer_of]
    has_deal = set(crm.world.leads.firm.tolist())
    alone = [
        crm.ids[firm.number][0]
        for firm in customers
        if len(crm.ids.get(firm.number, ())) == 1 and firm.number not in has_deal
    ]
    rng = crm.world.chance("crm since its export")
    for event in ("deleted", "archived"):
        for _ in range(min(len(alone), _at_least_one(_GONE, customers))):
            yield event, alone.pop(int(rng.random() * len(alone))), "", "", "", ""
    yield from _entered(crm, [firm for firm in customers if firm.number not in crm.ids])


def _entered(crm: Crm, unknown: Sequence[Firm]) -> Iterator[Sequence[str]]:
    shown = crm.erp.vat_ids
    known = [firm for firm in unknown if shown.get(crm.world.customer_of[firm.number])]
    for place, firm in enumerate(known[: _at_least_one(_ENTERED, unknown)], len(crm.entries) + 1):
        yield "entered", f"F-{place:05d}", "", firm.name, firm.vat_id, f"www.{firm.domain}"


def _at_least_one(share: float, among: Sequence[object]) -> int:
    return max(1, round(share * len(among)))
