"""Opening the DuckDB file that the night writes: one process at a time, which errors name."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import psutil

from config import Settings
from config.language import _
from warehouse.migrating import migrate, require_known

# The form of new files, and what can be read there but not in the form of DuckDB 1.0.
STORAGE = "v1.5.0"
PACKING = "dict_fsst"


@dataclass(frozen=True)
class Holder:
    """The process that holds the warehouse; `is_ours`: it is a night or command of this program."""

    program: str
    pid: int
    began_at: datetime | None
    is_ours: bool


class WarehouseLockedError(Exception):
    """Another process holds the warehouse; the message names it, never advising to kill our own."""

    def __init__(self, message: str, holder: Holder | None = None) -> None:
        """Keep the holder beside the message."""
        super().__init__(message)
        self.holder = holder


class UnusableWarehouseError(Exception):
    """The file is there and can't be opened; the message says what to do."""


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for writing and migrate the tables that the project owns.

    DuckDB lets one process write and shuts out every other, so keep it open briefly.

    Raises:
        WarehouseLockedError: another process held it for `settings.lock_wait_seconds`.
        NewerWarehouseError: a newer version of the project has changed its tables.

    """
    settings.home.mkdir(parents=True, exist_ok=True)
    connection = _connect(settings)
    try:
        connection.execute("set timezone = 'UTC'")
        migrate(connection)
        yield connection
    finally:
        connection.close()


def require_free(settings: Settings) -> None:
    """Make sure that nobody holds the warehouse and that it can be opened; does not wait.

    Raises:
        WarehouseLockedError: another process holds it.
        UnusableWarehouseError: it is no DuckDB file, or one of another version.
        NewerWarehouseError: a newer version of the project has changed its tables.

    """
    try:
        with closing(_connect(settings.model_copy(update={"lock_wait_seconds": 0}))) as connection:
            require_known(connection)
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        raise UnusableWarehouseError(
            _(
                "{path} can't be opened ({problem}): bring back a copy of it, or move it away and"
                " let the next night make it anew from the inbox."
            ).format(path=settings.warehouse, problem=first)
        ) from error


def find_holder(error: duckdb.IOException, settings: Settings) -> Holder | None:
    """Tell from DuckDB's message which process holds the file; None if it names none."""
    found = re.search(r"held in (.+?) \(PID (\d+)\)", str(error))
    if not found:
        return None
    try:
        process = psutil.Process(int(found[2]))
        began = datetime.fromtimestamp(process.create_time(), ZoneInfo(settings.timezone))
        is_ours = _is_ours(process, settings)
    except psutil.Error:  # another user's, another container's, or gone by now
        return Holder(found[1], int(found[2]), None, False)
    return Holder(found[1], process.pid, began, is_ours)


def _is_ours(process: psutil.Process, settings: Settings) -> bool:
    """Whether it runs from our environment, or in the session of a service of this home.

    Airflow's tasks rename themselves, so their command line says nothing; their session does.
    """
    if any(part.startswith(f"{sys.prefix}{os.sep}") for part in process.cmdline()):
        return True
    try:
        record = json.loads((settings.home / "run" / "airflow.json").read_text(encoding="utf-8"))
        return os.getsid(process.pid) == int(record["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    path, wait_seconds = settings.warehouse, settings.lock_wait_seconds
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            if not path.exists():
                _create(path)
            return duckdb.connect(str(path))
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise
            if time.monotonic() >= deadline:
                holder = find_holder(error, settings)
                raise WarehouseLockedError(_told(path, holder), holder) from error
            time.sleep(0.25)


def _create(path: Path) -> None:
    """Make the file in a form that knows the newer ways to compress texts.

    A file keeps the form in which it was made; without a word it is that of DuckDB 1.0, so that
    older programs can open it. Those read the published copy, which stays in that form.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{_quoted(path)}' as made (storage_version '{STORAGE}')")


def pack_quickly(connection: duckdb.DuckDBPyConnection) -> None:
    """Have texts compressed by the one way that suits most columns, instead of the best of all.

    Trying all takes a third of the time of writing. A file that an earlier release has made does
    not know this way, and goes on as it was.
    """
    found = connection.execute(
        "select tags['storage_version'] from duckdb_databases()"
        " where database_name = current_database()"
    ).fetchone()
    if found and str(found[0]).startswith(STORAGE):
        connection.execute(f"set force_compression = '{PACKING}'")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _told(path: Path, holder: Holder | None) -> str:
    if holder and holder.is_ours and holder.began_at:
        return _(
            "A night or another command is at work in the warehouse, its process {pid} since"
            " {began}: wait until it is done. Analysts open published/warehouse.duckdb."
        ).format(pid=holder.pid, began=f"{holder.began_at:%H:%M}")
    who = f"{holder.program} ({holder.pid})" if holder else _("another process")
    return _(
        "{path} is held by {who}: close the file there, or wait if it is a night. Analysts open"
        " published/warehouse.duckdb."
    ).format(path=path, who=who)
