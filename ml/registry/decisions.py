"""Which version of a model is in force, kept as MLflow's alias and tags of its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ml.registry.runs import CARD, CHALLENGER, CHAMPION
from ml.registry.store import model_name

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

DECISION = "decision"
_HELD_BY = "held_by"
_MISSING = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
Verdict = Literal["champion", "rejected", "waiting"]


def versions(client: MlflowClient, score: str) -> list[ModelVersion]:
    """Every version of a score's model, the newest first."""
    found = client.search_model_versions(f"name = '{model_name(score)}'")
    return sorted(found, key=lambda version: -int(version.version))


def version_in_force(client: MlflowClient, score: str) -> str | None:
    """Return the number of the champion; None: the rules are in force."""
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_model_version_by_alias(model_name(score), CHAMPION)
    except MlflowException as error:
        if error.error_code in _MISSING:
            return None
        raise
    return str(found.version)


def waiting_version(client: MlflowClient, score: str) -> str | None:
    """Return the newest version that waits for a person, if one does."""
    waiting = (one for one in versions(client, score) if one.tags.get(DECISION) == "waiting")
    return next((str(one.version) for one in waiting), None)


def decide(client: MlflowClient, score: str, version: str, verdict: Verdict, why: str) -> None:
    """Store the gate's decision on a version; the tag comes last, see `finish_killed`.

    What is not in force is the `challenger`: it is scored in silence beside the champion.
    """
    name = model_name(score)
    entry = client.get_model_version(name, version)
    client.update_model_version(name, version, description=f"{why}\n\n{_card(entry)}".strip())
    if verdict == "champion":
        put_in_force(client, score, version)
    else:
        client.set_registered_model_alias(name, CHALLENGER, version)
        mark(client, score, version, verdict)


def _card(entry: ModelVersion) -> str:
    from mlflow.artifacts import load_text
    from mlflow.exceptions import MlflowException

    try:
        return str(load_text(f"runs:/{entry.run_id}/{CARD}"))
    except (MlflowException, OSError):  # of a version from before there were cards
        return ""


def says(version: ModelVersion) -> str:
    """Return what was decided of a version and why: the lines above its model card."""
    return str(version.description or "").partition("\n\n")[0]


def mark(client: MlflowClient, score: str, version: str, verdict: Verdict) -> None:
    """Tag a version with what was decided of it."""
    client.set_model_version_tag(model_name(score), version, DECISION, verdict)


def put_in_force(client: MlflowClient, score: str, version: str | None) -> None:
    """Make a version the champion; None: there is none, the rules score."""
    name = model_name(score)
    if version is not None:
        client.set_registered_model_alias(name, CHAMPION, version)
        # What was decided against before it is no rival any more.
        client.delete_registered_model_alias(name, CHALLENGER)
        mark(client, score, version, "champion")
    elif version_in_force(client, score):
        client.delete_registered_model_alias(name, CHAMPION)


def finish_killed(client: MlflowClient, score: str) -> None:
    """Leave nothing half-registered of a training that was killed.

    A version that was put in force gets its missing tag. One on which nothing was decided goes,
    with its run: the training that follows makes it anew. So does a run without a version.
    """
    in_force = version_in_force(client, score)
    for version in versions(client, score):
        if DECISION in version.tags:
            continue
        if str(version.version) == in_force:
            mark(client, score, in_force, "champion")
        else:
            client.delete_model_version(version.name, version.version)
            client.delete_run(version.run_id)
    experiment = client.get_experiment_by_name(model_name(score))
    if experiment is not None:
        for run in client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'"):
            client.set_terminated(run.info.run_id, "KILLED")
            client.delete_run(run.info.run_id)


def hold(client: MlflowClient, score: str, who: str) -> None:
    """Let every later candidate wait for a person."""
    client.set_registered_model_tag(model_name(score), _HELD_BY, who)


def release(client: MlflowClient, score: str) -> None:
    """Let candidates that pass come into force by themselves again."""
    if held_by(client, score):
        client.delete_registered_model_tag(model_name(score), _HELD_BY)


def held_by(client: MlflowClient, score: str) -> str | None:
    """Who rolled the score back, if nobody has approved a candidate since."""
    from mlflow.exceptions import MlflowException

    try:
        found: str | None = client.get_registered_model(model_name(score)).tags.get(_HELD_BY)
    except MlflowException as error:
        if error.error_code in _MISSING:
            return None
        raise
    return found
