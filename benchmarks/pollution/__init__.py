"""A polluter: clean tables in, damaged files out, with the truth of what each must come back as."""

from __future__ import annotations

from random import Random

from benchmarks.pollution.damages import Damages, Medium
from benchmarks.pollution.drafts import Draft, NotApplicableError
from benchmarks.pollution.lines import LINES
from benchmarks.pollution.sheets import SHEETS, as_in_workbook, to_workbook
from benchmarks.pollution.tables import CleanTable, clean_tables
from benchmarks.pollution.values import VALUES
from benchmarks.pollution.verdicts import (
    OUTCOMES,
    RECOVERED,
    Found,
    Outcome,
    Verdict,
    judge,
    refusal,
)
from benchmarks.pollution.writing import WRITING

__all__ = [
    "DAMAGES",
    "OUTCOMES",
    "RECOVERED",
    "CleanTable",
    "Draft",
    "Found",
    "Medium",
    "NotApplicableError",
    "Outcome",
    "Verdict",
    "clean_tables",
    "judge",
    "pollute",
    "refusal",
]

# Values first, how they are written last: so each damage finds what the ones before it made.
DAMAGES = Damages(VALUES | LINES | WRITING | SHEETS)


def pollute(
    table: CleanTable, kinds: tuple[str, ...], seed: int, medium: Medium = "text"
) -> tuple[bytes, Draft]:
    """Damage a clean table in every way named, at places that follow from the seed.

    Returns the file and its truth.

    Raises:
        NotApplicableError: there is no such file: the table gives one of the damages nothing to
            damage, or cannot be written so.

    """
    draft = Draft.of(table if medium == "text" else as_in_workbook(table))
    draft.rng = Random(f"{seed} {table.name} {kinds}")
    for kind, damage in DAMAGES.items():
        if kind in kinds:
            damage.apply(draft)
    return (draft.to_bytes() if medium == "text" else to_workbook(draft)), draft
