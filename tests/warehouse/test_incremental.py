"""Nights on real files: what an incremental build keeps is what a build from nothing makes.

The tests are nights of one home, in their order: a start of dbt takes seconds.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from config import PROJECT_ROOT, Settings
from ingest import ingest_inbox
from warehouse import open_warehouse
from warehouse.dbt import _command, _environment

SOURCES = """
sources:
  erp:
    files: "customers*.csv"
    kind: snapshot
    maps:
      company: {key: [no], columns: {name: name}}
  orders:
    files: "orders*.csv"
    kind: events
    locale: en
    changed: changed
    maps:
      order_line:
        key: [no, pos]
        columns: {company: {column: customer, source: erp}, order_no: no, quantity: quantity,
                  unit_price: price, ordered_on: day}
"""
MODELS = {
    "stg_inbox__order_lines": "staging",
    "int_order_lines_linked": "intermediate",
}
HEADER = "no;pos;customer;quantity;price;day;changed\n"


def write(settings: Settings, name: str, rows: list[str]) -> None:
    path = settings.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    long_ago = path.stat().st_mtime - 60  # nobody is writing it any more
    os.utime(path, (long_ago, long_ago))


def some_rows(chance: random.Random, date_format: str = "dmy") -> list[str]:
    """Lines of few orders, so that files overlap, with cells that can't be read among them."""
    lines = []
    for _ in range(chance.randrange(3, 12)):
        month, day = chance.randrange(1, 13), chance.randrange(13, 28)
        written = f"{day}/{month}/2025" if date_format == "dmy" else f"{month}/{day}/2025"
        lines.append(
            f"{chance.randrange(6)};{chance.randrange(3)};{chance.randrange(5)};"
            f"{chance.choice(['1', '2', 'some'])};{chance.choice(['1.5', '20', '?'])};{written};"
        )
    return lines


def name_customers(settings: Settings, customers: dict[int, str]) -> None:
    """Stand in for identity: which customer each number is."""
    with open_warehouse(settings) as connection:
        connection.execute("create schema if not exists intermediate")
        connection.execute(
            "create or replace table intermediate.int_customer_keys_listed"
            " (customer_id varchar, kind varchar, key varchar)"
        )
        connection.executemany(
            "insert into intermediate.int_customer_keys_listed values (?, 'record', ?)",
            [[customer, f"erp:{number}"] for number, customer in customers.items()],
        )


@dataclass(frozen=True)
class Home:
    """A home after its first night, and the SQL that made its models from nothing."""

    settings: Settings
    queries: dict[str, str]

    def query(self, query: str, parameters: list[object] | None = None) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            return connection.execute(query, parameters).fetchall()

    def rows(self, model: str) -> list[tuple[Any, ...]]:
        return self.query(f"from {MODELS[model]}.{model} order by all")

    def marks(self) -> list[tuple[Any, ...]]:
        """Return by what the models say that they were made."""
        return self.query("select table_name, comment from duckdb_tables() where comment <> ''")

    def assert_as_from_nothing(self) -> None:
        for model, query in self.queries.items():
            assert self.rows(model) == self.query(f"from ({query}) order by all"), model


@contextmanager
def dbt(settings: Settings, *options: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [
            *_command(settings.home / "dbt", "run", "--select", "stg_ops__corrections", *MODELS),
            *options,
        ],
        cwd=PROJECT_ROOT,
        env=_environment(settings),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def build(settings: Settings) -> None:
    ingest_inbox(settings)
    with dbt(settings) as process:
        output, _ = process.communicate()
    assert process.returncode == 0, output[-2000:]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    config = tmp_path_factory.mktemp("config")
    (config / "sources.yml").write_text(SOURCES, encoding="utf-8")
    settings = Settings(home=tmp_path_factory.mktemp("nights") / "home", config=config)
    for n in range(4):
        write(settings, f"orders{n}.csv", some_rows(random.Random(n)))
    name_customers(settings, {0: "C0", 1: "C1", 2: "C2", 3: "C2"})
    build(settings)
    compiled = settings.home / "dbt/target/compiled/reifegrad/models"
    queries = {
        model: (compiled / layer / f"{model}.sql").read_text(encoding="utf-8")
        for model, layer in MODELS.items()
    }
    return Home(settings, queries)


def correct_two_orders(home: Home) -> list[str]:
    """Say of two orders of other companies that they are of number 4; return their ids."""
    orders = [
        order
        for (order,) in home.query(
            "select order_id from intermediate.int_order_lines_linked"
            " where file in ('orders0.csv', 'orders2.csv') group by 1 order by 1 limit 2"
        )
    ]
    with open_warehouse(home.settings) as connection:
        connection.executemany(
            "insert into ops.corrections values"
            " ('orders', ?, 'customer_id', 'erp:4', 'to_do.xlsx', 2, now())",
            [[order] for order in orders],
        )
    return orders


def test_only_what_changed_is_made_again(home: Home) -> None:
    """A file is written anew, one is new, and some numbers are other customers."""
    marks = home.marks()
    with open_warehouse(home.settings) as connection:  # kept rows are known by a wrong value
        for model, schema in MODELS.items():
            connection.execute(f"update {schema}.{model} set sku = 'kept'")
    chance = random.Random(4)
    write(home.settings, "orders1.csv", some_rows(chance))
    write(home.settings, "orders4.csv", some_rows(chance))
    name_customers(home.settings, {0: "C0", 1: "C3", 2: "C2", 4: "C1"})
    orders = correct_two_orders(home)
    build(home.settings)
    kept = home.query(
        "select file from staging.stg_inbox__order_lines group by 1"
        " having bool_and(sku is not distinct from 'kept') order by 1"
    )
    assert kept == [("orders0.csv",), ("orders2.csv",), ("orders3.csv",)]
    with open_warehouse(home.settings) as connection:
        for model, schema in MODELS.items():
            connection.execute(f"update {schema}.{model} set sku = null")
    assert len(home.rows("int_order_lines_linked")) > 5
    corrected = home.query(
        "select distinct customer_id from intermediate.int_order_lines_linked"
        " where list_contains(?, order_id)",
        [orders],
    )
    assert corrected == [("C1",)]
    home.assert_as_from_nothing()
    assert home.marks() == marks


def test_a_build_killed_while_it_writes_is_made_good_by_the_next(home: Home) -> None:
    """Killed in the transaction that replaces lines; then one more file comes.

    Meanwhile somebody took a correction back, so that the files speak again.
    """
    with open_warehouse(home.settings) as connection:
        connection.execute(
            "delete from ops.corrections where record_id ="
            " (select min(record_id) from ops.corrections)"
        )
    before = home.rows("int_order_lines_linked")
    chance = random.Random(6)
    late = [f"{n}{row}" for n in range(600) for row in some_rows(chance)]
    write(home.settings, "orders0.csv", some_rows(chance))
    write(home.settings, "orders_late.csv", late)
    ingest_inbox(home.settings)
    with dbt(home.settings, "--log-level", "debug") as process:
        for line in process.stdout or ():
            if "On model.reifegrad.int_order_lines_linked" in line and "insert into" in line:
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    assert home.rows("int_order_lines_linked") == before, "whole, as it was"
    assert ("orders_late.csv",) in home.query("select file from staging.stg_inbox__order_lines")
    write(home.settings, "orders_later.csv", some_rows(chance))
    build(home.settings)
    home.assert_as_from_nothing()


def test_another_format_of_a_column_makes_all_rows_anew(home: Home) -> None:
    """The format of a column is that of most cells, so rows of other files change too."""
    marks = home.marks()
    chance = random.Random(5)
    american = [row for _ in range(900) for row in some_rows(chance, "mdy")]
    write(home.settings, "orders_american.csv", [f"{n}{row}" for n, row in enumerate(american)])
    with open_warehouse(home.settings) as connection:
        connection.execute("update staging.stg_inbox__order_lines set quantity = -7")
    build(home.settings)
    assert not set(home.marks()) & set(marks)
    home.assert_as_from_nothing()


def test_the_newer_version_holds_in_whatever_order_files_are_read(home: Home) -> None:
    """January comes weeks after February; a row says itself that it was changed in March."""
    prices = "select unit_price from intermediate.int_order_lines_linked where order_id like ?"
    write(home.settings, "orders_2026-02.csv", ["late1;1;0;1;75;13/01/2026;"])
    build(home.settings)
    january = ["late1;1;0;1;70;13/01/2026;", "late2;1;0;1;5;13/01/2026;13/03/2026"]
    write(home.settings, "orders_2026-01.csv", january)
    build(home.settings)
    assert home.query(prices, ["%:late1"]) == [(75.0,)]
    write(home.settings, "orders_2026-03.csv", ["late2;1;0;1;4;13/01/2026;14/02/2026"])
    build(home.settings)
    assert home.query(prices, ["%:late2"]) == [(5.0,)]
    home.assert_as_from_nothing()
