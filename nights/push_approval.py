"""What Airflow asks a person before scores go into the CRM (`approval: person` in `crm.yml`)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from nights.airflow import WAREHOUSE_POOL, fail_fast, settings_of

if TYPE_CHECKING:
    from airflow.providers.standard.operators.hitl import ApprovalOperator
    from airflow.sdk import XComArg

# Before the next night, which asks anew with its own scores.
PATIENCE: Final = timedelta(hours=20)
PREPARE, ASK = "prepare_push", "release_push"
_PREVIEW: Final = "{% set preview = ti.xcom_pull(task_ids='prepare_push', key='preview') %}"
_BODY: Final = (
    _PREVIEW
    + """
{% if preview.warning %}**{{ preview.warning }}**
{% endif %}
| | created | changed | cleared | left to people | unchanged or left out |
|---|---|---|---|---|---|
{% for target, counts in preview.counts.items() -%}
| {{ target }} | {{ counts['create'] }} | {{ counts['change'] }} | {{ counts['clear'] }} | {{
 counts['conflict'] }} | {{ counts['skip'] }} |
{% endfor %}

| what moves most | | points before | points after | reasons |
|---|---|---|---|---|
{% for one in preview.examples -%}
| {{ one.name | replace('|', '/') }} | {{ one.action }} | {{
 one.before if one.before is not none else '–' }} | {{
 one.after if one.after is not none else '–' }} | {{ one.reasons | join('; ') }} |
{% endfor %}

Approve: these scores are written now. Reject: the CRM stays as it is until the next night asks.
Whoever objected to profiling is cleared already.
"""
)


def choose_push(push: str) -> XComArg:
    """Make a task that clears objections and chooses between pushing and asking a person first.

    Args:
        push: the task that pushes without asking.

    """
    from airflow.sdk import task

    @task.branch(task_id=PREPARE, pool=WAREHOUSE_POOL)
    @fail_fast
    def choose(**context: Any) -> str:  # noqa: ANN401
        from crm import prepare

        preview = prepare(settings_of(context))
        if preview is None:
            return push
        context["ti"].xcom_push(key="preview", value=preview.model_dump(mode="json"))
        return ASK

    return choose()


def ask_for_release() -> ApprovalOperator:
    """Make a task that waits for a person. It takes no slot while it waits."""
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    return ApprovalOperator(
        task_id=ASK,
        subject="Write tonight's scores into the CRM?",
        body=_BODY,
        response_timeout=PATIENCE,
        defaults=ApprovalOperator.REJECT,
    )
