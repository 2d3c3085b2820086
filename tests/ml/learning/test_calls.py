"""How good the top of the list is."""

import pandas as pd

import ml
from ml.learning.calls import precision_at_calls
from ml.specs.files import load_spec


def test_the_top_of_each_list_is_measured(table_spec):
    spec = load_spec(table_spec | {"calls": {"per_week": 2}})
    tested = pd.DataFrame({
        "cutoff": [1, 1, 1, 2, 2, 2, 3],
        "probability": [0.9, 0.8, 0.1, 0.2, 0.6, 0.7, 0.9],
        "outcome": [1, 0, 1, 1, 1, 1, 0],
    })  # fmt: skip
    # of the first list one of two, of the second two of two; the third holds one only
    assert precision_at_calls(tested, spec) == {"precision_at_calls": 0.75}
    short = load_spec(table_spec | {"calls": {"per_week": 50}})
    assert precision_at_calls(tested, short) == {}


def test_it_is_among_the_measures_of_a_candidate(table, table_spec):
    candidate = ml.train(table, table_spec | {"calls": {"per_week": 5}})
    assert candidate.metrics["precision_at_calls"] > candidate.metrics["base_rate"]
