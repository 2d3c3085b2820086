"""Following one night through its DAGs until it has ended, or failed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from config import Settings
from config.language import _
from nights.steps import DAG_IDS
from reifegrad.services.airflow_api import FINISHED, AirflowApi, Run, Task
from reifegrad.services.environment import airflow_home

LAST: Final = DAG_IDS[-1]
# Every look costs the API server a tenth of a second of the cores that the night needs.
LOOK_SECONDS: Final = 3.0
TOLD: Final = frozenset({"success", "failed", "up_for_retry"})


class NightFailedError(Exception):
    """A task of the night failed for good; the message names it, its reason and its log."""


@dataclass(frozen=True)
class Step:
    """One task that has ended: well, for good, or until its next try."""

    task: Task
    reason: str | None = None


def follow(
    settings: Settings,
    api: AirflowApi,
    since: datetime,
    timeout: float,
    check: Callable[[], None],
) -> Iterator[Step]:
    """Yield every task as it ends, until `push_scores` has ended and nothing else runs.

    Args:
        settings: say where the tasks' logs are.
        api: the signed-in client.
        since: when the night was triggered; earlier runs are not looked at.
        timeout: seconds after which the night counts as stuck.
        check: called between the rounds; raises if a service has died.

    Raises:
        NightFailedError: a task failed for good, or the night did not end in time.

    """
    told: set[tuple[str, str, str, int, str]] = set()
    ended: set[Run] = set()
    deadline = time.monotonic() + timeout
    while True:
        runs = [run for run in api.runs_since(since) if run.dag_id in DAG_IDS]
        for run in runs:
            if run in ended:
                continue
            for task in api.tasks_of(run):
                key = (run.dag_id, run.run_id, task.task_id, task.try_number, task.state or "")
                if task.state in TOLD and key not in told:
                    told.add(key)
                    yield _step(settings, task)
            if run.state == "failed":
                raise NightFailedError(
                    _("{dag_id} failed; look at {folder}").format(
                        dag_id=run.dag_id, folder=_run_folder(settings, run)
                    )
                )
            if run.state in FINISHED:
                ended.add(run)
        if any(run.dag_id == LAST for run in ended) and len(ended) == len(runs):
            return
        if time.monotonic() > deadline:
            raise NightFailedError(_stuck(settings, runs, timeout))
        check()
        time.sleep(LOOK_SECONDS)


def log_of(settings: Settings, task: Task) -> Path:
    """Return the log of a task's latest try."""
    run = Run(task.dag_id, task.run_id, task.state or "")
    folder = _run_folder(settings, run) / f"task_id={task.task_id}"
    return folder / f"attempt={task.try_number}.log"


def reason_in(log: Path) -> str | None:
    """Find the last error that a task's log (JSON lines) tells."""
    reason = None
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("error_detail"):
            error = entry["error_detail"][0]
            kind, told = error.get("exc_type"), error.get("exc_value")
            # `fail_fast` raises these with a message that says it all.
            is_whole = kind in ("AirflowFailException", "AirflowException")
            reason = str(told) if is_whole else f"{kind}: {told}"
    return " ".join(reason.split()) if reason else None


def _step(settings: Settings, task: Task) -> Step:
    if task.state == "success":
        return Step(task)
    log = log_of(settings, task)
    reason = reason_in(log)
    if task.state == "failed":
        name = f"{task.dag_id}.{task.task_id}"
        raise NightFailedError(
            _("{name} failed: {reason} (log: {log})").format(
                name=name, reason=reason or _("no reason given"), log=log
            )
        )
    return Step(task, reason)


def _stuck(settings: Settings, runs: list[Run], timeout: float) -> str:
    waiting = ", ".join(run.dag_id for run in runs if run.state not in FINISHED) or LAST
    logs = settings.home / "logs" / "airflow.log"
    return _(
        "The night did not end within {timeout:.0f} s: {waiting} still waits (log: {logs})"
    ).format(timeout=timeout, waiting=waiting, logs=logs)


def _run_folder(settings: Settings, run: Run) -> Path:
    return airflow_home(settings) / "logs" / f"dag_id={run.dag_id}" / f"run_id={run.run_id}"
