"""Opening the DuckDB file that the night writes: one process at a time, which is told by name."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from config import Settings
from config.language import _

SCHEMA = Path(__file__).with_name("schema.sql")


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
                who = (
                    _("{program} (process {number})").format(program=holder[1], number=holder[2])
                    if holder
                    else _("another process")
                )
                raise WarehouseLockedError(
                    _(
                        "{path} is held by {who} since {wait_seconds:.0f} s: end that"
                        " process or wait until it is done. Analysts open"
                        " published/warehouse.duckdb."
                    ).format(path=path, who=who, wait_seconds=wait_seconds)
                ) from error
            time.sleep(0.25)
