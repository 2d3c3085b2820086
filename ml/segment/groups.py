"""Stage 1: customers with the same attributes, in groups that are large enough to speak of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

OTHER: Final = "other"
BETWEEN: Final = " · "


def group_customers(
    attributes: Mapping[str, Sequence[str | None]],
    at_least: int,
    kept: Collection[str] = (),
    keep: float = 1,
) -> dict[str, str]:
    """Name the group of each customer.

    A combination of attributes that too few share loses its last one, until enough do; what a
    customer's row leaves blank is skipped there. Who shares nothing with enough others is `other`.

    Args:
        attributes: per customer, the most important first; a blank one ends the combination.
        at_least: how many customers make a group.
        kept: groups of the last night, which stay down to `keep` of `at_least`.
        keep: share of `at_least`.

    """
    known = {customer: _known(values) for customer, values in attributes.items()}
    found: dict[str, str] = {}
    for depth in range(max(map(len, known.values()), default=0), 0, -1):
        combined = {
            customer: BETWEEN.join(values[:depth])
            for customer, values in known.items()
            if customer not in found and len(values) >= depth
        }
        sizes = Counter(combined.values())
        enough = {
            name
            for name, size in sizes.items()
            if size >= at_least or (name in kept and size >= keep * at_least)
        }
        found |= {customer: name for customer, name in combined.items() if name in enough}
    return {customer: found.get(customer, OTHER) for customer in attributes}


def _known(values: Sequence[str | None]) -> list[str]:
    known: list[str] = []
    for value in values:
        if value is None or not str(value).strip():
            break
        known.append(str(value).strip())
    return known
