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


Pair = tuple[int, int]


class _Groups:
    """Growing groups of things and what is known of each two of them.

    `between`: per group and other group the sum of the probabilities and the number of pairs that
    leave it open.
    """

    def __init__(self, keys: Sequence[frozenset[Key]], apart: Iterable[Pair]) -> None:
        self.size = [1] * len(keys)
        self.keys = [_by_kind(known) for known in keys]
        self.apart = _both_ways(apart)
        self.between: list[dict[int, tuple[float, int]]] = [{} for _ in keys]
        self._joined_to = list(range(len(keys)))

    def find(self, thing: int) -> int:
        """Find the group that a thing is in now."""
        while (group := self._joined_to[thing]) != thing:
            self._joined_to[thing] = thing = self._joined_to[group]
        return thing

    def mean(self, a: int, b: int) -> float:
        """Mean probability over the pairs between two groups that do not leave it open.

        Pairs that were not compared count 0.
        """
        total, still_open = self.between[a].get(b, (0.0, 0))
        counted = self.size[a] * self.size[b] - still_open
        return total / counted if counted else 0.0

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
        for other, (total, still_open) in self.between[b].items():
            del self.between[other][b]
            so_far = self.between[a].get(other, (0.0, 0))
            joined = so_far[0] + total, so_far[1] + still_open
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

    A unit gains, per other unit of its group, the probability less MIN_MEAN_PROBABILITY, and
    nothing where that is left open.
    """

    def __init__(
        self,
        group: dict[int, int],
        held: Sequence[frozenset[Key]],
        links: dict[Pair, float | None],
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
            counted = MIN_MEAN_PROBABILITY if probability is None else probability
            self._near[a][b] = self._near[b][a] = counted

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
        return {
            found: total - MIN_MEAN_PROBABILITY * len(self._members[found] - {unit})
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
    left_open: Iterable[Pair] = (),
    same: Iterable[Pair] = (),
    different: Iterable[Pair] = (),
) -> tuple[list[int], list[float]]:
    """Group records by average linkage, so that one bad link cannot join two large groups.

    Records that share an exact key are one unit from the start; what speaks for one of them
    speaks for the unit, since a firm that moved has two addresses. Then, again and again, the two
    groups with the highest mean probability over all pairs of their units are joined, while it is
    at least MIN_MEAN_PROBABILITY. A pair that leaves it open does not count: a record that holds
    little is improbable to be any other one, and belongs where the one that it is sure of belongs.
    Groups whose keys contradict each other are never joined.

    What people decided comes before all that. Two records that are `different` never come into
    one group: the links between them act from the strongest to the weakest, and the one that
    would join their groups is cut.

    Args:
        keys: per record its exact keys, as (source and kind, value).
        sure: pairs of record positions that share an exact key.
        probable: pairs of record positions with their probability; each pair once.
        left_open: further pairs, which nothing speaks against and too little for.
        same: pairs of record positions that a person decided to be one customer.
        different: pairs of which a person decided that they are not; must not contradict `same`.

    Returns:
        Per record the smallest position in its group, and the mean probability between its unit
        and the others of the group (1 if there are none).

    """
    different = list(different)
    units = _unite(keys, sure, same, different)
    unit = [units.find(record) for record in range(len(keys))]
    links = _links(unit, probable, left_open)
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


def _links(
    unit: Sequence[int], probable: Iterable[tuple[int, int, float]], left_open: Iterable[Pair]
) -> dict[Pair, float | None]:
    """Take of each two units the probability of their likeliest records, None if it is open."""
    links: dict[Pair, float | None] = {}
    for a, b, probability in probable:
        pair = min(unit[a], unit[b]), max(unit[a], unit[b])
        if pair[0] != pair[1]:
            links[pair] = max(links.get(pair) or 0.0, probability)
    for a, b in left_open:
        pair = min(unit[a], unit[b]), max(unit[a], unit[b])
        if pair[0] != pair[1]:
            links.setdefault(pair, None)
    return links


def _join_likeliest(groups: _Groups, links: dict[Pair, float | None]) -> None:
    """Join groups of units in the order of their mean probability."""
    heap = []
    for (a, b), probability in links.items():
        known = (0.0, 1) if probability is None else (probability, 0)
        groups.between[a][b] = groups.between[b][a] = known
        if probability is not None and probability >= MIN_MEAN_PROBABILITY:
            heap.append((-probability, a, b))
    heapq.heapify(heap)
    while heap:
        negative, a, b = heapq.heappop(heap)
        if groups.mean(a, b) != -negative:
            continue  # one of the two has grown or is gone since
        kept = groups.join(a, b)
        for other in groups.between[kept]:
            if (mean := groups.mean(kept, other)) >= MIN_MEAN_PROBABILITY:
                heapq.heappush(heap, (-mean, min(kept, other), max(kept, other)))


def _belonging(group: dict[int, int], links: dict[Pair, float | None]) -> dict[int, float]:
    """Per unit the mean probability between it and the others of its group, open ones left out."""
    size = Counter(group.values())
    counted = {unit: size[own] - 1 for unit, own in group.items()}
    support = dict.fromkeys(group, 0.0)
    for (a, b), probability in links.items():
        if group[a] == group[b]:
            for unit in (a, b):
                counted[unit] -= probability is None
                support[unit] += probability or 0.0
    return {unit: support[unit] / counted[unit] if counted[unit] else 1.0 for unit in group}


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
