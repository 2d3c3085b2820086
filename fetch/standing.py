"""Which sources did not answer at the last try, and since when."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from config import ConfigurationError, Settings
from fetch.entries import load_entries
from fetch.state import read_state, state_path


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
        entries = load_entries(settings)
    except ConfigurationError:
        return []  # told by the look before the night
    found = [_silent(settings, name) for name in entries]
    return [one for one in found if one is not None]


def _silent(settings: Settings, name: str) -> Silent | None:
    try:
        state = read_state(settings, name)
    except ConfigurationError as error:
        since = datetime.fromtimestamp(state_path(settings, name).stat().st_mtime, UTC)
        return Silent(name=name, since=since, fetched_at=None, problem=str(error))
    if not state.problem or not state.failing_since:
        return None
    return Silent(
        name=name,
        since=state.failing_since,
        fetched_at=state.fetched_at,
        problem=state.problem,
    )
