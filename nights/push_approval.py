"""What Airflow asks a person before scores go into the CRM (`approval: person` in `crm.yml`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from config.language import _
from nights.airflow import WAREHOUSE_POOL, fail_fast, settings_of

if TYPE_CHECKING:
    from airflow.providers.standard.operators.hitl import ApprovalOperator
    from airflow.sdk import XComArg

# Before the next night, which asks anew with its own scores.
PATIENCE: Final = timedelta(hours=20)
PREPARE, ASK = "prepare_push", "release_push"
_MARKS: Final = re.compile(r"[\\`*_\[\]<>|~&#]")
_ADDRESS: Final = re.compile(r"https?:|www\.|@", re.IGNORECASE)
_PREVIEW: Final = "ti.xcom_pull(task_ids='prepare_push', key='preview')"


def choose_push(push: str) -> XComArg:
    """Make a task that clears objections and chooses between pushing and asking a person first.

    Args:
        push: the task that pushes without asking.

    """
    from airflow.sdk import task

    @task.branch(task_id=PREPARE, pool=WAREHOUSE_POOL, trigger_rule="all_done")
    @fail_fast
    def choose(**context: Any) -> str:  # noqa: ANN401
        from nights.sales import prepare_push

        preview = prepare_push(settings_of(context))
        if preview is None:
            return push
        context["ti"].xcom_push(key="preview", value=preview.model_dump(mode="json"))
        return ASK

    return choose()


def ask_for_release() -> ApprovalOperator:
    """Make a task that waits for a person. It takes no slot while it waits."""
    from nights.asking import Question

    return Question(
        task_id=ASK,
        subject="{{ release_subject() }}",
        body=f"{{{{ release_body({_PREVIEW}) }}}}",
        response_timeout=PATIENCE,
        defaults=Question.REJECT,
    )


def release_subject() -> str:
    """Ask in one line, in the set language."""
    from config import load_settings

    load_settings()  # sets the language
    return _("Write tonight's scores into the CRM?")


def release_body(preview: Mapping[str, Any]) -> str:
    """Say in Markdown, in the set language, what would be written."""
    from config import load_settings
    from crm import target_name

    load_settings()
    actions = _actions()
    parts = [f"**{preview['warning']}**"] if preview["warning"] else []
    counts = [
        line(target_name(target), *(count[name] for name in actions))
        for target, count in preview["counts"].items()
    ]
    parts.append("\n".join([*header("", *actions.values()), *counts]))
    examples = [
        line(
            plain(one["name"]), one["action"], _shown(one["before"]), _shown(one["after"]),
            plain("; ".join(one["reasons"])),
        )
        for one in preview["examples"]
    ]  # fmt: skip
    moving = header(_("What moves most"), "", _("Points before"), _("Points after"), _("Reasons"))
    parts.append("\n".join([*moving, *examples]))
    asked = [
        _("**Approve**: these scores are written now."),
        _("**Reject**, or no answer within {hours} hours: the CRM stays as it is, and the next"
          " night asks with its own scores.").format(hours=PATIENCE // timedelta(hours=1)),
        _("Whoever objected to profiling is cleared already."),
    ]  # fmt: skip
    parts.append("\n".join(f"- {line}" for line in asked))
    return "\n\n".join(parts)


def _actions() -> dict[str, str]:
    """Name what a push does, by `Change.action`, in the order of the table."""
    return {
        "create": _("created"),
        "change": _("changed"),
        "clear": _("cleared"),
        "conflict": _("left to people"),
        "skip": _("left out"),
    }


def header(*titles: str) -> list[str]:
    """Begin a table in Markdown."""
    return [line(*titles), "|" + "---|" * len(titles)]


def line(*cells: object) -> str:
    """Write a row of a table in Markdown."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def plain(text: object) -> str:
    """Let a name or a reason stand as it is: Markdown would make links and tags of it.

    An address becomes a link even where its marks are escaped, so a joiner without width parts it.
    """
    escaped = _MARKS.sub(r"\\\g<0>", " ".join(str(text).split()))
    return _ADDRESS.sub("\\g<0>\u2060", escaped)


def _shown(points: int | None) -> str:
    return "–" if points is None else str(points)
