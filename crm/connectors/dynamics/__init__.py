"""Dynamics 365 Sales on Dataverse, through Microsoft's own client."""

from crm.connectors.dynamics.connector import DynamicsConnector

__all__ = ["DynamicsConnector"]
