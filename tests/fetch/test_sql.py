"""Databases: real PostgreSQL and MariaDB servers, and what goes wrong with them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import sqlalchemy as sa

from config import PROJECT_ROOT
from fetch import fetch_all
from fetch.state import read_state
from tests.fetch.conftest import (
    PASSWORD,
    PASSWORD_IN_URI,
    certificates,
)

TABLE = """
create table auftrag (
    nr integer primary key, kunde varchar(40), betrag decimal(18, 4), menge double precision,
    bestellt date, geaendert timestamp{precision} null, "ist offen" boolean, inhalt {bytes}
)
"""
ROWS = [
    (1, "Müller & Söhne", "1.5000", 0.1, "2026-01-31", "2026-02-01 08:00:00", True, b"\xff\x00"),
    (2, "Øre “AB”", "12345678901234.5678", 1e22, None, "2026-02-02 09:30:00.25", False, None),
    (3, "", "-0.0100", None, "2025-12-31", "2026-02-02 09:30:00.25", None, "ß".encode()),
]
EXPECTED = [
    ["1", "Müller & Söhne", "1.5000", "0.1", "2026-01-31", "2026-02-01 08:00:00", "true", "ff00"],
    ["2", "Øre “AB”", "12345678901234.5678", "10000000000000000000000", None,
     "2026-02-02 09:30:00.250000", "false", None],
    ["3", None, "-0.0100", None, "2025-12-31", "2026-02-02 09:30:00.250000", None, "ß"],
]  # fmt: skip


@pytest.fixture(params=["postgres", "mariadb"])
def erp(request, settings, monkeypatch):
    """A server of each kind with the table `auftrag`; the connection is called `erp`."""
    url, engine = request.getfixturevalue(request.param)
    monkeypatch.setenv("AIRFLOW_CONN_ERP", url)
    is_postgres = request.param == "postgres"
    kinds = {"precision": "" if is_postgres else "(6)",
             "bytes": "bytea" if is_postgres else "blob"}  # fmt: skip
    with engine.begin() as connection:
        connection.execute(sa.text("drop table if exists auftrag"))
        connection.execute(sa.text(TABLE.format(**kinds)))
    insert(engine, ROWS)
    return engine


def insert(engine, rows):
    values = ", ".join(f":v{n}" for n in range(8))
    with engine.begin() as connection:
        for row in rows:
            named = {f"v{n}": value for n, value in enumerate(row)}
            connection.execute(sa.text(f"insert into auftrag values ({values})"), named)


def told(results):
    return [(result.status, result.files, result.rows) for result in results]


WHOLE = "  whole: {kind: sql, connection: erp, table: auftrag, file: erp/auftrag.parquet}"
NEW = (
    "  new: {kind: sql, connection: erp, table: auftrag, cursor: geaendert,"
    " file: erp/auftrag.parquet}"
)


def test_values_arrive_exactly(erp, settings, write_entries, table):
    write_entries(WHOLE)
    assert told(fetch_all(settings)) == [("new", ("erp/auftrag.parquet",), 3)]
    rows = table("erp/auftrag.parquet")
    if "mysql" in erp.dialect.name:  # has no booleans but small numbers
        for row in rows:
            row["ist offen"] = {"1": "true", "0": "false", None: None}[row["ist offen"]]
    assert [list(row.values()) for row in rows] == EXPECTED
    assert list(rows[0]) == [
        "nr", "kunde", "betrag", "menge", "bestellt", "geaendert", "ist offen", "inhalt",
    ]  # fmt: skip


def test_with_a_cursor_only_what_is_new_comes_each_in_a_file_of_its_own(
    erp, settings, write_entries, table, inbox
):
    write_entries(NEW)
    assert told(fetch_all(settings)) == [("new", ("erp/auftrag_000001.parquet",), 3)]
    assert told(fetch_all(settings)) == [("nothing", (), None)]
    # One at the very last time seen, one later, and one that changed without a new time.
    insert(erp, [(4, "D", "1", 1, None, "2026-02-02 09:30:00.25", None, None),
                 (5, "E", "1", 1, None, "2026-02-03 00:00:00", None, None)])  # fmt: skip
    (result,) = fetch_all(settings)
    assert (result.files, result.rows) == (("erp/auftrag_000002.parquet",), 2)
    assert result.since == "2026-02-02 09:30:00.250000"
    assert [row["nr"] for row in table("erp/auftrag_000002.parquet")] == ["4", "5"]
    assert list(inbox()) == ["erp/auftrag_000001.parquet", "erp/auftrag_000002.parquet"]


def test_rows_without_a_cursor_value_are_never_lost_and_make_no_file_each_night(
    erp, settings, write_entries, table
):
    write_entries(NEW)
    insert(erp, [(9, "never changed", "1", 1, None, None, None, None)])
    assert fetch_all(settings)[0].rows == 4
    assert fetch_all(settings)[0].rows == 1  # once more, as nothing tells when it came
    assert told(fetch_all(settings)) == [("nothing", (), None)]


def test_a_row_of_the_future_does_not_shut_out_those_that_come(erp, settings, write_entries):
    write_entries(NEW)
    insert(erp, [(7, "typing slip", "1", 1, None, "2037-01-01 00:00:00", None, None)])
    (result,) = fetch_all(settings)
    assert "geaendert reaches 2037-01-01 00:00:00" in result.notes[0]
    insert(erp, [(8, "later", "1", 1, None, "2036-06-01 00:00:00", None, None)])
    assert fetch_all(settings)[0].rows == 2


def test_overlap_asks_again_for_rows_that_may_be_written_late(erp, settings, write_entries, table):
    write_entries(NEW.replace("geaendert,", "geaendert, overlap: 7200,"))
    fetch_all(settings)
    insert(erp, [(6, "late", "1", 1, None, "2026-02-02 08:00:00", None, None)])
    fetch_all(settings)
    assert "6" in {row["nr"] for row in table("erp/auftrag_000002.parquet")}
    assert told(fetch_all(settings)) == [("nothing", (), None)]


def test_a_query_is_asked_from_the_last_cursor_on(erp, settings, write_entries, table):
    write_entries(
        "  q:\n    kind: sql\n    connection: erp\n    cursor: Nummer\n    start: 2\n"
        "    file: erp/q.parquet\n    query: |\n"
        '      select nr as "Nummer", kunde as "Käufer" from auftrag where nr >= :since\n'
    )
    assert fetch_all(settings)[0].rows == 2
    assert table("erp/q_000001.parquet")[0] == {"Nummer": "2", "Käufer": "Øre “AB”"}
    insert(erp, [(4, "D", "1", 1, None, None, None, None)])
    assert fetch_all(settings)[0].rows == 1


@pytest.mark.parametrize(
    "asked", ["table: t", "query: 'select * from t where \"geändert am\" >= :since'"]
)
@pytest.mark.parametrize(
    ("kind", "values", "start"),
    [
        ("timestamptz", ("2026-01-01 10:00+02", "2026-01-03 10:00:00.123456+00"), "2020-01-01"),
        ("timestamp", ("2026-01-01", "2026-01-03 01:02:03"), "2020-01-01"),
        ("date", ("2026-01-01", "2026-01-03"), "2020-01-01"),
        ("bigint", ("1", "30000000000"), "0"),
        ("numeric(20, 0)", ("1", "30000000000"), "0"),
        ("text", ("a", "ü"), "''"),
    ],
)
def test_a_cursor_may_be_of_any_type_that_has_an_order(
    postgres, settings, write_entries, monkeypatch, kind, values, start, asked
):
    url, engine = postgres
    monkeypatch.setenv("AIRFLOW_CONN_ERP", url)
    with engine.begin() as connection:
        connection.execute(sa.text("drop table if exists t"))
        connection.execute(sa.text(f'create table t (id int, "geändert am" {kind})'))
    write_entries(
        f"  a: {{kind: sql, connection: erp, {asked}, cursor: geändert am, start: {start},"
        " file: a.parquet}"
    )
    for number, value in enumerate(values):
        with engine.begin() as connection:
            connection.execute(sa.text(f"insert into t values ({number}, '{value}')"))
        (result,) = fetch_all(settings)
        assert (result.problem, result.rows) == (None, 1)
        assert fetch_all(settings)[0].status == "nothing"


def test_a_changed_entry_is_fetched_anew_and_says_so(erp, settings, write_entries, inbox):
    write_entries(NEW)
    fetch_all(settings)
    write_entries(NEW.replace("cursor", "columns: [nr, kunde], cursor"))
    (result,) = fetch_all(settings)
    assert result.notes == ("The entry was changed: all of it is fetched anew.",)
    assert result.files == ("erp/auftrag_000002.parquet",)
    assert result.rows == 3


def test_a_whole_table_replaces_its_file_and_an_empty_one_does_not(
    erp, settings, write_entries, table
):
    write_entries(WHOLE)
    fetch_all(settings)
    with erp.begin() as connection:
        connection.execute(sa.text("delete from auftrag where nr = 1"))
    fetch_all(settings)
    assert [row["nr"] for row in table("erp/auftrag.parquet")] == ["2", "3"]
    with erp.begin() as connection:
        connection.execute(sa.text("delete from auftrag"))
    (result,) = fetch_all(settings)
    assert result.status == "nothing"
    assert result.notes == ("There was no row; the file of the last time stays.",)
    assert len(table("erp/auftrag.parquet")) == 2


def test_a_dry_run_tells_and_writes_nothing(erp, settings, write_entries, inbox):
    write_entries(NEW)
    assert told(fetch_all(settings, dry_run=True)) == [("new", ("erp/auftrag_000001.parquet",), 3)]
    assert inbox() == {}
    assert read_state(settings, "new").cursor is None
    assert told(fetch_all(settings)) == [("new", ("erp/auftrag_000001.parquet",), 3)]


@pytest.mark.parametrize(
    ("entry", "url", "problem"),
    [
        ("table: auftraege", None, "There is no table auftraege"),
        ("table: auftrag, columns: [nr, Kundin]", None, "has no column Kundin; it has nr, kunde"),
        ("query: 'select nr, nr from auftrag'", None, "two columns named nr"),
        ("query: select nix from auftrag", None, "is not there: correct its names"),
        ("table: auftrag", ("/1@", "/2@"), "does not accept user or password"),
        ("table: auftrag", ("@127.0.0.1", "@nowhere.invalid"), "does not answer"),
        ("table: auftrag", (":{port}/", ":1/"), "127.0.0.1:1 does not answer"),
        ("table: auftrag", (":{port}/{database}", ":{port}/nirgends"), "no such database"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_without_the_password(
    erp, settings, write_entries, monkeypatch, entry, url, problem, caplog
):
    if url:
        named = {"port": erp.url.port, "database": erp.url.database}
        old, new = (part.format(**named) for part in url)
        given = os.environ["AIRFLOW_CONN_ERP"].replace("%2F", "/").replace(old, new, 1)
        given = given.replace("heim%40%C3%9F/", "heim%40%C3%9F%2F")
        monkeypatch.setenv("AIRFLOW_CONN_ERP", given)
    write_entries("  e: {kind: sql, connection: erp, file: e.parquet, " + entry + "}\n" + WHOLE)
    first, other = fetch_all(settings)
    assert first.status == "failed"
    assert problem in first.problem, first.problem
    assert "\n" not in first.problem
    for secret in (PASSWORD, PASSWORD_IN_URI, "heim"):
        assert secret not in first.problem + caplog.text
    assert other.status == ("failed" if url else "new")


def test_with_an_authority_only_the_right_certificate_will_do(
    postgres, short_folder, settings, write_entries, monkeypatch
):
    url, engine = postgres
    with engine.begin() as connection:
        connection.execute(sa.text("create table if not exists sure as select 1 as a"))
    certificates(other := settings.home)
    here = f"{{kind: sql, table: sure, ca: {short_folder}/ca.pem"
    monkeypatch.setenv("AIRFLOW_CONN_ERP", url)
    monkeypatch.setenv("AIRFLOW_CONN_NAMED", url.replace("127.0.0.1", "localhost"))
    write_entries(
        f"  a: {here}, connection: erp, file: a.parquet}}\n"
        f"  b: {here}, connection: named, file: b.parquet}}\n"
        f"  c: {here.replace(str(short_folder), str(other))}, connection: erp, file: c.parquet}}"
    )
    right, *wrong = fetch_all(settings)
    assert (right.problem, right.rows) == (None, 1)
    for result in wrong:
        assert "is not the right one: have it renewed" in result.problem


def test_nothing_can_be_written_through_it(erp, settings, write_entries):
    """The session itself only reads, whatever a query does."""
    from config.connections import find_login
    from fetch.entries import load_entries
    from fetch.sql import open_engine

    write_entries(WHOLE)
    engine = open_engine(load_entries(settings)["whole"], find_login(settings, "erp"))
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match=r"(?i)read.only"):
        connection.execute(sa.text("delete from auftrag"))


KILLED = """
import os, sys
from fetch import running
from config import load_settings
from fetch import fetch_all
point = sys.argv[1]
if point == "written":  # the rows are in the file beside its place
    os.replace = None
    from pathlib import Path
    Path.replace = lambda *_: os._exit(9)
else:  # the file lies in the inbox, what is remembered has not moved
    running.write_state = lambda *_: os._exit(9)
fetch_all(load_settings())
"""


@pytest.mark.parametrize("point", ["written", "delivered"])
def test_killed_in_the_middle_and_run_again_gives_the_same(
    erp, settings, write_entries, inbox, table, point
):
    write_entries(NEW)
    environment = {**os.environ, "REIFEGRAD_HOME": str(settings.home),
                   "REIFEGRAD_CONFIG": str(settings.config)}  # fmt: skip
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, point], cwd=PROJECT_ROOT, env=environment, check=False
    )
    assert killed.returncode == 9
    # Between the kill and the next run the company goes on.
    insert(erp, [(4, "D", "1", 1, None, "2026-02-03 00:00:00", None, None)])
    assert told(fetch_all(settings)) == [("new", ("erp/auftrag_000001.parquet",), 4)]
    assert list(inbox()) == ["erp/auftrag_000001.parquet"]
    assert [row["nr"] for row in table("erp/auftrag_000001.parquet")] == ["1", "2", "3", "4"]


AUDITED = """
import sys
import time
connected = []
def hook(name, args):
    if name == "socket.connect":
        connected.append(args[1])
    if name == "socket.getaddrinfo":
        connected.append(args[:2])
sys.addaudithook(hook)
from config import load_settings
from fetch import fetch_all
(result,) = fetch_all(load_settings())
assert result.rows == 3, result
print({place[0] for place in connected if isinstance(place, tuple)})
"""


def test_dlt_reports_to_nobody_and_keeps_its_files_in_the_home(
    mariadb, settings, write_entries, monkeypatch, tmp_path
):
    url, engine = mariadb
    monkeypatch.setenv("AIRFLOW_CONN_ERP", url)
    with engine.begin() as connection:
        connection.execute(sa.text("drop table if exists auftrag"))
        connection.execute(sa.text(TABLE.format(precision="(6)", bytes="blob")))
    insert(engine, ROWS)
    write_entries(NEW)
    (tmp_path / "elsewhere").mkdir()
    environment = {**os.environ, "REIFEGRAD_HOME": str(settings.home),
                   "REIFEGRAD_CONFIG": str(settings.config)}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", AUDITED], cwd=tmp_path / "elsewhere", env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "{'127.0.0.1'}"
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert not (tmp_path / "person").exists()
