"""Whether files of one kind replace each other (snapshot) or add up (events), by their keys."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from ingest.loading.file_names import is_numbered
from ingest.reading.refusals import Reason
from ingest.suggesting.keys import TableSample
from ingest.suggesting.names import OF_RECORDS, subject_of
from ingest.suggesting.subjects import Kind, SourceProposal

# Share of the smaller file's keys that the other holds, too: from the first on they are two states
# of one list, up to the second each holds its own records. Between them the subject decides.
SAME_LIST, OWN_RECORDS = 0.5, 0.02
# Two files of fewer records say little.
LEAST_RECORDS = 5

SAME_KEYS = Reason(
    "Je zwei Dateien haben mindestens {share} % der Schlüssel gemeinsam: die neuere ersetzt die"
    " ältere.",
    "Any two files share at least {share}% of their keys: the newer one replaces the older one.",
)
OWN_KEYS = Reason(
    "Die Dateien haben fast keinen Schlüssel gemeinsam: sie ergänzen sich.",
    "The files share hardly any key: they add up.",
)
FETCHED = Reason(
    "Von `reifegrad fetch` nummeriert: jede Datei enthält nur, was sich seit der vorigen geändert"
    " hat; von einem Datensatz gilt der neuere Stand.",
    "Numbered by `reifegrad fetch`: each file holds only what changed since the one before; of a"
    " record the newer state counts.",
)

ONE_BY_ONE = Reason(
    "Jede Datei enthält einzelne Karten oder Mails: sie ergänzen sich.",
    "Each file holds single cards or mails: they add up.",
)


def with_kind_of_files(
    proposal: SourceProposal, files: Sequence[TableSample], file: str
) -> SourceProposal:
    """Settle the kind by the keys of several files; a single file says nothing about it.

    Unless its name (`file`) is one of `reifegrad fetch`: what is numbered holds what changed.
    """
    if is_numbered(file):
        return replace(proposal, kind="events", notes=(*proposal.notes, FETCHED))
    if subject_of(file) in OF_RECORDS.values():
        return replace(proposal, kind="events", notes=(*proposal.notes, ONE_BY_ONE))
    large = [table for table in files if len(table.rows) >= LEAST_RECORDS]
    if len(large) < 2 or any(table.is_sheet for table in large) or not proposal.entities:
        return proposal
    key = proposal.entities[0].key
    keys = [_keys_of(table, key) for table in large]
    shares = [len(a & b) / max(1, min(len(a), len(b))) for a, b in itertools.combinations(keys, 2)]
    kind: Kind = proposal.kind
    told: Reason | None = None
    if min(shares) >= SAME_LIST:
        percent = int(100 * min(shares))
        told = Reason(SAME_KEYS.de.format(share=percent), SAME_KEYS.en.format(share=percent))
        kind = "snapshot"
    elif max(shares) <= OWN_RECORDS:
        kind, told = "events", OWN_KEYS
    return replace(proposal, kind=kind, notes=(*proposal.notes, told) if told else proposal.notes)


def _keys_of(table: TableSample, key: Sequence[str]) -> set[tuple[str | None, ...]]:
    names = [column.name for column in table.columns]
    places = [names.index(part) for part in key if part in names]
    return {tuple(row[place] for place in places) for row in table.rows}
