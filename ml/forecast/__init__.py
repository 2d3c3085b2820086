"""Forecasts of series: the plain mean, and what is surely better than it."""

from ml.forecast.spec import load
from ml.forecast.station import TABLES, apply, train

__all__ = ["TABLES", "apply", "load", "train"]
