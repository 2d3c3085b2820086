"""`reifegrad customer`: finding one, and what is shown of it, on a home that dbt built."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from config import Settings
from config.language import use_language
from nights.building import build
from reifegrad import customer_view
from reifegrad.customer_view import (
    CustomerNotFoundError,
    CustomerView,
    FoundCustomer,
    view_customer,
)
from reifegrad.stations import customer as look_up
from reifegrad.terminal.customer_tables import choice_table, customer_tables
from report.customer_copy import TABLES, copy_of, keep_customers
from tests.warehouse.conftest import fill_raw
from warehouse import WarehouseLockedError, open_warehouse

COMPANIES = [
    {
        "record_id": "erp:10",
        "night": 1,
        "name": "Müller Antriebstechnik GmbH",
        "street": "Am Kai 1",
        "postcode": "24103",
        "city": "Kiel",
        "vat_id": "DE136695976",
        "email": "info@mueller-at.example",
    },
    {
        "record_id": "crm:7",
        "name": "Mueller Antriebe [alt]",
        "vat_id": "DE 136 695 976",
        "employees": "40",
    },
    {"record_id": "crm:8", "name": "Antriebe Süd AG", "city": "Ulm"},
]
RAW = {
    "companies": COMPANIES,
    "contacts": [
        {"record_id": "crm:k1", "company": "crm:7", "given_name": "Anna", "family_name": "Öz"},
        {"record_id": "list:1", "company": "erp:10", "family_name": "Öz", "given_name": "Anna"},
    ],
    "order_lines": [
        {
            "record_id": "auf:1|1",
            "company": "erp:10",
            "order_no": "A-1",
            "ordered_on": "2025-12-01",
            "net_amount": "1500",
        },
        {"record_id": "auf:9|1", "company": "erp:10", "order_no": "A-9", "net_amount": "0"},
    ],
    "leads": [{"record_id": "crm:d1", "company": "crm:7", "title": "Pumpe", "outcome": "open"}],
    "tickets": [{"record_id": "tic:1", "company": "erp:10", "category": "Reklamation"}],
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(home=tmp_path_factory.mktemp("customer") / "home", lock_wait_seconds=5)
    fill_raw(settings, **RAW)
    build(settings)
    with open_warehouse(settings) as connection:
        (customer,) = connection.execute(
            "select customer_id from marts.customer_records where record_id = 'crm:7'"
        ).fetchone() or ("",)
        connection.execute(
            "insert into ops.scores by name select 'churn' as score, 'customer' as entity,"
            " ? as entity_id, date '2025-12-31' as night, 1 as stage, 'rules' as method,"
            " 70 as points, 'high' as band, ['lange still'] as reasons_de,"
            " ['long silent'] as reasons_en, 'lange still' as told_de, 'long silent' as told_en",
            [customer],
        )
    return settings


def view(home: Settings, asked: str) -> CustomerView:
    found = view_customer(home, asked)
    assert isinstance(found, CustomerView)
    return found


def shown(home: Settings, asked: str, language: str) -> str:
    use_language(language)
    settings = home.model_copy(update={"language": language})
    console = Console(width=100, record=True, file=StringIO())
    for table in customer_tables(view(settings, asked)):
        console.print(table)
    return console.export_text()


@pytest.mark.parametrize(
    "asked", ["Müller Antrieb", "MUELLER antriebe", "erp:10", "10", "antriebstechnik mueller"]
)
def test_a_customer_is_found_by_words_record_or_key(home: Settings, asked: str) -> None:
    found = view(home, asked)
    assert found.name == "Müller Antriebstechnik GmbH"
    assert view(home, found.customer_id) == found


def test_where_several_fit_there_is_a_choice(home: Settings) -> None:
    found = view_customer(home, "antrieb")
    assert isinstance(found, list)
    assert [customer.name for customer in found] == [
        "Müller Antriebstechnik GmbH",
        "Antriebe Süd AG",
    ]
    assert choice_table(found).row_count == 2


def test_a_long_choice_says_how_many_more_fit() -> None:
    found = [
        FoundCustomer(
            customer_id=f"C{n}", customer_no=f"1{n}", name="Bau GmbH", city=None, record_count=1
        )
        for n in range(45)
    ]
    use_language("de")
    table = choice_table(found)
    assert table.row_count == 20
    assert table.caption == "… und 25 weitere: bitte mehr Wörter des Namens angeben."


@pytest.mark.parametrize("asked", ["Müler Antribe", "%", ""])
def test_where_none_fits_the_nearest_are_named(home: Settings, asked: str) -> None:
    with pytest.raises(CustomerNotFoundError, match="No customer fits") as error:
        view_customer(home, asked)
    assert "Müller Antriebstechnik GmbH" in str(error.value)
    assert "\n" not in str(error.value)


def test_before_the_first_build_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CustomerNotFoundError, match="reifegrad run"):
        view_customer(Settings(home=tmp_path), "x")


def test_every_part_is_read(home: Settings) -> None:
    found = view(home, "erp:10")
    values = {value.attribute: value for value in found.values}
    assert (values["employees"].value, values["employees"].record_id) == ("40", "crm:7")
    assert values["name"].others[0].value == "Mueller Antriebe [alt]"
    assert {record.record_id for record in found.records} == {"erp:10", "crm:7"}
    assert [r.evidence for r in found.records if r.linked_to] == ["gleiche USt-IdNr. DE136695976"]
    assert [(c.family_name, c.record_count) for c in found.contacts] == [("Öz", 2)]
    assert [(e.kind, e.count) for e in found.events] == [("orders", 2), ("complaints", 1)]
    assert found.events[0].last == "A-1"  # an order without a day is not the last one
    assert [lead.title for lead in found.leads] == ["Pumpe"]
    assert [score.reasons for score in found.scores] == [("lange still",)]
    assert json.loads(found.model_dump_json())["customer_id"] == found.customer_id


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("de", ["2 Datensätze aus 2 Quellen", "gleiche USt-IdNr.", "lange still", "Reklamationen"]),
        ("en", ["2 records from 2 sources", "same VAT id", "long silent", "Complaints"]),
    ],
)
def test_it_is_told_in_both_languages(home: Settings, language: str, told: list[str]) -> None:
    text = shown(home, "erp:10", language)
    for words in [*told, "Mueller Antriebe [alt]", "Anna Öz", "1.500" if language == "de" else ""]:
        assert words in text


def test_who_objected_has_no_score(home: Settings) -> None:
    customer = view(home, "erp:10").customer_id
    with open_warehouse(home) as connection:
        connection.execute(
            "update marts.customers set has_objected_to_profiling = true where customer_id = ?",
            [customer],
        )
    try:
        assert view(home, customer).scores == ()
        assert "widersprochen" in shown(home, customer, "de")
    finally:
        with open_warehouse(home) as connection:
            connection.execute("update marts.customers set has_objected_to_profiling = false")


HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_while_a_night_holds_the_warehouse_the_last_state_is_shown_with_its_date(home):
    keep_customers(home)
    assert copy_of(home).stat().st_mode & 0o077 == 0
    free, nothing = look_up(home, "crm:7")
    assert nothing is None
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "held\n"
        found, told = look_up(home, "crm:7")
        assert isinstance(found, CustomerView) and found == free
        assert "last night left on" in told
        copy_of(home).unlink()
        with pytest.raises(WarehouseLockedError):
            look_up(home, "crm:7")
    finally:
        holder.communicate("")


def test_all_that_the_view_reads_is_kept():
    source = Path(customer_view.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r"(?:from|join) ((?:marts|intermediate|ops)\.\w+)", source)) == set(
        TABLES
    )
