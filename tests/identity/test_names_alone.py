"""Lists of nothing but names: what equal names are worth, and what is left to people."""

from datetime import date

import pandas as pd
import pytest

import identity
from identity.resolve import resolve_with_doubts

# A hundred names of two words; no word is in more than a tenth of them.
FIRST = ["Hagel", "Brink", "Wolf", "Oster", "Thun", "Vogel", "Rauten", "Linden", "Eich", "Falken"]
SECOND = ["Pumpen", "Hebezeug", "Ketten", "Zink", "Draht", "Walz", "Glas", "Lack", "Kabel", "Kran"]
LIST = [f"{one}stein{n}x {two}werk" for n, one in enumerate(FIRST) for two in SECOND]


def records(names: list[str]) -> pd.DataFrame:
    table = pd.DataFrame({"name": names}).assign(source="list")
    table.insert(0, "record_id", [f"r{n:04}" for n in range(len(table))])
    return table


def customers(names: list[str], of: str) -> pd.Series:
    table = records([*LIST, *names])
    found = identity.resolve(table).set_index("record_id")
    return found.loc[table.loc[table["name"] == of, "record_id"]]


def test_an_equal_name_of_two_rare_words_is_one_firm_at_a_stated_probability():
    found = customers(["Nottbohm Schleifscheiben GmbH"] * 2, "Nottbohm Schleifscheiben GmbH")
    assert found["customer_id"].nunique() == 1
    assert (found["probability"] == 0.95).all()


@pytest.mark.parametrize("common", ["Müller GmbH", "Hans Müller", "Siemens AG"])
def test_a_common_name_or_a_single_word_is_a_question_for_a_person(common):
    table = records([*LIST, common, common])
    found, doubts = resolve_with_doubts(table, (), (), date.max)
    assert found.tail(2)["customer_id"].nunique() == 2
    asked = set(zip(doubts["record_a"], doubts["record_b"], strict=True))
    pair = tuple(table["record_id"].tail(2))
    assert pair in asked


@pytest.mark.parametrize("name", ["Meier", "Stolte Pumpen GmbH"])
def test_a_name_that_fills_a_third_of_a_list_is_one_firm(name):
    assert customers([name] * 50, name)["customer_id"].nunique() == 1


def test_a_name_counts_once_however_many_rows_have_it():
    rows = ["Stolte Pumpen GmbH"] * 50 + ["Zell Hebebühnen"] * 2
    assert customers(rows, "Zell Hebebühnen")["customer_id"].nunique() == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nottbohm Schleifscheiben AG", "Nottbohm Schleifscheiben GmbH"),  # a second company
        ("Nottbohm Schleifscheiben", "Nottbohm Schleifscheiben Vertrieb"),
        ("Nottbohm Schleifscheiben", "Nottbohm Bremsbeläge"),
        ("Nottbohm Schleifscheiben 1", "Nottbohm Schleifscheiben 2"),
    ],
)
def test_names_that_differ_by_more_than_spelling_are_two_firms(one, other):
    found = identity.resolve(records([*LIST, one, other]))
    assert found["customer_id"].nunique() == len(LIST) + 2


def test_a_slip_of_the_pen_is_none():
    rows = [
        "Nottbohm Schleifscheiben",
        "Nottbohm Schleifscheiben Akt.-Ges.",
        "Notbohm Schleifscheiben",
    ]
    assert identity.resolve(records([*LIST, *rows]))["customer_id"].nunique() == len(LIST) + 1
