"""How good the methods are, forward in time: what customers bought after an unseen cut-off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ml.recommend.history import History, history_before
from ml.recommend.methods import (
    Points,
    Setting,
    best_new,
    learn,
    neighbours,
    popular,
    popular_in_groups,
)
from ml.recommend.rhythm import likeliest_again

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

    from ml.recommend.facts import Facts
    from ml.recommend.spec import RecommendSpec

# The plain ones that a model must beat.
BASELINES: Final = ("popular", "popular_in_groups")


@dataclass(frozen=True)
class Tested:
    """What the methods hit.

    `new`: a row per customer and cut-off at which it bought something new: `customer, cutoff` and
    per method 0 or 1, for a hit among the first `hit_at`; `again`: likewise of all who ordered,
    `own` (what it ordered before) and `popular`. `plain` and `with_signals`: the settings in
    force, chosen on the latest cut-off; the latter None without signals.
    """

    new: pandas.DataFrame
    again: pandas.DataFrame
    plain: Setting
    with_signals: Setting | None


def cutoffs(facts: Facts, spec: RecommendSpec) -> list[int]:
    """Return the days on which the test looks ahead, the latest first; none: too short."""
    first = int(facts.bought["day"].min()) if len(facts.bought) else 0
    gate = spec.gate
    days = [facts.last_day + 1 - gate.horizon_days * fold for fold in range(1, gate.folds + 1)]
    return [day for day in days if day - first >= gate.learn_days]


def walk_forward(facts: Facts, spec: RecommendSpec, *, peers: bool = False) -> Tested:
    """Let every method recommend at past cut-offs, and look at what was bought after.

    The setting of EASE at a cut-off is the one that was best at the cut-off before it, so that
    nothing is chosen by what is then measured; at the oldest it is the first of the YAML.

    Args:
        facts: of all time.
        spec: whose gate and candidates hold.
        peers: whether item-kNN is tested too, for a benchmark.

    """
    import pandas as pd

    days = cutoffs(facts, spec)
    plain = Setting(spec.new.ridges[0])
    looked = plain if len(facts.looked) else None
    new, again = [], []
    for day in reversed(days):
        history = history_before(facts, spec, day)
        bought = _bought_after(history, spec)
        targets = _new_targets(history, bought)
        rows = _tested(targets, spec, day)
        methods: dict[str, Points] = {
            "popular": popular(history), "popular_in_groups": popular_in_groups(history),
        }  # fmt: skip
        if peers:
            methods["neighbours"] = neighbours(history)
        hits = {name: _hits(history, one, targets, rows, spec) for name, one in methods.items()}
        tried = _try_settings(history, targets, rows, spec)
        hits["ease"] = tried[plain]
        if looked:
            hits["ease_with_signals"] = tried[looked]
        new.append(pd.DataFrame({"customer": rows, "cutoff": day} | hits))
        again.append(_again(history, bought, spec))
        if len(rows):
            plain = _best(tried, signals=False)
            looked = _best(tried, signals=True) if looked else None
    return Tested(
        pd.concat(new, ignore_index=True) if new else pd.DataFrame(),
        pd.concat(again, ignore_index=True) if again else pd.DataFrame(),
        plain,
        looked,
    )


def hits_of(
    history: History, points: Points, spec: RecommendSpec
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return what another method hits after a history's cut-off, and the customers, for peers."""
    targets = _new_targets(history, _bought_after(history, spec))
    rows = _tested(targets, spec, history.cutoff)
    return _hits(history, points, targets, rows, spec), rows


def _bought_after(history: History, spec: RecommendSpec) -> pandas.DataFrame:
    """Return `customer, article` bought in the horizon by customers that were known before."""
    bought = history.facts.bought
    until = history.cutoff + spec.gate.horizon_days
    later = bought[
        (bought["day"] >= history.cutoff) & (bought["day"] < until) & (bought["quantity"] > 0)
    ]
    known = history.pairs.loc[history.pairs["is_kept"], "customer"].unique()
    found = later[later["customer"].isin(known)]
    return found[["customer", "article"]].drop_duplicates()


def _new_targets(history: History, bought: pandas.DataFrame) -> pandas.DataFrame:
    """Keep what the customer had never bought; what is never recommended is no target."""
    offered = bought[history.facts.is_offered[bought["article"].to_numpy(dtype=int)]]
    met = history.pairs[["customer", "article"]].assign(is_met=True)
    marked = offered.merge(met, on=["customer", "article"], how="left")
    new: pandas.DataFrame = marked.loc[marked["is_met"].isna(), ["customer", "article"]]
    return new


def _tested(targets: pandas.DataFrame, spec: RecommendSpec, day: int) -> NDArray[Any]:
    import numpy as np

    rows: NDArray[Any] = np.sort(targets["customer"].unique()).astype(int)
    if len(rows) > spec.gate.most_customers:
        drawn = np.random.default_rng(day).choice(rows, spec.gate.most_customers, replace=False)
        rows = np.sort(drawn)
    return rows


def _hits(
    history: History,
    points: Points,
    targets: pandas.DataFrame,
    rows: NDArray[Any],
    spec: RecommendSpec,
) -> NDArray[Any]:
    """Return 1 per customer for whom one of the first articles was bought, else 0."""
    import numpy as np

    wide = len(history.facts.articles)
    bought = np.sort((targets["customer"] * wide + targets["article"]).to_numpy(dtype=np.int64))
    if not len(rows) or not len(history.pool):
        return np.zeros(len(rows))
    found = []
    for batch, chosen, gained in best_new(history, points, rows, spec.gate.hit_at):
        keys = batch[:, None].astype(np.int64) * wide + history.pool[chosen]
        found.append((np.isin(keys, bought) & np.isfinite(gained)).any(axis=1))
    hits: NDArray[Any] = np.concatenate(found).astype(float)
    return hits


def _try_settings(
    history: History, targets: pandas.DataFrame, rows: NDArray[Any], spec: RecommendSpec
) -> dict[Setting, NDArray[Any]]:
    weights = [0.0, *(spec.new.signal_weights if len(history.topics) else ())]
    settings = [Setting(ridge, weight) for ridge in spec.new.ridges for weight in weights]
    tried = {
        one: _hits(history, learn(history, spec, one).points, targets, rows, spec)
        for one in settings
    }
    # at a cut-off before the first look a setting with signals is the same as without
    for ridge in spec.new.ridges:
        for weight in spec.new.signal_weights:
            tried.setdefault(Setting(ridge, weight), tried[Setting(ridge)])
    return tried


def _best(tried: dict[Setting, NDArray[Any]], *, signals: bool) -> Setting:
    """Choose the setting with the most hits; of equals the earlier one, without looks."""
    allowed = [one for one in tried if signals or not one.weight]
    return max(allowed, key=lambda one: (tried[one].mean(), -one.weight, -allowed.index(one)))


def _again(history: History, bought: pandas.DataFrame, spec: RecommendSpec) -> pandas.DataFrame:
    """Compare what each customer ordered before with what all buy most, among all who ordered."""
    import numpy as np
    import pandas as pd

    rows = _tested(bought, spec, history.cutoff)
    wide = len(history.facts.articles)
    keys = set((bought["customer"].astype(np.int64) * wide + bought["article"]).tolist())
    own = likeliest_again(history.pairs, spec.gate.hit_at)
    own = own.assign(
        hit=[
            int(c) * wide + int(a) in keys
            for c, a in zip(own["customer"], own["article"], strict=True)
        ]
    )
    by_customer = own.groupby("customer")["hit"].any()
    top = [int(one) for one in history.pool[: spec.gate.hit_at]]
    return pd.DataFrame(
        {
            "customer": rows,
            "cutoff": history.cutoff,
            "own": [float(by_customer.get(row, False)) for row in rows.tolist()],
            "popular": [
                float(any(row * wide + one in keys for one in top)) for row in rows.tolist()
            ],
        }
    )
