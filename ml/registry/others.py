"""Models that are no scores, in MLflow: one run and one version each, with whatever they keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from config import Settings
from ml.registry.runs import CARD, CHAMPION, ensure_registered, experiment_of, gone
from ml.registry.store import model_name

if TYPE_CHECKING:
    import pandas
    from mlflow import MlflowClient
    from sklearn.base import BaseEstimator

    from ml.specs.kind import KindSpec


@dataclass(frozen=True)
class Learnt:
    """What a training came to, as it is kept.

    `files`: JSON by name. `model`: a fitted scikit-learn model with a table that shows its inputs;
    None where the files are all that there is to keep. `trusted`: types in it beyond skops' own.
    `card`: what people read of it.
    """

    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    files: Mapping[str, Any]
    card: str
    tags: Mapping[str, str]
    model: BaseEstimator | None = None
    inputs: pandas.DataFrame | None = None
    trusted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kept:
    """The version of a model that is in force."""

    name: str
    version: str
    night: date
    run_id: str
    uri: str
    tags: Mapping[str, str] = field(default_factory=dict)

    def file(self, name: str) -> Any:  # noqa: ANN401
        """Read one of its JSON files.

        Raises:
            ModelGoneError: it is gone or damaged.

        """
        from mlflow.artifacts import load_dict
        from mlflow.exceptions import MlflowException

        try:
            return load_dict(f"runs:/{self.run_id}/{name}")
        except (MlflowException, OSError, ValueError) as error:
            raise gone(self.name, self.version, error) from error

    def load(self) -> Any:  # noqa: ANN401
        """Load the fitted scikit-learn model.

        Raises:
            ModelGoneError: its files are gone or damaged.

        """
        from mlflow.exceptions import MlflowException
        from mlflow.sklearn import load_model

        try:
            return load_model(self.uri)
        except (MlflowException, OSError) as error:
            raise gone(self.name, self.version, error) from error


def register_learnt(
    client: MlflowClient, settings: Settings, spec: KindSpec, learnt: Learnt
) -> str:
    """Log a run with what was learnt and register it as a version; return its number."""
    import mlflow

    tags = {"night": str(settings.night), **learnt.tags}
    with mlflow.start_run(
        experiment_id=experiment_of(client, settings, spec),
        run_name=f"{spec.name} {settings.night}",
        tags=tags,
    ) as run:
        mlflow.log_params(dict(learnt.parameters))
        mlflow.log_metrics(dict(learnt.metrics))
        for name, content in learnt.files.items():
            mlflow.log_dict(content, name)
        mlflow.log_text(learnt.card, CARD)
        mlflow.set_tag("mlflow.note.content", learnt.card)
        uri, model_id = f"{run.info.artifact_uri}/{next(iter(learnt.files))}", None
        if learnt.model is not None:
            logged = _log_model(learnt)
            uri, model_id = logged.model_uri, logged.model_id
        ensure_registered(client, spec)
        version = client.create_model_version(
            model_name(spec.name),
            uri,
            run_id=run.info.run_id,
            tags=tags,
            model_id=model_id,
            description=learnt.card,
        )
    return str(version.version)


def _log_model(learnt: Learnt) -> Any:  # noqa: ANN401
    import mlflow
    from mlflow.models import infer_signature
    from sklearn import __version__ as sklearn_version

    return mlflow.sklearn.log_model(
        learnt.model,
        name="model",
        signature=infer_signature(learnt.inputs) if learnt.inputs is not None else None,
        serialization_format="skops",
        skops_trusted_types=list(learnt.trusted),
        # Given here, because MLflow needs half a minute to infer them.
        pip_requirements=[f"scikit-learn=={sklearn_version}"],
    )


def kept(client: MlflowClient, name: str) -> Kept | None:
    """Return the version of a model that is in force, if there is one.

    Raises:
        ModelGoneError: its entry is damaged.

    """
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_model_version_by_alias(model_name(name), CHAMPION)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise
    try:
        night = date.fromisoformat(found.tags["night"])
    except (KeyError, ValueError) as error:
        raise gone(name, str(found.version), error) from error
    version = str(found.version)
    uri = f"models:/{model_name(name)}/{version}"
    return Kept(name, version, night, str(found.run_id), uri, dict(found.tags))
