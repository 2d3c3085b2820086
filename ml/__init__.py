"""Features at a point in time, learning, registering and scoring, for any YAML in `models/`."""

from ml.frames import scoring_frame, training_frame
from ml.learning import Candidate, evaluate, train
from ml.scoring import Method, Scoring, allowed_methods, score_entities, score_titles
from ml.spec import Spec, SpecError
from ml.spec_files import load_spec, load_specs
from ml.table import NotEnoughDataError, TableError
from ml.training import Training, needs_training, train_models

__all__ = [
    "Candidate",
    "Method",
    "NotEnoughDataError",
    "Scoring",
    "Spec",
    "SpecError",
    "TableError",
    "Training",
    "allowed_methods",
    "evaluate",
    "load_spec",
    "load_specs",
    "needs_training",
    "score_entities",
    "score_titles",
    "scoring_frame",
    "train",
    "train_models",
    "training_frame",
]
