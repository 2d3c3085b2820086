"""Firebird, under many a firm's ERP: a real server of version 3."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from fetch import fetch_all
from tests.fetch.conftest import free_port, process, program

PASSWORD = "geheim-1"  # of ASCII: Firebird's own protocol of passwords knows no other
CONFIGURATION = Path("/etc/firebird/3.0")
SECURITY = Path("/var/lib/firebird/3.0/system/security3.fdb")


@pytest.fixture(scope="module")
def firebird(short_folder):
    """A server with a folder, a port and users of its own."""
    server, isql = program("firebird"), program("isql-fb")
    if not os.access(SECURITY, os.R_OK):
        pytest.skip("Firebird's empty list of users can only be read by root here")
    port = free_port()
    for name in ("firebird", "plugins", "fbintl"):
        shutil.copy(CONFIGURATION / f"{name}.conf", short_folder)
    users = shutil.copy(SECURITY, short_folder)
    with (short_folder / "firebird.conf").open("a") as file:
        file.write(
            f"\nRemoteServicePort = {port}\nRemoteBindAddress = 127.0.0.1\n"
            f"SecurityDatabase = {users}\n"
        )
    (short_folder / "databases.conf").write_text(f"security.db = {users}\n")
    place = str(short_folder)
    own = {**os.environ, "FIREBIRD": place, "FIREBIRD_LOCK": place, "FIREBIRD_TMP": place}
    subprocess.run(
        [isql, "-user", "SYSDBA", users], check=True, text=True, capture_output=True, env=own,
        input=f"create or alter user SYSDBA password '{PASSWORD}' using plugin Srp;\n",
    )  # fmt: skip
    with process(server, "-d", port=port, env=own):
        from firebird.driver import create_database

        database = f"{short_folder}/erp.fdb"
        connection = create_database(
            f"127.0.0.1/{port}:{database}", user="SYSDBA", password=PASSWORD, charset="UTF8"
        )
        connection.execute_immediate(
            "create table auftrag (nr integer not null primary key, kunde varchar(40),"
            " betrag numeric(18, 4), menge double precision, bestellt date, geaendert timestamp,"
            " offen boolean)"
        )
        connection.commit()
        yield f"firebird://SYSDBA:{PASSWORD}@127.0.0.1:{port}/{database}", connection
        connection.close()


def insert(connection, values):
    connection.execute_immediate(f"insert into auftrag values ({values})")
    connection.commit()


def test_rows_arrive_exactly_and_then_only_what_is_new(
    firebird, settings, write_entries, table, monkeypatch
):
    url, connection = firebird
    monkeypatch.setenv("AIRFLOW_CONN_ERP", url)
    insert(connection, "1, 'Müller & Söhne', 1.5025, 0.1, '2026-01-31', '2026-02-01 08:00', true")
    insert(connection, "2, 'Øre', 1234567890123.5678, null, null, '2026-02-02 09:30:00.25', false")
    write_entries(
        "  a: {kind: sql, connection: erp, table: auftrag, cursor: geaendert, file: a.parquet}\n"
        "  q: {kind: sql, connection: erp, cursor: nr, start: 2, file: q.parquet,\n"
        "      query: 'select nr, kunde from auftrag where nr >= :since'}"
    )
    assert [(one.problem, one.rows) for one in fetch_all(settings)] == [(None, 2), (None, 1)]
    assert [list(row.values()) for row in table("a_000001.parquet")] == [
        ["1", "Müller & Söhne", "1.5025", "0.1", "2026-01-31", "2026-02-01 08:00:00", "true"],
        ["2", "Øre", "1234567890123.5678", None, None, "2026-02-02 09:30:00.250000", "false"],
    ]
    assert [one.status for one in fetch_all(settings)] == ["nothing", "nothing"]
    insert(connection, "3, 'neu', 1, 1, null, '2026-02-03', null")
    assert [one.rows for one in fetch_all(settings)] == [1, 1]


@pytest.mark.parametrize(
    ("table", "old", "new", "problem"),
    [
        ("auftrag", PASSWORD, "falsch", "does not accept user or password"),
        ("auftrag", "{port}", "1", "does not answer"),
        ("nirgends", "", "", "There is no table nirgends"),
    ],
)
def test_what_is_wrong_is_told(
    firebird, settings, write_entries, monkeypatch, table, old, new, problem
):
    url, _connection = firebird
    port = url.rpartition("127.0.0.1:")[2].split("/")[0]
    monkeypatch.setenv(
        "AIRFLOW_CONN_ERP", url.replace(old.format(port=port), new, 1) if old else url
    )
    write_entries(f"  a: {{kind: sql, connection: erp, table: {table}, file: a.parquet}}")
    (result,) = fetch_all(settings)
    assert problem in (result.problem or ""), result
