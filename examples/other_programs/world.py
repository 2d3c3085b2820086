"""The plant builder as it is: its customers, orders and the people it knows."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from random import Random

import words

CUSTOMERS = 120
BIG, YEARLY = 6, 40  # of these: several orders a year; one each year. The others buy for a project
IN_CRM, PROSPECTS = 90, 60  # customers kept in the CRM, and companies there that never bought
WITH_NUMBER = 55  # of the customers in the CRM: those whose ERP number somebody typed in
YEARS = 3


@dataclass(frozen=True)
class Company:
    """One company as it truly is; `number` is its account in the ERP, none for a prospect."""

    number: str | None
    record_id: str
    name: str
    legal: str
    street: str
    postcode: str
    city: str
    phone: str
    industry: str
    employees: int

    @property
    def domain(self) -> str:
        """Its address on the web, below a domain that nobody can own."""
        return plain(self.name).replace(" ", "-") + ".example"

    @property
    def full(self) -> str:
        """The name as the commercial register has it."""
        return f"{self.name} {self.legal}"


@dataclass(frozen=True)
class Person:
    """Somebody at a company, as the CRM keeps them."""

    record_id: str
    company: Company
    given: str
    family: str
    job: str

    @property
    def email(self) -> str:
        """Their address at work."""
        return f"{plain(self.given)}.{plain(self.family)}@{self.company.domain}"


@dataclass(frozen=True)
class Order:
    """One order confirmation: lines of article, quantity and price per unit in euros."""

    number: str
    company: Company
    day: date
    delivered: date
    lines: tuple[tuple[words.Article, int, float], ...]

    @property
    def value(self) -> float:
        """Net value in euros."""
        return sum(quantity * price for _, quantity, price in self.lines)


def make_companies(chance: Random) -> list[Company]:
    """Return the customers, then the prospects; no two share a name, a domain or a telephone."""
    names = list(product(words.FAMILIES, words.TRADES))
    chance.shuffle(names)
    found = []
    for index, (family, (trade, industry)) in enumerate(names[: CUSTOMERS + PROSPECTS]):
        postcode, city = chance.choice(words.PLACES)
        found.append(
            Company(
                number=f"D{10001 + index * 3}" if index < CUSTOMERS else None,
                record_id=str(9_204_118_300 + index * 1_013 + chance.randrange(900)),
                name=f"{family} {trade}",
                legal=chance.choice(words.LEGAL_FORMS),
                street=f"{chance.choice(words.STREETS)} {chance.randint(1, 140)}",
                postcode=postcode,
                city=city,
                phone=f"+49 30 23125 {index + 100}",  # numbers that are kept free for fiction
                industry=industry,
                employees=int(chance.lognormvariate(4.6, 0.9)) + 5,
            )
        )
    return found


def make_orders(customers: Sequence[Company], until: date, chance: Random) -> list[Order]:
    """Return the orders of three years by day: rare and large, but for a few big customers."""
    first = until - timedelta(days=365 * YEARS - 1)
    days: list[tuple[date, Company, bool]] = []
    for index, company in enumerate(customers):
        if index < BIG:
            for _ in range(chance.randint(18, 32)):
                days.append((day_between(first, until, chance), company, chance.random() < 0.4))
        elif index < BIG + YEARLY:
            season = chance.randrange(25, 340)
            for year in range(YEARS):
                shift = season + year * 365 + chance.randint(-20, 20)
                days.append((first + timedelta(days=shift), company, False))
        else:
            start = day_between(first, until, chance)
            days.append((start, company, True))
            for _ in range(chance.choice((0, 0, 1, 1, 2, 3))):
                later = day_between(start, until, chance)
                days.append((later, company, chance.random() < 0.3))
    days.sort(key=lambda entry: (entry[0], entry[1].name))
    return [
        Order(
            number=str(300_101 + index),
            company=company,
            day=day,
            delivered=day + timedelta(days=chance.randint(60, 200) if is_plant else 14),
            lines=some_lines(is_plant, chance),
        )
        for index, (day, company, is_plant) in enumerate(days)
    ]


def make_people(companies: Iterable[Company], chance: Random) -> list[Person]:
    """Return one to four persons of each company, no two of the same name at one."""
    found: list[Person] = []
    everybody = list(product(words.GIVEN, words.SURNAMES))
    for company in companies:
        for given, family in chance.sample(everybody, chance.choice((1, 1, 2, 2, 3, 4))):
            record_id = str(51_200_400 + len(found) * 211 + chance.randrange(200))
            found.append(Person(record_id, company, given, family, chance.choice(words.JOBS)))
    return found


def plain(text: str) -> str:
    """Return lower-case ASCII as in an address on the web: Müller, mueller."""
    for letter, pair in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        text = text.replace(letter, pair).replace(letter.upper(), pair.capitalize())
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def some_lines(is_plant: bool, chance: Random) -> tuple[tuple[words.Article, int, float], ...]:
    """Return what one order holds: a plant with what belongs to it, or parts and services."""
    plants = [article for article in words.ARTICLES if article.group == "ANLAGEN"]
    others = [article for article in words.ARTICLES if article.group != "ANLAGEN"]
    chosen = [chance.choice(plants)] if is_plant else []
    chosen += chance.sample(others, chance.randint(1, 4))
    return tuple(
        (
            article,
            1 if article.group == "ANLAGEN" else chance.randint(1, 12),
            round(article.price * chance.uniform(0.9, 1.15), 2),
        )
        for article in chosen
    )


def day_between(first: date, last: date, chance: Random) -> date:
    """Return a day, both ends included."""
    return first + timedelta(days=chance.randint(0, (last - first).days))
