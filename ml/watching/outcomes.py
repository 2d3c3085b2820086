"""How good the scores turned out to be, from what has happened since; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml.registry import curves
from ml.specs.sections import Watching

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Figure:
    """One measure with its 95 % interval; `value` is None where there is too little to say.

    `expected` is what training promised; `note` one of `FEW, WORSE, OFF` or empty.
    """

    measure: str
    value: float | None
    low: float | None
    high: float | None
    expected: float | None
    n: int
    p_value: float | None = None
    is_alarm: bool = False
    note: str = ""


# Too few outcomes are known; worse than training promised, or promises that do not come true, both
# by more than chance.
FEW, WORSE, OFF = "few", "worse", "off"


def newest_each(rows: pandas.DataFrame) -> pandas.DataFrame:
    """Keep the newest known outcome per entity: its weeks are not independent of each other."""
    return rows.sort_values(["night", "entity_id"]).drop_duplicates("entity_id", keep="last")


def judge(rows: pandas.DataFrame, promised: dict[str, float], rules: Watching) -> Iterator[Figure]:
    """Measure what was said against what happened.

    Args:
        rows: `entity_id, night, probability` (NaN for rules), `points, band, outcome`.
        promised: measures of the training (`auc, auc_low, auc_high`); empty for rules.
        rules: how many outcomes a judgement needs.

    """
    rows = newest_each(rows)
    hits = int(rows["outcome"].sum())
    few = min(hits, len(rows) - hits) < rules.least_outcomes
    yield _auc(rows, promised, rules, few=few)
    if rows["probability"].notna().all() and len(rows):
        yield _calibration(rows, rules, few=few)
    for band in ("high", "low"):
        yield _share(rows[rows["band"] == band], f"share_{band}", rules)


def _auc(
    rows: pandas.DataFrame, promised: dict[str, float], rules: Watching, *, few: bool
) -> Figure:
    from scipy.stats import norm  # type: ignore[import-untyped]

    scored = rows.assign(
        probability=rows["points"].where(rows["probability"].isna(), rows["probability"])
    )
    auc, low, high = curves.auc_interval(scored)
    expected = promised.get("auc")
    if few or auc != auc:
        return Figure("auc", None, None, None, expected, len(rows), note=FEW)
    worse = False
    if expected is not None:
        # Limits lie 1.96 standard errors off. Measured on different rows, the variances add.
        errors = (promised.get("auc_high", expected) - expected) / 1.96, (high - low) / 2 / 1.96
        least = float(norm.isf(rules.alarm_rate)) * (errors[0] ** 2 + errors[1] ** 2) ** 0.5
        worse = expected - auc > least
    note = WORSE if worse else ""
    return Figure("auc", auc, low, high, expected, len(rows), is_alarm=worse, note=note)


def _calibration(rows: pandas.DataFrame, rules: Watching, *, few: bool) -> Figure:
    """Mean promise against the share that came true; tested by Spiegelhalter's z (1986).

    With p the promise and y the outcome, the sum of (y - p)(1 - 2p) has the variance
    sum of (1 - 2p)^2 p (1 - p) if all promises are right. The mean alone is tested as well, since
    promises around one half escape the first; the smaller p-value counts twice.
    """
    import numpy as np
    from scipy.stats import norm

    p = rows["probability"].to_numpy().clip(1e-6, 1 - 1e-6)
    y = rows["outcome"].to_numpy()
    spread = p * (1 - p)
    tests = [
        ((y - p) * (1 - 2 * p)).sum() / np.sqrt(((1 - 2 * p) ** 2 * spread).sum()),
        (y - p).sum() / np.sqrt(spread.sum()),
    ]
    chance = min(1.0, 2 * min(float(2 * norm.sf(abs(z))) for z in tests))
    error = float(1.96 * np.sqrt(spread.sum()) / len(y))
    gap = float(y.mean() - p.mean())
    off = not few and chance < rules.alarm_rate
    note = FEW if few else OFF if off else ""
    return Figure("calibration", gap, gap - error, gap + error, 0.0, len(y), chance, off, note)


def _share(rows: pandas.DataFrame, measure: str, rules: Watching) -> Figure:
    """Share of a band to whom it happened, with Wilson's interval."""
    from scipy.stats import binomtest

    if len(rows) < rules.least_outcomes:
        return Figure(measure, None, None, None, None, len(rows), note=FEW)
    hits = int(rows["outcome"].sum())
    interval = binomtest(hits, len(rows)).proportion_ci(method="wilson")
    share = hits / len(rows)
    return Figure(measure, share, float(interval.low), float(interval.high), None, len(rows))
