"""Degrees of agreement that need more than one look at a pair."""

import pandas as pd
import pytest

from identity.comparisons import COMPARISONS
from identity.features import build_features, read_records
from identity.pairs import degree_sql, load, open_database


def degree(comparison, **columns):
    """How two records agree, with `columns` as pairs of values; the name of the degree's SQL."""
    records = pd.DataFrame({"record_id": ["a", "b"], "source": "erp", **columns})
    chosen = next(c for c in COMPARISONS if c.name == comparison)
    used = sorted({*chosen.columns, "words"})
    sides = ", ".join(f"{side}.{column} as {column}_{side}" for column in used for side in "lr")
    with open_database() as connection:
        load(connection, build_features(read_records(records)))
        row = connection.execute(
            f"select {degree_sql(chosen)} from (select {sides} from records l"
            " join records r on l.position < r.position)"
        ).fetchone()
    levels = [level.sql for level in chosen.levels]
    return levels[row[0]] if row[0] < len(levels) else "all else"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["Bob", "Robert"], "given_root_l = given_root_r"),
        (["Anna Maria", "Anna Marie"], "given_root_l = given_root_r"),
        (["Bob J", "Robert"], "holds_words(given_root_l, given_root_r)"),
        (["Zara", "Sarah"], "given_sound_l = given_sound_r and"),
        (["Marc", "Mark"], "not coalesce(given_known_l <> given_known_r, false) and ("),
        (["B", "Robert"], "least(length(given_name_l), length(given_name_r)) <= 3 and"),
        (["Maria", "Mario"], "coalesce(given_known_l <> given_known_r, false)"),
        (["Maria", "Mariq"], "not coalesce(given_known_l <> given_known_r, false) and ("),
        (["Otto", "Qwyx"], "all else"),
    ],
)
def test_given_names_in_many_forms(given, says):
    found = degree("given_name", given_name=given, family_name=["Kern", "Kern"])
    assert found.startswith(says)


@pytest.mark.parametrize(
    ("family", "says"),
    [
        (["Meier", "Mayr"], "family_sound_l = family_sound_r"),
        (["Sentosa", "Medina Sentosa"], "holds_words(family_name_l, family_name_r)"),
        (["Müller-Lüdenscheidt", "Lüdenscheidt"], "holds_words(family_name_l, family_name_r)"),
        (["Kern", "Obermeier"], "all else"),
    ],
)
def test_family_names_in_many_forms(family, says):
    assert degree("family_name", given_name=["Eva", "Eva"], family_name=family) == says


def test_names_of_firms_are_heard_too():
    assert degree("name", name=["Filip Xaver Mair", "Philipp Ksawer Meyer"]) == "sound_l = sound_r"


@pytest.mark.parametrize(
    ("dates", "degree_of"),
    [(["19701010", "19701010"], 0), (["19781211", "19791112"], 3), (["19701010", "19900315"], 4)],
)
def test_dates_of_birth_swapped_and_with_a_slip(dates, degree_of):
    chosen = next(c for c in COMPARISONS if c.name == "birth_date")
    says = [*(level.sql for level in chosen.levels), "all else"]
    assert degree("birth_date", name=["Kern", "Kern"], birth_date=dates) == says[degree_of]


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        (["lei: 4711; duns: 12345", "duns: 12345; tax: 99"], "share_id"),
        (["lei: 471123", "lei: 471124"], "has_akin_id"),
        (["lei: 471123; tax: 55", "lei: 998877"], "all else"),
    ],
)
def test_numbers_of_one_kind(numbers, says):
    assert degree("other_ids", name=["Kern", "Kern"], other_ids=numbers).startswith(says)


def test_how_often_neighbours_share_a_value_is_said_for_every_degree_about_one():
    for comparison in COMPARISONS:
        if comparison.prior_near and comparison.prior_near[0]:
            about = [n for n, level in enumerate(comparison.levels) if level.value]
            assert all(comparison.prior_near[n] > 0 for n in about), comparison.name
