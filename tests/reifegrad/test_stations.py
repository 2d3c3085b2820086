"""The lines that stations say."""

from __future__ import annotations

import ml
import warehouse
from config import Settings
from reifegrad import stations


def test_a_training_says_below_its_line_what_it_left_out_and_could_not_read(monkeypatch):
    trained = ml.Training("lead", "champion", "trained", warnings=("stage was left out: …",))
    monkeypatch.setattr(warehouse, "require_marts", lambda _settings: None)
    monkeypatch.setattr(ml, "train_models", lambda _settings, _scores: [trained])
    first, second = stations.train(Settings(language="en"))
    assert first.endswith(": trained")
    assert second == "  stage was left out: …"
