"""Clean tables to damage: quite different ones, made by code from a seed, and slices of real ones.

All cells are text; an empty cell is "". No cell has white space at its ends.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

import duckdb

from config import PROJECT_ROOT

SHARED = PROJECT_ROOT.parent / "shared" / "data"

GIVEN = ("Anna", "Jörg", "Björn", "Käthe", "Peter", "Sofie", "Uwe", "Zoë", "Ruth", "René", "Max")
FAMILY = (
    "Müller",
    "Groß",
    "Schäfer",
    "Böttcher",
    "Weiß",
    "Kühn",
    "Lang",
    "Öztürk",
    "Vogt",
    "Jäger",
)
CITIES = ("Köln", "Dresden", "Görlitz", "Mühldorf", "Berlin", "Gießen", "Ulm", "Fürth", "Halle")
FORMS = ("GmbH", "AG", "KG", "GmbH & Co. KG", "e. K.", "OHG")
TRADES = ("Maschinenbau", "Gießerei", "Sägewerk", "Möbel", "Elektro", "Kälte- und Klimatechnik")
WORDS = (
    "Anlage",
    "steht",
    "seit",
    "gestern",
    "Lager",
    "Geräusch",
    "bitte",
    "prüfen",
    "Öl",
    "läuft",
)
PARTS = ("Kegelradgetriebe", "Wälzlager", "Flansch", "Dichtung 40 mm", "Spindel", "Zahnrad Größe 2")


@dataclass(frozen=True)
class CleanTable:
    """A table as it should come back, and the delimiter its kind of file has by custom."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str = ";"


def german_number(value: float) -> str:
    """Write with two decimals, a comma and dots between thousands."""
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def customers(rng: Random) -> CleanTable:
    """German customer master: leading zeros, telephone numbers, VAT ids, some cells empty."""

    def row(number: int) -> tuple[str, ...]:
        name = f"{rng.choice(FAMILY)} {rng.choice(TRADES)} {rng.choice(FORMS)}"
        if rng.random() < 0.1:
            name = f'Gasthof "Zur {rng.choice(("Post", "Mühle"))}" {rng.choice(FAMILY)}'
        return (
            f"{number:06}",
            name,
            f"{rng.choice(('Hauptstraße', 'Am Bühl', 'Industriestr.'))} {rng.randint(1, 99)}",
            f"{rng.randint(1067, 99998):05}",
            rng.choice(CITIES),
            f"0{rng.randint(30, 999)}/{rng.randint(1000, 99999)}-0" if rng.random() < 0.8 else "",
            f"DE{rng.randint(10**8, 10**9 - 1)}" if rng.random() < 0.7 else "",
            _day(rng).strftime("%d.%m.%Y"),
        )

    header = ("KdNr", "Name", "Straße", "PLZ", "Ort", "Telefon", "USt-IdNr", "Kunde seit")
    return CleanTable("customers", header, tuple(row(1000 + n) for n in range(60)))


def order_lines(rng: Random) -> CleanTable:
    """Order lines with decimal commas and dd.mm.yyyy."""
    rows = []
    for order in range(70):
        placed = _day(rng).strftime("%d.%m.%Y")
        for position in range(1, rng.randint(2, 5)):
            quantity, price = rng.randint(1, 50), rng.uniform(1, 3000)
            rows.append(
                (
                    f"A{24000 + order}",
                    str(position),
                    placed,
                    f"{rng.randint(100, 999)}-{rng.randint(10, 99)}",
                    rng.choice(PARTS),
                    str(quantity),
                    german_number(price),
                    german_number(quantity * price),
                    rng.choice(("offen", "geliefert", "storniert", "")),
                )
            )
    header = ("Auftrag", "Pos", "Datum", "ArtNr", "Bezeichnung", "Menge", "Preis", "Wert", "Status")
    return CleanTable("order_lines", header, tuple(rows))


def contacts(rng: Random) -> CleanTable:
    """English contacts with commas and quotes in the text."""
    firms = (
        "Smith, Jones & Co.",
        "Acme Ltd",
        'The "Old" Mill Inc.',
        "Brown Bros., Leeds",
        "Ives plc",
    )
    notes = (
        'He said "call back", then hung up',
        "Met at the fair, wants a quote",
        "",
        "prefers e-mail",
        "Has a budget of 5,000, decides alone",
    )
    rows = []
    for number in range(80):
        first, last = (
            rng.choice(("Ann", "Bob", "Carol", "Dan")),
            rng.choice(("Ives", "O'Neil", "Ray")),
        )
        mail = f"{first}.{last}{number}@example.com".lower().replace("'", "")
        phone = f"+44 20 7946 {rng.randint(0, 999):04}"
        rows.append((first, last, rng.choice(firms), mail, phone, rng.choice(notes)))
    header = ("First name", "Last name", "Company", "Email", "Phone", "Notes")
    return CleanTable("contacts", header, tuple(rows), ",")


def people(rng: Random) -> CleanTable:
    """All text, no number anywhere; values recur, as they do in such lists."""
    header = ("Vorname", "Nachname", "Ort", "Branche")
    rows = tuple(tuple(rng.choice(c) for c in (GIVEN, FAMILY, CITIES, TRADES)) for _ in range(50))
    return CleanTable("people", header, rows)


def stock(rng: Random) -> CleanTable:
    """Two narrow columns."""
    rows = tuple((f"{n:05}", str(rng.randint(0, 900))) for n in rng.sample(range(99999), 50))
    return CleanTable("stock", ("Artikel", "Bestand"), rows)


def articles(rng: Random) -> CleanTable:
    """Thirty columns, many of them sparsely filled."""
    header = ("ArtNr", "Bezeichnung", "Einheit", *(f"Merkmal {n}" for n in range(1, 28)))

    def feature(n: int) -> str:
        if rng.random() < 0.4:
            return ""
        return str(rng.randint(1, 500)) if n % 3 else rng.choice(WORDS)

    rows = tuple(
        (
            str(50_000 + 7 * row),
            rng.choice(PARTS),
            rng.choice(("Stk", "kg", "m")),
            *map(feature, range(27)),
        )
        for row in range(40)
    )
    return CleanTable("articles", header, rows)


def tickets(rng: Random) -> CleanTable:
    """About 2,000 service tickets whose text runs over several lines."""

    def body() -> str:
        lines = [
            " ".join(rng.choices(WORDS, k=rng.randint(3, 8))) for _ in range(rng.randint(1, 4))
        ]
        return "\n".join([f"Hallo {rng.choice(GIVEN)},", *lines])

    rows = tuple(
        (
            f"T-{n:05}",
            f"{_day(rng).isoformat()} {rng.randint(6, 18):02}:{rng.randint(0, 59):02}",
            f"{rng.choice(FAMILY)} {rng.choice(FORMS)}",
            rng.choice(("Störung", "Anfrage; dringend", "Reklamation")),
            body(),
        )
        for n in range(1, 2001)
    )
    return CleanTable("tickets", ("Ticket", "Eröffnet", "Kunde", "Betreff", "Text"), rows)


def sales_by_year(rng: Random) -> CleanTable:
    """Columns called by year: a header of numbers."""
    header = ("Kunde", "Ort", "2022", "2023", "2024", "2025")
    rows = tuple(
        (
            f"{rng.choice(FAMILY)} {rng.choice(FORMS)}",
            rng.choice(CITIES),
            *(german_number(rng.uniform(0, 90_000)) for _ in range(4)),
        )
        for _ in range(35)
    )
    return CleanTable("sales_by_year", header, rows)


GENERATED: tuple[Callable[[Random], CleanTable], ...] = (
    customers, order_lines, contacts, people, stock, articles, tickets, sales_by_year,
)  # fmt: skip


def clean_tables(seed: int) -> list[CleanTable]:
    """Make all tables; those of real data only where these are present."""
    made = [make(Random(f"{seed} {make.__name__}")) for make in GENERATED]
    return [*made, *(_real_tables() if SHARED.is_dir() else ())]


def _real_tables() -> Iterator[CleanTable]:
    yield _slice("northwind_orders", SHARED / "northwind" / "orders.csv", 150)
    yield _slice("northwind_suppliers", SHARED / "northwind" / "suppliers.csv", 40)
    yield _slice("telco", SHARED / "telco_ibm" / "Telco-Customer-Churn.csv", 120)
    yield _slice("febrl", SHARED / "er_febrl" / "dataset1.csv", 150)
    lines = duckdb.connect().execute(
        "from read_parquet(?) limit 300",
        [str(SHARED / "online_retail" / "online_retail_2009-12_2010-12.parquet")],
    )
    header = tuple(column[0] for column in lines.description or ())
    rows = tuple(
        tuple("" if cell is None else str(cell).strip() for cell in row) for row in lines.fetchall()
    )
    yield CleanTable("online_retail", header, rows)


def _slice(name: str, path: Path, rows: int) -> CleanTable:
    with path.open(encoding="utf-8", newline="") as file:
        records = list(csv.reader(file, skipinitialspace=True))
    header = tuple(cell.strip() for cell in records[0])
    width = len(header)
    clean = (tuple(c.strip() for c in r) for r in records[1:] if len(r) == width)
    return CleanTable(name, header, tuple(clean)[:rows], ",")


def _day(rng: Random) -> date:
    return date(2019, 1, 1) + timedelta(days=rng.randrange(2500))
