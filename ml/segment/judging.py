"""Whether clusters are good enough to be used: large, stable, and worth more than the groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from config.language import _
from ml.judging.gate import Finding
from ml.segment.clusters import Fit, TooFewError, fit_clusters
from ml.segment.spec import Behaviour

if TYPE_CHECKING:
    import numpy as np
    import pandas
    from numpy.typing import NDArray

RESAMPLES: Final = 500  # the bounds of a 95 % interval then vary by a hundredth of its width


def judge_stability(fit: Fit, behaviour: Behaviour) -> Finding:
    """Hold the stability of the chosen number of clusters against the least one."""
    found = fit.stability[fit.clusters] or 0.0
    others = ", ".join(
        f"{k}: {value:.2f}" for k, value in fit.stability.items() if value is not None
    )
    told = _(
        "{count} segments, stability {found:.2f} ({others}; at least {least:.2f} is asked for)"
    ).format(count=fit.clusters, found=found, others=others, least=behaviour.gate.stability)
    return Finding("stability", found >= behaviour.gate.stability, told)


def judge_worth(
    table: pandas.DataFrame,
    shares: pandas.DataFrame,
    outcome: pandas.Series[float],
    groups: Mapping[str, str],
    behaviour: Behaviour,
) -> Finding:
    """Ask which tells more of what customers did next: clusters of that day, or the groups.

    Args:
        table: traits as of a day whose `outcome.days` are over.
        shares: interests as of that day.
        outcome: what each customer did from that day on; who is missing did nothing.
        groups: the group of each customer.
        behaviour: how to cluster.

    """
    import numpy as np

    try:
        fit = fit_clusters(table, shares, behaviour)
    except TooFewError:
        told = _("{days} days ago there were too few customers to form segments").format(
            days=behaviour.outcome.days
        )
        return Finding("rules", False, told)
    amounts = np.log1p(outcome.reindex(table.index).fillna(0.0).clip(lower=0).to_numpy(dtype=float))
    grouped = np.unique([groups.get(str(one), "") for one in table.index], return_inverse=True)[1]
    clusters, baseline = explained(amounts, fit.labels), explained(amounts, grouped)
    random = np.random.default_rng(0)
    gains = []
    for _draw in range(RESAMPLES):
        rows = random.integers(0, len(amounts), len(amounts))
        gains.append(
            explained(amounts[rows], fit.labels[rows]) - explained(amounts[rows], grouped[rows])
        )
    low = float(np.quantile(gains, (1 - behaviour.gate.confidence) / 2))
    told = _(
        "of what customers spent in the next {days} days they tell {clusters:.0%}, the groups of"
        " the same attributes {groups:.0%} (gain surely above {low:.0%})"
    ).format(
        days=behaviour.outcome.days,
        clusters=max(clusters, 0),
        groups=max(baseline, 0),
        low=low,
    )
    return Finding("rules", low > 0, told)


def explained(values: NDArray[np.float64], labels: NDArray[np.intp]) -> float:
    """Share of the variance between the segments, without what chance alone gives (epsilon²).

    Kelley 1935; with many small groups the plain share (eta²) is large by chance.
    """
    import numpy as np

    total = float(((values - values.mean()) ** 2).sum())
    names, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if total == 0 or len(names) >= len(values):
        return 0.0
    means = np.bincount(places, weights=values) / counts
    within = float(((values - means[places]) ** 2).sum())
    return 1 - (within / (len(values) - len(names))) / (total / (len(values) - 1))


def judge_size(customers: int, behaviour: Behaviour) -> str:
    """Say that too few customers have bought; empty if they are enough."""
    least = behaviour.gate.customers
    if customers >= least:
        return ""
    told = _("{count} customers have bought lately, {least} are needed: the groups stay")
    return told.format(count=customers, least=least)
