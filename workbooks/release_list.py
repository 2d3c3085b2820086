"""How a list of proposals to release is known again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from workbooks.marks import has_rows, has_sheet

# The hidden sheet with the choices.
MARK: Final = "_reifegrad_freigabe"
DECISIONS: Final = ("Entscheidung", "Decision")
KEYS: Final = ("Schlüssel (nicht ändern)", "Key (do not change)")
PROPOSAL: Final = re.compile(r"P[0-9a-f]{12}:[0-9a-f]{64}")


def is_release_list(path: Path) -> bool:
    """Tell whether a file is a list of proposals to release."""
    return has_sheet(path, MARK) or has_rows(path, (DECISIONS, KEYS), PROPOSAL)
