"""The marts as analysts see them, replaced whole after each audited night.

One DuckDB file, the same tables as Parquet files, and the customers as an Excel file.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from config import Settings
from config.language import _
from warehouse.catalogue import Column, Mart, read_marts
from warehouse.copies import DATABASE, PARQUET, WORKBOOK, next_copy
from warehouse.files import open_warehouse
from warehouse.privacy import (
    Rules,
    load_privacy,
    pseudonym_key,
    pseudonym_parameters,
    select_list,
)
from warehouse.spreadsheet import write_spreadsheet

if TYPE_CHECKING:
    import duckdb

SEPARATOR = "; "
VERSION_COMMENT = "One row: which night this is, and what personal data were limited in it."


class NothingBuiltError(Exception):
    """There are no marts yet; the message says what makes them."""


def require_marts(settings: Settings) -> None:
    """Make sure that a build has made marts.

    Raises:
        NothingBuiltError: there is none.
        WarehouseLockedError: another process holds the warehouse.

    """
    if settings.warehouse.is_file():
        with open_warehouse(settings) as connection:
            if _built(connection, read_marts()):
                return
    raise NothingBuiltError(
        _(
            "The warehouse is empty: put files into {inbox} (`reifegrad start FOLDER`) and run"
            " `reifegrad ingest` and `reifegrad build` first, or the whole night by"
            " `reifegrad run`."
        ).format(inbox=settings.inbox)
    )


def publish(settings: Settings) -> dict[str, int]:
    """Copy the marts to the files for analysts; all of them change in one atomic step.

    Only what a mart's contract describes is copied, with its description as a comment; personal
    data as config/privacy.yml allows, in each of the files. Readers keep the copy that they
    opened; `warehouse.copies` says how the files lie.

    Returns:
        The number of rows per table.

    Raises:
        ConfigurationError: config/privacy.yml is wrong; yesterday's copy stays.
        WarehouseLockedError: another process holds the warehouse.

    """
    marts = read_marts()
    rules = load_privacy(settings, marts).analysts
    now = datetime.now(UTC)
    # The lock on the warehouse prevents two of these at once until the copy has its name.
    with (
        open_warehouse(settings) as connection,
        next_copy(settings.published.parent, now) as folder,
    ):
        connection.execute(f"attach {_literal(str(folder / DATABASE))} as published")
        parameters = pseudonym_parameters(pseudonym_key(settings))
        built = _built(connection, marts)
        rows = {mart.name: _copy(connection, mart, rules, parameters) for mart in built}
        _write_version(connection, settings, rules, now, built, rows)
        _write_parquet(connection, folder / PARQUET, [*rows, "version"], settings, now)
        for mart in built:
            if mart.name == Path(WORKBOOK).stem:
                write_spreadsheet(connection, folder / WORKBOOK, mart, rules, settings)
        connection.execute("detach published")
    return rows


def _built(connection: duckdb.DuckDBPyConnection, marts: dict[str, Mart]) -> list[Mart]:
    """List the existing marts; tables without a contract are left out.

    After an upgrade the last build may lack what new contracts describe.
    """
    found = connection.execute(
        "select table_name, list(column_name) from information_schema.columns where table_schema"
        " = 'marts' and table_catalog = current_database() group by table_name order by all"
    ).fetchall()
    return [
        mart.model_copy(
            update={"columns": tuple(column for column in mart.columns if column.name in there)}
        )
        for name, there in found
        if (mart := marts.get(name))
    ]


def _copy(
    connection: duckdb.DuckDBPyConnection, mart: Mart, rules: Rules, parameters: dict[str, bytes]
) -> int:
    """Copy one mart as the rules allow, with its comments; return the number of rows."""
    columns = select_list(mart, rules)
    nested = [column for column in mart.columns if is_nested(column)]
    texts = "".join(f', {_as_text(column)} as "{column.name}_text"' for column in nested)
    connection.execute(
        f'create table published."{mart.name}" as select *{texts}'
        f' from (select {columns} from marts."{mart.name}")',
        parameters if "$inner" in columns else None,
    )
    _comment(connection, f'table published."{mart.name}"', mart.description)
    for column in nested:
        _comment(
            connection,
            f'column published."{mart.name}"."{column.name}_text"',
            f"{column.name} as one text, for programs that know no lists; null if it is empty.",
        )
    for column in mart.columns:
        treatment = rules.treatment(mart.name, column)
        limit = {"clear": "", "pseudonym": " [a pseudonym]", "hidden": " [hidden, always null]"}
        _comment(
            connection,
            f'column published."{mart.name}"."{column.name}"',
            column.description + limit[treatment],
        )
    (rows,) = connection.execute(f'select count(*) from published."{mart.name}"').fetchone() or (0,)
    return int(rows)


def _write_version(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    rules: Rules,
    now: datetime,
    marts: list[Mart],
    rows: dict[str, int],
) -> None:
    limited = {
        f"{mart.name}.{column.name}": treatment
        for mart in marts
        for column in mart.columns
        if (treatment := rules.treatment(mart.name, column)) != "clear"
    }
    connection.execute(
        "create table published.version as select $night::date as night,"
        " $now::timestamp as published_at, $version as project_version,"
        " $rules as privacy_version, $limited::map(varchar, varchar) as limited_columns,"
        " $rows::map(varchar, bigint) as table_rows",
        {
            "night": settings.night,
            "now": now.replace(tzinfo=None),
            "version": importlib.metadata.version("reifegrad"),
            "rules": rules.version,
            "limited": limited,
            "rows": rows,
        },
    )
    _comment(connection, "table published.version", VERSION_COMMENT)
    for column, text in {
        "night": "The night that everything here speaks of.",
        "published_at": "When (UTC).",
        "project_version": "Version of Reifegrad.",
        "privacy_version": "Which rules of config/privacy.yml held: another number, other rules.",
        "limited_columns": "<table>.<column> to pseudonym or hidden; all others are clear.",
        "table_rows": "Rows per table.",
    }.items():
        _comment(connection, f"column published.version.{column}", text)


def _write_parquet(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    tables: Iterable[str],
    settings: Settings,
    now: datetime,
) -> None:
    """Write each table as one Parquet file; every file carries the night in its metadata.

    Snappy, because every reader of Parquet knows it.
    """
    folder.mkdir()
    for table in tables:
        path = _literal(str(folder / f"{table}.parquet"))
        connection.execute(
            f'copy published."{table}" to {path} (format parquet, compression snappy,'
            f" kv_metadata {{night: '{settings.night}', published_at: '{now.isoformat()}'}})"
        )


def is_nested(column: Column) -> bool:
    """Return whether a column holds lists or maps, which many programs can't show."""
    return column.data_type.endswith("[]") or column.data_type.startswith("map(")


def _as_text(column: Column) -> str:
    name = f'"{column.name}"'
    if column.data_type.startswith("map("):
        name = f"list_transform(map_entries({name}), lambda x: x.key || ': ' || x.value)"
    return f"nullif(array_to_string({name}, '{SEPARATOR}'), '')"


def _comment(connection: duckdb.DuckDBPyConnection, what: str, text: str) -> None:
    connection.execute(f"comment on {what} is {_literal(text)}")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
