"""A record is at most one of two persons who are surely different.

Two John Smiths of one house were born in different years. A third record, without a date of birth,
is like both; each pair alone is probable, and average linkage would join all three.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from identity.clusters import MIN_MEAN_PROBABILITY

Likely = tuple[int, int, float]


def exclude(probable: Sequence[Likely], birth_date: Sequence[str | None]) -> Sequence[Likely]:
    """Lower the probabilities that a record is `b` and that it is `c`, if these are two persons.

    Records `b` and `c` are two persons if their dates of birth have neither year nor month nor day
    in common and little else ties them. Only a record without a date is treated so: a date of its
    own is evidence enough. If being `b` excludes being `c` and both are otherwise independent, the
    odds o become the probability o_b / (1 + o_b + o_c).

    Args:
        probable: pairs of positions with their probability.
        birth_date: per position eight digits, or whatever digits are known.

    Returns:
        The pairs in the same order.

    """
    if not any(birth_date):
        return probable
    odds: dict[int, dict[int, float]] = defaultdict(dict)
    for a, b, likely in probable:
        odds[a][b] = odds[b][a] = likely / max(1 - likely, 1e-9)
    joined = MIN_MEAN_PROBABILITY / (1 - MIN_MEAN_PROBABILITY)

    def rival(a: int, b: int) -> float:
        if birth_date[a] is not None or birth_date[b] is None:
            return 0.0
        return max(
            (
                other
                for c, other in odds[a].items()
                if _have_nothing_in_common(birth_date[b], birth_date[c])
                and odds[b].get(c, 0.0) < joined
            ),
            default=0.0,
        )

    lowered = []
    for a, b, likely in probable:
        other = max(rival(a, b), rival(b, a))
        own = odds[a][b]
        lowered.append((a, b, own / (1 + own + other) if other else likely))
    return lowered


def _have_nothing_in_common(one: str | None, two: str | None) -> bool:
    """Whether two dates differ in year, month and day, also if month and day are swapped."""
    if not one or not two or len(one) != 8 or len(two) != 8:
        return False
    return one[:4] != two[:4] and {one[4:6], one[6:]}.isdisjoint({two[4:6], two[6:]})
