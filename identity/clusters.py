"""From probable pairs to customers."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

# A wrong merge costs as much as this number of missed ones: two customers in one record mislead
# every reader, two records of one customer can still be joined by a person. Joining two groups is
# right as long as the expected gain is positive: mean probability > cost / (cost + 1).
COST_OF_WRONG_MERGE = 2.0
MIN_MEAN_PROBABILITY = COST_OF_WRONG_MERGE / (COST_OF_WRONG_MERGE + 1)

MAX_REFINEMENTS = 10

Key = tuple[str, str]  # the kind of a key that a customer has once (source and kind), and its value


Pair = tuple[int, int]


class _Groups:
    """Growing groups of things and the sums of probabilities between them."""

    def __init__(self, keys: Sequence[frozenset[Key]], apart: Iterable[Pair]) -> None:
        self.size = [1] * len(keys)
        self.keys = [_by_kind(known) for known in keys]
        self.apart = _both_ways(apart)
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


class _Placing:
    """Which group each unit is in, and where it would gain most.

    A unit gains, per other unit of its group, the probability less MIN_MEAN_PROBABILITY.
    """

    def __init__(
        self,
        group: dict[int, int],
        held: Sequence[frozenset[Key]],
        links: dict[Pair, float],
        apart: Iterable[Pair],
    ) -> None:
        self.group = group
        self._held = held
        self._apart = _both_ways(apart)
        self._members: dict[int, set[int]] = defaultdict(set)
        for unit, own in group.items():
            self._members[own].add(unit)
        self._near: dict[int, dict[int, float]] = defaultdict(dict)
        for (a, b), probability in links.items():
            self._near[a][b] = self._near[b][a] = probability

    def refine(self) -> None:
        """Move single units to the group where they gain most, until none gains any more.

        The first joins are made before the groups are known: a chance link of 0.999 comes before
        the links of 0.99 that tie both ends to their own groups.
        """
        for _ in range(MAX_REFINEMENTS):
            if not sum(self._move(unit) for unit in sorted(self._near)):
                break

    def _move(self, unit: int) -> bool:
        gains = self._gains(unit)
        own = self.group[unit]
        best = max(gains, key=lambda found: (gains[found], -found))
        is_better = gains[best] > max(gains.get(own, 0), 0) + 1e-9
        if best == own or not is_better or not self._may_be_in(unit, self._members[best]):
            return False
        self._members[own].remove(unit)
        self._members[best].add(unit)
        self.group[unit] = best
        return True

    def _gains(self, unit: int) -> dict[int, float]:
        links: dict[int, float] = defaultdict(float)
        for other, probability in self._near[unit].items():
            links[self.group[other]] += probability
        own = self.group[unit]
        return {
            found: total - MIN_MEAN_PROBABILITY * (len(self._members[found]) - (found == own))
            for found, total in links.items()
        }

    def _may_be_in(self, unit: int, others: Iterable[int]) -> bool:
        keys = _by_kind(self._held[unit])
        return self._apart.get(unit, set()).isdisjoint(others) and not any(
            _contradict(keys, _by_kind(self._held[other])) for other in others
        )


def cluster(
    keys: Sequence[frozenset[Key]],
    sure: Iterable[Pair],
    probable: Iterable[tuple[int, int, float]],
    *,
    same: Iterable[Pair] = (),
    different: Iterable[Pair] = (),
) -> tuple[list[int], list[float]]:
    """Group records by average linkage, so that one bad link cannot join two large groups.

    Records that share an exact key are one unit from the start; evidence for one of them counts for
    the unit, since a firm that moved has two addresses. Then, again and again, the two groups with
    the highest mean probability over all pairs of their units are joined, while it is at least
    MIN_MEAN_PROBABILITY. Groups whose keys contradict each other are never joined.

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
    units = _unite(keys, sure, same, different)
    unit = [units.find(record) for record in range(len(keys))]
    links = _links(unit, probable)
    held = [
        frozenset((kind, value) for kind, values in known.items() for value in values)
        for known in units.keys
    ]
    apart = {(unit[a], unit[b]) for a, b in different}
    groups = _Groups(held, apart)
    _join_likeliest(groups, links)
    placing = _Placing({own: groups.find(own) for own in sorted(set(unit))}, held, links, apart)
    placing.refine()
    belongs = _belonging(placing.group, links)
    first: dict[int, int] = {}
    for record, own in enumerate(unit):
        first.setdefault(placing.group[own], record)
    return [first[placing.group[own]] for own in unit], [belongs[own] for own in unit]


def _unite(
    keys: Sequence[frozenset[Key]],
    sure: Iterable[Pair],
    same: Iterable[Pair],
    different: Iterable[Pair],
) -> _Groups:
    """Make units of the records that people or exact keys say are one."""
    units = _Groups(keys, different)
    for a, b in same:
        units.join(units.find(a), units.find(b), decided=True)
    for a, b in sorted(sure):
        units.join(units.find(a), units.find(b))
    return units


def _links(unit: Sequence[int], probable: Iterable[tuple[int, int, float]]) -> dict[Pair, float]:
    """Return per pair of units the probability of their likeliest pair of records."""
    links: dict[Pair, float] = defaultdict(float)
    for a, b, probability in probable:
        pair = min(unit[a], unit[b]), max(unit[a], unit[b])
        if pair[0] != pair[1]:
            links[pair] = max(links[pair], probability)
    return links


def _join_likeliest(groups: _Groups, links: dict[Pair, float]) -> None:
    """Join groups of units in the order of their mean probability."""
    for (a, b), probability in links.items():
        groups.between[a][b] = groups.between[b][a] = probability
    heap = [(-p, a, b) for (a, b), p in links.items() if p >= MIN_MEAN_PROBABILITY]
    heapq.heapify(heap)
    while heap:
        negative, a, b = heapq.heappop(heap)
        if groups.mean(a, b) != -negative:
            continue  # one of the two has changed since it was queued
        kept = groups.join(a, b)
        for other in groups.between[kept]:
            if (mean := groups.mean(kept, other)) >= MIN_MEAN_PROBABILITY:
                heapq.heappush(heap, (-mean, min(kept, other), max(kept, other)))


def _belonging(group: dict[int, int], links: dict[Pair, float]) -> dict[int, float]:
    """Per unit the mean probability between it and the others of its group, 1 if it is alone."""
    support = dict.fromkeys(group, 0.0)
    for (a, b), probability in links.items():
        if group[a] == group[b]:
            support[a] += probability
            support[b] += probability
    size = Counter(group.values())
    return {
        unit: support[unit] / (size[own] - 1) if size[own] > 1 else 1.0
        for unit, own in group.items()
    }


def _both_ways(pairs: Iterable[Pair]) -> dict[int, set[int]]:
    others: dict[int, set[int]] = defaultdict(set)
    for a, b in pairs:
        others[a].add(b)
        others[b].add(a)
    return others


def _by_kind(keys: Iterable[Key]) -> dict[str, frozenset[str]]:
    values: dict[str, frozenset[str]] = {}
    for kind, value in keys:
        values[kind] = values.get(kind, frozenset()) | {value}
    return values


def _contradict(one: dict[str, frozenset[str]], two: dict[str, frozenset[str]]) -> bool:
    """Whether both have a key of one kind and none of it in common."""
    small, large = sorted((one, two), key=len)
    return any(kind in large and values.isdisjoint(large[kind]) for kind, values in small.items())
