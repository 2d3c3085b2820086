"""The person who is asked before a new model scores."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest


def context(night=None, events=(), due=datetime(2026, 3, 2, 1, tzinfo=UTC)):
    """What a task of a run knows: asked for, told by the events of assets, and when it was due."""
    return {
        "params": {"night": night},
        "triggering_asset_events": {number: [event] for number, event in enumerate(events)},
        "dag_run": SimpleNamespace(logical_date=None, run_after=due),
        "outlet_events": defaultdict(SimpleNamespace),
    }


def outlets(dag):
    return {(task.task_id, asset.name) for task in dag.tasks for asset in task.outlets}


@pytest.mark.parametrize(
    ("language", "asks", "lines"),
    [
        (
            "de",
            "Neues Modell verwenden? Abwanderungsrisiko",
            [
                "### Abwanderungsrisiko: Version 4 (bisher: die Regeln der Stufe 2)",
                "| Verglichen mit | Neues Modell | Zum Vergleich | Befund |",
                "| Regeln der Stufe 2 | 0,512 | 0,401 | average precision .5 is better \\| than"
                " .4 |",
                "- **Reject**: Es bleibt, was gilt.",
            ],
        ),
        (
            "en",
            "Use a new model? Churn risk",
            [
                "### Churn risk: version 4 (now: the rules of stage 2)",
                "| Chance (AUC) | 0.814 | 0.500 | Of 100 pairs, 81 are in the right order; between"
                " 0.770 and 0.860 with 95 % certainty |",
                "- **Reject**: what is in force stays.",
            ],
        ),
    ],
)
def test_a_person_is_asked_with_the_comparison_and_takes_no_slot(
    dagbag, monkeypatch, language, asks, lines
):
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    dag = dagbag.dags["train_models"]
    ask = dag.task_dict["approve_champions"]
    assert isinstance(ask, ApprovalOperator)
    assert ask.pool == "default_pool"
    assert ask.response_timeout < timedelta(days=7) < dag.dagrun_timeout + timedelta(days=1)
    monkeypatch.setenv("REIFEGRAD_LANGUAGE", language)
    figures = {"ours": 0.512, "rules": 0.401, "low": 0.04, "high": 0.2}
    says = "average precision .5 is better | than .4"
    waiting = {
        "churn": {
            "version": "4",
            "replaces": None,
            "candidate": "curves",
            "metrics": {"auc": 0.8142, "auc_low": 0.77, "auc_high": 0.86},
            "findings": [
                {"check": "size", "says": "300 customers, 200 are needed", "figures": {}},
                {"check": "rules", "says": says, "figures": figures},
            ],
        }
    }
    ti = SimpleNamespace(xcom_pull=lambda task_ids: {"waiting": waiting})
    subject, body = (
        dag.get_template_env().from_string(text).render(ti=ti) for text in (ask.subject, ask.body)
    )
    assert subject == asks
    for line in lines:
        assert line in body.splitlines()


def answered(dagbag, task_id, waiting, name):
    """What a task after the question is given, and what it then does."""
    told = {"train_champions": {"waiting": waiting}, "approve_champions": name}
    ti = SimpleNamespace(xcom_pull=lambda task_ids, key=None: told[task_ids])
    run = dagbag.dags["train_models"].task_dict[task_id].python_callable
    return run(**context(night="2026-03-02"), ti=ti)


def test_the_answer_is_taken(dagbag, monkeypatch):
    from airflow.sdk.exceptions import AirflowSkipException

    asked = []
    monkeypatch.setattr("ml.judging.decisions.approve", lambda *given: asked.append(given[1:]))
    monkeypatch.setattr("ml.judging.decisions.turn_down", lambda *given: asked.append(given[1:]))
    waiting = {"churn": {"version": "4", "message": ""}}
    assert answered(dagbag, "is_approval_due", waiting, None) == ["approve_champions"]
    assert answered(dagbag, "is_approval_due", {}, None) == []
    answered(dagbag, "put_in_force", waiting, "anna")
    answered(dagbag, "turn_down", waiting, "anna")
    assert asked == [("churn", "anna", "4")] * 2
    with pytest.raises(AirflowSkipException):
        answered(dagbag, "turn_down", {}, None)


@pytest.mark.parametrize("user", [{"id": "7", "name": "anna"}, None])
@pytest.mark.parametrize("chosen", ["Approve", "Reject"])
def test_who_answered_is_kept_whatever_the_answer_is(dagbag, user, chosen):
    """After "Reject" Airflow's operator ends by skipping, and its own result is lost."""
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    ask, kept = dagbag.dags["train_models"].task_dict["approve_champions"], {}
    ti = SimpleNamespace(map_index=-1, xcom_push=lambda key, value: kept.update({key: value}))
    event = {"chosen_options": [chosen], "params_input": {}, "responded_at": datetime.now(UTC),
             "responded_by_user": user}  # fmt: skip
    with suppress(DownstreamTasksSkipped):
        ask.execute_complete({"ti": ti, "task": ask}, event)
    assert kept["answered_by"] == (user["name"] if user else None)


def test_that_nobody_answered_is_written_down_and_the_model_waits_on(dagbag, monkeypatch):
    told = []
    monkeypatch.setattr("ml.judging.decisions.leave_waiting", lambda *given: told.append(given[1:]))
    answered(dagbag, "turn_down", {"churn": {"version": "4"}}, None)
    assert told == [("churn", "4", 6)]
