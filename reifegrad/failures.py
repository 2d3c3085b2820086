"""Which failures a person can mend, and how they are told in one line."""

from __future__ import annotations

from typing import Final

ROOMS: Final = frozenset(
    {
        "config",
        "warehouse",
        "ingest",
        "identity",
        "expectations",
        "ml",
        "crm",
        "sample",
        "reifegrad",
    }
)
# Gone by itself, perhaps, when tried again.
PASSING: Final = frozenset({"WarehouseLockedError", "CrmUnreachableError"})


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
