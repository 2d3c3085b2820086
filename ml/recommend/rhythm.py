"""What a customer buys again and again, and when it is due by its own rhythm."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

    from ml.recommend.spec import Again


def likeliest_again(pairs: pandas.DataFrame, count: int) -> pandas.DataFrame:
    """Keep the articles that each customer will most likely order again.

    These are the ones ordered on the most days, weighed by the root of how many customers buy the
    article: of two that were ordered once, the staple comes again (docs/benchmarks.md: by orders
    alone .807, so weighed .863 of the customers order one of their first ten).
    """
    import numpy as np

    kept = pairs[pairs["is_kept"]]
    strength = kept["orders"] * np.sqrt(kept["buyers"])
    ranked = kept.assign(strength=strength).sort_values(
        ["customer", "strength", "last", "article"], ascending=[True, False, False, True]
    )
    return ranked.groupby("customer").head(count)


def due_again(pairs: pandas.DataFrame, again: Again, today: int, count: int) -> pandas.DataFrame:
    """Find what is due: the usual time since the last order is over, or nearly so.

    Who let `lapsed_after` such times pass has lapsed: a question for a salesperson, no reminder.

    Args:
        pairs: per customer and article, see `History`.
        again: thresholds.
        today: the day up to which the data reach.
        count: how many per customer at most, the likeliest first.

    Returns:
        The rows of `pairs` with `due` (day) and `rank` (from 1).

    """
    import numpy as np

    regular = pairs[pairs["is_kept"] & (pairs["orders"] >= again.least_orders)].copy()
    gap = np.maximum(regular["gap"].fillna(regular["last"] - regular["first"]), 1)
    regular["gap"] = np.rint(gap).astype(int)
    regular["due"] = regular["last"] + regular["gap"]
    silent = today - regular["last"]
    is_due = (regular["due"] <= today + again.soon_days) & (
        silent <= again.lapsed_after * regular["gap"]
    )
    # ordered a few days ago is not due, however short the rhythm
    is_due &= silent >= regular["gap"] / 2
    chosen = likeliest_again(regular[is_due], count)
    return chosen.assign(rank=chosen.groupby("customer").cumcount() + 1)
