"""Decisions in the warehouse: they hold, are decided anew by people only, and can be taken back."""

from datetime import UTC, date, datetime, timedelta

import pytest

from config import Settings
from identity import IdentityError, memory
from warehouse import open_warehouse

MONDAY = datetime(2026, 1, 5, 8, tzinfo=UTC).replace(tzinfo=None)
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)


@pytest.fixture
def connection(tmp_path):
    with open_warehouse(Settings(home=tmp_path)) as connection:
        connection.executemany(
            "insert into ops.customer_ids values (?, ?, '2026-01-01', null)",
            [("erp:1", "C1"), ("crm:1", "C2")],
        )
        yield connection


def verdicts(connection):
    return [made[:3] for made in memory.read_decisions(connection)]


def test_a_decision_is_kept_once_whatever_the_order_of_the_records(connection):
    assert memory.decide(connection, ("erp:1", "crm:1"), "same", "Anna", MONDAY)
    assert not memory.decide(connection, ("crm:1", "erp:1"), "same", "Anna", TUESDAY)
    assert verdicts(connection) == [("crm:1", "erp:1", "same")]


def test_a_person_decides_anew_and_both_decisions_stay_on_record(connection):
    memory.decide(connection, ("erp:1", "crm:1"), "same", "Anna", MONDAY)
    assert memory.decide(connection, ("erp:1", "crm:1"), "different", "Ben", TUESDAY)
    assert verdicts(connection) == [("crm:1", "erp:1", "different")]
    assert connection.sql(
        "select decision, decided_by, withdrawn_at from ops.identity_decisions order by decided_at"
    ).fetchall() == [("same", "Anna", TUESDAY), ("different", "Ben", None)]


def test_what_was_taken_back_is_not_read_again_from_an_older_list(connection):
    memory.decide(connection, ("erp:1", "crm:1"), "same", "list", MONDAY)
    memory.undo(connection, ("crm:1", "erp:1"), TUESDAY)
    assert verdicts(connection) == []
    assert not memory.decide(connection, ("erp:1", "crm:1"), "same", "list", MONDAY)
    assert memory.decide(connection, ("erp:1", "crm:1"), "same", "list", WEDNESDAY)
    with pytest.raises(IdentityError, match="nothing to undo"):
        memory.undo(connection, ("crm:1", "erp:2"), WEDNESDAY)


@pytest.mark.parametrize(
    ("pair", "message"),
    [(("erp:1", "erp:404"), "'erp:404' yet"), (("erp:1", "erp:1"), "one record")],
)
def test_decisions_about_nothing(connection, pair, message):
    with pytest.raises(IdentityError, match=message):
        memory.decide(connection, pair, "same", "Anna", MONDAY)


def test_a_night_that_looks_back_is_the_last_night_again(connection):
    assert memory.find_night(connection, date(2025, 6, 1)) == date(2026, 1, 1)
    assert memory.find_night(connection, date(2026, 6, 1)) == date(2026, 6, 1)
