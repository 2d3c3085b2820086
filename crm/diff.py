"""What must change in the CRM so that it shows tonight's scores. Pure functions only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from config.language import _
from crm.fields import SHOWN_FIELDS, Score, Values, differing, is_shown, label_of
from crm.matching import Match
from crm.records import Change, Record, Row, Target

NOTHING: Values = dict.fromkeys(SHOWN_FIELDS)
APART: Final = frozenset({"customer_no", "proposals"})  # what is no part of the score


def find_changes(
    target: Target,
    rows: Iterable[Row],
    match: Match,
    shown: Mapping[str, Record],
    *,
    may_create: bool,
    last_written: Mapping[str, Values] | None = None,
    parents: Collection[str] | None = None,
) -> list[Change]:
    """Compare what should be shown with what is shown.

    Args:
        target: which kind of record.
        rows: what should be shown; keys are unique.
        match: the records of each row, see `crm.matching`.
        shown: all records that show a score, by the CRM's id.
        may_create: whether a row without a record gets one.
        last_written: per record what the last push showed on it. A field that differs from it, and
            from what was shown on those merged into it, was changed by a person and stays theirs;
            only an objection to profiling empties it.
        parents: keys of the customers that have a record, or get one; None: nothing has a parent.

    Returns:
        One `Change` per row and record of it, then one per record that shows a score without a row.

    """
    changes = []
    touched = set()
    before = _Before(last_written or {}, match.former, match.gone)
    for row in rows:
        records = match.records.get(row.key, [])
        for record in records:
            touched.add(record.crm_id)
            changes.append(_compare(target, row, record, before))
        if not records:
            reason = match.reasons.get(row.key)
            if reason is None and not may_create:
                reason = _("not in the CRM, and crm.yml does not allow creating")
            if reason is None and parents is not None and row.parent not in parents:
                reason = _("its customer is not in the CRM")
            changes.append(_absent(target, row, reason))
    for crm_id in sorted(shown.keys() - touched):
        record = shown[crm_id]
        key = record.values.get("key") or crm_id
        gone = Row(key=key, score=None, master={"name": record.name})
        changes.append(_compare(target, gone, record, before, is_gone=True))
    return changes


def spare_edits(change: Change, now: Record) -> Change:
    """Leave out of a change the fields that somebody changed since it was found.

    Whoever objected to profiling shows nothing, whatever a person wrote there.

    Args:
        change: of a record that exists.
        now: what the record shows now.

    """
    seen = change.old_values or NOTHING
    edited = differing(seen, now.values) & differing(change.writes, now.values)
    edited &= set(change.writes)
    if change.has_objected or not edited:
        return change
    writes = {name: value for name, value in change.writes.items() if name not in edited}
    kept = {*change.kept, *edited}
    return change.model_copy(
        update={
            "action": change.action if writes else "conflict",
            "reason": _reason(None, writes, kept),
            "old_values": _shown(now.values),
            "new_values": _shown({**now.values, **writes}),
            "writes": writes,
            "kept": tuple(sorted(kept)),
        }
    )


def _absent(target: Target, row: Row, reason: str | None) -> Change:
    """Create what the CRM lacks, unless there is a reason not to."""
    values = row.values if is_shown(row.values) else None
    own = {"customer_no": row.customer_no} if target == "parties" else {}
    return Change(
        target=target,
        key=row.key,
        action="skip" if reason else "create",
        name=row.name,
        reason=reason,
        customer_no=row.customer_no,
        new_values=values,
        writes={} if reason else {"key": row.key, **own, **_filled(values or {})},
        master=None if reason else row.master | {"parent": row.parent},
    )


class _Before(NamedTuple):
    """What the last push showed on each record, who was merged into it, and which are gone."""

    written: Mapping[str, Values]
    former: Mapping[str, list[str]]
    gone: list[str]

    def find_changed(self, record: Record) -> set[str]:
        """Return the fields that show nothing of what we wrote there: a person changed them.

        A merge may have put there what we wrote on the other record, which some CRMs do not name.
        """
        ids = [record.crm_id, *self.former.get(record.crm_id, ())]
        versions = [differing(self.written[i], record.values) for i in ids if i in self.written]
        changed = set.intersection(*versions) if versions else set()
        shows = {name for name in changed if record.values.get(name) is not None}
        if record.crm_id not in self.written:  # nobody emptied what we never filled
            changed = shows
        for crm_id in self.gone if shows else ():
            other = self.written.get(crm_id, {})
            if not differing(other, record.values) & changed:
                return set()
        return changed


def _compare(
    target: Target, row: Row, record: Record, before: _Before, *, is_gone: bool = False
) -> Change:
    wanted, values, reason = row.score, row.values, None
    if not record.is_active:
        # A closed deal or an archived customer shows no score; reopened, it gets one next night.
        wanted, values, reason = None, NOTHING, _("inactive in the CRM")
    kept = set() if row.has_objected else before.find_changed(record)
    kept &= differing(values, record.values)
    due = differing(values, record.values) - kept
    if wanted and not due - {"scored_on", "valid_until"} and not _is_running_out(wanted, record):
        due = set()
    writes = {name: values[name] for name in sorted(due)}
    if target == "parties" and record.is_active and row.customer_no != _number(record):
        writes["customer_no"] = row.customer_no
    after = {**record.values, **writes}
    action = _action(wanted, writes, kept)
    if reason is None or not is_shown(record.values):
        reason = _reason(wanted, writes, kept)
    if reason is None and action == "clear":
        reason = _why_cleared(target, row, is_gone=is_gone)
    return Change(
        target=target,
        key=row.key,
        action=action,
        name=row.name,
        reason=reason,
        crm_id=record.crm_id,
        customer_no=row.customer_no,
        old_values=_shown(record.values),
        new_values=_shown(after),
        writes=writes,
        kept=tuple(sorted(kept)),
        has_objected=row.has_objected,
    )


def _action(wanted: Score | None, writes: Mapping[str, Any], kept: Collection[str]) -> Any:  # noqa: ANN401
    if not writes:
        return "conflict" if kept else "skip"
    return "clear" if wanted is None and set(writes) - APART else "change"


def _reason(wanted: Score | None, writes: Mapping[str, Any], kept: Collection[str]) -> str | None:
    if kept:
        labels = sorted(map(label_of, kept))
        return _("changed by a person: {fields}").format(fields=", ".join(labels))
    if not writes:
        return _("unchanged") if wanted else _("no score")
    if set(writes) == {"customer_no"}:
        return _("another customer number")
    if set(writes) == {"proposals"}:
        return _("another proposal")
    if set(writes) <= {"scored_on", "valid_until", "customer_no"}:
        return _("still valid")
    return None


def _why_cleared(target: Target, row: Row, *, is_gone: bool) -> str:
    if row.has_objected:
        return _("has objected to profiling")
    if target == "parties":
        return _("no longer among the customers") if is_gone else _("no score tonight")
    if is_gone:
        return _("no longer open, or no longer in the data")
    return _("no score tonight: counts as decided, or too little is known")


def _is_running_out(wanted: Score, record: Record) -> bool:
    """Whether the score that is shown counts as out of date before the next night."""
    until = record.values.get("valid_until")
    return bool(wanted.valid_until and (until is None or until <= wanted.scored_on.isoformat()))


def _number(record: Record) -> str | None:
    return record.values.get("customer_no") or None


def _shown(values: Mapping[str, Any]) -> Values | None:
    """Return score and proposals among a record's fields; None if it shows nothing of ours."""
    return {name: values.get(name) for name in SHOWN_FIELDS} if is_shown(values) else None


def _filled(values: Mapping[str, Any]) -> Values:
    return {name: value for name, value in values.items() if value is not None}
