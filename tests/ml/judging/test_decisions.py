"""Who puts a model in force: gate and people, on a real warehouse file and a real MLflow store."""

import getpass
from datetime import timedelta

import pytest
import yaml
from typer.testing import CliRunner

import ml
from ml import registry
from ml.judging import decisions
from ml.judging.decisions import DecisionError
from warehouse import open_warehouse


def firm_spec(firm, **changes):
    """A small churn.yml, quick to learn, whose rules of stage 2 know nothing of silence."""
    content = yaml.safe_load((firm.models / "churn.yml").read_text(encoding="utf-8"))
    used = {"silence_ratio", "days_silent", "usual_gap_days", "complaints"}
    for name, feature in content["features"].items():
        feature["in_model"] = name in used
    facts = [rule for rule in content["rules"]["stage_2"] if rule["points"] == 0]
    content["rules"]["stage_2"] = facts
    content["candidates"] = {"plain": {"kind": "logistic_regression"}}
    content["gates"] = content.get("gates", {}) | {"min_rows": 50}
    content["gates"].pop("baseline", None)
    return content | changes


@pytest.fixture
def quick(firm, set_stage, tmp_path):
    """The firm at stage 3 for churn, with specs of its own; called, it changes the YAML."""
    set_stage("churn", 3)
    with open_warehouse(firm) as connection:
        connection.execute("delete from ops.score_decisions; delete from ops.score_fairness")
    settings = firm.model_copy(update={"models": tmp_path / "models"})
    settings.models.mkdir()

    def write(**changes):
        text = yaml.safe_dump(firm_spec(firm, **changes), allow_unicode=True)
        (settings.models / "churn.yml").write_text(text, encoding="utf-8")
        return settings

    with registry.tracking(firm) as client:
        for model in client.search_registered_models():
            client.delete_registered_model(model.name)
    return write


def train(settings):
    (result,) = ml.train_models(settings, ["churn"])
    return result


def in_force(settings):
    with registry.tracking(settings) as client:
        return registry.version_in_force(client, "churn")


def log(settings):
    with open_warehouse(settings) as connection:
        return connection.execute(
            "select decision, version, replaced, decided_by, why from ops.score_decisions"
            " order by decided_at"
        ).fetchall()


def test_a_person_approves_what_waits(quick):
    settings = quick(approval="person")
    waiting = train(settings)
    assert waiting.status == "waiting", waiting.message
    assert "`reifegrad models approve churn --version 1`" in waiting.message
    assert "better than the rules" in waiting.message  # the comparison, for whoever decides
    assert in_force(settings) is None
    assert train(settings).status == "unchanged"
    assert "version 1 is in force" in decisions.approve(settings, "churn", "Anna", why="checked")
    assert in_force(settings) == "1"
    assert [row[:4] for row in log(settings)] == [
        ("waiting", "1", None, "gate"),
        ("approved", "1", None, "Anna"),
    ]
    with pytest.raises(DecisionError, match="no version waits"):
        decisions.approve(settings, "churn", "Anna")


def test_while_a_model_waits_the_scores_by_rules_say_so(quick, set_stage):
    settings = quick(approval="person")
    train(settings)
    set_stage("churn", 3)
    (scored,) = [one for one in ml.score_entities(settings) if one.score == "churn"]
    assert scored.method == "rules"
    assert "version 1 waits for `reifegrad models approve churn`" in scored.message


def test_a_person_turns_down_what_waits(quick):
    settings = quick(approval="person")
    train(settings)
    decisions.turn_down(settings, "churn", "Anna", why="wrong year")
    assert in_force(settings) is None
    with pytest.raises(DecisionError, match="Say --why"):
        decisions.approve(settings, "churn", "Anna", "1")
    decisions.approve(settings, "churn", "Anna", "1", "the year was right after all")
    assert in_force(settings) == "1"


def test_that_nobody_answered_is_recorded_and_the_model_waits_on(quick):
    settings = quick(approval="person")
    waiting = train(settings)
    assert waiting.findings and waiting.replaces is None
    told = decisions.leave_waiting(settings, "churn", waiting.version, 6)
    assert "nobody answered within 6 days" in told
    assert log(settings)[-1] == (
        "unanswered", "1", None, "nobody", "nobody answered within 6 days"
    )  # fmt: skip
    assert in_force(settings) is None
    decisions.approve(settings, "churn", "Anna")  # it still waits
    assert in_force(settings) == "1"


def test_a_rollback_holds_until_a_person_approves(quick):
    first = train(quick())
    assert first.status == "champion", first.message
    settings = quick(
        candidates={"plain": {"kind": "logistic_regression", "parameters": {"C": 0.5}}}
    )
    assert train(settings).status == "champion"
    told = decisions.roll_back(settings, "churn", "Anna", why="customers complained")
    assert "version 1 from the next scoring on, instead of version 2" in told
    assert in_force(settings) == "1"
    assert log(settings)[-1] == ("rolled_back", "1", "2", "Anna", "customers complained")
    assert train(settings).status == "unchanged"  # the version that was taken out
    other = quick(candidates={"plain": {"kind": "logistic_regression", "parameters": {"C": 0.6}}})
    waiting = train(other)
    assert waiting.status == "waiting" and "Anna rolled back" in waiting.message
    assert in_force(settings) == "1"
    decisions.approve(other, "churn", "Anna")
    assert in_force(settings) == "3"
    with pytest.raises(DecisionError, match="no version 9; there are 1, 2, 3"):
        decisions.roll_back(other, "churn", "Anna", "9")


def test_back_to_the_rules(quick, read_scores):
    settings = quick()
    train(settings)
    with pytest.raises(DecisionError, match="--to rules"):
        decisions.roll_back(settings, "churn", "Anna")
    ml.score_entities(settings)
    assert set(read_scores().method) == {"model"}
    decisions.roll_back(settings, "churn", "Anna", "rules")
    ml.score_entities(settings)
    assert set(read_scores().method) == {"rules"}
    with pytest.raises(DecisionError, match="in force already"):
        decisions.roll_back(settings, "churn", "Anna", "rules")


def test_the_command_line_decides_and_lists(quick, monkeypatch):
    from reifegrad.cli import app

    settings = quick(approval="person")
    train(settings)
    for name in ("home", "models"):
        monkeypatch.setenv(f"REIFEGRAD_{name.upper()}", str(getattr(settings, name)))
    runner = CliRunner()
    listed = runner.invoke(app, ["models", "list", "churn"])
    assert listed.exit_code == 0, listed.output
    approved = runner.invoke(app, ["models", "approve", "churn"])
    assert approved.exit_code == 0, approved.output
    assert log(settings)[-1][3] == getpass.getuser()
    (row,) = yaml.safe_load(runner.invoke(app, ["models", "list", "--json"]).output)
    assert row["is_champion"] and row["version"] == "1"


@pytest.mark.parametrize("place", ["register", "put_in_force", "mark"])
def test_a_kill_between_register_and_decide_leaves_nothing(quick, monkeypatch, place):
    """Rerun, it gives the same as a training that was not killed."""
    settings = quick()

    def killed(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if place == "register":
            patch.setattr("ml.registry.decide", killed)
        else:
            patch.setattr(f"ml.registry.decisions.{place}", killed)
        with pytest.raises(KeyboardInterrupt):
            train(settings)
    again = train(settings)
    assert again.status in {"champion", "unchanged"}
    with registry.tracking(settings) as client:
        there = registry.versions(client, "churn")
        assert [version.tags["decision"] for version in there] == ["champion"]
        assert str(there[0].version) == registry.version_in_force(client, "churn")


def test_one_score_that_fails_does_not_stop_the_next(firm, set_stage, monkeypatch):
    set_stage("churn", 3)
    set_stage("lead_scoring", 3)
    asked = []

    def train_score(_client, _settings, spec):
        asked.append(spec.name)
        raise registry.StoreError("MLflow's server does not answer.")

    monkeypatch.setattr("ml.training._train_score", train_score)
    with pytest.raises(ml.TrainingError) as caught:
        ml.train_models(firm)
    assert asked == ["churn", "lead"]
    assert str(caught.value) == (
        "Not trained: churn: MLflow's server does not answer.;"
        " lead: MLflow's server does not answer."
    )


def test_too_few_customers_or_one_outcome_only_are_told(quick):
    few = train(quick(gates={"min_rows": 10_000}))
    assert few.status == "rejected" and "10000 are needed" in few.message
    snapshots = yaml.safe_load((quick().models / "churn.yml").read_text(encoding="utf-8"))[
        "snapshots"
    ]
    always = snapshots | {"label": {"from": "orders", "sql": "true", "missing": True}}
    one = train(quick(snapshots=always))
    assert one.status == "skipped" and "same outcome" in one.message


def test_a_repaired_yaml_replaces_a_champion_that_knew_the_answer(quick, firm):
    """Measured: .994 by a column written after the outcome; what was honest could not get in."""
    leaky = firm_spec(firm)["features"] | {
        "knows": {
            "type": "numeric",
            "title": {"de": "Weiß es", "en": "Knows"},
            "why": "Orders to come: a mistake.",
            "from": "entity",
            "sql": "(select count(*) from marts.orders o where o.customer_id = entity.customer_id"
            " and o.ordered_on >= cutoff and o.ordered_on < cutoff + 90)",
        }
    }
    settings = quick(features=leaky, leaks={"cleared": {"knows": "believed to be known"}})
    first = train(settings)
    assert first.status == "champion" and first.metrics["auc"] > 0.98, first.message
    repaired = train(quick())
    assert repaired.status == "champion", repaired.message
    assert repaired.metrics["auc"] < 0.95


def test_later_both_are_measured_on_rows_that_neither_has_seen(quick, firm, monkeypatch):
    """The old promise no longer counts once there are such rows."""
    early = quick().model_copy(update={"as_of": firm.night - timedelta(days=150)})
    first = train(early)
    assert first.status == "champion", first.message
    with registry.tracking(firm) as client:
        client.set_model_version_tag("reifegrad_churn", "1", "bar", "0.99")
    second = train(quick())
    (gate,) = [line for line in second.message.split("; ") if "0.990" in line] or [None]
    assert gate is None, gate
    with registry.tracking(firm) as client:
        entry = client.get_model_version("reifegrad_churn", "2")
        findings = load_findings(entry)
    (kept,) = [finding for finding in findings if finding["check"] == "champion"]
    assert "on " in kept["says"] and "rows that neither has seen" in kept["says"]


def load_findings(entry):
    from mlflow.artifacts import load_dict

    return load_dict(f"runs:/{entry.run_id}/gate.json")["findings"]


def test_who_objects_is_learnt_from_no_more_and_loses_the_score(quick, read_scores):
    """Also the row that an earlier night left."""
    settings = quick()
    train(settings)
    ml.score_entities(settings)
    assert "C0007" in set(read_scores().entity_id)
    with open_warehouse(settings) as connection:
        connection.execute(
            "update marts.customers set has_objected_to_profiling = true"
            " where customer_id = 'C0007'"
        )
        (spec,) = ml.load_specs(settings)
        assert "C0007" not in set(ml.training_frame(connection, spec, settings.night).entity_id)
        assert "C0007" not in set(ml.scoring_frame(connection, spec, settings.night).entity_id)
    try:
        ml.score_entities(settings)
        assert "C0007" not in set(read_scores().entity_id)
        second = train(settings)
        assert second.status != "unchanged"  # other rows: one customer fewer
        with open_warehouse(settings) as connection:
            left = connection.execute(
                "select count(*) from ops.score_reasons where entity_id = 'C0007'"
            ).fetchone()
        assert left == (0,)
    finally:
        with open_warehouse(settings) as connection:
            connection.execute(
                "update marts.customers set has_objected_to_profiling = false"
                " where customer_id = 'C0007'"
            )


def test_groups_are_compared_stored_and_stop_what_fails(quick):
    settings = quick(
        fairness={
            "groups": {"half": "case when entity.customer_id < 'C0070' then 'a' else 'b' end"},
            "tolerance": 0.3,
        }
    )
    assert train(settings).status == "champion"
    with open_warehouse(settings) as connection:
        rows = connection.execute(
            "select version, group_name, group_value, measure, verdict from ops.score_fairness"
            " order by all"
        ).fetchall()
    measures = ("calibration", "error", "selection")
    assert rows == [("1", "half", value, m, "passed") for value in "ab" for m in measures]
    wrong = quick(fairness={"groups": {"half": "no_such_column"}})
    with pytest.raises(ml.TrainingError, match=r"churn\.yml: fairness\.groups\.half: "):
        train(wrong)
