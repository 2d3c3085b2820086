"""MLflow's tracking and registry: what was trained, and which model scores at night."""

from ml.registry.decisions import (
    decide,
    finish_killed,
    held_by,
    hold,
    mark,
    put_in_force,
    release,
    says,
    version_in_force,
    versions,
)
from ml.registry.runs import CHAMPION, Champion, champion, decided_version, register
from ml.registry.store import ModelGoneError, StoreError, is_used, model_name, tracking

__all__ = [
    "CHAMPION",
    "Champion",
    "ModelGoneError",
    "StoreError",
    "champion",
    "decide",
    "decided_version",
    "finish_killed",
    "held_by",
    "hold",
    "is_used",
    "mark",
    "model_name",
    "put_in_force",
    "register",
    "release",
    "says",
    "tracking",
    "version_in_force",
    "versions",
]
