"""How far each source was fetched, and since when it does not answer: a file each in the home."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from config import ConfigurationError, Settings
from config.language import _


class State(BaseModel):
    """What is remembered of one entry.

    `cursor`: dlt's own state, as its JSON with types. `number`: of the next numbered file.
    `files`: per file of a folder what it looked like when it was fetched. `mails`: per message id
    the day of the mail. `digest`: of the rows brought last. `problem`: what the last try said, if
    it failed; `failing_since` the first of the tries that failed in a row. Times are UTC.
    """

    fingerprint: str = ""
    cursor: str | None = None
    number: int = 1
    files: dict[str, str] = {}
    mails: dict[str, str] = {}
    digest: str | None = None
    fetched_at: datetime | None = None
    failing_since: datetime | None = None
    problem: str | None = None


def folder(settings: Settings) -> Path:
    """Return the folder with all that fetching keeps."""
    return settings.home / "fetch"


def read_state(settings: Settings, name: str) -> State:
    """Read what is remembered of an entry.

    Raises:
        ConfigurationError: the file is damaged; says what to do.

    """
    path = state_path(settings, name)
    if not path.exists():
        return State()
    try:
        return State.model_validate_json(path.read_bytes())
    except ValidationError as error:
        message = _("{path} can't be read: remove it, and all of {name} is fetched anew.")
        raise ConfigurationError(message.format(path=path, name=name)) from error


def write_state(settings: Settings, name: str, state: State) -> None:
    """Keep it, whole or not at all."""
    path = state_path(settings, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.part")
    with fresh.open("wb") as file:
        file.write(state.model_dump_json(indent=1).encode())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def state_path(settings: Settings, name: str) -> Path:
    """Return the file with what is remembered of an entry."""
    return folder(settings) / f"{name}.json"
