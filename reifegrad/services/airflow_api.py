"""The little of Airflow's REST API that starting and following a night needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from config import Settings
from config.language import _
from nights.dates import NIGHT_KEY
from nights.steps import DAG_IDS
from reifegrad.services.environment import AIRFLOW_USER

FINISHED: Final = frozenset({"success", "failed"})
PAGE: Final = 100  # more records Airflow gives in no answer


class AirflowError(Exception):
    """Airflow refused a request; the message holds its answer."""


@dataclass(frozen=True)
class Run:
    """One run of a DAG."""

    dag_id: str
    run_id: str
    state: str


@dataclass(frozen=True)
class Task:
    """One task of a run, with the number of its latest try."""

    dag_id: str
    run_id: str
    task_id: str
    state: str | None
    try_number: int
    seconds: float | None


class AirflowApi:
    """A signed-in client of one Airflow."""

    def __init__(self, settings: Settings, password: str) -> None:
        """Sign in.

        Raises:
            AirflowError: user and password do not fit.

        """
        self._url = f"http://127.0.0.1:{settings.airflow_port}"
        self._session = requests.Session()
        # A busy machine answers late; only questions are asked again, never commands.
        patience = Retry(total=4, backoff_factor=1, status_forcelist=[500, 502, 503])
        self._session.mount("http://", HTTPAdapter(max_retries=patience))
        credentials = {"username": AIRFLOW_USER, "password": password}
        token = self._call("POST", "/auth/token", json=credentials)["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def ensure_pool(self, name: str, slots: int, note: str) -> None:
        """Make the pool, unless it is there."""
        if name not in {pool["name"] for pool in self._get("/pools", limit=100)["pools"]}:
            body = {"name": name, "slots": slots, "description": note, "include_deferred": False}
            self._call("POST", "/api/v2/pools", json=body)

    def dag_ids(self) -> set[str]:
        """List the DAGs that the scheduler knows."""
        return {dag["dag_id"] for dag in self._get("/dags", limit=100)["dags"]}

    def import_errors(self) -> list[str]:
        """List DAG files that can't be read, each with the exception that it raised."""
        errors = self._get("/importErrors", limit=20)["import_errors"]
        return [f"{error['filename']}: {_exception_in(error['stack_trace'])}" for error in errors]

    def trigger(self, dag_id: str, night: date | None = None) -> str:
        """Start a run, of a certain night if one is named, and return its id."""
        named = {"conf": {NIGHT_KEY: night.isoformat()}} if night else {}
        body = {"logical_date": None, **named}
        return str(self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body)["dag_run_id"])

    def runs_since(self, moment: datetime) -> list[Run]:
        """List the runs that were due at or after the moment, oldest first."""
        found = self._get(
            "/dags/~/dagRuns", run_after_gte=moment.isoformat(), order_by="run_after", limit=100
        )
        return [Run(r["dag_id"], r["dag_run_id"], r["state"]) for r in found["dag_runs"]]

    def active_since(self) -> dict[Run, datetime]:
        """Find the runs of nights that have not ended, each with when it was asked for."""
        found: dict[Run, datetime] = {}
        for state in ("running", "queued"):
            runs = self._get("/dags/~/dagRuns", state=state, limit=100)["dag_runs"]
            for r in (run for run in runs if run["dag_id"] in DAG_IDS):
                asked = datetime.fromisoformat(r["queued_at"] or r["run_after"])
                found[Run(r["dag_id"], r["dag_run_id"], r["state"])] = asked
        return found

    def give_up(self, run: Run) -> None:
        """Let a run count as failed, with all its tasks that have not ended."""
        self._call(
            "PATCH", f"/api/v2/dags/{run.dag_id}/dagRuns/{run.run_id}", json={"state": "failed"}
        )

    def tasks_of(self, run: Run) -> list[Task]:
        """List the tasks of a run in the order in which they started."""
        path = f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances"
        found: list[dict[str, Any]] = []
        while True:  # the night's first DAG has a task per model: more than a page holds
            page = self._get(path, order_by="id", limit=PAGE, offset=len(found))["task_instances"]
            found += page
            if len(page) < PAGE:
                break
        found.sort(key=lambda t: (t["start_date"] is None, t["start_date"] or ""))
        return [
            Task(run.dag_id, run.run_id, t["task_id"], t["state"], t["try_number"], t["duration"])
            for t in found
        ]

    def _get(self, path: str, **parameters: str | int) -> dict[str, Any]:
        return self._call("GET", f"/api/v2{path}", params=parameters)

    def _call(
        self,
        method: str,
        path: str,
        *,
        json: dict[str, Any] | None = None,
        params: dict[str, str | int] | None = None,
    ) -> dict[str, Any]:
        answer = self._session.request(
            method, f"{self._url}{path}", json=json, params=params, timeout=60
        )
        if not answer.ok:
            raise AirflowError(
                _("Airflow refused {method} {path}: {text}").format(
                    method=method, path=path, text=answer.text[:300]
                )
            )
        return dict(answer.json())


def _exception_in(trace: str) -> str:
    """Find the exception's own line: the last one that starts at the margin with its type."""
    lines = [
        line for line in trace.splitlines() if re.match(r"[\w.]+(Error|Exception|Timeout)", line)
    ]
    return lines[-1] if lines else trace.strip()[:300]
