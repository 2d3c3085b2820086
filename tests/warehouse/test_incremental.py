"""Nights on real files: what an incremental build keeps is what a build from nothing makes."""

from __future__ import annotations

import os
import random
import subprocess

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
HEADER = "no;pos;customer;quantity;price;day\n"


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
            f"{chance.choice(['1', '2', 'some'])};{chance.choice(['1.5', '20', '?'])};{written}"
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


def run_dbt(settings: Settings, command: str, *options: str) -> None:
    done = subprocess.run(
        _command(settings.home / "dbt", command, "--select", *MODELS, *options),
        cwd=PROJECT_ROOT,
        env=_environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]


def made(settings: Settings, model: str) -> tuple[list[tuple[object, ...]], str | None]:
    """Return the rows of a model and the mark of what it was made by."""
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        rows = connection.sql(f"from {MODELS[model]}.{model} order by all").fetchall()
        (mark,) = connection.execute(
            "select comment from duckdb_tables() where table_name = ?", [model]
        ).fetchone() or (None,)
    return rows, mark


def from_nothing(settings: Settings, model: str) -> list[tuple[object, ...]]:
    """Return what the model's code gives without anything kept."""
    compiled = settings.home / "dbt/target/compiled/reifegrad/models" / MODELS[model]
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        query = (compiled / f"{model}.sql").read_text(encoding="utf-8")
        return connection.sql(f"from ({query}) order by all").fetchall()


def assert_as_from_nothing(settings: Settings) -> None:
    kept = {model: made(settings, model)[0] for model in MODELS}
    run_dbt(settings, "compile", "--full-refresh")
    for model, rows in kept.items():
        assert rows == from_nothing(settings, model), model


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    config = tmp_path_factory.mktemp("config")
    (config / "sources.yml").write_text(SOURCES, encoding="utf-8")
    return Settings(home=tmp_path_factory.mktemp("nights") / "home", config=config)


def test_any_sequence_of_nights_gives_what_a_build_from_nothing_gives(home: Settings) -> None:
    chance = random.Random(1)
    files = {f"orders{n}.csv": some_rows(chance) for n in range(4)}
    customers = {0: "C0", 1: "C1", 2: "C2", 3: "C2"}
    marks = set()
    for night in range(3):
        for name, rows in files.items():
            write(home, name, rows)
        name_customers(home, customers)
        ingest_inbox(home)
        run_dbt(home, "run")
        marks.add(tuple(made(home, model)[1] for model in MODELS))
        assert_as_from_nothing(home)
        assert len(made(home, "int_order_lines_linked")[0]) > 5
        # tomorrow: one file is written anew, one is new, and a number is another customer
        files[f"orders{chance.randrange(4)}.csv"] = some_rows(chance)
        files[f"orders{4 + night}.csv"] = some_rows(chance)
        customers[chance.randrange(5)] = chance.choice(["C1", "C3"])
    assert len(marks) == 1, "nothing but loads changed, and all was made anew"


def test_only_the_loads_of_changed_files_are_typed_again(home: Settings) -> None:
    """Rows that are kept are not read: a wrong value put among them stays."""
    files = sorted(home.inbox.iterdir())
    with open_warehouse(home) as connection:
        connection.execute(
            "update staging.stg_inbox__order_lines set quantity = -7 where file = ?",
            [files[0].name],
        )
    write(home, files[1].name, ["77;1;1;3;1.5;27/1/2025"])
    ingest_inbox(home)
    run_dbt(home, "run")
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        quantities = connection.execute(
            "select file, list(distinct quantity) from staging.stg_inbox__order_lines"
            " where list_contains(?, file) group by 1 order by 1",
            [[file.name for file in files[:2]]],
        ).fetchall()
    assert quantities == [(files[0].name, [-7.0]), (files[1].name, [3.0])]


def test_another_format_of_a_column_makes_all_rows_anew(home: Settings) -> None:
    """The rows that were kept with the wrong value of the test above are right again."""
    _, before = made(home, "stg_inbox__order_lines")
    american = some_rows(random.Random(2), "mdy") * 9
    write(home, "orders_american.csv", [f"{n}{row}" for n, row in enumerate(american)])
    ingest_inbox(home)
    run_dbt(home, "run")
    assert made(home, "stg_inbox__order_lines")[1] != before
    assert_as_from_nothing(home)


def test_a_build_that_was_cut_short_is_made_good(home: Settings) -> None:
    """The first model is done, the second is not; then one more file comes."""
    for name in ("orders_late.csv", "orders_later.csv"):
        write(home, name, some_rows(random.Random(name)))
        ingest_inbox(home)
        if name == "orders_late.csv":
            run_dbt(home, "run", "--exclude", "int_order_lines_linked")
    run_dbt(home, "run")
    assert_as_from_nothing(home)
