"""Odoo 16 to 19, without a module of our own: custom fields made over the API."""

from crm.connectors.odoo.connector import OdooConnector

__all__ = ["OdooConnector"]
