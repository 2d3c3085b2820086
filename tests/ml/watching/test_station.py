"""The station on a real warehouse and a real store: what is kept, judged, alarmed and told."""

import shutil
from datetime import date, timedelta

import pytest

import ml
from ml import registry
from ml.watching.retraining import why_train
from warehouse import open_warehouse

TRAINED = date(2025, 3, 24)
LATER = date(2025, 7, 1)  # 99 days: the 90 after the first scores have passed


def at(settings, night):
    return settings.model_copy(update={"as_of": night})


def read(settings, sql):
    with open_warehouse(settings) as connection:
        return connection.execute(sql).fetchall()


def write(settings, sql, *values):
    with open_warehouse(settings) as connection:
        connection.execute(sql, list(values))


def set_stage(settings, use_case, stage, night):
    write(
        settings,
        "insert or replace into ops.maturity_stages (night, use_case, stage, assessed_at)"
        " values (?, ?, ?, now()::timestamp)",
        night, use_case, stage,
    )  # fmt: skip


@pytest.fixture
def home(firm_file, tmp_path):
    """A copy of the firm of its own, with the use case churn at stage 2."""
    shutil.copy(firm_file.warehouse, tmp_path / "warehouse.duckdb")
    copied = firm_file.model_copy(update={"home": tmp_path})
    for table in ("maturity_stages", "scores", "score_history", "score_watch"):
        write(copied, f"delete from ops.{table}")
    set_stage(copied, "churn", 2, date(2025, 1, 1))
    return copied


def score(settings, night):
    ml.score_entities(at(settings, night))
    return ml.watch_scores(at(settings, night))


def test_a_night_of_the_week_is_kept_and_the_same_night_twice_gives_the_same_rows(home):
    for day in (0, 1, 6, 7, 7):
        score(home, TRAINED + timedelta(days=day))
    kept = read(home, "select night, count(*) from ops.score_history group by 1 order by 1")
    assert [night for night, _ in kept] == [TRAINED, TRAINED + timedelta(days=7)]
    everything = "from ops.score_history order by all", "from ops.score_watch order by all"
    before = [read(home, sql) for sql in everything]
    ml.watch_scores(at(home, TRAINED + timedelta(days=7)))
    assert [read(home, sql) for sql in everything] == before


def test_rules_are_judged_by_what_happened_and_not_before_it_can_be_known(home):
    score(home, TRAINED)
    score(home, TRAINED + timedelta(days=60))
    (early,) = read(home, "select value, n, note from ops.score_watch where measure = 'auc'"
                    " and score = 'churn' and night = '2025-05-23'")  # fmt: skip
    assert early == (None, 0, "few")
    score(home, LATER)
    figures = {
        measure: (value, low, high, n)
        for measure, value, low, high, n in read(
            home,
            "select measure, value, low, high, n from ops.score_watch where score = 'churn'"
            f" and night = '{LATER}'",
        )
    }
    auc, low, high, n = figures["auc"]
    assert 0.5 < low < auc < high < 1
    assert n == len(read(home, f"select * from ops.score_history where night = '{TRAINED}'"))
    assert figures["share_high"][0] is None or figures["share_high"][0] > figures["share_low"][0]


def test_who_objects_or_is_gone_leaves_the_history(home):
    score(home, TRAINED)
    everybody = read(home, "select count(*) from ops.score_history")
    write(home, "update marts.customers set has_objected_to_profiling = true"
          " where customer_id = 'C0007'")  # fmt: skip
    write(home, "delete from marts.customers where customer_id = 'C0008'")
    ml.watch_scores(at(home, TRAINED + timedelta(days=1)))
    assert read(home, "select count(*) from ops.score_history where customer_id in"
                " ('C0007', 'C0008')") == [(0,)]  # fmt: skip
    assert read(home, "select count(*) from ops.score_history") == [(everybody[0][0] - 2,)]


def test_what_is_older_than_it_may_be_kept_and_scores_without_a_yaml_go(home):
    score(home, TRAINED)
    write(home, "update ops.score_history set night = night - interval 731 days")
    write(home, "insert into ops.score_history by name select * replace ('gone' as score,"
          " current_date as night) from ops.score_history")  # fmt: skip
    ml.watch_scores(at(home, TRAINED))
    assert read(home, "select distinct score, night from ops.score_history") == [("churn", TRAINED)]


@pytest.fixture
def modelled(home):
    """The firm with a champion, trained and scored in March, whose files lie in its own store."""
    set_stage(home, "churn", 3, TRAINED)
    assert ml.needs_training(at(home, TRAINED)) == ["churn"]
    (trained,) = ml.train_models(at(home, TRAINED), ["churn"])
    assert ml.needs_training(at(home, TRAINED)) == []
    assert trained.version == "1"
    with registry.tracking(home) as client:
        registry.decide(client, "churn", "1", "champion", "for the test")
    score(home, TRAINED)
    return home


def test_a_model_is_judged_its_challenger_scored_in_silence_and_drift_found(modelled):
    home = at(modelled, LATER)
    with registry.tracking(home) as client:
        version = client.get_model_version("reifegrad_churn", "1")
        client.set_registered_model_alias("reifegrad_churn", registry.CHALLENGER, "1")
    ml.score_entities(home)
    (watched,) = [one for one in ml.watch_scores(home) if one.score == "churn"]

    lines = read(home, "select measure, subject, value, expected, n, is_alarm from ops.score_watch"
                 f" where score = 'churn' and night = '{LATER}' order by all")  # fmt: skip
    shown = {measure: rest for measure, subject, *rest in lines if subject == "shown"}
    assert shown["auc"][0] > 0.6
    assert shown["auc"][1] is not None  # what training promised
    assert shown["calibration"][0] is not None
    assert {subject for measure, subject, *_ in lines if measure == "drift"} > {"score"}
    assert watched.message.startswith(f"{shown['auc'][2]} outcomes known")

    roles = dict(read(home, "select role, count(distinct night) from ops.score_history group by 1"))
    assert roles == {"shown": 2, "challenger": 1}

    ml.watch_scores(home)
    with registry.tracking(home) as client:
        auc = client.get_metric_history(version.run_id, "watch_shown_auc")
        plots = {item.path for item in client.list_artifacts(version.run_id, "plots")}
    assert [one.step for one in auc] == [LATER.toordinal()]
    assert "plots/drift.png" in plots

    # Half of the customers' orders come to nothing: everybody is silent for longer than ever.
    write(home, "delete from marts.orders where ordered_on > '2025-05-01'"
          " and customer_id < 'C0110' and customer_id > 'C0001'")  # fmt: skip
    ml.score_entities(home)
    (watched,) = [one for one in ml.watch_scores(home) if one.score == "churn"]
    assert {"score", "orders_quarter"} & set(watched.alarms)
    with registry.tracking(home) as client, open_warehouse(home) as connection:
        (spec,) = ml.load_specs(home, ["churn"])
        assert why_train(connection, client, spec, LATER).startswith("the last training was 99")
        client.set_model_version_tag("reifegrad_churn", "1", "night", "2025-06-20")
        assert why_train(connection, client, spec, LATER).startswith("alarm: ")
        client.set_model_version_tag("reifegrad_churn", "1", "night", "2025-06-28")
        assert why_train(connection, client, spec, LATER) == ""

    # Without a champion the rules are judged, and the challenger still rehearses beside them.
    with registry.tracking(home) as client, open_warehouse(home) as connection:
        client.delete_registered_model_alias("reifegrad_churn", registry.CHAMPION)
        assert why_train(connection, client, spec, LATER) == ""
        client.set_model_version_tag("reifegrad_churn", "1", "night", "2025-06-20")
        assert why_train(connection, client, spec, LATER) == "no model is in force yet"
    ml.score_entities(home)
    write(home, "delete from ops.score_history where role = 'challenger'")
    ml.watch_scores(home)
    assert read(home, "select count(distinct night) from ops.score_history"
                " where role = 'challenger'") == [(1,)]  # fmt: skip
    assert read(home, "select distinct method from ops.scores where score = 'churn'") == [
        ("rules",)
    ]

    notes = read(home, "select note from ops.score_watch where measure = 'auc' and subject ="
                 f" 'shown' and score = 'churn' and night = '{LATER}'")  # fmt: skip
    assert notes == [("earlier",)]  # what is judged was said by the model before

    # The store gone, the rest is watched all the same, and it is said.
    (home.home / "mlflow/mlflow.db").unlink()
    (watched,) = [one for one in ml.watch_scores(home) if one.score == "churn"]
    assert "mlflow.db is gone" in watched.message
    (n,) = read(home, "select n from ops.score_watch where measure = 'auc' and subject = 'shown'"
                f" and night = '{LATER}' and score = 'churn'")  # fmt: skip
    assert n[0] > 0
