"""The copy that `reifegrad customer` reads, so that a running night does not block it.

The published copy can't be used: it hides persons, whom a salesperson at this machine may see.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

from config import Settings
from warehouse import open_warehouse

# All that reifegrad/customer_view.py reads; a test compares the two.
TABLES: Final = (
    "intermediate.int_companies_resolved",
    "intermediate.int_company_records",
    "marts.contacts",
    "marts.customer_attributes",
    "marts.customer_id_changes",
    "marts.customer_records",
    "marts.customers",
    "marts.interactions",
    "marts.leads",
    "marts.orders",
    "marts.tickets",
    "ops.identity_decisions",
    "ops.scores",
)


def keep_customers(settings: Settings) -> None:
    """Copy the customers' data to `run/customers.duckdb`, whole or not at all.

    Raises:
        WarehouseLockedError: another process holds the warehouse; the earlier copy stays.

    """
    kept = copy_of(settings)
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with open_warehouse(settings) as connection:
        there = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
            " where table_catalog = current_database()"
        ).fetchall()
        connection.execute(f"attach '{str(fresh).replace(chr(39), chr(39) * 2)}' as kept")
        for schema in dict.fromkeys(table.partition(".")[0] for table in TABLES):
            connection.execute(f"create schema kept.{schema}")
        for table in sorted(set(TABLES) & {name for (name,) in there}):
            connection.execute(f"create table kept.{table} as from {table}")
        connection.execute("detach kept")
    fresh.chmod(0o600)
    fresh.replace(kept)


@contextmanager
def open_copy(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the copy for reading; any number of processes may."""
    connection = duckdb.connect(str(copy_of(settings)), read_only=True)
    try:
        connection.execute("set timezone = 'UTC'")
        yield connection
    finally:
        connection.close()


def kept_at(settings: Settings) -> datetime | None:
    """Return when the copy was made (UTC); None if there is none."""
    kept = copy_of(settings)
    return datetime.fromtimestamp(kept.stat().st_mtime, UTC) if kept.is_file() else None


def copy_of(settings: Settings) -> Path:
    """Return where the copy lies."""
    return settings.home / "run" / "customers.duckdb"
