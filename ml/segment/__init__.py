"""Segments of customers: groups by attributes, then clusters by behaviour, fitted once."""

from ml.segment.applying import apply
from ml.segment.spec import load
from ml.segment.tables import TABLES
from ml.segment.training import train, why_learn

__all__ = ["TABLES", "apply", "load", "train", "why_learn"]
