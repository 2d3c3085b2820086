"""MLflow's tracking and registry: what was trained, and which model scores at night."""

from ml.registry.runs import CHAMPION, Champion, champion, decide, decided_version, register
from ml.registry.store import ModelGoneError, StoreError, is_used, model_name, tracking

__all__ = [
    "CHAMPION",
    "Champion",
    "ModelGoneError",
    "StoreError",
    "champion",
    "decide",
    "decided_version",
    "is_used",
    "model_name",
    "register",
    "tracking",
]
