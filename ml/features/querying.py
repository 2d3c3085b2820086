"""Running a spec's SQL, with errors that name its file and field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from config.language import _
from ml.specs.spec import Spec, SpecError

if TYPE_CHECKING:
    import pandas


def run(
    connection: duckdb.DuckDBPyConnection, spec: Spec, field: str, sql: str
) -> pandas.DataFrame:
    """Return the rows of a query that holds expressions of the spec.

    Raises:
        SpecError: it does not work on the marts; the message names file and field.

    """
    try:
        return connection.execute(sql).df()
    except duckdb.CatalogException as error:
        raise SpecError(
            _("{place}: {error} If the mart is not there yet, run `reifegrad build` first.").format(
                place=spec.place(field), error=_first_line(error)
            )
        ) from error
    except duckdb.Error as error:
        raise SpecError(f"{spec.place(field)}: {_first_line(error)}") from error


def quoted(name: str) -> str:
    """Write a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: float | str | bool | None) -> str:
    """Write a value of the spec as an SQL literal."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
