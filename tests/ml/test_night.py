"""Training, registering and scoring on a real warehouse file and a real MLflow store."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml

import ml
from ml import registry
from ml.scoring import by_model
from ml.specs.files import load_specs
from warehouse import open_warehouse

NIGHT = date(2025, 7, 1)


def by_score(results):
    return {result.score: result for result in results}


def test_below_stage_1_nothing_is_scored_and_old_scores_go(firm, set_stage, read_scores):
    set_stage("churn", 1)
    set_stage("lead_scoring", 1)
    ml.score_entities(firm)
    assert len(read_scores())
    set_stage("churn", 0)
    results = by_score(ml.score_entities(firm))
    assert results["churn"].method == "none"
    assert results["churn"].removed > 0
    assert results["churn"].message.startswith("skipped: its use case is below stage 1")
    assert set(read_scores().score) == {"lead"}


def test_the_stage_decides_the_method_and_a_branch_scores_its_own(
    firm, set_stage, read_scores, caplog
):
    caplog.set_level("INFO", "ml")
    set_stage("churn", 0)
    set_stage("lead_scoring", 2)
    assert ml.allowed_methods(firm) == {"none": ["churn"], "rules": ["lead"]}
    assert "churn: skipped: its use case is below stage 1" in caplog.text
    assert by_score(ml.score_entities(firm, "model")) == {}
    assert set(by_score(ml.score_entities(firm, "rules"))) == {"lead"}
    assert set(by_score(ml.score_entities(firm, "none"))) == {"churn"}
    assert set(read_scores().score) == {"lead"}
    set_stage("churn", 3)
    assert ml.allowed_methods(firm) == {"model": ["churn"], "rules": ["lead"]}


@pytest.mark.parametrize("stage", [1, 2])
def test_stages_1_and_2_score_by_rules(firm, set_stage, read_scores, stage):
    set_stage("churn", stage)
    set_stage("lead_scoring", stage)
    ml.score_entities(firm)
    scores = read_scores()
    assert set(scores.method) == {"rules"}
    assert set(scores.stage) == {stage}
    assert scores.probability.isna().all()
    assert scores.points.between(0, 100).all()
    assert scores.reasons_de.map(len).between(2, 6).all()
    assert scores.reasons_en.map(len).equals(scores.reasons_de.map(len))
    bands = {spec.name: spec.bands for spec in load_specs(firm)}
    assert all(row.band == bands[row.score].of(row.points) for row in scores.itertuples())
    assert "C0000" not in set(scores.customer_id)  # who objected
    with open_warehouse(firm) as connection:
        (leads,) = connection.execute(
            "select count(*) from marts.leads where outcome = 'open' and customer_id <> 'C0000'"
        ).fetchone()
    assert (scores.score == "lead").sum() == leads


def test_the_latest_stage_until_the_night_holds(firm, set_stage):
    set_stage("churn", 2, NIGHT - timedelta(days=1))
    set_stage("churn", 3, NIGHT + timedelta(days=1))
    assert by_score(ml.score_entities(firm))["churn"].stage == 2


def test_a_use_case_that_is_no_longer_assessed_scores_nothing(firm, set_stage, read_scores):
    set_stage("churn", 2, NIGHT - timedelta(days=1))
    ml.score_entities(firm.model_copy(update={"night": NIGHT - timedelta(days=1)}))
    set_stage("lead_scoring", 2)  # `expectations/churn.yml` is gone since
    assert by_score(ml.score_entities(firm))["churn"].method == "none"
    assert set(read_scores().score) == {"lead"}


def test_the_stage_in_force_decides_not_the_one_measured(firm, set_stage):
    set_stage("churn", 2)
    with open_warehouse(firm) as connection:
        connection.execute("update ops.maturity_stages set measured_stage = 0, cause = 'data'")
    assert by_score(ml.score_entities(firm))["churn"].stage == 2


def test_scoring_twice_changes_nothing(firm, set_stage, read_scores):
    set_stage("churn", 2)
    ml.score_entities(firm)
    first = read_scores()
    ml.score_entities(firm)
    assert read_scores().equals(first)


def test_a_score_whose_yaml_is_gone_is_removed(firm, read_scores):
    with open_warehouse(firm) as connection:
        connection.execute(
            "insert into ops.scores by name select 'old' as score, 'customer' as entity, 'C0001' as"
            " entity_id, ? as night, 1 as stage, 'rules' as method, 5 as points, 'low' as band,"
            " [] as reasons_de, [] as reasons_en",
            [NIGHT],
        )
    ml.score_entities(firm)
    assert "old" not in set(read_scores().score)


@pytest.fixture
def weak_rules(firm, tmp_path):
    """The firm whose rules of stage 2 know less than its orders tell: facts only."""
    models = tmp_path / "models"
    shutil.copytree(firm.models, models)
    content = yaml.safe_load((models / "churn.yml").read_text(encoding="utf-8"))
    facts = [rule for rule in content["rules"]["stage_2"] if rule["points"] == 0]
    content["rules"]["stage_2"] = facts
    (models / "churn.yml").write_text(yaml.safe_dump(content, allow_unicode=True))
    return firm.model_copy(update={"models": models})


def test_a_model_is_trained_registered_and_scores_with_reasons(weak_rules, set_stage, read_scores):
    firm = weak_rules
    set_stage("churn", 3)
    trained = by_score(ml.train_models(firm))
    assert trained["lead"].status == "skipped"
    assert trained["churn"].status == "champion", trained["churn"].message
    assert ml.needs_training(firm) == []

    with registry.tracking(firm) as client:
        version = client.get_model_version_by_alias("reifegrad_churn", "champion")
        run = client.get_run(version.run_id)
        artifacts = {item.path for item in client.list_artifacts(version.run_id)}
    assert str(version.version) == trained["churn"].version
    assert run.data.metrics["auc"] == pytest.approx(trained["churn"].metrics["auc"])
    assert run.data.params["candidate"] == trained["churn"].candidate
    assert {"spec.yml", "typical.json"} <= artifacts
    assert run.info.artifact_uri.startswith(firm.mlflow_artifacts.as_uri())

    again = by_score(ml.train_models(firm))["churn"]
    assert (again.status, again.version) == ("unchanged", trained["churn"].version)

    result = by_score(ml.score_entities(firm))["churn"]
    assert (result.method, result.model_version) == ("model", trained["churn"].version)
    scores = read_scores()
    assert (scores.points == (scores.probability * 100).round()).all()
    assert scores.reasons_de.map(len).between(2, 6).all()
    with open_warehouse(firm) as connection:
        silent, recent = connection.execute(
            "select avg(points) filter (where last < ?::date - 150), avg(points) filter"
            " (where last > ?::date - 20) from ops.scores join (select customer_id, max(ordered_on)"
            " as last from marts.orders group by all) using (customer_id)",
            [NIGHT, NIGHT],
        ).fetchone()
    assert silent > 60 > 30 > recent

    ml.score_entities(firm)
    assert read_scores().equals(scores)


def test_a_worse_recipe_does_not_replace_the_champion(weak_rules, set_stage, tmp_path):
    """It is better than the rules, which know nothing, but promises less than the champion."""
    firm = weak_rules
    set_stage("churn", 3)
    ml.train_models(firm)
    with registry.tracking(firm) as client:
        before = registry.champion(client, "churn").version
    content = yaml.safe_load((firm.models / "churn.yml").read_text())
    for name, feature in content["features"].items():
        feature["in_model"] = name in {"customer_days", "complaints", "usual_gap_days"}
    content["rules"] |= {"stage_1": [], "stage_2": []}
    content["gates"] = {"min_auc": 0.5, "min_rows": 10, "baseline": "customer_days"}
    (tmp_path / "churn.yml").write_text(yaml.safe_dump(content))
    refused = by_score(ml.train_models(firm.model_copy(update={"models": tmp_path})))["churn"]
    assert refused.status == "rejected"
    assert "is less than" in refused.message and "which the champion" in refused.message
    with registry.tracking(firm) as client:
        assert registry.champion(client, "churn").version == before


def test_a_model_that_fails_its_gates_does_not_score(firm, set_stage, read_scores, tmp_path):
    set_stage("lead_scoring", 3)
    content = yaml.safe_load((firm.models / "lead.yml").read_text())
    content["gates"]["min_auc"] = 0.999
    (tmp_path / "lead.yml").write_text(yaml.safe_dump(content))
    strict = firm.model_copy(update={"models": tmp_path, "home": firm.home})
    trained = by_score(ml.train_models(strict))["lead"]
    assert trained.status == "rejected"
    assert "0.999 is needed" in trained.message
    assert trained.version is not None
    result = by_score(ml.score_entities(strict))["lead"]
    assert (result.method, result.model_version) == ("rules", None)
    assert "no model has passed its gates" in result.message
    assert set(read_scores().stage) == {3}


@pytest.fixture
def trained(weak_rules, set_stage):
    """Scored by a model: churn at stage 3, its champion in force."""
    set_stage("churn", 3)
    (result,) = ml.train_models(weak_rules, ["churn"])
    assert result.status in {"champion", "unchanged"}, result.message
    (scored,) = [found for found in ml.score_entities(weak_rules) if found.score == "churn"]
    assert scored.method == "model"
    return weak_rules


def read(settings, sql):
    with open_warehouse(settings) as connection:
        return connection.execute(sql).df()


def test_the_parts_of_a_score_add_up_to_it(trained):
    sums = read(
        trained,
        "select probability, sum(part) as total, count(*) as parts, bool_and(unit = 'log-odds') as"
        " same from ops.scores join ops.score_reasons using (score, entity_id)"
        " where score = 'churn' group by entity_id, probability",
    )
    promised = 1 / (1 + np.exp(-sums["total"]))
    np.testing.assert_allclose(promised, sums["probability"], atol=1e-6)
    assert sums["same"].all()
    shown = read(
        trained,
        "select entity_id, list(sentence_de) as said, any_value(reasons_de) as listed,"
        " any_value(told_de) as told from ops.score_reasons join ops.scores"
        " using (score, entity_id) where is_shown group by all",
    )
    for row in shown.itertuples():
        assert sorted(row.said) == sorted(line.lstrip("+− ") for line in row.listed)
        assert all(line in row.told for line in row.listed)
        assert ("Spricht für Abwanderung:" in row.told) == any("+" in line for line in row.listed)
        assert ("Spricht dagegen:" in row.told) == any("−" in line for line in row.listed)


def test_points_of_rules_add_up_too(firm, set_stage):
    set_stage("lead_scoring", 2)
    ml.score_entities(firm)
    sums = read(
        firm,
        "select points, sum(part) as total from ops.scores join ops.score_reasons"
        " using (score, entity_id) group by score, entity_id, points",
    )
    assert len(sums)
    assert (sums["total"].clip(0, 100) == sums["points"]).all()


def test_the_amount_at_stake_is_turnover_times_probability(trained, read_scores):
    scores = read_scores()
    turnover = read(
        trained,
        f"select customer_id as entity_id, sum(net_amount) as turnover from marts.orders"
        f" where ordered_on >= date '{NIGHT}' - 365 group by all",
    )
    both = scores.merge(turnover, on="entity_id")
    assert len(both) > 100
    np.testing.assert_allclose(both["amount"], both["turnover"])
    np.testing.assert_allclose(both["expected_amount"], both["turnover"] * both["probability"])


def said(settings):
    """The sentences of each customer, day counts aside."""
    rows = read(
        settings,
        "select entity_id, direction || regexp_replace(sentence_de, '[0-9]+ Tag(en)?', 'N', 'g')"
        " as line from ops.score_reasons where is_shown and score = 'churn'",
    )
    return rows.groupby("entity_id")["line"].agg(lambda lines: tuple(sorted(lines)))


def test_a_night_without_news_changes_no_reason(trained):
    """A day later, without new data: the same sentences; and the same when scored twice."""
    before = said(trained)
    ml.score_entities(trained)
    assert said(trained).equals(before)
    ml.score_entities(trained.model_copy(update={"as_of": NIGHT + timedelta(days=1)}))
    after = said(trained)
    assert set(after.index) == set(before.index)
    changed = before[before != after.reindex(before.index)]
    assert changed.empty, [(key, set(before[key]) ^ set(after[key])) for key in changed.index]


def test_one_score_that_fails_does_not_stop_the_other_and_keeps_its_rows(
    firm, set_stage, read_scores, tmp_path
):
    set_stage("churn", 2)
    set_stage("lead_scoring", 2)
    ml.score_entities(firm)
    before = read_scores()
    for name in ("churn", "lead"):
        text = (firm.models / f"{name}.yml").read_text(encoding="utf-8")
        if name == "churn":
            text = text.replace("sql: sum(net_amount)", "sql: sum(net_amont)")
        (tmp_path / f"{name}.yml").write_text(text, encoding="utf-8")
    broken = firm.model_copy(update={"models": tmp_path, "as_of": NIGHT + timedelta(days=1)})
    with pytest.raises(
        ml.ScoringError, match=r"churn: churn\.yml.*net_amont.*Scored: lead"
    ) as told:
        ml.score_entities(broken)
    assert "\n" not in str(told.value)
    after = read_scores()
    assert after[after.score == "churn"].equals(before[before.score == "churn"])
    assert set(after[after.score == "lead"].night.astype(str)) == {str(NIGHT + timedelta(days=1))}


@pytest.mark.parametrize("mistake", ["  horizon_dais: 120\n", "\tno YAML"])
def test_a_yaml_with_a_mistake_stops_its_own_score_only(
    firm, set_stage, read_scores, tmp_path, mistake
):
    set_stage("churn", 2)
    set_stage("lead_scoring", 2)
    ml.score_entities(firm)
    before = read_scores()
    shutil.copytree(firm.models, tmp_path / "models")
    path = tmp_path / "models" / "churn.yml"
    text = path.read_text(encoding="utf-8").replace("snapshots:\n", f"snapshots:\n{mistake}", 1)
    path.write_text(text, encoding="utf-8")
    broken = firm.model_copy(
        update={"models": tmp_path / "models", "as_of": NIGHT + timedelta(days=1)}
    )
    assert ml.allowed_methods(broken) == {"rules": ["lead"], "none": ["churn"]}
    assert set(by_score(ml.score_entities(broken, "rules"))) == {"lead"}
    with pytest.raises(ml.ScoringError, match=r"churn: .*churn\.yml, line \d+: ") as told:
        ml.score_entities(broken, "none")
    assert told.value.results == []
    after = read_scores()
    assert after[after.score == "churn"].equals(before[before.score == "churn"])
    assert set(after[after.score == "lead"].night.astype(str)) == {str(NIGHT + timedelta(days=1))}
    with pytest.raises(ml.TrainingError, match=r"churn: .*churn\.yml, line \d+: "):
        ml.train_models(broken)
    assert set(by_score(ml.watch_scores(broken))) == {"lead"}
    assert ml.needs_training(broken) == []


def test_what_people_call_a_score_outlives_a_mistake_in_its_yaml(firm, tmp_path):
    shutil.copytree(firm.models, tmp_path / "models")
    with (tmp_path / "models" / "churn.yml").open("a", encoding="utf-8") as file:
        file.write("typo: 1\n")
    (tmp_path / "models" / "lead.yml").write_text("title: [", encoding="utf-8")
    titles = ml.score_titles(firm.model_copy(update={"models": tmp_path / "models"}))
    assert titles == {"churn": "Abwanderungsrisiko", "lead": "lead"}


def test_without_the_models_store_the_rules_score_and_say_so(trained, read_scores):
    store = trained.mlflow_tracking_uri.removeprefix("sqlite:///")
    hidden = f"{store}.away"
    Path(store).rename(hidden)
    try:
        result = by_score(ml.score_entities(trained))["churn"]
    finally:
        Path(hidden).rename(store)
    assert (result.method, result.stage) == ("rules", 3)
    assert "of stage 2: the champion can't be read" in result.message
    assert set(read_scores().method) == {"rules"}
    assert read_scores().night.astype(str).unique().tolist() == [str(NIGHT)]


def test_a_champion_whose_features_are_gone_steps_down_and_says_so(trained, tmp_path):
    content = yaml.safe_load((trained.models / "churn.yml").read_text())
    del content["features"]["days_late"]
    content["rules"]["stage_2"] = [
        rule for rule in content["rules"]["stage_2"] if "days_late" not in rule["when"]
    ]
    (tmp_path / "churn.yml").write_text(yaml.safe_dump(content))
    result = by_score(ml.score_entities(trained.model_copy(update={"models": tmp_path})))["churn"]
    assert result.method == "rules"
    assert "the champion needs training again" in result.message
    assert "days_late" in result.message


def test_names_change_nothing_and_longer_silence_never_lowers_the_risk(trained):
    """The model of the night, on its own customers: renamed, reordered, silent for longer."""
    spec = next(spec for spec in load_specs(trained) if spec.name == "churn")
    with registry.tracking(trained) as client:
        champion = registry.champion(client, "churn")
        model = champion.load()
    with open_warehouse(trained) as connection:
        frame = ml.scoring_frame(connection, spec, NIGHT)
        before = by_model(model, champion, spec, frame).probability
        connection.execute("update marts.customers set name = 'Z' || name")
        renamed = ml.scoring_frame(connection, spec, NIGHT)
        connection.execute("update marts.customers set name = name[2:]")
    assert renamed.equals(frame)
    mixed = frame.sample(frac=1, random_state=1)
    after = by_model(model, champion, spec, mixed).probability
    np.testing.assert_allclose(after, before[mixed.index], atol=1e-12)
    longer = frame.assign(
        days_silent=frame["days_silent"] + 60,
        silence_ratio=(frame["days_silent"] + 60) / frame["usual_gap_days"].clip(lower=1),
    )
    assert (by_model(model, champion, spec, longer).probability >= before - 1e-12).all()


def test_what_was_left_out_as_a_leak_is_said_and_kept_with_the_run(firm, tmp_path):
    content = yaml.safe_load((firm.models / "lead.yml").read_text())
    content["features"]["outcome_today"] = {"type": "categorical", "why": "-", "sql": "outcome"}
    content["candidates"] = {"logistic": {"kind": "logistic_regression"}}
    (tmp_path / "lead.yml").write_text(yaml.safe_dump(content))
    leaky = firm.model_copy(update={"models": tmp_path})
    (trained,) = ml.train_models(leaky, ["lead"])
    assert "left out as nearly the outcome: outcome_today" in trained.message
    assert any(said.startswith("outcome_today was left out: ") for said in trained.warnings)
    with registry.tracking(leaky) as client:
        version = client.get_model_version("reifegrad_lead", str(trained.version))
        kept = client.download_artifacts(version.run_id, "left_out.json", str(tmp_path))
    assert list(json.loads(Path(kept).read_text())) == ["outcome_today"]
