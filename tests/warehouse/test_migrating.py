"""Steps of the project's own tables: each once, whole, and none that this version does not know."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from config import PROJECT_ROOT, Settings
from nights.preflight import check_setup
from warehouse import open_warehouse
from warehouse.files import require_free
from warehouse.migrating import Migration, NewerWarehouseError, migrate, read_migrations

FOLDER = PROJECT_ROOT / "warehouse" / "migrations"
# Of a home made before steps were counted: tables that got more columns, and lost one, since.
OLDER = """
create schema ops;
create table ops.loads (
    load_id varchar not null, source varchar, file varchar not null, sheet varchar,
    sha256 varchar not null, loaded_at timestamp not null, rows_found bigint not null,
    rows_loaded bigint not null, rows_quarantined bigint not null, status varchar not null,
    reason_de varchar, reason_en varchar
);
create table ops.column_formats (
    source varchar not null, entity varchar not null, column_name varchar not null,
    format varchar not null, is_ambiguous boolean not null, values_for bigint not null,
    values_against bigint not null, fingerprint varchar
);
create table ops.maturity_stages (
    night date not null, use_case varchar not null, stage integer not null,
    assessed_at timestamp not null, primary key (night, use_case)
);
insert into ops.loads values
    ('l', 's', 'a.csv', null, 'f', '2026-01-01', 3, 3, 0, 'loaded', null, null);
insert into ops.column_formats values ('s', 'company', 'employees', 'comma', false, 3, 0, 'f');
insert into ops.maturity_stages values ('2026-01-01', 'churn', 2, '2026-01-01');
"""
COLUMNS = (
    "select table_name, column_index, column_name, data_type, is_nullable from duckdb_columns()"
    " where schema_name = 'ops' order by all"
)
ONE = Migration(1, "one", "create schema ops; create table ops.a (x integer);")
TWO = Migration(2, "two", "alter table ops.a add column y integer; update ops.a set y = x;")
BROKEN = Migration(2, "broken", "alter table ops.a add column y integer; insert into ops.nowhere;")

KILLED = """
import os, sys
import duckdb
from warehouse.migrating import Migration, migrate
connection = duckdb.connect(sys.argv[1])
connection.create_function("die", lambda x: os._exit(9), ["integer"], "integer", side_effects=True)
sql = "alter table ops.a add column y integer; insert into ops.a (x) select die(1);"
migrate(connection, [Migration(1, "one", ""), Migration(2, "two", sql)])
"""


def applied(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, str]]:
    return connection.sql("select number, name from ops.migrations order by number").fetchall()


def test_each_step_is_applied_once() -> None:
    connection = duckdb.connect()
    migrate(connection, [ONE])
    connection.execute("insert into ops.a values (7)")
    migrate(connection, [ONE, TWO])
    migrate(connection, [ONE, TWO])
    assert applied(connection) == [(1, "one"), (2, "two")]
    assert connection.sql("from ops.a").fetchall() == [(7, 7)]


def test_a_step_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        migrate(connection, [ONE])
        with pytest.raises(duckdb.Error, match="nowhere"):
            migrate(connection, [ONE, BROKEN])
        assert connection.sql("describe ops.a").fetchall()[0][0] == "x"
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        assert applied(connection) == [(1, "one")]
        assert len(connection.sql("describe ops.a").fetchall()) == 1
        migrate(connection, [ONE, TWO])  # mended, it goes on from there
        assert applied(connection) == [(1, "one"), (2, "two")]


def test_a_process_killed_within_a_step_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    with duckdb.connect(str(path)) as connection:
        migrate(connection, [ONE])
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == 9
    with duckdb.connect(str(path)) as connection:
        assert applied(connection) == [(1, "one")]
        assert len(connection.sql("describe ops.a").fetchall()) == 1


def test_an_older_home_gets_the_same_tables_and_keeps_its_rows(
    settings: Settings, tmp_path: Path
) -> None:
    settings.home.mkdir(exist_ok=True)
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute(OLDER)
    with open_warehouse(settings) as connection:
        taken_over = connection.sql(COLUMNS).fetchall()
        stages = connection.sql("select stage, measured_stage from ops.maturity_stages")
        assert stages.fetchall() == [(2, None)]
        assert connection.sql("select file, notes_de from ops.loads").fetchall() == [
            ("a.csv", None)
        ]
        formats = connection.sql("select format, example from ops.column_formats")
        assert formats.fetchall() == [("comma", None)]
    with open_warehouse(settings.model_copy(update={"home": tmp_path / "new"})) as connection:
        assert connection.sql(COLUMNS).fetchall() == taken_over


def test_opening_an_opened_warehouse_reads_one_row(settings: Settings) -> None:
    with open_warehouse(settings):
        pass

    class Counted:
        """A connection that keeps what it was asked."""

        def __init__(self, inner: duckdb.DuckDBPyConnection) -> None:
            self.inner, self.asked = inner, list[str]()

        def execute(self, query: str, *rest: object) -> duckdb.DuckDBPyConnection:
            self.asked.append(query)
            return self.inner.execute(query, *rest)

    with duckdb.connect(str(settings.warehouse)) as connection:
        counted = Counted(connection)
        migrate(counted)  # type: ignore[arg-type]
    assert len(counted.asked) == 1 and counted.asked[0].startswith("select")


def test_a_warehouse_of_a_newer_version_is_refused(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        newest = read_migrations()[-1].number
        connection.execute(
            "insert into ops.migrations values (?, 'of_tomorrow', now()::timestamp)", [newest + 1]
        )
    with pytest.raises(NewerWarehouseError) as error, open_warehouse(settings):
        pass
    told = str(error.value)
    assert "\n" not in told and f"{newest + 1:04}, of_tomorrow" in told
    assert "install that version again" in told
    with pytest.raises(NewerWarehouseError):
        require_free(settings)
    findings = [found for found in check_setup(settings) if found.check == "warehouse"]
    assert [found.level for found in findings] == ["error"] and findings[0].says == told


def test_files_are_numbered_without_a_gap(tmp_path: Path) -> None:
    assert [step.number for step in read_migrations()] == [
        *range(1, len(list(FOLDER.iterdir())) + 1)
    ]
    (tmp_path / "0002_late.sql").write_text("select 1", encoding="utf-8")
    with pytest.raises(ValueError, match="is called 0001_<name>"):
        read_migrations(tmp_path)
