"""What a person is shown before a push that waits for them (`approval: person` in `crm.yml`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from config import Settings
from config.language import _
from crm.config import load_config
from crm.errors import GuardError
from crm.guards import check_plausible
from crm.pushing import count_actions, push
from crm.records import TARGETS, Change

EXAMPLES = 10


class Preview(BaseModel):
    """A push that waits: how many of what, ten examples, and what a guard says of it.

    `counts`: per target and action; `examples`: what changes most first; `warning`: why the push
    would stop if nobody looked at it.
    """

    model_config = ConfigDict(frozen=True)

    counts: dict[str, dict[str, int]]
    examples: list[dict[str, Any]]
    warning: str | None = None


def prepare(
    settings: Settings,
    next_steps: Mapping[str, str] | None = None,
    proposals: Mapping[str, str] | None = None,
) -> Preview | None:
    """Clear who objected to profiling, and show what else waits for a person.

    `next_steps`, `proposals`: as of `crm.push`.

    Returns:
        None where nothing waits: no approval is wanted, or nothing is to be written.

    Raises:
        CrmError: see `crm.push`.

    """
    if load_config(settings).approval == "none":
        return None
    changes = push(settings, objections_only=True, next_steps=next_steps, proposals=proposals)
    waiting = [change for change in changes if change.writes and not change.has_objected]
    if not waiting:
        return None
    largest = sorted(waiting, key=_step, reverse=True)[:EXAMPLES]
    return Preview(
        counts=count_actions(changes),
        examples=[_example(change) for change in largest],
        warning=_warning(settings, changes),
    )


def _warning(settings: Settings, changes: list[Change]) -> str | None:
    guard = load_config(settings).guard
    try:
        for target in TARGETS:
            check_plausible(target, [c for c in changes if c.target == target], guard)
    except GuardError as error:
        return error.finding  # how to release it, the page says
    return None


def _example(change: Change) -> dict[str, Any]:
    old, new = change.old_values or {}, change.new_values or {}
    lines = (new.get("reasons") or "").splitlines()
    return {
        "name": change.name or change.key,
        "action": {
            "create": _("new"),
            "change": _("changed"),
            "clear": _("cleared"),
        }.get(change.action, change.action),
        "before": old.get("points"),
        "after": new.get("points"),
        "reasons": [line for line in lines if not line.endswith(":")],  # without the headings
    }


def _step(change: Change) -> float:
    """By how many points people will see the record move."""
    old, new = change.old_values or {}, change.new_values or {}
    return abs(float(new.get("points") or 0) - float(old.get("points") or 0))
