"""The name of the to-do list: who writes it, reads it back or sorts the inbox must know it."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import Final

NAME: Final = "to_do.xlsx"
PATTERN: Final = "to_do*.xlsx"  # the copy of a browser or a colleague counts too


def is_to_do(name: str) -> bool:
    """Tell whether a file of the inbox is a filled to-do list."""
    return fnmatch(Path(name).name.casefold(), PATTERN)
