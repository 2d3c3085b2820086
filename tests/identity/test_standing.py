"""When the customers and persons of the last build are taken as they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from config import Settings
from identity import standing
from identity.memory import Kind
from identity.standing import find_basis, is_standing
from warehouse import open_warehouse


@pytest.fixture
def connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[duckdb.DuckDBPyConnection]:
    monkeypatch.setattr(standing, "CODE", (tmp_path / "code",))
    (tmp_path / "code").mkdir()
    with open_warehouse(Settings(home=tmp_path)) as opened:
        opened.execute(
            "create table records as from (values ('a:1', 'a', 'Nord GmbH', now()),"
            " ('b:1', 'b', 'Nord', now())) as r(record_id, source, name, loaded_at)"
        )
        yield opened


def basis_of(connection: duckdb.DuckDBPyConnection) -> str:
    return find_basis(connection, connection.table("records"))


@pytest.mark.parametrize(
    "change",
    [
        "update records set name = 'Nord AG' where source = 'b'",
        "update records set name = null where source = 'b'",
        "update records set source = 'c' where source = 'b'",
        "delete from records where source = 'b'",
        "insert into records values ('c:1', 'c', 'Nord', now())",
        "alter table records add column vat_id varchar",
        "alter table records add column customer_id varchar default 'C1'",
        "insert into ops.identity_decisions values ('a:1', 'b:1', 'same', 'Eva', now(), null)",
    ],
)
def test_whatever_decides_who_is_one_customer_is_in_the_basis(
    connection: duckdb.DuckDBPyConnection, change: str
) -> None:
    before = basis_of(connection)
    connection.execute(change)
    assert basis_of(connection) != before


def test_what_identity_does_not_read_is_not(connection: duckdb.DuckDBPyConnection) -> None:
    before = basis_of(connection)
    connection.execute("update records set loaded_at = null")
    connection.execute("create or replace table records as from records order by source desc")
    connection.execute(
        "insert into ops.identity_decisions values"
        " ('a:1', 'b:1', 'same', 'Eva', now() - interval 1 day, now())"
    )
    assert basis_of(connection) == before


def test_another_release_resolves_again(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rules = tmp_path / "code" / "rules.yml"
    rules.write_text("threshold: 0.5", encoding="utf-8")
    before = basis_of(connection)
    rules.write_text("threshold: 0.6", encoding="utf-8")
    assert basis_of(connection) != before


def test_only_a_remembered_result_of_the_same_basis_stands(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    assert not is_standing(connection, "ops.resolved", "b1"), "there is none yet"
    connection.execute(
        "create table ops.resolved as from (values ('a:1', 'C1', 'b1'), ('b:1', 'C1', 'b1'))"
        " as r(record_id, customer_id, basis)"
    )
    assert not is_standing(connection, "ops.resolved", "b1"), "its build failed later on"
    remember = "insert into ops.customer_ids values (?, ?, ?, ?)"
    connection.executemany(
        remember,
        [["a:1", "C1", date(2025, 1, 1), None], ["b:1", "C1", date(2025, 1, 1), None]],
    )
    assert is_standing(connection, "ops.resolved", "b1")
    assert not is_standing(connection, "ops.resolved", "b2"), "something has changed"
    connection.execute("update ops.customer_ids set until = '2025-01-02' where record_id = 'b:1'")
    connection.execute(remember, ["b:1", "C2", date(2025, 1, 2), None])
    assert not is_standing(connection, "ops.resolved", "b1"), "another build was remembered since"


def test_persons_stand_while_person_and_contact_are_remembered(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    kinds: tuple[Kind, ...] = ("person", "contact")
    connection.execute(
        "create table ops.resolved as select 'a:1' as record_id, 'P1' as person_id,"
        " 'K1' as contact_id, 'b1' as basis"
    )
    connection.execute("insert into ops.person_ids values ('a:1', 'P1', '2025-01-01', null)")
    assert not is_standing(connection, "ops.resolved", "b1", kinds)
    connection.execute("insert into ops.contact_ids values ('a:1', 'K1', '2025-01-01', null)")
    assert is_standing(connection, "ops.resolved", "b1", kinds)
    connection.execute("delete from ops.person_ids")
    assert not is_standing(connection, "ops.resolved", "b1", kinds)
