"""What a segmentation reads of the warehouse, by the SQL of its YAML."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from config.language import _
from ml.features.selecting import day_after_last, select
from ml.segment.spec import SegmentSpec
from ml.specs.spec import SpecError, name_place

if TYPE_CHECKING:
    import duckdb
    import pandas


def find_as_of(connection: duckdb.DuckDBPyConnection, spec: SegmentSpec, night: date) -> date:
    """Return the day before which the data are known."""
    return day_after_last(connection, spec, spec.clock, night)


def read_attributes(
    connection: duckdb.DuckDBPyConnection, spec: SegmentSpec
) -> dict[str, list[str | None]]:
    """Return the attributes of each customer that may be in a segment, as text.

    Raises:
        SpecError: the SQL fails or has no customer.

    """
    table = _of_customers(connection, spec, "groups.customers", spec.groups.customers, None)
    return {
        str(customer): [None if value != value or value is None else str(value) for value in row]
        for customer, row in zip(table.index, table.to_numpy(dtype=object), strict=True)
    }


def read_behaviour(
    connection: duckdb.DuckDBPyConnection, spec: SegmentSpec, as_of: date
) -> tuple[pandas.DataFrame, pandas.DataFrame]:
    """Read traits and interests of the customers, of what was known before a day.

    Returns:
        Per customer the traits, and the share of each interest (each row sums to 1).

    Raises:
        SpecError: the SQL fails or lacks a column.

    """
    import pandas as pd

    behaviour = spec.behaviour
    table = _of_customers(
        connection, spec, "behaviour.customers", behaviour.customers, as_of, list(behaviour.traits)
    )
    table = table[list(behaviour.traits)].apply(pd.to_numeric)
    if behaviour.interests is None:
        return table, pd.DataFrame(index=table.index)
    field = "behaviour.interests.customers"
    sql, columns = behaviour.interests.customers, ["customer_id", "interest", "amount"]
    rows = select(connection, spec, field, sql, {"as_of": as_of}, columns)
    rows = rows[rows["customer_id"].isin(table.index) & (rows["amount"] > 0)]
    amounts = rows.pivot_table(
        index="customer_id", columns="interest", values="amount", aggfunc="sum", fill_value=0.0
    )
    return table, amounts.div(amounts.sum(axis=1), axis=0)


def read_outcome(
    connection: duckdb.DuckDBPyConnection, spec: SegmentSpec, as_of: date
) -> pandas.Series[float]:
    """Return what each customer did in the days from a day on; who did nothing is not in it."""
    field, sql = "behaviour.outcome.customers", spec.behaviour.outcome.customers
    table = _of_customers(connection, spec, field, sql, as_of, ["amount"])
    return table["amount"].astype(float)


def _of_customers(
    connection: duckdb.DuckDBPyConnection,
    spec: SegmentSpec,
    field: str,
    sql: str,
    as_of: date | None,
    columns: list[str] | None = None,
) -> pandas.DataFrame:
    """Run a query with a row per customer, and leave out who may not be in a segment."""
    values = {"as_of": as_of} if as_of else {}
    table = select(connection, spec, field, sql, values, ["customer_id", *(columns or [])])
    if table["customer_id"].duplicated().any():
        told = _("{place}: a customer has more than one row; group by customer_id.")
        raise SpecError(told.format(place=name_place(spec.file, field, spec.path)))
    allowed = select(
        connection,
        spec,
        "excluded",
        f"select customer_id from marts.customers where not coalesce(({spec.excluded}), false)",
    )
    table = table[table["customer_id"].isin(allowed["customer_id"])]
    return table.set_index("customer_id").sort_index()
