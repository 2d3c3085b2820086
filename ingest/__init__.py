"""Any customer file to rows of text in `raw`, or a named reason in quarantine."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ingest.loading.inbox_run import ingest_inbox
    from ingest.loading.loads import Load
    from ingest.mapping.references import MissingReference, missing_references
    from ingest.mapping.sources import Sources, load_sources
    from ingest.reading.file import read_file
    from ingest.reading.refusals import UnreadableFile
    from ingest.reading.tables import Reject, Table

__all__ = [
    "Load",
    "MissingReference",
    "Reject",
    "Sources",
    "Table",
    "UnreadableFile",
    "ingest_inbox",
    "load_sources",
    "missing_references",
    "read_file",
]

# Imported when asked for: the reading process, started once per file, needs none of DuckDB and
# pydantic and would take several times as long to start with them.
_LATER = {
    "read_file": "ingest.reading.file",
    "UnreadableFile": "ingest.reading.refusals",
    "Reject": "ingest.reading.tables",
    "Table": "ingest.reading.tables",
    "Load": "ingest.loading.loads",
    "ingest_inbox": "ingest.loading.inbox_run",
    "Sources": "ingest.mapping.sources",
    "load_sources": "ingest.mapping.sources",
    "MissingReference": "ingest.mapping.references",
    "missing_references": "ingest.mapping.references",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as any module's attributes
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LATER[name]), name)
