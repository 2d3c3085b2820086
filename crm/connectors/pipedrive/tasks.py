"""The day's list as Pipedrive's activities, and what became of them.

A line with our key stands in the note of each, so that it is not made twice, and room for what a
person says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from html import escape, unescape
from typing import Final

from crm.connectors.answers import read_answer, with_room
from crm.connectors.pipedrive.api import PipedriveApi, Row
from crm.records import Outcome, Task, TaskState

KEY: Final = re.compile(r"Reifegrad:[ \t]*(\S.*\S|\S)")
PATH: Final = "/api/v2/activities"
LOOK_BACK: Final = timedelta(days=60)
"""A list's row has its day in its key, so older activities can't be the same."""


def create_tasks(api: PipedriveApi, tasks: Sequence[Task]) -> list[Outcome]:
    """See `Connector.create_tasks`."""
    since = f"{datetime.now(UTC) - LOOK_BACK:%Y-%m-%dT%H:%M:%SZ}"
    rows = list(api.rows(PATH, {"updated_since": since}))
    known = {key: str(row["id"]) for row in rows if (key := _key(row))}
    new = [task for task in tasks if task.key not in known]
    owners: dict[str, int] = {}
    if any(task.owner for task in new):
        users = api.call("GET", "/v1/users")["data"] or []
        owners = {user["name"]: user["id"] for user in users if user.get("active_flag", True)}
    for task in new:
        known[task.key] = str(api.call("POST", PATH, _body(task, owners))["data"]["id"])
    return [Outcome(known[task.key]) for task in tasks]


def read_tasks(api: PipedriveApi, ids: Collection[str]) -> dict[str, TaskState]:
    """See `Connector.read_tasks`."""
    found = {}
    for row in api.by_ids(PATH, sorted(ids)):
        done = row.get("marked_as_done_time")
        found[str(row["id"])] = TaskState(
            crm_id=str(row["id"]),
            is_done=bool(row.get("done")),
            done_on=date.fromisoformat(done[:10]) if done else None,
            answer=read_answer(_text(row.get("note") or "")),
        )
    return found


def _key(row: Row) -> str | None:
    found = KEY.search(_text(row.get("note") or ""))
    return found[1] if found else None


def _body(task: Task, owners: dict[str, int]) -> Row:
    text = with_room(f"{task.note}\n\nReifegrad: {task.key}")
    body: Row = {
        "subject": task.subject,
        "type": "call",
        "due_date": task.due_on.isoformat(),
        "note": "<br>".join(escape(line) for line in text.splitlines()),
        "org_id": int(task.party_id),
    }
    if task.opportunity_id:
        body["deal_id"] = int(task.opportunity_id)
    if task.owner in owners:
        body["owner_id"] = owners[task.owner]
    return body


def _text(note: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", re.sub(r"<(br|/p|/div)\b[^>]*>", "\n", note)))
