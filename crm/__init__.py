"""The way into the CRM: small connectors, and the push that all share."""

from crm.approving import Preview, prepare
from crm.config import EXCEL, CrmConfig, load_config
from crm.connectors import Connector, open_connector
from crm.errors import (
    CrmError,
    CrmLacksError,
    CrmLoginError,
    CrmRejectedError,
    CrmSetupError,
    CrmUnreachableError,
    GuardError,
)
from crm.fields import Score
from crm.ledger import Known, count_known, forget_crm
from crm.listing import list_path
from crm.posting import Posted, Posting, kind_for, post, read_tasks
from crm.pushing import count_actions, push, push_through, to_json
from crm.reading import read_objects
from crm.records import Change, Outcome, Record, Row, target_name
from crm.tasks import Exchanged, exchange_tasks

__all__ = [
    "EXCEL",
    "Change",
    "Connector",
    "CrmConfig",
    "CrmError",
    "CrmLacksError",
    "CrmLoginError",
    "CrmRejectedError",
    "CrmSetupError",
    "CrmUnreachableError",
    "Exchanged",
    "GuardError",
    "Known",
    "Outcome",
    "Posted",
    "Posting",
    "Preview",
    "Record",
    "Row",
    "Score",
    "count_actions",
    "count_known",
    "exchange_tasks",
    "forget_crm",
    "kind_for",
    "list_path",
    "load_config",
    "open_connector",
    "post",
    "prepare",
    "push",
    "push_through",
    "read_objects",
    "read_tasks",
    "target_name",
    "to_json",
]
