"""Features as they were known at a point in time: from a spec to one table out of the marts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import duckdb

from config.language import _
from ml.features.clock import find_as_of, find_cutoffs, find_reach
from ml.features.filled_later import attributes, find_filled_later
from ml.features.known import (
    MARTS,
    SEEN,
    TODAY,
    VERSION,
    Known,
    find_known,
    find_nights,
    lay_entities,
    uses_own_row,
)
from ml.features.querying import literal, make_macros, quoted, run
from ml.specs.feature import Feature, Source
from ml.specs.sections import Snapshots
from ml.specs.spec import Spec, SpecError

if TYPE_CHECKING:
    import pandas

# Columns of every frame beside the features (and the target, when training).
KEYS = ("entity_id", "customer_id", "cutoff")
_SPINE = "temp.score_snapshots"


def training_frame(
    connection: duckdb.DuckDBPyConnection, spec: Spec, night: date
) -> pandas.DataFrame:
    """Build what the model learns from: one row per entity and cut-off whose label is known.

    Every feature sees only rows known before its cut-off, as they were known then
    (`ml.features.known`), every label only rows of the horizon after it, and no horizon ends after
    the night or after the last day that the data reach.

    Returns:
        `entity_id, customer_id, cutoff`, the features and the target column (1 or 0). Its
        `attrs["left_out"]` names features that may have been filled after the outcome.

    Raises:
        NotEnoughDataError: the history is too short for one cut-off.
        SpecError: an SQL expression of the spec does not work on the marts.

    """
    snapshots = _snapshots(spec)
    cutoffs, reach = [night], find_reach(connection, spec, night)
    if snapshots.every_days:
        cutoffs = find_cutoffs(reach, spec, snapshots)
    nights = find_nights(connection, spec, cutoffs)
    make_macros(connection)
    _lay_spine(connection, spec, cutoffs, nights)
    known = TODAY
    if snapshots.every_days:
        known = find_known(connection, spec)
        _keep_population(connection, spec, known)
    _sample(connection, spec, snapshots.at_most_rows)
    known = _measure(connection, spec, known, reach.until if reach else night)
    labels, target = _labels(spec)
    frame = run(
        connection,
        spec,
        "snapshots.label",
        f"select features.*, {target} as {quoted(spec.target.column)} from temp.score_features"
        f" features semi join {_SPINE} using (spine_id) left join ({labels}) labels"
        f" using (spine_id) where {target} is not null order by cutoff, entity_id",
    ).drop(columns="spine_id")
    if attributes(spec):
        undecided = scoring_frame(connection, spec, night)
        frame.attrs["left_out"] = find_filled_later(frame, undecided, spec, known.since)
    return frame


def outcome_frame(
    connection: duckdb.DuckDBPyConnection, spec: Spec, cutoffs: Sequence[date], night: date
) -> pandas.DataFrame:
    """Look up what happened after earlier cut-offs, as far as it is known by now.

    Returns:
        `entity_id`, `cutoff` and `outcome` (0 or 1) of whoever has not objected, for those of the
        cut-offs whose horizon ended before the data do.

    """
    import pandas as pd

    horizon = timedelta(days=_snapshots(spec).horizon_days)
    until = find_as_of(connection, spec, night)
    closed = sorted({cutoff for cutoff in cutoffs if cutoff + horizon <= until})
    if not closed:
        return pd.DataFrame(columns=["entity_id", "cutoff", "outcome"])
    make_macros(connection)
    _lay_spine(connection, spec, closed, find_nights(connection, spec, closed))
    if _snapshots(spec).own_horizon:
        _measure(connection, spec, find_known(connection, spec), until)
    labels, target = _labels(spec)
    return run(
        connection,
        spec,
        "snapshots.label",
        f"select {spec.entity}_id as entity_id, cutoff, {target} as outcome"
        f" from {_SPINE} left join ({labels}) labels using (spine_id)"
        f" where {target} is not null order by cutoff, entity_id",
    )


def _measure(connection: duckdb.DuckDBPyConnection, spec: Spec, known: Known, until: date) -> Known:
    """Make `temp.score_features` for the spine; it keeps rows whose outcome is open, then known.

    Gone are those that were settled by the cut-off and those whose own horizon is not over.
    """
    if _snapshots(spec).every_days and uses_own_row(spec):
        known = replace(known, entities=lay_entities(connection, spec, _SPINE))
    run(
        connection,
        spec,
        "features",
        f"create or replace temp table score_features as {_features(spec, known)}",
    )
    settled = _snapshots(spec).settled
    if settled:
        run(
            connection,
            spec,
            "snapshots.settled",
            f"delete from {_SPINE} where spine_id in"
            f" (select spine_id from temp.score_features where ({settled}))",
        )
    _set_horizons(connection, spec, until)
    return known


def _labels(spec: Spec) -> tuple[str, str]:
    """Write the SQL of the label per snapshot, and of its value where there are no rows."""
    label = _snapshots(spec).label
    fields = [("label", label.sql)]
    sql = (
        _aggregate(spec, TODAY, label.source, fields, None, in_horizon=True)
        if label.source in spec.sources
        else _entity(spec, TODAY, fields)
    )
    return sql, f"cast(coalesce(labels.label, {literal(label.missing)}) as integer)"


def scoring_frame(
    connection: duckdb.DuckDBPyConnection, spec: Spec, night: date
) -> pandas.DataFrame:
    """Build what is scored tonight: one row per entity of the population.

    Returns:
        `entity_id, customer_id, cutoff` and the features. `cutoff` is the day up to which the data
        reach (`ml.features.clock`), the same clock from which training counts back. Its
        `attrs["settled"]` is how many were left out because their outcome counts as decided.

    Raises:
        SpecError: an SQL expression of the spec does not work on the marts.

    """
    make_macros(connection)
    _lay_spine(connection, spec, [find_as_of(connection, spec, night)], [night])
    _keep_population(connection, spec, TODAY)
    query = f"{_features(spec, TODAY)} order by cutoff, entity_id"
    settled = _snapshots(spec).settled
    if not settled:
        return run(connection, spec, "features", query).drop(columns="spine_id")
    run(connection, spec, "features", f"create or replace temp table score_features as {query}")
    frame = run(
        connection,
        spec,
        "snapshots.settled",
        f"select * exclude (spine_id), coalesce(({settled}), false) as is_settled"
        " from temp.score_features order by cutoff, entity_id",
    )
    undecided = frame[~frame["is_settled"]].drop(columns="is_settled").reset_index(drop=True)
    undecided.attrs["settled"] = int(frame["is_settled"].sum())
    return undecided


def _snapshots(spec: Spec) -> Snapshots:
    if spec.snapshots is None or spec.entity is None:
        raise SpecError(
            _("{file}: snapshots are missing: they say which rows to learn from.").format(
                file=spec.file
            )
        )
    return spec.snapshots


def _lay_spine(
    connection: duckdb.DuckDBPyConnection,
    spec: Spec,
    cutoffs: Sequence[date],
    nights: Sequence[date],
) -> None:
    """Make a row per entity and cut-off, without those who objected to profiling.

    `nights`: per cut-off the night whose files it may see.
    """
    snapshots, key = _snapshots(spec), f"{spec.entity}_id"
    days = ", ".join(
        f"(date '{cutoff}', date '{night}')" for cutoff, night in zip(cutoffs, nights, strict=True)
    )
    columns = ", ".join(dict.fromkeys([key, "customer_id"]))
    run(
        connection,
        spec,
        "snapshots.excluded",
        f"create or replace temp table score_snapshots as"
        f" with objectors as (select customer_id from marts.customers"
        f" where coalesce(({snapshots.excluded}), false))"
        f" select row_number() over (order by cutoff, {key}) as spine_id, {columns},"
        f" customer_id as known_customer_id, cutoff, known_by,"
        f" {snapshots.horizon_days} as horizon"
        f" from marts.{MARTS[str(spec.entity)]} anti join objectors using (customer_id)"
        f" cross join (values {days}) as days (cutoff, known_by)",
    )


def _keep_population(connection: duckdb.DuckDBPyConnection, spec: Spec, known: Known) -> None:
    population = _snapshots(spec).population
    fields = [("member", population.sql)]
    members = (
        _aggregate(spec, known, population.source, fields, population.window_days)
        if population.source in spec.sources
        else _entity(spec, TODAY, fields)
    )
    run(
        connection,
        spec,
        "snapshots.population",
        f"delete from {_SPINE} where spine_id not in"
        f" (select spine_id from ({members}) where coalesce(member, false))",
    )


def _sample(connection: duckdb.DuckDBPyConnection, spec: Spec, at_most_rows: int) -> None:
    """Keep whole entities, chosen by a hash of their id: the same ones every night."""
    connection.execute(
        f"delete from {_SPINE} where md5_number_lower({spec.entity}_id) % 1000000"
        f" >= 1000000 * (select ? / greatest(count(*), 1) from {_SPINE})",
        [at_most_rows],
    )


def _set_horizons(connection: duckdb.DuckDBPyConnection, spec: Spec, until: date) -> None:
    """Give each snapshot its own horizon; those whose horizon ends after `until` go.

    All of them, also those who are known to have ordered: else only the quick ones would stay.
    """
    own = _snapshots(spec).own_horizon
    if own is None:
        return
    run(
        connection,
        spec,
        "snapshots.own_horizon",
        f"update {_SPINE} s set horizon = greatest(horizon, coalesce(f.days, 0)) from"
        f" (select spine_id, ceil({own})::integer as days from temp.score_features) f"
        " where f.spine_id = s.spine_id",
    )
    connection.execute(f"delete from {_SPINE} where cutoff + horizon > date '{until}'")


def _features(spec: Spec, known: Known) -> str:
    """One query for all features: a subquery per source and window, then the derived features."""
    stored = [feature for feature in spec.features.values() if feature.source != "features"]
    stored.sort(key=lambda feature: (feature.source, feature.window_days or 0))
    joins, columns = "", ""
    groups = groupby(stored, key=lambda feature: (feature.source, feature.window_days))
    for index, ((source, window), members) in enumerate(groups):
        features = list(members)
        fields = [(feature.name, feature.sql or quoted(feature.name)) for feature in features]
        query = (
            _entity(spec, known, fields)
            if source == "entity"
            else _aggregate(spec, known, source, fields, window)
        )
        joins += f" left join ({query}) g{index} using (spine_id)"
        columns += "".join(
            f", {_cast(feature, f'g{index}.{quoted(feature.name)}')}" for feature in features
        )
    derived = "".join(
        f", {_cast(feature, f'({feature.sql})')}"
        for feature in spec.features.values()
        if feature.source == "features"
    )
    keys = f"spine_id, {spec.entity}_id as entity_id, s.customer_id, s.cutoff"
    return f"select *{derived} from (select {keys}{columns} from {_SPINE} s{joins})"


def _cast(feature: Feature, value: str) -> str:
    if feature.missing is not None:
        value = f"coalesce({value}, {literal(feature.missing)})"
    return f"cast({value} as {_type(feature)}) as {quoted(feature.name)}"


def _type(feature: Feature) -> str:
    return "double" if feature.type == "numeric" else "varchar"


def _aggregate(
    spec: Spec,
    known: Known,
    source_name: str,
    fields: Iterable[tuple[str, str]],
    window_days: int | None,
    *,
    in_horizon: bool = False,
) -> str:
    """Select aggregates per snapshot over the rows known before the cut-off, or in the horizon.

    An expression may name the entity's own row: `entity.created_on`.
    """
    source: Source = spec.sources[source_name]
    rows, has_versions = known.rows(source)
    columns = dict.fromkeys([source.key, source.known_on, *source.columns])
    visible = "r.known_on < s.cutoff"
    if in_horizon:
        visible = "r.known_on >= s.cutoff and r.known_on < s.cutoff + s.horizon"
    elif window_days:
        visible += f" and r.known_on >= s.cutoff - {window_days}"
    if has_versions:
        visible += f" and {SEEN}"
    fields = list(fields)
    selected = ", ".join(f"({sql}) as {quoted(name)}" for name, sql in fields)
    key = f"{spec.entity}_id"
    spine_key = "known_customer_id" if source.key == "customer_id" else source.key
    own_row = ""
    if any("entity." in sql for _, sql in fields):
        own_row = (
            f" join (select * exclude (cutoff) from {known.entities}) entity"
            " on entity.spine_id = s.spine_id"
            if known.entities
            else f" join marts.{MARTS[str(spec.entity)]} entity on entity.{key} = s.own_key"
        )
    return (
        f"select s.spine_id, {selected}"
        f" from (select spine_id, {spine_key} as spine_key, {key} as own_key, cutoff, known_by,"
        f" horizon from {_SPINE}) s"
        f"{own_row} join (select {', '.join(map(quoted, columns))},"
        f" {quoted(source.known_on)} as known_on{VERSION if has_versions else ''}"
        f" from {rows} where {source.where or 'true'}) r"
        f" on r.{quoted(source.key)} = s.spine_key and {visible} group by s.spine_id, s.cutoff"
    )


def _entity(spec: Spec, known: Known, fields: Iterable[tuple[str, str]]) -> str:
    """Expressions over the entity's own row (`entity.created_on`, or without) and `cutoff`."""
    key = f"{spec.entity}_id"
    selected = ", ".join(f"({sql}) as {quoted(name)}" for name, sql in fields)
    if known.entities:
        return f"select spine_id, {selected} from {known.entities} entity"
    return (
        f"select s.spine_id, {selected}"
        f" from (select spine_id, {key} as spine_key, cutoff from {_SPINE}) s"
        f" join marts.{MARTS[str(spec.entity)]} entity on entity.{key} = s.spine_key"
    )
