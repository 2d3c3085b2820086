"""Salesforce, through simple-salesforce."""

from crm.connectors.salesforce.connector import SalesforceConnector

__all__ = ["SalesforceConnector"]
