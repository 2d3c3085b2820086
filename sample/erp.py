"""The ERP's exports: customers, order lines, articles (cp1252, semicolon, decimal comma)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample import spelling
from sample.calendar import BLOCK_DAYS
from sample.chance import pick
from sample.customers import Ints
from sample.files import Broken, Written, dotted, write_csv
from sample.firms import Firm
from sample.needs import Needs
from sample.world import World

_FIRST_NO, _FIRST_SECOND_NO = 10_001, 70_001
_NAME_LENGTH = 30  # the ERP's field; the rest runs over into Name2
_CHUNK = 50_000
# fmt: off
_CUSTOMER_HEADER = [
    "KdNr", "Name1", "Name2", "Straße", "PLZ", "Ort", "Land", "Telefon", "E-Mail", "USt-IdNr",
    "HR-Nr", "Branche", "Mitarbeiter", "Vertreter", "Kunde seit", "Zahlungsziel", "Sperre",
]
# fmt: on
# fmt: off
_ORDER_HEADER = [
    "Auftrag", "Pos", "KdNr", "Auftragsdatum", "Zugesagt", "Geliefert", "ArtNr",
    "Bezeichnung", "Menge", "ME", "Einzelpreis", "Rabatt %", "Nettowert", "Status",
]
# fmt: on


class Erp:
    """What the ERP knows: its customer numbers, its articles, its order lines."""

    def __init__(self, world: World) -> None:
        self.world = world
        n = len(world.firm_of)
        rng = world.chance("erp")
        # Some customers were created a second time and order under the new number ever since.
        doubled = np.flatnonzero(rng.random(n) < 0.03)
        self.number = np.arange(_FIRST_NO, _FIRST_NO + n)
        first_double = max(_FIRST_SECOND_NO, _FIRST_NO + n)
        self.second = {int(j): first_double + k for k, j in enumerate(doubled)}
        self.second_from = np.full(n, world.calendar.days)
        starts = world.start_days[doubled].clip(0)
        self.second_from[doubled] = starts + (
            rng.uniform(0.2, 0.8, len(doubled)) * (world.calendar.days - starts)
        ).astype(int)

    def number_on(self, customer: Ints, day: Ints) -> Ints:
        """Return the number under which the customer orders on the day."""
        switched = day >= self.second_from[customer]
        return np.where(switched, self._second_number[customer], self.number[customer])

    @cached_property
    def _second_number(self) -> Ints:
        number = self.number.copy()
        number[list(self.second)] = list(self.second.values())
        return number

    def order_no(self, order: int, day: int) -> str:
        """Return an order's number; for -1 that of the last order before the day."""
        days = self.world.history.orders.day
        if order < 0:
            order = int(np.searchsorted(days, day)) - 1
        # Orders are counted in time; those before the files begin have lower numbers.
        return _order_no(order - int(np.searchsorted(days, 0)))

    @cached_property
    def accounts(self) -> list[tuple[int, int]]:
        """Every customer number with the customer's index."""
        first = list(zip(self.number.tolist(), range(len(self.number)), strict=True))
        return first + [(number, j) for j, number in self.second.items()]

    @cached_property
    def articles(self) -> list[tuple[str, str, str, float]]:
        """Article number, name, group, list price."""
        rng, words, result = self.world.chance("articles"), self.world.words, []
        for group_no, (group, kinds) in enumerate(words["articles"].items(), 1):
            low, high = words["price_ranges"][group]
            for kind, (name, variants) in enumerate(kinds, 1):
                prices = np.exp(np.sort(rng.uniform(np.log(low), np.log(high), variants)))
                for size, price in enumerate(prices, 1):
                    suffix = f" {10 + 5 * size}" if group != "Service" else f" Stufe {size}"
                    number = f"{group_no}{kind:02d}-{size * 10:04d}"
                    result.append((number, name + suffix, group, round(float(price), 2)))
        return result

    def list_price(self, article: int, day: int) -> float:
        """Return an article's list price on a day; it rises as what customers pay on average."""
        level = self.world.history.price_level[day // BLOCK_DAYS].mean()
        return round(float(self.articles[article][3] * level), 2)

    @cached_property
    def favourites(self) -> Ints:
        """Per customer its two favourite groups, as numbers of the vocabulary's groups."""
        groups: Ints = self.world.chance("order lines").integers(0, 6, (len(self.number), 2))
        return groups

    def write(self, inbox: Path) -> list[Written]:
        """Write the three files."""
        header = ("ArtNr", "Bezeichnung", "Warengruppe", "Listenpreis", "ME", "EK netto")
        return [
            write_csv(inbox / "erp_kunden.csv", _CUSTOMER_HEADER, self._customers()),
            write_csv(inbox / "erp_auftraege.csv", _ORDER_HEADER, self._with_breaks()),
            write_csv(inbox / "erp_artikel.csv", header, self._article_rows()),
        ]

    def _article_rows(self) -> Iterator[Sequence[Any]]:
        """Articles with today's list price; of some nobody has entered what they cost."""
        rng, last = self.world.chance("costs"), self.world.calendar.days - 1
        for article, (number, name, group, _) in enumerate(self.articles):
            price = self.list_price(article, last)
            share, known = rng.uniform(0.5, 0.75), rng.random()
            yield (
                number, name, group, comma(price), "Std" if group == "Service" else "Stk",
                comma(price * share) if known < 0.93 else "",
            )  # fmt: skip

    @cached_property
    def vat_ids(self) -> dict[int, str]:
        """Per customer's index the VAT identifier that the file of customers shows, if it does."""
        at = _CUSTOMER_HEADER.index("USt-IdNr")
        shown = zip(self.accounts, self._rows, strict=True)
        return {j: row[at] for (_, j), row in shown if row[at]}

    @cached_property
    def _rows(self) -> list[list[Any]]:
        rng, rows = self.world.chance("erp customers"), []
        for number, j in self.accounts:
            firm = self.world.firms[self.world.firm_of[j]]
            rows.append(self._customer(number, j, firm, number != self.number[j], rng))
        return rows

    def _customers(self) -> Iterator[Sequence[Any] | Broken]:
        broken_after = len(self.accounts) // 2
        for position, ((_, j), row) in enumerate(zip(self.accounts, self._rows, strict=True)):
            firm = self.world.firms[self.world.firm_of[j]]
            yield row
            if position == broken_after:
                cells = [str(value) for value in row]
                cells[0], cells[1] = str(_FIRST_SECOND_NO - 1), f"{firm.stem}; alt"
                yield Broken("semicolon in a name without quotes", ";".join(cells))

    def _customer(
        self, number: int, j: int, firm: Firm, is_second: bool, rng: np.random.Generator
    ) -> list[Any]:
        world = self.world
        habit = spelling.CRM if is_second else spelling.ERP
        name = spelling.spell(firm, habit, rng)
        head, tail = _split(name)
        has = rng.random(8) < (0.6 if is_second else 1)
        known = rng.random(8)
        is_stale = firm.old_place is not None and rng.random() < 0.2
        place = firm.old_place if is_stale and firm.old_place else firm.place
        since = self._since(j, rng)
        return [
            number,
            head,
            tail,
            spelling.street(place, rng, 0.9),
            place.postcode,
            place.town,
            "DE",
            spelling.phone(firm, "0", rng, known[0] < 0.7) if known[1] < 0.95 else "",
            firm.mailbox if known[2] < 0.85 else "",
            firm.vat_id if has[3] and known[3] < 0.9 else "",
            firm.register if has[4] and known[4] < 0.6 else "",
            firm.industry if known[5] < 0.94 else "",
            firm.employees if has[6] and known[6] < 0.9 else "",
            world.owner[firm.number],
            dotted(since),
            pick(world.words["payment_terms"], rng),
            "X" if rng.random() < 0.02 else "",
        ]

    def _since(self, j: int, rng: np.random.Generator) -> date:
        start = int(self.world.start_days[j])
        if start >= 0:
            return self.world.calendar.day(start)
        return self.world.calendar.first - timedelta(days=int(300 + rng.exponential(2500)))

    def _with_breaks(self) -> Iterator[Sequence[Any] | Broken]:
        """Yield the order lines; three of them once more, cut off by an aborted print job."""
        breaks = {
            int(at)
            for at in self.world.chance("erp breaks").integers(0, 1 + self.world.is_seen.sum(), 3)
        }
        for position, row in enumerate(self._lines()):
            yield row
            if position in breaks:
                cells = [str(value) for value in row[: 5 + position % 4]]
                yield Broken("line cut off: too few fields", ";".join(cells))

    def _lines(self) -> Iterator[Sequence[Any]]:
        rng = self.world.chance("order lines")
        seen = np.flatnonzero(self.world.is_seen)
        favourites = rng.integers(0, 6, (len(self.number), 2))  # as `favourites`
        book = self.world.history.orders
        worn = self._needs.worn(book.customer[seen], book.day[seen])
        for begin in range(0, len(seen), _CHUNK):
            chunk = slice(begin, begin + _CHUNK)
            yield from self._chunk(seen[chunk], begin, favourites, worn[chunk], rng)

    def _chunk(
        self,
        orders: Ints,
        begin: int,
        favourites: NDArray[Any],
        worn: Ints,
        rng: np.random.Generator,
    ) -> Iterator[Sequence[Any]]:
        world, book = self.world, self.world.history.orders
        count = 1 + rng.poisson(1.1, len(orders)).clip(0, 9)
        line_of = np.repeat(np.arange(len(orders)), count)
        position = np.arange(len(line_of)) - np.repeat(np.cumsum(count) - count, count) + 1
        order = orders[line_of]
        who, day = book.customer[order], book.day[order]
        article = self._pick(who, favourites, rng)
        # The parts that are due come first, one a position, as far as the order has positions.
        due = np.sort(worn, axis=1)[:, ::-1]
        part = due[line_of, (position - 1).clip(0, due.shape[1] - 1)]
        article = np.where((part >= 0) & (position <= due.shape[1]), part, article)
        level = world.history.price_level[day // BLOCK_DAYS, who]
        price = (np.array([a[3] for a in self.articles])[article] * level).round(2)
        quantity = np.ceil(rng.lognormal(1.6, 0.9, len(order)) * np.where(price > 150, 0.3, 1.5))
        discount = rng.choice([0, 0, 0, 3, 5, 10], len(order))
        net = (quantity * price * (1 - discount / 100)).round(2)
        # A first position is never cancelled, so that an order stays an order.
        cancelled = (position > 1) & (rng.random(len(order)) < 0.02)
        dates = [dotted(world.calendar.day(d)) for d in range(world.calendar.days)]
        promised = [dotted(world.calendar.day(d)) for d in book.promised[orders]]
        is_out = book.delivered[orders] < world.calendar.days
        delivered = [
            dotted(world.calendar.day(d)) if out else ""
            for d, out in zip(book.delivered[orders], is_out, strict=True)
        ]
        numbers = self.number_on(book.customer[orders], book.day[orders]).tolist()
        columns = (line_of, position, day, article, quantity, price, discount, net, cancelled)
        for i, pos, d, a, q, p, off, value, gone in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            sku, name, group, _ = self.articles[a]
            status = "storniert" if gone else "geliefert" if delivered[i] else "offen"
            yield (
                _order_no(begin + i), pos, numbers[i], dates[d], promised[i],
                "" if gone else delivered[i], sku, name, int(q),
                "Std" if group == "Service" else "Stk", comma(p), off, comma(value), status,
            )  # fmt: skip

    def _pick(self, who: Ints, favourites: NDArray[Any], rng: np.random.Generator) -> Ints:
        """Articles, three times in four from one of the customer's two favourite groups."""
        names = list(self.world.words["articles"])
        wanted = favourites[who, rng.integers(0, 2, len(who))]
        group = np.where(rng.random(len(who)) < 0.75, wanted, rng.integers(0, len(names), len(who)))
        return self._needs.fitting(group, who, rng.random(len(who)))

    @cached_property
    def _needs(self) -> Needs:
        return Needs(self.world, self.articles)


def _order_no(rank: int) -> str:
    return f"A{200_001 + rank}"


def _split(name: str) -> tuple[str, str]:
    """Cut a long name at a word, as the ERP's two fields force people to."""
    if len(name) <= _NAME_LENGTH:
        return name, ""
    cut = name.rfind(" ", 0, _NAME_LENGTH + 1)
    return (name[:cut], name[cut + 1 :]) if cut > 0 else (name, "")


def comma(value: float) -> str:
    """Write a number with two places as a German program does."""
    return f"{value:.2f}".replace(".", ",")
