"""The day's list as Salesforce's tasks, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from crm.connectors.answers import read_answer, with_room
from crm.connectors.salesforce.new_records import user_ids
from crm.connectors.salesforce.rest import SalesforceRest
from crm.connectors.salesforce.schema import LEAD, TASK_KEY, TEXT_LENGTH
from crm.records import Outcome, Task, TaskState


def create(rest: SalesforceRest, tasks: Sequence[Task]) -> list[Outcome]:
    """See `Connector.create_tasks`."""
    # Activities that are a year old are archived, which only a query with the bin shows.
    soql = f"SELECT Id, {TASK_KEY} FROM Task WHERE IsDeleted = false AND {TASK_KEY} IN {{}}"
    keys = sorted({task.key for task in tasks})
    known = {row[TASK_KEY]: row["Id"] for row in rest.query_in(soql, keys, with_deleted=True)}
    missing = [task for task in tasks if task.key not in known]
    owners = user_ids(rest, {task.owner for task in missing if task.owner})
    records = [_record(task, owners) for task in missing]
    made = rest.save("POST", "composite/sobjects", records) if records else []
    outcomes = {key: Outcome(crm_id) for key, crm_id in known.items()}
    outcomes |= {task.key: outcome for task, outcome in zip(missing, made, strict=True)}
    return [outcomes[task.key] for task in tasks]


def read(rest: SalesforceRest, ids: Collection[str]) -> dict[str, TaskState]:
    """See `Connector.read_tasks`."""
    soql = (
        "SELECT Id, IsClosed, CompletedDateTime, Description FROM Task"
        " WHERE IsDeleted = false AND Id IN {}"
    )
    rows = {row["Id"][:15]: row for row in rest.query_in(soql, sorted(ids), with_deleted=True)}
    return {crm_id: _state(crm_id, rows[crm_id[:15]]) for crm_id in ids if crm_id[:15] in rows}


def _record(task: Task, owners: Mapping[str, str]) -> dict[str, Any]:
    about = task.opportunity_id or task.party_id
    # A lead is a person to Salesforce: it stands in another field than accounts and deals.
    link = "WhoId" if about.startswith(LEAD.prefix) else "WhatId"
    values = {
        "attributes": {"type": "Task"},
        "Subject": task.subject[:TEXT_LENGTH],
        "Description": with_room(task.note),
        "ActivityDate": task.due_on.isoformat(),
        "Status": "Not Started",
        link: about,
        "OwnerId": owners.get(task.owner or ""),
        TASK_KEY: task.key,
    }
    return {name: value for name, value in values.items() if value is not None}


def _state(crm_id: str, row: Mapping[str, Any]) -> TaskState:
    done_on = row["CompletedDateTime"]
    return TaskState(
        crm_id=crm_id,
        is_done=bool(row["IsClosed"]),
        done_on=date.fromisoformat(done_on[:10]) if done_on else None,
        answer=read_answer(row["Description"]),
    )
