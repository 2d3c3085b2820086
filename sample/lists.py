"""Lists that people keep by hand: the fair, one salesperson's customers, objections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from sample import leads as lead_process
from sample import spelling
from sample.chance import pick
from sample.erp import Erp
from sample.files import Broken, Value, Written, dotted, write_csv
from sample.firms import Firm, Person
from sample.workbook import Sheet, write_workbook
from sample.world import World

FAIR = "Drehwerktage"
# fmt: off
_FAIR_HEADER = [
    "Lead-Nr.", "Firma", "PLZ", "Ort", "Branche", "Anrede", "Vorname", "Nachname", "Funktion",
    "E-Mail", "Telefon", "Gespräch am", "Interesse", "Notiz", "Standpersonal",
]
# fmt: on
_SALES_HEADER = (
    "Nr.",
    "Kunde",
    "PLZ",
    "Ort",
    "Ansprechpartner",
    "Tel.",
    "Mail",
    "letzter Besuch",
    "Umsatz ca.",
    "Notizen",
)  # fmt: skip
_OBJECTION_HEADER = ("Lfd. Nr.", "Eingang", "Firma", "Ansprechpartner", "E-Mail", "KdNr",
                     "Widerspruch gegen", "Bearbeitet von")  # fmt: skip
_LONGEST_SALES_LIST = 1500


@dataclass(frozen=True)
class Entry:
    """One line of a hand-kept list: its key, the firm and the person behind it."""

    key: str
    firm: Firm
    person: Person
    day: int


class Lists:
    """The three lists; `fair`, `sales` and `objections` say who stands behind each line."""

    def __init__(self, world: World, erp: Erp) -> None:
        self.world, self.erp = world, erp
        self.fair = self._meet()
        self.sales = self._sell()
        self.objections = self._object()

    def write(self, inbox: Path) -> list[Written]:
        """Write the three files."""
        return [
            *write_workbook(inbox / "messe_kontakte.xlsx", self._fair_sheets(), "Messeteam"),
            *write_workbook(
                inbox / "kundenliste_aussendienst.xlsx", [self._sales_sheet()], "R. Blöhm"
            ),
            write_csv(inbox / "widersprueche.csv", _OBJECTION_HEADER, self._objection_rows()),
        ]

    def _meet(self) -> dict[int, list[Entry]]:
        """Per fair (its first day) whom we talked to: the leads it brought and regulars."""
        world, rng, result = self.world, self.world.chance("fair"), {}
        customers = np.arange(len(world.firm_of))
        for fair, first in enumerate(lead_process.fair_days(world.calendar), 1):
            came = world.leads.is_at_fair & (world.leads.created > first)
            came &= world.leads.created <= first + 30
            regulars = customers[(world.start_days < first) & (rng.random(len(customers)) < 0.06)]
            firms = np.unique(np.concatenate([world.leads.firm[came], world.firm_of[regulars]]))
            days = np.sort(first + rng.integers(0, 3, len(firms)))
            result[first] = [
                Entry(
                    f"M{fair}-{number:03d}",
                    world.firms[int(firm)],
                    world.person(int(firm), int(day), rng),
                    int(day),
                )
                for number, (firm, day) in enumerate(
                    zip(rng.permutation(firms), days, strict=True), 1
                )
            ]
        return result

    def _fair_sheets(self) -> list[Sheet]:
        rng = self.world.chance("fair rows")
        sheets = []
        for first, entries in self.fair.items():
            day = self.world.calendar.day(first)
            end = day + timedelta(days=2)
            notes = (
                f"{FAIR} {day.year} – Kontakte vom Stand (Halle 4, Stand C 12)",
                f"{dotted(day)} bis {dotted(end)}; Stand der Liste: {dotted(end + timedelta(3))}",
                "Bitte bis Ende der Woche nachfassen! Fragen an Meike.",
                "",
            )
            sheets.append(
                Sheet(
                    f"{FAIR} {day:%m-%Y}", _FAIR_HEADER, self._fair_rows(first, entries, rng), notes
                )
            )
        return sheets

    def _fair_rows(
        self, first: int, entries: list[Entry], rng: np.random.Generator
    ) -> Iterator[Sequence[Any] | Broken]:
        words, last = self.world.words, first
        for entry in entries:
            if entry.day != last:
                last = entry.day
                title = f"--- {entry.day - first + 1}. Messetag ---"
                blank = [None] * (len(_FAIR_HEADER) - 2)
                yield Broken("separator line inside the table", [None, title, *blank])
            firm, person, known = entry.firm, entry.person, rng.random(7)
            note = pick(words["fair_notes"], rng)
            group = pick(list(words["articles"]), rng)
            yield [
                entry.key,
                spelling.spell(firm, spelling.FAIR, rng),
                firm.place.postcode if known[0] < 0.6 else None,
                firm.place.town if known[1] < 0.9 else None,
                firm.industry if known[2] < 0.6 else None,
                "Frau" if person.is_female else "Herr",
                person.given_name if known[3] < 0.8 else None,
                person.family_name,
                person.role if known[4] < 0.6 else None,
                person.email if known[5] < 0.9 else None,
                spelling.phone(firm, person.extension, rng) if known[6] < 0.5 else None,
                self.world.calendar.day(entry.day),
                group,
                note.format(g=group, n=int(rng.integers(5, 50))) or None,
                pick(words["sales_people"], rng).split()[0],
            ]

    def _sell(self) -> list[Entry]:
        """Choose the customers (and a few hopefuls) of one salesperson, in no order."""
        world, rng = self.world, self.world.chance("sales list")
        mine = np.flatnonzero(world.owner == world.words["sales_people"][1])
        is_customer = np.isin(mine, world.firm_of)
        noted = mine[rng.random(len(mine)) < np.where(is_customer, 0.75, 0.12)]
        noted = rng.permutation(noted)[:_LONGEST_SALES_LIST]
        today = world.calendar.days - 1
        return [
            Entry(
                str(number),
                world.firms[int(firm)],
                self.world.people[int(firm)][0],  # perhaps long gone: nobody updates this list
                int(today - rng.exponential(120)),
            )
            for number, firm in enumerate(noted, 1)
        ]

    def _sales_sheet(self) -> Sheet:
        day = self.world.calendar.until
        note = f"Meine Kunden – R. Blöhm, Stand {day:%m/%y} (nicht löschen!!)"
        return Sheet("Tabelle1", _SALES_HEADER, self._sales_rows(), (note, ""), is_plain=True)

    def _sales_rows(self) -> Iterator[Sequence[Any] | Broken]:
        rng, total = self.world.chance("sales rows"), 0
        notes, groups = self.world.words["sales_notes"], list(self.world.words["articles"])
        for entry in self.sales:
            firm, person, known = entry.firm, entry.person, rng.random(6)
            is_moved = firm.old_place is not None and known[0] < 0.7
            place = firm.old_place if is_moved and firm.old_place else firm.place
            turnover = int(rng.lognormal(3, 0.8)) + 1
            total += turnover
            title = "Fr." if person.is_female else "Hr."
            note = pick(notes, rng)
            yield [
                int(entry.key),
                spelling.spell(firm, spelling.SALES, rng),
                int(place.postcode) if known[1] < 0.5 else None,  # Excel ate the leading zero
                place.town if known[2] < 0.9 else None,
                f"{title} {person.family_name}" if known[3] < 0.8 else None,
                spelling.phone(firm, person.extension, rng) if known[4] < 0.7 else None,
                person.email if known[5] < 0.45 else None,
                self._visit(entry.day, rng),
                pick((f"{turnover} T€", f"ca. {turnover}.000", f"{turnover}k", "?"), rng),
                note.format(g=pick(groups, rng), n=int(rng.integers(2, 40))) or None,
            ]
        sum_line = [None, "Summe", None, None, None, None, None, None, f"{total} T€", None]
        yield Broken("total below the table", sum_line)

    def _visit(self, day: int, rng: np.random.Generator) -> Value:
        if day < 0 or rng.random() < 0.15:
            return None
        at = self.world.calendar.day(day)
        forms: tuple[Value, ...] = (
            at,
            f"{at:%d.%m.%y}",
            f"{at.day}.{at.month}.",
            f"{at:%m/%y}",
            f"KW {at:%V}",
        )
        return pick(forms, rng)

    def _object(self) -> list[Entry]:
        """About one customer in fifty objects, at least three."""
        world, rng = self.world, self.world.chance("objections")
        count = min(len(world.firm_of), max(3, len(world.firm_of) // 50))
        who = rng.permutation(len(world.firm_of))[:count]
        first = np.maximum(world.start_days[who], 0)
        days = np.sort(rng.integers(first, world.calendar.days, count))
        days = np.maximum(days, first)
        return [
            Entry(
                str(number),
                world.firms[int(world.firm_of[j])],
                world.person(int(world.firm_of[j]), int(day), rng),
                int(day),
            )
            for number, (j, day) in enumerate(zip(who, days, strict=True), 1)
        ]

    def _objection_rows(self) -> Iterator[Sequence[Any]]:
        rng = self.world.chance("objection rows")
        for entry in self.objections:
            known = rng.random(2)
            customer = self.world.customer_of[entry.firm.number]
            number = str(self.erp.number[customer])
            yield (
                entry.key,
                dotted(self.world.calendar.day(entry.day)),
                spelling.spell(entry.firm, spelling.FAIR, rng),
                f"{entry.person.given_name} {entry.person.family_name}",
                entry.person.email if known[0] < 0.8 else "",
                number if known[1] < 0.6 or known[0] >= 0.8 else "",
                "Werbung" if int(entry.key) % 4 == 0 else "Profilbildung",
                "Datenschutz",
            )
