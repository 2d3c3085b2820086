"""How well what customers buy next is recommended, forward in time, beside peers.

`python -m benchmarks.recommend [--runs 20]` prints, for `online_retail` (see `shared/data`), the
share of the customers for whom one of the first ten articles was bought in the 90 days after the
cut-off: of articles new to them, among those who bought something new; of articles ordered before,
among all who ordered. Peers on the same rows: what is popular, item-kNN (cosine), and ALS of the
package `implicit` where it is installed (`make setup-benchmarks`). Then the same for random
companies of 50 of its customers, the mean of the runs. The cut-off is one horizon before the end of
the data; the ridge of EASE was chosen on the cut-off before. What is shown as due is told apart:
how much of it was ordered within 30 days, beside what is ordered most often. `--size` measures
memory and seconds of a made-up firm with 100,000 customers and 5,000 articles instead.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import yaml

from config import PROJECT_ROOT
from ml.recommend import forward
from ml.recommend.facts import Facts, read_facts
from ml.recommend.history import History, history_before
from ml.recommend.methods import Points, Setting, learn
from ml.recommend.rhythm import due_again, likeliest_again
from ml.recommend.spec import RecommendSpec, load
from ml.recommend.telling import again_rows, new_rows

FILE = "online_retail/online_retail_2009-12_2010-12.parquet"
END = date(2010, 12, 31)
TEXT = {"de": "-", "en": "-"}
SPEC: Mapping[str, Any] = {
    "kind": "recommend", "title": TEXT, "use_case": "benchmark", "decision": TEXT, "purpose": TEXT,
    "purchases": "select customer_id, article, bought_on, quantity from lines",
    # five digits: the others are postage, bank charges and the like
    "articles": "select article, any_value(name) as name, null as product_group,"
    " regexp_matches(article, '^[0-9]{5}') as is_offered from lines group by article",
}  # fmt: skip


def make_spec(folder: Path, **changes: Any) -> RecommendSpec:  # noqa: ANN401
    path = folder / "benchmark.yml"
    path.write_text(yaml.safe_dump({**SPEC, **changes}), encoding="utf-8")
    return load(path)


def read_lines(connection: duckdb.DuckDBPyConnection, source: Path) -> None:
    connection.execute(
        'create or replace table all_lines as select "Customer ID"::varchar as customer_id,'
        " StockCode as article, Description as name, Quantity as quantity,"
        " strptime(InvoiceDate, '%Y-%m-%d %H:%M:%S')::date as bought_on"
        f" from '{source}' where \"Customer ID\" is not null and Price > 0"
    )
    connection.execute("create or replace view lines as from all_lines")


def latest(tested: forward.Tested) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the latest cut-off, for which the ridge was chosen on the one before."""
    new, again = tested.new, tested.again
    return new[new["cutoff"] == new["cutoff"].max()], again[again["cutoff"] == new["cutoff"].max()]


def shares(rows: pd.DataFrame) -> dict[str, float]:
    return {name: float(rows[name].mean()) for name in rows if name not in {"customer", "cutoff"}}


def als_points(history: History, factors: int = 64) -> Points:
    """Rank by implicit's ALS; 64 factors, regularisation .05 and 20 rounds did best here."""
    from implicit.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(
        factors=factors, regularization=0.05, iterations=20, random_state=0, num_threads=2
    )
    owned = history.owned()
    model.fit(owned, show_progress=False)
    people, things = model.user_factors, model.item_factors

    def points(rows: Any) -> Any:  # noqa: ANN401
        found = people[rows] @ things.T
        return found - found.min() + 1e-6  # only the order counts, and points must be positive

    return points


def als(facts: Facts, spec: RecommendSpec) -> float | None:
    if importlib.util.find_spec("implicit") is None:
        return None
    history = history_before(facts, spec, forward.cutoffs(facts, spec)[0])
    hits, rows = forward.hits_of(history, als_points(history), spec)
    return float(hits.mean()) if len(rows) else None


def whole(connection: duckdb.DuckDBPyConnection, spec: RecommendSpec) -> None:
    facts = read_facts(connection, spec, END)
    begun = time.perf_counter()
    tested = forward.walk_forward(facts, spec, peers=True)
    seconds = time.perf_counter() - begun
    new, again = latest(tested)
    told = shares(new) | {"ALS (implicit)": als(facts, spec)}
    print(f"online_retail: {len(new)} customers bought something new, {len(again)} ordered")
    for name, share in told.items():
        print(f"  new, {name:20} {'not installed' if share is None else f'{share:.3f}'}")
    for name, share in shares(again).items():
        print(f"  again, {name:18} {share:.3f}")
    print(f"  two cut-offs, {len(spec.new.ridges)} ridges: {seconds:.0f} s")
    due(facts, spec)


def due(facts: Facts, spec: RecommendSpec, days: int = 30) -> None:
    """Tell how much of what is shown as due is ordered soon, over three cut-offs."""
    found: dict[str, list[bool]] = {"due": [], "most ordered": []}
    for step in (1, 2, 3):
        cutoff = facts.last_day + 1 - step * 45
        pairs = history_before(facts, spec, cutoff).pairs
        later = facts.bought[
            (facts.bought["day"] >= cutoff)
            & (facts.bought["day"] < cutoff + days)
            & (facts.bought["quantity"] > 0)
        ]
        bought = set(zip(later["customer"], later["article"], strict=True))
        often = pairs[pairs["orders"] >= spec.again.least_orders]
        for name, rows in (
            ("due", due_again(pairs, spec.again, cutoff - 1, spec.shown)),
            ("most ordered", likeliest_again(often, spec.shown)),
        ):
            pairs_shown = zip(rows["customer"], rows["article"], strict=True)
            found[name] += [pair in bought for pair in pairs_shown]
    for name, hits in found.items():
        print(f"  ordered within {days} days, {name:14} {np.mean(hits):.3f} of {len(hits)}")


def small(connection: duckdb.DuckDBPyConnection, folder: Path, runs: int) -> None:
    """Draw companies of 50 customers; articles count from the first buyer on, as in the peers."""
    spec = make_spec(folder, new={"least_customers": 2}, gate={"folds": 2})
    collected = []
    for run in range(runs):
        connection.execute(
            "create or replace table lines_drawn as from all_lines semi join (select customer_id"
            " from (select distinct customer_id from all_lines)"
            f" order by hash(customer_id || '{run}') limit 50) using (customer_id)"
        )
        connection.execute("create or replace view lines as from lines_drawn")
        new, again = latest(forward.walk_forward(read_facts(connection, spec, END), spec))
        collected.append(
            shares(new) | {f"again, {name}": share for name, share in shares(again).items()}
        )
    print(f"50 of its customers, mean of {runs}")
    for name, share in pd.DataFrame(collected).mean().items():
        print(f"  {name:26} {share:.3f}")


def size(folder: Path, customers: int = 100_000, articles: int = 5_000) -> None:
    """Measure a night of a firm of this size: who buys what is drawn by tastes."""
    rng = np.random.default_rng(1)
    lines = customers * 30
    who = rng.integers(0, customers, lines)
    article = ((who % 50) * (articles // 50) + rng.zipf(1.3, lines) % (articles // 50)) % articles
    drawn = pd.DataFrame({"who": who, "what": article, "day": rng.integers(0, 700, lines)})
    with duckdb.connect() as connection:
        connection.execute(
            "create table lines as select 'C' || who as customer_id, 'A' || what as article,"
            " date '2029-01-30' - day::integer as bought_on, 1 as quantity, 'Article' as name"
            " from drawn"
        )
        del drawn
        spec = make_spec(folder, articles=str(SPEC["articles"]).replace("'^[0-9]{5}'", "'^A'"))
        begun = time.perf_counter()
        facts = read_facts(connection, spec, date(2029, 1, 30))
        history = history_before(facts, spec, facts.last_day + 1)
        rows = sum(1 for _row in again_rows(history, spec))
        learnt = learn(history, spec, Setting(spec.new.ridges[0]))
        rows += sum(1 for _row in new_rows(history, spec, learnt, "ease"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(
        f"{customers} customers, {articles} articles ({history.too_many} left out), {lines} lines:"
        f" {rows} rows in {time.perf_counter() - begun:.0f} s, peak {peak:.1f} GB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=PROJECT_ROOT.parent / "shared/data" / FILE)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--size", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, duckdb.connect() as connection:
        folder = Path(name)
        if arguments.size:
            return size(folder)
        read_lines(connection, arguments.data)
        whole(connection, make_spec(folder))
        small(connection, folder, arguments.runs)
    return None


if __name__ == "__main__":
    main()
