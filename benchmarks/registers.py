"""Invented firms as public registers print them: name and town, and little else.

Three sets, each with the habits of one kind of print, none of it copied: `notices` is one list in
which a firm stands once for each event (entry, change, dissolution), as in a register's gazette;
`chamber` are two years of a list that names each firm once, with towns in the name, shortened
words and changed forms; `association` are two scanned directories with old spellings and a
scanner's slips, made of other words. Firms of a town share words with it and with each other: a
bank and a machine works of Chemnitz are two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from config import read_yaml
from sample.chance import pick, source

WORDS_FILE = Path(__file__).with_suffix(".yml")
OLD_SPELLINGS = (
    ("K", "C"), ("Z", "C"), ("T", "Th"), ("t", "th"), ("k", "c"), ("z", "c"), ("C", "K"),
    ("th", "t"), ("Th", "T"), ("c", "k"), ("ä", "ae"), ("ü", "ue"), ("ss", "ß"),
)  # fmt: skip
SCANNER_SLIPS = (
    ("m", "rn"), ("rn", "m"), ("ü", "ii"), ("li", "h"), ("u", "n"), ("n", "u"), ("e", "c"),
    ("l", "1"), ("B", "R"), ("f", "s"),
)  # fmt: skip
Data = tuple[pd.DataFrame, pd.Series]


@dataclass(frozen=True)
class Firm:
    """One invented firm: the words of its name, its legal form, town and earlier name, if any."""

    words: tuple[str, ...]
    form: str
    town: str
    earlier: str | None


@dataclass(frozen=True)
class Habit:
    """How often, of all records, a list does what the name says (0 to 1)."""

    town_in_name: float = 0.0
    form_first: float = 0.0
    shorten: float = 0.0
    state: float = 0.0
    earlier: float = 0.0
    left_out: float = 0.0
    spelling: float = 0.0
    slip: float = 0.0
    hyphen: float = 0.0
    no_town: float = 0.0


NOTICES = Habit(town_in_name=0.2, shorten=0.15, state=0.12, earlier=0.1, left_out=0.05, no_town=0.1)
CHAMBER = (
    Habit(town_in_name=0.1, form_first=0.1, earlier=0.1),
    Habit(town_in_name=0.3, shorten=0.5, state=0.1, earlier=0.2, left_out=0.15, spelling=0.1),
)
ASSOCIATION = (
    Habit(town_in_name=0.3, earlier=0.2, spelling=0.15, hyphen=0.05, slip=0.1),
    Habit(town_in_name=0.1, form_first=0.2, shorten=0.3, left_out=0.15, spelling=0.3, slip=0.25,
          hyphen=0.1, state=0.1),
)  # fmt: skip


def notices(seed: int = 1, firms: int = 500) -> Data:
    """Make one list in which a firm stands for each of its one to four events."""
    words, rng = _words(0), source(seed, "notices")
    found = _firms(firms, words, rng)
    events = [int(rng.choice([1, 2, 3, 4], p=[0.45, 0.3, 0.15, 0.1])) for _ in found]
    rows = [
        (number, "gazette", *_printed(firm, NOTICES, words, rng))
        for number, (firm, times) in enumerate(zip(found, events, strict=True))
        for _ in range(times)
    ]
    return _table(rows, rng)


def two_lists(habits: Sequence[Habit], half: int, purpose: str, seed: int, firms: int) -> Data:
    """Make two lists that name a firm once each; two thirds of the firms stand in both."""
    words, rng = _words(half), source(seed, purpose)
    found = _firms(firms, words, rng)
    draw = rng.random(len(found))
    rows = [
        (number, name, *_printed(firm, habit, words, rng))
        for name, habit, share in zip(
            ("first", "second"), habits, (draw < 5 / 6, draw > 1 / 6), strict=True
        )
        for number, firm in enumerate(found)
        if share[number]
    ]
    return _table(rows, rng)


def names_only(data: Data) -> Data:
    """Keep nothing but the names of a set, as one list."""
    records, truth = data
    return records[["record_id", "name"]].assign(source="list"), truth


def one_list(data: Data) -> Data:
    """Take a set as one list, so that nothing tells which record stands in which print."""
    records, truth = data
    return records.assign(source="list"), truth


def sets() -> dict[str, Callable[[], Data]]:
    """All sets by the names that the benchmark prints."""
    chamber = partial(two_lists, CHAMBER, 0, "chamber", 1, 600)
    association = partial(two_lists, ASSOCIATION, 1, "association", 1, 700)
    return {
        "notices": notices,
        "chamber": chamber,
        "chamber_one": lambda: one_list(chamber()),
        "notices_names": lambda: names_only(notices()),
        "chamber_names": lambda: names_only(chamber()),
        "association": association,
        "assoc_one": lambda: one_list(association()),
        "assoc_names": lambda: names_only(association()),
    }


def _words(half: int) -> Mapping[str, Any]:
    words = read_yaml(WORDS_FILE)
    halves = ("towns", "families", "stems", "ends", "given", "trades", "kinds", "people", "forms")
    return words | {kind: words[kind][half] for kind in halves}


def _firms(count: int, words: Mapping[str, Any], rng: np.random.Generator) -> list[Firm]:
    """Invent firms; in a town no two have the same words in any order, as German law has it.

    Section 30 of the commercial code: names of a place must be told apart.
    """
    found: dict[tuple[Any, ...], Firm] = {}
    makers = (_of_family, _of_family, _of_trade, _of_both)
    while len(found) < count:
        town = pick(words["towns"], rng)
        name = pick(makers, rng)(words, town, rng)
        form = pick([*words["forms"]], rng)
        earlier = " ".join(_of_family(words, town, rng)) if rng.random() < 0.25 else None
        told_apart = frozenset(town if word.startswith(town[:-1]) else word for word in name)
        found.setdefault((told_apart, town), Firm(name, form, town, earlier))
    return list(found.values())


def _family(words: Mapping[str, Any], rng: np.random.Generator) -> str:
    """Pick a family name, one in four among the common ones; others are made of two stems."""
    if rng.random() < 0.25:
        return pick(words["families"], rng)
    return pick(words["stems"], rng) + pick(words["ends"], rng)


def _of_family(words: Mapping[str, Any], _: str, rng: np.random.Generator) -> tuple[str, ...]:
    family, given = _family(words, rng), pick(words["given"], rng)
    chance = rng.random()
    if chance < 0.4:
        return given, family
    if chance < 0.5:
        return family, "und", _family(words, rng)
    people = pick(words["people"], rng)
    first = people in ("Gebrüder", "Geschwister")
    return (people, family) if first else (family, *people.split())


def _of_trade(words: Mapping[str, Any], town: str, rng: np.random.Generator) -> tuple[str, ...]:
    trade = pick(words["trades"], rng)
    of_town = town.removesuffix("e") + ("r" if town.endswith("e") and town != "Halle" else "er")
    chance = rng.random()
    if chance < 0.5:
        return of_town, trade
    if chance < 0.7:
        return pick(words["kinds"], rng), trade
    return (trade, town) if chance < 0.85 else (pick(words["kinds"], rng), of_town, trade)


def _of_both(words: Mapping[str, Any], _: str, rng: np.random.Generator) -> tuple[str, ...]:
    trade, family = pick(words["trades"], rng), _family(words, rng)
    return (trade, family) if rng.random() < 0.6 else (family + "sche", trade)


def _printed(
    firm: Firm, habit: Habit, words: Mapping[str, Any], rng: np.random.Generator
) -> tuple[str, str | None]:
    """Print a firm's name and town as a list does."""
    parts = list(firm.words)
    if rng.random() < habit.shorten:
        parts = [pick(words["shortened"].get(part, [part]), rng) for part in parts]
        parts = ["&" if part == "und" else part for part in parts]
    if len(parts) > 2 and rng.random() < habit.left_out:
        parts = [part for part in parts[:-1] if part not in ("und", "&")]
    name = " ".join(parts)
    form = pick(words["forms"][firm.form], rng)
    if rng.random() < 0.93:
        name = f"{form} {name}" if rng.random() < habit.form_first else f"{name} {form}"
    if firm.earlier and rng.random() < habit.earlier * 4:
        name += f"{pick([' vorm. ', ' vormals ', ', vorm. '], rng)}{firm.earlier}"
    in_name = rng.random() < habit.town_in_name
    if in_name and firm.town not in name:
        district = (
            pick(["", "", " O. 27", " NW. 7", "-Nord"], rng)
            if firm.town in ("Berlin", "Hamburg")
            else ""
        )
        name += f"{pick([' in ', ' zu ', ', '], rng)}{firm.town}{district}"
    if rng.random() < habit.state:
        name += f" {pick(words['states'], rng)}"
    name = _damaged(name, habit, rng)
    return name, None if rng.random() < habit.no_town else firm.town


def _damaged(name: str, habit: Habit, rng: np.random.Generator) -> str:
    for share, swaps in ((habit.spelling, OLD_SPELLINGS), (habit.slip, SCANNER_SLIPS)):
        possible = [swap for swap in swaps if swap[0] in name]
        if possible and rng.random() < share:
            name = name.replace(*pick(possible, rng), 1)
    if rng.random() < habit.hyphen:
        long = [word for word in name.split() if len(word) > 9 and word.isalpha()]
        if long:
            word = pick(long, rng)
            cut = int(rng.integers(3, len(word) - 3))
            name = name.replace(word, f"{word[:cut]}- {word[cut:]}", 1)
    return name


def _table(rows: Sequence[tuple[Any, ...]], rng: np.random.Generator) -> Data:
    table = pd.DataFrame(rows, columns=["truth", "source", "name", "city"])
    table = table.iloc[rng.permutation(len(table))].reset_index(drop=True)
    table.insert(0, "record_id", [f"r{n:04d}" for n in range(len(table))])
    return table.drop(columns="truth"), table["truth"]
