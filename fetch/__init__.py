"""What lies elsewhere, as files in the inbox: databases, APIs, folders, mailboxes, CRMs."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fetch.crm import CrmReader, CrmTable
    from fetch.entries import CrmEntry, load_entries
    from fetch.errors import FetchError, FetchesFailedError, FetchRunningError
    from fetch.running import Fetched, fetch_all
    from fetch.standing import Silent, silent_sources

__all__ = [
    "CrmEntry",
    "CrmReader",
    "CrmTable",
    "FetchError",
    "FetchRunningError",
    "Fetched",
    "FetchesFailedError",
    "Silent",
    "fetch_all",
    "load_entries",
    "silent_sources",
]

# Imported when asked for, as in `ingest`.
_LATER = {
    "CrmEntry": "fetch.entries",
    "CrmReader": "fetch.crm",
    "CrmTable": "fetch.crm",
    "FetchError": "fetch.errors",
    "FetchRunningError": "fetch.errors",
    "Fetched": "fetch.running",
    "FetchesFailedError": "fetch.errors",
    "Silent": "fetch.standing",
    "fetch_all": "fetch.running",
    "load_entries": "fetch.entries",
    "silent_sources": "fetch.standing",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as any module's attributes
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LATER[name]), name)
