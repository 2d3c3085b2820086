"""What a model's inputs and scores looked like while it learnt: what later nights are held to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

    from ml.learning.candidates import Candidate

SCORE = ""  # stands for the score itself among the names of the features
# More values show a shape no better and make the file large; kept evenly from lowest to highest.
MOST_VALUES = 1000
CUTOFFS = 12  # a year of months: what is usual includes the seasons


def make_reference(
    candidate: Candidate, frame: pandas.DataFrame, inputs: pandas.DataFrame
) -> dict[str, dict[str, Any]]:
    """Describe each input and the score by one row per entity, and how much it moves by itself.

    Args:
        candidate: with its predictions of unseen rows.
        frame: the rows learnt from, with `entity_id` and `cutoff` if it has them.
        inputs: the same rows as typed inputs.

    Returns:
        Per feature, and for the score under `SCORE`: `values` (numbers, sorted, without missing
        ones) or `counts` (rows per category), `missing` and `rows` (numbers of rows), and `usual`:
        the greatest distance (`distance`) of a cut-off from what a model of that time would have
        learnt from. No row of anybody can be made of it.

    """
    import pandas as pd

    columns = inputs[list(candidate.features)].copy()
    keys = pd.DataFrame({"entity_id": frame.get("entity_id", pd.Series(frame.index, frame.index))})
    has_days = "cutoff" in frame
    keys["cutoff"] = pd.to_datetime(frame["cutoff"]) if has_days else pd.Timestamp(0)
    spec = candidate.spec
    horizon = spec.snapshots.horizon_days if spec.snapshots else 0
    reference = {str(name): _described(columns[name], keys, horizon) for name in columns}
    tested = candidate.tested.drop_duplicates("row")
    tested_keys = tested[["entity_id"]].assign(
        cutoff=pd.to_datetime(tested["cutoff"]) if "cutoff" in tested else pd.Timestamp(0)
    )
    reference[SCORE] = _described(tested["probability"], tested_keys, 0)
    return reference


def summary(values: pandas.Series[Any]) -> dict[str, Any]:
    """Describe one column: sorted numbers or counts of categories, missing values apart."""
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(values):
        counts = values.value_counts()
        return {"counts": {str(k): int(n) for k, n in counts.items()}, "missing": 0,
                "rows": len(values)}  # fmt: skip
    present = values.dropna().sort_values().to_numpy()
    return {
        "values": present,
        "missing": len(values) - len(present),
        "rows": len(values),
    }


def distance(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Share of entities (0 to 1) that would have to change for two columns to look alike.

    Numbers: the greatest gap between the two cumulative shares (Kolmogorov and Smirnov), or the
    gap between the shares of missing values if that is greater; categories: half the sum of the
    gaps (total variation).
    """
    import numpy as np

    if not one["rows"] or not other["rows"]:
        return 0.0
    if "counts" in one:
        names = set(one["counts"]) | set(other["counts"])
        gaps = [
            abs(one["counts"].get(n, 0) / one["rows"] - other["counts"].get(n, 0) / other["rows"])
            for n in names
        ]
        return float(sum(gaps) / 2)
    missing = abs(one["missing"] / one["rows"] - other["missing"] / other["rows"])
    a, b = np.asarray(one["values"]), np.asarray(other["values"])
    if not len(a) or not len(b):
        return float(missing)
    at = np.union1d(a, b)
    gap = np.abs(
        np.searchsorted(a, at, "right") / len(a) - np.searchsorted(b, at, "right") / len(b)
    ).max()
    return float(max(gap, missing))


def _described(
    values: pandas.Series[Any], keys: pandas.DataFrame, horizon_days: int
) -> dict[str, Any]:
    described = summary(values[_one_each(keys)])
    if "values" in described:
        described["values"] = _thinned(described["values"])
    usual = [distance(then, before) for then, before in _cutoffs(values, keys, horizon_days)]
    return described | {"usual": max(usual, default=0.0)}


def _one_each(keys: pandas.DataFrame) -> pandas.Series[bool]:
    """Choose one row per entity at random, but always the same: its rows are not independent."""
    shuffled = keys.sample(frac=1, random_state=0)
    return ~shuffled["entity_id"].duplicated().reindex(keys.index)


def _thinned(values: NDArray[Any]) -> list[float]:
    import numpy as np

    at = np.linspace(0, len(values) - 1, min(len(values), MOST_VALUES)).round().astype(int)
    return [float(value) for value in values[at]]


def _cutoffs(
    values: pandas.Series[Any], keys: pandas.DataFrame, horizon_days: int
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield the latest cut-offs, each with the rows known by then, one per entity."""
    import pandas as pd

    days = keys["cutoff"]
    for day in sorted(days.unique())[-CUTOFFS:]:
        earlier = days + pd.Timedelta(days=horizon_days) <= day
        if horizon_days == 0:
            earlier = days != day
        if earlier.any():
            yield summary(values[days == day]), summary(values[earlier][_one_each(keys[earlier])])
