"""The day's list as HubSpot's tasks, and what became of them.

A line with our key stands in each, so that it is not made twice, and room for what a person says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time
from html import escape, unescape
from typing import Any, Final

from crm.connectors.answers import read_answer, with_room
from crm.connectors.hubspot.api import PER_BATCH, HubspotApi, Row
from crm.connectors.lookups import chunks
from crm.records import Outcome, Task, TaskState

KEY: Final = re.compile(r"Reifegrad:[ \t]*(\S.*\S|\S)")
TO_COMPANY: Final = 192  # "Association type ids": task to company, task to deal
TO_DEAL: Final = 216
PROPERTIES: Final = ("hs_task_status", "hs_task_body", "hs_task_completion_date", "hs_timestamp")


def create_tasks(api: HubspotApi, tasks: Sequence[Task]) -> list[Outcome]:
    """See `Connector.create_tasks`."""
    known = _known(api, sorted({task.party_id for task in tasks}))
    new = [task for task in tasks if task.key not in known]
    owners = api.owners() if any(task.owner for task in new) else {}
    for chunk in chunks(new, PER_BATCH):
        made = api.create("tasks", [(_values(task, owners), _links(task)) for task in chunk])
        known |= {key: row["id"] for row in made if (key := _key(row))}
    return [Outcome(known[task.key]) for task in tasks]


def read_tasks(api: HubspotApi, ids: Collection[str]) -> dict[str, TaskState]:
    """See `Connector.read_tasks`."""
    found = {}
    for row in api.read("tasks", ids, PROPERTIES):
        told = row["properties"]
        done = told.get("hs_task_completion_date")
        found[row["id"]] = TaskState(
            crm_id=row["id"],
            is_done=told.get("hs_task_status") == "COMPLETED",
            done_on=date.fromisoformat(done[:10]) if done else None,
            answer=read_answer(_text(told.get("hs_task_body") or "")),
        )
    return found


def _known(api: HubspotApi, companies: Sequence[str]) -> dict[str, str]:
    """Return the tasks of these companies that are ours, by key."""
    ids = {one for tasks in api.associated("companies", "tasks", companies).values()
           for one in tasks}  # fmt: skip
    rows = api.read("tasks", ids, ("hs_task_body",)) if ids else []
    return {key: row["id"] for row in rows if (key := _key(row))}


def _key(row: Row) -> str | None:
    found = KEY.search(_text(row["properties"].get("hs_task_body") or ""))
    return found[1] if found else None


def _values(task: Task, owners: dict[str, str]) -> dict[str, Any]:
    due = datetime.combine(task.due_on, time(8), UTC)
    text = with_room(f"{task.note}\n\nReifegrad: {task.key}")
    values = {
        "hs_task_subject": task.subject,
        "hs_task_body": "<br>".join(escape(line) for line in text.splitlines()),
        "hs_task_status": "NOT_STARTED",
        "hs_task_type": "CALL",
        "hs_timestamp": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if task.owner in owners:
        values["hubspot_owner_id"] = owners[task.owner]
    return values


def _links(task: Task) -> list[tuple[str, int]]:
    links = [(task.party_id, TO_COMPANY)]
    return links + ([(task.opportunity_id, TO_DEAL)] if task.opportunity_id else [])


def _text(body: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", re.sub(r"<(br|/p|/div)\b[^>]*>", "\n", body)))
