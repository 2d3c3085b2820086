"""Today's code on the home that the last release left (`make.py`): nothing of people's is lost."""

from __future__ import annotations

import tarfile
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from config import Settings
from ingest import ingest_inbox
from nights.building import build, take_decisions
from reifegrad.customer_view import CustomerView, view_customer
from report.overview import read_overview
from tests.last_release.make import ARCHIVE, FILLED_IN, NIGHTS, PEOPLES
from warehouse import open_warehouse
from warehouse.migrating import read_migrations

COLUMNS = (
    "select table_name, column_name from duckdb_columns() where schema_name = 'ops' order by all"
)
CUSTOMERS = "select customer_id, name, vat_id, record_count from marts.customers order by all"


class Left(NamedTuple):
    """What the release left: rows per table of `ops`, and its customers."""

    ops: dict[str, list[tuple[Any, ...]]]
    columns: dict[str, list[str]]
    customers: list[tuple[Any, ...]]


def columns_of(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {}
    for table, column in connection.sql(COLUMNS).fetchall():
        columns.setdefault(table, []).append(column)
    return columns


def rows_of(
    connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]
) -> list[tuple[Any, ...]]:
    return connection.sql(f"select {', '.join(columns)} from ops.{table} order by all").fetchall()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("last_release")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    night = date.fromisoformat(NIGHTS[-1])
    return Settings(home=folder, config=folder / "config", as_of=night, language="en")


@pytest.fixture(scope="module")
def left(home: Settings) -> Left:
    """Read before today's code touches it, which is why the tests keep their order."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        columns = columns_of(connection)
        return Left(
            {table: rows_of(connection, table, columns[table]) for table in columns},
            columns,
            connection.sql(CUSTOMERS).fetchall(),
        )


def test_the_home_is_small_and_holds_what_people_said(left: Left) -> None:
    assert ARCHIVE.stat().st_size < 200_000
    assert all(left.ops[table] for table in PEOPLES)


def test_opening_it_brings_its_tables_up_to_date_and_keeps_their_rows(
    home: Settings, left: Left, tmp_path: Path
) -> None:
    with open_warehouse(home) as connection:
        upgraded = columns_of(connection)
        for table in left.ops.keys() & upgraded.keys():
            shared = [name for name in left.columns[table] if name in upgraded[table]]
            assert shared == left.columns[table] and table in upgraded
            if table != "migrations":
                assert rows_of(connection, table, shared) == left.ops[table], table
        (newest,) = connection.sql("select max(number) from ops.migrations").fetchone() or (None,)
    assert newest == read_migrations()[-1].number
    with open_warehouse(home.model_copy(update={"home": tmp_path})) as connection:
        assert columns_of(connection) == upgraded


def test_an_unchanged_inbox_is_unchanged(home: Settings, left: Left) -> None:
    take_decisions(home)
    loads = ingest_inbox(home)
    assert {load.status for load in loads} == {"unchanged"}
    with open_warehouse(home) as connection:
        assert rows_of(connection, "loads", left.columns["loads"]) == left.ops["loads"]


def test_a_build_keeps_customers_decisions_and_corrections(home: Settings, left: Left) -> None:
    build(home)
    with open_warehouse(home) as connection:
        assert connection.sql(CUSTOMERS).fetchall() == left.customers
        for table in (*PEOPLES, "customer_ids", "person_ids", "customer_id_changes"):
            assert rows_of(connection, table, left.columns[table]) == left.ops[table], table
        corrected = connection.sql(
            "select mart, record_id, column_name, value from ops.corrections"
        ).fetchall()
        for mart, record, column, value in corrected:
            assert value in FILLED_IN.values()
            key = {"customers": "customer_id", "contacts": "contact_id"}[mart]
            members = {"customers": "customer_records", "contacts": "contact_records"}[mart]
            found = connection.execute(
                f"select {column} from marts.{mart} inner join marts.{members} using ({key})"
                " where record_id = ?",
                [record],
            ).fetchall()
            assert found == [(value,)]


def test_status_and_customer_speak_of_it(home: Settings, left: Left) -> None:
    overview = read_overview(home)
    assert overview.customers == len(left.customers)
    assert overview.stages and overview.scores and overview.pushes
    decided = left.ops["identity_decisions"][0]
    view = view_customer(home, decided[left.columns["identity_decisions"].index("record_a")])
    assert isinstance(view, CustomerView)
    assert [found.decided_by for found in view.decisions] == ["anna"]
