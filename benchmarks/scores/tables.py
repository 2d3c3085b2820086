"""Tables to try scores on: public ones beside the project, and generated ones of other shapes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

import ml
from config import PROJECT_ROOT

DATA = PROJECT_ROOT.parent / "shared" / "data"
Table = tuple[pd.DataFrame, ml.Spec]


def telco() -> Table:
    """IBM's telecommunication customers, one row each."""
    frame = pd.read_csv(DATA / "telco_ibm" / "Telco-Customer-Churn.csv")
    return frame, spec_of(frame, "Churn", True, {"customerID"})


def b2b() -> Table:
    """Salvirt's deals; copies stay on one side of a split."""
    frame = pd.read_csv(DATA / "b2b_salvirt" / "Salvirt_B2B_ML_dataset.csv", sep=";")
    return frame, spec_of(frame, "Status", "Won", set())


def b2b_unique() -> Table:
    """Salvirt's deals without the 83 copies, as published."""
    frame, spec = b2b()
    return frame.drop_duplicates().reset_index(drop=True), spec


def online_retail() -> Table:
    """Snapshots of a wholesaler's customers from the invoices alone, tested forward in time."""
    spec = ml.load_spec(PROJECT_ROOT / "examples/online_retail/models/churn.yml")
    path = DATA / "online_retail" / "online_retail_2009-12_2010-12.parquet"
    with duckdb.connect() as connection:
        lay_marts(connection, path)
        night = pd.Timestamp("2010-12-10").date()
        return ml.training_frame(connection, spec, night), spec


def lay_marts(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make the marts that a firm has whose invoices are all."""
    connection.read_parquet(str(path)).create_view("invoices")
    connection.execute(_MARTS)
    connection.execute(f"create view marts.order_days as {_ORDER_DAYS}")


def firms() -> Table:
    """14,606 small firms of a utility, one in ten leaves; weak signals that act only together.

    Margin counts inside a band that differs by tariff, age of the contract only in some channels;
    consumption says little. No single feature reaches an AUC of .62.
    """
    random = np.random.default_rng(1)
    n = 14_606
    channel, tariff, origin = (random.integers(0, levels, n) for levels in (7, 10, 4))
    margin, months = random.gamma(2, 12, n), random.integers(1, 140, n).astype(float)
    usage = random.lognormal(9, 1.4, n)
    segment = random.normal(0, 0.7, (7, 10))[channel, tariff]
    band = np.abs(margin - random.uniform(5, 45, 10)[tariff]) < 6
    fading = np.where(np.isin(channel, [1, 4, 5]), 1.5 * np.exp(-months / 20), 0)
    odds = -3.6 + segment + 1.5 * band + fading + 0.5 * (origin == 2) * (usage > 15_000)
    frame = pd.DataFrame(
        {
            "channel": np.char.add("c", channel.astype(str)),
            "tariff": np.char.add("t", tariff.astype(str)),
            "origin": np.char.add("o", origin.astype(str)),
            "margin": margin.round(2),
            "months": months,
            "usage": usage.round(),
            "usage_last_month": (usage / 12 * random.lognormal(0, 0.6, n)).round(),
            "price": (0.1 + 0.01 * tariff + random.normal(0, 0.004, n)).round(4),
            "power": random.choice([10.4, 13.2, 15.0, 17.3, 20.1], n),
            "has_gas": random.choice(["yes", "no"], n),
        }
    )
    return _decided(frame, odds, random)


def sites() -> Table:
    """14,606 sites of 6,000 firms: one in ten leaves, and those of one firm do as its others do.

    Which firm owns a site is not told, only that its figures resemble each other: what can be
    learnt are neighbourhoods, and hardly any trend.
    """
    random = np.random.default_rng(5)
    owner = random.integers(0, 3_000, 14_606)
    n = len(owner)
    usage, margin = random.lognormal(9, 1.2, 3_000), random.gamma(2, 12, 3_000)
    since, price = random.integers(0, 3_000, 3_000), random.normal(0.14, 0.02, 3_000)
    odds = -3.9 + random.normal(0, 2.2, 3_000) + 0.02 * (margin - 24) - 0.0003 * (since - 1_500)
    frame = pd.DataFrame(
        {
            "usage": (usage[owner] * random.lognormal(0, 0.1, n)).round(),
            "margin": (margin[owner] * random.lognormal(0, 0.03, n)).round(2),
            "since": since[owner] + random.integers(0, 30, n).astype(float),
            "price": (price[owner] + random.normal(0, 0.001, n)).round(4),
            "forecast": random.lognormal(6, 1, n).round(1),
            "power": random.choice([10.4, 13.2, 15.0, 17.3, 20.1], n),
            "channel": random.choice(["a", "b", "c", "d"], 3_000)[owner],
            "has_gas": random.choice(["yes", "no"], n),
        }
    )
    return _decided(frame, odds[owner], random)


def leads() -> Table:
    """220 leads: three categories and two numbers, each worth a little."""
    random = np.random.default_rng(2)
    n = 220
    frame = pd.DataFrame(
        {
            "source": random.choice(["referral", "fair", "cold", "web"], n, p=[0.2, 0.3, 0.3, 0.2]),
            "industry": random.choice(list("ABCDEF"), n),
            "country": random.choice(["DE", "AT", "CH", "IT"], n, p=[0.6, 0.2, 0.15, 0.05]),
            "employees": random.lognormal(4, 1, n).round(),
            "contacts": random.poisson(3, n).astype(float),
        }
    )
    by_source = frame["source"].map({"referral": 1.2, "fair": 0.3, "cold": -0.8, "web": 0})
    odds = -0.5 + by_source + 0.35 * (frame["contacts"] - 3) + (frame["industry"] == "A")
    frame.loc[random.random(n) < 0.15, "employees"] = np.nan
    return _decided(frame, odds.to_numpy(), random)


def few() -> Table:
    """30 rows, of which one number says something and five say nothing."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame({f"x{i}": random.normal(size=30) for i in range(6)})
    return _decided(frame, 1.5 * frame["x0"].to_numpy(), random)


def categories() -> Table:
    """6,000 customers: postcodes, articles and branches by the hundred, most of them rare."""
    random = np.random.default_rng(4)
    n = 6_000
    levels = {"postcode": 800, "article": 250, "branch": 60}
    odds = np.full(n, -1.0)
    frame = pd.DataFrame({"orders": random.poisson(5, n).astype(float)})
    for name, count in levels.items():
        share = random.dirichlet(np.full(count, 0.5))
        chosen = random.choice(count, n, p=share)
        odds += random.normal(0, 0.7, count)[chosen]
        frame[name] = [f"{name} {number}" for number in chosen]
    return _decided(frame, odds - 0.15 * (frame["orders"].to_numpy() - 5), random)


def _decided(frame: pd.DataFrame, odds: np.ndarray, random: np.random.Generator) -> Table:
    happens = random.random(len(frame)) < 1 / (1 + np.exp(-odds))
    spec = spec_of(frame, "outcome", "yes", set())
    return frame.assign(outcome=np.where(happens, "yes", "no")), spec


def spec_of(frame: pd.DataFrame, target: str, positive: str | bool, without: set[str]) -> ml.Spec:
    """Name the target and let every other column be a feature."""
    features = {}
    for column in frame.columns.difference([target, *without], sort=False):
        numbers = pd.to_numeric(frame[column], errors="coerce")
        is_number = numbers.notna().mean() > 0.8 and numbers.nunique() > 2
        features[column] = {"type": "numeric" if is_number else "categorical"}
    return ml.load_spec({"target": {"column": target, "positive": positive}, "features": features})


# dbt's own definition of the usual gap
_ORDER_DAYS = (
    (PROJECT_ROOT / "dbt_project/models/intermediate/int_customer_order_days.sql")
    .read_text(encoding="utf-8")
    .replace("{{ ref('int_orders_totalled') }}", "marts.orders")
)
_MARTS = """
create schema marts;
create table marts.order_lines as
select "Customer ID"::varchar as customer_id, Invoice as order_id, StockCode as sku,
    InvoiceDate::timestamp::date as ordered_on, Quantity * Price as net_amount,
    Invoice like 'C%' as is_cancelled
from invoices;
create table marts.orders as
select order_id, customer_id, is_cancelled, min(ordered_on) as ordered_on,
    sum(net_amount) as net_amount
from marts.order_lines group by all;
create table marts.customers as
select distinct customer_id, false as has_objected_to_profiling
from marts.orders where customer_id is not null;
"""
TABLES: dict[str, Callable[[], Table]] = {
    "telco": telco,
    "b2b": b2b,
    "b2b_unique": b2b_unique,
    "online_retail": online_retail,
    "firms": firms,
    "sites": sites,
    "leads": leads,
    "few": few,
    "categories": categories,
}
