"""The tables of segments in the warehouse; each is replaced in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb
    import pandas

TABLES: Final = ("ops.segments", "ops.segment_months", "ops.segment_names")
# Segment -> its names and traits, German and English, in the order in which people see them.
Names = Mapping[str, tuple[str, str, list[str], list[str]]]


def replace(
    connection: duckdb.DuckDBPyConnection, model: str, rows: pandas.DataFrame, names: Names
) -> int:
    """Replace the segments of the customers; return how many changed theirs since last night.

    Args:
        connection: to the warehouse.
        model: name of the YAML.
        rows: columns of `ops.segments` but the names.
        names: of each segment.

    """
    with _at_once(connection):
        connection.register("assigned", rows)
        (moved,) = connection.execute(
            "select count(*) from ops.segments as old inner join assigned using (customer_id)"
            " where old.model = ? and old.method = assigned.method"
            " and old.segment <> assigned.segment",
            [model],
        ).fetchone() or (0,)
        connection.execute("delete from ops.segment_names where model = ?", [model])
        for place, (segment, (name_de, name_en, traits_de, traits_en)) in enumerate(names.items()):
            connection.execute(
                "insert into ops.segment_names values (?, ?, ?, ?, ?, ?, ?)",
                [model, segment, place, name_de, name_en, traits_de, traits_en],
            )
        connection.execute("delete from ops.segments where model = ?", [model])
        connection.execute(
            "insert into ops.segments by name select ? as model, assigned.*, name_de, name_en"
            " from assigned inner join ops.segment_names as names"
            " on names.model = ? and names.segment = assigned.segment",
            [model, model],
        )
        connection.unregister("assigned")
    return int(moved)


def known_months(
    connection: duckdb.DuckDBPyConnection, model: str, version: str, oldest: date
) -> dict[date, dict[str, str]]:
    """Return each customer's segment at the end of the months that are kept.

    What is of other clusters, older than a day, or of customers who are in no segment any more
    (they objected, were erased or merged), is deleted.
    """
    connection.execute(
        "delete from ops.segment_months where model = $model and customer_id not in"
        " (select customer_id from ops.segments where model = $model)",
        {"model": model},
    )
    connection.execute(
        "delete from ops.segment_months where model = ? and (model_version <> ? or month < ?)",
        [model, version, oldest],
    )
    found: dict[date, dict[str, str]] = {}
    for month, customer, segment in connection.execute(
        "select month, customer_id, segment from ops.segment_months where model = ?", [model]
    ).fetchall():
        found.setdefault(month, {})[customer] = segment
    return found


def write_month(
    connection: duckdb.DuckDBPyConnection,
    model: str,
    month: date,
    segments: Mapping[str, str],
    version: str,
) -> None:
    """Keep in which segment each customer was at the end of a month."""
    import pandas as pd

    rows = pd.DataFrame(
        {"customer_id": list(segments), "segment": list(segments.values())}, dtype=str
    ).assign(model=model, month=month, model_version=version)
    connection.register("month_rows", rows)
    connection.execute("insert into ops.segment_months by name from month_rows")
    connection.unregister("month_rows")


def forget_months(connection: duckdb.DuckDBPyConnection, model: str) -> None:
    """Delete the way of the customers, where the stage does not allow to draw it."""
    connection.execute("delete from ops.segment_months where model = ?", [model])


@contextmanager
def _at_once(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
