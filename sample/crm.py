"""The CRM's exports: companies, contacts, deals with their stages (xlsx)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sample import spelling
from sample.chance import pick
from sample.erp import Erp
from sample.files import Written
from sample.firms import Firm, Person, transliterate
from sample.workbook import Sheet, write_workbook
from sample.world import World

_AUTHOR = "CRM-Export"
# fmt: off
_COMPANY_HEADER = [
    "Firmen-ID", "Firma", "Straße", "PLZ", "Ort", "Land", "Telefon", "E-Mail", "Webseite",
    "USt-IdNr.", "Branche", "Mitarbeiterzahl", "Betreuer", "Kundennummer", "Angelegt am",
]
# fmt: on
# fmt: off
_CONTACT_HEADER = [
    "Kontakt-ID", "Firmen-ID", "Firma", "Anrede", "Vorname", "Nachname", "Funktion", "E-Mail",
    "Telefon", "Aktiv", "Ausgeschieden am",
]
# fmt: on
# fmt: off
_DEAL_HEADER = [
    "Deal-ID", "Firmen-ID", "Firma", "Titel", "Kontakt E-Mail", "Phase", "Status", "Betrag",
    "Quelle", "Angelegt am", "Geschlossen am", "Verantwortlich", "Produktbereich",
    "Verlustgrund",
]
# fmt: on


@dataclass(frozen=True)
class _Deals:
    """The rows of both sheets of deals, and per lead what the deal is about and with whom."""

    rows: list[Sequence[Any]]
    stages: list[Sequence[Any]]
    groups: list[str]
    people: list[Person]


class Crm:
    """What the CRM knows: which firms it holds (some twice, some not at all), who, which deals."""

    def __init__(self, world: World, erp: Erp) -> None:
        self.world, self.erp = world, erp
        rng = world.chance("crm")
        has_lead = set(world.leads.firm.tolist())
        entries = []
        for firm in world.firms:
            is_held = firm.number in has_lead or rng.random() < 0.93
            copies = is_held + (is_held and rng.random() < 0.06)
            entries += [(firm, copy) for copy in range(copies)]
        # Copies were typed in later than their originals, so they stand further down.
        order = rng.permutation(len(entries))
        order = order[np.argsort([entries[i][1] * 0.4 + rng.random() for i in order])]
        self.entries = [(f"F-{number:05d}", *entries[i]) for number, i in enumerate(order, 1)]
        self.ids: dict[int, list[str]] = {}
        self.names: dict[str, str] = {}
        for company_id, firm, copy in sorted(self.entries, key=lambda e: e[2]):
            self.ids.setdefault(firm.number, []).append(company_id)
            habit = spelling.FAIR if copy else spelling.CRM
            self.names[company_id] = spelling.spell(firm, habit, rng)
        self.first_lead: dict[int, int] = {}
        for number, created in zip(
            world.leads.firm.tolist(), world.leads.created.tolist(), strict=True
        ):
            self.first_lead.setdefault(number, created)
        self.contacts = list(self._choose_contacts())

    def write(self, inbox: Path) -> list[Written]:
        """Write the three workbooks."""
        return [
            *write_workbook(
                inbox / "crm_firmen.xlsx",
                [Sheet("Firmen", _COMPANY_HEADER, self._companies())],
                _AUTHOR,
            ),
            *write_workbook(
                inbox / "crm_kontakte.xlsx",
                [Sheet("Kontakte", _CONTACT_HEADER, self._contact_rows())],
                _AUTHOR,
            ),
            *write_workbook(
                inbox / "crm_deals.xlsx",
                [
                    Sheet("Deals", _DEAL_HEADER, self._deals.rows),
                    Sheet("Phasenhistorie", ("Deal-ID", "Phase", "Seit"), self._deals.stages),
                ],
                _AUTHOR,
            ),
        ]

    def deal_id(self, number: int) -> str:
        """Return the CRM's id of the lead (its position in World.leads)."""
        year = self.world.calendar.day(int(self.world.leads.created[number])).year
        return f"D-{year}-{number + 1:05d}"

    def company_of(self, firm: int, number: int) -> str:
        """Return the company record that a contact or deal hangs on: mostly the original."""
        ids = self.ids[firm]
        return ids[-1] if number % 4 == 0 else ids[0]

    def _companies(self) -> Iterator[Sequence[Any]]:
        world, rng = self.world, self.world.chance("crm companies")
        for company_id, firm, copy in self.entries:
            known = rng.random(10) + 0.25 * copy
            moved = firm.old_place is not None and rng.random() < 0.5
            place = firm.old_place if moved and firm.old_place else firm.place
            customer = world.customer_of.get(firm.number)
            town = transliterate(place.town) if known[0] < 0.05 else place.town
            yield [
                company_id,
                self.names[company_id],
                spelling.street(place, rng) if known[1] < 0.93 else None,
                place.postcode if known[2] < 0.96 else None,
                town,
                "Deutschland",
                spelling.phone(firm, "0", rng) if known[3] < 0.88 else None,
                self._mail(firm, rng) if known[4] < 0.8 else None,
                f"www.{firm.domain}" if known[5] < 0.86 else None,
                firm.vat_id if known[6] < (0.55 if customer is not None else 0.2) else None,
                firm.industry if known[7] < 0.93 else None,
                self._size(firm, rng) if known[8] < 0.9 else None,
                world.owner[firm.number],
                self._customer_number(customer, float(known[9])),
                self._created(firm, rng),
            ]

    def _mail(self, firm: Firm, rng: np.random.Generator) -> str:
        return firm.mailbox if rng.random() < 0.75 else self.world.people[firm.number][0].email

    def _size(self, firm: Firm, rng: np.random.Generator) -> int:
        return firm.employees if rng.random() < 0.7 else max(5, round(firm.employees / 10) * 10)

    def _customer_number(self, customer: int | None, chance: float) -> int | None:
        return int(self.erp.number[customer]) if customer is not None and chance < 0.55 else None

    def _created(self, firm: Firm, rng: np.random.Generator) -> date:
        lead = self.first_lead.get(firm.number)
        is_customer_before = (
            self.world.start_days[self.world.customer_of[firm.number]] < 0
            if (firm.number in self.world.customer_of)
            else False
        )
        if lead is not None and not is_customer_before:
            return self.world.calendar.day(lead)
        return self.world.calendar.first - timedelta(days=int(rng.integers(1, 1500)))

    def _choose_contacts(self) -> Iterator[tuple[str, str, Person]]:
        """Contact id, company id and person; not everybody is in the CRM."""
        rng, days = self.world.chance("crm contacts"), self.world.calendar.days
        number = 0
        for company_id, firm, copy in self.entries:
            for position, person in enumerate(self.world.people[firm.number]):
                share = 0.35 if copy else 0.96 if position == 0 else 0.88
                if person.since < days and rng.random() < share:
                    number += 1
                    yield f"K-{number:05d}", company_id, person

    def _contact_rows(self) -> Iterator[Sequence[Any]]:
        world, rng = self.world, self.world.chance("crm contact rows")
        for contact_id, company_id, person in self.contacts:
            known = rng.random(4)
            noticed = None if person.left is None else person.left + int(rng.integers(2, 30))
            is_noted = noticed is not None and noticed < world.calendar.days and known[0] < 0.85
            family = (
                spelling.slip(person.family_name, rng) if known[1] < 0.02 else person.family_name
            )
            yield [
                contact_id,
                company_id,
                self.names[company_id],
                "Frau" if person.is_female else "Herr",
                person.given_name,
                family,
                person.role if known[2] < 0.9 else None,
                person.email if known[3] < 0.93 else None,
                spelling.phone(person.firm, person.extension, rng),
                "nein" if is_noted else "ja",
                world.calendar.day(person.left) if is_noted and person.left is not None else None,
            ]

    @property
    def deal_groups(self) -> list[str]:
        """Per lead (its position in World.leads) the product group that it is about."""
        return self._deals.groups

    @property
    def deal_people(self) -> list[Person]:
        """Per lead its contact person."""
        return self._deals.people

    @cached_property
    def _deals(self) -> _Deals:
        world, rng = self.world, self.world.chance("crm deals")
        leads, day_of = world.leads, world.calendar.day
        names, groups = world.causes["leads"]["stages"], list(world.words["articles"])[:-1]
        titles = world.words["deal_titles"]
        made = _Deals([], [], [], [])
        for i in range(len(leads.firm)):
            firm, created, closed = int(leads.firm[i]), int(leads.created[i]), int(leads.closed[i])
            company_id, deal_id = self.company_of(firm, i), self.deal_id(i)
            is_closed = closed < world.calendar.days
            steps = [
                (names[k], int(day))
                for k, day in enumerate(leads.entered[i])
                if 0 <= day < world.calendar.days
            ]
            status = ("Gewonnen" if leads.is_won[i] else "Verloren") if is_closed else "offen"
            if is_closed:
                steps.append((status, closed))
            group = pick(groups, rng)
            title = pick(titles, rng).format(g=group, n=int(rng.integers(1, 60)))
            person = world.person(firm, created, rng)
            reason = pick(world.words["lost_reasons"], rng)
            made.groups.append(group)
            made.people.append(person)
            made.rows.append([
                deal_id, company_id, self.names[company_id], title,
                person.email if rng.random() < 0.85 else None,
                steps[-1][0], status, float(leads.amount[i]), str(leads.source[i]),
                day_of(created), day_of(closed) if is_closed else None, str(world.owner[firm]),
                group, reason if status == "Verloren" and rng.random() < 0.8 else None,
            ])  # fmt: skip
            made.stages.extend([deal_id, name, day_of(day)] for name, day in steps)
        return made
