"""Running the queries that a YAML of a kind of model holds, with errors that name its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from config.language import _
from ml.features.querying import quoted
from ml.specs.kind import KindSpec
from ml.specs.spec import SpecError, name_place

if TYPE_CHECKING:
    import duckdb
    import pandas


def select(
    connection: duckdb.DuckDBPyConnection,
    spec: KindSpec,
    field: str,
    sql: str,
    values: Mapping[str, date] | None = None,
    columns: Sequence[str] = (),
) -> pandas.DataFrame:
    """Return the rows of one query of a YAML.

    Args:
        connection: to the warehouse.
        spec: the YAML.
        field: in which the query stands.
        sql: the query; parameters that it does not name are not given.
        values: of its parameters (`$as_of`).
        columns: that it must have.

    Raises:
        SpecError: it is no query, fails, or lacks a column; the message names file and field.

    """
    import duckdb

    place = name_place(spec.file, field, spec.path)
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            problem = _("it must be one query (select …)")
            raise SpecError(f"{place}: {problem}")
        given = values or {}
        named = {name: given[name] for name in statements[0].named_parameters if name in given}
        table: pandas.DataFrame = connection.execute(statements[0], named or None).df()
    except duckdb.Error as error:
        raise SpecError(f"{place}: {str(error).splitlines()[0]}") from error
    if missing := [name for name in columns if name not in table]:
        told = _("{place}: it has no column {missing}")
        raise SpecError(told.format(place=place, missing=", ".join(missing)))
    return table


def day_after_last(
    connection: duckdb.DuckDBPyConnection, spec: KindSpec, clock: Sequence[str], night: date
) -> date:
    """Return the day after the last one that the data reach; the night if nothing is dated.

    Args:
        connection: to the warehouse.
        spec: the YAML.
        clock: dated columns (mart.column); the latest day of any of them counts.
        night: days after it do not count.

    Raises:
        SpecError: there is no such column.

    """
    spans = " union all ".join(
        f"select max({quoted(column)})::date as last from marts.{quoted(mart)}"
        f" where {quoted(column)} < $night"
        for mart, column in (name.split(".") for name in clock)
    )
    sql = f"select max(last)::varchar as last from ({spans})"
    last = select(connection, spec, "clock", sql, {"night": night})["last"].iloc[0]
    return date.fromisoformat(last) + timedelta(days=1) if isinstance(last, str) else night
