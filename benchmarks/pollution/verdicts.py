"""What a reader made of a damaged file, compared with the truth.

The rules of truth, the same for every reader:

- A damaged row may come back exactly or be among the rejects; there is no third way. An undamaged
  row must come back exactly, in order. An empty cell and a null are the same.
- What is no data row (titles, totals, repeated headers, comments, footers) must not be among the
  rows. Whether a reader drops it or sets it aside is its own choice.
- Column names must be the header's but for white space; a column without a name, or with one that
  is there already, may be called anything. A nameless column that holds nothing may be left out.
- What differs from this is reported if the table has a note that says so, and silently wrong if it
  has none, or if a data row is neither among the rows nor among the rejects.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.pollution.drafts import Cells, Draft, Line

Outcome = Literal["exact", "quarantined", "refused", "reported", "silently wrong", "crashed"]
RECOVERED: tuple[Outcome, ...] = ("exact", "quarantined")
OUTCOMES: tuple[Outcome, ...] = (*RECOVERED, "refused", "reported", "silently wrong", "crashed")


@dataclass(frozen=True)
class Found:
    """One table as a reader gave it, with the text of the rows that it set aside."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | None]]
    rejected: Sequence[str] = ()
    has_notes: bool = False


@dataclass(frozen=True)
class Verdict:
    """What became of a file, and where it first differs from the truth."""

    outcome: Outcome
    detail: str = ""


class _WrongError(Exception):
    """What was read differs from the truth."""


def judge(found: Sequence[Found], draft: Draft) -> Verdict:
    """Compare what a reader made of a file with the truth."""
    rejected = _letters(text for table in found for text in table.rejected)
    set_aside: list[Line] = []
    try:
        for number, names in enumerate(draft.names):
            truth = draft.rows(number)
            if number < len(found):
                set_aside += _compare(found[number], names, truth, draft)
            elif number:
                set_aside += truth
            else:
                raise _WrongError("no table")
        if len(found) > len(draft.names):
            raise _WrongError(f"surplus table {list(found[-1].columns)}")
        for line in set_aside:
            if not _is_in(rejected, line, draft):
                raise _WrongError(f"row lost: {line.cells}")
    except _WrongError as difference:
        is_excused = any(table.has_notes for table in found) and not _is_any_lost(found, draft)
        return Verdict("reported" if is_excused else "silently wrong", str(difference))
    undamaged = [line for line in set_aside if not line.is_damaged]
    if undamaged:
        return Verdict("reported", f"{len(undamaged)} good rows set aside: {undamaged[0].cells}")
    return Verdict("quarantined" if set_aside else "exact")


def _is_any_lost(found: Sequence[Found], draft: Draft) -> bool:
    """Whether the text of a data row is neither among the rows nor among the rejects."""
    rows = (cell or "" for table in found for row in table.rows for cell in row)
    anywhere = _letters([*rows, "\n", *(text for table in found for text in table.rejected)])
    return any(not _is_in(anywhere, line, draft) for line in draft.lines if line.role == "row")


def _is_in(letters: str, line: Line, draft: Draft) -> bool:
    """Whether a line is part of a text, as it was written or as it should be read."""
    texts = [line.text(draft.dialect), *("".join(row) for row in line.expected)]
    return any(_letters([text]) in letters for text in texts)


def refusal(reason: str, draft: Draft) -> Verdict:
    """Judge a refusal of the whole file."""
    return Verdict("exact" if draft.may_be_refused else "refused", reason)


def _compare(
    found: Found, names: Sequence[str | None], truth: Sequence[Line], draft: Draft
) -> list[Line]:
    """Return the true rows that are missing; anything else that differs is wrong."""
    kept = _kept_columns(found, names, truth)
    columns = [found.columns[position] for position in kept]
    filled = _filled_columns(names, truth)
    names = [names[position] for position in filled]
    if len(columns) != len(names) or not all(
        _is_name(column, name, draft.may_prefix_names)
        for column, name in zip(columns, names, strict=True)
    ):
        raise _WrongError(f"columns {columns} instead of {names}")
    clean = str.strip if draft.is_padded else str
    rows = [tuple(clean(row[position] or "") for position in kept) for row in found.rows]
    missing = []
    position = 0
    for line in truth:
        readings = [tuple(clean(row[column]) for column in filled) for row in line.expected]
        if position < len(rows) and rows[position] in readings:
            position += 1
        else:
            missing.append((position, line, readings[0]))
    if position < len(rows):
        at = [reading for where, _, reading in missing if where == position]
        raise _WrongError(_difference(rows[position], at[0] if at else None))
    return [line for _, line, _ in missing]


def _filled_columns(names: Sequence[str | None], truth: Sequence[Line]) -> list[int]:
    """Positions of the columns that have a name or hold anything."""
    return [
        position
        for position, name in enumerate(names)
        if name is not None or any(line.expected[0][position] for line in truth)
    ]


def _kept_columns(found: Found, names: Sequence[str | None], truth: Sequence[Line]) -> list[int]:
    positions = range(len(found.columns))
    if len(found.columns) == len(_filled_columns(names, truth)):
        return list(positions)
    known = {_plain(name) for name in names if name}
    return [
        p for p in positions if _plain(found.columns[p]) in known or any(r[p] for r in found.rows)
    ]


def _is_name(column: str, name: str | None, may_prefix: bool) -> bool:
    if name is None:
        return True
    plain, wanted = _plain(column), _plain(name)
    return plain == wanted or (may_prefix and plain.endswith(wanted))


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


def _letters(texts: Iterable[str]) -> str:
    """Return ASCII letters and digits only: what survives any dialect and encoding."""
    return re.sub(r"[^0-9A-Za-z]", "", "".join(texts))


def _difference(row: Cells, truth: Cells | None) -> str:
    if truth is None:
        return f"surplus row {row}"
    for column, (cell, true) in enumerate(zip(row, truth, strict=True), start=1):
        if cell != true:
            return f"column {column}: {cell[:80]!r} instead of {true[:80]!r} in row {row}"[:600]
    return f"row {row}"
