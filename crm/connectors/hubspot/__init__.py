"""HubSpot: companies and deals with properties of our own."""

from crm.connectors.hubspot.connector import HubspotConnector

__all__ = ["HubspotConnector"]
