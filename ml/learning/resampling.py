"""How far a figure would move with other entities: the bootstrap over whole entities.

Snapshots of one customer are not independent, so entities are drawn with replacement, each with all
its rows (Field and Welsh 2007, cluster bootstrap). Two models are compared on the same draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Measure = Callable[["NDArray[Any]"], "NDArray[Any]"]
_Cumulated = Callable[["NDArray[Any]"], "tuple[NDArray[Any], NDArray[Any]]"]
_SEED = 0  # the same table must pass or fail each time
_CHUNK = 10_000_000  # weights held at once: 80 MB


@dataclass(frozen=True)
class Draws:
    """Draws of entities with replacement.

    `code`: per row the number of its entity, from 0; `count`: how many draws.
    """

    code: NDArray[Any]
    count: int

    @classmethod
    def of(cls, entities: NDArray[Any], count: int) -> Draws:
        """Draw the entities of the rows `count` times."""
        import pandas as pd

        return cls(pd.factorize(entities)[0], count)

    def of_mean(self, values: NDArray[Any]) -> NDArray[Any]:
        """Mean of a value per row, in each draw."""
        import numpy as np

        # Sums per entity first: their draws are small, however many rows there are.
        sums = np.bincount(self.code, values)
        rows = np.bincount(self.code).astype(float)
        return np.concatenate([(w @ sums) / (w @ rows) for w in self.weights()])

    def of_precision(self, outcomes: NDArray[Any], scores: NDArray[Any]) -> NDArray[Any]:
        """Average precision in each draw; NaN without a positive."""
        return self._of_rows(_weighted_precision(outcomes, scores))

    def of_auc(self, outcomes: NDArray[Any], scores: NDArray[Any]) -> NDArray[Any]:
        """AUC in each draw; NaN without both outcomes."""
        return self._of_rows(_weighted_auc(outcomes, scores))

    def _of_rows(self, measure: _Measure) -> NDArray[Any]:
        import numpy as np

        chunks = self.weights(len(self.code))
        return np.concatenate([measure(weights[:, self.code]) for weights in chunks])

    def weights(self, width: int = 0) -> list[NDArray[Any]]:
        """How often each entity was drawn: draws x entities, in chunks that fit into memory."""
        import numpy as np

        entities = int(self.code.max()) + 1
        random = np.random.default_rng(_SEED)
        step = max(1, _CHUNK // max(width, entities))
        sizes = [min(step, self.count - start) for start in range(0, self.count, step)]
        shares = np.full(entities, 1 / entities)
        return [random.multinomial(entities, shares, size).astype(float) for size in sizes]


def average_precision(outcomes: NDArray[Any], scores: NDArray[Any]) -> float:
    """Mean share of positives above each positive; rows of equal score stand on one place."""
    import numpy as np

    return float(_weighted_precision(outcomes, scores)(np.ones((1, len(outcomes))))[0])


def auc(outcomes: NDArray[Any], scores: NDArray[Any]) -> float:
    """Chance that a positive lies above a negative, ties by half."""
    import numpy as np

    return float(_weighted_auc(outcomes, scores)(np.ones((1, len(outcomes))))[0])


def interval(values: NDArray[Any], confidence: float) -> tuple[float, float]:
    """Percentile interval of a figure over the draws (Efron and Tibshirani 1993, chapter 13)."""
    import numpy as np

    tail = (1 - confidence) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return float(low), float(high)


def _cumulate(outcomes: NDArray[Any], scores: NDArray[Any]) -> _Cumulated:
    """Sort once, highest score first; rows of equal score stand on one place.

    Returns:
        A function of weights (draws x rows): weight of the positives and of all rows down to each
        place (draws x places).

    """
    import numpy as np

    order = np.argsort(-scores, kind="stable")
    positive = outcomes[order]
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))

    def cumulated(weights: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        ordered = weights[:, order]
        return (
            np.cumsum(ordered * positive, axis=1)[:, ends],
            np.cumsum(ordered, axis=1)[:, ends],
        )

    return cumulated


def _weighted_precision(outcomes: NDArray[Any], scores: NDArray[Any]) -> _Measure:
    import numpy as np

    cumulated = _cumulate(outcomes, scores)

    def measure(weights: NDArray[Any]) -> NDArray[Any]:
        hits, above = cumulated(weights)
        gained = np.diff(hits, axis=1, prepend=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.where(above > 0, hits / above, 0.0)
            return np.asarray((precision * gained).sum(axis=1) / hits[:, -1])

    return measure


def _weighted_auc(outcomes: NDArray[Any], scores: NDArray[Any]) -> _Measure:
    import numpy as np

    cumulated = _cumulate(outcomes, scores)

    def measure(weights: NDArray[Any]) -> NDArray[Any]:
        hits, above = cumulated(weights)
        missed = above - hits
        lost = np.diff(
            missed, axis=1, prepend=0
        )  # a negative on each place loses to the hits above
        tied = np.diff(hits, axis=1, prepend=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            won = (lost * (hits - tied / 2)).sum(axis=1)
            return np.asarray(won / hits[:, -1] / missed[:, -1])

    return measure
