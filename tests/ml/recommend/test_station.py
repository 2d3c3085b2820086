"""The stations train and apply a recommendation like any other model."""

import pytest
import yaml

import ml
from config import PROJECT_ROOT, Settings
from ml import registry
from ml.recommend.spec import load
from ml.specs.spec import SpecError
from tests.ml.recommend.shop import SPEC, customers_with_tastes, day, fill
from warehouse import open_warehouse

NIGHT = day(560)
PURCHASES = """
select bought.customer_id, article, bought_on, quantity from marts.bought
inner join marts.customers using (customer_id) where not has_objected_to_profiling
"""


@pytest.fixture
def shop(tmp_path):
    """A firm with purchases by taste and one model of kind recommend."""
    models = tmp_path / "models"
    models.mkdir()
    settings = Settings(home=tmp_path / "home", as_of=NIGHT, models=models, language="en")
    write_yaml(settings)
    with open_warehouse(settings) as connection:
        fill(connection, customers_with_tastes(60))
        connection.execute(
            "create table marts.customers as select distinct customer_id,"
            " customer_id = 'C005' as has_objected_to_profiling from marts.bought"
        )
    set_stage(settings, 2)
    return settings


def write_yaml(settings, **changes):
    content = SPEC | {"purchases": PURCHASES, "gate": {"hit_at": 3}} | changes
    (settings.models / "advice.yml").write_text(yaml.safe_dump(content), encoding="utf-8")


def set_stage(settings, stage):
    with open_warehouse(settings) as connection:
        connection.execute(
            "insert or replace into ops.maturity_stages (night, use_case, stage, assessed_at)"
            " values (?, 'advice', ?, now()::timestamp)",
            [settings.night, stage],
        )


def rows(settings):
    with open_warehouse(settings) as connection:
        return connection.execute(
            "from ops.recommendations order by customer_id, kind, rank"
        ).fetchall()


def methods(settings):
    with open_warehouse(settings) as connection:
        found = connection.execute("select distinct method from ops.recommendations").fetchall()
    return {method for (method,) in found} - {"own_rhythm"}


def test_from_training_to_the_rows_and_back(shop):
    """One walk through all states, since opening MLflow's store takes long."""
    (applied,) = ml.apply_models(shop)
    assert applied.method == "popular_in_groups"
    assert "no model is in force" in applied.message
    assert methods(shop) == {"popular_in_groups"}

    assert ml.needs_training(shop) == ["advice"]
    (training,) = ml.train_models(shop)
    assert training.status == "champion", training.message
    assert training.metrics["new_ease"] > training.metrics["new_popular"]
    (again,) = ml.train_models(shop)
    assert again.status == "unchanged"
    assert ml.needs_training(shop) == []

    (applied,) = ml.apply_models(shop)
    first = rows(shop)
    assert applied.method == "ease" and applied.rows == len(first) > 0
    assert methods(shop) == {"ease"}
    ml.apply_models(shop)
    assert rows(shop) == first
    assert not [row for row in first if "C005" in row]  # objected to profiling

    # an SQL that fails keeps the rows of before, and names file and section
    write_yaml(shop, articles="select nothing from marts.goods")
    with pytest.raises(ml.ApplyingError, match=r"advice.yml: articles: .*nothing"):
        ml.apply_models(shop)
    assert rows(shop) == first
    write_yaml(shop)

    # people take it back: what is popular is said again
    with registry.tracking(shop) as client:
        registry.put_in_force(client, "advice", None)
    ml.apply_models(shop)
    assert methods(shop) == {"popular_in_groups"}

    set_stage(shop, 1)
    ml.apply_models(shop)
    assert rows(shop) == []


def test_too_short_a_history_is_told(shop):
    with open_warehouse(shop) as connection:
        connection.execute("delete from marts.bought where bought_on < ?", [day(400)])
    (training,) = ml.train_models(shop)
    assert training.status == "skipped"
    assert "must reach 270 days back" in training.message


def test_the_projects_own_yaml_reads_marts_as_they_are():
    spec = load(PROJECT_ROOT / "models/recommendation.yml")
    assert "has_objected_to_profiling" in spec.purchases
    assert "has_objected_to_profiling" in spec.signals
    assert "email_open" not in spec.signals  # programs open mails, too


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"shown": 50}, "shown"),
        ({"again": {"least_orders": 1}}, "again.least_orders"),
        ({"new": {"ridge": 5}}, "new.ridge"),
        ({"purchases": ""}, "purchases"),
    ],
)
def test_a_mistake_in_the_yaml_is_named_in_one_line(tmp_path, change, told):
    path = tmp_path / "advice.yml"
    path.write_text(yaml.safe_dump(SPEC | change), encoding="utf-8")
    with pytest.raises(SpecError, match=told) as error:
        load(path)
    assert "\n" not in str(error.value)


def test_a_column_that_is_missing_is_named(shop):
    write_yaml(shop, purchases="select customer_id, article, bought_on from marts.bought")
    with pytest.raises(ml.TrainingError, match=r"purchases: .*quantity"):
        ml.train_models(shop)
