"""When a push stops before it writes: more would change than is plausible. Pure functions only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from config.language import _
from crm.config import Guard
from crm.errors import GuardError
from crm.fields import is_scored
from crm.records import Change, Row, Target, target_name


def check_plausible(target: Target, changes: Iterable[Change], guard: Guard) -> None:
    """Stop a push that would change more of what people see than is plausible.

    Objections to profiling do not count: they are cleared whatever else happens.

    Raises:
        GuardError: too many scores cleared or bands changed, or most come from another model or
            stage than those shown; says how to release it.

    """
    changes = [change for change in changes if not change.has_objected]
    shown = sum(is_scored(change.old_values or {}) for change in changes)
    cleared = [change for change in changes if change.action == "clear"]
    moved = [change for change in changes if _moves(change, "band")]
    for what, limit, concerned in (
        (_("cleared"), guard.max_share_cleared, cleared),
        (_("put into another band"), guard.max_share_band_changed, moved),
    ):
        count = len(concerned)
        if count >= max(1, guard.min_records) and count > limit * shown:
            raise GuardError(
                _(
                    "{count} of {shown} scores of {target} would be {what}, more than the"
                    " {limit} % of config/crm.yml{why}."
                ).format(
                    count=count, shown=shown, target=target_name(target), what=what,
                    limit=f"{100 * limit:.0f}", why=_causes(concerned),
                )
            )  # fmt: skip
    if guard.stop_on_new_model:
        _check_same_model(target, changes, shown, guard)


def check_fresh(target: Target, rows: Iterable[Row], night: date, guard: Guard) -> None:
    """Stop a push of scores that were made too long ago: what made them new has failed.

    Raises:
        GuardError: the newest score is older than the guard allows.

    """
    newest = max((row.score.scored_on for row in rows if row.score), default=night)
    if (night - newest).days > guard.max_age_days:
        raise GuardError(
            _(
                "the newest score of {target} is of {day:%Y-%m-%d}, more than {limit} days ago."
                " Look at `reifegrad status` why none was made since."
            ).format(target=target_name(target), day=newest, limit=guard.max_age_days)
        )


def _check_same_model(target: Target, changes: list[Change], shown: int, guard: Guard) -> None:
    for name, what in (("stage", _("maturity stage")), ("model_version", _("model"))):
        count = sum(_moves(change, name) for change in changes)
        if count >= max(1, guard.min_records) and 2 * count > shown:
            raise GuardError(
                _(
                    "{count} of {shown} scores of {target} come from another {what} than those"
                    " that the CRM shows."
                ).format(count=count, shown=shown, target=target_name(target), what=what)
            )


def _causes(concerned: Iterable[Change]) -> str:
    """Say how many for which reason, the most frequent first; nothing where none is known."""
    reasons = Counter(change.reason for change in concerned if change.reason)
    if not reasons:
        return ""
    return " ({})".format("; ".join(f"{n} × {reason}" for reason, n in reasons.most_common()))


def _moves(change: Change, name: str) -> bool:
    """Whether a field with a value gets another value."""
    old, new = change.old_values or {}, change.new_values or {}
    return (
        change.action == "change"
        and old.get(name) is not None
        and new.get(name) is not None
        and old[name] != new[name]
    )
