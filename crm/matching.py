"""Which of the CRM's records belong to which customer or lead. Pure functions only.

First the records that the CRM's own export gives a customer, then those that an earlier push wrote
for it, then what is found by our key on the record, then by the stated lookups. The first that
finds a record that is there decides; a lookup that finds two is a conflict, since a guess would
show a customer's score on somebody else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from config.language import _, marked
from crm.config import Lookup
from crm.records import Record, Row

Found = Mapping[Lookup, Mapping[str, Sequence[str]]]
"""Per lookup and value the ids of the records found."""


class Match(BaseModel):
    """Per key its records, each once, or why it has none and gets none.

    `former`: per record the ids of those that were merged into it; `gone`: those that earlier
    pushes wrote and the CRM no longer knows; `is_new_crm`: it knows none of them.
    """

    model_config = ConfigDict(frozen=True)

    records: dict[str, list[Record]] = {}
    reasons: dict[str, str] = {}
    former: dict[str, list[str]] = {}
    gone: list[str] = []
    is_new_crm: bool = False


def known_ids(row: Row, written: Mapping[str, Collection[str]]) -> list[str]:
    """Return the ids of the records that belong to this row without a search."""
    return list(dict.fromkeys([*row.crm_ids, *sorted(written.get(row.key, ()))]))


def current_ids(
    rows: Iterable[Row], by_id: Mapping[str, Record], written: Mapping[str, Collection[str]]
) -> dict[str, list[str]]:
    """Return per key what earlier pushes wrote, less what now belongs to somebody else.

    The CRM's export goes before: a record that it gives to another customer is that one's, and
    whom it belonged to before is searched for as if nothing had been written.
    """
    exported = {i: row.key for row in rows for i in row.crm_ids if _is_kept(i, by_id)}
    return {
        key: [i for i in ids if not _is_kept(i, by_id) or exported.get(i, key) == key]
        for key, ids in written.items()
    }


def is_unmatched(
    row: Row, by_id: Mapping[str, Record], written: Mapping[str, Collection[str]]
) -> bool:
    """Whether none of the records that should belong to this row is there."""
    return not any(crm_id in by_id for crm_id in known_ids(row, written))


def match(
    rows: Iterable[Row],
    by_id: Mapping[str, Record],
    written: Mapping[str, Collection[str]],
    found: Found,
    lookups: Sequence[Lookup],
) -> Match:
    """Give each row its records.

    Args:
        rows: what should be shown; keys are unique.
        by_id: the CRM's records by every id that was asked for: a merged record stands under its
            old id, too.
        written: per key the ids that earlier pushes wrote, see `current_ids`.
        found: what the lookups of unmatched rows found.
        lookups: their order; our own key is always tried first.

    """
    rows = list(rows)
    records: dict[str, list[Record]] = {}
    reasons: dict[str, str] = {}
    owner = _owners(rows, by_id, written)
    unmatched = []
    for row in rows:
        known = {by_id[i].crm_id: by_id[i] for i in known_ids(row, written) if i in by_id}
        own = [record for crm_id, record in known.items() if owner[crm_id] == row.key]
        if own:
            records[row.key] = own
        elif known:
            told = _("merged in the CRM into the record of {key}")
            reasons[row.key] = told.format(key=owner[next(iter(known))])
        else:
            unmatched.append(row)
    gone = [crm_id for ids in written.values() for crm_id in ids if crm_id not in by_id]
    claims: dict[str, list[Row]] = {}
    for row in unmatched:
        ids, by = _look_up(row, found, lookups)
        if len(ids) > 1:
            told = _("{count} records of the CRM have its {by}")
            reasons[row.key] = told.format(count=len(ids), by=by)
        elif ids:
            claims.setdefault(ids[0], []).append(row)
        elif known_ids(row, written):
            reasons[row.key] = _(DELETED)
    for crm_id, claimants in claims.items():
        if crm_id in owner or len(claimants) > 1:
            reasons |= _tell_rivals(crm_id, claimants, owner.get(crm_id))
        else:
            records[claimants[0].key] = [by_id[crm_id]]
    return Match(records=records, reasons=reasons, former=_former_ids(by_id), gone=gone)


def _tell_rivals(crm_id: str, claimants: Sequence[Row], owner: str | None) -> dict[str, str]:
    """Say to each row that a lookup led to the same record which others it fits."""
    told = _("the CRM's record {crm_id} fits {keys} as well")
    keys = [*([owner] if owner else []), *(row.key for row in claimants)]
    return {
        row.key: told.format(crm_id=crm_id, keys=", ".join(k for k in keys if k != row.key))
        for row in claimants
    }


def _owners(
    rows: Sequence[Row], by_id: Mapping[str, Record], written: Mapping[str, Collection[str]]
) -> dict[str, str]:
    """Return the key whose score a record shows, where several know the record.

    Of two customers whose records people merged, the one whose record was kept; else the CRM's
    export goes before what an earlier push wrote.
    """
    owner: dict[str, str] = {}
    exported = [(row.key, i) for row in rows for i in row.crm_ids if i in by_id]
    pushed = [(row.key, i) for row in rows for i in written.get(row.key, ()) if i in by_id]
    kept = [(key, i) for key, i in (*exported, *pushed) if _is_kept(i, by_id)]
    for key, crm_id in (*kept, *exported, *pushed):
        owner.setdefault(by_id[crm_id].crm_id, key)
    return owner


def _former_ids(by_id: Mapping[str, Record]) -> dict[str, list[str]]:
    """Return per record the ids of those that were merged into it."""
    former: dict[str, list[str]] = {}
    for crm_id, record in by_id.items():
        if record.crm_id != crm_id:
            former.setdefault(record.crm_id, []).append(crm_id)
    return former


def _is_kept(crm_id: str, by_id: Mapping[str, Record]) -> bool:
    """Whether the record is there under its own id, not merged into another."""
    return crm_id in by_id and by_id[crm_id].crm_id == crm_id


def _look_up(row: Row, found: Found, lookups: Sequence[Lookup]) -> tuple[list[str], Lookup | None]:
    """Return the ids of the first lookup that finds anything, and which it was."""
    asked: dict[Lookup, str] = {"key": row.key, **row.lookups}
    for by in dict.fromkeys(("key", *lookups)):
        if ids := list(found.get(by, {}).get(asked.get(by, ""), ())):
            return ids, by
    return [], None


DELETED = marked("deleted in the CRM")
"""The reason of a row whose records are gone: a person decided so."""
