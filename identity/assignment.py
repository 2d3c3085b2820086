"""Two lists that each name a firm once: who is the best for whom, and how much that is worth.

In such lists a record has one partner in the other list at most. So of all ways to pair them the
likeliest is taken as a whole (assignment), and a pair in it is worth more than its own likeness
says. How much more, the lists tell: the best that a record finds in its *own* list is a stranger
for sure, so these pairs show how alike strangers are that are best for each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from config import read_yaml
from identity.clusters import MIN_MEAN_PROBABILITY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from identity.pairs import Pairs

    Numbers = NDArray[np.float64]

RULES_FILE = Path(__file__).with_name("assignment.yml")
FLOOR = 1e-9  # probabilities beyond it and its counterpart are all the same here


@cache
def rules() -> dict[str, float]:
    """Read the figures of `assignment.yml`."""
    return {name: float(value) for name, value in read_yaml(RULES_FILE).items()}


def best_for_both(pairs: Pairs, probability: Numbers) -> Numbers:
    """Raise pairs that are the best for both between lists that name each firm once.

    And lower their rivals: if a is b with odds o and c with odds r, being b excludes being c, and
    both are otherwise independent, a is b with o / (1 + o + r).

    Args:
        pairs: the compared pairs.
        probability: of each pair.

    Returns:
        The probabilities; as they were where a list repeats itself, or too few pairs tell.

    """
    import numpy as np

    odds = np.clip(probability, FLOOR, 1 - FLOOR)
    odds /= 1 - odds
    found = probability.copy()
    for between, within in _lists(pairs, probability):
        chosen = between[_assign(pairs, odds, between)]
        strangers = within[_is_best(pairs, odds, within)]
        if len(chosen) < rules()["at_least_pairs"]:
            continue
        share = _not_by_chance(np.log2(odds[chosen]), np.log2(odds[strangers]))
        found[chosen] = np.maximum(probability[chosen], share)
        rival = np.zeros(pairs.records)
        for ends in (pairs.left, pairs.right):
            rival[ends[chosen]] = found[chosen] / np.maximum(1 - found[chosen], FLOOR)
        rest = np.setdiff1d(between, chosen)
        others = np.maximum(rival[pairs.left[rest]], rival[pairs.right[rest]])
        found[rest] = odds[rest] / (1 + odds[rest] + others)
    return found


def _lists(
    pairs: Pairs, probability: Numbers
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield per two lists that name a firm once the pairs between them, and those within them."""
    import numpy as np

    size = np.bincount(pairs.source)
    left, right = pairs.source[pairs.left], pairs.source[pairs.right]
    is_own = left == right
    joined = left[is_own & (probability >= MIN_MEAN_PROBABILITY)]
    repeated = np.bincount(joined, minlength=len(size))
    once = np.flatnonzero(repeated <= rules()["once"] * size)
    for one, other in combinations(once.tolist(), 2):
        between = np.flatnonzero(
            (np.minimum(left, right) == one) & (np.maximum(left, right) == other)
        )
        if probability[between].sum() >= rules()["at_least_pairs"]:
            yield between, np.flatnonzero(is_own & np.isin(left, (one, other)))


def _assign(pairs: Pairs, odds: Numbers, between: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choose the pairs that are likeliest together, each record in one of them at most.

    The sum of log odds over those of the floor is highest. A record may stay alone: each has a
    partner of its own that gains nothing.
    """
    import numpy as np
    from scipy.sparse import coo_matrix  # type: ignore[import-untyped]
    from scipy.sparse.csgraph import (  # type: ignore[import-untyped]
        min_weight_full_bipartite_matching,
    )

    is_first = pairs.source[pairs.left[between]] < pairs.source[pairs.right[between]]
    one = np.where(is_first, pairs.left[between], pairs.right[between])
    other = np.where(is_first, pairs.right[between], pairs.left[between])
    ones, row = np.unique(one, return_inverse=True)
    others, column = np.unique(other, return_inverse=True)
    gain = np.log2(odds[between] / FLOOR)
    alone = np.arange(len(ones))
    cost = np.concatenate([gain.max() + 1 - gain, np.full(len(ones), gain.max() + 1)])
    rows, columns = np.concatenate([row, alone]), np.concatenate([column, len(others) + alone])
    shape = len(ones), len(others) + len(ones)
    matrix = coo_matrix((cost, (rows, columns)), shape=shape).tocsr()
    matched_row, matched_column = min_weight_full_bipartite_matching(matrix)
    partner = np.full(len(ones), -1)
    partner[matched_row] = matched_column
    chosen: NDArray[np.int64] = np.flatnonzero(partner[row] == column)
    return chosen


def _is_best(pairs: Pairs, odds: Numbers, which: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a pair is the likeliest for both of its records."""
    import numpy as np

    best = np.zeros(pairs.records)
    for ends in (pairs.left, pairs.right):
        np.maximum.at(best, ends[which], odds[which])
    is_best: NDArray[np.bool_] = (odds[which] >= best[pairs.left[which]]) & (
        odds[which] >= best[pairs.right[which]]
    )
    return is_best


def _not_by_chance(chosen: Numbers, strangers: Numbers) -> Numbers:
    """Per chosen pair the share of pairs as likely as it that are not there by chance.

    As many of the chosen pairs as there are such strangers are by chance, at any likeness (target
    and decoy: Elias and Gygi 2007, Nature Methods 4, 207), and one more, since few pairs may show
    none; isotonic, since a likelier pair is no less often right.
    """
    import numpy as np
    from sklearn.isotonic import IsotonicRegression

    score = np.concatenate([chosen, strangers])
    is_chosen = np.repeat([1.0, 0.0], [len(chosen), len(strangers)])
    share = IsotonicRegression().fit_transform(score, is_chosen)
    _, step = np.unique(share, return_inverse=True)
    size = np.bincount(step)
    right = np.bincount(step, is_chosen)
    by_chance = rules()["strangers_between"] * (size - right + 1) / np.maximum(right, FLOOR)
    return np.clip(1 - by_chance, 0.0, rules()["at_most"])[step[: len(chosen)]]
