"""What was offered, to whom and against whom: offer lines, people of a deal, rivals' prices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sample.chance import pick
from sample.crm import Crm
from sample.erp import Erp, comma
from sample.files import Broken, Value, Written, dotted, write_csv
from sample.firms import Person
from sample.workbook import Sheet, write_workbook
from sample.world import World

# fmt: off
_LINE_HEADER = (
    "Angebot", "Pos", "KdNr", "Deal-ID", "Angebotsdatum", "ArtNr", "Bezeichnung", "Menge", "ME",
    "Einzelpreis", "Rabatt %", "Nettowert",
)
_CONTACT_HEADER = ("Deal-ID", "Kontakt-ID", "Name", "E-Mail", "Rolle im Projekt")
_PRICE_HEADER = (
    "Wettbewerber", "Unsere ArtNr", "Artikel", "Preis", "Währung", "Einheit", "Gesehen am",
    "Quelle",
)
# fmt: on
_OFFER_STAGE = 2  # of process.yml's stages: "Angebot"
_FIRST_OFFER = 40_001


@dataclass(frozen=True)
class OfferLine:
    """One line of an offer: the lead (its position in World.leads), article and terms."""

    lead: int
    offer: int
    position: int
    day: int
    article: int
    quantity: int
    price: float  # list price of that day
    discount: float  # in per cent

    @property
    def net(self) -> float:
        """Net amount, to the cent."""
        return round(self.quantity * self.price * (1 - self.discount / 100), 2)


class Offers:
    """Offers of the leads that came so far, people who took part, what competitors ask."""

    def __init__(self, world: World, erp: Erp, crm: Crm) -> None:
        self.world, self.erp, self.crm = world, erp, crm

    def write(self, inbox: Path) -> list[Written]:
        """Write the three files."""
        return [
            write_csv(inbox / "erp_angebotspositionen.csv", _LINE_HEADER, self._line_rows()),
            *write_workbook(
                inbox / "crm_deal_kontakte.xlsx",
                [Sheet("Beteiligte", _CONTACT_HEADER, self._contact_rows())],
                "CRM-Export",
            ),
            *write_workbook(inbox / "wettbewerbspreise.xlsx", [self._prices()], "Innendienst"),
        ]

    @cached_property
    def lines(self) -> list[OfferLine]:
        """All lines, in the order of offers; their amounts add up to about the deal's."""
        world, rule, rng = self.world, self.world.causes["offers"], self.world.chance("offers")
        leads, found = world.leads, []
        groups = [article[2] for article in self.erp.articles]
        day = leads.entered[:, _OFFER_STAGE]
        made = np.flatnonzero((day >= 0) & (day < world.calendar.days))
        for offer, lead in enumerate(made[np.lexsort((made, day[made]))].tolist()):
            count = 1 + min(int(rng.poisson(rule["more_lines"])), 5)
            shares = rng.dirichlet(np.full(count, 2.0)) * float(leads.amount[lead])
            wanted = self.crm.deal_groups[lead]
            offered = np.flatnonzero([group == wanted for group in groups])
            articles = rng.permutation(offered)[:count]
            for position, (article, share) in enumerate(
                zip(articles.tolist(), shares.tolist(), strict=False), 1
            ):
                price = self.erp.list_price(article, int(day[lead]))
                quantity = max(1, round(share / price))
                terms = self._discount(lead, quantity, float(rng.standard_normal()))
                found.append(
                    OfferLine(
                        lead, offer, position, int(day[lead]), article, quantity, price, terms
                    )
                )
        return found

    def _discount(self, lead: int, quantity: int, luck: float) -> float:
        """Per cent, in halves: more for many pieces and in some industries, more on won offers."""
        rule, firm = self.world.causes["offers"]["discount"], self.world.leads.firm[lead]
        per_cent = (
            rule["base"]
            + rule["quantity"] * np.log(quantity)
            + rule["industry"].get(self.world.firms[int(firm)].industry, 0)
            + rule["won"] * bool(self.world.leads.is_won[lead])
            + rule["noise"] * luck
        )
        return float(np.clip(round(2 * per_cent) / 2, 0, rule["highest"]))

    def _line_rows(self) -> Iterator[Sequence[Any] | Broken]:
        world, rng = self.world, self.world.chance("offer rows")
        unlinked, total = world.causes["offers"]["unlinked"], 0.0
        broken = len(self.lines) // 2
        is_linked = True
        for number, line in enumerate(self.lines):
            if line.position == 1:
                is_linked, total = bool(rng.random() >= unlinked), 0.0
            sku, name, group, _ = self.erp.articles[line.article]
            customer = world.customer_of.get(int(world.leads.firm[line.lead]))
            is_customer = customer is not None and world.start_days[customer] <= line.day
            is_priced = rng.random() >= world.causes["offers"]["on_request"]
            total += line.net
            yield (
                f"AN{_FIRST_OFFER + line.offer}", line.position,
                int(self.erp.number[customer]) if is_customer else "",
                self.crm.deal_id(line.lead) if is_linked else "",
                dotted(world.calendar.day(line.day)), sku, name, line.quantity,
                "Std" if group == "Service" else "Stk",
                comma(line.price) if is_priced else "auf Anfrage",
                comma(line.discount) if is_priced else "", comma(line.net) if is_priced else "",
            )  # fmt: skip
            if number == broken:
                cells = [""] * len(_LINE_HEADER)
                cells[6], cells[-1] = "Zwischensumme", comma(total)
                yield Broken("subtotal between the lines", ";".join(cells))

    def _contact_rows(self) -> Iterator[Sequence[Any]]:
        """Give the deal's contact and colleagues; who decides is there more often if it is won."""
        world, rng = self.world, self.world.chance("deal contacts")
        rule, words = world.causes["offers"]["takes_part"], world.words["deal_roles"]
        ids: dict[int, dict[str, str]] = {}
        for contact_id, company_id, person in self.crm.contacts:
            ids.setdefault(person.number, {})[company_id] = contact_id
        for lead, main in enumerate(self.crm.deal_people):
            firm, day = int(world.leads.firm[lead]), int(world.leads.created[lead])
            company = self.crm.company_of(firm, lead)
            for person in world.people[firm]:
                drawn, told = rng.random(2)
                share = rule["usual"]
                if person.role in rule["deciders"] and world.leads.is_won[lead]:
                    share += rule["decider_if_won"]
                known = ids.get(person.number)
                if known is None or not person.is_there(day):
                    continue
                if person is main or drawn < share:
                    contact_id = known.get(company) or next(iter(known.values()))
                    role = words.get(person.role) if told < rule["role_told"] else None
                    yield self._contact(lead, contact_id, person, role, rng)

    def _contact(
        self, lead: int, contact_id: str, person: Person, role: str | None, rng: np.random.Generator
    ) -> Sequence[Any]:
        name = f"{person.given_name} {person.family_name}"
        shown = pick((name, f"{person.family_name}, {person.given_name}", person.family_name), rng)
        email = person.email if rng.random() < 0.9 else None
        return [self.crm.deal_id(lead), contact_id, shown, email, role]

    def _prices(self) -> Sheet:
        rows = sorted(self._price_rows(), key=lambda row: (row[6], row[0], row[1]))
        notes = (
            "Wettbewerbspreise – bitte nur mit Datum und Quelle eintragen",
            "Preise netto, sofern bekannt; Rückfragen an den Innendienst",
        )
        return Sheet("Preise", _PRICE_HEADER, rows, notes=notes, is_plain=True)

    def _price_rows(self) -> Iterator[list[Any]]:
        """Per article some competitors, seen now and then; some in francs, some for ten pieces."""
        world, rng = self.world, self.world.chance("competitor prices")
        rule, days = world.causes["offers"]["competitors"], world.calendar.days
        sources = world.words["price_sources"]
        for article, (sku, name, group, _) in enumerate(self.erp.articles):
            for competitor, level in world.words["competitors"].items():
                times = int(rng.poisson(rule["seen"])) if group != "Service" else 0
                seen = np.unique(days - 1 - (days * rng.random(times) ** 2).astype(int))
                for day in seen.clip(0).tolist():
                    price = self.erp.list_price(article, day) * level
                    price *= float(np.exp(rule["spread"] * rng.standard_normal()))
                    abroad, pack, form, blank = rng.random(4)
                    currency = "CHF" if abroad < 0.05 else "EUR" if abroad < 0.7 else None
                    price *= 0.95 if currency == "CHF" else 1
                    unit, times_ten = ("10 Stk", 10) if pack < 0.04 else ("Stk", 1)
                    yield [
                        competitor, sku, name, _written(price * times_ten, float(form)), currency,
                        unit if blank < 0.8 or times_ten > 1 else None, world.calendar.day(day),
                        pick(sources, rng),
                    ]  # fmt: skip


def _written(price: float, form: float) -> Value:
    """Write a price as people do: mostly a number, some with a sign, few that none can read."""
    if form < 0.03:
        return f"ca. {price:.0f}-{1.1 * price:.0f}"
    return f"{comma(price)} €" if form < 0.15 else round(price, 2)
