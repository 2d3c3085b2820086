"""Tryton 8.0 with our module `reifegrad_score`."""

from crm.connectors.tryton.connector import TrytonConnector

__all__ = ["TrytonConnector"]
