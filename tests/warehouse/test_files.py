"""One process writes the warehouse: the lock that names its holder."""

from __future__ import annotations

import json
import os
import sys

import duckdb
import pytest

from config import Settings
from tests.warehouse.conftest import child
from warehouse import WarehouseLockedError, open_warehouse
from warehouse.files import pack_quickly


@pytest.fixture
def settings(settings: Settings) -> Settings:
    with open_warehouse(settings) as connection:
        connection.execute("create table marts.customers as from range(3)")
    return settings


HOLD = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("ready", flush=True)
time.sleep(60)
"""


def test_a_locked_warehouse_names_who_holds_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", "/somewhere/else")  # the holder is no program of ours
    with child(HOLD, settings.warehouse) as holder:
        with pytest.raises(WarehouseLockedError) as error, open_warehouse(settings):
            pass
        message = str(error.value)
        assert str(settings.warehouse) in message and f"({holder.pid})" in message
        assert "python" in message
        assert "\n" not in message
    with open_warehouse(settings):
        pass


def test_nobody_is_told_to_end_the_night(settings: Settings) -> None:
    with child(HOLD, settings.warehouse) as holder:
        with pytest.raises(WarehouseLockedError) as error, open_warehouse(settings):
            pass
        message = str(error.value)
        assert f"at work in the warehouse, its process {holder.pid} since" in message
        assert "end " not in message and "wait until it is done" in message
        assert error.value.holder and error.value.holder.is_ours


def test_an_airflow_task_is_known_by_its_session(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", "/somewhere/else")  # it has renamed itself
    record = settings.home / "run" / "airflow.json"
    record.parent.mkdir()
    record.write_text(json.dumps({"pid": os.getsid(0), "started": 0}), encoding="utf-8")
    with child(HOLD, settings.warehouse):
        with pytest.raises(WarehouseLockedError) as error, open_warehouse(settings):
            pass
        assert error.value.holder and error.value.holder.is_ours


def test_a_lock_that_is_released_in_time_is_waited_for(settings: Settings) -> None:
    patient = settings.model_copy(update={"lock_wait_seconds": 30})
    with (
        child(HOLD.replace("60", "0.5"), settings.warehouse),
        open_warehouse(patient) as connection,
    ):
        assert connection.sql("select count(*) from marts.customers").fetchone() == (3,)


def test_opening_twice_changes_nothing(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        assert connection.sql("select count(*) from marts.customers").fetchone() == (3,)
        assert connection.sql("select current_setting('TimeZone')").fetchone() == ("UTC",)


def packed_by(settings: Settings) -> set[str]:
    with open_warehouse(settings) as connection:
        pack_quickly(connection)
        connection.execute(
            "create or replace table raw.packed as"
            " select 'Kunde ' || n // 3 as name from range(200000) rows(n)"
        )
        connection.execute("checkpoint")
        assert connection.sql("select count(distinct name) from raw.packed").fetchone() == (66667,)
        found = connection.execute(
            "select distinct compression from pragma_storage_info('raw.packed')"
            " where segment_type = 'VARCHAR'"
        ).fetchall()
    return {name for (name,) in found}


def test_a_new_warehouse_packs_texts_in_one_way(settings: Settings) -> None:
    assert packed_by(settings) == {"DICT_FSST"}


def test_a_warehouse_of_an_earlier_release_stays_packed_as_it_was(settings: Settings) -> None:
    settings.warehouse.unlink()
    duckdb.connect(str(settings.warehouse)).close()  # in the form of DuckDB 1.0
    found = packed_by(settings)  # forced, it would lie there unpacked
    assert found and found.isdisjoint({"DICT_FSST", "Uncompressed"})
