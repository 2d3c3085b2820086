"""How likely two records are one customer: a Fellegi-Sunter model, estimated without labels.

Splink counts how often random pairs agree. The other parameters come from expectation maximisation
over all pairs of records at once; Splink's own training blocks on one column at a time and needs
more records than a small company has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from identity.pairs import Field, Pairs

# How many true pairs the prior m of a degree is worth: 10 records lean on it, 10,000 do not.
PRIOR_PAIRS = 50.0
MAX_ITERATIONS = 50
CONVERGED = 1e-4  # relative change of the expected number of true pairs


def estimate_probabilities(pairs: Pairs) -> NDArray[np.float64]:
    """Estimate for every compared pair the probability that it is one customer.

    Expectation maximisation of the model of Fellegi and Sunter (1969, A Theory for Record
    Linkage) over all pairs of records: pairs that were not compared count as different. In each
    round the m of a degree is its share of the expected true pairs (with the prior worth
    PRIOR_PAIRS), its u the share of the rest: what random pairs show less the true pairs among
    them. A degree about one value has that value's frequency as its u.
    """
    import numpy as np

    total = pairs.records * (pairs.records - 1) / 2
    expected = np.zeros(len(pairs.degrees))
    prior = 1 / pairs.records
    for _ in range(MAX_ITERATIONS):
        odds = np.full(len(pairs.degrees), np.log2(prior / (1 - prior)))
        for field, degree in zip(pairs.fields, pairs.degrees.T, strict=True):
            odds += weigh(field, degree, expected)
        log_odds = odds[pairs.pattern] + pairs.rarity
        probability: NDArray[np.float64] = 1 / (1 + np.exp2(-np.clip(log_odds, -60, 60)))
        before = expected.sum()
        expected = count_true_pairs(pairs, probability)
        prior = (expected.sum() + 1) / (total + 2)
        if abs(expected.sum() - before) <= CONVERGED * expected.sum():
            break
    return probability


def count_true_pairs(pairs: Pairs, probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Count per pattern of agreement the true pairs that are to be expected."""
    import numpy as np

    count = np.bincount(pairs.pattern, weights=probability, minlength=len(pairs.degrees))
    return count.astype(np.float64)


def weigh(
    field: Field, degree: NDArray[np.int8], expected: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weigh patterns of agreement in one comparison, log2(m / u); 0 where it is unknown.

    Args:
        field: the comparison.
        degree: per pattern its degree in it.
        expected: per pattern its true pairs, see `count_true_pairs`.

    Returns:
        The weights in bits. Those of degrees about one value lack its rarity, which differs from
        pair to pair and which `Pairs.rarity` has.

    """
    import numpy as np

    prior_m = np.array(field.comparison.prior_m)
    is_known = degree >= 0
    true_pairs = np.bincount(degree[is_known], weights=expected[is_known], minlength=len(prior_m))
    m = (true_pairs + PRIOR_PAIRS * prior_m) / (true_pairs.sum() + PRIOR_PAIRS)
    different = np.maximum(field.chance * field.known - true_pairs, 0) + 0.5
    u = different / different.sum()
    u[[n for n, level in enumerate(field.comparison.levels) if level.value]] = 1
    weight: NDArray[np.float64] = np.where(is_known, np.log2(m / u)[degree], 0.0)
    return weight
