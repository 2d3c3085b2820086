"""How well models/reactivation.yml tells which silent customers of a wholesaler come back.

`python -m benchmarks.scores.reactivation` learns, at two later cut-offs, from the pictures whose 90
days were over by then, and predicts the silent customers of that day: AUC, and how many of the 100
placed first came back, beside the days of silence alone (the shortest first) and the rules of stage
2. Silent: for more than 90 days, and for more than 90 days and three usual gaps (as in the YAML).
The table has orders only, so features from other sources are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import pandas as pd
from sklearn.metrics import roc_auc_score

import ml
from benchmarks.scores.tables import DATA, lay_marts
from config import PROJECT_ROOT, read_yaml
from ml import rules
from ml.features.frames import outcome_frame, scoring_frame
from ml.features.table import read_inputs
from ml.learning import estimators

CUTOFFS = (date(2010, 8, 11), date(2010, 9, 10))
TOP = 100
PLAIN = "max(known_on) < cutoff - 90 and max(known_on) >= cutoff - 730"


def main() -> None:
    """Print the table."""
    print(
        "silent      cut-off     customers  return  model  silence  rules   of the first 100: ",
        end="",
    )
    print("model  silence  rules")
    with duckdb.connect() as connection:
        lay_marts(connection, DATA / "online_retail" / "online_retail_2009-12_2010-12.parquet")
        for name, population in (("90 days", PLAIN), ("as in YAML", None)):
            spec = spec_of_orders(population)
            for cutoff in CUTOFFS:
                print(name, cutoff, *line(connection, spec, cutoff), sep="  ", flush=True)


def spec_of_orders(population: str | None) -> ml.Spec:
    """Return the score as it is for a firm that has orders and nothing else."""
    content: dict[str, Any] = dict(read_yaml(PROJECT_ROOT / "models/reactivation.yml"))
    kept = {
        name: feature
        for name, feature in content["features"].items()
        if feature["from"] in ("orders", "features")
    }
    gone = set(content["features"]) - set(kept)
    content |= {"name": "reactivation", "features": kept, "fairness": {"groups": {}}}
    content["sources"] = {"orders": content["sources"]["orders"]}
    content["rules"] |= {
        stage: [rule for rule in content["rules"][stage] if not gone & set(rule["when"].split())]
        for stage in ("stage_1", "stage_2")
    }
    # one year of invoices in all: as the example of that firm does
    content["snapshots"] |= {"every_days": 15, "history_days": 105}
    content["validation"] = {"group": "entity_id"}
    if population:
        content["snapshots"]["population"] = {"from": "orders", "sql": population}
    return ml.load_spec(content)


def line(connection: duckdb.DuckDBPyConnection, spec: ml.Spec, cutoff: date) -> Iterator[str]:
    """Measure at one cut-off."""
    frame = ml.training_frame(connection, spec, cutoff)
    # Too few pictures to choose forward in time among candidates: customers left out choose.
    candidate = ml.train(frame.rename(columns={"cutoff": "seen_on"}), spec)
    asked = scoring_frame(connection, spec, cutoff)
    truth = outcome_frame(connection, spec, [cutoff], cutoff + timedelta(days=92))
    asked = asked.merge(truth[["entity_id", "outcome"]], on="entity_id")
    scores = pd.DataFrame(
        {
            "model": estimators.predict(
                candidate.model, read_inputs(asked, candidate.spec)[list(candidate.typical)]
            ),
            "silence": -asked["days_silent"],
            "rules": rules.points(asked, spec, 2),
        }
    )
    yield f"{len(asked)}"
    yield f"{asked['outcome'].mean():.3f}"
    for name in scores:
        yield f"{roc_auc_score(asked['outcome'], scores[name]):.3f}"
    for name in scores:
        first = scores[name].sort_values(ascending=False, kind="stable").index[:TOP]
        yield f"{asked.loc[first, 'outcome'].mean():.2f}"
    yield f"{candidate.name}, {len(frame)} rows learnt from"


if __name__ == "__main__":
    main()
