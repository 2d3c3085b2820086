"""The station `train`: build the frame, learn, judge, register; the best stays champion."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from config import Settings
from config.language import _
from ml import registry
from ml.features.frames import training_frame
from ml.features.table import NotEnoughDataError
from ml.learning.candidates import Candidate, train
from ml.learning.validation import Metrics
from ml.maturity import stages
from ml.specs.files import load_specs
from ml.specs.spec import Spec
from warehouse import open_warehouse

if TYPE_CHECKING:
    import pandas
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Training:
    """The outcome of training one score.

    `status`: champion (a new model is in force), rejected (trained, but the one before or the rules
    stay), unchanged (same rows, same spec: nothing to do), skipped (the data are not there yet).
    """

    score: str
    status: Literal["champion", "rejected", "unchanged", "skipped"]
    message: str
    version: str | None = None
    candidate: str | None = None
    metrics: Metrics = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def train_models(settings: Settings, scores: list[str] | None = None) -> list[Training]:
    """Train the scores whose use case has reached stage 3, or the named ones whatever their stage.

    A model becomes champion if it passes the gates of its spec and is not worse than the present
    champion's recipe on the same rows. The same rows and spec again change nothing.

    Raises:
        SpecError: a YAML of `models/` is wrong.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    specs = [spec for spec in load_specs(settings, scores) if spec.snapshots]
    reached = stages(settings)
    results = []
    with registry.tracking(settings) as client:
        for spec in specs:
            stage = reached.get(str(spec.use_case), 0)
            if scores is None and stage < 3:
                result = Training(
                    spec.name,
                    "skipped",
                    _("{use_case} is at stage {stage}: models are trained from stage 3 on.").format(
                        use_case=spec.use_case, stage=stage
                    ),
                )
            else:
                result = _train_score(client, settings, spec)
            logger.info("%s: %s: %s", result.score, result.status, result.message)
            results.append(result)
    return results


def needs_training(settings: Settings) -> list[str]:
    """Names of the scores whose use case is at stage 3 and that have no champion yet."""
    reached = stages(settings)
    due = [
        spec.name
        for spec in load_specs(settings)
        if spec.snapshots and reached.get(str(spec.use_case), 0) >= 3
    ]
    if not due or not registry.is_used(settings):
        return due
    with registry.tracking(settings) as client:
        return [score for score in due if registry.champion(client, score) is None]


def unmet_gates(frame: pandas.DataFrame, metrics: Metrics, spec: Spec) -> list[str]:
    """List what a model lacks to replace the rules, one sentence each.

    Entities are counted, not their snapshots: one lead seen ten times is one example.
    """
    gates, entities = spec.gates, frame.groupby("entity_id")[spec.target.column]
    needed = [
        (_("{seen} {entity}s with a known outcome"), entities.ngroups, gates.min_rows),
        (
            _("{seen} {entity}s with a positive outcome"),
            int((entities.max() == 1).sum()),
            gates.min_positives,
        ),
        (
            _("{seen} {entity}s with a negative outcome"),
            int((entities.min() == 0).sum()),
            gates.min_negatives,
        ),
    ]
    unmet = [
        _("{what}, {least} are needed").format(
            what=what.format(seen=seen, entity=spec.entity), least=least
        )
        for what, seen, least in needed
        if seen < least
    ]
    auc = metrics["auc"]
    if auc < gates.min_auc:
        unmet.append(_("AUC {auc:.3f} is below {least}").format(auc=auc, least=gates.min_auc))
    for rival in ("baseline_auc", "rules_1_auc", "rules_2_auc"):
        if rival in metrics and auc < metrics[rival] + gates.min_gain:
            unmet.append(
                _("AUC {auc:.3f} does not beat {rival} {reached:.3f}").format(
                    auc=auc, rival=rival, reached=metrics[rival]
                )
            )
    return unmet


def _train_score(client: MlflowClient, settings: Settings, spec: Spec) -> Training:
    try:
        with open_warehouse(settings) as connection:
            frame = training_frame(connection, spec, settings.night)
        fingerprint = _fingerprint(frame, spec)
        decided = registry.decided_version(client, spec.name, fingerprint)
        if decided:
            return Training(
                spec.name,
                "unchanged",
                _("version {version} already learnt from these {count} rows.").format(
                    version=decided.version, count=len(frame)
                ),
                str(decided.version),
            )
        candidate = train(frame, spec)
    except NotEnoughDataError as error:
        return Training(spec.name, "skipped", str(error))
    present = registry.champion(client, spec.name)
    why_not = unmet_gates(frame, candidate.metrics, spec)
    if present and not why_not:
        why_not = _worse_than(present, candidate, settings)
    tags = {"fingerprint": fingerprint, "candidate": candidate.name, "night": str(settings.night)}
    version = registry.register(client, settings, candidate, frame, tags)
    message = _("{name}, AUC {auc:.3f} on {count} rows ({baseline} alone: {alone:.3f})").format(
        name=candidate.name,
        auc=candidate.metrics["auc"],
        count=len(frame),
        baseline=candidate.baseline,
        alone=candidate.metrics["baseline_auc"],
    )
    if candidate.left_out:
        message += _("; left out as nearly the outcome: {found}").format(
            found="; ".join(f"{name} ({why})" for name, why in candidate.left_out.items())
        )
    if why_not:
        message += _("; not used: {reasons}").format(reasons="; ".join(why_not))
    registry.decide(client, spec.name, version, not why_not, message)
    status: Literal["champion", "rejected"] = "rejected" if why_not else "champion"
    return Training(
        spec.name,
        status,
        message,
        version,
        candidate.name,
        candidate.metrics,
        candidate.warnings,
    )


def _worse_than(present: registry.Champion, candidate: Candidate, settings: Settings) -> list[str]:
    """Compare with the champion's spec, trained and tested on today's rows like the candidate.

    Its stored model can't be used: it was trained on part of the test rows.
    """
    spec = present.spec
    names = (*spec.candidates[present.candidate_name].members, present.candidate_name)
    recipe = spec.model_copy(update={"candidates": {name: spec.candidates[name] for name in names}})
    if (present.candidate_name, spec.text()) == (candidate.name, candidate.spec.text()):
        return []
    with open_warehouse(settings) as connection:
        rival = train(training_frame(connection, recipe, settings.night), recipe)
    lacking = rival.metrics["auc"] - candidate.metrics["auc"]
    if lacking <= rival.metrics["auc_error"]:
        return []
    return [
        _(
            "the champion's recipe (version {version}) reaches AUC {auc:.3f} on the same rows"
        ).format(version=present.version, auc=rival.metrics["auc"])
    ]


def _fingerprint(frame: pandas.DataFrame, spec: Spec) -> str:
    import pandas as pd
    import sklearn

    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes()
    recipe = f"{spec.text()}\n{sklearn.__version__}".encode()
    return hashlib.sha256(rows + recipe).hexdigest()
