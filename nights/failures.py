"""Which failures a person can mend, and how they are told in one line."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from config.language import _

ROOMS: Final = frozenset(
    {
        "config",
        "warehouse",
        "ingest",
        "fetch",
        "identity",
        "expectations",
        "ml",
        "crm",
        "report",
        "proposals",
        "nights",
        "sample",
        "reifegrad",
    }
)
# Gone by itself, perhaps, when tried again.
PASSING: Final = frozenset(
    {
        "WarehouseLockedError",
        "CrmUnreachableError",
        "StoreError",
        "TrainingError",
        "FetchRunningError",
        "MailError",
        "HandOverError",
        "OutboxError",
    }
)


def is_named(error: BaseException) -> bool:
    """Tell whether one of our rooms raised it as an error of its own, with a message for people."""
    return type(error).__module__.split(".")[0] in ROOMS


def is_final(error: BaseException) -> bool:
    """Tell whether trying again would only say the same."""
    return is_named(error) and type(error).__name__ not in PASSING


def one_line(error: BaseException) -> str:
    """Put the message on one line; for errors of libraries with their type before it."""
    text = " ".join(str(error).split())
    return text if is_named(error) and text else f"{type(error).__name__}: {text}"


def record_unexpected(error: BaseException, command: Sequence[str]) -> str:
    """Keep the traceback in the home's logs/reifegrad.log; returns the line that says so."""
    from config import load_settings

    try:
        log = load_settings().home / "logs" / "reifegrad.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {' '.join(command)}\n")
            file.writelines(traceback.format_exception(error))
    except Exception:  # the log itself can't be written: the home may be read-only
        return one_line(error)
    return _("{error} (unexpected; traceback in {log})").format(error=one_line(error), log=log)
