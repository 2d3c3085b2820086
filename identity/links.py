"""Why the records of a customer are one: what ties each of them to another one, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from identity.doubts import put_in_words

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from identity.pairs import Pairs

Edge = tuple[int, int]
# Strengths of links, the strongest first; a compared pair has its probability, 0 to 1.
PERSON, KEY, ALIKE = 4.0, 3.0, 2.0
SAYS = {
    PERSON: ("von Menschen entschieden", "decided by people"),
    ALIKE: ("alle Angaben gleich", "all details the same"),
}
KEYS = {
    "vat_key": ("gleiche USt-IdNr. {}", "same VAT id {}"),
    "registration_key": ("gleiche Registernummer {}", "same register number {}"),
}


class Link(NamedTuple):
    """The record that a record is tied to, as a position, and why."""

    linked_to: int
    evidence_de: str
    evidence_en: str


def find_links(
    features: pd.DataFrame,
    group: Sequence[int],
    decided: Iterable[Edge],
    exact: Iterable[Edge],
    alike: Iterable[Edge],
    likely: tuple[Pairs, NDArray[np.float64]] | None,
) -> dict[int, Link]:
    """Find the strongest links that hold each group together: one per record but the first.

    They are the group's maximum spanning tree, seen from the group's first record.

    Args:
        features: of the records.
        group: per record the position of its group's first record.
        decided: pairs that people said are the same.
        exact: pairs with the same exact key.
        alike: pairs that read alike.
        likely: the compared pairs and the probability of each, if any.

    Returns:
        Per record that is not the first of its group its link.

    """
    import numpy as np

    groups = np.asarray(group, dtype=np.int64)
    ends, strengths = _edges({PERSON: decided, KEY: exact, ALIKE: alike}, likely)
    known = len(ends) - (len(likely[1]) if likely is not None else 0)  # then compared pairs
    inside = np.flatnonzero(groups[ends[:, 0]] == groups[ends[:, 1]])
    records, parents, edges = _span(ends[inside], strengths[inside], groups)
    chosen = inside[edges]
    is_known = chosen < known
    tied = zip(
        *(column[is_known].tolist() for column in (records, parents, strengths[chosen])),
        strict=True,
    )
    links = {
        record: Link(parent, *(SAYS.get(strength) or _shared_key(features, record, parent)))
        for record, parent, strength in tied
    }
    if likely is not None:
        words = put_in_words(*likely, chosen[~is_known] - known)
        tied_so = records[~is_known].tolist(), parents[~is_known].tolist()
        for record, parent, said in zip(*tied_so, words, strict=True):
            links[record] = Link(parent, *said)
    return links


def _edges(
    known: Mapping[float, Iterable[Edge]], likely: tuple[Pairs, NDArray[np.float64]] | None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the two ends of each edge and its strength: known ones, then compared pairs."""
    import numpy as np

    ends, strengths = [], []
    for strength, edges in known.items():
        ends.append(np.array(list(edges), dtype=np.int64).reshape(-1, 2))
        strengths.append(np.full(len(ends[-1]), strength))
    if likely is not None:
        pairs, probability = likely
        ends.append(np.stack([pairs.left, pairs.right], axis=1).astype(np.int64))
        strengths.append(np.clip(probability, 0.0, 1.0))
    return np.concatenate(ends), np.concatenate(strengths)


def _span(
    ends: NDArray[np.int64], strength: NDArray[np.float64], groups: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the records that are not the first of their group, their parents and the edges."""
    import numpy as np
    from scipy.sparse import coo_matrix  # type: ignore[import-untyped]
    from scipy.sparse.csgraph import (  # type: ignore[import-untyped]
        breadth_first_order,
        minimum_spanning_tree,
    )

    size = len(groups)
    low, high = ends.min(axis=1), ends.max(axis=1)
    code = low * size + high
    order = np.lexsort((-strength, code))
    order = order[np.unique(code[order], return_index=True)[1]]  # the strongest of each pair
    weight = PERSON + 1 - strength[order]  # greater than 0: scipy takes 0 for no edge
    matrix = coo_matrix((weight, (low[order], high[order])), shape=(size + 1, size + 1))
    tree = minimum_spanning_tree(matrix.tocsr()).tocoo()
    # one more node ties the first records of all groups, so that one walk reaches every record
    firsts = np.flatnonzero(groups == np.arange(size))
    row = np.concatenate([tree.row, np.full(len(firsts), size)])
    column = np.concatenate([tree.col, firsts])
    forest = coo_matrix((np.ones(len(row)), (row, column)), shape=(size + 1, size + 1)).tocsr()
    _, parent = breadth_first_order(forest, size, directed=False)
    records = np.flatnonzero((parent[:size] >= 0) & (parent[:size] < size))
    parents = parent[records].astype(np.int64)
    wanted = np.minimum(records, parents) * size + np.maximum(records, parents)
    return records, parents, order[np.searchsorted(code[order], wanted)]


def _shared_key(features: pd.DataFrame, a: int, b: int) -> tuple[str, str]:
    """Name the exact key that two records share."""
    for kind, (german, english) in KEYS.items():
        value = features[kind].iloc[a]
        if value and value == features[kind].iloc[b]:
            return german.format(value), english.format(value)
    one, two = (set(features["other_ids"].iloc[end].split()) for end in (a, b))
    kind, _, number = min(one & two).partition(":")  # a key ties only records that share one
    return f"gleiche Nummer ({kind}) {number}", f"same number ({kind}) {number}"
