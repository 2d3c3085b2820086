"""A model per score in MLflow's registry, whose `champion` scores at night."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from config import Settings
from config.language import _, spoken_language
from ml.learning.candidates import Candidate
from ml.learning.reference import make_reference
from ml.registry import curves, plots
from ml.registry.card import auc_of, write_card
from ml.registry.store import ModelGoneError, model_name
from ml.specs.files import load_spec
from ml.specs.spec import Spec, SpecError

if TYPE_CHECKING:
    import pandas
    from mlflow import MlflowClient
    from mlflow.data.dataset import Dataset
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.models.model import ModelInfo
    from sklearn.base import ClassifierMixin

    from ml.specs.kind import KindSpec

CHAMPION, CHALLENGER = "champion", "challenger"
# Artifacts of a run that the report's page on scores reads.
PAGE, CARD = "page.json", "card.md"
MOST_WEIGHED = 2000  # rows: a mean of so many is exact enough, and trees take long to be split
REFERENCE = "reference.json"  # what drift is measured against
# Types of our pipelines beyond those that skops trusts by itself; anything else in a stored model
# is refused when it is loaded.
TRUSTED_TYPES = [
    "ml.learning.blend.Blend",
    "ml.learning.curves.Curves",
    "numpy.dtype",
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
    trained_on: date  # its night
    bar: float  # AUC that candidates after it are held to, see `ml.judging.gate.next_bar`
    run_id: str
    alias: str = CHAMPION

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
            raise gone(self.spec.name, self.version, error) from error


def champion(client: MlflowClient, score: str, alias: str = CHAMPION) -> Champion | None:
    """Look up the model in force for a score, or the one of another alias, if there is one.

    Raises:
        ModelGoneError: there is one, but its files are gone or of another version of the project.

    """
    from mlflow.exceptions import MlflowException

    try:
        version = client.get_model_version_by_alias(model_name(score), alias)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise
    try:
        return _read_champion(client, score, version, alias)
    except (MlflowException, OSError, SpecError, ValueError, KeyError) as error:
        raise gone(score, str(version.version), error) from error


def gone(score: str, version: str, error: Exception) -> Exception:
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


def _read_champion(client: MlflowClient, score: str, version: ModelVersion, alias: str) -> Champion:
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
        trained_on=date.fromisoformat(version.tags["night"]),
        bar=float(version.tags.get("bar") or client.get_run(version.run_id).data.metrics["auc"]),
        run_id=str(version.run_id),
        alias=alias,
    )


def kept_with(client: MlflowClient, model: Champion, artifact: str) -> dict[str, Any]:
    """Read a JSON artifact of a model's run; empty where an earlier version kept none."""
    from mlflow.artifacts import load_dict

    if artifact not in {file.path for file in client.list_artifacts(model.run_id)}:
        return {}
    return dict(load_dict(f"runs:/{model.run_id}/{artifact}"))


def newest_night(client: MlflowClient, score: str) -> str:
    """Night of the newest training of a score, whatever was decided; empty if there is none."""
    versions = client.search_model_versions(f"name = '{model_name(score)}'")
    return max((version.tags.get("night", "") for version in versions), default="")


def decided_version(client: MlflowClient, score: str, fingerprint: str) -> ModelVersion | None:
    """Find the version already trained and judged on the same rows by the same spec, if any."""
    versions = client.search_model_versions(f"name = '{model_name(score)}'")
    for version in versions:
        if version.tags.get("fingerprint") == fingerprint and "decision" in version.tags:
            # Without its files it must be trained again, on the same rows too.
            return version if client.list_artifacts(str(version.run_id)) else None
    return None


def register(
    client: MlflowClient,
    settings: Settings,
    candidate: Candidate,
    frame: pandas.DataFrame,
    tags: dict[str, str],
    attached: Mapping[str, Any],
) -> str:
    """Log a run with parameters, measures, spec and model, and register the model.

    `attached` are further JSON files of the run by name.

    Returns:
        The new version's number.

    """
    import mlflow

    from ml.features.table import read_inputs

    spec = candidate.spec
    inputs = read_inputs(frame, spec)[list(candidate.features)]
    with mlflow.start_run(
        experiment_id=experiment_of(client, settings, spec),
        run_name=f"{spec.name} {settings.night}",
        tags=tags,
    ) as run:
        dataset = _log_data(candidate, inputs, frame, tags)
        for file, content in attached.items():
            mlflow.log_dict(content, file)
        logged = _log_model(candidate, inputs.head(100))
        _log_figures(candidate, dataset, logged.model_id)
        compared = attached.get("fairness.json", {}).get("comparisons", [])
        card = _log_pages(candidate, inputs, frame, str(settings.night), compared)
        name = model_name(spec.name)
        ensure_registered(client, spec)
        version = client.create_model_version(
            name,
            logged.model_uri,
            run_id=run.info.run_id,
            tags=tags,
            model_id=logged.model_id,
            description=card,
        )
    return str(version.version)


def _log_model(candidate: Candidate, sample: pandas.DataFrame) -> ModelInfo:
    import mlflow
    from mlflow.models import infer_signature
    from sklearn import __version__ as sklearn_version

    return mlflow.sklearn.log_model(
        candidate.model,
        name="model",
        signature=infer_signature(sample, candidate.model.predict_proba(sample)[:, 1]),
        # Typical values: a row of the table would be somebody's.
        input_example=_example(candidate, sample),
        serialization_format="skops",
        skops_trusted_types=TRUSTED_TYPES,
        pyfunc_predict_fn="predict_proba",
        # Given here, because MLflow needs half a minute to infer them.
        pip_requirements=[f"scikit-learn=={sklearn_version}"],
    )


def _log_data(
    candidate: Candidate,
    inputs: pandas.DataFrame,
    frame: pandas.DataFrame,
    tags: dict[str, str],
) -> Dataset:
    """Log which rows were learnt from: their night, hash, number and columns, not the rows."""
    import mlflow
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.pandas_dataset import PandasDataset

    target = candidate.spec.target.column
    dataset = PandasDataset(
        inputs.assign(**{target: frame[target].astype(float)}),
        CodeDatasetSource({"mlflow.source.name": f"marts of the night {tags['night']}"}),
        targets=target,
        name=f"{candidate.spec.name} {tags['night']}",
        digest=tags["fingerprint"][:36],
    )
    days = {}
    if "cutoff" in frame:
        days = {"first": f"{frame['cutoff'].min():%F}", "last": f"{frame['cutoff'].max():%F}"}
    mlflow.log_input(dataset, context="training", tags={"night": tags["night"], **days})
    return dataset


def _example(candidate: Candidate, sample: pandas.DataFrame) -> pandas.DataFrame:
    import pandas as pd

    row = {name: candidate.typical[name] for name in candidate.features}
    return pd.DataFrame([row]).astype(sample.dtypes.to_dict())


def _log_figures(candidate: Candidate, dataset: Dataset, model_id: str) -> None:
    """Log parameters, measures with intervals and spec to the run that is open."""
    import mlflow

    spec = candidate.spec
    mlflow.log_params({"candidate": candidate.name, "rows": int(candidate.metrics["n"])})
    mlflow.log_params(spec.candidates[candidate.name].parameters)
    _auc, low, high = auc_of(candidate)
    metrics = candidate.metrics | {"auc_low": low, "auc_high": high}
    mlflow.log_metrics(metrics, dataset=dataset, model_id=model_id)
    for name, trial in candidate.trials.items():
        mlflow.log_metrics({f"{name}_{metric}": trial[metric] for metric in ("auc", "log_loss")})
    mlflow.log_text(spec.text(), "spec.yml")
    mlflow.log_dict(candidate.typical, "typical.json")
    mlflow.log_dict(candidate.telling, "telling.json")
    mlflow.log_dict(candidate.left_out, "left_out.json")


def _log_pages(
    candidate: Candidate,
    inputs: pandas.DataFrame,
    frame: pandas.DataFrame,
    night: str,
    compared: list[dict[str, Any]],
) -> str:
    """Log plots, the tables behind them, and the card; returns the card."""
    import mlflow

    weights = importance(candidate, inputs)
    rows = curves.unseen(candidate.tested)
    with TemporaryDirectory() as folder:
        plots.draw(candidate, weights, Path(folder))
        mlflow.log_artifacts(folder, "plots")
    _auc, low, high = auc_of(candidate)
    page = {
        "importance": weights.to_dict("records"),
        "bands": curves.shares(rows, candidate.spec.bands),
        "calibration": candidate.calibration,
        "metrics": candidate.metrics | {"auc_low": low, "auc_high": high},
        "left_out": candidate.left_out,
    }
    mlflow.log_dict(page, PAGE)
    mlflow.log_dict(make_reference(candidate, frame, inputs), REFERENCE)
    card = write_card(candidate, frame, weights, night, compared)
    mlflow.log_text(card, CARD)
    mlflow.set_tag("mlflow.note.content", card)
    return card


def importance(candidate: Candidate, inputs: pandas.DataFrame) -> pandas.DataFrame:
    """Mean absolute push of each feature in log-odds, as share of all, over a sample of the rows.

    Returns:
        `name`, `feature` (as people call it, in the set language) and `share` (0 to 1), largest
        first.

    """
    import numpy as np
    import pandas as pd

    from ml.learning.estimators import parts

    inputs = inputs.sample(min(len(inputs), MOST_WEIGHED), random_state=0)
    split, _base = parts(candidate.model, inputs)
    weight = np.abs(split).mean(axis=0)
    table = pd.DataFrame({"name": list(inputs), "share": weight / max(weight.sum(), 1e-12)})
    titles = [candidate.spec.features[name].title for name in table["name"]]
    language = spoken_language()
    table["feature"] = [
        getattr(title, language) if title else name
        for title, name in zip(titles, table["name"], strict=True)
    ]
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def experiment_of(client: MlflowClient, settings: Settings, spec: Spec | KindSpec) -> str:
    """Return the id of a model's experiment; the first training makes it."""
    name = model_name(spec.name)
    existing = client.get_experiment_by_name(name)
    if existing:
        identity = str(existing.experiment_id)
    else:
        local = settings.mlflow_tracking_uri.startswith("sqlite:///")
        location = (settings.mlflow_artifacts / spec.name).as_uri() if local else None
        identity = str(client.create_experiment(name, artifact_location=location))
    # Where the tag is missing, MLflow's page guesses the kind, and may show evaluation runs of a
    # language model in place of training runs.
    client.set_experiment_tag(identity, "mlflow.experimentKind", "custom_model_development")
    client.set_experiment_tag(identity, "mlflow.note.content", _about(spec))
    return identity


def ensure_registered(client: MlflowClient, spec: Spec | KindSpec) -> None:
    """Make the model's entry in the registry, if there is none."""
    name = model_name(spec.name)
    if client.search_registered_models(f"name = '{name}'"):
        return
    client.create_registered_model(name, description=_about(spec))


def _about(spec: Spec | KindSpec) -> str:
    said = [f"{text.de}  \n{text.en}" for text in (spec.title, spec.decision) if text]
    return "\n\n".join(said)
