"""What `identity.resolve` promises, on small companies written here."""

import random
from datetime import datetime

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from faker import Faker

import identity
from identity.decisions import Decision

TEN = pd.DataFrame(
    [
        ("erp:1", "erp", "Müller Antriebstechnik GmbH & Co. KG", "Hauptstraße 12", "70173",
         "Stuttgart", "0711/123456-0", "info@mueller-at.example", "DE136695976"),
        ("crm:1", "crm", "Mueller Antriebstechnik", "Hauptstr. 12", "70173",
         "Stuttgart", "+49 711 1234560", "info@mueller-at.example", None),
        ("erp:2", "erp", "Kraft & Söhne OHG", "Werkstraße 3", "89073",
         "Ulm", "0731 44550", "kontakt@kraft.example", None),
        ("crm:2", "crm", "KRAFT UND SOEHNE", "Werkstr. 3", "89073",
         "Ulm", "0731/44550", "kontakt@kraft.example", None),
        ("erp:3", "erp", "Zorn Stahlbau GmbH", "Am Kanal 7", "29221",
         "Celle", "05141 98765", "info@zorn.example", "DE111111125"),
        ("crm:3", "crm", "Otto Zorn Nachf.", None, None,
         "Hamburg", None, None, "DE 111 111 125"),
        ("erp:4", "erp", "Huber Technik GmbH", "Ring 1", "80331",
         "München", "089 5550123", "info@huber-m.example", None),
        ("erp:5", "erp", "Huber Technik GmbH", "Markt 9", "24103",
         "Kiel", "0431 778899", "post@huber-kiel.example", None),
        ("list:1", "list", "Anna", None, None, None, "0", None, None),
        ("list:2", "list", "Anna", None, None, None, "0", None, None),
    ],
    columns=["record_id", "source", "name", "street", "postcode", "city", "phone", "email",
             "vat_id"],
).assign(country="DE", salesperson="ignored")  # fmt: skip


@pytest.fixture(scope="module")
def resolved():
    return identity.resolve(TEN)


def same(resolved, a, b):
    customer = resolved.set_index("record_id")["customer_id"]
    return customer[a] == customer[b]


def test_one_row_per_record_with_a_customer_id(resolved):
    assert list(resolved.columns) == ["record_id", "customer_id", "probability"]
    assert sorted(resolved["record_id"]) == sorted(TEN["record_id"])
    assert resolved["customer_id"].str.fullmatch(r"C[0-9A-Z]{10}").all()
    assert resolved["probability"].between(0, 1).all()


def test_ten_records_are_enough_for_the_plain_cases(resolved):
    assert same(resolved, "erp:1", "crm:1")
    assert same(resolved, "erp:2", "crm:2")


def test_a_valid_vat_id_joins_what_nothing_else_does(resolved):
    assert same(resolved, "erp:3", "crm:3")


def test_a_common_name_alone_joins_nobody(resolved):
    assert not same(resolved, "erp:4", "erp:5")


def test_a_first_name_and_a_placeholder_join_nobody(resolved):
    assert not same(resolved, "list:1", "list:2")


def test_the_order_of_records_does_not_matter(resolved):
    shuffled = identity.resolve(TEN.sample(frac=1, random_state=7))
    pd.testing.assert_frame_equal(resolved, shuffled)


def test_an_arrow_table_will_do(resolved):
    table = pa.Table.from_pandas(TEN)
    pd.testing.assert_frame_equal(resolved, identity.resolve(table))


def test_a_wrong_vat_id_is_no_key():
    records = TEN[["record_id", "source", "name"]]  # equal names are one without it, too
    without = identity.resolve(records)["customer_id"]
    assert list(identity.resolve(records.assign(vat_id="DE111111126"))["customer_id"]) == list(
        without
    )
    assert without.nunique() == 7


def test_one_source_never_has_one_firm_with_two_vat_ids():
    twins = TEN.iloc[[0, 0, 0, 2, 4, 6]].assign(
        record_id=["erp:a", "erp:b", "crm:c", "erp:2", "erp:3", "erp:4"],
        source=["erp", "erp", "crm", "erp", "erp", "erp"],
        vat_id=["DE136695976", "DE111111125", None, None, None, None],
    )
    result = identity.resolve(twins)
    assert not same(result, "erp:a", "erp:b")


def test_a_vat_id_that_stands_in_every_row_is_a_placeholder():
    names = ["Ahorn", "Birke", "Buche", "Eiche", "Erle", "Esche", "Fichte", "Kiefer", "Linde"]
    records = pd.DataFrame(
        {
            "record_id": [f"erp:{name}" for name in names],
            "source": "erp",
            "name": names,
            "vat_id": "DE136695976",
        }
    )
    assert identity.resolve(records)["customer_id"].nunique() == len(names)


def test_many_copies_of_one_record_are_one_customer():
    copies = [TEN.iloc[[0]].assign(record_id=f"erp:copy{n}", vat_id=None) for n in range(300)]
    result = identity.resolve(pd.concat([TEN.assign(vat_id=None), *copies]))
    is_copy = result["record_id"].str.contains("copy") | (result["record_id"] == "erp:1")
    assert result[is_copy]["customer_id"].nunique() == 1
    assert not same(result, "erp:1", "erp:2")


def test_persons_are_compared_by_what_persons_have():
    persons = pd.DataFrame(
        [
            ("a:1", "Anna", "Schmidt", "1970-04-03", "Ulm"),
            ("b:1", "Ana", "Schmidt", "03.04.1970", "Ulm"),
            ("a:2", "Jürgen", "Maier", "1981-12-24", "Celle"),
            ("b:2", "Juergen", "Maier", "24.12.1981", "Celle"),
            ("a:3", "Anna", "Schmidt", "1999-07-30", "Kiel"),
            ("a:4", "Petra", "Lang", "1965-01-02", "Aalen"),
            ("a:5", "Jens", "Kurz", "1988-05-06", "Fulda"),
            ("a:6", "Uwe", "Breit", "1959-10-11", "Bonn"),
        ],
        columns=["record_id", "given_name", "family_name", "birth_date", "city"],
    )
    result = identity.resolve(persons.assign(source=persons["record_id"].str[0]))
    assert same(result, "a:1", "b:1")
    assert same(result, "a:2", "b:2")
    assert not same(result, "a:1", "a:3")


HOUSEHOLDS = pd.DataFrame(
    [
        # twins
        ("a:1", "Mark", "Kusch", "1997-09-28", "Hauptstr. 1", "89073"),
        ("a:2", "Marsha", "Kusch", "1997-09-28", "Hauptstr. 1", "89073"),
        # father and son of one name, and a record that does not say which
        ("a:3", "Otto", "Fink", "1950-10-10", "Werkstr. 7", "88400"),
        ("a:4", "Otto", "Fink", "1983-03-15", "Werkstr. 7", "88400"),
        ("a:5", "Otto", "Fink", None, "Werkstr. 7", "88400"),
        # somebody who signs with a letter
        ("a:6", "Robert", "Stolz", "1978-12-11", "Gasse 5", "24103"),
        ("a:7", "B", "Stolz", "1978-12-11", "Gasse 5", "24103"),
        *(
            (f"b:{n}", given, family, f"19{50 + n}-0{1 + n % 9}-{10 + n % 18}", f"Weg {n}", f"7{n}")
            for n, (given, family) in enumerate(
                (given, family)
                for given in ("Anna", "Petra", "Jens", "Uwe", "Karl", "Ilse")
                for family in ("Lang", "Kurz", "Breit", "Kern", "Adler", "Busch", "Vogt")
            )
        ),
        *(
            (f"c:{n}", given, "Hagen", f"19{50 + n}-0{1 + n % 9}-{10 + n % 18}", "Ring 3", "29221")
            for n, given in enumerate(("Eva", "Bernd", "Lisa"))
        ),
    ],
    columns=["record_id", "given_name", "family_name", "birth_date", "street", "postcode"],
).assign(source="crm")


def test_people_of_one_household():
    result = identity.resolve(HOUSEHOLDS)
    assert not same(result, "a:1", "a:2")
    assert not same(result, "a:3", "a:4")
    assert not same(result, "a:5", "a:3") and not same(result, "a:5", "a:4")
    assert same(result, "a:6", "a:7")


@pytest.mark.parametrize(
    "records",
    [
        pd.DataFrame({"record_id": [], "source": []}),
        TEN.iloc[:0],
        TEN.iloc[:1],
        TEN[["record_id", "source"]],
        TEN[["record_id", "source"]].assign(name="Müller", city="Ulm", phone=None),
    ],
    ids=["no columns", "no rows", "one row", "no evidence", "constant columns"],
)
def test_tables_with_nothing_to_compare(records):
    result = identity.resolve(records)
    assert list(result.columns) == ["record_id", "customer_id", "probability"]
    assert result["customer_id"].nunique() == len(records)


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (TEN.drop(columns="source"), "source"),
        (TEN.drop(columns="record_id"), "record_id"),
        (pd.concat([TEN, TEN.iloc[[3]]]), "'crm:2' is given twice"),
        (TEN.assign(record_id=[None, *TEN["record_id"][1:]]), "no record_id"),
        (TEN.assign(source=[None, *TEN["source"][1:]]), "no source"),
    ],
)
def test_records_that_cannot_be_resolved(records, message):
    with pytest.raises(identity.IdentityError, match=message):
        identity.resolve(records)


def test_it_is_silent_beside_an_open_warehouse(tmp_path, capfd, caplog):
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.register("ten", TEN)
        connection.execute("create table records as from ten")
        result = identity.resolve(connection.table("records"))
    assert len(result) == len(TEN)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def decided(a, b, verdict):
    return Decision(*sorted((a, b)), verdict, datetime(2026, 1, 1))  # noqa: DTZ001 - UTC by rule


def test_decisions_of_people_act_also_on_copies():
    copies = [TEN.iloc[[0]].assign(record_id=f"erp:copy{n}") for n in range(5)]
    records = pd.concat([TEN, *copies])
    result = identity.resolve(
        records,
        decisions=[
            decided("erp:1", "crm:1", "different"),
            decided("erp:copy4", "erp:1", "different"),
            decided("list:1", "list:2", "same"),
            decided("list:1", "gone:1", "same"),
        ],
    )
    assert not same(result, "erp:1", "crm:1")
    assert not same(result, "erp:1", "erp:copy4")
    assert same(result, "list:1", "list:2")
    assert same(result, "erp:copy0", "erp:copy3")
    assert same(result, "erp:2", "crm:2")


def two_directories():
    """List restaurants by name and city: 160 in each of two directories, 80 of them in both."""
    fake, draw = Faker("en_US"), random.Random(1)
    fake.seed_instance(1)
    owners = [fake.unique.last_name() for _ in range(150)]
    kinds = ["Grill", "Kitchen", "Bar", "Cafe", "House", "Diner", "Tavern", "Bistro", "Brasserie"]
    kinds.append("Trattoria")
    cities = ["Austin", "Boston", "Chicago", "Denver", "Houston", "Miami", "Dallas", "Seattle"]
    drawn = {
        (f"{draw.choice(owners)} {draw.choice(kinds)}", draw.choice(cities)) for _ in range(250)
    }
    firms = sorted(drawn)[:240]
    draw.shuffle(firms)
    rows = [(f"a:{n}", "a", *firm) for n, firm in enumerate(firms[:160])]
    for n, (name, city) in enumerate(firms[80:], 80):
        rows.append((f"b:{n}", "b", name.split()[0] if n % 3 == 0 else name, city))
    return pd.DataFrame(rows, columns=["record_id", "source", "name", "city"])


def joined(records):
    """List the customers of several records, as the numbers of their firms."""
    found = identity.resolve(records).groupby("customer_id")["record_id"]
    return [[record[2:] for record in group] for _, group in found if len(group) > 1]


def test_directories_that_list_each_firm_once_tell_how_often_two_of_them_list_the_same():
    records = two_directories()
    found = joined(records)
    right = [group for group in found if len(set(group)) == 1]
    assert len(right) > 70
    assert len(found) - len(right) < 8
    assert len(joined(records.assign(source="a"))) < 60  # nothing tells it in one list
