"""Ways to rank the articles that are new to a customer; each gives points for many customers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ml.recommend import ease

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ml.recommend.history import History
    from ml.recommend.spec import RecommendSpec

# Customers (their positions) -> customers × articles of the model.
Points = Callable[["NDArray[Any]"], "NDArray[Any]"]
_BATCH: Final = 2000  # customers at a time: 2,000 × 3,000 points take 24 MB


@dataclass(frozen=True)
class Setting:
    """What is chosen for EASE: the ridge, and how much a look counts beside a purchase."""

    ridge: float
    weight: float = 0.0


@dataclass(frozen=True)
class Learnt:
    """EASE as of a cut-off: `weights` columns × columns, articles first, then topics."""

    weights: NDArray[Any]
    articles: int
    points: Points


def learn(history: History, spec: RecommendSpec, setting: Setting) -> Learnt:
    """Learn what goes with what from all that was known before the cut-off."""
    from scipy.sparse import csr_matrix, hstack  # type: ignore[import-untyped]

    table = history.owned()
    articles = table.shape[1]
    if setting.weight and len(history.topics):
        looked = history.seen(spec.new.signal_days) * setting.weight
        table = csr_matrix(hstack([table, looked]))
    weights = ease.fit(table, setting.ridge)
    told = weights[:, :articles]
    return Learnt(weights, articles, lambda rows: table[rows] @ told)


def popular(history: History) -> Points:
    """Rank by how many customers buy an article: the plain baseline."""
    import numpy as np

    counts = history.buyers.astype(np.float32)
    return lambda rows: np.broadcast_to(counts, (len(rows), len(counts)))


def popular_in_groups(history: History) -> Points:
    """Rank by how many buy it, within the product groups from which the customer buys.

    A group counts by its share in the customer's articles.
    """
    import numpy as np

    owned = history.owned()
    groups, of_article = np.unique(
        history.facts.groups[history.pool].astype(str), return_inverse=True
    )
    belongs = (of_article[:, None] == np.arange(len(groups))).astype(np.float32)
    counts = history.buyers.astype(np.float32)

    def points(rows: NDArray[Any]) -> NDArray[Any]:
        shares = owned[rows] @ belongs
        shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1)
        ranked: NDArray[Any] = shares[:, of_article] * counts
        return ranked

    return points


def neighbours(history: History) -> Points:
    """Rank by item-kNN with cosines, a peer in the benchmark."""
    owned = history.owned()
    weights = ease.neighbours(owned)
    return lambda rows: owned[rows] @ weights


def best_new(
    history: History, points: Points, rows: NDArray[Any], count: int
) -> Iterator[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """Yield, for a batch of customers at a time, the best articles that are new to them.

    Args:
        history: says which are new, offered and alive.
        points: of a method.
        rows: positions of the customers.
        count: how many articles.

    Returns:
        Positions of the customers; customers × count positions in `history.pool`, the best first;
        their points, −inf where there is nothing (more) to recommend.

    """
    import numpy as np

    known, allowed = history.known(), history.may_be_new()
    count = min(count, len(history.pool))
    for begin in range(0, len(rows), _BATCH):
        batch = rows[begin : begin + _BATCH]
        ranked = np.array(points(batch), dtype=np.float32)
        ranked[:, ~allowed] = -np.inf
        ranked[known[batch].toarray() > 0] = -np.inf
        ranked[ranked <= 0] = -np.inf  # nothing speaks for it
        chosen = np.argpartition(-ranked, count - 1, axis=1)[:, :count]
        chosen.sort(axis=1)  # of equals the more popular one goes first
        found = np.take_along_axis(ranked, chosen, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        yield batch, np.take_along_axis(chosen, order, axis=1), np.take_along_axis(found, order, 1)
