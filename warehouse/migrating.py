"""The tables that the project owns (`ops.*`), brought step by step to what this version needs.

Each file in `migrations/` is one step, called `<number>_<what it does>.sql`. It is applied once to
each warehouse, in one transaction with the row that says so in `ops.migrations`. A step that has
been released is never changed: what comes after it is a new file. The first one also works on
warehouses from before there were steps, where its tables exist.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

import duckdb

from config.language import _

FOLDER: Final = Path(__file__).with_name("migrations")
KEPT: Final = """
-- Grain: number. The steps by which the tables in `ops` came to be what they are.
create table if not exists ops.migrations (
    number integer primary key,
    name varchar not null,             -- of its file in warehouse/migrations, without the number
    applied_at timestamp not null      -- UTC
);
"""


class NewerWarehouseError(Exception):
    """A newer version of the project has changed the tables; the message says what to do."""


@dataclass(frozen=True)
class Migration:
    """One step; `sql` are its statements."""

    number: int
    name: str
    sql: str


@cache
def read_migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """Read the steps in their order.

    Raises:
        ValueError: a file is not called `<four digits>_<name>.sql`, or a number is missing or there
            twice. It is our own mistake, and tests find it.

    """
    steps: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        named = re.fullmatch(r"(\d{4})_(\w+)", path.stem)
        if not named or int(named[1]) != len(steps) + 1:
            raise ValueError(f"{path}: the next step is called {len(steps) + 1:04}_<name>.sql")
        steps.append(Migration(int(named[1]), named[2], path.read_text(encoding="utf-8")))
    return tuple(steps)


def migrate(
    connection: duckdb.DuckDBPyConnection, steps: Sequence[Migration] | None = None
) -> None:
    """Apply the steps that this warehouse lacks, each whole or not at all.

    The connection holds DuckDB's lock on the file, so no other process applies them meanwhile.
    Where nothing is to be done, this reads one row.

    Args:
        connection: an open warehouse, with no transaction begun.
        steps: all there are, in their order; default: those of this version.

    Raises:
        NewerWarehouseError: steps have been applied that this version does not know.

    """
    steps = read_migrations() if steps is None else steps
    applied = require_known(connection, len(steps))
    for step in steps[applied:]:
        connection.execute("begin")
        try:
            connection.execute(step.sql)
            connection.execute(KEPT)
            connection.execute(
                "insert into ops.migrations values (?, ?, ?)",
                [step.number, step.name, datetime.now(UTC).replace(tzinfo=None)],
            )
            connection.execute("commit")
        except BaseException:  # Ctrl-C too; the connection may live on
            connection.execute("rollback")
            raise


def require_known(connection: duckdb.DuckDBPyConnection, known: int | None = None) -> int:
    """Make sure that this version knows all applied steps.

    Args:
        connection: an open warehouse, which is only read.
        known: how many steps this version has; default: those in `migrations/`.

    Returns:
        The number of the last one applied, 0 for a warehouse that is new or older than any step.

    Raises:
        NewerWarehouseError: steps have been applied that this version does not know.

    """
    known = len(read_migrations()) if known is None else known
    try:
        row = connection.execute(
            "select number, name from ops.migrations order by number desc limit 1"
        ).fetchone()
    except duckdb.CatalogException:  # no such table yet
        return 0
    number, name = row or (0, "")
    if number > known:
        raise NewerWarehouseError(
            _(
                "A newer version of Reifegrad has changed this warehouse (step {number:04},"
                " {name}; this version ends at {known:04}): install that version again, or bring"
                " back a copy of warehouse.duckdb from before it."
            ).format(number=number, name=name, known=known)
        )
    return int(number)
