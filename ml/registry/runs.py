"""A model per score in MLflow's registry, whose `champion` scores at night."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from config import Settings
from config.language import _
from ml.learning.candidates import Candidate
from ml.registry.store import ModelGoneError, model_name
from ml.specs.files import load_spec
from ml.specs.spec import Spec, SpecError

if TYPE_CHECKING:
    import pandas
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion
    from sklearn.base import ClassifierMixin

CHAMPION = "champion"
# Types of our pipelines beyond those that skops trusts by itself; anything else in a stored model
# is refused when it is loaded.
TRUSTED_TYPES = [
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.tree._tree.Tree",
]


@dataclass(frozen=True)
class Champion:
    """The registered model in force, its spec, typical values and telling effects."""

    version: str
    candidate_name: str
    spec: Spec
    typical: dict[str, float | str]
    telling: dict[str, dict[str, Any]]
    uri: str

    def load(self) -> ClassifierMixin:
        """Load the fitted scikit-learn model.

        Raises:
            ModelGoneError: its files are gone or damaged.

        """
        from mlflow.exceptions import MlflowException
        from mlflow.sklearn import load_model

        try:
            return load_model(self.uri)
        except (MlflowException, OSError) as error:
            raise _gone(self.spec.name, self.version, error) from error


def champion(client: MlflowClient, score: str) -> Champion | None:
    """Look up the model in force for a score, if there is one.

    Raises:
        ModelGoneError: there is one, but its files are gone or of another version of the project.

    """
    from mlflow.exceptions import MlflowException

    try:
        version = client.get_model_version_by_alias(model_name(score), CHAMPION)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise
    try:
        return _read_champion(client, score, version)
    except (MlflowException, OSError, SpecError, ValueError, KeyError) as error:
        raise _gone(score, str(version.version), error) from error


def _gone(score: str, version: str, error: Exception) -> Exception:
    """Say that a model's files are missing, unless it is the server that does not answer."""
    if getattr(error, "error_code", "") in {"INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE"}:
        return error
    return ModelGoneError(
        _(
            "The files of model {name}, version {version}, are gone or can't be read: put them"
            " back from the backup, or run `reifegrad train {score}`. ({detail})"
        ).format(
            name=model_name(score),
            version=version,
            score=score,
            detail=" ".join(str(error).split())[:200],
        )
    )


def _read_champion(client: MlflowClient, score: str, version: ModelVersion) -> Champion:
    import yaml
    from mlflow.artifacts import load_dict, load_text

    run = f"runs:/{version.run_id}"
    kept = {file.path for file in client.list_artifacts(version.run_id)}
    return Champion(
        version=str(version.version),
        candidate_name=str(version.tags["candidate"]),
        spec=load_spec(yaml.safe_load(load_text(f"{run}/spec.yml"))),
        typical=load_dict(f"{run}/typical.json"),
        # registered before this was stored: all effects are worded until it is trained again
        telling=load_dict(f"{run}/telling.json") if "telling.json" in kept else {},
        uri=f"models:/{model_name(score)}/{version.version}",
    )


def decided_version(client: MlflowClient, score: str, fingerprint: str) -> ModelVersion | None:
    """Find the version already trained and judged on the same rows by the same spec, if any."""
    versions = client.search_model_versions(f"name = '{model_name(score)}'")
    for version in versions:
        if version.tags.get("fingerprint") == fingerprint and "decision" in version.tags:
            return version
    return None


def register(
    client: MlflowClient,
    settings: Settings,
    candidate: Candidate,
    frame: pandas.DataFrame,
    tags: dict[str, str],
) -> str:
    """Log a run with parameters, measures, spec and model, and register the model.

    Returns:
        The new version's number.

    """
    import mlflow
    from mlflow.models import infer_signature
    from sklearn import __version__ as sklearn_version

    from ml.features.table import read_inputs

    spec = candidate.spec
    inputs = read_inputs(frame, spec)[list(candidate.features)]
    sample = inputs.head(100)
    with mlflow.start_run(
        experiment_id=_experiment(client, settings, spec.name),
        run_name=f"{spec.name} {settings.night}",
        tags=tags,
    ) as run:
        _log_figures(candidate, len(frame))
        logged = mlflow.sklearn.log_model(
            candidate.model,
            name="model",
            signature=infer_signature(sample, candidate.model.predict_proba(sample)[:, 1]),
            serialization_format="skops",
            skops_trusted_types=TRUSTED_TYPES,
            pyfunc_predict_fn="predict_proba",
            # Given here, because MLflow needs half a minute to infer them.
            pip_requirements=[f"scikit-learn=={sklearn_version}"],
        )
        name = model_name(spec.name)
        _ensure_registered(client, name)
        version = client.create_model_version(
            name, logged.model_uri, run_id=run.info.run_id, tags=tags, model_id=logged.model_id
        )
    return str(version.version)


def _log_figures(candidate: Candidate, rows: int) -> None:
    """Log parameters, measures and spec to the run that is open."""
    import mlflow

    spec = candidate.spec
    mlflow.log_params({"candidate": candidate.name, "rows": rows})
    mlflow.log_params(spec.candidates[candidate.name].parameters)
    mlflow.log_metrics(candidate.metrics)
    for name, trial in candidate.trials.items():
        mlflow.log_metrics({f"{name}_{metric}": trial[metric] for metric in ("auc", "log_loss")})
    mlflow.log_text(spec.text(), "spec.yml")
    mlflow.log_dict(candidate.typical, "typical.json")
    mlflow.log_dict(candidate.telling, "telling.json")
    mlflow.log_dict(candidate.left_out, "left_out.json")


def decide(client: MlflowClient, score: str, version: str, is_champion: bool, why: str) -> None:
    """Store the decision on a version; the tag comes last, so that a killed run repeats it."""
    name = model_name(score)
    if is_champion:
        client.set_registered_model_alias(name, CHAMPION, version)
    client.update_model_version(name, version, description=why)
    client.set_model_version_tag(
        name, version, "decision", "champion" if is_champion else "rejected"
    )


def _experiment(client: MlflowClient, settings: Settings, score: str) -> str:
    name = model_name(score)
    existing = client.get_experiment_by_name(name)
    if existing:
        identity = str(existing.experiment_id)
    else:
        local = settings.mlflow_tracking_uri.startswith("sqlite:///")
        location = (settings.mlflow_artifacts / score).as_uri() if local else None
        identity = str(client.create_experiment(name, artifact_location=location))
    # Where the tag is missing, MLflow's page guesses the kind, and may show evaluation runs of a
    # language model in place of training runs.
    client.set_experiment_tag(identity, "mlflow.experimentKind", "custom_model_development")
    return identity


def _ensure_registered(client: MlflowClient, name: str) -> None:
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
