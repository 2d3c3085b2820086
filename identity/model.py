"""How likely two records are one customer: a Fellegi-Sunter model, estimated without labels.

The plain model fails where fields depend on each other. A household shares address, telephone and
family name at once, so do the firms of a house: many fields agree, but they are one piece of
evidence. A customer that moved differs in street, postcode and city at once. Fasksen Backofenbau
and Fasksen Anlagenbau have similar names, domains and e-mail addresses at once. So a pair is one of
five: the same customer, the same one that moved, neighbours (who share a place like one customer,
but differ in given name, date of birth or number like any two records), namesakes (who are similar
in all that derives from the name, and otherwise like any two records), or strangers. So the
evidence of a shared place is limited by the number of neighbours, that of similar names by the
number of namesakes, and that of different places by how many customers move.

Splink counts how often random pairs agree. The other parameters come from expectation maximisation
over all pairs of records at once; Splink's own training blocks on one column at a time and needs
more records than a small company has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from identity.pairs import SURELY_ONE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from identity.comparisons import Comparison
    from identity.pairs import Field, Pairs

    Numbers = NDArray[np.float64]

# How many true pairs a prior is worth: 10 records lean on it, 10,000 do not.
PRIOR_PAIRS = 20.0
# How many pairs of one source, or of two, it takes to believe that they are one customer more or
# less often than all pairs are.
PRIOR_ORIGIN = 5.0
# How many pairs of neighbours the prior of similar names is worth: branches of one firm have more
# similar names than firms that only share a building.
PRIOR_NEIGHBOURS = 200.0
# How many pairs of namesakes the prior of their similarity is worth: half of them agree in the
# field like any two records, the other half are spread over its degrees of similarity.
PRIOR_NAMESAKES = 200.0
PRIOR_MOVED = 0.05  # share of true pairs
# Upper bound on the share of true pairs whose names have nothing in common. Without it the
# likeliest model of a town of a few streets is that all firms of a street are one customer.
MAX_UNLIKE = 0.1
ROUNDS = 2
MAX_ITERATIONS = 50
CONVERGED = 1e-4  # relative change of the expected number of true pairs
STEP = 0.25  # bits: pairs with the same pattern whose values are equally rare are counted as one
MAX_BITS = 255  # in steps


@dataclass(frozen=True)
class _Cells:
    """Pairs that agree in the same way: their number, pattern and the bits of their values.

    `origin` per cell: the source of both records, or the number of sources for pairs of two. `bits`
    per cell: of values that identify the customer, of values that change with a move, of other
    values that neighbours share.
    """

    size: Numbers
    pattern: NDArray[np.int64]
    origin: NDArray[np.int64]
    bits: tuple[Numbers, Numbers, Numbers]


def estimate_probabilities(pairs: Pairs) -> NDArray[np.float64]:
    """Estimate for every compared pair the probability that it is one customer.

    Expectation maximisation of the model of Fellegi and Sunter (1969, A Theory for Record
    Linkage), with the classes named above, over all pairs of records: pairs that were not compared
    count as strangers. The first round counts every record with a value when it says how rare the
    value is; later ones know which of them are probably the same customer.
    """
    import numpy as np

    probability: NDArray[np.float64] = np.zeros(len(pairs.left))
    for _ in range(ROUNDS):
        cells, cell = _gather(pairs, probability)
        probability = _fit(pairs, cells)[cell]
    return probability


def value_bits(pairs: Pairs, number: int, probability: Numbers) -> NDArray[np.float32]:
    """Per pair the rarity in bits of the value that its degree is about; 0 if it is about none.

    -log2 of the share of further records with the value that are probably not the same customer.
    Where there is none, the value gets the field's highest rarity: ten records don't hold all
    cities. A name of exactly two records is the rarer, the fewer such pairs there are and the rarer
    its words: two Otto Fischers may meet by chance, two Hagelstein Antriebstechnik hardly.

    Args:
        pairs: the compared pairs.
        number: the field's.
        probability: of each pair, as known so far.

    """
    import numpy as np

    field, degree = pairs.fields[number], pairs.degrees[:, number][pairs.pattern]
    bits = np.zeros(len(degree), dtype=np.float32)
    for n, level in enumerate(field.comparison.levels):
        which = np.flatnonzero(degree == n) if level.value else ()
        if level.value and len(which):
            left, right = pairs.left[which], pairs.right[which]
            holders = field.holders[level.value]
            known = np.count_nonzero(holders)
            mates = np.zeros(pairs.records)
            for side in (left, right):
                mates += np.bincount(side, weights=probability[which], minlength=pairs.records)
            others = holders[left] - 1 - np.maximum(mates[left], mates[right])
            rarest = np.full(len(which), min(1 / level.one_in, 1 / known))
            if level.value == "name" and known > level.one_in:  # fewer don't tell what is rare
                others = np.where(holders[left] == 2, 0, others)
                chance = (1 - SURELY_ONE) * np.count_nonzero(others < 0.5) + 0.5
                chance /= known * (known - 1) / 2
                rarest = np.minimum(rarest, np.maximum(chance, np.exp2(-field.word_bits[left])))
            bits[which] = -np.log2(np.maximum(others / known, rarest))
    return bits


def count_true_pairs(pairs: Pairs, probability: Numbers) -> Numbers:
    """Sum up the expected number of true pairs per pattern of agreement."""
    import numpy as np

    count = np.bincount(pairs.pattern, weights=probability, minlength=len(pairs.degrees))
    return count.astype(np.float64)


def weigh(field: Field, degree: NDArray[np.int8], expected: Numbers) -> Numbers:
    """Weigh patterns of agreement in one comparison, log2(m / u); 0 where it is unknown.

    In each round the m of a degree is its share of the expected true pairs (with the prior worth
    PRIOR_PAIRS), its u its share of all other pairs: of random pairs without the true ones among
    them.

    Args:
        field: the comparison.
        degree: per pattern its degree in it.
        expected: per pattern its true pairs, see `count_true_pairs`.

    Returns:
        The weights in bits. Those of degrees about one value lack its rarity, which differs from
        pair to pair, see `value_bits`.

    """
    import numpy as np

    return np.where(
        degree >= 0, np.log2(_m(field, degree, expected) / _u(field, degree, expected))[degree], 0.0
    )


def _gather(pairs: Pairs, probability: Numbers) -> tuple[_Cells, NDArray[np.int64]]:
    """Count pairs that agree in the same way as one; also returns the cell of each pair."""
    import numpy as np
    import pandas as pd

    kinds: list[NDArray[np.float32]] = [np.zeros(len(pairs.left), dtype=np.float32) for _ in "who"]
    for number, field in enumerate(pairs.fields):
        comparison = field.comparison
        kind = 1 if comparison.is_home else 2 if comparison.is_shared else 0
        kinds[kind] += value_bits(pairs, number, probability)
    source, origins = pairs.source, int(pairs.source.max()) + 2
    left, right = source[pairs.left], source[pairs.right]
    code = pairs.pattern * np.int64(origins) + np.where(left == right, left, origins - 1)
    for bits in kinds:
        steps = np.minimum(np.rint(bits / STEP), MAX_BITS).astype(np.int64)
        code = code * (MAX_BITS + 1) + steps
    cell, code = pd.factorize(code, sort=True)
    size = np.bincount(cell)
    taken: list[Numbers] = []
    for _ in kinds:
        code, steps = np.divmod(code, MAX_BITS + 1)
        taken.insert(0, steps * STEP)
    bits_of = (taken[0], taken[1], taken[2])
    pattern, origin = np.divmod(code, origins)
    return _Cells(size.astype(float), pattern, origin, bits_of), cell


def _fit(pairs: Pairs, cells: _Cells) -> Numbers:
    """Return per cell the probability that its pairs are one customer."""
    import numpy as np

    total = pairs.records * (pairs.records - 1) / 2
    same = moved = near = akin = np.zeros(len(cells.size))
    who, home, shared = cells.bits
    for _ in range(MAX_ITERATIONS):
        true, *others = (float((cells.size * part).sum()) for part in (same, moved, near, akin))
        per_pattern = [
            np.bincount(
                cells.pattern, weights=cells.size * part, minlength=len(pairs.degrees)
            ).astype(np.float64)
            for part in (same, moved, near, akin)
        ]
        alike, stayed, alone, called = (
            bits[cells.pattern] for bits in _log_ratios(pairs, *per_pattern)
        )
        of_akin = (others[2] + 1) / (total + 2)
        of_same = _of_same(pairs, cells, same)
        of_near = (others[1] + min(PRIOR_PAIRS, total / pairs.records)) / (total + 2 * PRIOR_PAIRS)
        move = (others[0] + PRIOR_PAIRS * PRIOR_MOVED) / (true + PRIOR_PAIRS)
        if not true:
            of_near = of_akin = 1 / pairs.records
            of_same = np.full(len(cells.size), of_near)
        logs = (
            np.log2(of_same * (1 - move)) + alike + who + home + shared,
            np.log2(of_same * move) + alike - stayed + who + shared,
            np.log2(of_near) + alone + home + shared,
            np.log2(of_akin) + called,
        )
        weights = [np.exp2(np.clip(part, -200, 200)) for part in logs]
        everything = sum(weights) + np.maximum(1 - of_same - of_near - of_akin, 0.01)
        moved, near, akin = (weight / everything for weight in weights[1:])
        same = weights[0] / everything + moved
        if abs(float((cells.size * same).sum()) - true) <= CONVERGED * true:
            break
    return same


def _of_same(pairs: Pairs, cells: _Cells, same: Numbers) -> Numbers:
    """Per cell the share of all pairs of its origin that are one customer.

    A directory lists a firm once, and two directories list the same firms: so true pairs are mostly
    rarer within a source than between two. Where they are not, the pairs show it.
    """
    import numpy as np

    records = np.bincount(pairs.source).astype(np.float64)
    within = records * (records - 1) / 2
    total = pairs.records * (pairs.records - 1) / 2
    every = np.append(within, total - within.sum())
    expected = np.bincount(cells.origin, cells.size * same, minlength=len(every))
    share = (expected.sum() + 1) / (total + 2)
    shares: Numbers = share * (expected + PRIOR_ORIGIN) / (share * every + PRIOR_ORIGIN)
    return shares[cells.origin]


def _log_ratios(
    pairs: Pairs, true: Numbers, moved: Numbers, near: Numbers, akin: Numbers
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Log ratios of the patterns: one customer, its place alone, neighbours, namesakes."""
    import numpy as np

    alike, stayed, alone, called = (np.zeros(len(pairs.degrees)) for _ in range(4))
    for field, degree in zip(pairs.fields, pairs.degrees.T, strict=True):
        comparison = field.comparison
        bits = weigh(field, degree, true - moved if comparison.is_home else true)
        alike += bits
        if comparison.is_home:
            stayed += bits
        u = _u(field, degree, true)
        if comparison.is_place:
            alone += np.where(degree >= 0, np.log2(_m(field, degree, near) / u)[degree], 0.0)
        elif comparison.prior_near:
            share = _near(comparison, degree, u, near)
            alone += np.where(degree >= 0, np.log2(share / u)[degree], 0.0)
        if comparison.of_name:
            share = _akin(comparison, degree, u, akin)
            called += np.where(degree >= 0, np.log2(share / u)[degree], 0.0)
    return alike, stayed, alone, called


def _near(
    comparison: Comparison, degree: NDArray[np.int8], u: Numbers, expected: Numbers
) -> Numbers:
    """Per degree its share of the neighbours; part of them agree like any two records."""
    import numpy as np

    named = np.zeros(len(u))
    named[: len(comparison.prior_near or ())] = comparison.prior_near
    share: Numbers = named + (1 - named.sum()) * u
    if comparison.is_shared:
        of_value = [n for n, level in enumerate(comparison.levels) if level.value]
        share[of_value] = named[of_value]
    else:
        known = degree >= 0
        seen = np.bincount(degree[known], weights=expected[known], minlength=len(share))
        seen[0] = 0  # neighbours have different names
        learned = (seen + PRIOR_NEIGHBOURS * share) / (seen.sum() + PRIOR_NEIGHBOURS)
        share[1:] = learned[1:]
    return share


def _akin(
    comparison: Comparison, degree: NDArray[np.int8], u: Numbers, expected: Numbers
) -> Numbers:
    """Per degree its share of the namesakes; a degree about one value is reached by chance only."""
    import numpy as np

    of_value = [n for n, level in enumerate(comparison.levels) if level.value]
    similar = [n for n, level in enumerate(comparison.levels) if not level.value]
    prior = 0.5 * u
    prior[similar] += 0.5 / len(similar)
    known = degree >= 0
    seen = np.bincount(degree[known], weights=expected[known], minlength=len(u))
    seen[of_value] = prior[of_value] = 0
    share: Numbers = (seen + PRIOR_NAMESAKES * prior) / (seen.sum() + PRIOR_NAMESAKES)
    share[of_value] = u[of_value]
    return share


def _m(field: Field, degree: NDArray[np.int8], expected: Numbers) -> Numbers:
    """Per degree its share of the true pairs."""
    import numpy as np

    prior = np.array(field.comparison.prior_m)
    known = degree >= 0
    true = np.bincount(degree[known], weights=expected[known], minlength=len(prior))
    shares: Numbers = (true + PRIOR_PAIRS * prior) / (true.sum() + PRIOR_PAIRS)
    bounds = [level.at_most for level in field.comparison.levels]
    for n, at_most in enumerate([*bounds, MAX_UNLIKE if field.comparison.is_name else 1]):
        if shares[n] > at_most:
            shares *= (1 - at_most) / (1 - shares[n])
            shares[n] = at_most
    return shares


def _u(field: Field, degree: NDArray[np.int8], expected: Numbers) -> Numbers:
    """Per degree its share of all other pairs; 1 where the rarity of a value takes its place."""
    import numpy as np

    known = degree >= 0
    true = np.bincount(degree[known], weights=expected[known], minlength=len(field.chance))
    different = np.maximum(field.chance * field.known - true, 0) + 0.5
    shares: Numbers = different / different.sum()
    shares[[n for n, level in enumerate(field.comparison.levels) if level.value]] = 1
    return shares
