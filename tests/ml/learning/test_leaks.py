"""Columns that are nearly the outcome are left out and named; honest ones stay."""

import numpy as np
import pandas as pd
import pytest
import yaml

import ml
from benchmarks.scores.leaks import PLANTS, guard, leads
from config import PROJECT_ROOT
from ml.features.table import read_inputs, read_labels
from ml.learning.leaks import find_leaks
from ml.specs.files import load_spec
from ml.specs.spec import SpecError
from tests.ml.conftest import NIGHT, fill_firm

FRAME, TARGET, POSITIVE = leads()
Y = (FRAME[TARGET] == POSITIVE).to_numpy().astype(int)


@pytest.mark.parametrize("way", PLANTS)
def test_each_way_of_leaking_is_found_and_no_honest_column_is_lost(way):
    planted = PLANTS[way](Y, np.random.default_rng(5))
    found = guard(FRAME.assign(**planted), TARGET, POSITIVE)
    assert {name for name in planted if name != "partner"} <= set(found)
    assert set(found) <= set(planted)


def test_leaks_of_many_ways_at_once_do_not_hide_each_other():
    random = np.random.default_rng(3)
    ways = [way for way in PLANTS if set(PLANTS[way](Y[:200], random)) == {"planted"}]
    planted = {way: PLANTS[way](Y, random)["planted"] for way in ways}
    found = set(guard(FRAME.assign(**planted), TARGET, POSITIVE))
    assert found <= set(ways)
    assert len(found) >= len(ways) - 1  # a blurred copy goes by chance with a column now and then


def test_a_table_without_leaks_keeps_every_column():
    assert guard(FRAME, TARGET, POSITIVE) == {}


@pytest.mark.parametrize("seed", range(10))
def test_noise_is_no_leak_however_few_the_rows(seed):
    random = np.random.default_rng(seed)
    noise = pd.DataFrame({f"n{i}": random.normal(size=40) for i in range(10)})
    noise["text"] = random.choice(["a", "b", None], 40)
    noise["won"] = random.choice(["yes", "no"], 40)
    assert guard(noise, "won", "yes") == {}


def test_the_model_learns_without_the_leak_and_says_so(table, table_spec):
    table_spec["features"]["closed"] = {"type": "numeric"}
    leak = table.assign(closed=np.where(table.bought == "Yes", 1.0, np.nan))
    candidate = ml.train(leak, table_spec)
    assert set(candidate.left_out) == {"closed"}
    assert set(candidate.features) == {"size", "colour"}
    assert candidate.metrics["auc"] == ml.train(table, table_spec | {
        "features": {"size": {"type": "numeric"}, "colour": {"type": "categorical"}}
    }).metrics["auc"]  # fmt: skip
    assert any(said.startswith("closed was left out: ") for said in candidate.warnings)
    assert (
        ml.evaluate(candidate, leak)["auc"] == ml.evaluate(candidate, table.assign(closed=0))["auc"]
    )


def test_a_person_may_clear_a_column_with_a_reason(table, table_spec):
    table_spec["features"]["closed"] = {"type": "numeric"}
    table_spec["leaks"] = {"cleared": {"closed": "the contract names it before the outcome"}}
    leak = table.assign(closed=np.where(table.bought == "Yes", 1.0, 0.0))
    candidate = ml.train(leak, table_spec)
    assert candidate.left_out == {}
    assert "closed" in candidate.features
    for wrong in ({"closed": " "}, {"clsoed": "known before"}):
        table_spec["leaks"] = {"cleared": wrong}
        with pytest.raises(SpecError, match=r"leaks\.cleared"):
            ml.train(leak, table_spec)


def test_nothing_but_leaks_is_refused_and_they_are_named(table, table_spec):
    table_spec["features"] = {"closed": {"type": "numeric"}}
    with pytest.raises(ml.TableError, match=r"nearly the outcome \(closed: "):
        ml.train(table.assign(closed=(table.bought == "Yes") * 1.0), table_spec)


def test_what_the_frame_says_is_late_is_left_out(table, table_spec):
    table.attrs["left_out"] = {"size": "no history reaches back that far"}
    candidate = ml.train(table, table_spec)
    assert candidate.left_out == {"size": "no history reaches back that far"}


def test_rows_of_one_entity_count_once():
    """A unique amount per lead tells its outcome on the lead's other rows, and is no leak."""
    random = np.random.default_rng(0)
    n = 150
    firms = pd.DataFrame({"entity_id": range(n), "amount": random.permutation(n) * 10.5 + 3,
                          "industry": random.choice(["a", "b", "c"], n),
                          "won": random.integers(0, 2, n)})  # fmt: skip
    frame = firms.loc[firms.index.repeat(12)].reset_index(drop=True)
    spec = load_spec({
        "target": {"column": "won", "positive": 1},
        "features": {"amount": {"type": "numeric"}, "industry": {"type": "categorical"}},
    })  # fmt: skip
    y = read_labels(frame, spec).to_numpy()
    assert find_leaks(frame, read_inputs(frame, spec), y, spec) == {}


def test_a_dated_source_is_not_suspected_for_being_good(table):
    """The best honest sign of the night's scores comes from rows that were known by then."""
    content = yaml.safe_load((PROJECT_ROOT / "models/lead.yml").read_text(encoding="utf-8"))
    spec = load_spec(content | {"name": "lead"})
    random = np.random.default_rng(0)
    count = 500
    y = random.integers(0, 2, count).astype(float)
    frame = pd.DataFrame({name: random.normal(size=count) for name in spec.features})
    for name, feature in spec.features.items():
        if feature.type == "categorical":
            frame[name] = random.choice(["a", "b"], count)
    frame["visits_before"] = y + 0.6 * random.normal(size=count)
    frame["employees"] = y + 0.5 * random.normal(size=count)
    found = find_leaks(frame, read_inputs(frame, spec), y, spec)
    assert set(found) == {"employees"}


@pytest.mark.parametrize("rows", [60, 150, 300])
def test_an_honest_table_loses_nothing_when_it_is_small(rows):
    lost = [guard(FRAME.sample(rows, random_state=seed).reset_index(drop=True), TARGET, POSITIVE)
            for seed in range(5)]  # fmt: skip
    assert lost == [{}] * 5


@pytest.mark.parametrize("rows", [4, 10, 20, 30, 60])
def test_few_rows_are_a_model_or_a_sentence(rows):
    """Ten rows ended in scikit-learn's own error."""
    spec = {
        "target": {"column": TARGET, "positive": POSITIVE},
        "features": {
            name: {"type": "numeric" if FRAME[name].dtype.kind in "if" else "categorical"}
            for name in FRAME.columns.drop(TARGET)
        },
    }
    few = FRAME.groupby(TARGET).head(rows // 2).reset_index(drop=True)
    if rows < 12:
        with pytest.raises(ml.NotEnoughDataError, match=f"{rows} rows, {rows // 2} of them"):
            ml.train(few, spec)
    else:
        assert 0 <= ml.train(few, spec).metrics["auc"] <= 1


def test_a_leads_stage_of_today_is_left_out_and_an_honest_table_takes_its_place(marts):
    """It became champion at an AUC of .994, with a warning that was shown nowhere."""
    fill_firm(marts, customers=200)
    marts.execute(
        "update marts.leads set stage = case outcome when 'won' then 'Abschluss'"
        " when 'lost' then 'Verloren' else 'Angebot' end"
    )
    content = yaml.safe_load((PROJECT_ROOT / "models/lead.yml").read_text(encoding="utf-8"))
    content["name"] = "lead"
    content["candidates"] = {"logistic": {"kind": "logistic_regression"}}
    honest = load_spec(content)
    content["features"]["stage_today"] = {"type": "categorical", "why": "-", "sql": "stage"}
    with_leak = load_spec(content)
    candidate = ml.train(ml.training_frame(marts, with_leak, NIGHT), with_leak)
    assert set(candidate.left_out) == {"stage_today"}
    repaired = ml.train(ml.training_frame(marts, honest, NIGHT), honest)
    assert repaired.left_out == {}
    assert candidate.metrics["auc"] == repaired.metrics["auc"]
