"""How stable segments are, what they tell of the next sales, and which forecasts beat the mean.

    python -m benchmarks.segments [HOME …]

Without a home: `online_retail` of the shared data. A home is one that `reifegrad build` has filled.
Printed per company: customers, the adjusted Rand index of resamples per number of segments (also a
quarter earlier), the share of the next quarter's sales (log) that segments and groups explain,
customers who change segment overnight without new data; and per series the mean absolute error of
each method with the method chosen.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np

from config import PROJECT_ROOT
from ml.features.selecting import day_after_last
from ml.forecast import load as load_forecast
from ml.forecast.series import make_series
from ml.forecast.trials import choose
from ml.segment import load as load_segments
from ml.segment.clusters import TooFewError, assign, distances, fit_clusters, numbers
from ml.segment.groups import group_customers
from ml.segment.judging import judge_worth
from ml.segment.reading import read_attributes, read_behaviour, read_outcome

RETAIL = PROJECT_ROOT.parent / "shared" / "data" / "online_retail"
MODELS = PROJECT_ROOT / "models"


@contextmanager
def open_retail() -> Iterator[duckdb.DuckDBPyConnection]:
    """Make the marts that are read here of the wholesaler's order lines."""
    (file,) = [one for one in RETAIL.iterdir() if one.suffix in {".csv", ".gz", ".parquet"}]
    with duckdb.connect() as connection:
        connection.execute(
            f"create table lines as select * from '{file}' where \"Customer ID\" is not null"
            if file.suffix == ".parquet"
            else f"create table lines as select * from read_csv('{file}', all_varchar=true)"
            ' where "Customer ID" is not null'
        )
        connection.execute(
            "create schema marts;"
            'create table marts.order_lines as select "Customer ID" as customer_id,'
            ' "StockCode" as sku, cast("InvoiceDate" as timestamp)::date as ordered_on,'
            ' "Invoice" as order_id, cast("Quantity" as double) * cast("Price" as double)'
            " as net_amount, \"Invoice\" like 'C%' as is_cancelled from lines;"
            "create table marts.orders as select customer_id, order_id, min(ordered_on)"
            " as ordered_on, sum(net_amount) as net_amount, bool_or(is_cancelled) as is_cancelled"
            " from marts.order_lines group by customer_id, order_id;"
            "create table marts.customers as select customer_id, min(ordered_on) as first_order_on,"
            " null::varchar as industry, null::integer as employees, null::varchar as postcode,"
            " 'GB' as country_code, false as has_objected_to_profiling from marts.orders"
            " group by customer_id;"
            "create table marts.products as select distinct sku, null::varchar as product_group"
            " from marts.order_lines"
        )
        yield connection


def measure(name: str, connection: duckdb.DuckDBPyConnection, night: date) -> None:
    """Print the figures of one company."""
    spec = load_segments(MODELS / "segments.yml")
    as_of = day_after_last(connection, spec, spec.clock, night)
    groups = group_customers(read_attributes(connection, spec), spec.groups.at_least)
    for days in (0, spec.behaviour.outcome.days):
        day = as_of - timedelta(days=days)
        table, shares = read_behaviour(connection, spec, day)
        try:
            fit = fit_clusters(table, shares, spec.behaviour)
        except TooFewError:
            print(f"{name}, {day}: {len(table)} customers, none of 3 to 6 segments large enough")
            continue
        stable = ", ".join(f"{k}: {v:.3f}" for k, v in fit.stability.items() if v is not None)
        print(f"{name}, {day}: {len(table)} customers, chosen {fit.clusters}; stability {stable}")
        if days:
            outcome = read_outcome(connection, spec, day)
            print("  ", judge_worth(table, shares, outcome, groups, spec.behaviour).says)
        away = distances(fit.pipeline, numbers(table, shares, spec.behaviour, fit.layout))
        again = assign(away, fit.labels.tolist(), spec.behaviour.hysteresis)
        print(f"   unchanged without new data: {np.mean(again == fit.labels):.1%}")


def measure_demand(name: str, connection: duckdb.DuckDBPyConnection, night: date) -> None:
    """Print which method each series gets."""
    spec = load_forecast(MODELS / "demand.yml")
    until = day_after_last(connection, spec, spec.clock, night)
    rows = connection.execute(f"select * from ({spec.series}) order by series, day").fetchall()
    covered = []
    for series in make_series(rows, spec.unit, until):
        choice = choose(series.values, spec)
        errors = ", ".join(f"{method} {error:.0f}" for method, error in choice.errors.items())
        print(
            f"   {name} {series.name}: {len(series.values)} weeks, {choice.origins} origins:"
            f" {errors}; taken: {choice.method}"
        )
        if choice.coverage is not None:
            covered.append(choice.coverage)
    if covered:
        print(f"   {name}: {np.mean(covered):.1%} inside the interval of {spec.coverage:.0%}")


def main(homes: list[str]) -> None:
    if not homes:
        with open_retail() as connection:
            measure("online_retail", connection, date(2010, 12, 10))
            measure_demand("online_retail", connection, date(2010, 12, 10))
    for home in homes:
        with duckdb.connect(str(Path(home) / "warehouse.duckdb"), read_only=True) as connection:
            measure(home, connection, date.max)
            measure_demand(home, connection, date.max)


if __name__ == "__main__":
    main(sys.argv[1:])
