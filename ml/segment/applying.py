"""Tonight's segments: each customer's, by the groups or by the clusters in force."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from config import Settings
from config.language import _
from ml import registry
from ml.results import Applied
from ml.segment.clusters import assign, distances, numbers
from ml.segment.groups import OTHER, group_customers
from ml.segment.profiles import attribute_lines, describe, lines
from ml.segment.reading import find_as_of, read_attributes, read_behaviour
from ml.segment.spec import SegmentSpec
from ml.segment.store import Fitted, read_fitted
from ml.segment.tables import Names, forget_months, known_months, replace, write_month
from warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb
    import pandas
    from sklearn.pipeline import Pipeline

WITHOUT: Final = "without"


def apply(settings: Settings, spec: SegmentSpec, stage: int) -> Applied:
    """Put each customer into a segment by the method of the stage, replacing last night's rows.

    Stage 1, and where no clusters are in force: groups by attributes. From stage 2 on the
    clusters; at stage 3 also the way of each customer over the last months.

    Raises:
        ConfigurationError: the SQL of the YAML is wrong; last night's segments stay.
        StoreError: MLflow's store can't be used; they stay, too.

    """
    fitted, pipeline = None, None
    if stage >= spec.learns_from and registry.is_used(settings):
        with registry.tracking(settings) as client:
            kept = registry.kept(client, spec.name)
            if kept is not None:
                fitted = read_fitted(kept, spec)
                pipeline = fitted.pipeline()
    with open_warehouse(settings) as connection:
        as_of = find_as_of(connection, spec, settings.night)
        if fitted is None or pipeline is None:
            rows, names = _by_groups(connection, spec)
            method = "groups"
        else:
            rows, names = _by_clusters(connection, spec, fitted, pipeline, as_of)
            method = "clusters"
        rows = rows.assign(
            stage=stage,
            method=method,
            model_version=fitted.version if fitted else None,
            fitted_on=fitted.fitted_on if fitted else None,
            as_of=as_of,
            night=settings.night,
        )
        moved = replace(connection, spec.name, rows, names)
        if fitted is None or pipeline is None or stage < 3:
            forget_months(connection, spec.name)
        else:
            _fill_months(connection, spec, fitted, pipeline, as_of)
    told = _told(rows, len(names), method, moved, (settings.night - as_of).days, spec)
    return Applied(spec.name, stage, method, len(rows), told)


def _by_groups(
    connection: duckdb.DuckDBPyConnection, spec: SegmentSpec
) -> tuple[pandas.DataFrame, Names]:
    import pandas as pd

    held = connection.execute(
        "select distinct segment from ops.segments where model = ? and method = 'groups'",
        [spec.name],
    ).fetchall()
    groups = group_customers(
        read_attributes(connection, spec),
        spec.groups.at_least,
        {name for (name,) in held},
        spec.groups.keep,
    )
    rows = pd.DataFrame(
        {"customer_id": list(groups), "segment": list(groups.values()), "is_far": False}
    )
    found = sorted(set(groups.values()), key=lambda name: (name == OTHER, name))
    other = (spec.groups.other.de, spec.groups.other.en)
    return rows, {name: (*(other if name == OTHER else (name, name)), [], []) for name in found}


def _by_clusters(
    connection: duckdb.DuckDBPyConnection,
    spec: SegmentSpec,
    fitted: Fitted,
    pipeline: Pipeline,
    as_of: date,
) -> tuple[pandas.DataFrame, Names]:
    import pandas as pd

    table, shares = read_behaviour(connection, fitted.spec, as_of)
    before = dict(
        connection.execute(
            "select customer_id, segment from ops.segments where model = ? and model_version = ?",
            [spec.name, fitted.version],
        ).fetchall()
    )
    labels, away = _assigned(table, shares, fitted, pipeline, before)
    rows = pd.DataFrame(
        {
            "customer_id": [str(customer) for customer in table.index],
            "segment": [fitted.letters[label] for label in labels],
            "is_far": away > fitted.far,
        }
    )
    attributes = read_attributes(connection, spec)
    others = sorted(set(attributes) - set(rows["customer_id"]))
    without = pd.DataFrame({"customer_id": others, "segment": WITHOUT, "is_far": False})
    behaviour = fitted.spec.behaviour
    described = describe(table, shares, labels, len(fitted.letters), behaviour)
    names: dict[str, tuple[str, str, list[str], list[str]]] = {}
    for letter in sorted(fitted.letters):
        said = lines(described, fitted.letters.index(letter), behaviour)
        own = rows.loc[rows["segment"] == letter, "customer_id"]
        kinds = attribute_lines(attributes, [one for one in own if one in attributes])
        name = spec.names.get(letter, fitted.names[letter])
        names[letter] = (name.de, name.en, said["de"] + kinds["de"], said["en"] + kinds["en"])
    if others:
        names[WITHOUT] = (spec.behaviour.without.de, spec.behaviour.without.en, [], [])
    return pd.concat([rows, without], ignore_index=True), names


def _assigned(
    table: pandas.DataFrame,
    shares: pandas.DataFrame,
    fitted: Fitted,
    pipeline: Pipeline,
    before: dict[str, str],
) -> tuple[Any, Any]:
    """Return the cluster of each row of the table, and how far it is from its nearest one."""
    import numpy as np

    if table.empty:
        return np.empty(0, dtype=np.intp), np.empty(0)
    behaviour = fitted.spec.behaviour
    away = distances(pipeline, numbers(table, shares, behaviour, fitted.layout))
    places = {letter: place for place, letter in enumerate(fitted.letters)}
    held = [places.get(before.get(str(customer), "")) for customer in table.index]
    return assign(away, held, behaviour.hysteresis), away.min(axis=1)


def _fill_months(
    connection: duckdb.DuckDBPyConnection,
    spec: SegmentSpec,
    fitted: Fitted,
    pipeline: Pipeline,
    as_of: date,
) -> None:
    """Add the complete months that are missing; of other clusters than those in force none stay."""
    wanted = months_before(as_of, spec.months)
    there = known_months(connection, spec.name, fitted.version, wanted[0])
    before: dict[str, str] = {}
    for month in wanted:
        if month in there:
            before = there[month]
            continue
        table, shares = read_behaviour(connection, fitted.spec, _next_month(month))
        labels, _away = _assigned(table, shares, fitted, pipeline, before)
        before = {
            str(customer): fitted.letters[label]
            for customer, label in zip(table.index, labels, strict=True)
        }
        write_month(connection, spec.name, month, before, fitted.version)


def months_before(as_of: date, count: int) -> list[date]:
    """Return the first days of the last complete months before a day, oldest first."""
    month = as_of.replace(day=1)
    found = []
    for _month in range(count):
        month = (month - timedelta(days=1)).replace(day=1)
        found.append(month)
    return found[::-1]


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _told(
    rows: pandas.DataFrame, segments: int, method: str, moved: int, age: int, spec: SegmentSpec
) -> str:
    if method == "groups":
        told = _("{count} customers in {segments} groups of the same attributes").format(
            count=len(rows), segments=segments
        )
    else:
        told = _("{count} customers in {segments} segments, {moved} changed theirs").format(
            count=len(rows), segments=segments, moved=moved
        )
        if far := int(rows["is_far"].sum()):
            told += _(", {far} are far from all").format(far=far)
    if age > spec.stale_days:
        told += _(", as of {days} days before the night: is a file missing?").format(days=age)
    return told
