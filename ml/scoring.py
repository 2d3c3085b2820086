"""The station `score`: tonight's points, bands and reasons, by the method that the stage allows."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from config import ConfigurationError, Settings
from config.language import _
from ml import registry, rules, score_tables
from ml.features.clock import tell_age
from ml.features.expressions import amounts
from ml.features.frames import scoring_frame
from ml.features.table import TableError, read_inputs
from ml.learning.candidates import Candidate
from ml.learning.estimators import parts
from ml.maturity import stages
from ml.reasons.explanation import model_reasons, rule_reasons
from ml.score_tables import Parts
from ml.specs.feature import Text
from ml.specs.files import broken_titles, read_specs
from ml.specs.spec import Spec, SpecError
from warehouse import WarehouseLockedError, open_warehouse

if TYPE_CHECKING:
    import duckdb
    import pandas
    import pyarrow
    from mlflow import MlflowClient
    from numpy.typing import NDArray
    from sklearn.base import ClassifierMixin

logger = logging.getLogger(__name__)
# Their messages say what to do; others are told with their type.
NAMED = (TableError, ConfigurationError, registry.StoreError)
Method = Literal["rules", "model", "none"]


class ScoringError(Exception):
    """Scores failed; the message names each with its cause, `results` holds the others."""

    def __init__(self, message: str, results: list[Scoring]) -> None:
        super().__init__(message)
        self.results = results


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
class Scored:
    """Points per row (0 to 100) with method, model, sentences and what they are the sum of."""

    points: NDArray[Any]
    said: pyarrow.Table
    parts: Parts
    method: Literal["rules", "model"]
    probability: NDArray[Any] | None = None
    version: str | None = None


def allowed_methods(settings: Settings) -> dict[Method, list[str]]:
    """Return the method that the stage allows for each score tonight; logs why.

    Returns:
        Names of the scores per method: `rules` at stages 1 and 2, `model` at stage 3, `none` below
        stage 1 and where the YAML is wrong. Only methods that some score has; `none` if there are
        no scores at all, so that those of earlier nights are removed.

    """
    reached, specs = stages(settings), read_specs(settings)
    found: dict[Method, list[str]] = {}
    for spec in specs.readable:
        stage = reached.get(str(spec.use_case), 0)
        told = _("stage {stage}").format(stage=stage) if stage else _skipped()
        logger.info("%s: %s", spec.name, told)
        found.setdefault(_method(stage), []).append(spec.name)
    for name, problem in specs.broken.items():
        logger.error("%s: %s", name, problem)
        found.setdefault("none", []).append(name)
    return found or {"none": []}


def score_entities(settings: Settings, method: str | None = None) -> list[Scoring]:
    """Score every customer or open lead of each spec as of `settings.night` into `ops.scores`.

    Below stage 1 nothing is scored and old scores are removed. Stages 1 and 2 score by rules, stage
    3 by the champion model, or while there is none by the rules of stage 2. Each score is replaced
    whole. One that fails, or whose YAML is wrong, keeps its rows of an earlier night and does not
    stop the others.

    Args:
        settings: say where everything is.
        method: only the scores that `allowed_methods` names for it.

    Raises:
        ScoringError: some failed, the others are stored; the message names each with its cause.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    specs, reached = read_specs(settings), stages(settings)
    results: list[Scoring] = []
    failed: dict[str, Exception] = dict(specs.broken) if method in (None, "none") else {}
    for spec in specs.readable:
        stage = reached.get(str(spec.use_case), 0)
        if method not in (None, _method(stage)):
            continue
        try:
            result = _score(settings, spec, stage)
        except WarehouseLockedError:
            raise
        except Exception as error:
            logger.info("%s: %s", spec.name, error, exc_info=error)
            failed[spec.name] = error
            continue
        logger.info("%s: %s", result.score, result.message)
        results.append(result)
    with open_warehouse(settings) as connection:
        score_tables.forget_others(connection, specs.names)
    if failed:
        raise ScoringError(_told(failed, results), results) from next(iter(failed.values()))
    return results


def score_titles(settings: Settings) -> dict[str, str]:
    """Return what people call the scores, by their names in `models/`, in the set language."""
    specs = read_specs(settings)
    said = {spec.name: getattr(spec.title, settings.language) for spec in specs.readable}
    return said | broken_titles(settings, specs.broken, settings.language)


def old_scores(settings: Settings, connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Name the scores in force whose data end longer before their night than their YAML allows."""
    behind = connection.execute(
        "select score, max(night) - max(as_of) from ops.scores where as_of is not null"
        " group by score"
    ).fetchall()
    allowed = {
        spec.name: spec.snapshots.stale_days
        for spec in read_specs(settings).readable
        if spec.snapshots
    }
    return {score for score, days in behind if days > allowed.get(score, days)}


@dataclass(frozen=True)
class ScoreTexts:
    """What people read about a score, in the set language; None: its YAML does not say.

    `meaning` says what points of a model mean, of a score with {points}; `amount` and
    `expected_amount` are the headings of the two columns of `ops.scores`.
    """

    title: str
    meaning: str | None
    amount: str | None
    expected_amount: str | None
    high: int


def score_texts(settings: Settings) -> dict[str, ScoreTexts]:
    """Return what people read about the scores, by their names in `models/`."""

    def said(text: Text | None) -> str | None:
        return str(getattr(text, settings.language)) if text else None

    return {
        spec.name: ScoreTexts(
            said(spec.title) or spec.name,
            said(spec.meaning),
            said(spec.worth.title if spec.worth else None),
            said(spec.worth.expected if spec.worth else None),
            spec.bands.high,
        )
        for spec in read_specs(settings).readable
    }


def _method(stage: int) -> Method:
    return "model" if stage >= 3 else "rules" if stage >= 1 else "none"


def _told(failed: dict[str, Exception], results: list[Scoring]) -> str:
    causes = "; ".join(f"{score}: {_cause(error)}".rstrip(".") for score, error in failed.items())
    stored = ", ".join(result.score for result in results)
    told = _("Not scored, those of the last night stay: {causes}.").format(causes=causes)
    return told + (_(" Scored: {stored}.").format(stored=stored) if stored else "")


def _cause(error: Exception) -> str:
    """Tell it on one line, a library's with its type."""
    text = " ".join(str(error).split())
    return text if isinstance(error, NAMED) else f"{type(error).__name__}: {text}"


def _skipped() -> str:
    return _("skipped: its use case is below stage 1; `reifegrad status` says what is missing.")


def _score(settings: Settings, spec: Spec, stage: int) -> Scoring:
    if stage < 1:
        with open_warehouse(settings) as connection:
            removed = score_tables.forget(connection, spec.name)
        return Scoring(spec.name, stage, "none", 0, removed, _skipped())
    with open_warehouse(settings) as connection:
        frame = scoring_frame(connection, spec, settings.night)
        said_last = score_tables.said_last(connection, spec.name, frame["entity_id"])
    scored, note = _by_stage(settings, spec, stage, frame, said_last)
    note += tell_age(spec, frame["cutoff"].dt.date, settings.night)
    if settled := frame.attrs.get("settled"):
        note += _("; {count} without a score count as decided (snapshots.settled)").format(
            count=settled
        )
    rows = rows_of(settings, spec, stage, frame, scored)
    with open_warehouse(settings) as connection:
        removed = score_tables.replace(connection, spec, rows, scored.said, scored.parts)
    bands = {str(band): int(count) for band, count in rows["band"].value_counts().items()}
    method = _("rules") if scored.method == "rules" else _("model")
    message = _("{count} scored at stage {stage} by {method}{note}.").format(
        count=len(rows), stage=stage, method=method, note=note
    )
    return Scoring(
        spec.name, stage, scored.method, len(rows), removed, message, scored.version, bands
    )


def _by_stage(
    settings: Settings,
    spec: Spec,
    stage: int,
    frame: pandas.DataFrame,
    said_last: pandas.DataFrame,
) -> tuple[Scored, str]:
    """Score by the method of the stage; where the champion can't, by the rules of stage 2."""
    if stage < 3:
        return _by_rules(spec, stage, frame), ""
    by_model, waiting = None, None
    try:
        if registry.is_used(settings):
            with registry.tracking(settings) as client:
                by_model = _by_model(client, spec, frame, said_last)
                waiting = registry.waiting_version(client, spec.name)
        elif _was_by_model(settings, spec):
            raise registry.StoreError(
                _("{path} is gone, which held the models").format(path=settings.mlflow_tracking_uri)
            )
    except Exception as error:  # whatever is wrong with a model: people get a score all the same
        logger.info("%s: %s", spec.name, error, exc_info=error)
        note = (
            _(" of stage 2: the champion needs training again: {error}")
            if isinstance(error, TableError | SpecError)
            else _(" of stage 2: the champion can't be read: {error}")
        )
        return _by_rules(spec, 2, frame), note.format(error=_cause(error).rstrip("."))
    if by_model is None and waiting:
        told = _(" of stage 2: version {version} waits for `reifegrad models approve {score}`")
        return _by_rules(spec, 2, frame), told.format(version=waiting, score=spec.name)
    if by_model is None:
        return _by_rules(spec, 2, frame), _(" of stage 2: no model has passed its gates yet")
    return by_model, _(" version {version}").format(version=by_model.version)


def _was_by_model(settings: Settings, spec: Spec) -> bool:
    """Whether a model made the scores in force: then there must be one."""
    with open_warehouse(settings) as connection:
        (is_so,) = connection.execute(
            "select count(*) > 0 from ops.scores where score = ? and method = 'model'", [spec.name]
        ).fetchone() or (False,)
    return bool(is_so)


def _by_rules(spec: Spec, stage: int, frame: pandas.DataFrame) -> Scored:
    import numpy as np

    listed = spec.rules.of(stage) if spec.rules else ()
    worth = np.array([rule.points for rule in listed])
    parts = Parts(
        base=spec.rules.base if spec.rules else 0,
        keys=[rule.when for rule in listed],
        parts=rules.hits(frame, spec, stage) * worth,
        values=frame[[]],
        unit="points",
    )
    points = rules.points(frame, spec, stage)
    return Scored(points, rule_reasons(frame, spec, stage), parts, "rules")


def _by_model(
    client: MlflowClient, spec: Spec, frame: pandas.DataFrame, said_last: pandas.DataFrame
) -> Scored | None:
    """Score by the champion, if there is one."""
    champion = registry.champion(client, spec.name)
    if champion is None:
        return None
    read_inputs(frame, champion.spec)  # before the model is loaded, which takes seconds
    return by_model(champion.load(), champion, spec, frame, said_last, champion.version)


def by_model(
    model: ClassifierMixin,
    trained: registry.Champion | Candidate,
    spec: Spec,
    frame: pandas.DataFrame,
    said_last: pandas.DataFrame | None = None,
    version: str | None = None,
) -> Scored:
    """Score by a model, which reads the features of the spec it was trained by.

    Args:
        model: what `ml.learning.estimators.fit` returned.
        trained: its spec, typical values and telling effects.
        spec: tonight's, for the texts.
        frame: the rows to score.
        said_last: see `ml.reasons.explanation.model_reasons`.
        version: the model's, to be kept beside the scores.

    Raises:
        TableError: the frame lacks a feature of the model.

    """
    import numpy as np

    inputs = read_inputs(frame, trained.spec)[list(trained.typical)]
    base, pushes = 0.0, np.zeros(inputs.shape)
    if len(frame):
        pushes, base = parts(model, inputs)
    probability = 1 / (1 + np.exp(-base - pushes.sum(axis=1)))
    said = model_reasons(frame, pushes, trained.typical, spec, trained.telling, said_last)
    made_of = Parts(base, list(trained.typical), pushes, inputs, "log-odds")
    points = np.rint(probability * 100)
    return Scored(points, said, made_of, "model", probability, version)


def rows_of(
    settings: Settings, spec: Spec, stage: int, frame: pandas.DataFrame, scored: Scored
) -> pandas.DataFrame:
    """Make the columns of `ops.scores` but the texts, a row per row of the frame."""
    import numpy as np
    import pandas as pd

    points = np.asarray(scored.points, dtype=int)
    amount = amounts(frame, spec)
    amount = np.full(len(frame), np.nan) if amount is None else amount
    unknown = np.full(len(frame), np.nan)
    probability = unknown if scored.probability is None else scored.probability
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
            "probability": probability,
            "points": points,
            "band": spec.bands.of_all(points),
            "amount": amount,
            "expected_amount": amount * probability,
        }
    )
