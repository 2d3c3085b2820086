"""Databases: rows of a table, a view or a query, through dlt and SQLAlchemy. Only ever read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from config.connections import Login
from config.language import _
from fetch.entries import SqlEntry
from fetch.errors import FetchError
from fetch.parcels import Parcel
from fetch.rows import (
    BATCH_ROWS,
    CursorState,
    Row,
    cursor_of,
    require_unlike,
    rows_parcel,
    write_parquet,
)
from fetch.state import State

if TYPE_CHECKING:
    from dlt.extract import DltResource
    from sqlalchemy import Engine, Table

# Scheme of a connection -> SQLAlchemy's driver.
DRIVERS: Final = {
    "postgresql": "postgresql+psycopg2",
    "postgres": "postgresql+psycopg2",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mssql": "mssql+pymssql",
    "oracle": "oracle+oracledb",
    "firebird": "firebird+firebird",
    "sqlite": "sqlite",
}
CONNECT_SECONDS: Final = 15
# A statement that gives no byte for so long is given up; a report over ten years may take a while.
ANSWER_SECONDS: Final = 1800
# Of each driver: how long to wait, and that nothing is ever written.
ARGUMENTS: Final[dict[str, dict[str, Any]]] = {
    "postgresql+psycopg2": {
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    },
    "mysql+pymysql": {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": ANSWER_SECONDS,
        "init_command": "set session transaction read only",
    },
    "mssql+pymssql": {"login_timeout": CONNECT_SECONDS, "timeout": ANSWER_SECONDS},
    "oracle+oracledb": {"tcp_connect_timeout": CONNECT_SECONDS},
}
QUERY: Final[dict[str, dict[str, str]]] = {"firebird+firebird": {"charset": "UTF8"}}


def parcels(entry: SqlEntry, login: Login, state: State) -> Iterator[Parcel]:
    """Yield the entry's file.

    Raises:
        FetchError: the connection is of no database, a table or column is missing.

    """
    engine = open_engine(entry, login)

    def rows(cursor: CursorState) -> Iterable[Row]:
        return cursor.read(_resource(entry, engine))

    try:
        yield rows_parcel(entry, state, rows, write_parquet)
    finally:
        engine.dispose()


def open_engine(entry: SqlEntry, login: Login) -> Engine:
    """Return SQLAlchemy's engine for a connection; nothing is connected yet."""
    import sqlalchemy as sa

    driver = DRIVERS.get(login.scheme)
    if driver is None:
        message = _("Connection {name!r} is of no database: it begins with {schemes}.")
        raise FetchError(message.format(name=login.id, schemes=", ".join(DRIVERS)))
    query = {**QUERY.get(driver, {}), **{name: str(v) for name, v in login.extra.items()}}
    arguments = dict(ARGUMENTS.get(driver, {}))
    database: str | None = login.path or None
    if driver == "sqlite":  # which would make a file that is not there
        database, query = f"file:{login.path}", {"mode": "ro", "uri": "true"}
    if entry.ca and driver.startswith("postgresql"):
        query |= {"sslmode": "verify-full", "sslrootcert": entry.ca}
    if driver.startswith("mysql") and login.secret:  # else sent as Latin-1, which no server expects
        arguments["password"] = login.secret.encode()
    if entry.ca and driver.startswith("mysql"):
        arguments["ssl"] = {"ca": entry.ca, "check_hostname": True}
    url = sa.URL.create(
        driver, login.user, login.secret, login.host or None, login.port, database, query
    )
    options = {"postgresql_readonly": True} if driver.startswith("postgresql") else {}
    return sa.create_engine(
        url,
        connect_args=arguments,
        execution_options=options,
        poolclass=sa.NullPool,
        hide_parameters=True,
    )


def _resource(entry: SqlEntry, engine: Engine) -> DltResource:
    return _of_table(entry, engine) if entry.table else _of_query(entry, engine)


def _of_table(entry: SqlEntry, engine: Engine) -> DltResource:
    from dlt.sources.sql_database import sql_table

    schema, _dot, table = str(entry.table).rpartition(".")
    columns = _columns(engine, table, schema or None)
    wanted = (*entry.columns, *([entry.cursor] if entry.cursor else ()))
    if missing := [name for name in wanted if name not in columns]:
        message = _("Table {table} has no column {missing}; it has {columns}.")
        raise FetchError(
            message.format(
                table=entry.table, missing=", ".join(missing), columns=", ".join(columns)
            )
        )
    start = _like(columns[entry.cursor], entry.start) if entry.cursor else None
    included = list(dict.fromkeys(wanted)) if entry.columns else None
    return sql_table(
        credentials=engine,
        table=table,
        schema=schema or None,
        incremental=cursor_of(entry, start),
        included_columns=included,
        table_adapter_callback=_keep_floats,
        chunk_size=BATCH_ROWS,
        reflection_level="minimal",
    )


def _keep_floats(table: Table) -> None:
    """Leave floats as they are; MySQL's would be cut to ten digits behind the point."""
    import sqlalchemy as sa

    for column in table.columns:
        if isinstance(column.type, sa.Float):
            column.type.asdecimal = False


def _columns(engine: Engine, table: str, schema: str | None) -> dict[str, Any]:
    """Return the columns of a table or view with their types."""
    import sqlalchemy as sa
    from sqlalchemy.exc import NoSuchTableError

    inspector = sa.inspect(engine)
    try:
        return {column["name"]: column["type"] for column in inspector.get_columns(table, schema)}
    except NoSuchTableError:
        there = sorted([*inspector.get_table_names(schema), *inspector.get_view_names(schema)])
        message = _("There is no table {table}, or this user may not see it; there is {tables}.")
        raise FetchError(
            message.format(table=table, tables=", ".join(there[:30]) or _("none"))
        ) from None


def _like(kind: Any, start: object) -> object:  # noqa: ANN401 - SQLAlchemy's type
    """Make a day a time where the column holds times, so that the two can be compared."""
    try:
        has_time = issubclass(kind.python_type, datetime)
    except NotImplementedError:
        return start
    is_day = isinstance(start, date) and not isinstance(start, datetime)
    if has_time and is_day:
        return datetime.combine(start, time.min)  # type: ignore[arg-type]
    return start


def _of_query(entry: SqlEntry, engine: Engine) -> DltResource:
    import dlt
    import sqlalchemy as sa

    def read(since: object) -> Iterator[list[Row]]:
        values = {} if entry.cursor is None else {"since": since}
        with engine.connect().execution_options(yield_per=BATCH_ROWS) as connection:
            result = connection.execute(sa.text(str(entry.query)), values)
            require_unlike(result.keys())
            if entry.cursor and entry.cursor not in result.keys():  # noqa: SIM118 - no mapping
                message = _("The query gives no column {missing}; it gives {columns}.")
                raise FetchError(
                    message.format(missing=entry.cursor, columns=", ".join(result.keys()))
                )
            for part in result.mappings().partitions():
                yield [dict(row) for row in part]

    cursor = cursor_of(entry, None)
    if cursor is None:
        return dlt.resource(lambda: read(None), name=entry.name)

    def read_since(since: Any = cursor) -> Iterator[list[Row]]:  # noqa: ANN401 - as dlt has it
        # The database compares `start` with its own column, whatever of day and time it holds.
        return read(entry.start if since.start_value is None else since.start_value)

    return dlt.resource(read_since, name=entry.name)
