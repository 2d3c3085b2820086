"""`ops.scores` and `ops.score_reasons`: the scores in force and what they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        connection.register("texts", _texts(said, spec))
        connection.execute(
            "insert into ops.scores by name select scored.* exclude (row),"
            " coalesce(reasons_de, []) as reasons_de, coalesce(reasons_en, []) as reasons_en,"
            " coalesce(told_de, '') as told_de, coalesce(told_en, '') as told_en"
            " from scored left join texts using (row)"
        )
        _insert_parts(connection, parts)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.unregister("texts")
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


def _texts(said: pyarrow.Table, spec: Spec) -> pyarrow.Table:
    """Join the sentences of a row to a list, and to one text under headings, in both languages.

    Returns:
        `row`, `reasons_de`, `reasons_en`, `told_de`, `told_en`; rows of which nothing is said are
        left out.

    """
    import numpy as np
    import pyarrow
    from pyarrow import compute

    said = said.sort_by([("row", "ascending"), ("place", "ascending")])
    rows = said["row"].to_numpy()
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    offsets = pyarrow.array(np.append(starts, len(rows)), pyarrow.int32())
    direction = said["direction"].combine_chunks()
    codes = direction.dictionary_encode().indices.to_numpy()
    is_first = np.diff(codes, prepend=-1) != 0  # of its row and direction: it follows the heading
    is_first[starts] = True
    found = {"row": pyarrow.array(rows[starts])}
    texts = spec.explanation
    for language in ("de", "en"):
        headings = {
            "raises": f"{getattr(texts.raises, language)}:\n",
            "lowers": f"{getattr(texts.lowers, language)}:\n",
            "fact": f"{getattr(texts.facts, language)}:\n",
        }
        signs = _by_direction(direction, SIGNS)
        lines = compute.binary_join_element_wise(signs, said[language].combine_chunks(), "")
        headed = compute.binary_join_element_wise(_by_direction(direction, headings), lines, "")
        found[f"reasons_{language}"] = pyarrow.ListArray.from_arrays(offsets, lines)
        told = compute.if_else(pyarrow.array(is_first), headed, lines)
        found[f"told_{language}"] = compute.binary_join(
            pyarrow.ListArray.from_arrays(offsets, told), "\n"
        )
    return pyarrow.table(found)


def _by_direction(direction: pyarrow.StringArray, words: Mapping[str, str]) -> pyarrow.StringArray:
    """Put a word in the place of each direction."""
    import pyarrow
    from pyarrow import compute

    found = compute.index_in(direction, pyarrow.array(list(words)))
    return pyarrow.array(list(words.values())).take(found)


def _insert_parts(connection: duckdb.DuckDBPyConnection, parts: Parts) -> None:
    """Insert base, parts and facts in one statement: each of its own would be stored anew."""
    import numpy as np
    import pandas as pd

    ranks = np.argsort(np.argsort(-np.abs(parts.parts), axis=1, kind="stable"), axis=1) + 1
    wide: dict[str, Any] = {"row": np.arange(len(parts.parts))}
    last = len(parts.keys) + 1
    selects = [f"select row, '{BASE}' as key, null as value, {parts.base!r} as part, {last} as rank"
               " from wide"]  # fmt: skip
    # a rule that does not hold is no part; a feature always is
    is_model = parts.unit == "log-odds"
    for index, key in enumerate(parts.keys):
        wide |= {f"p{index}": parts.parts[:, index], f"r{index}": ranks[:, index]}
        value = "null"
        if key in parts.values:
            wide[f"v{index}"] = parts.values[key].to_numpy()
            value = _written(f"v{index}", is_number=wide[f"v{index}"].dtype.kind == "f")
        name = key.replace("'", "''")
        selects.append(
            f"select row, '{name}' as key, {value} as value, p{index} as part, r{index} as rank"
            f" from wide{'' if is_model else f' where p{index} <> 0'}"
        )
    connection.register("wide", pd.DataFrame(wide))
    connection.execute(
        "insert into ops.score_reasons with parts as ("
        + " union all ".join(selects)
        + "), reasons as (from said where direction <> 'fact')"
        " select score, entity, entity_id, night, key, value, part, $unit,"
        " case when key = $base or part = 0 then 'fact' when part > 0 then 'raises'"
        " else 'lowers' end, rank, de is not null, de, en"
        " from parts left join reasons using (row, key) join scored using (row)"
        # facts are no parts, but people read them
        " union all select score, entity, entity_id, night, key, null, 0, $unit, 'fact',"
        " $last + place, true, de, en from said join scored using (row) where direction = 'fact'",
        {"unit": parts.unit, "base": BASE, "last": last},
    )
    connection.unregister("wide")


def _written(value: str, *, is_number: bool) -> str:
    """Write a value as text; a whole number without decimals."""
    if not is_number:
        return f"{value}::varchar"
    return (
        f"case when {value} = trunc({value}) and abs({value}) < 1e15"
        f" then {value}::bigint::varchar else {value}::varchar end"
    )
