"""How often the gate is wrong: worthless models that pass, useful ones that do not.

Usage: python -m benchmarks.scores.gate [--leads 130 220 260] [--seeds 100] [--first 0]

Companies with so many leads in three years are made up, learnt from by `models/lead.yml` and judged
as in a night. Of each there are two: in one the outcomes are shuffled among the leads, so that any
model that passes is an error of the first kind; in the other the outcome follows some columns that
the rules know and some that they do not. Whether the model is useful there is measured on 4,000
leads of the same company that come later: better than the rules by average precision and log loss.
Useful ones that do not pass are errors of the second kind.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import pandas as pd

import ml
from config import PROJECT_ROOT
from ml.features.table import read_inputs
from ml.gate import judge
from ml.learning.estimators import predict
from ml.learning.resampling import average_precision
from ml.rules import points, promised

DAYS = 3 * 365
LATER = 4_000  # leads on which a model is measured whose company has few


@dataclass(frozen=True)
class Company:
    """What decides its deals: weights of standardised features in log-odds, drawn once."""

    weights: dict[str, float]
    base: float

    @classmethod
    def draw(cls, random: np.random.Generator) -> Company:
        """Draw a company in which some of the columns tell much, some nothing."""
        names = ["employees", "amount", "past_wins", "visits_before", "mails_before", "fair_visits"]
        weights = {
            name: float(random.normal(0, 0.6)) if random.random() < 0.6 else 0.0 for name in names
        }
        return cls(weights | {"lead_source": float(abs(random.normal(0, 0.8)))}, -0.4)


SOURCES = {"Empfehlung": 1.2, "Messe": 0.6, "Website": 0.0, "Kaltakquise": -1.2}


def make_leads(
    spec: ml.Spec, company: Company, leads: int, random: np.random.Generator, *, noise: bool
) -> pd.DataFrame:
    """Make a frame as `ml.training_frame` does: a row per lead and cut-off at which it was open.

    Columns of the spec that the company knows nothing of are missing, as in a young warehouse.
    """
    own = pd.DataFrame({
        "lead_source": random.choice(list(SOURCES), leads),
        "employees": np.exp(random.normal(4, 1, leads)).round(),
        "amount": np.exp(random.normal(9, 1, leads)).round(),
        "past_wins": random.choice([0.2, 0.33, 0.5, 0.6], leads),
        "visits_before": random.poisson(1.5, leads).astype(float),
        "mails_before": random.poisson(0.7, leads).astype(float),
        "fair_visits": (random.random(leads) < 0.2).astype(float),
        "industry": random.choice(["Maschinenbau", "Chemie", "Handel", "Bau"], leads),
    })  # fmt: skip
    pushes = company.base + company.weights["lead_source"] * own["lead_source"].map(SOURCES)
    for name in ("employees", "amount", "past_wins", "visits_before", "mails_before"):
        values = np.log1p(own[name])
        pushes += company.weights[name] * (values - values.mean()) / values.std()
    pushes += company.weights["fair_visits"] * 2 * (own["fair_visits"] - 0.2)
    won = random.random(leads) < 1 / (1 + np.exp(-pushes))
    own["won"] = random.permutation(won) if noise else won
    own["created"] = random.integers(0, DAYS, leads)
    own["closed"] = own["created"] + random.integers(20, 150, leads)
    own["entity_id"] = [f"L{number}" for number in range(leads)]
    return _snapshots(spec, own)


def _snapshots(spec: ml.Spec, own: pd.DataFrame) -> pd.DataFrame:
    assert spec.snapshots is not None
    horizon, step = spec.snapshots.horizon_days, spec.snapshots.every_days or 14
    parts = []
    for cutoff in range(DAYS - horizon, spec.snapshots.history_days, -step)[
        : spec.snapshots.at_most
    ]:
        is_open = (own["created"] < cutoff) & (own["closed"] >= cutoff)
        part = own[is_open].assign(
            cutoff=pd.Timestamp("2023-01-01") + pd.Timedelta(days=cutoff),
            lead_days=cutoff - own["created"],
        )
        part[spec.target.column] = (part["won"] & (part["closed"] < cutoff + horizon)).astype(int)
        parts.append(part)
    frame = pd.concat(parts).sort_values(["cutoff", "entity_id"], ignore_index=True)
    frame["customer_id"] = frame["entity_id"]
    for name, feature in spec.features.items():
        if name not in frame:
            frame[name] = np.nan if feature.type == "numeric" else None
    return frame.drop(columns=["won", "created", "closed"])


def is_useful(candidate: ml.Candidate, later: pd.DataFrame) -> bool:
    """Whether the model beats the rules of stage 2 on leads that came later."""
    spec = candidate.spec
    y = later[spec.target.column].to_numpy(dtype=float)
    ours, scored = predict(candidate.model, read_inputs(later, spec)), points(later, spec, 2)
    rules = promised(scored, y, scored)  # to their advantage: by these very outcomes
    losses = [-np.log(np.where(y == 1, p, 1 - p)).mean() for p in (ours, rules)]
    order = average_precision(y, ours) > average_precision(y, scored.astype(float))
    return bool(order and losses[0] < losses[1])


def main() -> None:
    """Print for each number of leads how many of the worthless and of the useful models passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", nargs="+", type=int, default=[130, 220, 260])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    spec = ml.load_spec(PROJECT_ROOT / "models/lead.yml")
    print(
        f"{'leads':>6}{'noise passed':>16}{'useful passed':>16}{'useless passed':>16}  what failed"
    )
    for leads in asked.leads:
        worthless, useful, useless, failed = [], [], [], {}
        for seed in range(asked.first, asked.first + asked.seeds):
            passed, _ = run(spec, leads, seed, noise=True)
            worthless.append(not passed)
            passed, is_good = run(spec, leads, seed, noise=False)
            (useful if is_good else useless).append(not passed)
            for check in passed:
                failed[check] = failed.get(check, 0) + is_good
        print(
            f"{leads:6}"
            + "".join(f"{sum(found):8} of {len(found):4}" for found in (worthless, useful, useless))
            + f"  {failed}",
            flush=True,
        )


def run(spec: ml.Spec, leads: int, seed: int, *, noise: bool) -> tuple[list[str], bool]:
    """Train and judge one company; returns the checks that failed, and whether it is useful."""
    random = np.random.default_rng([seed, leads, noise])
    company = Company.draw(random)
    frame = make_leads(spec, company, leads, random, noise=noise)
    try:
        candidate = ml.train(frame, spec)
    except ml.NotEnoughDataError:
        return ["data"], False
    failed = [f.check for f in judge(candidate, frame, spec, None) if not f.passed]
    later = make_leads(spec, company, LATER, random, noise=noise)
    return failed, is_useful(candidate, later)


if __name__ == "__main__":
    main()
