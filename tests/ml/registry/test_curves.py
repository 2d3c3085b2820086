"""The figures behind plots and pages, against what is known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from config.language import use_language
from ml.registry import curves, plots


def rows(n, seed=0):
    random = np.random.default_rng(seed)
    probability = random.uniform(0.05, 0.95, n)
    outcome = (random.random(n) < probability).astype(int)
    return pd.DataFrame({"probability": probability, "outcome": outcome})


def test_the_interval_of_auc_holds_the_true_value_about_as_often_as_it_says():
    # the AUC of probabilities that are true, uniform on .05 to .95, by a sample of half a million
    big = rows(500_000, seed=99)
    truth = roc_auc_score(big["outcome"], big["probability"])
    held = 0
    for seed in range(200):
        auc, low, high = curves.auc_interval(rows(120, seed))
        sample = rows(120, seed)
        assert auc == pytest.approx(roc_auc_score(sample["outcome"], sample["probability"]))
        held += low <= truth <= high
    assert 180 <= held <= 198  # 95 % of 200, give or take three standard errors


def test_with_one_outcome_there_is_no_auc():
    assert np.isnan(curves.auc_interval(rows(50).assign(outcome=1))[0])


def test_gain_ends_with_everything_found():
    gain = curves.gain(rows(1000))
    assert gain.iloc[-1][["share", "found", "lift"]].tolist() == [1, 1, 1]
    assert gain["found"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("language", "title", "numbers"),
    [("de", "Lift auf Zeilen, aus denen nicht gelernt wurde", "de-DE"),
     ("en", "Lift on rows not learnt from", "en-US")],
)  # fmt: skip
def test_plots_speak_the_set_language(tmp_path, monkeypatch, language, title, numbers):
    drawn = []

    def keep(spec, scale, format_locale):
        drawn.append((spec["title"]["text"], format_locale))
        return b""

    monkeypatch.setattr("vl_convert.vegalite_to_png", keep)
    rows = pd.DataFrame({"share": [0.1, 1], "lift": [2.5, 1], "precision": [0.5, 0.2]})
    use_language(language)
    plots.save(plots._line(rows, "share", "lift", "x", "y"), tmp_path / "lift.png")
    assert drawn == [(title, numbers)]
