"""Scores without learning: points for conditions over the features, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from config.language import _
from ml.specs.spec import Rules, Spec, SpecError

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

    rules = _rules(spec).of(stage)
    if frame.empty or not rules:
        return np.zeros((len(frame), len(rules)), dtype=bool)
    wanted = [f"coalesce(({rule.when}), false) as rule_{i}" for i, rule in enumerate(rules)]
    with duckdb.connect() as connection:
        connection.register("features", frame[list(spec.features)])
        try:
            found = connection.execute(f"select {', '.join(wanted)} from features").fetchnumpy()
        except duckdb.Error:
            stage_name = f"rules.stage_{min(max(stage, 1), 2)}"
            for index, condition in enumerate(wanted):
                _check(connection, condition, spec.place(f"{stage_name}.{index}.when"))
            raise
    return np.column_stack([np.asarray(hit, dtype=bool) for hit in found.values()])


def _check(connection: duckdb.DuckDBPyConnection, condition: str, place: str) -> None:
    try:
        connection.execute(f"select {condition} from features")
    except duckdb.Error as error:
        raise SpecError(f"{place}: {str(error).splitlines()[0]}") from error


def _rules(spec: Spec) -> Rules:
    if spec.rules is None:
        raise SpecError(_("{file}: rules are missing.").format(file=spec.file))
    return spec.rules
