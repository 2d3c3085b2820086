"""Notes in Tryton: `ir.note`, which its client shows beside each record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from crm.connectors.lookups import chunks
from crm.connectors.tryton.rpc import TrytonRpc
from crm.records import Note, Outcome

KEY: Final = re.compile(r"^Reifegrad:[ \t]*(\S.*\S|\S)$", re.MULTILINE)
KEYS_PER_SEARCH: Final = 100


def create_notes(rpc: TrytonRpc, notes: Sequence[Note]) -> list[Outcome]:
    """See `Connector.create_notes`. The last line of each is our key."""
    known = _known(rpc, [note.key for note in notes])
    new = [note for note in notes if note.key not in known]
    if new:
        made = rpc.call("model.ir.note.create", [_values(note) for note in new])
        known |= {note.key: str(number) for note, number in zip(new, made, strict=True)}
    return [Outcome(known[note.key]) for note in notes]


def _known(rpc: TrytonRpc, keys: Sequence[str]) -> dict[str, str]:
    """Return the ids of notes that are there already, by key."""
    found: dict[str, str] = {}
    for chunk in chunks(keys, KEYS_PER_SEARCH):
        terms: list[Any] = ["OR", *([["message", "like", f"%Reifegrad: {key}"]] for key in chunk)]
        rows = rpc.call("model.ir.note.search_read", terms, 0, None, [["id", "ASC"]], ["message"])
        for row in rows:
            for key in KEY.findall(row["message"] or ""):
                found.setdefault(key, str(row["id"]))
    return found


def _values(note: Note) -> dict[str, Any]:
    model, number = (
        ("sale.opportunity", note.opportunity_id)
        if note.opportunity_id
        else ("party.party", note.party_id)
    )
    return {
        "resource": f"{model},{number}",
        "message": f"{note.title}\n\n{note.text}\n\nReifegrad: {note.key}",
    }
