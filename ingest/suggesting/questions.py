"""What only a person can answer before a proposal is to be trusted."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.reading.refusals import Reason


@dataclass(frozen=True, slots=True)
class Question(Reason):
    """A sentence that waits for an answer in `sources.yml`."""
