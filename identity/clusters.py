"""From probable pairs to customers."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence

# A wrong merge costs as much as so many missed ones: two customers in one record mislead every
# reader, two records of one customer can still be joined by a person. Joining two groups is right
# as long as the expected gain is positive: mean probability > cost / (cost + 1).
COST_OF_WRONG_MERGE = 2.0
MIN_MEAN_PROBABILITY = COST_OF_WRONG_MERGE / (COST_OF_WRONG_MERGE + 1)

Key = tuple[str, str]  # what must be the same within a customer (source and kind), and its value


class _Groups:
    """Growing groups of records and the sums of probabilities between them."""

    def __init__(self, keys: Sequence[frozenset[Key]]) -> None:
        self.members = [[record] for record in range(len(keys))]
        self.keys = [dict(known) for known in keys]
        self.between: list[dict[int, float]] = [{} for _ in keys]
        self._joined_to = list(range(len(keys)))

    def find(self, record: int) -> int:
        """Find the group that a record is in now."""
        while (group := self._joined_to[record]) != record:
            self._joined_to[record] = record = self._joined_to[group]
        return record

    def mean(self, a: int, b: int) -> float:
        """Mean probability over all pairs between two groups; pairs not compared count 0."""
        total = self.between[a].get(b, 0.0)
        return total / (len(self.members[a]) * len(self.members[b])) if total else 0.0

    def join(self, a: int, b: int) -> int:
        """Join two groups unless their keys contradict each other; returns the larger one."""
        if len(self.between[a]) < len(self.between[b]):
            a, b = b, a
        self.between[a].pop(b, None)
        self.between[b].pop(a, None)
        if a == b or not self._may_join(a, b):
            return a
        for other, total in self.between[b].items():
            del self.between[other][b]
            joined = self.between[a].get(other, 0.0) + total
            self.between[a][other] = self.between[other][a] = joined
        self.between[b] = {}
        self.members[a] += self.members[b]
        self.members[b] = []
        self.keys[a] |= self.keys[b]
        self._joined_to[b] = a
        return a

    def _may_join(self, a: int, b: int) -> bool:
        small, large = sorted((self.keys[a], self.keys[b]), key=len)
        return all(large.get(kind, value) == value for kind, value in small.items())


def cluster(
    keys: Sequence[frozenset[Key]],
    sure: Iterable[tuple[int, int]],
    probable: Iterable[tuple[int, int, float]],
) -> tuple[list[int], list[float]]:
    """Group records by average linkage, so that one bad link cannot join two large groups.

    Sure pairs are joined first; then, again and again, the two groups with the highest mean
    probability over all their pairs, while it is at least MIN_MEAN_PROBABILITY. Groups whose
    keys contradict each other are never joined.

    Args:
        keys: per record its exact keys, as (source and kind, value).
        sure: pairs of record positions that share an exact key.
        probable: pairs of record positions with their probability; each pair once.

    Returns:
        Per record the smallest position in its group, and its mean probability with the others
        there (1 if it is alone or joined by exact keys only).

    """
    groups = _Groups(keys)
    weights = {(a, b): p for a, b, p in probable}
    for (a, b), p in weights.items():
        groups.between[a][b] = groups.between[b][a] = p
    for a, b in sorted(sure):
        groups.join(groups.find(a), groups.find(b))
    certain = [groups.find(record) for record in range(len(keys))]
    heap = [
        (-mean, a, b)
        for a, others in enumerate(groups.between)
        for b in others
        if a < b and (mean := groups.mean(a, b)) >= MIN_MEAN_PROBABILITY
    ]
    heapq.heapify(heap)
    while heap:
        negative, a, b = heapq.heappop(heap)
        if groups.mean(a, b) != -negative:
            continue  # one of the two has grown or is gone since
        kept = groups.join(a, b)
        for other in groups.between[kept]:
            if (mean := groups.mean(kept, other)) >= MIN_MEAN_PROBABILITY:
                heapq.heappush(heap, (-mean, min(kept, other), max(kept, other)))
    return _summary(groups, certain, weights)


def _summary(
    groups: _Groups, certain: list[int], weights: dict[tuple[int, int], float]
) -> tuple[list[int], list[float]]:
    """Name each record's group and how probably it belongs there."""
    group = [groups.find(record) for record in range(len(certain))]
    by_key = Counter(certain)
    support = [by_key[own] - 1.0 for own in certain]
    for (a, b), p in weights.items():
        if group[a] == group[b] and certain[a] != certain[b]:
            support[a] += p
            support[b] += p
    size = Counter(group)
    first = [min(groups.members[own]) for own in group]
    others = [size[own] - 1 for own in group]
    return first, [s / n if n else 1.0 for s, n in zip(support, others, strict=True)]
