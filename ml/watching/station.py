"""The station `watch`: keep tonight's scores, judge earlier ones, look for drift, tell MLflow."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from config import Settings
from config.language import _, spoken_language
from ml import registry
from ml.features.frames import scoring_frame
from ml.features.table import TableError, read_inputs
from ml.learning.estimators import predict
from ml.learning.reference import SCORE
from ml.registry.plots import draw_drift
from ml.specs.files import read_specs
from ml.specs.spec import Spec, SpecError
from ml.watching import history
from ml.watching.drift import Drift, find_drift
from ml.watching.outcomes import Figure, judge
from warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)
MOVED, EARLIER = "moved", "earlier"
_SUBJECT_OF_SCORE = "score"


@dataclass(frozen=True)
class Watch:
    """What was found of one score: `alarms` name measures and features, `message` says it."""

    score: str
    alarms: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class _Watched:
    """A model with what it says tonight."""

    model: registry.Champion
    inputs: pandas.DataFrame
    rows: pandas.DataFrame


def watch_scores(settings: Settings) -> list[Watch]:
    """Keep tonight's scores, compare earlier ones with what happened, look for drift.

    Results go to `ops.score_watch` and, over time, to the run of the champion in MLflow. The
    challenger is scored into `ops.score_history` only: nobody sees it. The same night again
    replaces its own rows. A store that is gone stops nothing: what needs no model is watched. Nor
    does a YAML that is wrong, which the scoring has told.

    Raises:
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    specs = read_specs(settings)
    with open_warehouse(settings) as connection:
        history.forget_scores(connection, sorted(specs.names))
    results = []
    for spec in specs.readable:
        result = _watch(settings, spec)
        logger.info("%s: %s", result.score, result.message)
        results.append(result)
    return results


def _watch(settings: Settings, spec: Spec) -> Watch:
    with open_warehouse(settings) as connection:
        history.forget(connection, spec, settings.night)
        shown = history.shown_tonight(connection, spec, settings.night)
        version = shown["model_version"].iloc[0] if len(shown) else None
        if history.is_due(connection, spec, history.SHOWN, settings.night, version):
            history.keep(connection, spec, history.SHOWN, shown)
    problem = ""
    lines: list[dict[str, Any]] = []
    try:
        if len(shown) and registry.is_used(settings):
            with registry.tracking(settings) as client:
                lines = _with_models(client, settings, spec, version)
    except registry.StoreError as error:
        problem = str(error)
    if not lines:
        lines = _figures(settings, spec, history.SHOWN, None, {})
    _store(settings, spec, lines)
    alarms = tuple(line["subject"] if line["measure"] == "drift" else line["measure"]
                   for line in lines if line["is_alarm"])  # fmt: skip
    return Watch(spec.name, alarms, _told(lines, alarms, problem))


def _with_models(
    client: MlflowClient, settings: Settings, spec: Spec, version: str | None
) -> list[dict[str, Any]]:
    """Judge champion (None: rules) and challenger, look for drift, log it to the champion's run."""
    lines = []
    champion = registry.champion(client, spec.name)
    promised: dict[str, float] = {}
    drifts: list[Drift] = []
    if champion is not None and champion.version == version:
        promised = registry.kept_with(client, champion, registry.PAGE).get("metrics", {})
        drifts = _drift(client, settings, champion)
    lines += _figures(settings, spec, history.SHOWN, version, promised)
    lines += [_drift_line(spec, settings, version, drift) for drift in drifts]
    challenger = registry.champion(client, spec.name, registry.CHALLENGER)
    if challenger is not None:
        lines += _challenge(client, settings, spec, challenger)
    if champion is not None and champion.version == version:
        _log(client, settings, champion, lines, drifts)
    return lines


def _drift(client: MlflowClient, settings: Settings, model: registry.Champion) -> list[Drift]:
    reference = registry.kept_with(client, model, registry.REFERENCE)
    if not reference:  # of a version from before drift was watched: the next training has one
        return []
    try:
        said = _say(settings, model)
    except (TableError, SpecError) as error:
        logger.warning("%s", error)
        return []
    columns = {str(name): said.inputs[name] for name in said.inputs}
    return find_drift(columns | {SCORE: said.rows["probability"]}, reference, model.spec.watching)


def _challenge(
    client: MlflowClient, settings: Settings, spec: Spec, model: registry.Champion
) -> list[dict[str, Any]]:
    """Score by the challenger, where nobody sees it, and judge what it said before."""
    try:
        rows = _say(settings, model).rows
    except (TableError, SpecError, registry.ModelGoneError) as error:
        logger.warning("%s", error)
        return []
    with open_warehouse(settings) as connection:
        role, night = history.CHALLENGER, settings.night
        if history.is_due(connection, spec, role, night, model.version):
            history.keep(connection, spec, role, rows)
    promised = registry.kept_with(client, model, registry.PAGE).get("metrics", {})
    return _figures(settings, spec, history.CHALLENGER, model.version, promised)


def _say(settings: Settings, model: registry.Champion) -> _Watched:
    """Score tonight's population by a model, as it was when it learnt."""
    import numpy as np

    with open_warehouse(settings) as connection:
        frame = scoring_frame(connection, model.spec, settings.night)
    inputs = read_inputs(frame, model.spec)
    probability = predict(model.load(), inputs) if len(frame) else np.zeros(0)
    points = np.rint(probability * 100).astype(int)
    rows = frame[["entity_id", "customer_id"]].assign(
        night=settings.night,
        counted_from=frame["cutoff"],
        method="model",
        model_version=model.version,
        probability=probability,
        points=points,
        band=[model.spec.bands.of(int(value)) for value in points],
    )
    return _Watched(model, inputs, rows)


def _figures(
    settings: Settings, spec: Spec, role: str, version: str | None, promised: dict[str, float]
) -> list[dict[str, Any]]:
    """Judge a role's earlier scores: those of this version alone, as soon as there are any.

    Until then those of versions and rules before it, which is noted; they promised something else.
    """
    with open_warehouse(settings) as connection:
        rows = history.read_outcomes(connection, spec, role, settings.night)
    versions = rows["model_version"]
    own = rows[versions == version if version else versions.isna()]
    if len(own) or rows.empty:
        figures = judge(own, promised, spec.watching)
        return [_line(spec, settings, role, version, figure) for figure in figures]
    figures = judge(rows, {}, spec.watching)
    lines = [_line(spec, settings, role, version, figure) for figure in figures]
    return [line | {"note": line["note"] or EARLIER} for line in lines]


def _line(
    spec: Spec, settings: Settings, subject: str, version: str | None, figure: Figure
) -> dict[str, Any]:
    return {
        "score": spec.name,
        "night": settings.night,
        "subject": subject,
        "model_version": version,
        # Only what people see raises an alarm; a challenger is compared.
        **vars(figure) | {"is_alarm": figure.is_alarm and subject == history.SHOWN},
    }


def _drift_line(
    spec: Spec, settings: Settings, version: str | None, drift: Drift
) -> dict[str, Any]:
    figure = Figure(
        "drift", drift.distance, None, None, drift.usual, drift.n, drift.p_value,
        is_alarm=drift.is_alarm, note=MOVED if drift.is_alarm else "" if drift.p_value else "few",
    )  # fmt: skip
    line = _line(spec, settings, drift.name or _SUBJECT_OF_SCORE, version, figure)
    return line | {"is_alarm": drift.is_alarm}


def _store(settings: Settings, spec: Spec, lines: list[dict[str, Any]]) -> None:
    import pandas as pd

    table = pd.DataFrame(lines)
    with open_warehouse(settings) as connection:
        connection.register("watched", table)
        connection.begin()
        try:
            connection.execute(
                "delete from ops.score_watch where score = ? and night = ?",
                [spec.name, settings.night],
            )
            connection.execute(
                "insert into ops.score_watch by name select * replace (night::date as night,"
                " model_version::varchar as model_version, value::double as value,"
                " low::double as low, high::double as high, expected::double as expected,"
                " p_value::double as p_value, n::bigint as n, nullif(note, '') as note)"
                " from watched"
            )
            connection.commit()
        except BaseException:
            connection.rollback()
            raise


def _log(
    client: MlflowClient,
    settings: Settings,
    model: registry.Champion,
    lines: Iterable[dict[str, Any]],
    drifts: list[Drift],
) -> None:
    """Add tonight's figures to the run of the model, once a night, and the picture of the drift."""
    step = settings.night.toordinal()
    at = int(datetime.combine(settings.night, time(), UTC).timestamp() * 1000)
    figures = {
        f"watch_{line['subject']}_{line['measure']}": line["value"]
        for line in lines
        if line["value"] is not None and line["measure"] != "drift"
    }
    figures |= {f"drift_{drift.name or _SUBJECT_OF_SCORE}": drift.distance for drift in drifts}
    for name, value in figures.items():
        if all(one.step != step for one in client.get_metric_history(model.run_id, name)):
            client.log_metric(model.run_id, name, value, timestamp=at, step=step)
    if drifts:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "drift.png"
            draw_drift(_pictured(drifts, model.spec), path)
            client.log_artifact(model.run_id, str(path), "plots")


def _pictured(drifts: list[Drift], spec: Spec) -> list[dict[str, Any]]:
    titles = {name: feature.title for name, feature in spec.features.items()}
    return [
        {
            "feature": _("the score itself") if not drift.name else
            getattr(titles.get(drift.name), spoken_language(), drift.name),
            "distance": drift.distance,
            "usual": drift.usual,
            "is_alarm": drift.is_alarm,
        }
        for drift in sorted(drifts, key=lambda one: -one.distance)
    ]  # fmt: skip


def _told(lines: list[dict[str, Any]], alarms: tuple[str, ...], problem: str) -> str:
    known = max((line["n"] for line in lines if line["measure"] == "auc"), default=0)
    said = _("{count} outcomes known").format(count=known)
    said += _("; alarm: {names}").format(names=", ".join(alarms)) if alarms else _("; no alarm")
    return f"{said}. {problem}".strip() if problem else f"{said}."
