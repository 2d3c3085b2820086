"""The station `train`: build the frame, learn, judge, register; the best stays champion."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

from config import ConfigurationError, Settings
from config.language import _
from ml import registry
from ml.features.frames import training_frame
from ml.features.table import NotEnoughDataError, TableError, read_inputs, read_labels
from ml.judging import decisions
from ml.judging.fairness import Comparison, compare_groups, read_groups
from ml.judging.gate import Finding, Present, judge, next_bar
from ml.learning.candidates import Candidate, train
from ml.learning.estimators import predict
from ml.learning.leaks import find_leaks
from ml.learning.validation import Metrics
from ml.maturity import stages
from ml.specs.files import Specs, load_specs, read_specs
from ml.specs.spec import Spec, SpecError
from ml.watching.retraining import why_train
from warehouse import open_warehouse

if TYPE_CHECKING:
    import pandas
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)
Status = Literal["champion", "rejected", "waiting", "unchanged", "skipped", "failed"]


@dataclass(frozen=True)
class Training:
    """The outcome of training one score.

    `status`: champion (a new model is in force), rejected (trained, but the one before or the rules
    stay), waiting (it passed, and a person decides), unchanged (same rows, same spec: nothing to
    do), skipped (the data are not there yet), failed (the message says what to mend). `findings`
    are the gate's; `replaces` is the version in force before, None: the rules.
    """

    score: str
    status: Status
    message: str
    version: str | None = None
    candidate: str | None = None
    metrics: Metrics = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    replaces: str | None = None


class TrainingError(Exception):
    """Some scores could not be trained; the message names all, `results` holds the others too."""

    def __init__(self, results: list[Training]) -> None:
        """Keep what was done, for whoever tells it."""
        self.results = results
        failed = [f"{one.score}: {one.message}" for one in results if one.status == "failed"]
        super().__init__(_("Not trained: {failures}").format(failures="; ".join(failed)))


def train_models(settings: Settings, scores: list[str] | None = None) -> list[Training]:
    """Train the scores whose use case has reached stage 3, or the named ones whatever their stage.

    A model becomes champion if it passes the gate (`ml.judging.gate`); where the spec says
    `approval: person`, or after a rollback, it waits for a person. The same rows and spec again
    change nothing. Each score is trained on its own: what stops one does not stop the next.

    Raises:
        SpecError: the YAML of a named score is wrong; nothing was trained.
        TrainingError: at the end, if a score could not be trained, or its YAML is wrong.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    specs = read_specs(settings) if scores is None else _named(settings, scores)
    reached = stages(settings)
    results = [Training(name, "failed", str(error)) for name, error in specs.broken.items()]
    for spec in specs.readable:
        stage = reached.get(str(spec.use_case), 0)
        if scores is None and stage < 3:
            told = _("{use_case} is at stage {stage}: models are trained from stage 3 on.")
            message = told.format(use_case=spec.use_case, stage=stage)
            result = Training(spec.name, "skipped", message)
        else:
            result = _train_alone(settings, spec)
        logger.info("%s: %s: %s", result.score, result.status, result.message)
        results.append(result)
    if any(result.status == "failed" for result in results):
        raise TrainingError(results)
    return results


def needs_training(settings: Settings) -> list[str]:
    """Names of the scores at stage 3 for which training pays: see `ml.watching.retraining`."""
    reached = stages(settings)
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


def _named(settings: Settings, scores: list[str]) -> Specs:
    return Specs(tuple(spec for spec in load_specs(settings, scores) if spec.snapshots), {})


def _train_alone(settings: Settings, spec: Spec) -> Training:
    try:
        with registry.tracking(settings) as client:
            return _train_score(client, settings, spec)
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
    held_by = registry.held_by(client, spec.name)
    verdict = _verdict(findings, spec, held_by)
    message = _figures(candidate, rows)
    stopped = [finding.says for finding in findings if not finding.passed]
    compared_with = "; ".join(f.says for f in findings if f.passed and f.check != "size")
    found = message + _("; passed: {reasons}").format(reasons=compared_with)
    if verdict == "rejected":
        found = message = message + _("; not used: {reasons}").format(reasons="; ".join(stopped))
    elif verdict == "waiting":
        if held_by:
            compared_with += _("; {who} rolled back before").format(who=held_by)
        asked = _("; waits for `reifegrad models approve {score} --version {version}`: {reasons}")
        found = message = message + asked.format(
            score=spec.name, version=version, reasons=compared_with
        )
    before = registry.version_in_force(client, spec.name)
    _keep_comparisons(settings, spec, version, compared)
    registry.decide(client, spec.name, version, verdict, found)
    decisions.record(settings, spec.name, verdict, version, before, decisions.GATE, found)
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


def _verdict(findings: list[Finding], spec: Spec, held_by: str | None) -> registry.Verdict:
    if not all(finding.passed for finding in findings):
        return "rejected"
    return "waiting" if held_by or spec.approval == "person" else "champion"


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
