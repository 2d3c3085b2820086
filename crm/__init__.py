"""The way into the CRM: small connectors, and the push that all share."""

from crm.config import EXCEL, CrmConfig, load_config
from crm.connectors import open_connector
from crm.diff import Change, Record, Row, Score, find_changes
from crm.errors import (
    CrmError,
    CrmLoginError,
    CrmRejectedError,
    CrmUnreachableError,
    GuardError,
)
from crm.listing import list_path
from crm.pushing import count_actions, push, push_through, to_json

__all__ = [
    "EXCEL",
    "Change",
    "CrmConfig",
    "CrmError",
    "CrmLoginError",
    "CrmRejectedError",
    "CrmUnreachableError",
    "GuardError",
    "Record",
    "Row",
    "Score",
    "count_actions",
    "find_changes",
    "list_path",
    "load_config",
    "open_connector",
    "push",
    "push_through",
    "to_json",
]
