"""Invented rows under the headers of programs' exports, and what a person would map.

`open.yml` says what a set looks like. All values are invented; the same set always has the same.
"""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
ROWS = 40
FIRMS = [
    "Steineler", "Lindmann", "Okbach", "Krugner", "Brandthal",
    "Hoffhauer", "Waldwig", "Feldner", "Bergner", "Dornegger",
]  # fmt: skip
TRADES = ["Technik", "Pumpen", "Anlagenbau", "Stahl"]
FORMS = ["GmbH", "AG", "GmbH & Co. KG", "KG", "e.K."]
GIVEN = ["Mira", "Ole", "Jan", "Anna", "Peter", "Katrin", "Jonas", "Eva", "Lars", "Petra"]
FAMILY = [
    "Anders", "Kolb", "Weber", "Lind", "Hoffer", "Brandner",
    "Okeler", "Thal", "Krug", "Seidel", "Mertens", "Voss",
]  # fmt: skip
CITIES = {"Hamburg": "20095", "Dresden": "01067", "Köln": "50667", "Ulm": "89073", "Bonn": "53111"}
PRODUCTS = ["Kreiselpumpe", "Kugelventil", "Flachdichtung", "Filterpatrone", "Laufrad"]
START = datetime(2023, 1, 2, 8, 15, 20, tzinfo=UTC)
Pair = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True)
class SetFile:
    """One file of a set. `pairs` are wanted, `free` are right as well, `keys` per entity."""

    name: str
    kind: str
    columns: dict[str, list[str]]
    pairs: frozenset[Pair]
    free: frozenset[Pair]
    keys: dict[str, list[frozenset[str]]]


@cache
def header_sets(half: str) -> dict[str, list[SetFile]]:
    """Return the sets of one half, `open` or `held`, by name."""
    content = yaml.safe_load((HERE / f"{half}.yml").read_text(encoding="utf-8"))
    return {name: _files(name, files) for name, files in content.items()}


def write(file: SetFile, folder: Path) -> Path:
    """Write a file as its name says: Excel, or CSV with the delimiter usual where it is German."""
    path = folder / file.name
    rows = zip(*file.columns.values(), strict=True)
    if path.suffix.lower() == ".xlsx":
        import openpyxl

        book = openpyxl.Workbook()
        for row in (list(file.columns), *rows):
            book.active.append(list(row))
        book.save(path)
        return path
    is_german = bool(re.search("[äöüÄÖÜß]|Nr|Datum|Name 1", " ".join(file.columns)))
    with path.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target, delimiter=";" if is_german else ",")
        writer.writerow(file.columns)
        writer.writerows(rows)
    return path


def _files(set_name: str, files: dict[str, Any]) -> list[SetFile]:
    found: dict[str, SetFile] = {}
    for name, entry in sorted(files.items(), key=lambda item: "@" in str(item[1])):
        specs = {column: spec.partition(">") for column, spec in entry["columns"].items()}
        chance = random.Random(f"{set_name} {name}")
        columns = {
            column: _column(spec.strip(), chance, found) for column, (spec, _, _) in specs.items()
        }
        wanted, free = _pairs({column: targets for column, (_, _, targets) in specs.items()})
        keys = {e: [frozenset(k) for k in options] for e, options in entry["keys"].items()}
        found[name] = SetFile(name, entry["kind"], columns, wanted, free, keys)
    return [found[name] for name in files]


def _pairs(targets: dict[str, str]) -> tuple[frozenset[Pair], frozenset[Pair]]:
    """Return the pairs wanted and those left free; of several columns for one, in their order."""
    wanted: dict[tuple[str, str], list[tuple[str, str]]] = {}
    free: set[Pair] = set()
    for column, text in targets.items():
        for target in filter(None, map(str.strip, text.split(","))):
            place, _, order = target.partition(" ")
            entity, _, canonical = place.lstrip("?").partition(".")
            if place.startswith("?"):
                free.add((entity, canonical, (column,)))
            else:
                wanted.setdefault((entity, canonical), []).append((order, column))
    joined = {
        (entity, canonical, tuple(column for _, column in sorted(columns)))
        for (entity, canonical), columns in wanted.items()
    }
    return frozenset(joined), frozenset(free)


def _column(spec: str, chance: random.Random, others: dict[str, SetFile]) -> list[str]:
    if spec.startswith("@"):
        other = others[spec[1:]]
        (key,) = next(iter(other.keys.values()))[0]
        return [chance.choice(other.columns[key][: ROWS // 2]) for _ in range(ROWS)]
    kind, _, argument = spec.partition(" ")
    share = re.search(r"(?:^| )(0[.]\d+)$", argument)
    filled = float(share[1]) if share else 1.0
    argument = argument[: share.start()] if share else argument
    made = (MAKERS[kind](number, argument, chance) for number in range(ROWS))
    return [value if chance.random() < filled else "" for value in made]


def _firm(number: int) -> str:
    name = f"{FIRMS[number % len(FIRMS)]} {TRADES[number // 10]}"
    return f"{name} {FORMS[number % len(FORMS)]}"


def _time(chance: random.Random) -> datetime:
    return START + timedelta(minutes=chance.randrange(60 * 24 * 730), seconds=chance.randrange(60))


def _city(number: int) -> str:
    return list(CITIES)[number % len(CITIES)]


def _full_name(number: int) -> str:
    return f"{GIVEN[number % 10]} {FAMILY[number * 7 % 12]}"


def _dated(form: str) -> Callable[[int, str, random.Random], str]:
    return lambda _n, _a, chance: _time(chance).strftime(form)


def _money(chance: random.Random, point: str) -> str:
    return f"{chance.randrange(1000, 999999) / 100:.2f}".replace(".", point)


# Each: number of the row, argument, chance. Orders have two lines each: rows 0 and 1, 2 and 3 …
MAKERS: dict[str, Callable[[int, str, random.Random], str]] = {
    "same": lambda _n, a, _c: a,
    "empty": lambda _n, _a, _c: "",
    "one_of": lambda n, a, c: a.split("|")[n] if n < a.count("|") + 1 else c.choice(a.split("|")),
    "one_of_rarely": lambda n, a, c: c.choice(a.split("|")) if n % 7 == 3 else "",
    "number": lambda n, a, _c: str(int(a.split()[1].ljust(int(a.split()[0]), "0")) + n).zfill(
        int(a.split()[0])
    ),
    "code": lambda n, a, c: f"{a}{c.randrange(16**6):06x}{n:02d}",
    "code_short": lambda n, a, _c: f"{a}{10000 + n * 10}",
    "guid": lambda n, _a, c: f"{c.randrange(16**8):08x}-1a2b-ec11-8f6f-{n:012x}",
    "checksum": lambda _n, _a, c: f"{c.randrange(16**12):012x}==",
    "hex": lambda n, a, c: f"{c.randrange(16 ** (int(a) - 2)):0{int(a) - 2}x}{n:02x}",
    "ip": lambda _n, _a, c: ".".join(str(c.randrange(1, 255)) for _ in range(4)),
    "word": lambda n, _a, c: f"{FIRMS[n % 10][:6].upper()}{c.randrange(100)}",
    "slug": lambda n, _a, _c: f"{PRODUCTS[n % 5].lower()}-{n}",
    "firm": lambda n, _a, _c: _firm(n),
    "firm_again": lambda _n, _a, c: _firm(c.randrange(20)),
    "given_name": lambda n, _a, _c: GIVEN[n % 10],
    "family_name": lambda n, _a, _c: FAMILY[n * 7 % 12],
    "full_name": lambda n, _a, _c: _full_name(n),
    "full_name_of_3": lambda _n, _a, c: _full_name(c.randrange(3)),
    "street": lambda n, _a, c: f"{c.choice(['Ringweg', 'Hauptstr.', 'Am Markt'])} {n + 1}",
    "postcode": lambda n, _a, _c: CITIES[_city(n)],
    "city": lambda n, _a, _c: _city(n),
    "full_address": lambda n, _a, _c: f"Ringweg {n + 1}, {CITIES[_city(n)]} {_city(n)}",
    "country": lambda n, _a, _c: ("Deutschland", "Österreich", "Schweiz")[n % 3],
    "country_en": lambda n, _a, _c: ("Germany", "Austria", "Switzerland")[n % 3],
    "country_code": lambda n, _a, _c: ("DE", "AT", "CH")[n % 3],
    "phone": lambda _n, _a, c: f"+49 711 {c.randrange(100000, 999999)}",
    "mobile": lambda _n, _a, c: f"+49 171 {c.randrange(1000000, 9999999)}",
    "email": lambda n, _a, _c: f"{GIVEN[n % 10].lower()}.{n}@{FIRMS[n % 10].lower()}.example",
    "domain": lambda n, _a, _c: f"{FIRMS[n % 10].lower()}{n}.example",
    "url": lambda n, _a, _c: f"https://www.{FIRMS[n % 10].lower()}{n}.example",
    "vat_id": lambda n, _a, _c: f"DE{_vat_number(n)}",
    "vat_number": lambda n, _a, _c: _vat_number(n),
    "iban": lambda _n, _a, c: f"DE{c.randrange(10, 99)}600000000{c.randrange(10**9):09d}"[:22],
    "count": lambda _n, _a, c: str(c.randrange(2, 900)),
    "project": lambda n, _a, c: f"{c.choice(PRODUCTS)} Linie {n + 1}",
    "product": lambda n, _a, _c: f"{PRODUCTS[n % 5]} DN{n * 5 + 10}",
    "text": lambda n, _a, c: f"Kommt {c.choice(['im Herbst', 'zur Messe'])} auf uns zu, {n}. Anruf",
    "order": lambda n, a, _c: f"{a}{n // 2 + 10000:05d}",
    "line": lambda n, _a, _c: str(10 * (n % 2 + 1)),
    "sku": lambda _n, _a, c: f"P-{c.randrange(12) + 100}",
    "sku_once": lambda n, _a, _c: f"P-{n + 100}",
    "sku_in_order": lambda n, _a, c: f"P-{100 + n % 2 * 6 + c.randrange(6)}",
    "quantity": lambda _n, _a, c: str(c.randrange(1, 40)),
    "quantity_comma": lambda _n, _a, c: f"{c.randrange(1, 40)},000",
    "money_point": lambda _n, _a, c: _money(c, "."),
    "money_comma": lambda _n, _a, c: _money(c, ","),
    "date": _dated("%d.%m.%Y"),
    "date8": _dated("%Y%m%d"),
    "iso_date": _dated("%Y-%m-%d"),
    "us_date": _dated("%m/%d/%Y"),
    "minute": _dated("%d.%m.%Y %H:%M"),
    "iso_minute": _dated("%Y-%m-%d %H:%M"),
    "second": _dated("%d.%m.%Y %H:%M:%S"),
    "iso_second": _dated("%Y-%m-%d %H:%M:%S"),
}


def _vat_number(number: int) -> str:
    """Return nine digits of which the last is the check digit (ISO 7064 Mod 11, 10)."""
    from stdnum.iso7064 import mod_11_10

    digits = f"{13669597 + number * 7919:08d}"
    return digits + mod_11_10.calc_check_digit(digits)
