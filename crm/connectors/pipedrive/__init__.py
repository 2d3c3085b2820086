"""Pipedrive: organizations and deals with custom fields of our own."""

from crm.connectors.pipedrive.connector import PipedriveConnector

__all__ = ["PipedriveConnector"]
