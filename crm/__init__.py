"""The way into the CRM: small connectors, and the push that all share."""

from crm.config import CrmConfig, load_config
from crm.diff import Change, Record, Row, Score, find_changes
from crm.errors import (
    CrmError,
    CrmLoginError,
    CrmRejectedError,
    CrmUnreachableError,
    GuardError,
)
from crm.pushing import count_actions, push, push_through, to_json

__all__ = [
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
    "load_config",
    "push",
    "push_through",
    "to_json",
]
