"""Models that are no scores: a made-up kind goes the way of every kind."""

import sys
from datetime import timedelta
from types import ModuleType
from typing import Literal

import pytest

import ml
from ml import kinds, registry
from ml.checking import check_spec
from ml.judging.decisions import list_versions
from ml.results import Applied, Training
from ml.specs.kind import KindSpec, load_as
from nights.preflight import _broken
from reifegrad.stations import score
from warehouse import open_warehouse

WORDS = """
kind: counted
title: {de: Kundenzahl, en: Number of customers}
use_case: counting
decision: {de: Wie viele, en: How many}
purpose: {de: Zählen, en: Counting}
learns_from: 2
word: customers
"""


class CountedSpec(KindSpec):
    """Counts the rows of a mart."""

    kind: Literal["counted"] = "counted"
    word: str


def _train(settings, spec):
    return Training(spec.name, "champion", f"learnt {spec.word}")


def _apply(settings, spec, stage):
    with open_warehouse(settings) as connection:
        (count,) = connection.execute(f"select count(*) from marts.{spec.word}").fetchone()
        connection.execute("delete from ops.counted where model = ?", [spec.name])
        connection.execute("insert into ops.counted values (?, ?)", [spec.name, count])
    return Applied(spec.name, stage, "counting", 1, f"{count} counted")


@pytest.fixture
def counting(firm, tmp_path, monkeypatch):
    """The firm with a kind of its own and one model of it, `many`, and no other."""
    module = ModuleType("made_up_kind")
    module.TABLES = ("ops.counted",)
    module.load = lambda path: load_as(path, CountedSpec)
    module.train, module.apply = _train, _apply
    monkeypatch.setitem(sys.modules, "made_up_kind", module)
    monkeypatch.setattr(kinds, "KINDS", {"counted": "made_up_kind"})
    models = tmp_path / "models"
    models.mkdir()
    (models / "many.yml").write_text(WORDS, encoding="utf-8")
    with open_warehouse(firm) as connection:
        connection.execute("create or replace table ops.counted (model varchar, number bigint)")
        connection.execute("insert into ops.counted values ('gone', 7)")
    return firm.model_copy(update={"models": models})


def rows(settings):
    with open_warehouse(settings) as connection:
        return connection.execute("from ops.counted order by all").fetchall()


def test_it_is_no_score(counting):
    assert ml.read_specs(counting).names == set()
    assert ml.load_specs(counting) == []
    assert ml.allowed_methods(counting) == {"none": []}


@pytest.mark.parametrize(("stage", "status"), [(1, "skipped"), (2, "champion")])
def test_it_is_trained_from_the_stage_that_its_yaml_names(counting, set_stage, stage, status):
    set_stage("counting", stage)
    assert ml.needs_training(counting) == (["many"] if stage == 2 else [])
    (trained,) = ml.train_models(counting)
    assert trained.status == status
    assert ml.train_models(counting, ["many"])[0].status == "champion"  # by name, whatever it is


def test_it_is_due_again_after_a_month_and_not_each_night_without_a_champion(
    counting, monkeypatch, set_stage
):
    set_stage("counting", 2)
    (model,) = kinds.read_models(counting).readable
    found = {"newest": counting.night, "champion": None}
    monkeypatch.setattr(registry, "is_used", lambda _settings: True)
    monkeypatch.setattr(registry, "newest_night", lambda _client, _name: str(found["newest"]))
    monkeypatch.setattr(registry, "version_in_force", lambda _client, _name: found["champion"])

    def why(days, champion):
        found.update(newest=counting.night - timedelta(days=days), champion=champion)
        return kinds.why_learn(counting, model)

    assert why(6, None) == ""
    assert why(7, None) == "no model is in force yet"
    assert why(29, "1") == ""
    assert why(30, "1") == "the last training was 30 days ago"


def test_it_is_applied_and_what_is_gone_is_cleared(counting, set_stage):
    set_stage("counting", 1)
    (applied,) = ml.apply_models(counting)
    assert applied == Applied("many", 1, "counting", 1, "140 counted")
    assert rows(counting) == [("many", 140)]
    set_stage("counting", 0)
    (applied,) = ml.apply_models(counting)
    assert (applied.method, applied.rows) == ("none", 0)
    assert applied.message.startswith("skipped: its use case is below stage 1")
    assert rows(counting) == []


def test_a_mistake_stops_only_itself(counting, set_stage, tmp_path):
    set_stage("counting", 2)
    ml.apply_models(counting)
    broken = WORDS + "wort: customers\n"
    (counting.models / "few.yml").write_text(broken, encoding="utf-8")
    (counting.models / "odd.yml").write_text("kind: forcast\n", encoding="utf-8")
    (counting.models / "fails.yml").write_text(
        WORDS.replace("word: customers", "word: cars"), "utf-8"
    )
    with open_warehouse(counting) as connection:
        connection.execute("insert into ops.counted values ('few', 3), ('fails', 5)")
    with pytest.raises(ml.ApplyingError) as told:
        ml.apply_models(counting)
    assert [one.name for one in told.value.results] == ["many"]
    assert "few: few.yml, line 9: wort: there is no such field" in str(told.value)
    assert "odd: odd.yml, line 1: kind: forcast is none of score, counted" in str(told.value)
    assert "fails: CatalogException" in str(told.value)
    assert rows(counting) == [("fails", 5), ("few", 3), ("many", 140)], "last night's rows stay"
    with pytest.raises(ml.TrainingError, match=r"few: few\.yml, line 9") as untrained:
        ml.train_models(counting)
    assert {one.score: one.status for one in untrained.value.results} == {
        "few": "failed", "odd": "failed", "many": "champion", "fails": "champion",
    }  # fmt: skip
    assert {finding.says.split(",")[0] for finding in _broken(counting)} == {"few.yml", "odd.yml"}


def test_the_command_line_knows_it(counting, set_stage):
    set_stage("counting", 2)
    assert list(score(counting)) == ["Kundenzahl: 140 counted"]
    (found,) = check_spec(counting, counting.models / "many.yml")
    assert (found.level, found.says) == ("ok", "many.yml: the form is right.")
    (counting.models / "few.yml").write_text("kind: counted\n", encoding="utf-8")
    problems = [one.says for one in check_spec(counting, counting.models / "few.yml")]
    assert "few.yml, line 1: title: is missing; add it." in problems
    assert len(problems) > 3, "every mistake, not only the first"
    assert list_versions(counting, "many") == []
    with pytest.raises(ml.SpecError, match=r"no much\.yml; there are few, many"):
        list_versions(counting, "much")
