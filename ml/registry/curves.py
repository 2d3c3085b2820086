"""What a model's unseen predictions show, as small tables that plots and pages draw; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml.specs.sections import Bands

if TYPE_CHECKING:
    import pandas


def unseen(tested: pandas.DataFrame) -> pandas.DataFrame:
    """One line per row of the table: repeated folds predict the same row several times.

    Returns:
        `entity_id`, `outcome` (0 or 1) and the mean `probability`.

    """
    return tested.groupby("row", as_index=False).agg(
        entity_id=("entity_id", "first"),
        outcome=("outcome", "first"),
        probability=("probability", "mean"),
    )


def shares(rows: pandas.DataFrame, bands: Bands) -> dict[str, dict[str, float]]:
    """Share of positives in each band that has rows, with its 95 % interval (Wilson 1927)."""
    from scipy.stats import binomtest  # type: ignore[import-untyped]

    named = (rows["probability"] * 100).round().map(lambda points: bands.of(int(points)))
    found = {}
    for band, part in rows.groupby(named):
        hits = int(part["outcome"].sum())
        interval = binomtest(hits, len(part)).proportion_ci(method="wilson")
        found[str(band)] = {
            "share": hits / len(part),
            "low": float(interval.low),
            "high": float(interval.high),
            "n": len(part),
        }
    return found


def gain(rows: pandas.DataFrame) -> pandas.DataFrame:
    """Share of all positives found, and how many were hits, among the highest scored.

    Returns:
        A line for each number `k` of rows called, at most 200 of them evenly spread: `share` of
        all rows, `found` (share of all positives among them), `lift` (found / share) and
        `precision` (share of positives among the `k`).

    """
    import numpy as np
    import pandas as pd

    ordered = rows.sort_values("probability", ascending=False, kind="stable")["outcome"].to_numpy()
    hits = np.cumsum(ordered)
    k = np.unique(np.linspace(1, len(ordered), min(200, len(ordered))).astype(int))
    share, found = k / len(ordered), hits[k - 1] / max(hits[-1], 1)
    return pd.DataFrame(
        {
            "k": k,
            "share": share,
            "found": found,
            "lift": found / share,
            "precision": hits[k - 1] / k,
        }
    )


def auc_interval(rows: pandas.DataFrame) -> tuple[float, float, float]:
    """AUC with its 95 % interval by DeLong's variance (DeLong et al. 1988), one row per entity.

    Returns:
        AUC, lower and upper limit; NaN where there is one outcome only.

    """
    import numpy as np
    from scipy.stats import rankdata

    up = rows.loc[rows["outcome"] == 1, "probability"].to_numpy()
    down = rows.loc[rows["outcome"] == 0, "probability"].to_numpy()
    m, n = len(up), len(down)
    if min(m, n) < 2:
        return float("nan"), float("nan"), float("nan")
    ranks = rankdata(np.concatenate([up, down]))
    placed_up = (ranks[:m] - rankdata(up)) / n  # share of negatives below each positive
    placed_down = 1 - (ranks[m:] - rankdata(down)) / m
    auc = float(placed_up.mean())
    spread = 1.96 * float(np.sqrt(placed_up.var(ddof=1) / m + placed_down.var(ddof=1) / n))
    return auc, max(0.0, auc - spread), min(1.0, auc + spread)
