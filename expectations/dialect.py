"""DuckDB for Great Expectations: `duckdb+reifegrad:///<file>`, so that checks run in the warehouse.

As it stands, every metric over `duckdb-engine` fails with "list index out of range": Great
Expectations closes the connection before it fetches the rows, and the rollback on closing drops
DuckDB's pending result. Fetching the rows when the statement runs mends it.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
from duckdb_engine import ConnectionWrapper, Dialect
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg2 import PGExecutionContext_psycopg2
from sqlalchemy.engine import URL
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

DRIVER = "reifegrad"


class _BufferedContext(PGExecutionContext_psycopg2):
    def post_exec(self) -> None:
        super().post_exec()  # type: ignore[no-untyped-call]
        if self.cursor.description:
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, initial_buffer=self.cursor.fetchall()
            )


class BufferedDuckDB(Dialect):  # type: ignore[misc]
    """duckdb-engine's dialect whose results outlive their connection."""

    driver = DRIVER
    supports_statement_cache = False
    execution_ctx_cls = _BufferedContext

    def connect(self, *_: object, database: str, **__: object) -> ConnectionWrapper:
        """Open the file exactly as `warehouse` does.

        DuckDB shares one database between the connections of a process only if they ask for the
        same configuration; duckdb-engine would add a user agent and be refused.
        """
        return ConnectionWrapper(duckdb.connect(database))


registry.register(f"duckdb.{DRIVER}", __name__, BufferedDuckDB.__name__)


def url(database: Path) -> str:
    """Write the address of a DuckDB file for SQLAlchemy."""
    return URL.create(f"duckdb+{DRIVER}", database=str(database)).render_as_string()
