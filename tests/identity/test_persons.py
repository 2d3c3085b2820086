"""Which contact records are one person, and which only look so."""

from __future__ import annotations

from datetime import date
from itertools import count

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.persons import is_shared_mailbox, resolve_persons, split_name
from identity.stable_ids import Membership

COLUMNS = ["source", "customer_id", "given_name", "family_name", "email", "phone"]
# a company large enough that the model can learn how frequent a name is
GIVEN = ["Anna", "Bernd", "Clara", "Dieter", "Elke", "Frank", "Gudrun", "Heiner", "Ines", "Jörg"]
FAMILY = ["Aalhoff", "Bremsner", "Castorf", "Dünnbier", "Eichler", "Fährmann", "Gollwitz", "Hirt"]
CROWD = [
    (
        "crm", f"C{n:03}", GIVEN[n % 10], FAMILY[n % 8],
        f"{GIVEN[n % 10]}.{FAMILY[n % 8]}@firma{n}.example".lower(), f"030 2312{n:04}",
    )
    for n in range(80)
]  # fmt: skip

FIRM = "wehr.example"
SCENARIOS: dict[str, list[tuple[str | None, ...]]] = {
    "same customer, same name": [
        ("crm", "CA", "Antje", "Wöhrl", None, None),
        ("fair", "CA", "Antje", "Wöhrl", None, None),
    ],
    "same name at two customers": [
        ("crm", "CB", "Anna", "Castorf", "a@x.example", "040 555111"),
        ("crm", "CC", "Anna", "Castorf", "a@y.example", "089 777333"),
    ],
    "one mailbox at two customers": [
        ("crm", "CD", "Anna", "Ziem", "anna.ziem@gmx.de", None),
        ("crm", "CE", "Anna", "Ziem", "anna.ziem@gmx.de", None),
    ],
    "one number at two customers": [
        ("crm", "CF", "Uwe", "Ziem", None, "+49 171 5551234"),
        ("crm", "CG", None, "Hr. Ziem", None, "0171 5551234"),
    ],
    "shared mailbox and switchboard": [
        *(
            ("crm", "CH", given, family, f"info@{FIRM}", "0711 4000-0")
            for given, family in zip(GIVEN, FAMILY, strict=False)
        ),
        ("fair", "CH", None, None, f"info@{FIRM}", None),
        ("crm", "CH", "Anna", "Aalhoff", f"vertrieb@{FIRM}", "0711 4000-0"),
    ],
    "two names on one mailbox": [
        ("crm", "CI", "Anna", "Wüst", f"einrichter@{FIRM}", None),
        ("fair", "CI", "Bernd", "Ostrach", f"einrichter@{FIRM}", None),
    ],
    "one family at a firm": [  # both write from one mailbox, and their names begin alike
        ("crm", "CL", "Anna", "Brandis", f"werk@{FIRM}", "0711 400077"),
        ("fair", "CL", "Andreas", "Brandis", f"werk@{FIRM}", "0711 400077"),
    ],
    "a double name": [
        ("crm", "CM", "Anna-Maria", "Jacobi Jäckel", f"jacobi@{FIRM}", "0711 400088"),
        ("list", "CM", None, "Fr. Jacobi Jäckel", f"jacobi@{FIRM}", "0711 400088"),
        ("fair", "CM", "Anna-Maria", "Jäckel", f"jacobi@{FIRM}", None),
    ],
    "sounding alike": [
        ("crm", "CN", "Uwe", "Schmidt", f"uwe@{FIRM}", "0711 400099"),
        ("fair", "CN", "Uwe", "Schmitt", f"uwe@{FIRM}", None),
    ],
    "spellings": [
        ("crm", "CJ", "Anna", "Wöhrl", f"anna.woehrl@{FIRM}", "0711 400012"),
        ("list", "CJ", None, "Fr. Dr. Wöhrl", f"anna.woehrl@{FIRM}", None),
        ("fair", "CJ", "A.", "Wöhrl", f"anna.woehrl@{FIRM}", None),
        ("shop", "CJ", "Anna", "Wöhlr", f"anna.woehrl@{FIRM}", None),
    ],
    "a family name alone": [
        ("crm", "CK", "Anna", "Dorsch", None, None),
        ("crm", "CK", "Bernd", "Dorsch", None, None),
        ("list", "CK", None, "Dorsch", None, None),
    ],
    "useless numbers": [("crm", f"D{n}", None, None, None, "0") for n in range(1000)],
}


def records(*rows: tuple[str | None, ...]) -> pd.DataFrame:
    frame = pd.DataFrame([*rows, *CROWD], columns=COLUMNS, dtype=object)
    number = count(1)
    return frame.assign(record_id=[f"{s}:{next(number)}" for s in frame["source"]], country="DE")


@pytest.fixture(scope="module")
def people() -> dict[str, list[tuple[str, str]]]:
    """Person and contact of each row of each scenario, all resolved at once."""
    frame = records(*(row for rows in SCENARIOS.values() for row in rows))
    found = resolve_persons(frame).set_index("record_id")
    each = iter(found.loc[frame["record_id"], ["person_id", "contact_id"]].itertuples(index=False))
    return {name: [tuple(next(each)) for _ in rows] for name, rows in SCENARIOS.items()}


People = dict[str, list[tuple[str, str]]]


def test_same_customer_and_same_name_is_one_person(people: People) -> None:
    one, other = people["same customer, same name"]
    assert one == other
    assert (one[0][0], one[1][0], *map(len, one)) == ("P", "K", 11, 11)


def test_same_name_at_two_customers_is_two_people(people: People) -> None:
    one, other = people["same name at two customers"]
    assert one[0] != other[0]


@pytest.mark.parametrize("what", ["one mailbox at two customers", "one number at two customers"])
def test_one_person_may_belong_to_two_customers(people: People, what: str) -> None:
    one, other = people[what]
    assert one[0] == other[0]
    assert one[1] != other[1]


def test_shared_mailboxes_and_switchboards_join_nobody(people: People) -> None:
    found = people["shared mailbox and switchboard"]
    assert len(set(found)) == len(FAMILY) + 1
    assert found[-1] == found[0]


def test_two_names_on_one_mailbox_are_two_people(people: People) -> None:
    one, other = people["two names on one mailbox"]
    assert one[0] != other[0]


def test_colleagues_of_one_family_are_two_people(people: People) -> None:
    one, other = people["one family at a firm"]
    assert one[0] != other[0]


@pytest.mark.parametrize("what", ["a double name", "sounding alike"])
def test_parts_and_sound_of_a_family_name_are_the_same_person(people: People, what: str) -> None:
    assert len(set(people[what])) == 1


def test_salutation_title_initial_and_slip_are_the_same_person(people: People) -> None:
    assert len(set(people["spellings"])) == 1


def test_a_family_name_alone_joins_no_two_people(people: People) -> None:
    anna, bernd, _ = people["a family name alone"]
    assert anna[0] != bernd[0]


def test_a_thousand_records_with_a_useless_number_are_nobody(people: People) -> None:
    assert len(set(people["useless numbers"])) == 1000


def test_ids_stay_when_the_customer_merges_into_another() -> None:
    frame = records(("crm", "CX", "Anna", "Wöhrl", None, None))
    nights = date(2026, 1, 1), date(2026, 1, 2)
    first = resolve_persons(frame, night=nights[0])
    remembered = {
        column: [Membership(r, i, nights[0], None) for r, i in first[["record_id", column]].values]
        for column in ("person_id", "contact_id")
    }
    merged = frame.assign(customer_id=frame["customer_id"].replace("CX", "C000"))
    second = resolve_persons(
        merged,
        persons=remembered["person_id"],
        contacts=remembered["contact_id"],
        night=nights[1],
    )
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize("other", [None, "Ostrach"])
def test_two_records_are_enough_for_one_person(other: str | None) -> None:
    rows = [("crm", "CX", "Anna", "Wöhrl", None, None), ("fair", "CX", "Anna", "Wöhrl", None, None)]
    if other:
        rows.append(("fair", "CX", "Anna", other, None, None))
    frame = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    frame["record_id"] = [f"{source}:{n}" for n, source in enumerate(frame["source"])]
    found = list(resolve_persons(frame)["person_id"])
    assert found[0] == found[1]
    assert len(set(found)) == (2 if other else 1)


def test_no_record_and_one_record() -> None:
    assert resolve_persons(records().head(0)).empty
    assert list(resolve_persons(records().head(1))["probability"]) == [1.0]


def test_the_order_of_records_changes_nothing() -> None:
    frame = records(
        ("crm", "CX", "Anna", "Wöhrl", "a.woehrl@wehr.example", None),
        ("list", "CX", None, "Hr. Hirt", None, "0711 400012"),
    )
    shuffled = frame.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(resolve_persons(frame), resolve_persons(shuffled))


@pytest.mark.parametrize(
    ("given_name", "family_name", "parts"),
    [
        (None, "Hr. Berger", (None, "Berger")),
        ("Frau Anna", "Berger", ("Anna", "Berger")),
        (None, "Berger, Anna", ("Anna", "Berger")),
        (None, "Anna Berger", ("Anna", "Berger")),
        (None, "Fr. Dr. Anna von der Heide", ("Dr. Anna", "von der Heide")),
        (None, "Fr. Jacobi Jäckel", (None, "Jacobi Jäckel")),
        (None, "Hr. Zbyszko Berger", (None, "Zbyszko Berger")),
        (None, "Zbyszko Berger", ("Zbyszko", "Berger")),
        (None, "von Berg", (None, "von Berg")),
        (None, "Dr. Berger", (None, "Dr. Berger")),
        (None, "Herr", (None, None)),
        (None, None, (None, None)),
    ],
)
def test_names_in_one_column(
    given_name: str | None, family_name: str, parts: tuple[str | None, str | None]
) -> None:
    assert split_name(given_name, family_name, is_whole=True) == parts


@given(st.one_of(st.none(), st.text()), st.one_of(st.none(), st.text()), st.booleans())
def test_splitting_twice_changes_nothing(
    given_name: str | None, family_name: str | None, is_whole: bool
) -> None:
    once = split_name(given_name, family_name, is_whole=is_whole)
    assert split_name(*once) == once


@pytest.mark.parametrize(
    ("email", "is_shared"),
    [
        ("info@a.de", True), ("info-de@a.de", True), ("einkauf.sued@a.de", True),
        ("info2@a.de", True), ("a.berger@a.de", False), ("infante@a.de", False), ("030123", False),
    ],
)  # fmt: skip
def test_shared_mailboxes(email: str, is_shared: bool) -> None:
    assert is_shared_mailbox(email) is is_shared
