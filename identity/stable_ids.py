"""A customer keeps its id over the nights as files come, change and go.

The rule: a group of records takes over the id that most of its records had the night before; ties
go to the id with more records in all, then the older one, then the smaller one. An id goes to one
group only, the one with most of its records; ties go to the group with the record that had it
first. A group that gets none this way gets back, by the same rule, the id of records that had
disappeared, then one that its records had earlier and that no group has now (merged groups that
split again); else a new one, made from the id of a record.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import count
from typing import Literal, NamedTuple

Kind = Literal["merged", "split", "moved", "gone", "returned"]


class Membership(NamedTuple):
    """A record belonged to a customer from the night `since` to before `until` (None: still)."""

    record_id: str
    customer_id: str
    since: date
    until: date | None


class Change(NamedTuple):
    """What became of a customer id in a night, as `ops.customer_id_changes` has it.

    `merged`: its records went to `new_id`, most of them if to several. `split`: some of them left
    for `new_id`, which was not in use. `moved`: some of them left for another customer. `gone`:
    none of its records is there any more. `returned`: it is in use again, as `new_id`.
    """

    old_id: str
    new_id: str | None
    kind: Kind
    record_count: int


class _Memory:
    """What was known before a night, and the ids of an earlier run of the same night."""

    def __init__(self, previous: Iterable[Membership], night: date) -> None:
        self.latest: dict[str, str] = {}
        self.earlier: set[tuple[str, str]] = set()
        self.tonight: dict[str, str] = {}
        self.in_force: dict[str, str] = {}
        self.born: dict[str, date] = {}
        self.since: dict[tuple[str, str], date] = {}  # first night of a record with an id
        for record, customer, since, until in sorted(previous, key=lambda row: (row[2], row[0])):
            if since >= night:
                self.tonight[record] = customer
                continue
            self.born.setdefault(customer, since)
            self.since.setdefault((record, customer), since)
            if self.latest.get(record, customer) != customer:
                self.earlier.add((record, self.latest[record]))
            self.latest[record] = customer
            if until is None or until >= night:
                self.in_force[record] = customer

    def claims(self) -> Iterator[list[tuple[str, str]]]:
        """Yield records and the ids that they had, in the order in which claims count."""
        yield list(self.in_force.items())  # returning records rename no customer that stayed
        yield list(self.latest.items())
        held = set(self.latest.values())
        yield [(record, customer) for record, customer in self.earlier if customer not in held]
        # A night that runs again starts from the state before it, but its earlier ids are in the
        # CRM already.
        yield [pair for pair in self.tonight.items() if pair[1] not in self.born]


def keep_ids(
    clusters: Sequence[Sequence[str]],
    previous: Iterable[Membership],
    night: date,
    prefix: str = "C",
) -> list[str]:
    """Give every cluster its customer id by the rule at the head of this module.

    Args:
        clusters: the record ids of each customer; each record in one of them.
        previous: what former nights remember, in any order; rows of `night` itself and later
            ones count only where the nights before it say nothing.
        night: the night that the clusters are of.
        prefix: what a new id starts with.

    Returns:
        Per cluster its id, `prefix` and ten characters; no two have the same one. The order of
        clusters and of records within them changes nothing.

    """
    memory = _Memory(previous, night)
    first = [min(cluster) for cluster in clusters]
    home = {record: n for n, cluster in enumerate(clusters) for record in cluster}
    given: dict[int, str] = {}
    taken: set[str] = set()
    for claims in memory.claims():
        total = Counter(customer for _, customer in claims)
        shared = Counter[tuple[int, str]]()
        oldest: dict[tuple[int, str], date] = {}
        for record, customer in claims:
            n = home.get(record)
            if n is not None and n not in given and customer not in taken:
                pair, since = (n, customer), memory.since.get((record, customer), night)
                shared[pair] += 1
                oldest[pair] = min(since, oldest.get(pair, since))
        ranked = sorted(
            (-count, -total[customer], memory.born.get(customer, night), customer,
             oldest[n, customer], first[n], n)
            for (n, customer), count in shared.items()
        )  # fmt: skip
        for _, _, _, customer, *_, n in ranked:
            if n not in given and customer not in taken:
                given[n] = customer
                taken.add(customer)
    taken.update(memory.born)
    for n in sorted(set(range(len(clusters))) - set(given), key=first.__getitem__):
        given[n] = next(new for new in _new_ids(clusters[n], prefix) if new not in taken)
        taken.add(given[n])
    return [given[n] for n in range(len(clusters))]


def find_changes(
    current: Mapping[str, str], previous: Iterable[Membership], night: date
) -> list[Change]:
    """Find out what became of the ids that were in use before the night.

    Args:
        current: the customer id of every record of the night.
        previous: as for `keep_ids`.
        night: the night; what an earlier run of it left in `previous` counts nothing.

    Returns:
        The changes, ordered by old id. An id that appears for the first time is no change.

    """
    memory = _Memory(previous, night)
    went: dict[str, Counter[str]] = defaultdict(Counter)
    for record, old in memory.latest.items():
        went[old].update([current[record]] if record in current else [])
    size = Counter(current.values())
    before = Counter(memory.in_force.values())
    changes = []
    for old in sorted(went):
        left = went[old]
        main = max(sorted(left), key=left.__getitem__, default=None)
        if old in before and not left:
            changes.append(Change(old, None, "gone", before[old]))
        for new in sorted(set(left) - {old}):
            kind: Kind = "moved" if new in before else "split"
            is_merged = old not in size and new == main
            changes.append(Change(old, new, "merged" if is_merged else kind, left[new]))
    changes.extend(
        Change(customer, customer, "returned", size[customer])
        for customer in set(memory.born) - set(before)
        if customer in size
    )
    return sorted(changes, key=lambda change: (change.old_id, change.new_id or ""))


def _new_ids(records: Sequence[str], prefix: str) -> Iterator[str]:
    """Candidate ids: made from the first record, the others, and the first one with a counter."""
    yield from (_digest(record, prefix) for record in sorted(records))
    yield from (_digest(f"{min(records)}\n{n}", prefix) for n in count(2))


def _digest(text: str, prefix: str) -> str:
    seven_bytes = hashlib.sha256(text.encode()).digest()[:7]  # ten characters are 50 bits
    return prefix + base64.b32encode(seven_bytes).decode()[:10]
