"""Airflow's question to a person, which keeps who answered also where the answer is no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from airflow.providers.standard.operators.hitl import ApprovalOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

ANSWERED_BY: Final = "answered_by"


class Question(ApprovalOperator):
    """An `ApprovalOperator` that leaves the name of who answered as `answered_by`; None: nobody.

    After "Reject" the operator itself leaves nothing: it ends by skipping what comes after it, so
    its result, which would name the person, is never stored (apache-airflow-providers-standard
    for Airflow 3.3).
    """

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:  # noqa: ANN401
        """Take the answer."""
        user = event.get("responded_by_user") or {}
        context["ti"].xcom_push(key=ANSWERED_BY, value=user.get("name") or user.get("id"))
        return super().execute_complete(context, event)
