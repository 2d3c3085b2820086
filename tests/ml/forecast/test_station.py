"""Forecasts in the warehouse."""

from datetime import date, timedelta

import numpy as np
import pytest

from config import PROJECT_ROOT, ConfigurationError, Settings
from ml.forecast import apply, load, train
from warehouse import open_warehouse

NIGHT = date(2025, 7, 1)
DDL = """
create schema if not exists marts;
create table marts.orders as select date '2025-06-30' as ordered_on;
create table marts.products (sku varchar, product_group varchar);
insert into marts.products values ('s', 'Saison'), ('p', 'Plan');
create table marts.order_lines (sku varchar, ordered_on date, net_amount double,
    is_cancelled boolean)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Two product groups: one with seasons, one without; and one article that nobody grouped."""
    settings = Settings(home=tmp_path_factory.mktemp("demand"), as_of=NIGHT)
    random = np.random.default_rng(0)
    rows = []
    for week in range(170):
        day = NIGHT - timedelta(days=7 * (170 - week))
        season = 900 + 700 * np.sin(week * 2 * np.pi / 52)
        rows.append(("s", day, float(season + random.normal(0, 40))))
        rows.append(("p", day, float(random.normal(500, 60))))
    rows.append(("x", NIGHT - timedelta(days=60), 70.0))
    with open_warehouse(settings) as connection:
        connection.execute(DDL)
        connection.executemany("insert into marts.order_lines values (?, ?, ?, false)", rows)
    return settings


@pytest.fixture(scope="module")
def spec():
    return load(PROJECT_ROOT / "models" / "demand.yml")


def series(settings):
    with open_warehouse(settings) as connection:
        rows = connection.execute("from ops.forecast_series").df()
    return rows.set_index("series")


def test_each_series_gets_the_method_that_is_surely_better_or_the_mean(home, spec):
    training = train(home, spec)
    assert training.status == "champion"
    assert (
        "1 of 3 series have a method that is surely better than the mean"
        in training.findings[0].says
    )
    assert apply(home, spec, 3).rows == 3 * spec.ahead
    found = series(home)
    methods = found["method"].to_dict()
    assert methods.pop("Saison").startswith("seasonal_")
    assert methods == {"Plan": "mean", "–": "mean"}
    assert found.loc["Saison", "error"] < found.loc["Saison", "baseline_error"]
    assert train(home, spec).status == "unchanged"


def test_the_interval_surrounds_what_is_expected_and_the_totals_add_up(home, spec):
    apply(home, spec, 3)
    with open_warehouse(home) as connection:
        rows = connection.execute("from ops.forecasts where series = 'Saison'").df()
    assert (rows["low"] <= rows["expected"]).all()
    assert (rows["expected"] <= rows["high"]).all()
    assert rows["starts_on"].dt.day_of_week.eq(0).all()
    assert series(home).loc["Saison", "expected_total"] == pytest.approx(rows["expected"].sum())
    assert any(line.startswith("nothing since") for line in series(home).loc["–", "told_en"])


def test_below_its_stage_there_is_no_forecast(home, spec):
    apply(home, spec, 3)
    assert apply(home, spec, 2).rows == 0
    assert series(home).empty


def test_old_data_are_told(home, spec):
    later = home.model_copy(update={"as_of": NIGHT + timedelta(days=90)})
    assert "90 days before the night" in apply(later, spec, 3).message


def test_a_mistake_in_the_sql_is_named_and_forecasts_stay(home, spec, tmp_path):
    apply(home, spec, 3)
    text = (PROJECT_ROOT / "models" / "demand.yml").read_text(encoding="utf-8")
    path = tmp_path / "demand.yml"
    path.write_text(text.replace("as day,", "as tag,"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"demand.yml, line \d+: series: .*no column day"):
        apply(home, load(path), 3)
    assert len(series(home)) == 3


def test_the_first_method_must_be_the_mean(tmp_path):
    text = (PROJECT_ROOT / "models" / "demand.yml").read_text(encoding="utf-8")
    path = tmp_path / "demand.yml"
    path.write_text(text.replace("methods: [mean, ", "methods: ["), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="the first must be mean"):
        load(path)
