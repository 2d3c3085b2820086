"""Texts sorted into two: sentences as numbers (embeddings) and a logistic regression on own labels.

A YAML of `models/` with `kind: text` says where the texts and their labels stand. What is learnt
and how it is held against the plain baseline says `learning`; where vectors come from `embedding`.
"""

from ml.text.spec import load
from ml.text.station import TABLES, apply, train

__all__ = ["TABLES", "apply", "load", "train"]
