"""Many records to one customer."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from identity.blocking import build_blocks
from identity.clusters import Key, cluster
from identity.features import build_features, read_records
from identity.model import compare, estimate_probabilities

if TYPE_CHECKING:
    import pandas as pd

    from identity.features import Records

KEY_COLUMNS = ("vat_key", "registration_key")
# A number that more different names than this carry is a placeholder, not a key: one firm has
# few spellings, while somebody's own VAT id may stand in every row of a file.
MAX_NAMES_PER_KEY = 8


def resolve(records: Records) -> pd.DataFrame:
    """Find out which records are the same customer.

    Args:
        records: a pandas frame, pyarrow table or DuckDB relation with `record_id` (unique),
            `source` and any of `name`, or `given_name` and `family_name`, `street`, `postcode`,
            `city`, `country`, `phone`, `email`, `website`, `vat_id`, `registration_no`,
            `birth_date`, as text. Other columns are ignored.

    Returns:
        One row per record, ordered by it: `record_id, customer_id` (`C` and ten characters) and
        `probability` (0 to 1) that the record belongs to that customer. The same records give
        the same result in whatever order they come.

    Raises:
        IdentityError: `record_id` or `source` is missing, empty or not unique.

    """
    import pandas as pd

    features = build_features(read_records(records))
    group, probability = _resolve_features(features)
    ids = [_customer_id(features.index[position]) for position in group]
    return pd.DataFrame(
        {
            "record_id": pd.Series(features.index, dtype=object),
            "customer_id": pd.Series(ids, dtype=object),
            "probability": pd.Series(probability, dtype=float).round(4),
        }
    )


def _resolve_features(features: pd.DataFrame) -> tuple[list[int], list[float]]:
    """Return per record the position of its group's first record, and its probability."""
    copies = _copies(features)
    modelled = sorted(position for positions in copies for position in positions[:2])
    part = features.iloc[modelled]
    pairs = compare(part, build_blocks(part)) if len(part) > 1 else None
    probable = []
    if pairs is not None:
        probability = estimate_probabilities(pairs)
        is_possible = probability > 0.01  # the rest changes no mean that matters
        probable = list(
            zip(
                pairs.left[is_possible].tolist(),
                pairs.right[is_possible].tolist(),
                probability[is_possible].tolist(),
                strict=True,
            )
        )
    found, support = cluster(_keys(part), list(_sure_pairs(part)), probable)
    group, sureness = list(range(len(features))), [1.0] * len(features)
    for position, first, share in zip(modelled, found, support, strict=True):
        group[position], sureness[position] = modelled[first], share
    for first, *others in copies:  # further copies go where the second one went
        if others and group[others[0]] == group[first]:
            for position in others[1:]:
                group[position], sureness[position] = group[first], sureness[others[0]]
    return group, sureness


def _copies(features: pd.DataFrame) -> list[list[int]]:
    """Positions of records that read alike, whatever their source.

    Two of each are enough for the model: it decides whether records that read alike are one
    customer (two that hold a full address are, two that hold nothing but "Müller" are not), and
    a thousand copies would distort how frequent a value is.
    """
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    columns = [column for column in features.columns if column not in ("source", "words")]
    for position, row in enumerate(features[columns].itertuples(index=False, name=None)):
        alike[row].append(position)
    return list(alike.values())


def _keys(features: pd.DataFrame) -> list[frozenset[Key]]:
    """Per record its exact keys: one source does not give one firm two different ones."""
    return [
        frozenset(
            (f"{source} {kind}", value)
            for kind, value in zip(KEY_COLUMNS, values, strict=True)
            if value
        )
        for source, *values in features[["source", *KEY_COLUMNS]].itertuples(index=False)
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


def _customer_id(record_id: str) -> str:
    digest = hashlib.sha256(record_id.encode()).digest()
    return "C" + base64.b32encode(digest).decode()[:10]
