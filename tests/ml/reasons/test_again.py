"""The same rows learnt anew, in other processes, give the same model and the same sentences."""

import os
import subprocess
import sys

import pytest

from config import PROJECT_ROOT

# Prints a fingerprint of every sentence with its part, and of the order they stand in.
LEARN = """
import hashlib, random, sys
import numpy as np
from datetime import date
from pathlib import Path
import ml
from config import Settings
from ml.scoring import by_model
from warehouse import open_warehouse

home, night, seed = Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), int(sys.argv[3])
random.seed(seed), np.random.seed(seed)
settings = Settings(home=home, as_of=night)
spec = next(spec for spec in ml.load_specs(settings) if spec.name == sys.argv[4])
with open_warehouse(settings) as connection:
    known = ml.training_frame(connection, spec, night)
    tonight = ml.scoring_frame(connection, spec, night)
candidate = ml.train(known, spec)
scored = by_model(candidate.model, candidate, spec, tonight)
said = scored.said.sort_by([("row", "ascending"), ("place", "ascending")]).to_pandas()
text = said.to_csv(index=False) + str(scored.points.tolist())
print(candidate.name, len(said), hashlib.sha256(text.encode()).hexdigest())
"""


@pytest.mark.parametrize("score", ["churn", "lead"])
def test_other_seeds_threads_and_orders_of_sets_change_no_sentence(firm, score):
    ways = [("0", "1", "1"), ("7", "2", "2")]
    told = []
    for hashes, threads, seed in ways:
        environment = os.environ | {
            "PYTHONHASHSEED": hashes,
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads),
        }
        done = subprocess.run(
            [sys.executable, "-c", LEARN, firm.home, str(firm.night), seed, score],
            cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told.append(done.stdout)
    assert int(told[0].split()[1]) > 30
    assert set(told) == {told[0]}
