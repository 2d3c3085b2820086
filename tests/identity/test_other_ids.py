"""Official numbers of any kind, several per record."""

from __future__ import annotations

import pandas as pd
import pytest

import identity
from identity.features import build_features, read_records
from identity.links import find_links
from identity.model import estimate_probabilities
from identity.other_ids import MAX_NAMES_PER_KEY, find_pairs, parse, share_lasting
from identity.pairs import compare

TOWNS = ["Ulm", "Kiel", "Celle", "Jena", "Bonn", "Hagen", "Trier", "Emden", "Lohr", "Wesel"]
STRANGERS = [
    (f"list:{n}", f"{name} GmbH", None, TOWNS[n]) for n, name in enumerate(
        ["Abel", "Bruck", "Corvin", "Dorn", "Esch", "Falk", "Grimm", "Horn", "Imhof", "Jung"])
]  # fmt: skip


def features(*rows: tuple[str, ...], columns: str = "name other_ids") -> pd.DataFrame:
    records = pd.DataFrame(rows, columns=columns.split(), dtype=object)
    records["record_id"] = [f"erp:{n}" for n in range(len(rows))]
    return build_features(read_records(records.assign(source="erp")))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("DUNS: 31-572-1234; LEI: 5493 001k", "duns:315721234 lei:5493001K"),
        ("LEI:5493001K\nD-U-N-S: 31 572 1234", "duns:315721234 lei:5493001K"),
        ("Steuernummer: k. A.; LEI: -; DUNS: 000000", None),
        ("", None),
        (None, None),
    ],
)
def test_numbers_are_read_with_their_kinds(text, numbers):
    assert parse(text) == numbers


def same(*rows: tuple[str, str, str | None, str | None]) -> bool:
    columns = ["record_id", "name", "other_ids", "city"]
    records = pd.DataFrame([*rows, *STRANGERS], columns=columns, dtype=object)
    records["source"] = records["record_id"].str.split(":").str[0]
    customer = identity.resolve(records).set_index("record_id")["customer_id"]
    return customer.loc["erp:1"] == customer.loc["crm:1"]


def likely(*rows: tuple[str, str | None]) -> float:
    """How probable it is that the first two rows are one."""
    pairs = compare(features(*rows, *((name, None) for _, name, *_ in STRANGERS)))
    found = zip(pairs.left, pairs.right, estimate_probabilities(pairs), strict=True)
    return next(float(probability) for left, right, probability in found if (left, right) == (0, 1))


def test_one_number_of_one_kind_joins_what_shares_a_word():
    here, there = ("erp:1", "Nordwerk Zahnrad GmbH"), ("crm:1", "Zahnrad Kiel")
    assert same((*here, "DUNS: 315721234; LEI: 5493001K", "Kiel"), (*there, "LEI: 5493001K", None))
    assert not same((*here, "DUNS: 315721234", "Kiel"), (*there, "LEI: 315721234", None))
    assert not same((*here, None, "Kiel"), (*there, None, None))


def test_different_numbers_of_one_kind_speak_against():
    none, other_kind, other_number = (
        likely(
            ("Anna Kern", "passport: 471122"), ("Anna Kern", number), ("Otto Abel", "licence: 5")
        )
        for number in (None, "licence: 998877", "passport: 998877")
    )
    assert none == pytest.approx(other_kind, abs=0.01)
    assert other_number < other_kind / 2


def test_strangers_with_one_number_are_no_sure_pair():
    assert list(find_pairs(features(("Abel Bau", "tax: 4711"), ("Bruck AG", "tax: 4711")))) == []
    assert list(find_pairs(features(("Abel Bau", "tax: 4711"), ("Abel AG", "tax: 4711")))) == [
        (0, 1)
    ]
    many = [(f"Abel {town}", "tax: 4711") for town in TOWNS[: MAX_NAMES_PER_KEY + 1]]
    assert list(find_pairs(features(*many))) == []


def test_what_lasts_a_life_is_known_of_all_records_of_a_number():
    people = features(
        ("Eva", "Kern", "19700102", "passport: 4711"),
        ("Eva", "Kern", None, "passport: 4711"),
        (None, "Kern", None, "passport: 4711"),
        ("Eva", "Kern", None, None),
        columns="given_name family_name birth_date other_ids",
    )
    filled = share_lasting(people, find_pairs(people))
    assert list(filled["birth_date"]) == ["19700102"] * 3 + [None]
    assert list(filled["given_name"]) == ["eva"] * 4
    assert list(people["birth_date"]) == ["19700102", None, None, None]


def test_two_dates_of_birth_fill_nothing():
    people = features(
        ("Kern", "19700102", "passport: 4711"),
        ("Kern", "19700103", "passport: 4711"),
        ("Kern", None, "passport: 4711"),
        columns="name birth_date other_ids",
    )
    assert list(share_lasting(people, find_pairs(people))["birth_date"])[2] is None


def test_the_number_is_named():
    found = features(("Abel Bau", "LEI: 5493001K"), ("Abel AG", "LEI: 5493001K"))
    link = find_links(found, [0, 0], [], [(0, 1)], [], None)[1]
    assert link[1:] == ("gleiche Nummer (lei) 5493001K", "same number (lei) 5493001K")
