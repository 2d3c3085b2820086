"""Scores without learning: points for conditions over the features, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from config.language import _
from ml.features.expressions import holds
from ml.specs.sections import Rules
from ml.specs.spec import Spec, SpecError

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray


def points(frame: pandas.DataFrame, spec: Spec, stage: int) -> NDArray[Any]:
    """Points per row, 0 to 100, by the rules of that stage."""
    import numpy as np

    rules = _rules(spec)
    worth = np.array([rule.points for rule in rules.of(stage)])
    return np.asarray(np.clip(rules.base + hits(frame, spec, stage) @ worth, 0, 100))


def promised(seen: NDArray[Any], outcomes: NDArray[Any], asked: NDArray[Any]) -> NDArray[Any]:
    """Probability that points promise, by rows whose outcome is known (Platt 1999).

    More points never promise less: where they did so among the `seen` rows, all get their share.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    curve = LogisticRegression(C=1e6).fit(seen[:, None] / 100, outcomes)
    if curve.coef_[0, 0] <= 0:
        return np.full(len(asked), outcomes.mean())
    return np.asarray(curve.predict_proba(asked[:, None] / 100)[:, 1], dtype=float)


def hits(frame: pandas.DataFrame, spec: Spec, stage: int) -> NDArray[Any]:
    """Which rule holds for which row: booleans, rows x rules. Unknown counts as not.

    Raises:
        SpecError: a condition is no SQL over the features; the message names the rule.

    """
    import numpy as np

    listed = _rules(spec).of(stage)
    conditions = {
        f"rules.stage_{min(max(stage, 1), 2)}.{index}.when": rule.when
        for index, rule in enumerate(listed)
    }
    if not conditions:
        return np.zeros((len(frame), 0), dtype=bool)
    return np.column_stack(list(holds(frame, spec, conditions).values()))


def _rules(spec: Spec) -> Rules:
    if spec.rules is None:
        raise SpecError(_("{file}: rules are missing.").format(file=spec.file))
    return spec.rules
