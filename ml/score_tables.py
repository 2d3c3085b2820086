"""`ops.scores` and `ops.score_reasons`: the scores in force and what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ml.specs.spec import Spec

if TYPE_CHECKING:
    import duckdb
    import pandas
    import pyarrow
    from numpy.typing import NDArray

BASE: Final = "(base)"
# How a reason begins in the lists: what raises the score, what lowers it; a fact does neither.
SIGNS: Final = {"raises": "+ ", "lowers": "− ", "fact": ""}


@dataclass(frozen=True)
class Parts:
    """What a score is the sum of: a base, and per feature or rule a part for each row.

    `values` holds the feature's column, where there is one; `unit` is log-odds or points.
    """

    base: float
    keys: Sequence[str]
    parts: NDArray[Any]  # rows x keys
    values: pandas.DataFrame
    unit: str


def replace(
    connection: duckdb.DuckDBPyConnection,
    spec: Spec,
    rows: pandas.DataFrame,
    said: pyarrow.Table,
    parts: Parts,
) -> int:
    """Replace a score's rows in both tables in one transaction.

    Args:
        connection: the warehouse.
        spec: the score.
        rows: the columns of `ops.scores` but the texts; the position is the `row` of `said`.
        said: the sentences (`ml.reasons.explanation`).
        parts: what the scores are the sum of.

    Returns:
        How many entities no longer have a score.

    """
    connection.register("scored", rows.assign(row=range(len(rows))))
    connection.register("said", said)
    connection.begin()
    try:
        (removed,) = connection.execute(
            "select count(*) from ops.scores anti join scored using (entity_id) where score = ?",
            [spec.name],
        ).fetchone() or (0,)
        _delete(connection, spec.name)
        connection.execute(
            "insert into ops.scores by name select scored.* exclude (row),"
            " coalesce(reasons_de, []) as reasons_de, coalesce(reasons_en, []) as reasons_en,"
            " coalesce(told_de, '') as told_de, coalesce(told_en, '') as told_en from scored"
            f" left join (select row, {_texts(spec)} from said group by row) using (row)"
        )
        _insert_parts(connection, parts)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.unregister("scored")
        connection.unregister("said")
    return int(removed)


def forget(connection: duckdb.DuckDBPyConnection, score: str) -> int:
    """Remove a score's rows in one transaction; returns how many entities had one."""
    connection.begin()
    (removed,) = connection.execute(
        "select count(*) from ops.scores where score = ?", [score]
    ).fetchone() or (0,)
    _delete(connection, score)
    connection.commit()
    return int(removed)


def forget_others(connection: duckdb.DuckDBPyConnection, scores: set[str]) -> None:
    """Remove scores whose YAML is gone."""
    for table in ("ops.scores", "ops.score_reasons"):
        connection.execute(
            f"delete from {table} where not list_contains(?::varchar[], score)", [sorted(scores)]
        )


def said_last(
    connection: duckdb.DuckDBPyConnection, score: str, entities: pandas.Series[Any]
) -> pandas.DataFrame:
    """Read which features gave a reason in the scores in force.

    Returns:
        `row` (position of the entity in `entities`), `key`, `direction`.

    """
    connection.register("asked", entities.rename("entity_id").reset_index(drop=True).reset_index())
    found = connection.execute(
        "select index as row, feature as key, direction from ops.score_reasons"
        " join asked using (entity_id) where score = ? and is_shown and direction <> 'fact'",
        [score],
    ).df()
    connection.unregister("asked")
    return found


def _delete(connection: duckdb.DuckDBPyConnection, score: str) -> None:
    for table in ("ops.scores", "ops.score_reasons"):
        connection.execute(f"delete from {table} where score = ?", [score])


def _texts(spec: Spec) -> str:
    """Select the reasons as a list, and as one text under headings, in both languages."""
    selected = []
    for language in ("de", "en"):
        signs = " ".join(f"when '{side}' then '{sign}'" for side, sign in SIGNS.items())
        line = f"case direction {signs} end || {language}"
        selected.append(f"list({line} order by place) as reasons_{language}")
        blocks = []
        for side, heading in (
            ("raises", spec.explanation.raises),
            ("lowers", spec.explanation.lowers),
            ("fact", spec.explanation.facts),
        ):
            title = getattr(heading, language).replace("'", "''")
            blocks.append(
                f"'{title}:' || chr(10) || string_agg({line}, chr(10) order by place)"
                f" filter (direction = '{side}')"
            )
        selected.append(f"concat_ws(chr(10), {', '.join(blocks)}) as told_{language}")
    return ", ".join(selected)


def _insert_parts(connection: duckdb.DuckDBPyConnection, parts: Parts) -> None:
    """Insert a feature at a time: a column is copied faster than a table is turned."""
    import numpy as np
    import pandas as pd

    count = len(parts.parts)
    ranks = np.argsort(np.argsort(-np.abs(parts.parts), axis=1, kind="stable"), axis=1) + 1
    is_model = parts.unit == "log-odds"
    base = pd.DataFrame(
        {"row": np.arange(count), "part": parts.base, "rank": len(parts.keys) + 1, "value": None}
    )
    _insert_part(connection, BASE, parts.unit, base)
    for column, key in enumerate(parts.keys):
        values = parts.values[key].to_numpy() if key in parts.values else None
        some = pd.DataFrame(
            {
                "row": np.arange(count),
                "part": parts.parts[:, column],
                "rank": ranks[:, column],
                "value": values,
            }
        )
        # a rule that does not hold is no part
        _insert_part(connection, key, parts.unit, some if is_model else some[some.part != 0])
    # facts are no parts, but people read them
    connection.execute(
        "insert into ops.score_reasons select score, entity, entity_id, night, key, null, 0, ?,"
        " 'fact', ? + place, true, de, en from said join scored using (row)"
        " where direction = 'fact'",
        [parts.unit, len(parts.keys) + 1],
    )


def _insert_part(
    connection: duckdb.DuckDBPyConnection,
    key: str,
    unit: str,
    some: pandas.DataFrame,
) -> None:
    if some.empty:
        return
    is_number = some["value"].dtype.kind == "f"
    written = (
        "case when value = trunc(value) and abs(value) < 1e15 then value::bigint::varchar"
        " else value::varchar end"
    )
    connection.register("added", some)
    connection.execute(
        "insert into ops.score_reasons select score, entity, entity_id, night, $key,"
        f" {written if is_number else 'value::varchar'}, part, $unit,"
        " case when $key = $base or part = 0 then 'fact' when part > 0 then 'raises'"
        " else 'lowers' end, rank, de is not null, de, en"
        " from added join scored using (row) left join"
        " (from said where key = $key and direction <> 'fact') said using (row)",
        {"key": key, "unit": unit, "base": BASE},
    )
    connection.unregister("added")
