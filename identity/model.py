"""How likely two records are one customer: a Fellegi-Sunter model, estimated without labels.

Splink compares the pairs in DuckDB and counts how often random pairs agree. The other parameters
come from expectation maximisation over all pairs of records at once; Splink's own training blocks
on one column at a time and needs more records than a small company has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from identity.comparisons import MACROS, Comparison, choose_comparisons

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray
    from splink import Linker, SettingsCreator

THREADS = 2
# Half a million pairs: a degree that one pair in 100,000 reaches is still seen five times.
RANDOM_RECORDS = 1024
# How many true pairs the prior m of a degree is worth: 10 records lean on it, 10,000 do not.
PRIOR_PAIRS = 50.0
MAX_ITERATIONS = 50
CONVERGED = 1e-4  # relative change of the expected number of true pairs


@dataclass(frozen=True)
class Agreement:
    """How the compared pairs agree in one comparison.

    `degree` per pair: 0 the best, -1 unknown. `frequency` per pair: share of the records with the
    more frequent of the agreeing values, NaN where the degree is not about one value. `chance`
    per degree: its share among random pairs. `known`: the number of all pairs of records for
    which both values are known.
    """

    comparison: Comparison
    degree: NDArray[np.int64]
    frequency: NDArray[np.float64]
    chance: NDArray[np.float64]
    known: float


@dataclass(frozen=True)
class Pairs:
    """Compared pairs as positions of records, `left` < `right`, and how they agree."""

    records: int
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    agreements: list[Agreement]


def compare(features: pd.DataFrame, blocks: pd.DataFrame) -> Pairs | None:
    """Compare all pairs of records that share a block; None if there is nothing to compare.

    Args:
        features: as `features.build_features` returns them.
        blocks: as `blocking.build_blocks` returns them, with the same index.

    """
    import duckdb

    comparisons = choose_comparisons(features)
    if not comparisons or blocks.columns.empty:
        return None
    settings = _settings(comparisons, list(blocks.columns))
    with duckdb.connect(config={"threads": THREADS}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(MACROS)
        connection.register("arrow", _to_arrow(features, blocks, comparisons))
        connection.execute("create table records as from arrow")
        chances = _chances(connection, settings)
        linker = _linker(connection, "records", settings)
        predicted = linker.inference.predict(warning_mode="never").physical_name
        table = (
            connection.execute(
                f"select position_l, position_r, {', '.join(map(_agreement_sql, comparisons))}"
                f" from {predicted} order by position_l, position_r"
            )
            .arrow()
            .read_all()
        )
    columns = {name: table[name].to_numpy() for name in table.column_names}
    known = {c.name: int(features[c.column].notna().sum()) for c in comparisons}
    agreements = [
        Agreement(
            c,
            columns[f"degree_{c.name}"],
            columns[f"frequency_{c.name}"],
            chances[c.name],
            known[c.name] * (known[c.name] - 1) / 2,
        )
        for c in comparisons
    ]
    return Pairs(len(features), columns["position_l"], columns["position_r"], agreements)


def estimate_probabilities(pairs: Pairs) -> NDArray[np.float64]:
    """Estimate for every compared pair the probability that it is one customer.

    Expectation maximisation of the model of Fellegi and Sunter (1969, A Theory for Record
    Linkage) over all pairs of records: pairs that were not compared count as different. In each
    round the m of a degree is its share of the expected true pairs (with the prior worth
    PRIOR_PAIRS), its u the share of the rest: what random pairs show less the true pairs among
    them. A degree about one value has that value's frequency as its u.
    """
    import numpy as np

    total = pairs.records * (pairs.records - 1) / 2
    probability = np.zeros(len(pairs.left))
    prior = 1 / pairs.records
    for _ in range(MAX_ITERATIONS):
        log_odds = np.full(len(pairs.left), np.log2(prior / (1 - prior)))
        for agreement in pairs.agreements:
            log_odds += weigh(agreement, probability)
        before = probability.sum()
        probability = 1 / (1 + np.exp2(-np.clip(log_odds, -60, 60)))
        prior = (probability.sum() + 1) / (total + 2)
        if abs(probability.sum() - before) <= CONVERGED * probability.sum():
            break
    return probability


def weigh(agreement: Agreement, probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh every pair in one comparison, log2(m / u); 0 where it is unknown."""
    import numpy as np

    degree, prior_m = agreement.degree, np.array(agreement.comparison.prior_m)
    is_known = degree >= 0
    true_pairs = np.bincount(
        degree[is_known], weights=probability[is_known], minlength=len(prior_m)
    )
    m = (true_pairs + PRIOR_PAIRS * prior_m) / (true_pairs.sum() + PRIOR_PAIRS)
    different = np.maximum(agreement.chance * agreement.known - true_pairs, 0) + 0.5
    u = (different / different.sum())[degree]
    by_value = ~np.isnan(agreement.frequency)
    u[by_value] = agreement.frequency[by_value]
    weight: NDArray[np.float64] = np.where(is_known, np.log2(m[degree] / u), 0.0)
    return weight


def _settings(comparisons: Sequence[Comparison], blocks: list[str]) -> SettingsCreator:
    import splink.comparison_level_library as level_library
    from splink import SettingsCreator, block_on
    from splink.comparison_library import CustomComparison

    created = []
    for comparison in comparisons:
        levels = [level_library.NullLevel(comparison.column)]
        for level in comparison.levels:
            custom = level_library.CustomLevel(level.sql)
            if level.value:
                custom.configure(
                    tf_adjustment_column=level.value, disable_tf_exact_match_detection=True
                )
            levels.append(custom)
        levels.append(level_library.ElseLevel())
        created.append(CustomComparison(levels, output_column_name=comparison.name))
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="position",
        comparisons=created,
        blocking_rules_to_generate_predictions=[block_on(block) for block in blocks],
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
    )


def _linker(connection: duckdb.DuckDBPyConnection, table: str, settings: SettingsCreator) -> Linker:
    from splink import DuckDBAPI, Linker

    api = DuckDBAPI(connection)
    return Linker(api.register(table), settings, log_level="ERROR", validate_settings=False)


def _chances(
    connection: duckdb.DuckDBPyConnection, settings: SettingsCreator
) -> dict[str, NDArray[np.float64]]:
    """Count per comparison the share of each degree among random pairs (Splink's u)."""
    import numpy as np

    connection.execute(
        "create table sample as from records order by hash(position) limit ?", [RANDOM_RECORDS]
    )
    linker = _linker(connection, "sample", settings)
    linker.training.estimate_u_using_random_sampling(
        max_pairs=RANDOM_RECORDS**2, min_count_per_level=None, num_chunks=1
    )
    chances = {}
    for comparison in linker.misc.save_model_to_json()["comparisons"]:
        shares = [
            level.get("u_probability")
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level")
        ]  # text where random pairs never agree so
        chances[comparison["output_column_name"]] = np.array(
            [share if isinstance(share, float) else 0.0 for share in shares]
        )
    return chances


def _agreement_sql(comparison: Comparison) -> str:
    """Select a pair's degree and frequency; Splink's gamma counts down to 0, unknown is -1."""
    name, worst = comparison.name, len(comparison.levels)
    values = " ".join(
        f"when gamma_{name} = {worst - n} then greatest(tf_{level.value}_l, tf_{level.value}_r)"
        for n, level in enumerate(comparison.levels)
        if level.value
    )
    return (
        f"case when gamma_{name} = -1 then -1 else {worst} - gamma_{name} end::bigint"
        f" as degree_{name}, coalesce(case {values} end, 'nan'::double) as frequency_{name}"
    )


def _to_arrow(
    features: pd.DataFrame, blocks: pd.DataFrame, comparisons: Sequence[Comparison]
) -> pa.Table:
    import pyarrow as pa

    columns = {"position": pa.array(range(len(features)), pa.int64())}
    for column in sorted({column for c in comparisons for column in c.columns}):
        columns[column] = pa.array(list(features[column]), pa.string())
    rarity = [list(row.items()) if row else None for row in features["words"]]
    columns["words"] = pa.array(rarity, pa.map_(pa.string(), pa.float64()))
    for block in blocks.columns:
        columns[str(block)] = pa.array(list(blocks[block]), pa.string())
    return pa.table(columns)
