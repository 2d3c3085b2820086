"""A tiny firm: marts made by hand, in which some customers fall silent for a reason."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from config import PROJECT_ROOT, Settings
from warehouse import open_warehouse

NIGHT = date(2025, 7, 1)
# The usual gap is defined in one place: dbt's own model, over the orders made by hand.
ORDER_DAYS = (
    (PROJECT_ROOT / "dbt_project/models/intermediate/int_customer_order_days.sql")
    .read_text(encoding="utf-8")
    .replace("{{ ref('int_orders_totalled') }}", "marts.orders")
)
DDL = (
    Path(__file__).with_name("marts.sql").read_text(encoding="utf-8")
    + f"create view marts.order_days as {ORDER_DAYS}"
)


@pytest.fixture(autouse=True, scope="session")
def _no_server():
    """A server named in the environment must not receive what tests train."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield


@pytest.fixture(scope="session")
def ddl():
    """What makes empty marts."""
    return DDL


@pytest.fixture
def marts():
    """Empty marts in memory."""
    with duckdb.connect() as connection:
        connection.execute(DDL)
        yield connection


def fill_firm(connection, customers=140, seed=1):
    """Customers order in their own rhythm until, for some, a complaint ends it; leads come too."""
    random = np.random.default_rng(seed)
    days = (NIGHT - date(2023, 12, 1)).days
    orders, tickets, leads, stages = [], [], [], []
    for number in range(customers):
        customer = f"C{number:04d}"
        rhythm = float(random.uniform(12, 60))
        leaves = int(random.uniform(150, days)) if random.random() < 0.45 else None
        if leaves is not None:
            tickets.append((f"T{number}", customer, _day(leaves), None, True))
        day = float(random.uniform(0, 60))
        while day < days:
            if leaves is None or day <= leaves or random.random() < 0.05:
                on = _day(day)
                orders.append((f"A{len(orders)}", customer, "", on, on, on, 0, 100.0, 1, False))
            day += rhythm * random.gamma(3, 1 / 3)
        for _ in range(2):
            _add_lead(leads, stages, customer, days, random)
    _insert(connection, "customers", [
        (f"C{n:04d}", f"Firma {n}", "Maschinenbau", 50, None, n == 0) for n in range(customers)
    ])  # fmt: skip
    _insert(connection, "orders", orders)
    _insert(connection, "tickets", tickets)
    _insert(connection, "leads", leads)
    _insert(connection, "lead_stages", stages)


def _add_lead(leads, stages, customer, days, random):
    key, created = f"L{len(leads)}", int(random.uniform(0, days - 1))
    source = random.choice(["Empfehlung", "Messe", "Kaltakquise"])
    employees = int(random.integers(5, 300))
    chance = {"Empfehlung": 0.6, "Messe": 0.4, "Kaltakquise": 0.1}[source]
    chance = min(chance + 0.3 * (employees > 150), 0.95)
    closed = created + int(random.uniform(20, 100))
    outcome = "open" if closed >= days else "won" if random.random() < chance else "lost"
    leads.append((key, customer, "", "Angebot", outcome, 5000.0, source, _day(created),
                  None if outcome == "open" else _day(closed), "", "", "Maschinenbau", employees,
                  {}))  # fmt: skip
    stages.append((f"{key}a", key, customer, "Anfrage", 1, _day(created), None))


def _day(number):
    return date(2023, 12, 1) + timedelta(days=int(number))


def _insert(connection, mart, rows):
    columns = ", ".join("?" * len(rows[0])) if rows else ""
    if rows:
        connection.begin()
        connection.executemany(f"insert into marts.{mart} values ({columns})", rows)
        connection.commit()


@pytest.fixture(scope="session")
def firm_file(tmp_path_factory):
    """The firm's warehouse file and an MLflow store that has been opened once (that takes long)."""
    home, models = tmp_path_factory.mktemp("firm"), tmp_path_factory.mktemp("models")
    for name in ("churn", "lead"):  # further ones would be trained in each of these tests
        shutil.copy(PROJECT_ROOT / f"models/{name}.yml", models)
    settings = Settings(home=home, as_of=NIGHT, models=models)
    with open_warehouse(settings) as connection:
        connection.execute(DDL)
        fill_firm(connection)
        # What only the comparison of groups reads.
        connection.execute(
            "alter table marts.customers add column country_code varchar default 'DE';"
            "alter table marts.customers add column postcode varchar default '70173'"
        )
    return settings


@pytest.fixture
def firm(firm_file):
    """The firm with nothing assessed, trained or scored yet in the warehouse."""
    with open_warehouse(firm_file) as connection:
        connection.execute(
            "delete from ops.scores; delete from ops.score_reasons; delete from ops.maturity_stages"
        )
    return firm_file


@pytest.fixture
def set_stage(firm):
    """Write down an assessment."""

    def write(use_case, stage, night=NIGHT):
        with open_warehouse(firm) as connection:
            connection.execute(
                "insert or replace into ops.maturity_stages (night, use_case, stage, assessed_at)"
                " values (?, ?, ?, now()::timestamp)",
                [night, use_case, stage],
            )

    return write


@pytest.fixture
def read_scores(firm):
    """All scores, ordered."""

    def read():
        with open_warehouse(firm) as connection:
            return connection.execute("from ops.scores order by score, entity_id").df()

    return read


@pytest.fixture
def table():
    """A table without dates: one number, one text and an outcome that depends on both."""
    random = np.random.default_rng(0)
    n = 400
    size = random.normal(size=n)
    colour = random.choice(["red", "green", "blue"], n)
    odds = 1.5 * size + np.where(colour == "red", 1.0, -0.5)
    bought = random.random(n) < 1 / (1 + np.exp(-odds))
    return pd.DataFrame({"size": size, "colour": colour, "bought": np.where(bought, "Yes", "No")})


@pytest.fixture
def table_spec():
    """The shortest spec there is."""
    return {
        "target": {"column": "bought", "positive": "Yes"},
        "features": {"size": {"type": "numeric"}, "colour": {"type": "categorical"}},
        "candidates": {"logistic": {"kind": "logistic_regression"}},
        "validation": {"small_repeats": 1, "small_folds": 4},
    }
