"""SQL expressions over the features of a frame: conditions of rules and texts, the amount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import duckdb

from ml.specs.spec import Spec, SpecError

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray


def holds(
    frame: pandas.DataFrame, spec: Spec, conditions: Mapping[str, str]
) -> dict[str, NDArray[Any]]:
    """Tell for which rows each condition holds; unknown counts as not.

    Args:
        frame: rows with all features of the spec.
        spec: whose features the conditions name.
        conditions: SQL by where it stands in the YAML (`rules.stage_1.0.when`).

    Returns:
        Booleans per condition, a value per row.

    Raises:
        SpecError: one is no SQL over the features; the message says where it stands.

    """
    wanted = {place: f"coalesce(({sql}), false)::boolean" for place, sql in conditions.items()}
    return _evaluate(frame, spec, wanted)


def amounts(frame: pandas.DataFrame, spec: Spec) -> NDArray[Any] | None:
    """Return the amount that each row stands for, in euros (NaN: not known).

    Returns:
        None if the spec names no `worth`.

    Raises:
        SpecError: `worth.sql` is no SQL over the features.

    """
    if spec.worth is None:
        return None
    return _evaluate(
        frame, spec, {"worth.sql": f"coalesce(({spec.worth.sql})::double, 'nan'::double)"}
    )["worth.sql"]


def _evaluate(
    frame: pandas.DataFrame, spec: Spec, expressions: Mapping[str, str]
) -> dict[str, NDArray[Any]]:
    import numpy as np

    if not expressions:
        return {}
    selected = ", ".join(f"{sql} as e{i}" for i, sql in enumerate(expressions.values()))
    # a column without any value has no type of its own
    columns = ", ".join(
        f'"{name}"::{"double" if feature.type == "numeric" else "varchar"} as "{name}"'
        for name, feature in spec.features.items()
    )
    with duckdb.connect() as connection:
        connection.register("given", frame[list(spec.features)])
        connection.execute(f"create view features as select {columns} from given")
        try:
            found = connection.execute(f"select {selected} from features").fetchnumpy()
        except duckdb.Error:
            for place, sql in expressions.items():
                _check(connection, sql, spec.place(place))
            raise
    return {
        place: np.asarray(values) for place, values in zip(expressions, found.values(), strict=True)
    }


def _check(connection: duckdb.DuckDBPyConnection, sql: str, place: str) -> None:
    try:
        connection.execute(f"select {sql} from features")
    except duckdb.Error as error:
        raise SpecError(f"{place}: {str(error).splitlines()[0]}") from error
