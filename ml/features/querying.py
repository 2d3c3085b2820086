"""Running a spec's SQL, with errors that name its file and field."""

from __future__ import annotations

import re
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
    except duckdb.BinderException as error:
        raise SpecError(_explain(error, spec, field)) from error
    except duckdb.Error as error:
        raise SpecError(f"{spec.place(field)}: {_first_line(error)}") from error


def _explain(error: duckdb.BinderException, spec: Spec, field: str) -> str:
    """Name the feature that uses a column which its source does not list as known by its day."""
    unknown = re.search(r'column "(\w+)" not found', str(error))
    for name, feature in spec.features.items():
        source = spec.sources.get(feature.source)
        if unknown and source and unknown[1] in re.findall(r"\w+", feature.sql or ""):
            return _(
                "{place}: {column} is not among the columns of sources.{source}: name it there if"
                " it is known on the day {known_on}, else it would tell the future."
            ).format(
                place=spec.place(f"features.{name}"),
                column=unknown[1],
                source=feature.source,
                known_on=source.known_on,
            )
    return f"{spec.place(field)}: {_first_line(error)}"


def make_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make what a spec may say of the days in its rows beside DuckDB's own functions.

    `usual_gap(days)` and `longest_gap(days)` are defined as in the mart `order_days`, but over the
    days that a cut-off sees: the median of the gaps between them (one gap is no habit: null), and
    the longest one. Two rows of one day leave no gap.
    """
    # Neighbours are paired by list_zip: an expression named inside a lambda would be evaluated
    # for each element, which takes the square of the number of days.
    connection.execute(
        "create or replace temp macro neighbour_gaps(days) as list_filter(list_transform("
        "list_zip(days[2:], days[:-2]), lambda pair: pair[1] - pair[2]), lambda gap: gap > 0);"
        "create or replace temp macro median_of_many(gaps) as"
        " case when len(gaps) > 1 then list_median(gaps) end;"
        "create or replace temp macro usual_gap(days) as"
        " median_of_many(neighbour_gaps(list_sort(days)));"
        "create or replace temp macro longest_gap(days) as"
        " list_max(neighbour_gaps(list_sort(days)))"
    )


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
