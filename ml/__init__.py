"""Features at a point in time, learning, registering and scoring, for any YAML in `models/`."""

from ml.applying import apply_models
from ml.features.frames import scoring_frame, training_frame
from ml.features.table import NotEnoughDataError, TableError
from ml.feedback import Feedback, record_feedback
from ml.kinds import model_titles
from ml.learning.candidates import Candidate, evaluate, train
from ml.results import Applied, ApplyingError, Training, TrainingError
from ml.scoring import (
    Method,
    ScoreTexts,
    Scoring,
    ScoringError,
    allowed_methods,
    old_scores,
    score_entities,
    score_texts,
    score_titles,
)
from ml.specs.files import Specs, broken_titles, load_spec, load_specs, read_specs
from ml.specs.spec import Spec, SpecError
from ml.training import needs_training, train_models
from ml.watching import Watch, watch_scores

__all__ = [
    "Applied",
    "ApplyingError",
    "Candidate",
    "Feedback",
    "Method",
    "NotEnoughDataError",
    "ScoreTexts",
    "Scoring",
    "ScoringError",
    "Spec",
    "SpecError",
    "Specs",
    "TableError",
    "Training",
    "TrainingError",
    "Watch",
    "allowed_methods",
    "apply_models",
    "broken_titles",
    "evaluate",
    "load_spec",
    "load_specs",
    "model_titles",
    "needs_training",
    "old_scores",
    "read_specs",
    "record_feedback",
    "score_entities",
    "score_texts",
    "score_titles",
    "scoring_frame",
    "train",
    "train_models",
    "training_frame",
    "watch_scores",
]
