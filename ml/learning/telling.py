"""Which values of a feature are associated with the outcome beyond chance."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ml.features.shares import difference

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

    from ml.specs.spec import Spec

QUARTERS = (0.25, 0.5, 0.75)
# Per feature: the cuts between its groups (none: categories), and per group 1 or -1 if its members
# have the outcome significantly more or less often than all others; other groups are left out.
Telling = Mapping[str, Mapping[str, Any]]


def find_telling(
    frame: pandas.DataFrame, inputs: pandas.DataFrame, y: NDArray[Any], spec: Spec
) -> dict[str, dict[str, Any]]:
    """Compare each group of a feature's values with all other rows.

    Groups are categories, or quarters of a number. Features with a `direction` are left out: their
    effect is known. An entity with many cut-offs counts once, by its mean outcome, since its rows
    are not independent. Two shares differ if the 95 % interval of their difference excludes zero:
    Newcombe (1998), Statistics in Medicine 17:873-890, method 10.
    """
    import pandas as pd

    entities = frame["entity_id"] if "entity_id" in frame else pd.Series(range(len(frame)))
    found: dict[str, dict[str, Any]] = {}
    for name, feature in spec.inputs.items():
        if feature.direction or name not in inputs:
            continue
        values = inputs[name]
        cuts = [] if feature.type == "categorical" else sorted(set(values.quantile(QUARTERS)))
        groups = pd.Series([group_of(value, cuts) for value in values])
        table = pd.DataFrame({"group": groups, "entity": entities.to_numpy(), "y": y})
        signs = {}
        for group in sorted(set(groups)):
            member = table["group"] == group
            inside, outside = (
                table[rows].groupby("entity")["y"].mean() for rows in (member, ~member)
            )
            if len(inside) and len(outside):
                low, high = difference(inside.mean(), len(inside), outside.mean(), len(outside))
                if low > 0 or high < 0:
                    signs[group] = 1 if low > 0 else -1
        found[name] = {"cuts": cuts, "signs": signs}
    return found


def group_of(value: object, cuts: list[float]) -> str:
    """Name a value's group: its category, or the quarter in which it lies."""
    if not cuts or isinstance(value, str):
        return str(value)
    if value is None or value != value:
        return "unknown"
    edges = [float("-inf"), *cuts, float("inf")]
    number = float(value)  # type: ignore[arg-type]
    return next(str(i) for i, (low, high) in enumerate(pairwise(edges)) if low < number <= high)


def effects(telling: Telling, feature: str, values: pandas.Series[Any]) -> NDArray[Any] | None:
    """Tell per value whether it goes with the outcome more (1) or less (-1) often beyond chance.

    Returns:
        1, -1 or 0 (no difference that is more than chance); None for a feature not tested.

    """
    import numpy as np
    import pandas as pd

    if feature not in telling:
        return None
    cuts, signs = telling[feature]["cuts"], telling[feature]["signs"]
    codes, different = pd.factorize(values)
    found = [signs.get(group_of(value, cuts), 0) for value in different]
    return np.array([*found, signs.get(group_of(None, cuts), 0)], dtype=int)[codes]
