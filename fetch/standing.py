"""Which sources did not answer at the last try, and since when."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from config import ConfigurationError, Settings
from fetch.entries import load_entries
from fetch.state import read_state


class Silent(BaseModel):
    """A source of `fetch.yml` that could not be fetched. Times are UTC.

    `since`: the first of the tries that failed in a row. `fetched_at`: the last that succeeded, so
    that what the warehouse has of it is of that time; None: never.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    since: datetime
    fetched_at: datetime | None
    problem: str


def silent_sources(settings: Settings) -> list[Silent]:
    """Return the entries whose last fetch failed, in the order of the file."""
    try:
        states = {name: read_state(settings, name) for name in load_entries(settings)}
    except ConfigurationError:
        return []  # told by the look before the night
    return [
        Silent(name=name, since=s.failing_since, fetched_at=s.fetched_at, problem=s.problem)
        for name, s in states.items()
        if s.problem and s.failing_since
    ]
