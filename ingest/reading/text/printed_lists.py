"""Lists as SAP prints them: between bars, with drawn lines above and below the names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.reading.header_row import column_kinds

RULE = re.compile(r"\s*[-=_+|*]{3,}\s*")


def without_rules(lines: Sequence[str]) -> list[str]:
    """Return lines without drawn ones, which are no rows."""
    return [line for line in lines if not RULE.fullmatch(line)]


def has_two_line_records(lines: Sequence[str]) -> bool:
    """Whether a record takes two lines or more: as many lines of names, and rows in turns.

    Rows of one kind each have the same kinds of cells in their columns; here each line of a record
    has its own.
    """
    blocks: list[list[list[str]]] = [[]]
    for line in lines:
        if RULE.fullmatch(line):
            blocks.append([])
        elif line.lstrip().startswith("|"):
            blocks[-1].append([cell.strip() for cell in line.strip().strip("|").split("|")])
    blocks = [block for block in blocks if block]
    if len(blocks) < 2:
        return False
    names, rows = blocks[0], [row for block in blocks[1:] for row in block]
    height = len(names)
    if height < 2 or len(rows) < 2 * height or len(rows) % height:
        return False
    phases = [rows[phase::height] for phase in range(height)]
    kinds = [column_kinds(phase) for phase in phases]
    width = min(map(len, kinds))
    full = [n for n in range(width) if all(len(row) > n and row[n] for row in rows)]
    return any(kinds[0][n] != other[n] for other in kinds[1:] for n in full)
