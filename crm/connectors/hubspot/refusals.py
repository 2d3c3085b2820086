"""What HubSpot says when it refuses values: in a sentence, and what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from crm.records import RefusalKind

REFUSALS: Final[Mapping[str, RefusalKind]] = {
    "OBJECT_NOT_FOUND": "gone",
    "INVALID_OPTION": "unknown_value",
    "was not one of the allowed options": "unknown_value",
    "too long": "too_long",
    "TOO_LONG": "too_long",
    "CONFLICT": "duplicate",
    "already has that value": "duplicate",
    "REQUIRED": "missing_value",
}
LISTED: Final = re.compile(r"(?P<before>[^\[]*)(?P<problems>\[\{.*\}\])")


def kind_of(words: str) -> RefusalKind:
    """Return what a refusal in HubSpot's words means."""
    return next((kind for text, kind in REFUSALS.items() if text in words), "other")


def as_sentence(words: str) -> str:
    """Put the JSON that HubSpot hangs on a sentence into words: which property, and why.

    Raises nothing: what looks otherwise stays as it is.
    """
    found = LISTED.fullmatch(words.strip())
    try:
        problems = json.loads(found["problems"]) if found else []
        told = [f"{one['name']}: {one['message']}" for one in problems]
    except (ValueError, KeyError, TypeError):
        return words
    return f"{found['before'].strip()} {'; '.join(told)}" if found and told else words
