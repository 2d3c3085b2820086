"""MLflow's store: opening it, and telling in one line what is wrong with it."""

from __future__ import annotations

import errno
import logging
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from config import Settings
from config.language import _

if TYPE_CHECKING:
    from mlflow import MlflowClient

_LOCAL = "sqlite:///"
_VARIABLE = "MLFLOW_TRACKING_URI"
# A night must not wait for minutes for a server that is down (MLflow tries seven times with ever
# longer pauses, two minutes each); two more tries bridge a restart.
_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}


class StoreError(Exception):
    """MLflow's store can't be used; the message says what is wrong with it and what to do."""


class ModelGoneError(StoreError):
    """A model's entry is there, its files are not (or can't be read): it must be trained again."""


def model_name(score: str) -> str:
    """Name of a score's model in the registry."""
    return f"reifegrad_{score}"


def is_used(settings: Settings) -> bool:
    """Whether there can be a model; cheap, while opening an empty store takes ten seconds."""
    path = _file(settings)
    return path is None or path.is_file() or _has_models(settings)


@contextmanager
def tracking(settings: Settings) -> Iterator[MlflowClient]:
    """Point MLflow at this installation's store.

    Raises:
        StoreError: the store is gone, damaged, full, or its server does not answer; whatever
            MLflow raises while it is open is told this way.

    """
    # No usage statistics are sent: they are confidential, and a site may have no network.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)
    import mlflow
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    # Its log lines about its tables and pip are for its developers.
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    uri, path = settings.mlflow_tracking_uri, _file(settings)
    if path is not None and not path.is_file() and _has_models(settings):
        raise StoreError(
            _(
                "{path} is gone, though models lie in {models}: put it back from the backup, or"
                " move that folder away and run `reifegrad train`."
            ).format(path=path, models=settings.mlflow_artifacts)
        )
    given = os.environ.get(_VARIABLE)
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        yield mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    except (MlflowException, SQLAlchemyError, OSError) as error:
        if isinstance(error, OSError) and not _is_of_mlflow(error):
            raise
        raise StoreError(_told(error, settings)) from error
    finally:
        # MLflow writes its address there, where the settings of another home would find it.
        os.environ.pop(_VARIABLE, None)
        if given is not None:
            os.environ[_VARIABLE] = given


def _file(settings: Settings) -> Path | None:
    """Return the database file of a local store; None where a server keeps it."""
    uri = settings.mlflow_tracking_uri
    return Path(uri.removeprefix(_LOCAL)) if uri.startswith(_LOCAL) else None


def _has_models(settings: Settings) -> bool:
    return any(settings.mlflow_artifacts.glob("*/*"))


def _is_of_mlflow(error: OSError) -> bool:
    """Whether it was raised inside MLflow, not by what else was done while the store was open."""
    frames = (frame for frame, _line in traceback.walk_tb(error.__traceback__))
    return any(str(frame.f_globals.get("__name__")).startswith("mlflow") for frame in frames)


def _told(error: Exception, settings: Settings) -> str:
    where = _file(settings) or settings.mlflow_tracking_uri
    detail = " ".join(str(error).split())[:300]
    code = getattr(error, "errno", None)
    if code in {errno.ENOSPC, errno.EDQUOT} or "disk is full" in detail or "No space" in detail:
        return _(
            "No space is left for MLflow's store ({where}): free some and run the step again."
        ).format(where=where)
    if code in {errno.EACCES, errno.EROFS, errno.EPERM} or "readonly database" in detail:
        return _(
            "MLflow's store ({where}) can't be written: give the user of the tasks the right to."
        ).format(where=where)
    if _file(settings) is None:
        return _(
            "MLflow's server at {where} does not answer as it should: start it, or mend"
            " MLFLOW_TRACKING_URI, and run the step again. It said: {detail}"
        ).format(where=where, detail=detail)
    return _(
        "MLflow's store ({where}) can't be read: put it back from the backup, or move the folder"
        " away and run `reifegrad train`. It said: {detail}"
    ).format(where=where, detail=detail)
