"""What Airflow asks a person about trained models, and what it does with the answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from nights.airflow import CHAMPIONS, WAREHOUSE_POOL, fail_fast, settings_of, tell_night

if TYPE_CHECKING:
    from airflow.providers.standard.operators.hitl import ApprovalOperator
    from airflow.sdk import XComArg

# Less than the week to the next training, which waits for the answer.
PATIENCE: Final = timedelta(days=6)
TRAIN, DUE, ASK = "train_champions", "is_approval_due", "approve_champions"
NOBODY: Final = "nobody answered"
_BODY: Final = """
{% for score, one in ti.xcom_pull(task_ids='train_champions')['waiting'].items() %}
### {{ score }}, version {{ one.version }}

{{ one.message }}
{% endfor %}
Approve: the next scoring uses all of them. Reject: what was in force stays. One of several:
reject here, then `reifegrad models approve SCORE --version N`.
"""


def is_approval_due() -> XComArg:
    """Make a task after which the question is asked only where a trained model waits."""
    from airflow.sdk import task

    @task.branch(task_id=DUE)
    @fail_fast
    def choose(**context: Any) -> list[str]:  # noqa: ANN401
        return [ASK] if _waiting(context) else []

    return choose()


def ask_for_approval() -> ApprovalOperator:
    """Make a task that waits for a person. It takes no slot while it waits."""
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    return ApprovalOperator(
        task_id=ASK,
        subject="Put the trained models in force?",
        body=_BODY,
        response_timeout=PATIENCE,
        defaults=ApprovalOperator.REJECT,
    )


def put_in_force() -> XComArg:
    """Make a task that puts approved models in force and wakes the scoring."""
    from airflow.sdk import Asset, task

    @task(task_id="put_in_force", pool=WAREHOUSE_POOL, outlets=[Asset(CHAMPIONS)])
    @fail_fast
    def run(**context: Any) -> list[str]:  # noqa: ANN401
        from ml.decisions import approve

        settings, who = settings_of(context), _who(context)
        tell_night(context, CHAMPIONS, settings)
        return [
            approve(settings, score, who or NOBODY, one["version"])
            for score, one in _waiting(context).items()
        ]

    return run()


def turn_down() -> XComArg:
    """Make a task that writes a refusal down. Unanswered, the models go on waiting."""
    from airflow.sdk import task

    @task(task_id="turn_down", pool=WAREHOUSE_POOL, trigger_rule="all_skipped")
    @fail_fast
    def run(**context: Any) -> list[str]:  # noqa: ANN401
        from airflow.sdk.exceptions import AirflowSkipException

        from ml.decisions import turn_down as refuse

        settings, who = settings_of(context), _who(context)
        if who is None:
            raise AirflowSkipException("Nobody was asked, or nobody answered.")
        return [
            refuse(settings, score, who, one["version"]) for score, one in _waiting(context).items()
        ]

    return run()


def _waiting(context: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Version and message of each score that this run's training left waiting."""
    found = context["ti"].xcom_pull(task_ids=TRAIN) or {}
    return dict(found.get("waiting", {}))


def _who(context: Mapping[str, Any]) -> str | None:
    """Return the name of the person who answered, if one did."""
    answer = context["ti"].xcom_pull(task_ids=ASK) or {}
    user = answer.get("responded_by_user") or {}
    return user.get("name") or user.get("id")
