"""How often the gate is wrong: worthless models that pass, useful ones that do not.

Usage: python -m benchmarks.scores.gate [lead|churn] [--entities 130 220] [--seeds 100] [--first 0]

Companies with so many leads in three years (or customers in two) are made up, learnt from by
`models/lead.yml` (`models/churn.yml`) and judged as in a night. Of each there are two: in one the
outcomes belong to other leads, so that any model that passes is an error of the first kind; in the
other the outcome follows some columns that the rules know and some that they do not. Whether the
model is useful there is measured on 4,000 leads (1,500 customers) of the same company that it has
not seen: better than the rules by average precision and log loss; clearly useful if by more than
.03 nats. Useful ones that do not pass are errors of the second kind.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

import ml
from benchmarks.scores.companies import Company, make_customers, make_leads
from config import PROJECT_ROOT
from ml.features.table import read_inputs
from ml.judging.gate import judge
from ml.learning.estimators import predict
from ml.learning.resampling import average_precision
from ml.rules import points, promised

UNSEEN = {"lead": 4_000, "churn": 1_500}
CLEARLY = 0.03  # nats of log loss


@dataclass(frozen=True)
class Verdict:
    """Of one company: the checks that failed, and on unseen ones the gain over the rules."""

    failed: tuple[str, ...]
    gain: float  # nats of log loss
    is_useful: bool


def make(
    spec: ml.Spec, entities: int, seed: int, *, noise: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make one company twice: what it learns from, and what no model has seen."""
    random = np.random.default_rng([seed, entities, noise])
    if spec.name == "lead":
        company = Company.draw(random)
        sizes = (entities, UNSEEN["lead"])
        seen, unseen = (make_leads(spec, company, size, random, noise=noise) for size in sizes)
        return seen, unseen
    names = ["complaints", "contacts_lost", "days_late", "age", "amount"]
    weights = pd.Series(random.normal(0, 0.5, len(names)), names)
    weights[:3] = weights[:3].abs()
    sizes = (entities, UNSEEN["churn"])
    seen, unseen = (make_customers(spec, weights, size, random, noise=noise) for size in sizes)
    return seen, unseen[unseen["cutoff"] >= unseen["cutoff"].max() - pd.Timedelta(days=60)]


def run(spec: ml.Spec, entities: int, seed: int, *, noise: bool) -> Verdict:
    """Train and judge one company as a night does."""
    seen, unseen = make(spec, entities, seed, noise=noise)
    try:
        candidate = ml.train(seen, spec)
    except ml.NotEnoughDataError:
        return Verdict(("data",), 0.0, is_useful=False)
    failed = tuple(f.check for f in judge(candidate, seen, spec, None) if not f.passed)
    y = unseen[spec.target.column].to_numpy(dtype=float)
    ours, scored = predict(candidate.model, read_inputs(unseen, spec)), points(unseen, spec, 2)
    rules = promised(scored, y, scored)  # to their advantage: by these very outcomes
    losses = [-np.log(np.where(y == 1, p, 1 - p)).mean() for p in (ours, rules)]
    order = average_precision(y, ours) > average_precision(y, scored.astype(float))
    return Verdict(failed, losses[1] - losses[0], bool(order and losses[0] < losses[1]))


def main() -> None:
    """Print for each size how many of the worthless and of the useful models passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("score", nargs="?", choices=["lead", "churn"], default="lead")
    parser.add_argument("--entities", nargs="+", type=int, default=[130, 220, 260])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    spec = ml.load_spec(PROJECT_ROOT / f"models/{asked.score}.yml")
    kinds = ("noise", "useful", "clearly useful", "useless")
    print(f"{'entities':>9}" + "".join(f"{kind + ' passed':>24}" for kind in kinds) + "  failed")
    for entities in asked.entities:
        seeds = range(asked.first, asked.first + asked.seeds)
        noise = [run(spec, entities, seed, noise=True) for seed in seeds]
        real = [run(spec, entities, seed, noise=False) for seed in seeds]
        useful = [one for one in real if one.is_useful]
        clearly = [one for one in useful if one.gain > CLEARLY]
        groups = (noise, useful, clearly, [one for one in real if not one.is_useful])
        told = "".join(
            f"{sum(not one.failed for one in group):>16} of {len(group):4}" for group in groups
        )
        failed = Counter(check for one in useful for check in set(one.failed))
        print(f"{entities:9}{told}  {dict(failed)}", flush=True)


if __name__ == "__main__":
    main()
