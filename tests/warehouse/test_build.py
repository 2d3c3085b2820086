"""dbt on a tiny home: one failing night, one without a row, one with rows, read by its marts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from config import PROJECT_ROOT, Settings
from identity.standing import find_basis, is_standing
from nights.building import build
from tests.warehouse.conftest import ENTITIES, fill_raw
from warehouse import BuildFailedError, BuildResult, open_warehouse
from warehouse.dbt import DBT_PROJECT

GERMAN = {"net_amount": "comma", "quantity": "comma", "ordered_on": "dmy", "promised_on": "dmy"}
ROWS: dict[str, list[dict[str, Any]]] = {
    "companies": [
        {
            "record_id": "erp:1",
            "name": "Nordwerk Zahnrad GmbH",
            "street": "Hafenstraße 1",
            "city": "Kiel",
            "country": "Deutschland",
            "email": "info@nordwerk.example",
            "employees": "1.200",
            "formats": {"employees": "comma"},
        },
        {
            "record_id": "erp:1",
            "name": "Nordwerk Zahnräder GmbH",
            "night": 1,
            "city": "Kiel",
            "country": "Deutschland",
            "street": "Hafenstraße 1",
            "email": "Info@Nordwerk.example",
            "employees": "ca. 1200",
        },
        {
            "record_id": "crm:7",
            "name": "Südhang Pumpen AG",
            "website": "www.suedhang.example",
            "industry": "k. A.",
            "employees": "unbekannt",
        },
    ],
    "contacts": [
        {"record_id": "crm:k1", "company": "crm:7", "family_name": "Öz", "email": "oez@gmx.de"},
    ],
    "leads": [
        {
            "record_id": "crm:d1",
            "contact_email": "OEZ@gmx.de",
            "title": "Pumpe",
            "outcome": "open",
            "amount": "12,345.50",
            "formats": {"amount": "point"},
            "attributes": {"Produktbereich": "Pumpen"},
        },
        {"record_id": "crm:d2", "company": "erp:1", "outcome": "open"},
    ],
    "lead_stages": [{"record_id": "crm:d1|Neu", "lead": "crm:d1", "stage": "Neu"}],
    "order_lines": [
        {
            "record_id": "auf:1|1",
            "company": "erp:1",
            "order_no": "1",
            "ordered_on": "01.12.25",
            "net_amount": "1.000,10 €",
            "formats": GERMAN,
        },
        {
            "record_id": "auf:1|2",
            "company": "erp:1",
            "order_no": "1",
            "ordered_on": "01.12.25",
            "net_amount": "0,20-",
            "formats": GERMAN,
        },
        {
            "record_id": "auf:2|1",
            "company": "erp:404",
            "order_no": "2",
            "ordered_on": "bald",
            "net_amount": "5,00",
            "formats": GERMAN,
        },
    ],
    "tickets": [
        {
            "record_id": "tic:1",
            "email": "werk@nordwerk.example",
            "opened_at": "2025-12-01T10:00:00Z",
            "category": "Reklamation",
        },
    ],
    "interactions": [
        {"record_id": "web:1", "website": "suedhang.example", "kind": "web_visit"},
        {"record_id": "web:2", "email": "someone@gmx.de", "kind": "email_open"},
    ],
    "consents": [
        {
            "record_id": "wid:1",
            "email": "oez@gmx.de",
            "purpose": "profiling",
            "is_granted": "nein",
            "decided_on": "2025-12-01",
        },
    ],
}
Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("warehouse") / "home", language="en")


@pytest.fixture(scope="module")
def failed_night(home: Settings) -> BuildFailedError:
    fill_raw(home)
    with open_warehouse(home) as connection:
        connection.execute("drop table raw.tickets")
    with pytest.raises(BuildFailedError) as failure:
        build(home)
    return failure.value


@pytest.fixture(scope="module")
def empty_night(home: Settings, failed_night: BuildFailedError) -> dict[str, int]:
    fill_raw(home)
    build(home)
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        tables = connection.sql(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
        return {
            table: len(connection.sql(f"select * from marts.{table}").fetchall())
            for (table,) in tables
        }


@pytest.fixture(scope="module")
def night(home: Settings, empty_night: dict[str, int]) -> BuildResult:
    fill_raw(home, **ROWS)
    with open_warehouse(home) as connection:
        connection.execute(
            "insert into ops.scores by name select score, entity, entity_id, date '2025-12-31'"
            " as night, 1 as stage, 'rules' as method, 70 as points, 'high' as band,"
            " ['still', 'spät'] as reasons_de, ['silent', 'late'] as reasons_en,"
            " e'still\nspät' as told_de, e'silent\nlate' as told_en from"
            " (values ('lead', 'lead', 'crm:d1'), ('lead', 'lead', 'crm:d2'))"
            " as scores(score, entity, entity_id)"
        )
    return build(home)


@pytest.fixture(scope="module")
def query(home: Settings, night: BuildResult) -> Query:
    def run(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(home.warehouse), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    return run


def test_nothing_ingested_yet_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(BuildFailedError, match="reifegrad ingest"):
        build(settings)


def test_a_failed_model_is_named_with_the_log(home: Settings, failed_night: Exception) -> None:
    message = str(failed_night)
    assert "stg_inbox__tickets" in message
    assert str(home.home / "dbt" / "logs" / "dbt.log") in message
    assert "\n" not in message


def test_a_company_without_a_row_builds(empty_night: dict[str, int]) -> None:
    assert {"customers", "customer_months"} <= set(empty_night)
    assert not any(empty_night.values())


def test_the_result_counts_and_times(night: BuildResult) -> None:
    assert night.models == len(list((DBT_PROJECT / "models").rglob("int_*.py"))) + len(
        list((DBT_PROJECT / "models").rglob("*.sql"))
    )
    assert night.tests > 0
    assert night.warnings == ()
    assert night.seconds["customers"] > 0


def test_the_checkout_is_left_alone_and_the_lock_is_released(
    home: Settings, night: BuildResult
) -> None:
    for folder in ("target", "logs", "dbt_packages", ".user.yml"):
        assert not (DBT_PROJECT / folder).exists()
    with open_warehouse(home):
        pass


def test_the_newest_record_holds(query: Query) -> None:
    assert query("select name, email, employees from marts.customers where city = 'Kiel'") == [
        ("Nordwerk Zahnräder GmbH", "info@nordwerk.example", None)
    ]


def test_a_number_that_only_orders_know_is_a_customer(query: Query) -> None:
    assert query(
        "select customers.name, orders.net_amount, orders.ordered_on, order_count"
        " from marts.orders join marts.customers using (customer_id) where order_no = '2'"
    ) == [("404", 5.0, None, 1)]


def test_the_number_of_the_erp_stands_beside_the_id(query: Query) -> None:
    for mart in ("marts.customers", "marts.customer_360", "sync.sync_crm__parties"):
        assert query(f"select name, customer_no from {mart} order by name") == [
            ("404", "404"),
            ("Nordwerk Zahnräder GmbH", "1"),
            ("Südhang Pumpen AG", None),
        ]
    assert query("select title, customer_no from sync.sync_crm__opportunities order by key") == [
        ("Pumpe", None),
        (None, "1"),
    ]


def test_order_lines_add_up_to_the_cent(query: Query) -> None:
    assert query(
        "select order_id, ordered_on, net_amount, line_count from marts.orders where order_no = '1'"
    ) == [("auf:1", date(2025, 12, 1), 999.9, 2)]


def test_rows_find_their_customers_by_record_email_and_domain(query: Query) -> None:
    assert query(
        "select name from marts.leads join marts.customers using (customer_id) order by lead_id"
    ) == [("Südhang Pumpen AG",), ("Nordwerk Zahnräder GmbH",)]
    assert query(
        "select name, opened_at, is_complaint from marts.tickets join marts.customers"
        " using (customer_id)"
    ) == [("Nordwerk Zahnräder GmbH", datetime.fromisoformat("2025-12-01 10:00"), True)]
    assert query(
        "select interaction_id, name from marts.interactions left join marts.customers"
        " using (customer_id) order by all"
    ) == [("web:1", "Südhang Pumpen AG"), ("web:2", None)]


def test_attributes_and_amounts_of_leads_pass_through(query: Query) -> None:
    assert query("select amount, attributes from marts.leads where lead_id = 'crm:d1'") == [
        (12345.5, {"Produktbereich": "Pumpen"})
    ]


def test_an_objection_clears_the_scores_in_the_crm(query: Query) -> None:
    assert query("select name from marts.customers where has_objected_to_profiling") == [
        ("Südhang Pumpen AG",)
    ]
    assert query(
        "select key, points, band, reasons, scored_on from sync.sync_crm__opportunities"
        " order by key"
    ) == [
        ("crm:d1", None, None, None, None),
        ("crm:d2", 70, "high", "silent\nlate", date(2025, 12, 31)),
    ]


def test_the_excel_list_holds_who_has_a_score_and_no_objection(query: Query) -> None:
    columns = "key, name, postcode, city, account_manager, points, band, scored_on"
    assert query(f"select {columns} from sync.sync_excel__leads") == [
        ("crm:d2", "Nordwerk Zahnräder GmbH", None, "Kiel", None, 70, "high", date(2025, 12, 31)),
    ]  # fmt: skip
    assert query("select key from sync.sync_excel__customers") == []


def test_every_customer_is_a_party_with_a_country_code(query: Query) -> None:
    assert query("select name, country_code, points from sync.sync_crm__parties order by name") == [
        ("404", None, None),
        ("Nordwerk Zahnräder GmbH", "DE", None),
        ("Südhang Pumpen AG", None, None),
    ]


def test_unreadable_values_are_counted(query: Query) -> None:
    assert query(
        "select source, column_name, records, filled, unparsed from marts.data_quality"
        " where unparsed > 0 order by all"
    ) == [("auf", "ordered_on", 3, 3, 1), ("erp", "employees", 2, 2, 1)]


def test_what_says_nothing_is_counted_and_is_no_value(query: Query) -> None:
    assert query(
        "select source, column_name, records, filled, unparsed, placeholders"
        " from marts.data_quality where placeholders > 0 order by all"
    ) == [("crm", "employees", 1, 1, 0, 1), ("crm", "industry", 1, 1, 0, 1)]
    assert query(
        "select industry, employees from marts.customers where name = 'Südhang Pumpen AG'"
    ) == [(None, None)]
    assert query("select industry from raw.companies where record_id = 'crm:7'") == [("k. A.",)]


def test_data_quality_covers_every_column(query: Query) -> None:
    covered = set(query("select distinct entity, column_name from marts.data_quality"))
    all_columns = {
        (entity["view"], column)
        for entity in ENTITIES.values()
        for column, kind in entity["columns"].items()
        if not kind.startswith("ref ") and entity["view"] in ROWS
    }
    assert covered == all_columns


def test_unit_tests_beside_the_models_pass(home: Settings, night: BuildResult) -> None:
    folder = home.home / "dbt"
    run = subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt"), "test", "--select", "test_type:unit"),
            *("--project-dir", DBT_PROJECT, "--profiles-dir", DBT_PROJECT),
            *("--target-path", folder / "target", "--log-path", folder / "logs"),
        ],
        cwd=PROJECT_ROOT,
        env={"REIFEGRAD_HOME": str(home.home), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


def test_customers_and_persons_of_a_night_stand_for_the_next_one(
    home: Settings, night: BuildResult
) -> None:
    with open_warehouse(home) as connection:
        connection.execute("use intermediate")
        companies = connection.table("int_company_records")
        basis = find_basis(connection, companies)
        assert is_standing(connection, "int_companies_resolved", basis)
        contacts = connection.sql(
            "select contacts.*, customers.country from int_contacts_linked as contacts"
            " left join int_customers_merged as customers using (customer_id)"
        )
        basis = find_basis(connection, contacts)
        assert is_standing(connection, "int_persons_resolved", basis, ("person", "contact"))
