"""The service desk's export: tickets in the customers' own words (xlsx)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from config.settings import read_yaml
from sample import spelling
from sample.chance import pick
from sample.erp import Erp
from sample.files import Broken, Written
from sample.firms import transliterate
from sample.workbook import Sheet, write_workbook
from sample.world import World

# fmt: off
_HEADER = [
    "Ticket-Nr.", "Kundennummer", "E-Mail", "Eröffnet", "Geschlossen", "Kategorie",
    "Priorität", "Betreff", "Beschreibung", "Bearbeiter",
]
# fmt: on


@dataclass(frozen=True)
class Ticket:
    """One ticket: its number, the customer's index, the day, what it is about."""

    number: str
    customer: int
    day: int
    kind: str  # complaint_late | complaint_quality | question
    days_late: int
    order: int


class Desk:
    """All tickets in the order of time."""

    def __init__(self, world: World, erp: Erp) -> None:
        self.world, self.erp = world, erp
        self.texts = read_yaml(Path(__file__).parent / "tickets.yml")
        self.tickets = self._collect()

    def _collect(self) -> list[Ticket]:
        history, days = self.world.history, self.world.calendar.days
        said = history.complaints
        late = said.order >= 0
        kinds = np.where(late, "complaint_late", "complaint_quality")
        asked, asked_on = history.questions
        nothing = np.full(len(asked), -1)
        customer = np.concatenate([said.customer, asked])
        day = np.concatenate([said.day, asked_on])
        kind = np.concatenate([kinds, np.full(len(asked), "question")])
        days_late = np.concatenate([said.days_late, nothing])
        order = np.concatenate([said.order, nothing])
        kept = np.flatnonzero((day >= 0) & (day < days))
        kept = kept[np.lexsort((customer[kept], day[kept]))]
        columns = (customer, day, kind, days_late, order)
        return [
            Ticket(f"T-{number:06d}", *values)
            for number, values in enumerate(
                zip(*(column[kept].tolist() for column in columns), strict=True), 1
            )
        ]

    def write(self, inbox: Path) -> list[Written]:
        """Write the workbook."""
        sheet = Sheet("Tickets", _HEADER, self._rows())
        return write_workbook(inbox / "tickets.xlsx", [sheet], "Service")

    def _rows(self) -> Iterator[Sequence[Any] | Broken]:
        rng, middle = self.world.chance("tickets"), len(self.tickets) // 2
        for position, ticket in enumerate(self.tickets):
            row = self._row(ticket, rng)
            yield row
            if position == middle:
                copied = [None, None, None, row[3], None, None, None, "", "s.o. – Anruf", row[9]]
                yield Broken("note without ticket number", copied)

    def _row(self, ticket: Ticket, rng: np.random.Generator) -> list[Any]:
        world = self.world
        firm = int(world.firm_of[ticket.customer])
        person = world.person(firm, ticket.day, rng)
        opened = datetime.combine(world.calendar.day(ticket.day), time(7)) + timedelta(
            minutes=int(rng.integers(0, 600))
        )
        closed = opened + timedelta(hours=float(rng.gamma(1.5, 70)))
        closed = closed.replace(second=0, microsecond=0)
        is_closed = closed.date() <= world.calendar.until
        subject, body = self._text(ticket, f"{person.given_name} {person.family_name}", rng)
        is_urgent = rng.random() < (0.45 if ticket.kind != "question" else 0.08)
        has_number = rng.random() < 0.62
        number = self.erp.number_on(np.array([ticket.customer]), np.array([ticket.day]))
        sender = person.email if rng.random() < 0.85 else person.firm.mailbox
        return [
            ticket.number,
            int(number[0]) if has_number else None,
            sender if not has_number or rng.random() < 0.7 else None,
            opened,
            closed if is_closed else None,
            pick(self.texts[ticket.kind]["categories"], rng) if rng.random() < 0.95 else None,
            "hoch" if is_urgent else "normal",
            subject,
            body,
            pick(world.words["service_people"], rng),
        ]

    def _text(self, ticket: Ticket, name: str, rng: np.random.Generator) -> tuple[str, str]:
        parts = self.texts[ticket.kind]
        topic = pick(parts["topics"], rng)
        article = self.erp.articles[int(rng.integers(len(self.erp.articles) - 4))][1]
        fill = {
            "a": article,
            "n": int(rng.integers(2, 80)),
            "o": self.erp.order_no(ticket.order, ticket.day - int(rng.integers(5, 40))),
            "d": ticket.days_late if ticket.days_late > 0 else int(rng.integers(2, 30)),
            "p": name if rng.random() < 0.8 else name.split()[-1],
        }
        sentences = [pick(topic["openings"], rng)]
        sentences += [pick(parts["details"], rng) for _ in range(int(rng.integers(0, 3)))]
        sentences.append(pick(parts["demands"], rng) if rng.random() < 0.8 else "")
        body = " ".join(filter(None, dict.fromkeys(sentences)))
        greeting = pick(self.texts["greetings"], rng)
        closing = pick(self.texts["closings"], rng)
        text = "\n".join(filter(None, (greeting, body, closing))).format(**fill)
        return pick(topic["subjects"], rng).format(**fill), self._worn(text, rng)

    def _worn(self, text: str, rng: np.random.Generator) -> str:
        """As people type in a hurry: without capitals, without umlauts, with slips."""
        style = rng.random()
        if style < 0.08:
            return text.lower()
        if style < 0.16:
            return transliterate(text)
        words = text.split(" ")
        if style < 0.4:
            at = int(rng.integers(len(words)))
            words[at] = spelling.slip(words[at], rng) if "\n" not in words[at] else words[at]
        return " ".join(words)
