"""What is filled in or changed after the outcome is left out and named; honest columns stay."""

from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import ml
from config import PROJECT_ROOT
from ml.features.frames import scoring_frame, training_frame
from ml.features.table import read_inputs
from ml.learning.estimators import predict
from ml.specs.files import load_spec
from tests.ml.conftest import DDL

NIGHT = date(2025, 7, 1)
LEAD = load_spec(PROJECT_ROOT / "models/lead.yml")
LEADS = 700


def desk(fault=None, seed=0):
    """Leads of two years, half won by source and size; `fault` is what a firm does at closing.

    Returns the leads with their honest values, and the outcomes of those still open.
    """
    random = np.random.default_rng(seed)
    created = np.sort(random.integers(0, 730, LEADS))
    source = random.choice(["Empfehlung", "Messe", "Kaltakquise"], LEADS)
    employees = np.round(random.lognormal(4, 1, LEADS))
    employees[random.random(LEADS) < 0.4] = np.nan  # honest gaps, whatever comes of it
    amount = np.round(random.lognormal(8, 1, LEADS))
    odds = -0.9 + 1.5 * (source == "Empfehlung") - 1.2 * (source == "Kaltakquise")
    odds = odds + 0.9 * (np.nan_to_num(employees, nan=55) > 80) - 0.3 * (np.log(amount) - 8)
    won = random.random(LEADS) < 1 / (1 + np.exp(-odds))
    closed = created + random.integers(20, 100, LEADS)
    leads = pd.DataFrame({
        "lead_id": [f"c:{i}" for i in range(LEADS)],
        "customer_id": [f"C{i}" for i in range(LEADS)],
        "outcome": np.where(closed >= 730, "open", np.where(won, "won", "lost")),
        "amount": amount,
        "lead_source": source,
        "created_on": [NIGHT - timedelta(days=int(730 - day)) for day in created],
        "closed_on": [None if c >= 730 else NIGHT - timedelta(days=int(730 - c)) for c in closed],
        "industry": "Maschinenbau",
        "employees": employees,
    })  # fmt: skip
    if fault == "size":  # the ERP knows the size of whoever became a customer
        gaps = (leads.outcome == "won") & leads.employees.isna()
        leads.loc[gaps, "employees"] = np.round(random.lognormal(4, 1, gaps.sum()))
    elif fault == "amount":
        leads.loc[leads.outcome == "lost", "amount"] = 0
    elif fault == "source":
        leads.loc[(leads.outcome == "lost") & (random.random(LEADS) < 0.5), "lead_source"] = (
            "Altfall"
        )
    return leads, pd.Series(won, index=leads.lead_id)


def fill(connection, leads):
    connection.execute(DDL)
    connection.from_df(leads).create_view("desk")
    connection.execute("insert into marts.leads by name from desk")
    connection.execute(
        "insert into marts.customers by name select customer_id, false as"
        " has_objected_to_profiling from desk"
    )


def learn(leads):
    with duckdb.connect() as connection:
        fill(connection, leads)
        frame = training_frame(connection, LEAD, NIGHT)
        return frame, ml.train(frame, LEAD), scoring_frame(connection, LEAD, NIGHT)


@pytest.mark.parametrize(("fault", "column"), [("size", "employees"), ("amount", "amount")])
def test_a_faulty_attribute_is_named_and_the_promise_is_kept(fault, column):
    leads, won = desk(fault)
    frame, candidate, tonight = learn(leads)
    assert set(frame.attrs["left_out"]) == {column}
    assert column in candidate.left_out and column not in candidate.features
    scores = predict(candidate.model, ml_inputs(tonight, candidate))
    realised = roc_auc_score(won[tonight.entity_id], scores)
    assert candidate.metrics["auc"] - realised < 0.12
    # With it the promise would have been far from what came true.
    careless = frame.copy()
    careless.attrs = {}
    cleared = LEAD.leaks.model_copy(update={"cleared": {column: "as it was before"}})
    blind = ml.train(careless, LEAD.model_copy(update={"leaks": cleared}))
    scores = predict(blind.model, ml_inputs(tonight, blind))
    fooled = roc_auc_score(won[tonight.entity_id], scores)
    assert blind.metrics["auc"] - fooled > 0.12


def ml_inputs(frame, candidate):
    return read_inputs(frame, candidate.spec)[list(candidate.features)]


def test_a_value_that_only_closed_leads_have_is_named():
    frame, _, _ = learn(desk("source")[0])
    assert "Altfall" in frame.attrs["left_out"]["lead_source"]


@pytest.mark.parametrize("seed", range(5))
def test_an_honest_attribute_stays(seed):
    with duckdb.connect() as connection:
        fill(connection, desk(seed=seed)[0])
        assert training_frame(connection, LEAD, NIGHT).attrs["left_out"] == {}
