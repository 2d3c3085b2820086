"""How the records of a pair agree: the degrees are those that Splink gives with the same SQL."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from splink import DuckDBAPI, Linker

from identity.comparisons import COMPARISONS, choose_comparisons
from identity.features import build_features, read_records
from identity.model import weigh
from identity.pairs import compare, load, open_database, splink_settings

NAMES = ["Müller Antriebstechnik GmbH", "Mueller Antriebstechnk vorm. Kern", "Müller & Söhne OHG",
         "Antriebstechnik Stuttgart vorm. Kern", "Kraft Pumpen AG vorm. Stein", None]  # fmt: skip
PERSONS = [("Anna", "Berger"), ("Berger", "Anna"), ("Ann", "Berger"), ("A.", "Bergner"),
           ("Otto", "Kern sen."), ("Ottomar", "Kern jun."), ("Otto", None)]  # fmt: skip
STREETS = ["Hauptstr. 12", "Hauptstraße 12", "Haupstr. 12", "Werkstraße 3", "Werkstraße 3", None]
POSTCODES = ["70173", "70137", "70199", "89073", "8907", None]
PHONES = ["0711 1234560", "0711 123456-12", "+49 711 1234560", "0731 44550", None, "07311234560"]
NUMBERS = ["lei: 4711; tax: 99123", "lei: 4711", "lei: 4712", "tax: 55555", None]
DATES = ["1970-04-03", "1970-03-04", "1970-04-08", "1971-05-03", None, "1988-12-24"]


@pytest.fixture(scope="module")
def features() -> pd.DataFrame:
    """Records in which every comparison has something to say, firms and persons apart."""
    rng = np.random.default_rng(1)
    rows = []
    for n in range(120):
        given, family = PERSONS[rng.integers(7)] if n % 2 else (None, None)
        rows.append({
            "record_id": f"erp:{n:03}", "source": "erp", "country": "DE",
            "name": None if n % 2 else NAMES[rng.integers(6)],
            "given_name": given, "family_name": family,
            "birth_date": DATES[rng.integers(6)] if n % 2 else None,
            "street": STREETS[rng.integers(6)], "postcode": POSTCODES[rng.integers(6)],
            "city": ["Stuttgart", "Stutgart", "Ulm"][rng.integers(3)],
            "phone": PHONES[rng.integers(6)],
            "email": ["info@kraft.example", "inof@kraft.example", None][rng.integers(3)],
            "website": ["www.kraft.example", "kraftpumpen.example", None][rng.integers(3)],
            "registration_no": ["HRB 4711", "HRB 4712", "HRB 90", None][rng.integers(4)],
            "other_ids": NUMBERS[rng.integers(5)],
        })  # fmt: skip
    return build_features(read_records(pd.DataFrame(rows)))


def test_degrees_of_agreement_are_those_of_splink(features: pd.DataFrame) -> None:
    comparisons = choose_comparisons(features)
    assert len(comparisons) == len(COMPARISONS)
    pairs = compare(features)
    assert pairs is not None
    ours = pd.DataFrame(
        pairs.degrees[pairs.pattern], columns=[field.comparison.name for field in pairs.fields]
    ).set_index([pairs.left, pairs.right])
    settings = replace(
        splink_settings(comparisons),
        blocking_rules_to_generate_predictions=["l.position < r.position"],
        retain_intermediate_calculation_columns=True,
    )
    with open_database() as connection:
        load(connection, features)
        linker = Linker(DuckDBAPI(connection).register("records"), settings, log_level="ERROR")
        predicted = linker.inference.predict().physical_name
        splinks = connection.execute(f"from {predicted}").df()
    splinks = splinks.set_index(["position_l", "position_r"]).loc[ours.index]
    for comparison in comparisons:
        # Splink counts from "all else" upwards; unknown is -1 for both
        gamma = splinks[f"gamma_{comparison.name}"]
        expected = gamma.where(gamma < 0, len(comparison.levels) - gamma)
        assert expected.nunique() > 2, comparison.name
        assert list(ours[comparison.name]) == list(expected), comparison.name


def test_what_random_pairs_do_not_show_is_as_frequent_as_the_compared_pairs_show_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [
        {"record_id": f"erp:{n:03}", "source": "erp", "country": "DE", "name": f"Firma {n}",
         "phone": f"0{200 + n} {1234567 + n // 2}"}
        for n in range(400)
    ]  # fmt: skip
    monkeypatch.setattr("identity.pairs.RANDOM_RECORDS", 16)
    pairs = compare(build_features(read_records(pd.DataFrame(rows))))
    assert pairs is not None
    field = next(field for field in pairs.fields if field.comparison.name == "phone")
    assert field.chance[1] * field.known >= 200  # strangers with the same end, two by two


def test_pairs_about_which_a_comparison_says_nothing_are_not_known(features: pd.DataFrame) -> None:
    pairs = compare(features)
    assert pairs is not None
    name = next(field for field in pairs.fields if field.comparison.name == "name")
    holders, in_parts = features["name"].notna().sum(), features["given_name"].notna().sum()
    pairs_of = [n * (n - 1) / 2 for n in (holders, in_parts)]
    assert name.known == pytest.approx(pairs_of[0] - pairs_of[1])


def test_other_given_names_are_rare_among_true_pairs_whatever_is_expected(
    features: pd.DataFrame,
) -> None:
    pairs = compare(features)
    assert pairs is not None
    number = next(n for n, f in enumerate(pairs.fields) if f.comparison.name == "given_name")
    field, degree = pairs.fields[number], pairs.degrees[:, number]
    other = next(n for n, level in enumerate(field.comparison.levels) if level.at_most < 1)
    five = np.where(degree == other, 5 / np.count_nonzero(degree == other), 0.0)
    weight = weigh(field, degree, five)[degree == other]
    # five of 25, the prior's among them, would be a fifth; fewer strangers make it weigh more
    most = field.comparison.levels[other].at_most
    assert (weight <= np.log2(most / (field.chance[other] - 5 / field.known)) + 0.01).all()
