"""How the records of a pair agree: DuckDB compares the candidates, Splink random pairs.

A million records have tens of millions of candidates, so little is kept of each: which of a few
thousand patterns of agreement it shows, and how rare the values are that its records share.
Splink's own prediction gives the same degrees, but carries some seventy columns per pair.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from identity.blocking import TEXT_COLUMNS, find_candidates
from identity.comparisons import COMPARISONS, MACROS, ONCE, Comparison, choose_comparisons

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray
    from splink import Linker, SettingsCreator

THREADS = 2
MEMORY_LIMIT = "3GB"  # of DuckDB, which spills to disk beyond it
# Half a million pairs: a degree that one pair in 100,000 reaches is seen about five times.
RANDOM_RECORDS = 1024
# Probability that two records are one customer if no other record has their name, or a word of it.
SURELY_ONE = 0.9


@dataclass(frozen=True)
class Field:
    """The figures of one comparison over all records.

    `chance` per degree: its share among random pairs. `known`: the number of all pairs of records
    for which both values are known. `holders` per column that a degree is about and per record: how
    many records have its value, 0 where it is unknown. `word_bits` per record: the rarity of its
    name's words, added up.
    """

    comparison: Comparison
    chance: NDArray[np.float64]
    known: float
    holders: dict[str, NDArray[np.int64]]
    word_bits: NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Compared pairs as positions of records, `left` < `right`, ordered, and how they agree.

    `pattern` per pair: which row of `degrees`. `degrees`: per pattern and field the degree of
    agreement, 0 the best, -1 unknown. `source` per record: the number of its source.
    """

    source: NDArray[np.int64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    pattern: NDArray[np.int32]
    degrees: NDArray[np.int8]
    fields: list[Field]

    @property
    def records(self) -> int:
        """How many records were compared."""
        return len(self.source)


def compare(features: pd.DataFrame) -> Pairs | None:
    """Compare all pairs of records that share a block; None if there is nothing to compare.

    Args:
        features: as `features.build_features` returns them.

    """
    import pandas as pd

    comparisons = choose_comparisons(features)
    if not comparisons:
        return None
    with open_database() as connection:
        load(connection, features)
        if not find_candidates(connection):
            return None
        chances = _chances(connection, comparisons)
        columns = _fetch(connection, _compare_sql(connection, comparisons))
        words = _word_bits(connection)
        fields = [Field(c, chances[c.name], *_values(connection, c), words) for c in comparisons]
    pattern, codes = pd.factorize(columns.pop("code"), sort=True)
    source, _ = pd.factorize(features["source"])
    return _pairs(source, columns, codes, pattern.astype("int32"), fields)


def _pairs(
    source: NDArray[np.int64],
    columns: dict[str, NDArray[np.int32]],
    codes: NDArray[np.int64],
    pattern: NDArray[np.int32],
    fields: list[Field],
) -> Pairs:
    """Take the patterns' codes apart."""
    import numpy as np

    degrees = np.empty((len(codes), len(fields)), dtype=np.int8)
    size = np.bincount(pattern)
    for n, field in enumerate(fields):
        codes, degrees[:, n] = np.divmod(codes, _base(field.comparison))
    degrees -= 1
    fields = [
        _with_seen(field, np.bincount(degree[degree >= 0], size[degree >= 0]))
        for field, degree in zip(fields, degrees.T, strict=True)
    ]
    return Pairs(source, columns["position_l"], columns["position_r"], pattern, degrees, fields)


def _with_seen(field: Field, seen: NDArray[Any]) -> Field:
    """Raise each degree's chance to what the compared pairs alone show, if that is more.

    Among a million records many strangers share the last seven digits of a phone number, but no
    sampled random pair does. The compared pairs are part of all pairs: their share is a lower
    bound.
    """
    chance = field.chance.copy()
    chance[: len(seen)] = chance[: len(seen)].clip(min=seen / max(field.known, 1))
    return replace(field, chance=chance)


def _base(comparison: Comparison) -> int:
    """Count the degrees, unknown and "all else" included."""
    return len(comparison.levels) + 2


def _compare_sql(connection: duckdb.DuckDBPyConnection, comparisons: Sequence[Comparison]) -> str:
    """Select the candidates with their degrees as the digits of one number, the first lowest."""
    joins, code, base = "", [], 1
    for comparison in comparisons:
        degree = degree_sql(comparison)
        if comparison.by_value:
            _compare_values(connection, comparison)
            ends = ", ".join(f"{comparison.column}_{side}" for side in "lr")
            joins += f" left join degrees_{comparison.name} using ({ends})"
            degree = f"coalesce(degree_{comparison.name}, -1)"
        code.append(f"{base} * ({degree} + 1)::bigint")
        base *= _base(comparison)
    select = f"select position_l, position_r, {' + '.join(code)} as code"
    inner = []
    for n, asked in enumerate(ONCE):
        if asked in select:
            select = select.replace(asked, f"once_{n}")
            inner.append(f"{asked} as once_{n}")
    columns = sorted({column for c in comparisons for column in c.columns} | {"words"})
    return (
        f"{select} from (select {', '.join(['*', *inner])} from ({_sides(columns)})){joins}"
        " order by position_l, position_r"
    )


def _compare_values(connection: duckdb.DuckDBPyConnection, comparison: Comparison) -> None:
    """Write the table `degrees_<name>`: the degree of each pair of values among the candidates."""
    ends = [f"{comparison.column}_{side}" for side in "lr"]
    connection.execute(
        f"create temp table degrees_{comparison.name} as"
        f" select *, {degree_sql(comparison)} as degree_{comparison.name} from"
        f" (select distinct {', '.join(ends)} from ({_sides(comparison.columns)})"
        f" where {' and '.join(f'{end} is not null' for end in ends)})"
    )


def _sides(columns: Sequence[str]) -> str:
    """Select the candidates with columns of both records."""
    sides = ", ".join(f"{side}.{column} as {column}_{side}" for column in columns for side in "lr")
    return (
        f"select position_l, position_r, {sides} from candidates"
        " join records l on l.position = position_l join records r on r.position = position_r"
    )


def degree_sql(comparison: Comparison) -> str:
    """Write a pair's degree of agreement over `<column>_l` and `<column>_r`: -1 is unknown."""
    degrees = " ".join(f"when {level.sql} then {n}" for n, level in enumerate(comparison.levels))
    return (
        f"case when {unknown_sql(comparison)} then -1 {degrees} else {len(comparison.levels)} end"
    )


def unknown_sql(comparison: Comparison) -> str:
    """Write the SQL condition under which a comparison of a pair is unknown."""
    column = comparison.column
    unless = f" or coalesce({comparison.unless}, false)" if comparison.unless else ""
    return f"{column}_l is null or {column}_r is null{unless}"


def _values(
    connection: duckdb.DuckDBPyConnection, comparison: Comparison
) -> tuple[float, dict[str, NDArray[np.int64]]]:
    """Count the pairs whose value is known, and how many records have a record's value."""
    holders = {}
    for column in {level.value for level in comparison.levels if level.value}:
        found = _fetch(
            connection,
            f"select count({column}) over (partition by {column}) as holders"
            " from records order by position",
        )
        holders[column] = found["holders"]
    row = connection.execute(f"select count({comparison.column}) from records").fetchone()
    known = float(row[0]) if row else 0.0
    return known * (known - 1) / 2 * _comparable(connection, comparison), holders


def _comparable(connection: duckdb.DuckDBPyConnection, comparison: Comparison) -> float:
    """Return the share of random pairs with both values for which the comparison is known."""
    if comparison.unless is None:
        return 1.0
    sides = ", ".join(f"{side}.{c} as {c}_{side}" for c in comparison.columns for side in "lr")
    row = connection.execute(
        f"select avg((not coalesce({comparison.unless}, false))::int) from"
        f" (select {sides} from sample l join sample r on l.position < r.position"
        f" and l.{comparison.column} is not null and r.{comparison.column} is not null)"
    ).fetchone()
    return float(row[0]) if row and row[0] is not None else 1.0


def _word_bits(connection: duckdb.DuckDBPyConnection) -> NDArray[np.float64]:
    """Add up per record how rare the words of its name are, in bits.

    A word that at most two names have mostly belongs to one customer: see SURELY_ONE.
    """
    own = "log2(count(name) over () / 2) - 1e-6"
    more = f"case when b > own then -log2(2 * (1 - {SURELY_ONE})) else 0 end"
    found = _fetch(
        connection,
        f"select coalesce(list_sum([b + {more} for b in bits]), 0) as bits"
        f" from (select position, map_values(words) as bits, {own} as own from records)"
        " order by position",
    )
    bits: NDArray[np.float64] = found["bits"]
    return bits


def _fetch(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, NDArray[Any]]:
    table = connection.execute(sql).arrow().read_all()
    return {name: table[name].to_numpy() for name in table.column_names}


def load(connection: duckdb.DuckDBPyConnection, features: pd.DataFrame) -> None:
    """Write the table `records`: `position` and the columns that keys and comparisons use."""
    connection.register("arrow", _to_arrow(features))
    connection.execute("create table records as from arrow")
    connection.unregister("arrow")


@contextmanager
def open_database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that may spill to a folder of its own."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="reifegrad-") as folder, duckdb.connect() as connection:
        connection.execute(f"set threads = {THREADS}")
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute(f"set temp_directory = '{folder}'")
        connection.execute("set enable_progress_bar = false")
        connection.execute(MACROS)
        yield connection


def _chances(
    connection: duckdb.DuckDBPyConnection, comparisons: Sequence[Comparison]
) -> dict[str, NDArray[np.float64]]:
    """Count per comparison the share of each degree among random pairs (Splink's u)."""
    import numpy as np

    connection.execute(
        "create table sample as from records order by hash(position::bigint) limit ?",
        [RANDOM_RECORDS],
    )
    linker = _linker(connection, "sample", splink_settings(comparisons))
    linker.training.estimate_u_using_random_sampling(
        max_pairs=RANDOM_RECORDS**2, min_count_per_level=None, num_chunks=1
    )
    chances = {}
    for comparison in linker.misc.save_model_to_json()["comparisons"]:
        shares = [
            level.get("u_probability")
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level")
        ]  # text where no random pair has that degree
        chances[comparison["output_column_name"]] = np.array(
            [share if isinstance(share, float) else 0.0 for share in shares]
        )
    return chances


def _linker(connection: duckdb.DuckDBPyConnection, table: str, settings: SettingsCreator) -> Linker:
    from splink import DuckDBAPI, Linker

    api = DuckDBAPI(connection)
    return Linker(api.register(table), settings, log_level="ERROR", validate_settings=False)


def splink_settings(comparisons: Sequence[Comparison]) -> SettingsCreator:
    """Return the comparisons as Splink's settings, without blocking rules."""
    import splink.comparison_level_library as level_library
    from splink import SettingsCreator
    from splink.comparison_library import CustomComparison

    created = []
    for comparison in comparisons:
        unknown = level_library.CustomLevel(unknown_sql(comparison))
        levels = [unknown.configure(is_null_level=True)]
        levels.extend(level_library.CustomLevel(level.sql) for level in comparison.levels)
        levels.append(level_library.ElseLevel())
        created.append(CustomComparison(levels, output_column_name=comparison.name))
    return SettingsCreator(
        link_type="dedupe_only", unique_id_column_name="position", comparisons=created
    )


def _to_arrow(features: pd.DataFrame) -> pa.Table:
    import pyarrow as pa

    used = {column for c in COMPARISONS for column in c.columns}.union(TEXT_COLUMNS)
    columns = {"position": pa.array(range(len(features)), pa.int32())}
    for column in sorted(used):
        columns[column] = pa.array(list(features[column]), pa.string())
    rarity = [list(row.items()) if row else None for row in features["words"]]
    columns["words"] = pa.array(rarity, pa.map_(pa.string(), pa.float64()))
    return pa.table(columns)
