"""How a list of proposals to release is known again."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from workbooks.marks import has_sheet

MARK: Final = "_reifegrad_freigabe"


def is_release_list(path: Path) -> bool:
    """Tell whether a file is a list of proposals to release."""
    return has_sheet(path, MARK)
