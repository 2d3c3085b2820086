"""The marts as analysts see them: one DuckDB file, replaced whole after each audited night."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING

from config import Settings
from warehouse.catalogue import Mart, read_marts
from warehouse.files import open_warehouse
from warehouse.privacy import (
    Rules,
    load_privacy,
    pseudonym_key,
    pseudonym_parameters,
    select_list,
)

if TYPE_CHECKING:
    import duckdb

VERSION_COMMENT = "One row: which night this is, and what personal data were limited in it."


def publish(settings: Settings) -> dict[str, int]:
    """Copy the marts to the file for analysts, in one atomic step.

    Only what a mart's contract describes is copied, with its description as a comment; personal
    data as config/privacy.yml allows. Readers keep the copy that they opened.

    Returns:
        The number of rows per table.

    Raises:
        ConfigurationError: config/privacy.yml is wrong; yesterday's copy stays.
        WarehouseLockedError: another process holds the warehouse.

    """
    marts = read_marts()
    rules = load_privacy(settings, marts).analysts
    target = settings.published
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    # The lock on the warehouse keeps two of these apart until the copy has its name.
    with open_warehouse(settings) as connection:
        for leftover in (fresh, fresh.with_name(fresh.name + ".wal")):
            leftover.unlink(missing_ok=True)
        connection.execute(f"attach {_literal(str(fresh))} as published")
        parameters = pseudonym_parameters(pseudonym_key(settings))
        built = _built(connection, marts)
        rows = {mart.name: _copy(connection, mart, rules, parameters) for mart in built}
        _write_version(connection, settings, rules, built, rows)
        connection.execute("detach published")
        fresh.replace(target)
    return rows


def _built(connection: duckdb.DuckDBPyConnection, marts: dict[str, Mart]) -> list[Mart]:
    """List the marts as they are there; what no contract describes is none of them.

    After an upgrade the last build may know less than the contracts do.
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
    connection.execute(
        f'create table published."{mart.name}" as select {columns} from marts."{mart.name}"',
        parameters if "$inner" in columns else None,
    )
    _comment(connection, f'table published."{mart.name}"', mart.description)
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
        " now()::timestamp as published_at, $version as project_version,"
        " $rules as privacy_version, $limited::map(varchar, varchar) as limited_columns,"
        " $rows::map(varchar, bigint) as table_rows",
        {
            "night": settings.night,
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


def _comment(connection: duckdb.DuckDBPyConnection, what: str, text: str) -> None:
    connection.execute(f"comment on {what} is {_literal(text)}")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
