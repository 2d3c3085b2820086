"""Following a night: what is told, what ends it, and what is said when it fails."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from config import Settings
from nights.steps import DAG_IDS
from reifegrad.services.airflow_api import AirflowApi, Run, Task, _exception_in
from reifegrad.services.following import NightFailedError, follow, log_of, reason_in

SINCE = datetime(2026, 3, 2, tzinfo=UTC)


class Rounds:
    """An Airflow that shows another state of the night at each look."""

    def __init__(self, *rounds):
        self.rounds = list(rounds)
        self.now = []

    def runs_since(self, moment):
        assert moment == SINCE
        self.now = self.rounds.pop(0) if len(self.rounds) > 1 else self.rounds[0]
        return [Run(dag, "r", state) for dag, state, _ in self.now]

    def tasks_of(self, run):
        tasks = next(tasks for dag, _, tasks in self.now if dag == run.dag_id)
        return [Task(run.dag_id, "r", name, state, n, 1.0) for name, state, n in tasks]


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return Settings(home=tmp_path)


def steps(settings, api, timeout=60.0, check=lambda: None):
    return [(s.task.task_id, s.task.state) for s in follow(settings, api, SINCE, timeout, check)]


def test_each_ended_task_is_told_once_until_the_last_dag_has_ended(settings):
    api = Rounds(
        [(DAG_IDS[0], "running", [("ingest", "running", 1)])],
        [(DAG_IDS[0], "running", [("ingest", "success", 1), ("audit", "queued", 1)])],
        [(DAG_IDS[0], "success", [("ingest", "success", 1), ("audit", "success", 1)])],
        [(DAG_IDS[0], "success", []), (DAG_IDS[-1], "running", [("push", "running", 1)])],
        [(DAG_IDS[0], "success", []), (DAG_IDS[-1], "success", [("push", "success", 1)])],
    )
    assert steps(settings, api) == [
        ("ingest", "success"),
        ("audit", "success"),
        ("push", "success"),
    ]


def test_the_night_goes_on_while_another_run_does(settings):
    api = Rounds(
        [(DAG_IDS[-1], "success", []), (DAG_IDS[2], "running", [])],
        [(DAG_IDS[-1], "success", []), (DAG_IDS[2], "success", [("train", "success", 1)])],
    )
    assert steps(settings, api) == [("train", "success")]


def test_a_retry_is_told_and_each_of_them(settings):
    api = Rounds(
        [(DAG_IDS[-1], "running", [("push", "up_for_retry", 1)])],
        [(DAG_IDS[-1], "running", [("push", "up_for_retry", 1)])],
        [(DAG_IDS[-1], "running", [("push", "up_for_retry", 2)])],
        [(DAG_IDS[-1], "success", [("push", "success", 3)])],
    )
    assert [state for _, state in steps(settings, api)] == [
        "up_for_retry",
        "up_for_retry",
        "success",
    ]


def test_a_failure_ends_it_at_once_with_reason_and_log(settings):
    api = Rounds([(DAG_IDS[0], "running", [("ingest", "failed", 1), ("audit", "none", 0)])])
    log = log_of(settings, Task(DAG_IDS[0], "r", "ingest", "failed", 1, 1.0))
    log.parent.mkdir(parents=True)
    error = [{"exc_type": "AirflowFailException", "exc_value": "sources.yml:\n is wrong"}]
    log.write_text(
        "not json\n" + json.dumps({"event": "x", "error_detail": error}) + "\n", encoding="utf-8"
    )
    with pytest.raises(NightFailedError) as failure:
        steps(settings, api)
    said = str(failure.value)
    assert said == f"{DAG_IDS[0]}.ingest failed: sources.yml: is wrong (log: {log})"


def test_a_night_that_hangs_is_given_up(settings):
    api = Rounds([(DAG_IDS[0], "running", [])])
    with pytest.raises(NightFailedError, match="did not end within 0 s: consolidate_customers"):
        steps(settings, api, timeout=0)


def test_a_dead_service_ends_it(settings):
    def check():
        raise RuntimeError("airflow has ended")

    with pytest.raises(RuntimeError, match="airflow has ended"):
        steps(settings, Rounds([(DAG_IDS[0], "running", [])]), check=check)


def test_a_log_without_an_error_tells_nothing(tmp_path):
    (tmp_path / "log").write_text('{"event": "fine"}\n', encoding="utf-8")
    assert reason_in(tmp_path / "log") is None
    assert reason_in(tmp_path / "missing") is None


def test_the_exception_is_found_in_a_trace_with_advice_below_it():
    trace = (
        'Traceback:\n  File "x.py", line 1\nfoo.bar.SomeError: no way\nSee:\n* https://a.example'
    )
    assert _exception_in(trace) == "foo.bar.SomeError: no way"
    assert _exception_in("odd") == "odd"


def test_a_run_with_more_tasks_than_a_page_of_airflow_holds_is_followed_whole(monkeypatch):
    """As `consolidate_customers`, which has a task per model."""
    instances = [
        {
            **{"task_id": f"model_{n:03}", "state": "success", "try_number": 1, "duration": 1.0},
            "start_date": f"2026-03-02T02:{59 - n // 5:02}:{59 - n % 5:02}Z" if n else None,
        }
        for n in range(230)
    ]

    def answer(_api, path, *, order_by, limit, offset):
        assert path == "/dags/consolidate_customers/dagRuns/r/taskInstances"
        assert (order_by, limit) == ("id", 100)  # an order that no new state changes
        return {"task_instances": instances[offset : offset + limit]}

    monkeypatch.setattr(AirflowApi, "_get", answer)
    found = AirflowApi.__new__(AirflowApi).tasks_of(Run("consolidate_customers", "r", "running"))
    assert [task.task_id for task in found] == [
        *(f"model_{n:03}" for n in range(229, 0, -1)), "model_000",
    ]  # fmt: skip
