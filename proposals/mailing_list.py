"""A mailing list in `outbox/`: a CSV file that every mailing tool reads, one row per mail."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from proposals.handing_over import Released

COLUMNS: Final = (
    "proposal_id", "email", "subject", "body", "legal_basis", "released_by", "expires_on",
)  # fmt: skip
# A cell that begins so is a formula for spreadsheet programs.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def write_list(path: Path, released: Sequence[Released]) -> None:
    """Write the list, whole or not at all; the same proposals give the same file."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in sorted(released, key=lambda one: one.proposal_id):
        cells = (
            one.proposal_id, one.email, one.subject, one.body, one.legal_basis,
            ", ".join(one.released_by), one.expires_on.isoformat(),
        )  # fmt: skip
        writer.writerow([_safe(cell) for cell in cells])
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)  # what a killed run left
    fresh.touch(mode=0o600)
    # with the mark: Excel reads UTF-8 only so
    fresh.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
    fresh.replace(path)


def _safe(cell: str | None) -> str:
    text = cell or ""
    return f"'{text}" if text.startswith(FORMULA) else text
