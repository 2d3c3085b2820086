"""Pairs of records that a person should look at, with the evidence in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from config import read_yaml
from identity.clusters import COST_OF_WRONG_MERGE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from identity.pairs import Pairs

RULES_FILE = Path(__file__).with_name("doubts.yml")


class Doubt(NamedTuple):
    """Two records as positions, how probable it is that they are one, and why."""

    left: int
    right: int
    probability: float
    evidence_de: str
    evidence_en: str


@cache
def rules() -> dict[str, Any]:
    """Read thresholds and words of `doubts.yml`."""
    return read_yaml(RULES_FILE)


def find_doubts(
    pairs: Pairs,
    probability: NDArray[np.float64],
    group: Sequence[int],
    is_settled: Callable[[int, int], bool],
) -> list[Doubt]:
    """Find the pairs of records for which a person's decision helps most.

    Between two groups only the most probable pair is in doubt, from `apart_from` on: if those two
    are one customer, so are the groups. Within a group a record is in doubt with the one that it
    most resembles, if their probability is below `joined_to`.

    Args:
        pairs: the compared pairs.
        probability: of each pair.
        group: the group of each record.
        is_settled: whether a person or a key has said what two records are.

    Returns:
        The doubts, ordered by their records, with the evidence per field: its degree of agreement
        in words and its match weight, log2(m / u), the strongest first. At most `max_kept`: those
        whose present choice has the highest expected cost.

    """
    import numpy as np

    groups = np.asarray(group, dtype=np.int64)
    found = np.concatenate(
        [_between_groups(pairs, probability, groups), _within_groups(pairs, probability, groups)]
    )
    is_joined = groups[pairs.left[found]] == groups[pairs.right[found]]
    wrong_merge = COST_OF_WRONG_MERGE * (1 - probability[found])
    cost = np.where(is_joined, wrong_merge, probability[found])
    unsettled = (
        n
        for n in found[np.lexsort((found, -cost))].tolist()
        if not is_settled(int(pairs.left[n]), int(pairs.right[n]))
    )
    rows = np.array(sorted(islice(unsettled, rules()["max_kept"])), dtype=np.int64)
    words = put_in_words(pairs, probability, rows)
    return [
        Doubt(int(pairs.left[n]), int(pairs.right[n]), float(probability[n]), *said)
        for n, said in zip(rows, words, strict=True)
    ]


def _between_groups(
    pairs: Pairs, probability: NDArray[np.float64], groups: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Per pair of groups the most probable pair of records, from `apart_from` on."""
    import numpy as np

    left, right = groups[pairs.left], groups[pairs.right]
    apart = np.flatnonzero((left != right) & (probability >= rules()["apart_from"]))
    ends = [np.minimum(left, right)[apart], np.maximum(left, right)[apart]]
    return _first_of_each(apart, ends, probability)


def _within_groups(
    pairs: Pairs, probability: NDArray[np.float64], groups: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Per group the record that resembles the others least, with the one it most resembles.

    None if they are probable enough.
    """
    import numpy as np

    joined = np.flatnonzero(groups[pairs.left] == groups[pairs.right])
    best = np.zeros(len(groups))
    for ends in (pairs.left, pairs.right):
        np.maximum.at(best, ends[joined], probability[joined])
    weakest = np.minimum(best[pairs.left[joined]], best[pairs.right[joined]])
    doubted = joined[(probability[joined] >= weakest) & (weakest < rules()["joined_to"])]
    return _first_of_each(doubted, [groups[pairs.left[doubted]]], -probability)


def _first_of_each(
    rows: NDArray[np.int64], of: Sequence[NDArray[np.int64]], value: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Of the rows that have the same values in `of` the one with the highest `value`."""
    import numpy as np

    order = np.lexsort((rows, -value[rows], *of))
    keys = np.stack([column[order] for column in of])
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    return rows[order][is_first]


def put_in_words(
    pairs: Pairs, probability: NDArray[np.float64], rows: NDArray[np.int64]
) -> list[tuple[str, str]]:
    """Say per row in German and in English what speaks for and against it."""
    from identity.model import count_true_pairs, value_bits, weigh

    found: list[list[tuple[float, str, int]]] = [[] for _ in rows]
    pattern = pairs.pattern[rows]
    expected = count_true_pairs(pairs, probability)
    for number, (field, degrees) in enumerate(zip(pairs.fields, pairs.degrees.T, strict=True)):
        degree = degrees[pattern]
        rarity = value_bits(pairs, number, probability)[rows]
        weight = weigh(field, degrees, expected)[pattern] + rarity
        for said, agreed, bits in zip(found, degree.tolist(), weight.tolist(), strict=True):
            if agreed >= 0:
                said.append((bits, field.comparison.name, agreed))
    return [
        (_sentence(said, "de"), _sentence(said, "en"))
        for said in (sorted(row, key=lambda part: (-abs(part[0]), part[1])) for row in found)
    ]


def _sentence(said: Sequence[tuple[float, str, int]], language: str) -> str:
    parts = []
    for bits, name, degree in said:
        field, *degrees = rules()["evidence"][name][language]
        number = f"{bits:+.1f}".replace("-", "−")
        number = number.replace(".", ",") if language == "de" else number
        parts.append(f"{field} {degrees[degree]} ({number})")
    return ", ".join(parts)
