"""The order of the night, once, for the command line and for Airflow."""

from nights.building import build, remember, take_decisions

__all__ = ["build", "remember", "take_decisions"]
