"""Has the population moved away from what the model learnt from? Tests fit for few customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ml.learning.reference import distance, summary
from ml.specs.sections import Watching

if TYPE_CHECKING:
    import pandas

# Tables drawn for the permutation test of categories: the smallest p is 1 in so many.
DRAWS = 9999
_MOST_PATTERNS = 10_000  # above, the exact distribution takes long and is the asymptotic one anyway


@dataclass(frozen=True)
class Drift:
    """How far one column is from the reference.

    `distance` and `usual` are shares of entities (`ml.learning.reference.distance`); `p_value` is
    the chance of so much by luck, for this column alone; None where there are too few rows.
    """

    name: str
    distance: float
    usual: float
    p_value: float | None
    n: int
    is_alarm: bool


def find_drift(
    columns: Mapping[str, pandas.Series[Any]],
    reference: Mapping[str, Mapping[str, Any]],
    rules: Watching,
) -> list[Drift]:
    """Compare tonight's columns with those learnt from.

    There is an alarm only where three things hold: the difference is no luck (p, corrected for the
    number of tests after Holm 1979, is at most `alarm_rate`), it is large (`least_distance`), and
    `beyond_usual` times the greatest one between cut-offs while the model learnt. With fewer than
    `least_rows` on a side nothing is tested.

    Args:
        columns: typed inputs by name, one row per entity.
        reference: as `ml.learning.reference.make_reference` makes it.
        rules: the thresholds.

    """
    found: list[Drift] = []
    for name, then in reference.items():
        if name not in columns:
            continue
        now = summary(columns[name])
        few = min(now["rows"], then["rows"]) < rules.least_rows
        p = None if few else _p_value(now, then)
        found.append(
            Drift(name, distance(now, dict(then)), float(then["usual"]), p, now["rows"], False)
        )
    return _with_alarms(found, rules)


def _with_alarms(found: list[Drift], rules: Watching) -> list[Drift]:
    tested = sorted((d for d in found if d.p_value is not None), key=lambda d: d.p_value or 0.0)
    alarmed = set()
    for rank, drift in enumerate(tested):
        if (drift.p_value or 0.0) * (len(tested) - rank) > rules.alarm_rate:
            break
        if drift.distance > max(rules.least_distance, rules.beyond_usual * drift.usual):
            alarmed.add(drift.name)
    return [
        Drift(d.name, d.distance, d.usual, d.p_value, d.n, is_alarm=d.name in alarmed)
        for d in found
    ]


def _p_value(now: Mapping[str, Any], then: Mapping[str, Any]) -> float:
    """Numbers: Kolmogorov-Smirnov and Fisher's exact test of what is missing; else by permutation.

    The smaller of the two p-values counts twice (Bonferroni).
    """
    from scipy.stats import fisher_exact, ks_2samp  # type: ignore[import-untyped]

    if "counts" in now:
        return _permuted(now["counts"], then["counts"])
    table = [[d["missing"], d["rows"] - d["missing"]] for d in (now, then)]
    missing = float(fisher_exact(table).pvalue)
    if not len(now["values"]) or not len(then["values"]):
        return missing
    small = len(now["values"]) * len(then["values"]) <= _MOST_PATTERNS
    moved = ks_2samp(now["values"], then["values"], method="exact" if small else "asymp")
    return min(1.0, 2 * min(missing, float(moved.pvalue)))


def _permuted(now: Mapping[str, int], then: Mapping[str, int]) -> float:
    """Chance of a chi-square as large, all rows being dealt to the two sides by lot."""
    import numpy as np

    names = sorted(set(now) | set(then))
    observed = np.array([[side.get(name, 0) for name in names] for side in (now, then)])
    totals, size = observed.sum(axis=0), int(observed[0].sum())
    dealt = np.random.default_rng(0).multivariate_hypergeometric(
        totals, size, size=DRAWS, method="marginals"
    )
    expected = totals * size / totals.sum()

    def far(counts: Any) -> Any:  # noqa: ANN401 - one table or many
        return ((counts - expected) ** 2 / totals).sum(axis=-1)  # chi-square but for a constant

    worse = int((far(dealt) >= far(observed[0]) - 1e-9).sum())
    return (worse + 1) / (DRAWS + 1)
