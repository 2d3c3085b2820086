"""A spec's mistakes are named with file, field and what to change."""

import pytest

import ml
from config import PROJECT_ROOT
from ml.kinds import load_model
from ml.specs.files import kind_of, load_spec
from ml.specs.spec import SpecError

SHORT = {"target": {"column": "y"}, "features": {"x": {"type": "numeric"}}}


SCORES = [*PROJECT_ROOT.glob("**/models/*.yml"), *PROJECT_ROOT.glob("models/examples/*.yml")]


@pytest.mark.parametrize("path", sorted(SCORES), ids=str)
def test_every_model_of_the_project_loads(path):
    if ".venv" not in path.parts and "dbt_project" not in path.parts:
        loaded = load_spec(path) if kind_of(path) == "score" else load_model(path).spec
        assert loaded.name == path.stem


def test_a_spec_written_as_text_reads_back_equal():
    import yaml

    spec = load_spec(PROJECT_ROOT / "models/churn.yml")
    again = load_spec(yaml.safe_load(spec.text()))
    assert again.model_copy(update={"file": spec.file, "path": spec.path}) == spec


def test_a_section_overrides_single_entries_of_the_defaults():
    spec = load_spec(SHORT | {"gates": {"min_auc": 0.9}})
    assert spec.gates.min_auc == 0.9
    assert spec.gates.min_positives == load_spec(SHORT).gates.min_positives


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"features": {"x": {"type": "number"}}}, "features.x.type"),
        ({"features": {"x": {"type": "numeric", "kolumn": "a"}}}, "features.x.kolumn"),
        ({"features": {}}, "features"),
        ({"features": {"x": {"type": "numeric", "from": "oders", "sql": "1"}}}, "oders"),
        ({"gates": {"baseline": "z"}}, "gates.baseline"),
        ({"bands": {"why": "", "high": 10, "medium": 20}}, "bands"),
        ({"features": {"x": {"type": "numeric", "reasons": {"up": "so {y}"}}}}, "{y}"),
        ({"target": None}, "target"),
    ],
)
def test_a_wrong_field_is_named(change, said):
    with pytest.raises(SpecError) as error:
        load_spec(SHORT | change)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_score_about_people_needs_purpose_and_reasons_for_its_features():
    content = {
        "snapshots": {
            "population": {"sql": "true"},
            "label": {"sql": "true"},
            "excluded": "has_objected_to_profiling",
            "why": "a test",
        }
    }
    with pytest.raises(SpecError, match="purpose"):
        load_spec(SHORT | content | {"title": "t", "use_case": "u", "entity": "lead",
                                     "decision": "d"})  # fmt: skip
    with pytest.raises(SpecError, match=r"features\.x\.why"):
        load_spec(SHORT | content | {"title": "t", "use_case": "u", "entity": "lead",
                                     "decision": "d", "purpose": "p",
                                     "rules": {"stage_1": [], "stage_2": []}})  # fmt: skip


def test_a_file_named_otherwise_than_its_score_is_refused(tmp_path):
    path = tmp_path / "copy.yml"
    path.write_text((PROJECT_ROOT / "models/churn.yml").read_text() + "\nname: churn\n")
    with pytest.raises(SpecError, match="copy"):
        load_spec(path)


def test_an_unknown_score_is_named_with_those_that_exist(firm):
    with pytest.raises(SpecError, match=r"chrun.*churn, .*lead"):
        ml.train_models(firm, ["chrun"])
