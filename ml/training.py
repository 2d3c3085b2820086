"""The station `train`: build the frame, learn, judge, register; the best stays champion."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING

from config import ConfigurationError, Settings
from config.language import _
from ml import registry
from ml.features.frames import training_frame
from ml.features.table import NotEnoughDataError, TableError, read_inputs, read_labels
from ml.judging import decisions
from ml.judging.fairness import Comparison, compare_groups, read_groups
from ml.judging.gate import Finding, Present, judge, next_bar
from ml.kinds import Model, read_models, why_learn
from ml.learning.candidates import Candidate, train
from ml.learning.estimators import predict
from ml.learning.leaks import find_leaks
from ml.maturity import stages
from ml.results import Training, TrainingError
from ml.specs.files import SCORE, Specs, load_specs, model_files, read_specs
from ml.specs.spec import Spec, SpecError
from ml.watching.retraining import why_train
from warehouse import open_warehouse

if TYPE_CHECKING:
    import pandas
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)


def train_models(settings: Settings, scores: list[str] | None = None) -> list[Training]:
    """Train the models whose use case has reached their stage, or the named ones whatever it is.

    Scores learn at stage 3, models of another kind from the stage that their YAML names.

    A model becomes champion if it passes the gate (`ml.judging.gate`); where the spec says
    `approval: person`, or after a rollback, it waits for a person. The same rows and spec again
    change nothing. Each score is trained on its own: what stops one does not stop the next.

    Raises:
        SpecError: the YAML of a named score is wrong, or there is none; nothing was trained.
        TrainingError: at the end, if one could not be trained, or its YAML is wrong.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    specs = read_specs(settings) if scores is None else _named(settings, scores)
    models, reached = read_models(settings, scores), stages(settings)
    broken = specs.broken | models.broken
    results = [Training(name, "failed", str(error)) for name, error in broken.items()]
    found: tuple[Spec | Model, ...] = (*specs.readable, *models.readable)
    for one in found:
        spec = one.spec if isinstance(one, Model) else one
        stage, needed = reached.get(str(spec.use_case), 0), _learns_from(one)
        if scores is None and stage < needed:
            told = _("{use_case} is at stage {stage}: models are trained from stage {needed} on.")
            message = told.format(use_case=spec.use_case, stage=stage, needed=needed)
            result = Training(spec.name, "skipped", message)
        else:
            result = _train_alone(settings, one)
        logger.info("%s: %s: %s", result.score, result.status, result.message)
        results.append(result)
    if any(result.status == "failed" for result in results):
        raise TrainingError(results)
    return results


def needs_training(settings: Settings) -> list[str]:
    """Names of the models for which training pays tonight.

    For a score at stage 3 see `ml.watching.retraining`, for another kind `ml.kinds.why_learn`.
    """
    reached = stages(settings)
    return [*_due_scores(settings, reached), *_due_models(settings, reached)]


def _learns_from(one: Spec | Model) -> int:
    return one.spec.learns_from if isinstance(one, Model) else 3


def _due_models(settings: Settings, reached: dict[str, int]) -> list[str]:
    due = []
    for model in read_models(settings).readable:
        if reached.get(model.spec.use_case, 0) < model.spec.learns_from:
            continue
        try:
            why = why_learn(settings, model)
        except registry.StoreError as error:
            why = str(error)  # the training tells what is wrong; this look must not stop the night
        if why:
            logger.info("%s: %s", model.spec.name, why)
            due.append(model.spec.name)
    return due


def _due_scores(settings: Settings, reached: dict[str, int]) -> list[str]:
    due = [
        spec.name
        for spec in read_specs(settings).readable
        if reached.get(str(spec.use_case), 0) >= 3
    ]
    if not due or not registry.is_used(settings):
        return due
    try:
        with registry.tracking(settings) as client, open_warehouse(settings) as connection:
            reasons = {
                spec.name: why_train(connection, client, spec, settings.night)
                for spec in load_specs(settings, due)
            }
    except registry.StoreError:
        return due  # the training tells what is wrong; this look must not stop the night
    for score, why in reasons.items():
        if why:
            logger.info("%s: %s", score, why)
    return [score for score in due if reasons[score]]


def _named(settings: Settings, names: list[str]) -> Specs:
    scores = [path.stem for path, kind in model_files(settings, names) if kind == SCORE]
    found = load_specs(settings, scores) if scores else []
    return Specs(tuple(spec for spec in found if spec.snapshots), {})


def _train_alone(settings: Settings, one: Spec | Model) -> Training:
    spec = one.spec if isinstance(one, Model) else one
    try:
        if isinstance(one, Model):
            return one.kind.train(settings, one.spec)
        with registry.tracking(settings) as client:
            return _train_score(client, settings, one)
    except NotEnoughDataError as error:
        return Training(spec.name, "skipped", str(error))
    except (registry.StoreError, ConfigurationError, TableError) as error:
        return Training(spec.name, "failed", str(error))


def _train_score(client: MlflowClient, settings: Settings, spec: Spec) -> Training:
    registry.finish_killed(client, spec.name)
    with open_warehouse(settings) as connection:
        frame = training_frame(connection, spec, settings.night)
        groups = read_groups(connection, spec)
    fingerprint = _fingerprint(frame, spec)
    decided = registry.decided_version(client, spec.name, fingerprint)
    if decided:
        told = _("version {version} already learnt from these {count} rows.")
        message = told.format(version=decided.version, count=len(frame))
        return Training(spec.name, "unchanged", message, str(decided.version))
    candidate = train(frame, spec)
    present = _present(client, settings, spec, frame)
    compared = compare_groups(candidate.tested, groups, spec)
    findings = [*judge(candidate, frame, spec, present), *_unfair(compared, spec)]
    tags = {
        "fingerprint": fingerprint,
        "candidate": candidate.name,
        "night": str(settings.night),
        "bar": str(next_bar(candidate.metrics["auc"], findings, present)),
    }
    attached = {
        "gate.json": {"findings": [asdict(finding) for finding in findings]},
        "fairness.json": {"comparisons": [asdict(comparison) for comparison in compared]},
    }
    version = registry.register(client, settings, candidate, frame, tags, attached)
    return _decide(client, settings, candidate, len(frame), version, findings, compared)


def _decide(
    client: MlflowClient,
    settings: Settings,
    candidate: Candidate,
    rows: int,
    version: str,
    findings: list[Finding],
    compared: list[Comparison],
) -> Training:
    spec = candidate.spec
    _keep_comparisons(settings, spec, version, compared)
    verdict, message, before = decisions.settle(
        client, settings, spec.name, version, findings, spec.approval, _figures(candidate, rows)
    )
    return Training(
        spec.name,
        verdict,
        message,
        version,
        candidate.name,
        candidate.metrics,
        candidate.warnings,
        tuple(findings),
        before,
    )


def _figures(candidate: Candidate, rows: int) -> str:
    told = _("{name}, AUC {auc:.3f} on {count} rows ({baseline} alone: {alone:.3f})").format(
        name=candidate.name,
        auc=candidate.metrics["auc"],
        count=rows,
        baseline=candidate.baseline,
        alone=candidate.metrics["baseline_auc"],
    )
    if candidate.left_out:
        told += _("; left out as nearly the outcome: {found}").format(
            found=", ".join(candidate.left_out)
        )
    return told


def _present(
    client: MlflowClient, settings: Settings, spec: Spec, frame: pandas.DataFrame
) -> Present | None:
    """Look at the champion, and what it says of rows newer than its training."""
    try:
        champion = registry.champion(client, spec.name)
    except registry.ModelGoneError:
        return None  # it can't score either: only the rules are left to compare with
    if champion is None:
        return None
    age = (settings.night - champion.trained_on).days
    leaks: tuple[str, ...] = ()
    predicted = None
    try:
        if champion.spec.text() != spec.text():
            with open_warehouse(settings) as connection:
                frame = training_frame(connection, champion.spec, settings.night)
        leaks = _leaks(frame, champion, spec)
        predicted = _predictions(frame, champion)
    except (SpecError, TableError, registry.ModelGoneError) as error:
        logger.info("%s: the champion can't be measured: %s", spec.name, error)
    return Present(champion.version, champion.bar, age, predicted, leaks)


def _leaks(frame: pandas.DataFrame, champion: registry.Champion, today: Spec) -> tuple[str, ...]:
    """Name what the champion learnt from that is nearly the outcome, as today's rows show.

    What today's spec clears is cleared; what only the champion's cleared was a mistake.
    """
    spec = champion.spec.model_copy(update={"leaks": today.leaks})
    labels = read_labels(frame, spec).to_numpy()
    found = find_leaks(frame, read_inputs(frame, spec), labels, spec)
    return tuple(name for name in found if name in champion.typical)


def _predictions(frame: pandas.DataFrame, champion: registry.Champion) -> pandas.DataFrame | None:
    """Predict by the champion what came after its training, and so after all it learnt from."""
    import pandas as pd

    spec = champion.spec
    if spec.snapshots is None or not spec.snapshots.every_days:
        return None  # one row per entity: nothing tells which are newer
    newer = frame[frame["cutoff"] >= pd.Timestamp(champion.trained_on)].reset_index(drop=True)
    if newer.empty:
        return None
    probability = predict(champion.load(), read_inputs(newer, spec))
    return newer[["entity_id", "cutoff"]].assign(champion=probability)


def _unfair(compared: list[Comparison], spec: Spec) -> list[Finding]:
    """Turn failed comparisons into findings that stop the candidate."""
    return [
        Finding("fairness", False, one.says(spec.entity))
        for one in compared
        if one.verdict == "failed"
    ]


def _keep_comparisons(
    settings: Settings, spec: Spec, version: str, compared: list[Comparison]
) -> None:
    import pandas as pd

    rows = pd.DataFrame([asdict(one) for one in compared])
    if rows.empty:
        return
    rows = rows.rename(columns={"group": "group_name", "value": "group_value"})
    rows = rows.assign(score=spec.name, version=version, night=settings.night)
    with open_warehouse(settings) as connection:
        connection.register("compared", rows)
        connection.execute("insert or replace into ops.score_fairness by name from compared")


def _fingerprint(frame: pandas.DataFrame, spec: Spec) -> str:
    import pandas as pd
    import sklearn

    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes()
    recipe = f"{spec.text()}\n{sklearn.__version__}".encode()
    return hashlib.sha256(rows + recipe).hexdigest()
