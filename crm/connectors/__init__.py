"""The CRMs: what a connector must be able to do, and which there are.

A connector knows one CRM's fields, calls and limits. It knows nothing of comparing, guards,
batches and ledgers: these are the push's, the same for all.
"""

from crm.connectors.connector import Connector, Finding, Limits, SetupStep, open_connector

__all__ = ["Connector", "Finding", "Limits", "SetupStep", "open_connector"]
