"""Any customer file to rows of text in `raw`, or a named reason in quarantine."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ingest.loading import ingest_inbox
    from ingest.loads import Load
    from ingest.reading import read_file
    from ingest.reasons import UnreadableFile
    from ingest.references import MissingReference, missing_references
    from ingest.sources import Sources, load_sources
    from ingest.tables import Reject, Table

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
    "read_file": "ingest.reading",
    "UnreadableFile": "ingest.reasons",
    "Reject": "ingest.tables",
    "Table": "ingest.tables",
    "Load": "ingest.loads",
    "ingest_inbox": "ingest.loading",
    "Sources": "ingest.sources",
    "load_sources": "ingest.sources",
    "MissingReference": "ingest.references",
    "missing_references": "ingest.references",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as any module's attributes
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LATER[name]), name)
