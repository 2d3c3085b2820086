"""How far apart two shares are, with their uncertainty."""

from __future__ import annotations

from math import sqrt

Z = 1.96  # 95 %: where there is no difference, one is found in one case of twenty


def difference(share: float, n: int, other: float, m: int, z: float = Z) -> tuple[float, float]:
    """Interval of the difference of two shares of `n` and `m` (Newcombe's method 10), 95 %."""
    (low, high), (other_low, other_high) = share_interval(share, n, z), share_interval(other, m, z)
    gap = share - other
    return (
        gap - sqrt((share - low) ** 2 + (other_high - other) ** 2),
        gap + sqrt((high - share) ** 2 + (other - other_low) ** 2),
    )


def share_interval(share: float, n: int, z: float = Z) -> tuple[float, float]:
    """Interval of a share of `n` (Wilson 1927), 95 %; it holds for few and for none as well."""
    middle = share + z * z / (2 * n)
    spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return (middle - spread) / scale, (middle + spread) / scale
