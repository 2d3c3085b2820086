"""What is really so, written beside the inbox: who is who, true chances, broken lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sample.calendar import BLOCK_DAYS
from sample.crm import Crm
from sample.crm_since import HEADER, SINCE_EXPORT, happened_since
from sample.customers import STATES
from sample.erp import Erp
from sample.files import Defect, Written, write_csv
from sample.lists import Lists
from sample.marketing import Newsletter, Website
from sample.service import Desk
from sample.world import World

_FORM: dict[str, Any] = {"encoding": "utf-8", "delimiter": ","}
_ACTIVE_DAYS = 365


def write_truth(
    folder: Path,
    world: World,
    erp: Erp,
    crm: Crm,
    newsletter: Newsletter,
    website: Website,
    desk: Desk,
    lists: Lists,
    defects: Sequence[Defect],
) -> list[Written]:
    """Write all truth files as plain UTF-8 CSV."""
    identities = _identities(world, erp, crm, newsletter, desk, lists)
    return [
        write_csv(folder / "customers.csv", ("customer", "name", "industry", "employees", "domain",
                  "customer_no", "started"), _customers(world, erp), **_FORM),
        write_csv(folder / "identities.csv", ("source", "key", "customer", "person"), identities,
                  **_FORM),
        write_csv(folder / "interactions.csv", ("source", "key", "customer"),
                  _interactions(world, newsletter, website), **_FORM),
        write_csv(folder / "churn.csv", ("customer", "as_of", "probability", "is_silent", "state",
                  "days_since_order"), _churn(world), **_FORM),
        write_csv(folder / "leads.csv", ("key", "customer", "created_on", "probability",
                  "probability_at_end", "is_open", "is_won"), _leads(world, crm), **_FORM),
        write_csv(folder / SINCE_EXPORT, HEADER, happened_since(crm), **_FORM),
        write_csv(folder / "defects.csv", ("file", "sheet", "row_number", "defect", "text"),
                  ((d.file, d.sheet, d.row_number, d.defect, d.text) for d in defects), **_FORM),
    ]  # fmt: skip


def _customers(world: World, erp: Erp) -> Iterator[Sequence[Any]]:
    for firm in world.firms:
        j = world.customer_of.get(firm.number)
        number = "" if j is None else int(erp.number[j])
        since = (
            ""
            if j is None or world.start_days[j] < 0
            else world.calendar.day(int(world.start_days[j])).isoformat()
        )
        yield (firm.true_id, firm.name, firm.industry, firm.employees, firm.domain, number, since)


def _identities(
    world: World, erp: Erp, crm: Crm, newsletter: Newsletter, desk: Desk, lists: Lists
) -> Iterator[Sequence[Any]]:
    for number, j in erp.accounts:
        yield "erp_customers", number, world.firms[world.firm_of[j]].true_id, ""
    for company_id, firm, _ in crm.entries:
        yield "crm_companies", company_id, firm.true_id, ""
    for contact_id, _, person in crm.contacts:
        yield "crm_contacts", contact_id, person.firm.true_id, person.true_id
    for lead, number in enumerate(world.leads.firm.tolist()):
        yield "crm_deals", crm.deal_id(lead), world.firms[number].true_id, ""
    for person, _, _ in newsletter.recipients:
        yield "newsletter_recipients", person.email, person.firm.true_id, person.true_id
    for ticket in desk.tickets:
        firm = world.firms[world.firm_of[ticket.customer]]
        yield "service_tickets", ticket.number, firm.true_id, ""
    kept = (
        ("fair_contacts", [entry for entries in lists.fair.values() for entry in entries]),
        ("sales_list", lists.sales),
        ("objections", lists.objections),
    )
    for source, entries in kept:
        for entry in entries:
            yield source, entry.key, entry.firm.true_id, entry.person.true_id


def _interactions(
    world: World, newsletter: Newsletter, website: Website
) -> Iterator[Sequence[Any]]:
    who, _, _ = newsletter.actions
    for number, index in enumerate(who.tolist(), 1):
        yield "newsletter_actions", f"N{number:07d}", newsletter.recipients[index][0].firm.true_id
    for number, firm in enumerate(website.firm.tolist()):
        yield "web_visits", website.visit_id(number), world.firms[firm].true_id


def _churn(world: World) -> Iterator[Sequence[Any]]:
    """Per block end every customer who ordered in the year before: chance and what came."""
    history, orders = world.history, world.history.orders
    last = np.full(len(world.firm_of), -(10**6))
    ends = np.searchsorted(orders.day, np.arange(world.calendar.blocks + 1) * BLOCK_DAYS)
    for block in range(world.calendar.blocks):
        span = slice(ends[block], ends[block + 1])
        np.maximum.at(last, orders.customer[span], orders.day[span])
        since = (block + 1) * BLOCK_DAYS - 1 - last
        as_of = world.calendar.block_end(block).isoformat()
        for j in np.flatnonzero((since < _ACTIVE_DAYS) & (since <= (block + 1) * BLOCK_DAYS)):
            yield (
                world.firms[world.firm_of[j]].true_id,
                as_of,
                f"{history.probability[block, j]:.4f}",
                int(history.silent[block, j]),
                STATES[history.state[block, j]],
                int(since[j]),
            )


def _leads(world: World, crm: Crm) -> Iterator[Sequence[Any]]:
    leads, days = world.leads, world.calendar.days
    at_end = leads.probability_given_stage(days - 1, world.causes["leads"]["lost_in_stage"])
    for i in range(len(leads.firm)):
        yield (
            crm.deal_id(i),
            world.firms[leads.firm[i]].true_id,
            world.calendar.day(int(leads.created[i])).isoformat(),
            f"{leads.probability[i]:.4f}",
            f"{at_end[i]:.4f}" if leads.closed[i] >= days else int(leads.is_won[i]),
            int(leads.closed[i] >= days),
            int(leads.is_won[i]),
        )
