"""Many records to one customer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from identity.assignment import best_for_both
from identity.clusters import Key, cluster
from identity.decisions import Decision, Rulings
from identity.doubts import Doubt, find_doubts
from identity.exclusion import Likely, exclude
from identity.features import build_features, read_records
from identity.links import ALIKE, SAYS, Link, find_links
from identity.model import estimate_probabilities
from identity.names_alone import weigh_names
from identity.other_ids import MAX_NAMES_PER_KEY, find_pairs, share_lasting
from identity.pairs import compare
from identity.stable_ids import Membership, keep_ids

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from identity.features import Records
    from identity.pairs import Pairs

KEY_COLUMNS = ("vat_key", "registration_key")
# Pairs below it are not clustered: a hundred of them would weigh as much as one sure link.
MIN_PROBABILITY = 0.01


@dataclass(frozen=True)
class _Resolved:
    """Per record the position of its group's first record, and its probability.

    Also the pairs in doubt, and per record but the first of its group its link.
    """

    group: list[int]
    probability: list[float]
    doubts: list[Doubt]
    links: dict[int, Link]


def resolve(
    records: Records,
    *,
    decisions: Iterable[Decision] = (),
    previous: Iterable[Membership] = (),
    night: date = date.max,
) -> pd.DataFrame:
    """Find out which records are the same customer.

    Args:
        records: a pandas frame, pyarrow table or DuckDB relation with `record_id` (unique),
            `source` and any of `name`, or `given_name` and `family_name`, `street`, `postcode`,
            `city`, `country`, `phone`, `email`, `website`, `vat_id`, `registration_no`,
            `other_ids` (as "DUNS: 31-572; LEI: 5493"), `birth_date`, as text. Other columns are
            ignored.
        decisions: what people decided, see `decisions.Rulings`.
        previous: which customer the records belonged to in former nights; customers keep their
            ids, see `stable_ids.keep_ids`.
        night: the night that the records are of.

    Returns:
        One row per record, ordered by it: `record_id, customer_id` (`C` and ten characters) and
        `probability` (0 to 1) that the record belongs to that customer. The same records give
        the same result in whatever order they come.

    Raises:
        IdentityError: `record_id` or `source` is missing, empty or not unique.

    """
    found, _ = resolve_with_doubts(records, decisions, previous, night)
    return found[["record_id", "customer_id", "probability"]]


def resolve_with_doubts(
    records: Records,
    decisions: Iterable[Decision],
    previous: Iterable[Membership],
    night: date,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Do what `resolve` does, and say of which pairs a person should decide.

    Returns:
        What `resolve` returns, with `linked_to, link_de, link_en`: the record of the same customer
        that a record is tied to, and why (see `links.find_links`). And the pairs as
        `doubts.find_doubts` finds them: `record_a, record_b, probability, evidence_de,
        evidence_en`.

    """
    import pandas as pd

    features = build_features(read_records(records))
    found = _resolve_features(features, Rulings(decisions))
    clusters: dict[int, list[str]] = defaultdict(list)
    for record_id, first in zip(features.index, found.group, strict=True):
        clusters[first].append(record_id)
    kept = keep_ids(list(clusters.values()), previous, night)
    customer_id = dict(zip(clusters, kept, strict=True))
    ids = [customer_id[first] for first in found.group]
    resolved = pd.DataFrame(
        {
            "record_id": pd.Series(features.index, dtype=object),
            "customer_id": pd.Series(ids, dtype=object),
            "probability": pd.Series(found.probability, dtype=float).round(4),
        }
    )
    name = features.index
    tied = [found.links.get(position) for position in range(len(features))]
    resolved["linked_to"] = pd.Series([t and name[t.linked_to] for t in tied], dtype=object)
    resolved["link_de"] = pd.Series([t and t.evidence_de for t in tied], dtype=object)
    resolved["link_en"] = pd.Series([t and t.evidence_en for t in tied], dtype=object)
    pairs = [(name[doubt.left], name[doubt.right], *doubt[2:]) for doubt in found.doubts]
    columns = ["record_a", "record_b", "probability", "evidence_de", "evidence_en"]
    return resolved, pd.DataFrame(pairs, columns=columns, dtype=object)


def _resolve_features(features: pd.DataFrame, rulings: Rulings) -> _Resolved:
    named = rulings.records()
    decided = {position for position, record in enumerate(features.index) if record in named}
    copies = _copies(features, decided)
    modelled = sorted({p for positions in copies for p in positions[:2]}.union(decided))
    rank = {position: n for n, position in enumerate(modelled)}
    twins = [(rank[two[0]], rank[two[1]]) for two in copies if len(two) > 1]
    size = {position: len(positions) for positions in copies for position in positions[:1]}
    size |= {positions[1]: 0 for positions in copies if len(positions) > 1}
    modelled_features = features.iloc[modelled].assign(copies=[size.get(p, 1) for p in modelled])
    distinct = _resolve_distinct(modelled_features, twins, rulings)
    found = _at(distinct, modelled, len(features))
    for first, *others in copies:  # further copies go where the second one went
        if others and found.group[others[0]] == found.group[first]:
            for position in others[1:]:
                found.group[position] = found.group[first]
                found.probability[position] = found.probability[others[0]]
                found.links[position] = Link(others[0], *SAYS[ALIKE])
    return found


def _resolve_distinct(
    features: pd.DataFrame, twins: Sequence[tuple[int, int]], rulings: Rulings
) -> _Resolved:
    """Resolve records, at most two of which (the `twins`) have the same content."""
    place = {record: position for position, record in enumerate(features.index)}
    sure = list(_sure_pairs(features))
    features = share_lasting(features, sure)
    pairs = compare(features) if len(features) > 1 else None
    likely = None
    if pairs is not None:
        estimated = weigh_names(features, pairs, estimate_probabilities(pairs))
        likely = pairs, best_for_both(pairs, estimated)
    keys = _keys(features)
    same = [(place[a], place[b]) for a, b in rulings.same(place)]
    group, probability = cluster(
        keys,
        sure,
        exclude(_probable(*likely), list(features["birth_date"])) if likely else (),
        same=same,
        different=[(place[a], place[b]) for a, b in rulings.different(place)],
    )
    doubts = find_doubts(*likely, group, _settled(features, sure, keys, rulings)) if likely else []
    return _Resolved(
        group, probability, doubts, find_links(features, group, same, sure, twins, likely)
    )


def _probable(pairs: Pairs, probability: NDArray[np.float64]) -> list[Likely]:
    """List the pairs that may be one customer; the rest changes no mean that matters."""
    is_possible = probability > MIN_PROBABILITY
    columns = (pairs.left, pairs.right, probability)
    return list(zip(*(column[is_possible].tolist() for column in columns), strict=True))


def _at(found: _Resolved, positions: Sequence[int], records: int) -> _Resolved:
    """Map the result for some of the records to all positions; the others are alone."""
    group, probability = list(range(records)), [1.0] * records
    for position, first, share in zip(positions, found.group, found.probability, strict=True):
        group[position], probability[position] = positions[first], share
    doubts = [
        doubt._replace(left=positions[doubt.left], right=positions[doubt.right])
        for doubt in found.doubts
    ]
    links = {
        positions[record]: link._replace(linked_to=positions[link.linked_to])
        for record, link in found.links.items()
    }
    return _Resolved(group, probability, doubts, links)


def _settled(
    features: pd.DataFrame,
    sure: Iterable[tuple[int, int]],
    keys: Sequence[frozenset[Key]],
    rulings: Rulings,
) -> Callable[[int, int], bool]:
    """Return a predicate: whether a person or an exact key settles what two records are.

    A key that too many names share joins nobody and settles nothing.
    """
    exact: dict[int, set[int]] = defaultdict(set)  # the first records of a record's keys
    for first, other in sure:
        exact[first].add(first)
        exact[other].add(first)
    names = list(features.index)

    def is_settled(a: int, b: int) -> bool:
        kinds = dict(keys[a])
        return (
            not exact[a].isdisjoint(exact[b])
            or any(kinds.get(kind, value) != value for kind, value in keys[b])
            or rulings.is_decided(names[a], names[b])
        )

    return is_settled


def _copies(features: pd.DataFrame, decided: Collection[int]) -> list[list[int]]:
    """Positions of records with the same content in any source, except the `decided` ones.

    Two of each are enough for the model: it decides whether records that read alike are one
    customer (two that hold a full address are, two that hold nothing but "Müller" are not), and
    a thousand copies would distort how frequent a value is.
    """
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    columns = [column for column in features.columns if column not in ("source", "words")]
    for position, row in enumerate(features[columns].itertuples(index=False, name=None)):
        if position not in decided:
            alike[row].append(position)
    return list(alike.values())


def _keys(features: pd.DataFrame) -> list[frozenset[Key]]:
    """Per record its exact keys, of which a source gives a firm one only.

    Father and son are two persons in any source.
    """
    return [
        frozenset(
            (f"{source} {kind}", value)
            for kind, value in zip(KEY_COLUMNS, values, strict=True)
            if value
        )
        | ({("generation", generation)} if generation else set())
        for source, generation, *values in features[
            ["source", "generation", *KEY_COLUMNS]
        ].itertuples(index=False)
    ]


def _sure_pairs(features: pd.DataFrame) -> Iterator[tuple[int, int]]:
    """Pair each record that has an exact key with the first record that has it."""
    names = list(features["name"])
    for kind in KEY_COLUMNS:
        holders: dict[str, list[int]] = defaultdict(list)
        for position, value in enumerate(features[kind]):
            if value:
                holders[value].append(position)
        for first, *others in holders.values():
            if len({names[position] for position in (first, *others)}) <= MAX_NAMES_PER_KEY:
                yield from ((first, other) for other in others)
    yield from find_pairs(features)
