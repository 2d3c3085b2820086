"""Which of many signs a person reads: the strongest for, as many against. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


def places(strength: NDArray[Any], sides: NDArray[Any], most: int) -> NDArray[Any]:
    """Give the strongest signs of each side their place in the list, those for before the others.

    Args:
        strength: rows x signs, at least 0; 0 is never shown.
        sides: rows x signs, 1 (raises the score) or -1 (lowers it).
        most: how many of each side at most.

    Returns:
        Rows x signs: 1 for the first in the row's list, 0 for those not shown. Of equal ones the
        earlier sign comes first.

    """
    import numpy as np

    found = np.zeros(strength.shape, dtype=np.int8)
    before = np.zeros(len(strength), dtype=np.int8)
    for side in (1, -1):
        weight = np.where(sides == side, strength, 0.0)
        order = np.argsort(-weight, axis=1, kind="stable")[:, :most]
        is_shown = np.take_along_axis(weight, order, axis=1) > 0
        place = np.where(is_shown, before[:, None] + np.arange(1, order.shape[1] + 1), 0)
        np.put_along_axis(found, order, place + np.take_along_axis(found, order, axis=1), axis=1)
        before = before + is_shown.sum(axis=1).astype(np.int8)
    return found


def strong_enough(strength: NDArray[Any], least_share: float, at_least: int) -> NDArray[Any]:
    """Tell which signs reach that share of their row's sum, or are among its `at_least` strongest.

    Args:
        strength: rows x signs, at least 0.
        least_share: 0 to 1.
        at_least: so many per row pass however weak.

    Returns:
        Booleans, rows x signs.

    """
    import numpy as np

    total = strength.sum(axis=1, keepdims=True)
    ranks = np.argsort(np.argsort(-strength, axis=1, kind="stable"), axis=1, kind="stable")
    return np.asarray((strength >= least_share * total) | (ranks < at_least))
