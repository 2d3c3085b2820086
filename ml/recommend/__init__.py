"""The kind `recommend`: what a customer wants again, and what others buy who buy the same."""

from ml.recommend.spec import load
from ml.recommend.station import TABLE, apply, train

TABLES = (TABLE,)

__all__ = ["TABLES", "apply", "load", "train"]
