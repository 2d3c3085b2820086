"""One writer, many readers: the lock that names its holder, and the atomic copy for analysts."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import duckdb
import pytest

from config import PROJECT_ROOT, Settings
from warehouse import WarehouseLockedError, open_warehouse, publish
from warehouse.files import PUBLISHED_OPS

NIGHT = date(2025, 12, 31)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    night = settings.model_copy(update={"as_of": NIGHT})
    with open_warehouse(night) as connection:
        connection.execute(
            "create table marts.customers as select 'C' || range as customer_id,"
            " map {'a': 'b'} as attributes from range(3)"
        )
        connection.execute("create table raw.secret as select 'raw text' as note")
    return night


@contextmanager
def child(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run Python code in another process that says `ready` and is killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def published(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.published), read_only=True) as connection:
        return connection.sql(sql).fetchall()


HOLD = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("ready", flush=True)
time.sleep(60)
"""


def test_a_locked_warehouse_names_who_holds_it(settings: Settings) -> None:
    with child(HOLD, settings.warehouse) as holder:
        with pytest.raises(WarehouseLockedError) as error, open_warehouse(settings):
            pass
        message = str(error.value)
        assert f"process {holder.pid}" in message
        assert "python" in message
        assert str(settings.warehouse) in message
        assert "\n" not in message
    with open_warehouse(settings):
        pass


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


def test_analysts_get_marts_and_the_nights_but_no_raw_text(settings: Settings) -> None:
    assert publish(settings) == {"customers": 3} | dict.fromkeys(PUBLISHED_OPS, 0)
    tables = {name for (name,) in published(settings, "show tables")}
    assert tables == {"customers", "version", *PUBLISHED_OPS}
    assert published(settings, "select customer_id, attributes from customers limit 1") == [
        ("C0", {"a": "b"})
    ]
    assert published(settings, "select night from version") == [(NIGHT,)]


def test_publishing_again_replaces_the_copy_whole(settings: Settings) -> None:
    publish(settings)
    with open_warehouse(settings) as connection:
        connection.execute("delete from marts.customers where customer_id != 'C1'")
    publish(settings)
    assert published(settings, "select customer_id from customers") == [("C1",)]
    assert [path.name for path in settings.published.parent.iterdir()] == ["warehouse.duckdb"]


READ = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
print("ready", flush=True)
sys.stdin.readline()
print(connection.sql("select count(*) from customers").fetchone()[0], flush=True)
"""


def test_a_reader_keeps_the_copy_that_it_opened(settings: Settings) -> None:
    publish(settings)
    with subprocess.Popen(
        [sys.executable, "-c", READ, settings.published],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == "ready\n"
        with open_warehouse(settings) as connection:
            connection.execute("delete from marts.customers")
        publish(settings)
        assert published(settings, "select count(*) from customers") == [(0,)]
        out, _ = reader.communicate("now\n", timeout=30)
    assert out == "3\n"


KILLED = """
import sys, time
from pathlib import Path
from config import Settings
from warehouse import publish

def stop(path, target):
    print("ready", flush=True)
    time.sleep(60)

Path.replace = stop  # the copy is complete, the old one still has the name
publish(Settings(home=Path(sys.argv[1])))
"""


def test_killed_before_the_last_step_the_old_copy_stays(settings: Settings) -> None:
    publish(settings)
    with open_warehouse(settings) as connection:
        connection.execute("delete from marts.customers")
    with child(KILLED, settings.home):
        pass
    assert published(settings, "select count(*) from customers") == [(3,)]
    publish(settings)
    assert published(settings, "select count(*) from customers") == [(0,)]
    assert [path.name for path in settings.published.parent.iterdir()] == ["warehouse.duckdb"]
