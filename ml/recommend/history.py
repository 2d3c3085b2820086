"""What was known before a cut-off: who buys what, in what rhythm, and which articles are alive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    from ml.recommend.facts import Facts
    from ml.recommend.spec import New, RecommendSpec


@dataclass(frozen=True)
class History:
    """All that was known before a day.

    `pairs`: a row per customer and article bought or sent back: `customer, article, orders` (days),
    `first, last` (day), `gap` (median days between two; NaN below two gaps), `is_kept` (not all of
    it was sent back), `buyers` (customers that kept the article). `pool`: the articles of the
    model, the most bought ones first; `buyers` how many customers each has; `too_many` that were
    left out beyond `most_articles`. `is_alive`: per article of all, whether it was ordered lately
    enough. `topics`: of the model.
    """

    facts: Facts
    cutoff: int
    pairs: pandas.DataFrame
    pool: NDArray[Any]
    buyers: NDArray[Any]
    too_many: int
    is_alive: NDArray[Any]
    topics: NDArray[Any]

    def owned(self) -> csr_matrix:
        """Return customers × articles of the model: 1 where the customer kept some."""
        kept = self.pairs[self.pairs["is_kept"]]
        return _ones(
            kept["customer"], kept["article"], self.pool, len(self.facts.customers),
            len(self.facts.articles),
        )  # fmt: skip

    def known(self) -> csr_matrix:
        """Return customers × articles of the model: 1 where it is not new, or was called wrong."""
        import pandas as pd

        met = pd.concat([self.pairs[["customer", "article"]], self.facts.rejected])
        return _ones(
            met["customer"], met["article"], self.pool, len(self.facts.customers),
            len(self.facts.articles),
        )  # fmt: skip

    def seen(self, days: int) -> csr_matrix:
        """Return customers × topics of the model: 1 where somebody looked in the last `days`."""
        looked = self.facts.looked
        lately = looked[(looked["day"] < self.cutoff) & (looked["day"] >= self.cutoff - days)]
        return _ones(
            lately["customer"], lately["topic"], self.topics, len(self.facts.customers),
            len(self.facts.topics),
        )  # fmt: skip

    def may_be_new(self) -> NDArray[Any]:
        """Per article of the model, whether it may be recommended to those who never bought it."""
        allowed: NDArray[Any] = self.facts.is_offered[self.pool] & self.is_alive[self.pool]
        return allowed


def history_before(facts: Facts, spec: RecommendSpec, cutoff: int) -> History:
    """Look at what was bought before a day (days since 1970).

    Args:
        facts: of all time.
        spec: whose thresholds hold.
        cutoff: the first day that is not known.

    """
    import numpy as np

    bought = facts.bought[facts.bought["day"] < cutoff]
    pairs = _pairs(bought)
    kept = pairs[pairs["is_kept"]]
    counts = np.bincount(kept["article"], minlength=len(facts.articles))
    common = np.flatnonzero(counts >= spec.new.least_customers)
    pairs["buyers"] = counts[pairs["article"].to_numpy(dtype=int)]
    order = common[np.lexsort((common, -counts[common]))]
    pool = order[: spec.new.most_articles]
    return History(
        facts,
        cutoff,
        pairs,
        pool,
        counts[pool],
        len(order) - len(pool),
        _alive(bought, len(facts.articles), cutoff, spec.new),
        _common_topics(facts, cutoff, spec.new),
    )


def _pairs(bought: pandas.DataFrame) -> pandas.DataFrame:
    """Sum up the purchases per customer and article; those sent back are no purchases."""
    import numpy as np

    keys = ["customer", "article"]
    ordered = bought[bought["quantity"] > 0]
    by_pair = ordered.groupby(keys, sort=True)["day"]
    found = by_pair.agg(orders="size", first="min", last="max").reset_index()
    gaps = by_pair.diff()
    medians = gaps.groupby([ordered[key] for key in keys]).median()
    found["gap"] = np.where(found["orders"] >= 3, medians.to_numpy(), np.nan)
    net = bought.groupby(keys, sort=True)["quantity"].sum().reset_index()
    merged = net.merge(found, on=keys, how="left")
    merged["is_kept"] = (merged["quantity"] > 0) & merged["orders"].notna()
    merged["orders"] = merged["orders"].fillna(0).astype(int)
    return merged.drop(columns="quantity")


def _alive(bought: pandas.DataFrame, articles: int, cutoff: int, new: New) -> NDArray[Any]:
    """Tell articles that people still order: their silence is usual for them, or short."""
    import numpy as np

    days = bought.loc[bought["quantity"] > 0, ["article", "day"]].drop_duplicates()
    days = days.sort_values(["article", "day"])
    by_article = days.groupby("article")["day"]
    last, usual = np.full(articles, -np.inf), np.zeros(articles)
    latest, gaps = by_article.max(), by_article.diff().groupby(days["article"]).median()
    last[latest.index], usual[gaps.index] = latest, gaps.fillna(0)
    silent = cutoff - last
    alive: NDArray[Any] = silent <= np.maximum(new.discontinued_days, new.discontinued_gaps * usual)
    return alive


def _common_topics(facts: Facts, cutoff: int, new: New) -> NDArray[Any]:
    import numpy as np

    looked = facts.looked
    lately = looked[(looked["day"] < cutoff) & (looked["day"] >= cutoff - new.signal_days)]
    firms = lately.drop_duplicates(["customer", "topic"])
    visitors = np.bincount(firms["topic"].astype(int), minlength=len(facts.topics))
    common: NDArray[Any] = np.flatnonzero(visitors >= new.least_visitors)
    return common


def _ones(
    customers: pandas.Series[Any],
    chosen: pandas.Series[Any],
    columns: NDArray[Any],
    height: int,
    width: int,
) -> csr_matrix:
    """Make a matrix of zeros and ones whose columns are a choice of all, in the order of choice."""
    import numpy as np
    from scipy.sparse import csr_matrix

    at = np.full(width, -1)
    at[columns] = np.arange(len(columns))
    column = at[chosen.to_numpy(dtype=int)]
    rows = customers.to_numpy(dtype=int)[column >= 0]
    column = column[column >= 0]
    made = csr_matrix(
        (np.ones(len(rows), dtype=np.float32), (rows, column)), shape=(height, len(columns))
    )
    made.data[:] = 1  # what came twice was added up
    made.sum_duplicates()
    made.data = np.minimum(made.data, 1)
    return made
