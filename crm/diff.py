"""What must change in the CRM so that it shows tonight's scores. Pure functions only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from config.language import _
from crm.config import CrmConfig, Guard
from crm.errors import GuardError

Target = Literal["parties", "opportunities"]
TARGETS: tuple[Target, ...] = ("parties", "opportunities")  # parents first
Action = Literal["create", "change", "clear", "skip"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Score(_Frozen):
    """What a salesperson sees: points (0 to 100), band (high, medium, low), reasons, date."""

    points: int
    band: str
    reasons: str
    scored_on: date

    def says_the_same(self, other: Score) -> bool:
        """Whether both read the same; a new date alone is no change."""
        return (self.points, self.band, self.reasons) == (other.points, other.band, other.reasons)


class Row(_Frozen):
    """What the warehouse wants the CRM to show for one key.

    `master` is written once, when the record is created; `parent` is the customer's key;
    `customer_no` is the number by which the ERP knows the customer (parties only).
    """

    key: str
    score: Score | None
    customer_no: str | None = None
    master: dict[str, Any] = {}
    parent: str | None = None


class Record(_Frozen):
    """What the CRM shows for one key now."""

    key: str
    crm_id: str
    score: Score | None
    customer_no: str | None = None
    is_active: bool = True


class Change(_Frozen):
    """One record and what the push does with it. Values are those of a `Score`.

    `customer_no` is the number that the record then shows; it is part of every write.
    """

    target: Target
    key: str
    action: Action
    reason: str | None = None
    crm_id: str | None = None
    customer_no: str | None = None
    old_values: dict[str, Any] | None = None
    new_values: dict[str, Any] | None = None
    master: dict[str, Any] | None = None


def find_changes(
    target: Target,
    rows: Iterable[Row],
    records: Mapping[str, Record],
    *,
    config: CrmConfig,
    written_before: Collection[str] = (),
    parents: Collection[str] = (),
) -> list[Change]:
    """Compare what should be shown with what is shown.

    Args:
        target: which kind of record.
        rows: what should be shown; keys are unique.
        records: what the CRM has: by key, all of `rows` and all others that show a score.
        config: whether records may be created.
        written_before: keys that an earlier push has written; if they are gone, a person has
            deleted them. If all are gone, it is a new CRM and they may be created again.
        parents: keys of the customers that the CRM has; only consulted for rows with a parent.

    Returns:
        One `Change` per row, then one per record that shows a score without a row.

    """
    gone = set(written_before) - records.keys()
    if len(gone) == len(set(written_before)) > 1 or config.recreate_deleted:
        gone = set()
    may_create = getattr(config.create, target)
    changes = []
    wanted = set()
    for row in rows:
        wanted.add(row.key)
        if row.key in records:
            changes.append(_compare(target, row.score, row.customer_no, records[row.key]))
            continue
        reason = None
        if row.key in gone:
            reason = "deleted in the CRM"
        elif not may_create:
            reason = "not in the CRM, and crm.yml does not allow creating"
        elif row.parent is not None and row.parent not in parents:
            reason = "its customer is not in the CRM"
        changes.append(_absent(target, row, reason))
    for key in sorted(records.keys() - wanted):
        if records[key].score:
            changes.append(_compare(target, None, records[key].customer_no, records[key]))
    return changes


def _absent(target: Target, row: Row, reason: str | None) -> Change:
    """Create what the CRM lacks, unless there is a reason not to."""
    return Change(
        target=target,
        key=row.key,
        action="skip" if reason else "create",
        reason=reason,
        customer_no=row.customer_no,
        new_values=_values(row.score),
        master=None if reason else row.master | {"parent": row.parent},
    )


def check_plausible(
    target: Target, changes: Iterable[Change], records: Mapping[str, Record], guard: Guard
) -> None:
    """Stop a push that would change more of what people see than is plausible.

    Raises:
        GuardError: too many scores cleared or bands changed; says how to release it.

    """
    shown = sum(record.score is not None for record in records.values())
    changes = list(changes)
    counts = {
        (_("cleared"), guard.max_share_cleared): sum(c.action == "clear" for c in changes),
        (_("put into another band"), guard.max_share_band_changed): sum(map(_moves_band, changes)),
    }
    for (what, limit), count in counts.items():
        if count >= max(1, guard.min_records) and count > limit * shown:
            raise GuardError(
                _(
                    "Nothing was written: {count} of {shown} scores of {target} would be"
                    " {what}, more than the {limit:.0%} of config/crm.yml. Look at"
                    " `reifegrad push --dry-run`; if it is right, release it with"
                    " `reifegrad push --force`."
                ).format(count=count, shown=shown, target=target, what=what, limit=limit)
            )


def _compare(
    target: Target, wanted: Score | None, customer_no: str | None, record: Record
) -> Change:
    reason = None
    action: Action = "change"
    if not record.is_active:
        # A closed deal or an archived customer shows no score; reopened, it gets one next night.
        wanted, reason = None, "inactive in the CRM"
    if wanted is None and record.score is None:
        action, reason = "skip", reason or "no score"
    elif wanted is None:
        action = "clear"
    elif record.score is not None and wanted.says_the_same(record.score):
        action, reason = "skip", "unchanged"
    if action == "skip" and record.is_active and customer_no != record.customer_no:
        action, reason = "change", "another customer number"
    return Change(
        target=target,
        key=record.key,
        action=action,
        reason=reason,
        crm_id=record.crm_id,
        customer_no=customer_no,
        old_values=_values(record.score),
        new_values=_values(record.score if reason == "unchanged" else wanted),
    )


def _moves_band(change: Change) -> bool:
    if change.action != "change" or change.old_values is None or change.new_values is None:
        return False
    return bool(change.old_values["band"] != change.new_values["band"])


def _values(score: Score | None) -> dict[str, Any] | None:
    return score.model_dump(mode="json") if score else None
