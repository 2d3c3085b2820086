"""A store of MLflow with one model, made once and copied."""

import shutil

import numpy as np
import pandas as pd
import pytest

import ml
from config import Settings
from ml import registry

COMPARED = {
    "fairness.json": {
        "comparisons": [
            {"group": "country", "value": "AT", "verdict": "failed"},
            {"group": "country", "value": "DE", "verdict": "passed"},
        ]
    }
}


@pytest.fixture(scope="session")
def _kept(tmp_path_factory):
    home = tmp_path_factory.mktemp("store")
    random = np.random.default_rng(0)
    size = random.normal(size=300)
    frame = pd.DataFrame({"size": size, "bought": random.random(300) < 1 / (1 + np.exp(-2 * size))})
    spec = {
        "name": "table",
        "target": {"column": "bought", "positive": True},
        "features": {"size": {"type": "numeric", "title": {"de": "Größe", "en": "Size"}}},
        "candidates": {"logistic": {"kind": "logistic_regression"}},
        "validation": {"small_repeats": 1, "small_folds": 4},
    }
    candidate = ml.train(frame, spec)
    settings = Settings(home=home, as_of="2026-03-02")
    tags = {"fingerprint": "f", "candidate": candidate.name, "night": "2026-03-02"}
    with registry.tracking(settings) as client:
        version = registry.register(client, settings, candidate, frame, tags, COMPARED)
        registry.decide(client, "table", version, "champion", "good")
    return settings


@pytest.fixture
def store(_kept):
    """Settings of the store; whatever a test breaks is put back.

    In place: MLflow keeps its database open.
    """
    backup = _kept.home.with_name("backup")
    shutil.copytree(_kept.home, backup)
    yield _kept
    shutil.copytree(backup, _kept.home, dirs_exist_ok=True)
    shutil.rmtree(backup)
