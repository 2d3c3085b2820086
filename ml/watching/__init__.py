"""Do the scores still hold? Drift of their inputs, what they promised and what came of it."""

from ml.watching.station import Watch, watch_scores

__all__ = ["Watch", "watch_scores"]
