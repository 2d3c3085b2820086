"""The station `score`: tonight's points, bands and reasons, by the method that the stage allows."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from config import Settings
from config.language import _
from ml import registry, rules
from ml.features.clock import tell_age
from ml.features.frames import scoring_frame
from ml.features.table import TableError, read_inputs
from ml.learning.estimators import parts
from ml.maturity import stages
from ml.reasons.explanation import Reason, model_reasons, rule_reasons
from ml.specs.files import load_specs
from ml.specs.spec import Spec
from warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb
    import pandas
    from mlflow import MlflowClient
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)
Method = Literal["rules", "model", "none"]


@dataclass(frozen=True)
class Scoring:
    """The outcome of one score: method, rows, and why it is not the stage's own method, if so."""

    score: str
    stage: int
    method: Method
    scored: int
    removed: int
    message: str
    model_version: str | None = None
    bands: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Scored:
    """Points per row (0 to 100) with method, model and reasons."""

    points: NDArray[Any]
    reasons: list[list[Reason]]
    method: Literal["rules", "model"]
    probability: NDArray[Any] | None = None
    version: str | None = None


def allowed_methods(settings: Settings) -> dict[Method, list[str]]:
    """Return the method that the stage allows for each score tonight; logs why.

    Returns:
        Names of the scores per method: `rules` at stages 1 and 2, `model` at stage 3, `none` below
        stage 1. Only methods that some score has; `none` if there are no scores at all, so that
        those of earlier nights are removed.

    """
    reached = stages(settings)
    found: dict[Method, list[str]] = {}
    for spec in load_specs(settings):
        if spec.snapshots:
            stage = reached.get(str(spec.use_case), 0)
            told = _("stage {stage}").format(stage=stage) if stage else _skipped()
            logger.info("%s: %s", spec.name, told)
            found.setdefault(_method(stage), []).append(spec.name)
    return found or {"none": []}


def score_entities(settings: Settings, method: str | None = None) -> list[Scoring]:
    """Score every customer or open lead of each spec as of `settings.night` into `ops.scores`.

    Below stage 1 nothing is scored and old scores are removed. Stages 1 and 2 score by rules, stage
    3 by the champion model, or while there is none by the rules of stage 2. Each score is replaced
    whole.

    Args:
        settings: say where everything is.
        method: only the scores that `allowed_methods` names for it.

    Raises:
        SpecError: a YAML of `models/` is wrong.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    specs = [spec for spec in load_specs(settings) if spec.snapshots]
    reached = stages(settings)
    results = []
    for spec in specs:
        stage = reached.get(str(spec.use_case), 0)
        if method not in (None, _method(stage)):
            continue
        result = _score(settings, spec, stage)
        logger.info("%s: %s", result.score, result.message)
        results.append(result)
    _forget_others(settings, {spec.name for spec in specs})
    return results


def score_titles(settings: Settings) -> dict[str, str]:
    """Return what people call the scores, by their names in `models/`, in the set language."""
    specs = load_specs(settings)
    return {spec.name: getattr(spec.title, settings.language, spec.name) for spec in specs}


def old_scores(settings: Settings, connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Name the scores in force whose data end longer before their night than their YAML allows."""
    behind = connection.execute(
        "select score, max(night) - max(as_of) from ops.scores where as_of is not null"
        " group by score"
    ).fetchall()
    allowed = {s.name: s.snapshots.stale_days for s in load_specs(settings) if s.snapshots}
    return {score for score, days in behind if days > allowed.get(score, days)}


def _method(stage: int) -> Method:
    return "model" if stage >= 3 else "rules" if stage >= 1 else "none"


def _skipped() -> str:
    return _("skipped: its use case is below stage 1; `reifegrad status` says what is missing.")


def _score(settings: Settings, spec: Spec, stage: int) -> Scoring:
    if stage < 1:
        with open_warehouse(settings) as connection:
            removed = _replace(connection, spec, None)
        return Scoring(spec.name, stage, "none", 0, removed, _skipped())
    with open_warehouse(settings) as connection:
        frame = scoring_frame(connection, spec, settings.night)
    scored, note = _by_stage(settings, spec, stage, frame)
    note += tell_age(spec, frame["cutoff"].dt.date, settings.night)
    rows = _rows(settings, spec, stage, frame, scored)
    with open_warehouse(settings) as connection:
        removed = _replace(connection, spec, rows)
    bands = {str(band): int(count) for band, count in rows["band"].value_counts().items()}
    method = _("rules") if scored.method == "rules" else _("model")
    message = _("{count} scored at stage {stage} by {method}{note}.").format(
        count=len(rows), stage=stage, method=method, note=note
    )
    return Scoring(
        spec.name, stage, scored.method, len(rows), removed, message, scored.version, bands
    )


def _by_stage(
    settings: Settings, spec: Spec, stage: int, frame: pandas.DataFrame
) -> tuple[_Scored, str]:
    if stage < 3:
        return _by_rules(spec, stage, frame), ""
    by_model = None
    if registry.is_used(settings):
        try:
            with registry.tracking(settings) as client:
                by_model = _by_model(client, spec, frame)
        except TableError as error:
            note = _(" of stage 2: the champion needs training again: {error}")
            return _by_rules(spec, 2, frame), note.format(error=error)
    if by_model is None:
        return _by_rules(spec, 2, frame), _(" of stage 2: no model has passed its gates yet")
    return by_model, _(" version {version}").format(version=by_model.version)


def _by_rules(spec: Spec, stage: int, frame: pandas.DataFrame) -> _Scored:
    return _Scored(rules.points(frame, spec, stage), rule_reasons(frame, spec, stage), "rules")


def _by_model(client: MlflowClient, spec: Spec, frame: pandas.DataFrame) -> _Scored | None:
    """Score by the champion, which reads the features of the spec it was trained by."""
    import numpy as np

    champion = registry.champion(client, spec.name)
    if champion is None:
        return None
    inputs = read_inputs(frame, champion.spec)
    if frame.empty:
        return _Scored(np.zeros(0), [], "model", np.zeros(0), champion.version)
    model = champion.load()
    pushes, base = parts(model, inputs[list(champion.typical)])
    probability = 1 / (1 + np.exp(-base - pushes.sum(axis=1)))
    reasons = model_reasons(frame, pushes, champion.typical, spec, champion.telling)
    return _Scored(np.rint(probability * 100), reasons, "model", probability, champion.version)


def _rows(
    settings: Settings, spec: Spec, stage: int, frame: pandas.DataFrame, scored: _Scored
) -> pandas.DataFrame:
    import pandas as pd

    points = [int(value) for value in scored.points]
    probability = scored.probability
    return pd.DataFrame(
        {
            "score": spec.name,
            "entity": spec.entity,
            "entity_id": frame["entity_id"],
            "customer_id": frame["customer_id"],
            "night": settings.night,
            "as_of": frame["cutoff"].dt.date,
            "stage": stage,
            "method": scored.method,
            "model_version": scored.version,
            "probability": None if probability is None else probability,
            "points": points,
            "band": [spec.bands.of(value) for value in points],
            "reasons_de": [[german for german, _ in row] for row in scored.reasons],
            "reasons_en": [[english for _, english in row] for row in scored.reasons],
        }
    )


def _replace(
    connection: duckdb.DuckDBPyConnection, spec: Spec, rows: pandas.DataFrame | None
) -> int:
    """Replace a score's rows in one transaction; returns how many entities no longer have one."""
    kept = [] if rows is None else rows["entity_id"].tolist()
    connection.begin()
    try:
        (removed,) = connection.execute(
            "select count(*) from ops.scores"
            " where score = ? and not list_contains(?::varchar[], entity_id)",
            [spec.name, kept],
        ).fetchone() or (0,)
        connection.execute("delete from ops.scores where score = ?", [spec.name])
        if rows is not None and len(rows):
            connection.register("scored", rows)
            connection.execute(
                "insert into ops.scores by name select * replace (points::integer as points,"
                " probability::double as probability, model_version::varchar as model_version,"
                " reasons_de::varchar[] as reasons_de, reasons_en::varchar[] as reasons_en)"
                " from scored"
            )
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return int(removed)


def _forget_others(settings: Settings, scores: set[str]) -> None:
    """Remove scores whose YAML is gone."""
    with open_warehouse(settings) as connection:
        connection.execute(
            "delete from ops.scores where not list_contains(?::varchar[], score)", [sorted(scores)]
        )
