"""From probable pairs to customers."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

# A wrong merge costs as much as so many missed ones: two customers in one record mislead every
# reader, two records of one customer can still be joined by a person. Joining two groups is right
# as long as the expected gain is positive: mean probability > cost / (cost + 1).
COST_OF_WRONG_MERGE = 2.0
MIN_MEAN_PROBABILITY = COST_OF_WRONG_MERGE / (COST_OF_WRONG_MERGE + 1)

MAX_REFINEMENTS = 10

Key = tuple[str, str]  # what must be the same within a customer (source and kind), and its value


class _Groups:
    """Growing groups of things and the sums of probabilities between them."""

    def __init__(self, keys: Sequence[frozenset[Key]], apart: Iterable[tuple[int, int]]) -> None:
        self.size = [1] * len(keys)
        self.keys = [_by_kind(known) for known in keys]
        self.apart: dict[int, set[int]] = defaultdict(set)
        for a, b in apart:
            self.apart[a].add(b)
            self.apart[b].add(a)
        self.between: list[dict[int, float]] = [{} for _ in keys]
        self._joined_to = list(range(len(keys)))

    def find(self, thing: int) -> int:
        """Find the group that a thing is in now."""
        while (group := self._joined_to[thing]) != thing:
            self._joined_to[thing] = thing = self._joined_to[group]
        return thing

    def mean(self, a: int, b: int) -> float:
        """Mean probability over all pairs between two groups; pairs not compared count 0."""
        total = self.between[a].get(b, 0.0)
        return total / (self.size[a] * self.size[b])

    def join(self, a: int, b: int, *, decided: bool = False) -> int:
        """Join two groups unless a person or their keys keep them apart; returns the larger one.

        What a person has `decided` to be the same is joined whatever the keys say.
        """
        if len(self.between[a]) < len(self.between[b]):
            a, b = b, a
        self.between[a].pop(b, None)
        self.between[b].pop(a, None)
        if a == b or b in self.apart.get(a, ()) or not (decided or self._may_join(a, b)):
            return a
        for other, total in self.between[b].items():
            del self.between[other][b]
            joined = self.between[a].get(other, 0.0) + total
            self.between[a][other] = self.between[other][a] = joined
        self.between[b] = {}
        self.size[a] += self.size[b]
        for kind, values in self.keys[b].items():
            self.keys[a][kind] = self.keys[a].get(kind, frozenset()) | values
        for other in self.apart.pop(b, ()):
            self.apart[other].remove(b)
            self.apart[other].add(a)
            self.apart[a].add(other)
        self._joined_to[b] = a
        return a

    def _may_join(self, a: int, b: int) -> bool:
        return not _contradict(self.keys[a], self.keys[b])


def cluster(
    keys: Sequence[frozenset[Key]],
    sure: Iterable[tuple[int, int]],
    probable: Iterable[tuple[int, int, float]],
    *,
    same: Iterable[tuple[int, int]] = (),
    different: Iterable[tuple[int, int]] = (),
) -> tuple[list[int], list[float]]:
    """Group records by average linkage, so that one bad link cannot join two large groups.

    Records that share an exact key are one unit from the start; what speaks for one of them
    speaks for the unit, since a firm that moved has two addresses. Then, again and again, the two
    groups with the highest mean probability over all pairs of their units are joined, while it is
    at least MIN_MEAN_PROBABILITY. Groups whose keys contradict each other are never joined.

    What people decided comes before all that. Two records that are `different` never come into
    one group: the links between them act from the strongest to the weakest, and the one that
    would join their groups is cut.

    Args:
        keys: per record its exact keys, as (source and kind, value).
        sure: pairs of record positions that share an exact key.
        probable: pairs of record positions with their probability; each pair once.
        same: pairs of record positions that a person decided to be one customer.
        different: pairs of which a person decided that they are not; must not contradict `same`.

    Returns:
        Per record the smallest position in its group, and the mean probability between its unit
        and the others of the group (1 if there are none).

    """
    different = list(different)
    units = _Groups(keys, different)
    for a, b in same:
        units.join(units.find(a), units.find(b), decided=True)
    for a, b in sorted(sure):
        units.join(units.find(a), units.find(b))
    unit = [units.find(record) for record in range(len(keys))]
    between: dict[tuple[int, int], float] = defaultdict(float)
    for a, b, p in probable:
        pair = min(unit[a], unit[b]), max(unit[a], unit[b])
        if pair[0] != pair[1]:
            between[pair] = max(between[pair], p)
    held = [
        frozenset((kind, value) for kind, values in known.items() for value in values)
        for known in units.keys
    ]
    apart = {(unit[a], unit[b]) for a, b in different}
    groups = _link(_Groups(held, apart), between)
    joined = _refine(groups, held, between, sorted(set(unit)), apart)
    group = [joined[own] for own in unit]
    first: dict[int, int] = {}
    for record, own in enumerate(group):
        first.setdefault(own, record)
    support: dict[int, float] = defaultdict(float)
    for (a, b), p in between.items():
        if joined[a] == joined[b]:
            support[a] += p
            support[b] += p
    size = Counter(joined.values())
    belongs = [
        support[own] / (size[found] - 1) if size[found] > 1 else 1.0
        for own, found in zip(unit, group, strict=True)
    ]
    return [first[found] for found in group], belongs


def _link(groups: _Groups, between: dict[tuple[int, int], float]) -> _Groups:
    """Join groups of units in the order of their mean probability."""
    for (a, b), p in between.items():
        groups.between[a][b] = groups.between[b][a] = p
    heap = [(-p, a, b) for (a, b), p in between.items() if p >= MIN_MEAN_PROBABILITY]
    heapq.heapify(heap)
    while heap:
        negative, a, b = heapq.heappop(heap)
        if groups.mean(a, b) != -negative:
            continue  # one of the two has grown or is gone since
        kept = groups.join(a, b)
        for other in groups.between[kept]:
            if (mean := groups.mean(kept, other)) >= MIN_MEAN_PROBABILITY:
                heapq.heappush(heap, (-mean, min(kept, other), max(kept, other)))
    return groups


def _refine(
    groups: _Groups,
    held: Sequence[frozenset[Key]],
    between: dict[tuple[int, int], float],
    units: Sequence[int],
    apart: Iterable[tuple[int, int]],
) -> dict[int, int]:
    """Move single units to the group where they gain most, until none gains any more.

    The first joins are made before the groups are known: a chance link of 0.999 comes before the
    links of 0.99 that tie both ends to their own groups. A unit gains, per other unit of its
    group, the probability less MIN_MEAN_PROBABILITY.
    """
    group = {unit: groups.find(unit) for unit in units}
    members: dict[int, set[int]] = defaultdict(set)
    near: dict[int, dict[int, float]] = defaultdict(dict)
    for unit, own in group.items():
        members[own].add(unit)
    for (a, b), p in between.items():
        near[a][b] = near[b][a] = p
    enemies: dict[int, set[int]] = defaultdict(set)
    for a, b in apart:
        enemies[a].add(b)
        enemies[b].add(a)

    def may_be_in(unit: int, others: Iterable[int]) -> bool:
        keys = _by_kind(held[unit])
        return enemies.get(unit, set()).isdisjoint(others) and not any(
            _contradict(keys, _by_kind(held[other])) for other in others
        )

    for _ in range(MAX_REFINEMENTS):
        moved = False
        for unit in sorted(near):
            links: dict[int, float] = defaultdict(float)
            for other, p in near[unit].items():
                links[group[other]] += p
            own = group[unit]
            gains = {
                found: total - MIN_MEAN_PROBABILITY * len(members[found] - {unit})
                for found, total in links.items()
            }
            best = max(gains, key=lambda found: (gains[found], -found))
            is_better = gains[best] > max(gains.get(own, 0), 0) + 1e-9
            if best != own and is_better and may_be_in(unit, members[best]):
                members[own].remove(unit)
                members[best].add(unit)
                group[unit] = best
                moved = True
        if not moved:
            break
    return group


def _by_kind(keys: Iterable[Key]) -> dict[str, frozenset[str]]:
    values: dict[str, frozenset[str]] = {}
    for kind, value in keys:
        values[kind] = values.get(kind, frozenset()) | {value}
    return values


def _contradict(one: dict[str, frozenset[str]], two: dict[str, frozenset[str]]) -> bool:
    """Whether both have a key of one kind and none of it in common."""
    small, large = sorted((one, two), key=len)
    return any(kind in large and values.isdisjoint(large[kind]) for kind, values in small.items())
