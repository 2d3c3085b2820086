"""How a day's list is known again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from workbooks.marks import has_rows, has_sheet

# The hidden sheet with the choices.
MARK: Final = "_reifegrad_tagesliste"
FEEDBACKS, KEYS = ("Rückmeldung", "Feedback"), ("Schlüssel", "Key")
# How a line ends that has the key of a hint: score, customer or lead, night.
HINT: Final = re.compile(r"""[\w-]+:[^:;,\t"\n]+:\d{4}-\d{2}-\d{2}["']?[;,\t]*\r?$""", re.MULTILINE)


def is_call_list(path: Path) -> bool:
    """Tell whether a file is a day's list; whatever cannot be read as one is none."""
    return has_sheet(path, MARK) or has_rows(path, (FEEDBACKS, KEYS), HINT)
