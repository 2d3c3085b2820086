"""Training and applying forecasts: which method each series gets, and what it expects tonight."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from config import Settings
from config.language import _
from ml import registry
from ml.features.selecting import day_after_last, select
from ml.forecast.methods import Forecaster, Shape
from ml.forecast.series import Series, make_series, notice
from ml.forecast.spec import ForecastSpec
from ml.forecast.telling import tell
from ml.forecast.trials import Choice, choose, level
from ml.judging import decisions
from ml.judging.gate import Finding
from ml.results import Applied, Training
from warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb
    from mlflow import MlflowClient

FILE: Final = "choices.json"
TABLES: Final = ("ops.forecasts", "ops.forecast_series")


def train(settings: Settings, spec: ForecastSpec) -> Training:
    """Choose the method of each series; one that is not surely better than the mean is not taken.

    Raises:
        ConfigurationError: the SQL of the YAML is wrong.
        StoreError: MLflow's store can't be used.

    """
    with registry.tracking(settings) as client:
        registry.finish_killed(client, spec.name)
        with open_warehouse(settings) as connection:
            found, _as_of = read_series(connection, spec, settings.night)
        if not found:
            told = _("there is no whole {unit} with a value yet").format(unit=_unit(spec))
            return Training(spec.name, "skipped", told)
        fingerprint = _fingerprint(found, spec)
        decided = registry.decided_version(client, spec.name, fingerprint)
        if decided:
            told = _("version {version} already learnt from these {count} series.").format(
                version=decided.version, count=len(found)
            )
            return Training(spec.name, "unchanged", told, str(decided.version))
        choices = {one.name: choose(one.values, spec) for one in found}
        learnt = _learnt(choices, spec, fingerprint)
        version = registry.register_learnt(client, settings, spec, learnt)
        return _decide(client, settings, spec, version, choices, learnt)


def apply(settings: Settings, spec: ForecastSpec, stage: int) -> Applied:
    """Forecast each series by the method in force, replacing last night's rows.

    Below the stage from which it learns there is no forecast. A series that no training has seen
    yet gets the mean.

    Raises:
        ConfigurationError: the SQL of the YAML is wrong; last night's forecasts stay.
        StoreError: MLflow's store can't be used; they stay, too.

    """
    if stage < spec.learns_from:
        with open_warehouse(settings) as connection:
            _replace(connection, spec.name, [], [])
        told = _("forecasts are made from stage {stage} on").format(stage=spec.learns_from)
        return Applied(spec.name, stage, "none", 0, told)
    kept, choices = None, {}
    if registry.is_used(settings):
        with registry.tracking(settings) as client:
            kept = registry.kept(client, spec.name)
            if kept is not None:
                choices = {name: _choice(one) for name, one in kept.file(FILE).items()}
    with open_warehouse(settings) as connection:
        found, as_of = read_series(connection, spec, settings.night)
        rows, summaries = [], []
        for series in found:
            choice = choices.get(series.name)
            if choice is None or len(choice.low) != spec.ahead or choice.method not in spec.methods:
                choice = untried(series, spec)
            shared = {
                "model": spec.name,
                "series": series.name,
                "method": choice.method,
                "night": settings.night,
            }
            more = {"model_version": kept.version if kept else None, "as_of": as_of}
            ahead, summary = forecast(series, choice, spec)
            rows += [shared | more | one for one in ahead]
            summaries.append(shared | summary)
        _replace(connection, spec.name, rows, summaries)
    counted = Counter(str(one["method"]) for one in summaries)
    told = _("{count} series, {ahead} {unit} ahead; {methods}").format(
        count=len(found),
        ahead=spec.ahead,
        unit=_unit(spec),
        methods=", ".join(f"{name}: {count}" for name, count in sorted(counted.items())),
    )
    if (age := (settings.night - as_of).days) > spec.stale_days:
        told += _(", as of {days} days before the night: is a file missing?").format(days=age)
    return Applied(spec.name, stage, "forecast", len(rows), told)


def read_series(
    connection: duckdb.DuckDBPyConnection, spec: ForecastSpec, night: date
) -> tuple[list[Series], date]:
    """Read the series, the largest of the last window, and the day before which they are known."""
    as_of = day_after_last(connection, spec, spec.clock, night)
    table = select(connection, spec, "series", spec.series, {}, ["series", "day", "value"])
    table = table.dropna(subset=["series", "day", "value"]).sort_values(["series", "day"])
    rows = (
        (str(name), day.date(), float(value))
        for name, day, value in table[["series", "day", "value"]].itertuples(index=False)
    )
    found = make_series(rows, spec.unit, as_of)
    found.sort(key=lambda one: -float(one.values[-spec.window :].sum()))
    return sorted(found[: spec.at_most], key=lambda one: one.name), as_of


def forecast(
    series: Series, choice: Choice, spec: ForecastSpec
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Forecast one series.

    Returns:
        The rows of `ops.forecasts` and the one of `ops.forecast_series`, without what all share.

    """
    forecaster = Forecaster(choice.method, Shape(spec.season, spec.window))
    expected = forecaster.forecast(series.values, spec.ahead, refit=True)
    now = level(series.values, spec.window)
    least = 0.0 if series.values.min() >= 0 else float("-inf")
    rows = [
        {
            "starts_on": start,
            "unit": spec.unit,
            "expected": float(value),
            "low": max(float(value) + now * choice.low[place], least),
            "high": float(value) + now * choice.high[place],
            "promised_coverage": spec.coverage,
        }
        for place, (start, value) in enumerate(
            zip(series.starts(spec.ahead), expected, strict=True)
        )
    ]
    total = float(expected.sum())
    has_year = len(series.values) >= spec.season >= spec.ahead
    year = series.values[-spec.season :][: spec.ahead]
    notices = notice(series, spec.season, spec.outlier)
    return rows, {
        "origins": choice.origins,
        "error": choice.error,
        "baseline_error": choice.baseline_error,
        "coverage": choice.coverage,
        "expected_total": total,
        "low_total": max(total + now * choice.low_total, least),
        "high_total": total + now * choice.high_total,
        "last_year_total": float(year.sum()) if has_year else None,
        "told_de": tell(notices, spec.unit, "de"),
        "told_en": tell(notices, spec.unit, "en"),
    }


def untried(series: Series, spec: ForecastSpec) -> Choice:
    """Return the mean, with an interval from the spread of the series, for want of a trial."""
    few = spec.model_copy(update={"methods": ("mean",)})
    return choose(series.values, few)


def _choice(content: dict[str, Any]) -> Choice:
    lists = {name: tuple(content[name]) for name in ("low", "high")}
    return Choice(**(content | lists))


def _learnt(choices: dict[str, Choice], spec: ForecastSpec, fingerprint: str) -> registry.Learnt:
    counted = Counter(choice.method for choice in choices.values())
    metrics = {}
    for name in ("error", "baseline_error", "coverage"):
        values = [value for one in choices.values() if (value := getattr(one, name)) is not None]
        if values:
            metrics[name] = sum(values) / len(values)
    said = ", ".join(f"{name}: {count}" for name, count in sorted(counted.items()))
    card = _("{count} series; method: {methods}").format(count=len(choices), methods=said)
    if "coverage" in metrics:
        card += _("; {inside:.0%} of later values lay inside the interval, promised {share:.0%}")
        card = card.format(inside=metrics["coverage"], share=spec.coverage)
    return registry.Learnt(
        parameters={"series": len(choices), **{f"{k}_series": v for k, v in counted.items()}},
        metrics=metrics,
        files={
            FILE: {name: asdict(choice) for name, choice in choices.items()},
            "spec.json": spec.model_dump(mode="json", exclude={"path"}),
        },
        card=card,
        tags={"fingerprint": fingerprint, "candidate": said},
    )


def _decide(
    client: MlflowClient,
    settings: Settings,
    spec: ForecastSpec,
    version: str,
    choices: dict[str, Choice],
    learnt: registry.Learnt,
) -> Training:
    """Put the choices in force: each series was held against the mean already."""
    better = sum(choice.method != "mean" for choice in choices.values())
    short = sum(choice.origins < spec.trial.origins for choice in choices.values())
    told = _("{better} of {count} series have a method that is surely better than the mean").format(
        better=better, count=len(choices)
    )
    if short:
        told += _("; {short} have too short a history to ask").format(short=short)
    findings = (Finding("rules", True, told),)
    verdict, found, before = decisions.settle(
        client, settings, spec.name, version, findings, spec.approval, learnt.card
    )
    return Training(
        spec.name, verdict, found, version, learnt.tags["candidate"], dict(learnt.metrics),
        findings=findings, replaces=before,
    )  # fmt: skip


def _replace(
    connection: duckdb.DuckDBPyConnection,
    model: str,
    rows: list[dict[str, Any]],
    summaries: list[dict[str, Any]],
) -> None:
    """Replace the forecasts of a model in one transaction."""
    import pyarrow as pa

    connection.begin()
    try:
        for table, content in (("forecasts", rows), ("forecast_series", summaries)):
            connection.execute(f"delete from ops.{table} where model = ?", [model])
            if content:
                connection.register("forecast_rows", pa.Table.from_pylist(content))
                connection.execute(f"insert into ops.{table} by name from forecast_rows")
                connection.unregister("forecast_rows")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _unit(spec: ForecastSpec) -> str:
    return {"day": _("days"), "week": _("weeks"), "month": _("months")}[spec.unit]


def _fingerprint(found: list[Series], spec: ForecastSpec) -> str:
    content = [f"{one.name} {one.first}".encode() + one.values.tobytes() for one in found]
    recipe = spec.model_dump_json(exclude={"path"}).encode()
    return hashlib.sha256(b"\n".join([*content, recipe])).hexdigest()
