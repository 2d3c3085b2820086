"""What files hold instead of data joins no strangers."""

import random

import pandas as pd
import pytest

import identity
from benchmarks.identity_size import make_records

FIRMS = [
    ("Ahorn Pumpen GmbH", "Ahornweg 1", "29221", "Celle"),
    ("Birke Optik AG", "Birkenring 22", "24103", "Kiel"),
    ("Conrad Textil OHG", "Domplatz 3", "50667", "Köln"),
    ("Dahlmann Stahlbau", "Ernst-Abbe-Str. 14", "07743", "Jena"),
    ("Erlenbach Möbel KG", "Fährstraße 5", "20457", "Hamburg"),
    ("Falkner Druck e.K.", "Gartenstr. 61", "72074", "Tübingen"),
    ("Gerstner Reisen", "Hofgraben 7", "80539", "München"),
    ("Holler Elektro GmbH", "Inselstr. 18", "04103", "Leipzig"),
]


def firms(**columns):
    frame = pd.DataFrame(FIRMS, columns=["name", "street", "postcode", "city"]).assign(source="erp")
    return frame.assign(record_id=[f"erp:{n}" for n in range(len(frame))], **columns)


PEOPLE = pd.DataFrame(
    [
        ("Renate", "Altmann", "1948-01-30", "Bachstr. 3", "94032", "Passau", "0851 100200"),
        ("Dieter", "Bauer", "1955-05-17", "Talweg 12", "87435", "Kempten", "0831 334455"),
        ("Sabine", "Cordes", "1971-11-02", "Deichweg 8", "26721", "Emden", "04921 7788"),
        ("Ralf", "Dietz", "1980-08-24", "Hügelstr. 40", "36037", "Fulda", "0661 90210"),
        ("Ute", "Engel", "1967-03-09", "Mühlgasse 1", "99084", "Erfurt", "0361 5550"),
        ("Jonas", "Fink", "1990-12-12", "Neumarkt 6", "01067", "Dresden", "0351 4711"),
        ("Petra", "Gross", "1958-06-21", "Obere Gasse 19", "97070", "Würzburg", "0931 2323"),
        ("Kevin", "Hartl", "2001-09-05", "Parkring 77", "68159", "Mannheim", "0621 87654"),
    ],
    columns=["given_name", "family_name", "birth_date", "street", "postcode", "city", "phone"],
).assign(source="list", record_id=[f"list:{n}" for n in range(8)], country="DE")


def customers(records):
    return identity.resolve(records).set_index("record_id")["customer_id"]


def test_records_with_nothing_but_a_first_name_are_strangers():
    people = [(f"list:{n}", "list", name) for n, name in enumerate(["Anna", "Anna", "Anna", "Uwe"])]
    lone = pd.DataFrame(people, columns=["record_id", "source", "given_name"])
    assert customers(pd.concat([firms(), lone])).nunique() == len(FIRMS) + len(lone)


def test_ten_thousand_records_with_the_phone_0_are_strangers():
    words = [f"{a}{b}" for a in ("alt", "berg", "dorn", "eich", "feld") for b in range(2000)]
    records = pd.DataFrame({"name": words, "phone": "0", "source": "erp"})
    records["record_id"] = [f"erp:{n}" for n in range(len(records))]
    assert customers(records).nunique() == len(records)


@pytest.mark.parametrize("nothing", ["k.A.", "unbekannt", "-", "n/a", "test@test.de", "xxx"])
@pytest.mark.parametrize("column", ["phone", "email", "website", "vat_id", "registration_no"])
def test_a_placeholder_in_every_row_joins_nobody(column, nothing):
    assert customers(firms(**{column: nothing})).nunique() == len(FIRMS)


def test_a_placeholder_for_the_name_or_address_joins_nobody():
    records = firms(phone=[f"0711 12345{n}" for n in range(8)])
    assert customers(records.assign(name="unbekannt")).nunique() == len(FIRMS)
    assert customers(records.assign(street="k.A.", city="-", postcode="n/a")).nunique() == 8


def test_the_own_switchboard_and_mailbox_in_every_row_join_nobody():
    own = firms(phone="0711 987650", email="info@wir.example", website="www.wir.example")
    assert customers(own).nunique() == len(FIRMS)


def test_one_number_for_two_firms_joins_them_only_if_it_is_a_verified_one():
    twice = firms(registration_no=["K-4711", "K-4711", *[None] * 6])
    assert customers(twice).nunique() == len(FIRMS)


def test_other_firms_of_the_same_house_stay_apart_and_one_firm_in_two_lists_is_one():
    names = ["Kraft Stahlbau GmbH", "Kraft Immobilien GmbH", "Kraft Energie GmbH", "Kraft Stahlbau"]
    house = pd.DataFrame({"name": names, "source": ["erp", "erp", "erp", "crm"]}).assign(
        record_id=["erp:a", "erp:b", "erp:c", "crm:a"],
        street="Werkstr. 9", postcode="89073", city="Ulm", phone="0731 44550",
        email="info@kraft.example",
    )  # fmt: skip
    found = customers(pd.concat([firms(), house]))
    assert found["erp:a"] == found["crm:a"]
    assert found[["erp:a", "erp:b", "erp:c"]].nunique() == 3


def test_a_household_stays_several_persons():
    family = pd.DataFrame(
        [
            ("a:1", "Thomas", "Brandner", "1961-02-03"),
            ("a:2", "Claudia", "Brandner", "1963-10-21"),
            ("a:3", "Felix", "Brandner", "1994-07-08"),
        ],
        columns=["record_id", "given_name", "family_name", "birth_date"],
    ).assign(source="a", street="Seeweg 4", postcode="88131", city="Lindau", phone="08382 44556",
             country="DE")  # fmt: skip
    found = customers(pd.concat([PEOPLE, firms(), family]))
    assert found[["a:1", "a:2", "a:3"]].nunique() == 3


def test_father_and_son_of_one_name_are_two():
    pair = pd.DataFrame(
        [("a:1", "Hans", "Vogt sen."), ("a:2", "Hans", "Vogt jun."), ("b:1", "Hans", "Vogt sen.")],
        columns=["record_id", "given_name", "family_name"],
    ).assign(source=lambda rows: rows["record_id"].str[0], street="Am Markt 2", postcode="29221",
             city="Celle", phone="05141 4455", country="DE")  # fmt: skip
    found = customers(pd.concat([PEOPLE, firms(), pair]))
    assert found["a:1"] == found["b:1"] != found["a:2"]


def test_a_person_in_one_column_is_found_among_persons_in_two_and_firms():
    mixed = pd.DataFrame(
        [
            ("a:1", None, "Josef", "Kreuzpaintner", "0851 778899"),
            ("b:1", "Kreuzpaintner, Sepp", None, None, "+49 851 778899"),
        ],
        columns=["record_id", "name", "given_name", "family_name", "phone"],
    ).assign(source=lambda rows: rows["record_id"].str[0], country="DE")
    found = customers(pd.concat([PEOPLE, firms(), mixed]))
    assert found["a:1"] == found["b:1"]
    assert found.nunique() == len(PEOPLE) + len(FIRMS) + 1


def test_a_town_of_few_streets_is_many_customers():
    """Thousands share a street and only names tell them apart: no model may join them all."""
    chance = random.Random(1)
    parts = ["ka", "lo", "mi", "ru", "te", "wa", "ben", "dor", "fel", "gri", "hun", "jas", "kol"]
    rows = []
    for firm in range(4000):
        name = "".join(chance.choices(parts, k=4)).title() + " " + chance.choice(["Bau", "Metall"])
        town, street = chance.randrange(3), chance.randrange(5)
        address = f"Weg{street}straße {chance.randint(1, 150)}"
        for source in "ab"[: 1 + (chance.random() < 0.3)]:
            postcode = str(21300 + town * 500 + chance.randint(0, 60))
            rows.append((f"{source}:{firm}", source, name, address, postcode, f"Stadt{town}"))
    columns = ["record_id", "source", "name", "street", "postcode", "city"]
    found = customers(pd.DataFrame(rows, columns=columns))
    truth = pd.Series(found.index.str[2:], index=found.index)
    assert (truth.groupby(found).nunique() > 1).sum() <= 8
    assert (found.groupby(truth).nunique() > 1).sum() <= 8


def test_firms_with_similar_names_domains_and_addresses_are_many_customers():
    """Among thousands some are alike in all that comes of a name; that is one piece of evidence."""
    records = make_records(10_000, seed=3).set_index("record_id")
    found = customers(records.drop(columns="truth").reset_index())
    truth = records["truth"].reindex(found.index)
    assert (truth.groupby(found).nunique() > 1).sum() <= 5
    assert (found.groupby(truth).nunique() > 1).sum() <= 50
