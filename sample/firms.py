"""Invented firms and people; nothing here belongs to anybody.

Names are put together from invented parts, domains end in `.example`, telephone numbers lie in
ranges set aside for films, and VAT ids have right check digits but begin with DE90, with which we
know of no real one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from stdnum.iso7064 import mod_11_10

from sample.chance import pick
from sample.customers import Ints

_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
)
_FIRMS_PER_RANGE = 1000
_MAILBOXES = ("info", "info", "info", "info", "info", "kontakt", "office", "zentrale")


def mail_name(name: str) -> str:
    """Write a name as the left side of an address: small ASCII letters, hyphens for spaces."""
    plain = unicodedata.normalize("NFKD", transliterate(name)).encode("ascii", "ignore").decode()
    return plain.lower().replace(" ", "-")


def transliterate(text: str) -> str:
    """German letters as ASCII: ä → ae."""
    return text.translate(_UMLAUTS)


@dataclass(frozen=True)
class Place:
    """Where a firm is."""

    street: str
    postcode: str
    town: str


@dataclass(frozen=True)
class Firm:
    """One true firm."""

    number: int
    prefix: str  # "", "VFT", "Karl": what stands before the family name
    stem: str
    trade: str
    legal_form: str
    industry: str
    employees: int
    place: Place
    old_place: Place | None  # before it moved; some files never learnt of it
    domain: str
    mailbox: str  # info@…, shared by everybody there
    phone_prefix: tuple[str, str]  # area code, number without extension
    vat_id: str
    register: str

    @property
    def true_id(self) -> str:
        """The firm's name in the truth."""
        return f"T{self.number + 1:06d}"

    @property
    def name(self) -> str:
        """As in the commercial register."""
        return " ".join(filter(None, (self.prefix, self.stem, self.trade, self.legal_form)))


@dataclass(frozen=True)
class Person:
    """A contact person; days are numbers of the calendar, -1 for before it began."""

    number: int
    firm: Firm
    is_female: bool
    given_name: str
    family_name: str
    role: str
    email: str
    extension: str
    since: int
    left: int | None

    @property
    def true_id(self) -> str:
        """The person's name in the truth."""
        return f"P{self.number + 1:06d}"

    def is_there(self, day: int) -> bool:
        """Whether the person works there on the day."""
        return self.since <= day and (self.left is None or day < self.left)


def vat_id(number: int) -> str:
    """Invent a VAT id with right check digit (ISO 7064 MOD 11,10), number from 0 to 9999999."""
    digits = f"9{number:07d}"
    return f"DE{digits}{mod_11_10.calc_check_digit(digits)}"


def make_firms(count: int, words: Mapping[str, Any], rng: np.random.Generator) -> list[Firm]:
    """Invent firms. Family names repeat across trades, as in life; the full name never does."""
    names = _pick_names(count, words, rng)
    first_names = _given_names(200)
    vat_numbers = rng.permutation(max(count * 3, 10_000))[:count]
    phones = rng.permutation(max(count, len(words["phone_ranges"]) * _FIRMS_PER_RANGE))
    sizes = np.exp(rng.normal(np.log(60), 0.95, count)).clip(4, 900).astype(int)
    forms = rng.choice(list(words["legal_forms"]), count, p=list(words["legal_forms"].values()))
    firms, domains = [], set()
    for number, (stem, trade) in enumerate(names):
        prefix = _prefix(stem, trade, first_names, rng)
        domain = _domain(stem, trade, words, rng)
        while domain in domains:
            domain = domain.replace(".example", f"{int(rng.integers(2, 99))}.example")
        domains.add(domain)
        mailbox = pick(_MAILBOXES, rng)
        firms.append(
            Firm(
                number=number,
                prefix=prefix,
                stem=stem,
                trade=trade,
                legal_form=str(forms[number]),
                industry=words["trades"][trade],
                employees=int(sizes[number]),
                place=_place(words, rng),
                old_place=_place(words, rng) if rng.random() < 0.07 else None,
                domain=domain,
                mailbox=f"{mailbox}@{domain}",
                phone_prefix=_phone(int(phones[number]), words),
                vat_id=vat_id(int(vat_numbers[number])),
                register=f"HR{'B' if forms[number] in ('GmbH', 'AG') else 'A'} "
                f"{int(rng.integers(1000, 99999))}",
            )
        )
    return firms


def _pick_names(
    count: int, words: Mapping[str, Any], rng: np.random.Generator
) -> list[tuple[str, str]]:
    parts = words["stems"]
    short = [a + z for a in parts["first"] for z in parts["last"]]
    long = [a + m + z for a in parts["first"] for m in parts["middle"] for z in parts["last"]]
    stems = [pool[i] for pool in (short, long) for i in rng.permutation(len(pool))]
    trades = list(words["trades"])
    # The first stems are drawn more often: a few family names are frequent (Zipf-like).
    pool = min(len(stems), max(20, int(count * 0.9)))
    names: dict[tuple[str, str], None] = {}
    while len(names) < count:
        ranks = (pool * rng.random(count) ** 1.4).astype(int)
        for rank, trade in zip(ranks, rng.integers(0, len(trades), count), strict=True):
            names.setdefault((stems[rank], trades[trade]), None)
    return list(names)[:count]


def _given_names(count: int) -> list[str]:
    from faker import Faker

    fake = Faker("de_DE", use_weighting=False)
    fake.seed_instance(1887)
    return [fake.first_name_male() for _ in range(count)]


def _prefix(stem: str, trade: str, given: list[str], rng: np.random.Generator) -> str:
    drawn = rng.random()
    if drawn < 0.08:
        return f"{stem[0]}{trade[0]}{trade[len(trade) // 2].upper()}"
    if drawn < 0.2:
        return pick(given, rng)
    return "Gebr." if drawn < 0.23 else ""


def _domain(stem: str, trade: str, words: Mapping[str, Any], rng: np.random.Generator) -> str:
    base = transliterate(stem).lower()
    long_form = transliterate(trade).lower()
    code = words["trade_codes"][trade]
    forms = (f"{base}-{code}", f"{base}-{long_form}", f"{base}{long_form}", f"{code}-{base}")
    return f"{forms[pick((0, 0, 0, 0, 1, 1, 1, 2, 2, 3), rng)]}.example"


def _place(words: Mapping[str, Any], rng: np.random.Generator) -> Place:
    town = pick(list(words["towns"]), rng)
    street = pick(words["streets"], rng)
    house = f"{int(rng.integers(1, 120))}{'a' if rng.random() < 0.08 else ''}"
    return Place(f"{street} {house}", words["towns"][town], town)


def _phone(number: int, words: Mapping[str, Any]) -> tuple[str, str]:
    ranges = words["phone_ranges"]
    area, block = ranges[number % len(ranges)]
    line, group = (
        number // len(ranges) % _FIRMS_PER_RANGE,
        number // len(ranges) // _FIRMS_PER_RANGE,
    )
    # More firms than the ranges hold numbers: a group digit pair, still behind a reserved number.
    return area, f"{block}{line:03d}" + (f"{group:02d}" if group else "")


def make_people(
    firms: list[Firm],
    lost: tuple[Ints, Ints],
    words: Mapping[str, Any],
    rng: np.random.Generator,
) -> list[list[Person]]:
    """Invent one to four contact persons per firm; whoever is lost gets a successor.

    Args:
        firms: all firms.
        lost: firm numbers and days on which the firm's main contact left, in the order of time.
        words: vocabulary.yml.
        rng: the source of chance.

    Returns:
        Per firm its people; the main contact and its successors come first.

    """
    female, male, family = _name_pools()
    days: dict[int, list[int]] = {}
    for firm_number, day in zip(*(part.tolist() for part in lost), strict=True):
        days.setdefault(firm_number, []).append(day)
    number, result = 0, []
    for firm in firms:
        leaves = sorted(set(days.get(firm.number, [])))
        spans = list(zip([-1, *leaves], [*leaves, None], strict=True))
        others = int(rng.binomial(3, min(0.75, 0.12 + 0.13 * np.log10(firm.employees) ** 1.5)))
        people: list[Person] = []
        taken: set[str] = set()
        for position, (since, left) in enumerate([*spans, *[(-1, None)] * others]):
            is_female = bool(rng.random() < 0.35)
            pool = female if is_female else male
            given = pick(pool, rng)
            surname = firm.stem if rng.random() < 0.06 else pick(family, rng)
            email = _email(given, surname, firm, rng)
            if email in taken:
                email = f"{len(people)}.{email}"
            taken.add(email)
            main = position < len(spans)
            role = "Einkauf" if main and rng.random() < 0.6 else pick(words["roles"], rng)
            extension = f"{int(rng.integers(10, 99))}"
            people.append(
                Person(number, firm, is_female, given, surname, role, email, extension, since, left)
            )
            number += 1
        result.append(people)
    return result


def _name_pools() -> tuple[list[str], list[str], list[str]]:
    from faker import Faker

    fake = Faker("de_DE", use_weighting=False)
    fake.seed_instance(1949)
    makers = (fake.first_name_female, fake.first_name_male, fake.last_name)
    female, male, family = (list(dict.fromkeys(make() for _ in range(900))) for make in makers)
    return female, male, family


def _email(given: str, family: str, firm: Firm, rng: np.random.Generator) -> str:
    first, last = mail_name(given), mail_name(family)
    if firm.number % 10 < 6:  # a firm keeps to one form
        local = f"{first}.{last}"
    elif firm.number % 10 < 9:
        local = f"{first[0]}.{last}"
    else:
        local = last
    return firm.mailbox if rng.random() < 0.07 else f"{local}@{firm.domain}"
