"""Who puts a model in force: gate and people, on a real warehouse file and a real MLflow store."""

import getpass

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

import ml
from ml import decisions, registry
from ml.decisions import DecisionError
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
    assert "is better than" in waiting.message  # the comparison, for whoever decides
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


def test_a_person_turns_down_what_waits(quick):
    settings = quick(approval="person")
    train(settings)
    decisions.turn_down(settings, "churn", "Anna", why="wrong year")
    assert in_force(settings) is None
    with pytest.raises(DecisionError, match="Say --why"):
        decisions.approve(settings, "churn", "Anna", "1")
    decisions.approve(settings, "churn", "Anna", "1", "the year was right after all")
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


def test_ten_customers_or_one_outcome_are_told(quick):
    settings = quick(target={"column": "is_silent", "positive": 1},
                     gates={"min_rows": 10_000})  # fmt: skip
    result = train(settings)
    assert result.status == "rejected" and "10000 are needed" in result.message
    assert np.isfinite(result.metrics["auc"])
