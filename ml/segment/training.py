"""Fitting segments: once, and anew only when people want it or customers have moved away."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from config import Settings
from config.language import _, spoken_language
from ml import registry
from ml.judging import decisions
from ml.judging.gate import Finding
from ml.results import Training
from ml.segment.clusters import Fit, TooFewError, fit_clusters, match, numbers
from ml.segment.groups import group_customers
from ml.segment.judging import judge_size, judge_stability, judge_worth
from ml.segment.naming import propose_names
from ml.segment.profiles import describe
from ml.segment.reading import find_as_of, read_attributes, read_behaviour, read_outcome
from ml.segment.spec import SegmentSpec
from ml.segment.store import FILE, Fitted, read_fitted
from ml.specs.feature import Text
from warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb
    import pandas
    from mlflow import MlflowClient


@dataclass(frozen=True)
class _Data:
    """What a fit needs of the warehouse."""

    table: pandas.DataFrame
    shares: pandas.DataFrame
    earlier: tuple[pandas.DataFrame, pandas.DataFrame]
    outcome: pandas.Series[float]
    groups: dict[str, str]


def why_learn(settings: Settings, spec: SegmentSpec) -> str:
    """Say why new segments should be proposed; empty while those in force fit.

    There are none yet, a person asks for it (`fitted_from`), what the YAML says of behaviour has
    changed, or surely more customers than `drift.share` are far from all segments.

    Raises:
        StoreError: MLflow's store can't be used.

    """
    if not registry.is_used(settings):
        return _("no model is in force yet")
    with registry.tracking(settings) as client:
        newest = registry.newest_night(client, spec.name)
        in_force = registry.kept(client, spec.name)
        if newest and (settings.night - date.fromisoformat(newest)).days < spec.retrain_after_days:
            return ""
        if in_force is None:
            return _("no model is in force yet")
        if registry.waiting_version(client, spec.name):
            return ""  # a person has it before them already
        fitted = read_fitted(in_force, spec)
    with open_warehouse(settings) as connection:
        return _why_anew(connection, fitted, spec)


def train(settings: Settings, spec: SegmentSpec) -> Training:
    """Fit segments if there are none; else propose others only for a reason (`why_learn`).

    The first ones come into force if they pass the gate; every later ones wait for a person, and
    keep the letters and names of those that they share most customers with.

    Raises:
        ConfigurationError: the SQL of the YAML is wrong.
        StoreError: MLflow's store can't be used.

    """
    with registry.tracking(settings) as client:
        registry.finish_killed(client, spec.name)
        in_force = registry.kept(client, spec.name)
        fitted = read_fitted(in_force, spec) if in_force else None
        with open_warehouse(settings) as connection:
            if fitted is not None and not _why_anew(connection, fitted, spec):
                told = _("version {version} of {night} still fits the customers").format(
                    version=fitted.version, night=fitted.fitted_on
                )
                return Training(spec.name, "unchanged", told, fitted.version)
            data = _read(connection, settings, spec)
            before = _letters_before(connection, spec, fitted)
        if few := judge_size(len(data.table), spec.behaviour):
            return Training(spec.name, "skipped", few)
        fingerprint = _fingerprint(data.table, data.shares, spec)
        decided = registry.decided_version(client, spec.name, fingerprint)
        if decided:
            told = _("version {version} already learnt from these {count} rows.")
            message = told.format(version=decided.version, count=len(data.table))
            return Training(spec.name, "unchanged", message, str(decided.version))
        return _fit(client, settings, spec, data, before, fitted, fingerprint)


def _why_anew(connection: duckdb.DuckDBPyConnection, fitted: Fitted, spec: SegmentSpec) -> str:
    if spec.fitted_from and fitted.fitted_on < spec.fitted_from:
        return _("fitted_from asks for a fit of {day} or later").format(day=spec.fitted_from)
    if fitted.spec.behaviour != spec.behaviour:
        return _("what the YAML says of behaviour has changed")
    far, count = connection.execute(
        "select count(*) filter (is_far), count(*) from ops.segments"
        " where model = ? and method = 'clusters' and model_version = ?",
        [spec.name, fitted.version],
    ).fetchone() or (0, 0)
    if is_drifted(far, count, spec.behaviour.drift.share):
        return _("{far} of {count} customers are far from all segments").format(
            far=far, count=count
        )
    return ""


def is_drifted(far: int, count: int, share: float) -> bool:
    """Whether surely (one in a hundred by chance) more than a share is far from all segments."""
    from scipy.stats import binom  # type: ignore[import-untyped]

    return count > 0 and bool(binom.sf(far - 1, count, share) < 0.01)


def _read(connection: duckdb.DuckDBPyConnection, settings: Settings, spec: SegmentSpec) -> _Data:
    as_of = find_as_of(connection, spec, settings.night)
    earlier = as_of - timedelta(days=spec.behaviour.outcome.days)
    table, shares = read_behaviour(connection, spec, as_of)
    return _Data(
        table,
        shares,
        read_behaviour(connection, spec, earlier),
        read_outcome(connection, spec, earlier),
        group_customers(read_attributes(connection, spec), spec.groups.at_least),
    )


def _letters_before(
    connection: duckdb.DuckDBPyConnection,
    spec: SegmentSpec,
    fitted: Fitted | None,
) -> dict[str, str]:
    if fitted is None:
        return {}
    rows = connection.execute(
        "select customer_id, segment from ops.segments where model = ? and model_version = ?",
        [spec.name, fitted.version],
    ).fetchall()
    return {customer: segment for customer, segment in rows if segment in fitted.letters}


def _fit(
    client: MlflowClient,
    settings: Settings,
    spec: SegmentSpec,
    data: _Data,
    before: dict[str, str],
    fitted: Fitted | None,
    fingerprint: str,
) -> Training:
    behaviour = spec.behaviour
    try:
        fit = fit_clusters(data.table, data.shares, behaviour)
    except TooFewError:
        told = _("with any number of segments one would be too small: the groups stay")
        return Training(spec.name, "skipped", told)
    findings = [
        judge_stability(fit, behaviour),
        judge_worth(*data.earlier, data.outcome, data.groups, behaviour),
    ]
    held = [before.get(str(customer)) for customer in data.table.index]
    used = fitted.used if fitted else ()
    letters = match(held, fit.labels, fit.clusters, used)
    names = _names(data, fit, letters, spec, fitted)
    moved = _moved(held, fit, letters)
    content = {
        "layout": asdict(fit.layout),
        "letters": letters,
        "names": {letter: name.model_dump() for letter, name in names.items()},
        "used": sorted({*used, *letters}),
        "far": fit.far,
        "spec": spec.model_dump(mode="json", exclude={"path"}),
        "findings": [asdict(finding) for finding in findings],
    }
    message = _told(fit, letters, names, moved, len(data.table))
    learnt = registry.Learnt(
        parameters={"segments": fit.clusters, "customers": len(data.table)},
        metrics={
            f"stability_{k}": value for k, value in fit.stability.items() if value is not None
        },
        files={FILE: content},
        card=message,
        tags={"fingerprint": fingerprint, "candidate": f"k-means, {fit.clusters}"},
        model=fit.pipeline,
        inputs=_shown(fit, data, spec),
    )
    version = registry.register_learnt(client, settings, spec, learnt)
    return _decide(client, settings, spec, version, fit, findings, message)


def _decide(
    client: MlflowClient,
    settings: Settings,
    spec: SegmentSpec,
    version: str,
    fit: Fit,
    findings: list[Finding],
    message: str,
) -> Training:
    """Let the gate decide; what would replace segments that people know waits for a person."""
    is_first = registry.version_in_force(client, spec.name) is None
    verdict, found, before = decisions.settle(
        client, settings, spec.name, version, findings,
        spec.approval if is_first else "person", message,
    )  # fmt: skip
    metrics = {"stability": fit.stability[fit.clusters] or 0.0}
    return Training(
        spec.name, verdict, found, version, f"k-means, {fit.clusters}", metrics,
        findings=tuple(findings), replaces=before,
    )  # fmt: skip


def _names(
    data: _Data, fit: Fit, letters: list[str], spec: SegmentSpec, fitted: Fitted | None
) -> dict[str, Text]:
    """Name new segments; those that keep their letter keep their name."""
    described = describe(data.table, data.shares, fit.labels, fit.clusters, spec.behaviour)
    proposed = propose_names(
        described.deviations, spec.behaviour, described.shares, described.overall
    )
    kept = fitted.names if fitted else {}
    return {letter: kept.get(letter, name) for letter, name in zip(letters, proposed, strict=True)}


def _moved(held: list[str | None], fit: Fit, letters: list[str]) -> tuple[int, int] | None:
    """Count how many of the customers with a segment would change it, and how many had one."""
    pairs = [
        (old, letters[new]) for old, new in zip(held, fit.labels, strict=True) if old is not None
    ]
    return (sum(old != new for old, new in pairs), len(pairs)) if pairs else None


def _told(
    fit: Fit,
    letters: list[str],
    names: dict[str, Text],
    moved: tuple[int, int] | None,
    customers: int,
) -> str:
    language = spoken_language()
    said = "; ".join(
        f"{letter} {getattr(names[letter], language)} ({int((fit.labels == place).sum())})"
        for place, letter in sorted(enumerate(letters), key=lambda one: one[1])
    )
    told = _("{count} customers in {segments} segments: {said}").format(
        count=customers, segments=fit.clusters, said=said
    )
    if moved:
        told += _("; {moved} of {held} would change their segment").format(
            moved=moved[0], held=moved[1]
        )
    return told


def _shown(fit: Fit, data: _Data, spec: SegmentSpec) -> pandas.DataFrame:
    """Return a table of the inputs that is nobody's row: the typical values."""
    import pandas as pd

    matrix = numbers(data.table, data.shares, spec.behaviour, fit.layout)
    return pd.DataFrame([matrix.mean(axis=0)], columns=fit.layout.columns)


def _fingerprint(table: pandas.DataFrame, shares: pandas.DataFrame, spec: SegmentSpec) -> str:
    import pandas as pd
    import sklearn

    rows = [
        pd.util.hash_pandas_object(one, index=True).to_numpy().tobytes() for one in (table, shares)
    ]
    recipe = f"{spec.model_dump_json(exclude={'path', 'names'})}\n{sklearn.__version__}"
    return hashlib.sha256(b"".join([*rows, recipe.encode()])).hexdigest()
