"""Write a plant builder's files as its ERP, CRM and newsletter program export them.

Usage: make_files.py FOLDER [--until 2026-03-31] [--seed 7]
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random

import words
from world import (
    CUSTOMERS,
    IN_CRM,
    WITH_NUMBER,
    YEARS,
    Company,
    Order,
    Person,
    day_between,
    make_companies,
    make_orders,
    make_people,
    plain,
    some_lines,
)


@dataclass(frozen=True)
class Truth:
    """What was written, to be counted again behind the pipelines."""

    customers: int
    orders: int
    order_lines: int
    articles: int
    crm_companies: int
    prospects: int
    numbers_in_crm: int
    contacts: int
    deals: int
    subscribed: int
    unsubscribed: int
    activities: int


def main() -> None:
    """Read the arguments, write the files and say what they hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="where the files go")
    parser.add_argument("--until", type=date.fromisoformat, help="last day; yesterday if not given")
    parser.add_argument("--seed", type=int, default=7, help="another number, another company")
    arguments = parser.parse_args()
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    truth = make_files(arguments.folder, arguments.until or yesterday, arguments.seed)
    for what, count in vars(truth).items():
        print(f"{what.replace('_', ' ')}: {count}")


def make_files(folder: Path, until: date, seed: int = 7) -> Truth:
    """Write all files; the same day and seed give the same bytes.

    Args:
        folder: is made if it is missing.
        until: last day on which something happened; the first is three years before.
        seed: of all chance.

    """
    chance = Random(seed)  # noqa: S311 - no secret
    folder.mkdir(parents=True, exist_ok=True)
    companies = make_companies(chance)
    customers, prospects = companies[:CUSTOMERS], companies[CUSTOMERS:]
    orders = make_orders(customers, until, chance)
    kept = sorted(chance.sample(customers, IN_CRM), key=lambda company: company.record_id)
    known = kept + prospects
    people = make_people(known, chance)
    write_erp(folder, customers, orders, chance)
    write_companies(folder, kept, prospects, until, chance)
    write_contacts(folder, people, until, chance)
    deals = write_deals(folder, known, orders, people, until, chance)
    members = sorted(chance.sample(people, len(people) * 2 // 3), key=lambda who: who.record_id)
    gone = members[::8]
    staying = [who for who in members if who not in gone]
    activities = write_newsletter(folder, staying, gone, until, chance)
    return Truth(
        customers=len(customers),
        orders=len(orders),
        order_lines=sum(len(order.lines) for order in orders),
        articles=len(words.ARTICLES),
        crm_companies=len(known),
        prospects=len(prospects),
        numbers_in_crm=WITH_NUMBER,
        contacts=len(people),
        deals=deals,
        subscribed=len(members) - len(gone),
        unsubscribed=len(gone),
        activities=activities,
    )


def write_erp(
    folder: Path, customers: Sequence[Company], orders: Sequence[Order], chance: Random
) -> None:
    """Write the tables of the ERP: customers, articles, and a file of order lines for each year."""
    rows: list[Sequence[object]] = []
    for index, company in enumerate(customers):
        mail = f"info@{company.domain}" if chance.random() < 0.8 else ""
        page = f"www.{company.domain}" if chance.random() < 0.5 else ""
        terms, limit = chance.choice(("30T", "14T", "10T2")), chance.choice((20000, 50000, 250000))
        rows.append(
            (
                *(company.number, _matchcode(company), 10001 + index, company.full, ""),
                *(company.street, "DE", company.postcode, company.city, company.phone, ""),
                *(mail, page, chance.choice(("OEM", "ANLAGE", "SERVICE"))),
                *(chance.choice(("V001", "V002", "V003")), terms, _german(limit), "EUR"),
            )
        )
    _write_erp(folder / "Kunden.csv", words.ERP_CUSTOMER, rows)
    _write_erp(folder / "Artikel.csv", words.ERP_ARTICLE, map(_article_row, words.ARTICLES))
    for year in sorted({order.day.year for order in orders}):
        lines = [line for order in orders if order.day.year == year for line in _order_rows(order)]
        _write_erp(folder / f"Verkaufsbelege_{year}.csv", words.ERP_LINE, lines)


def write_companies(
    folder: Path, kept: Sequence[Company], prospects: Sequence[Company], until: date, chance: Random
) -> None:
    """Write the CRM's companies: spelt by hand, the ERP's number in a part of them only."""
    numbered = {company.record_id for company in chance.sample(list(kept), WITH_NUMBER)}
    rows = []
    for company in sorted([*kept, *prospects], key=lambda entry: entry.record_id):
        is_customer = company.number is not None
        created = until - timedelta(days=chance.randint(40, 1400))
        active = day_between(created, until, chance)
        street, phone = chance.random() < 0.5, chance.random() < 0.6
        rows.append(
            (
                company.record_id,
                _spelt(company, chance),
                company.domain,
                chance.choice(words.OWNERS),
                company.phone.replace("+49 ", "0") if phone else "",
                company.street.replace("straße", "str.") if street else "",
                company.postcode,
                company.city,
                "Germany",
                company.industry,
                company.employees,
                "Customer" if is_customer else chance.choice(("Lead", "Opportunity")),
                company.number if company.record_id in numbered else "",
                _moment(created, chance),
                _moment(active, chance),
            )
        )
    _write_crm(folder, "companies", until, words.CRM_COMPANY, rows)


def write_contacts(folder: Path, people: Sequence[Person], until: date, chance: Random) -> None:
    """Write the CRM's contacts, each with the record id of the company."""
    rows = []
    for person in people:
        created = until - timedelta(days=chance.randint(30, 1300))
        rows.append(
            (
                person.record_id,
                person.given,
                person.family,
                person.email,
                person.company.phone + "-" + str(chance.randint(10, 99)),
                person.job,
                chance.choice(words.OWNERS),
                "Customer" if person.company.number else "Lead",
                _moment(created, chance),
                _moment(day_between(created, until, chance), chance),
                person.company.record_id,
                person.company.name,
            )
        )
    _write_crm(folder, "contacts", until, words.CRM_CONTACT, rows)


def write_deals(
    folder: Path,
    known: Sequence[Company],
    orders: Sequence[Order],
    people: Sequence[Person],
    until: date,
    chance: Random,
) -> int:
    """Write the CRM's deals, most orders as won ones; return how many."""
    in_crm = {company.record_id for company in known}
    person_of = {person.company.record_id: person for person in people}
    deals: list[tuple[date, date | None, str, float, Company]] = []
    for order in orders:
        if order.company.record_id in in_crm and chance.random() < 0.7:
            begun = order.day - timedelta(days=chance.randint(20, 240))
            deals.append((begun, order.day, "Closed Won", order.value, order.company))
    for _ in range(len(deals)):
        company, value = chance.choice(known), sum(q * p for _, q, p in some_lines(True, chance))
        begun = until - timedelta(days=chance.randint(5, 365 * YEARS))
        closing = begun + timedelta(days=chance.randint(30, 330))
        if closing <= until:
            deals.append((begun, closing, "Closed Lost", value, company))
        else:  # the day on which sales expects it
            deals.append((begun, closing, chance.choice(words.OPEN_STAGES), value, company))
    deals.sort(key=lambda deal: (deal[0], deal[4].record_id, deal[3]))
    rows = [
        (
            str(17_330_200_100 + index * 4_001),
            f"{company.name} - {chance.choice(words.PLANTS)}",
            "Sales Pipeline",
            stage,
            f"{value:.2f}",
            _moment(closing, chance) if closing else "",
            _moment(begun, chance),
            chance.choice(words.OWNERS),
            company.record_id,
            company.name,
            person_of[company.record_id].record_id,
        )
        for index, (begun, closing, stage, value, company) in enumerate(deals)
    ]
    _write_crm(folder, "deals", until, words.CRM_DEAL, rows)
    return len(rows)


def write_newsletter(
    folder: Path, members: Sequence[Person], gone: Sequence[Person], until: date, chance: Random
) -> int:
    """Write the audience in two files and what people did with the campaigns; return how much."""
    mark = hashlib.sha256(until.isoformat().encode()).hexdigest()[:10]
    joined = {who.record_id: until - timedelta(days=chance.randint(400, 1500)) for who in members}
    joined |= {who.record_id: until - timedelta(days=chance.randint(700, 1500)) for who in gone}
    left = {who.record_id: until - timedelta(days=chance.randint(1, 600)) for who in gone}
    subscribed = [_member(who, joined[who.record_id], None, chance) for who in members]
    _write_english(folder / f"subscribed_members_export_{mark}.csv", words.MEMBER, subscribed)
    unsubscribed = [
        _member(who, joined[who.record_id], left[who.record_id], chance) for who in gone
    ]
    _write_english(folder / f"unsubscribed_members_export_{mark}.csv", words.GONE, unsubscribed)
    rows = []
    for campaign in range(12 * YEARS):
        sent = until - timedelta(days=20 + campaign * 30)
        readers = [
            who
            for who in (*members, *gone)
            if joined[who.record_id] < sent < left.get(who.record_id, date.max)
        ]
        for who in readers:
            eager = int(who.record_id) % 5
            if chance.random() > 0.15 + eager * 0.1:
                continue
            done = ["open"] if chance.random() > 0.08 * eager else ["open", "click"]
            for action in done:
                stamp = datetime.combine(sent, time(8 + chance.randrange(12), chance.randrange(60)))
                url = "https://www.lindner-anlagen.example/" + words.PAGES[campaign % 4]
                rows.append(
                    (
                        hashlib.sha256(f"c{campaign}".encode()).hexdigest()[:10],
                        f"Newsletter {sent:%Y-%m}",
                        _email_id(who),
                        who.email,
                        action,
                        stamp.isoformat() + "+00:00",
                        url if action == "click" else "",
                    )
                )
    rows.sort(key=lambda row: (row[5], row[3], row[4]))
    _write_english(folder / "mailchimp_email_activity.csv", words.ACTIVITY, rows)
    return len(rows)


def _order_rows(order: Order) -> Iterable[Sequence[object]]:
    for position, (article, quantity, price) in enumerate(order.lines, start=1):
        yield (
            "Auftragsbestätigung",
            order.day.year,
            order.number,
            _german_day(order.day),
            _german_day(order.delivered),
            order.company.number,
            _matchcode(order.company),
            position,
            article.number,
            article.group,
            article.name,
            _german(quantity),
            "ST",
            _german(price),
            _german(0),
            _german(quantity * price),
            "EUR",
        )


def _article_row(article: words.Article) -> Sequence[object]:
    return (article.number, plain(article.name).upper(), article.name, article.group, "ST", "-1")


def _member(who: Person, joined: date, left: date | None, chance: Random) -> Sequence[object]:
    stamp = _moment(joined, chance) + f":{chance.randrange(60):02}"
    end = _moment(left, chance) + ":11" if left else stamp
    why = (end, f"Newsletter {left:%Y-%m}", "NORMAL", "") if left else ()
    ids = (str(200_000_000 + int(who.record_id) % 90_000_000), _email_id(who)[:10])
    return (
        *(who.email, who.given, who.family, who.company.name, chance.randint(1, 5)),
        *(stamp, "192.0.2.10", stamp, "192.0.2.10", "DE", end, *ids, ""),
        *why,
        '"Kunden"' if who.company.number else '"Interessenten"',
    )


def _spelt(company: Company, chance: Random) -> str:
    """Return the name as somebody types it who does not have the register before them."""
    return chance.choice(
        (
            company.full,
            company.name,
            f"{company.name} {company.legal.replace('.', '')}",
            f"{plain(company.name).title()} {company.legal}",
            f"{company.name.replace('technik', 'techn.')} {company.legal}",
            company.full.upper(),
        )
    )


def _matchcode(company: Company) -> str:
    return company.name.upper()[:18]


def _email_id(who: Person) -> str:
    return hashlib.md5(who.email.encode(), usedforsecurity=False).hexdigest()


def _moment(day: date, chance: Random) -> str:
    return f"{day:%Y-%m-%d} {chance.randint(8, 17):02}:{chance.randrange(60):02}"


def _german(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def _german_day(day: date) -> str:
    return f"{day:%d.%m.%Y}"


def _write_erp(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="cp1252", newline="") as file:
        csv.writer(file, delimiter=";").writerows([header, *rows])


def _write_crm(
    folder: Path, kind: str, until: date, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    name = f"hubspot-crm-exports-all-{kind}-{until.isoformat()}.csv"
    with (folder / name).open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([header, *rows])


def _write_english(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


if __name__ == "__main__":
    main()
