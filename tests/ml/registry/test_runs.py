"""What a person finds in MLflow after a training."""

import json

import pytest

from ml import registry


@pytest.fixture
def shown(store):
    """The version with its run and the run's artifacts."""
    with registry.tracking(store) as client:
        version = client.get_model_version_by_alias("reifegrad_table", "champion")
        run = client.get_run(version.run_id)
        files = {item.path for item in client.list_artifacts(version.run_id)}
        files |= {item.path for item in client.list_artifacts(version.run_id, "plots")}
        experiment = client.get_experiment(run.info.experiment_id)
    return version, run, files, experiment


def test_a_run_stands_under_model_training_with_data_measures_and_plots(shown):
    _version, run, files, experiment = shown
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    (used,) = run.inputs.dataset_inputs
    assert used.dataset.name == "table 2026-03-02"
    assert used.dataset.digest == "f"
    assert json.loads(used.dataset.profile)["num_rows"] == 300
    assert {tag.key: tag.value for tag in used.tags}["night"] == "2026-03-02"
    assert run.data.metrics["auc_low"] < run.data.metrics["auc"] < run.data.metrics["auc_high"]
    plots = {"calibration", "gain", "lift", "precision_at_k", "importance"}
    assert {f"plots/{name}.png" for name in plots} | {"card.md", "page.json"} <= files


def test_a_version_carries_its_card_in_both_languages(shown):
    version, run, _files, _experiment = shown
    for said in ("**Rechtsgrundlage und Zweck.**", "**Legal basis and purpose.**", "good\n"):
        assert said in version.description
    assert "0," in version.description.split("**What for.**")[0]  # decimal comma in the German one
    assert "Größe" in version.description
    assert "by weight: Size" in version.description
    assert "1 comparisons of groups passed, 1 failed" in version.description
    assert "Anders als alle anderen behandelt: country AT." in version.description
    assert run.data.tags["mlflow.note.content"] in version.description


def test_the_input_example_is_nobodys_row(store, shown):
    from mlflow.models import Model

    version, *_rest = shown
    with registry.tracking(store) as client:
        info = Model.load(f"models:/reifegrad_table/{version.version}")
        champion = registry.champion(client, "table")
        example = info.load_input_example(champion.uri)
    assert info.signature.inputs.input_names() == ["size"]
    assert example["size"].tolist() == [pytest.approx(champion.typical["size"])]


def test_what_was_rejected_is_the_challenger_until_a_champion_comes(store):
    with registry.tracking(store) as client:
        registry.decide(client, "table", "1", "rejected", "no better")
        assert "challenger" in client.get_model_version("reifegrad_table", "1").aliases
        registry.decide(client, "table", "1", "champion", "better")
        registry.decide(client, "table", "1", "champion", "better")
        version = client.get_model_version("reifegrad_table", "1")
    assert version.aliases == ["champion"]
    assert version.description.count("**What for.**") == 1
