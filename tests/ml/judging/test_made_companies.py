"""The gate after a whole training, on made-up companies whose truth is known."""

import pytest

import ml
from benchmarks.scores.gate import CLEARLY, make, run
from ml.learning.validation import make_folds

SPEC = ml.load_spec("models/lead.yml")


def test_a_company_of_220_leads_is_tested_on_far_more_than_its_last_months():
    frame, _unseen = make(SPEC, 220, 0, noise=False)
    folds = make_folds(frame, frame["is_won"].to_numpy(dtype=float), SPEC)
    tested = {entity for fold in folds for entity in frame["entity_id"].iloc[fold.test]}
    assert len(folds) == SPEC.validation.most_blocks
    assert len(tested) >= 90


@pytest.mark.night
@pytest.mark.parametrize("entities", [130, 220])
def test_of_companies_whose_outcomes_are_noise_hardly_one_gets_a_model(entities):
    """At most 1 of 100 is promised: two of 20 would come by chance in 1 of 60 runs."""
    assert sum(not run(SPEC, entities, seed, noise=True).failed for seed in range(20)) <= 1


@pytest.mark.night
def test_of_companies_of_220_leads_clearly_useful_models_pass():
    """27 of 35 did in 100 seeds; none of 13 when 65 leads were tested by the gain's interval."""
    verdicts = [run(SPEC, 220, seed, noise=False) for seed in range(20)]
    clearly = [one for one in verdicts if one.is_useful and one.gain > CLEARLY]
    assert len(clearly) >= 5
    assert sum(not one.failed for one in clearly) >= len(clearly) / 3
