"""Whether customers and persons of the last build are still valid: their inputs are unchanged.

Records and decisions say which records are one customer or one person; what is remembered only
gives the ids, and a group that nothing happened to keeps its own (see `stable_ids`). So where
records, decisions and code are those of a build that was remembered, resolving again gives that
build's result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from config import PROJECT_ROOT
from identity.features import INPUT_COLUMNS
from identity.memory import Kind, read_decisions

if TYPE_CHECKING:
    import duckdb

# What identity reads of a record; only contacts have a customer already.
READ = ("record_id", "source", "customer_id", *INPUT_COLUMNS)
CODE = (
    Path(__file__).parent,
    PROJECT_ROOT / "vocabulary",
    PROJECT_ROOT / "dbt_project/models/intermediate",
)


def find_basis(connection: duckdb.DuckDBPyConnection, records: duckdb.DuckDBPyRelation) -> str:
    """Return a digest of all that decides which records are one customer, or one person.

    Args:
        connection: the open warehouse, for the decisions of people.
        records: as `identity.resolve` or `identity.persons` take them.

    """
    read = [column for column in READ if column in records.columns]
    content = records.aggregate(f"count(*), bit_xor(hash({', '.join(read)}))").fetchone()
    digest = hashlib.sha256(repr((read, content, read_decisions(connection))).encode())
    digest.update(version("splink").encode())
    for path in sorted(path for folder in CODE for path in folder.glob("*.*")):
        if path.suffix in (".py", ".yml"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def is_standing(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    basis: str,
    kinds: Sequence[Kind] = ("customer",),
) -> bool:
    """Tell whether a table holds the result for this basis, and memory holds the same result.

    A build that failed after it made the table is not remembered: the next one resolves again.

    Args:
        connection: the open warehouse.
        table: the table's name, as SQL; it may be missing.
        basis: what `find_basis` returns; the table's column `basis` says what it was made by.
        kinds: which ids the table gives.

    """
    import duckdb

    try:
        rows = connection.execute(f"select distinct basis from {table}").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):  # none yet, or of an older release
        return False
    return rows == [(basis,)] and all(_is_remembered(connection, table, kind) for kind in kinds)


def _is_remembered(connection: duckdb.DuckDBPyConnection, table: str, kind: Kind) -> bool:
    made = f"select record_id, {kind}_id from {table}"
    remembered = f"select record_id, {kind}_id from ops.{kind}_ids where until is null"
    (differing,) = connection.execute(
        f"select count(*) from (({made} except {remembered})"
        f" union all ({remembered} except {made}))"
    ).fetchone() or (1,)
    return bool(differing == 0)
