"""The warehouse's DuckDB files: one that the night writes, one that people read."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from config import Settings

SCHEMA = Path(__file__).with_name("schema.sql")
# What of `ops` analysts see beside the marts: no raw text, no old CRM values.
PUBLISHED_OPS = ("loads", "expectation_results", "maturity_stages", "scores")


class WarehouseLockedError(Exception):
    """Another process holds the warehouse; the message names it."""


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for writing and make sure that its fixed tables exist.

    DuckDB lets one process write and shuts out every other, so keep it open briefly.

    Raises:
        WarehouseLockedError: another process held it for `settings.lock_wait_seconds`.

    """
    settings.home.mkdir(parents=True, exist_ok=True)
    connection = _connect(settings.warehouse, settings.lock_wait_seconds)
    try:
        connection.execute("set timezone = 'UTC'")
        connection.execute(SCHEMA.read_text(encoding="utf-8"))
        yield connection
    finally:
        connection.close()


def publish(settings: Settings) -> dict[str, int]:
    """Copy marts and the nights' records to the file for analysts, in one atomic step.

    Returns the number of rows per table. Readers keep the copy that they opened.
    """
    target = settings.published
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    rows: dict[str, int] = {}
    # The lock on the warehouse keeps two of these apart until the copy has its name.
    with open_warehouse(settings) as connection:
        for leftover in (fresh, fresh.with_name(fresh.name + ".wal")):
            leftover.unlink(missing_ok=True)
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name ="
            " current_database() and (schema_name = 'marts' or (schema_name = 'ops' and"
            " list_contains(?, table_name))) order by all",
            [list(PUBLISHED_OPS)],
        ).fetchall()
        connection.execute(f"attach '{_quoted(fresh)}' as published")
        for schema, table in tables:
            connection.execute(f'create table published."{table}" as from {schema}."{table}"')
            (rows[table],) = connection.execute(
                f'select count(*) from published."{table}"'
            ).fetchone() or (0,)
        connection.execute(
            "create table published.version as select ?::date as night,"
            " now()::timestamp as published_at",
            [settings.night],
        )
        connection.execute("detach published")
        fresh.replace(target)
    return rows


def _connect(path: Path, wait_seconds: float) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            return duckdb.connect(str(path))
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise
            if time.monotonic() >= deadline:
                holder = re.search(r"held in (.+?) \(PID (\d+)\)", str(error))
                who = f"{holder[1]} (process {holder[2]})" if holder else "another process"
                raise WarehouseLockedError(
                    f"{path} is held by {who} since {wait_seconds:.0f} s: end that process"
                    " or wait until it is done. Analysts open published/warehouse.duckdb."
                ) from error
            time.sleep(0.25)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
