"""The day's list as tasks of Dynamics, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from crm.connectors.answers import read_answer, with_room
from crm.connectors.dynamics.api import DataverseApi, Row
from crm.connectors.dynamics.new_records import user_ids
from crm.connectors.dynamics.schema import ACCOUNT, TASK_KEY, Table
from crm.records import Outcome, Task, TaskState

if TYPE_CHECKING:
    from PowerPlatform.Dataverse.operations.batch import BatchRequest

SUBJECT_LENGTH: Final = 200
COMPLETED: Final = 1  # a task's state; 2 is cancelled


def create(api: DataverseApi, tasks: Sequence[Task], tables: Mapping[str, Table]) -> list[Outcome]:
    """See `Connector.create_tasks`.

    Args:
        api: the session.
        tasks: what is to be done.
        tables: of the opportunities and leads that they are about.

    """
    keys = sorted({task.key for task in tasks})
    rows = api.rows_in("task", ["activityid", TASK_KEY], TASK_KEY, keys)
    known = {row[TASK_KEY]: row["activityid"] for row in rows}
    missing = [task for task in tasks if task.key not in known]
    owners = user_ids(api, {task.owner for task in missing if task.owner})

    def fill(batch: BatchRequest) -> None:
        for task in missing:
            batch.records.create("task", _values(task, owners, tables))

    made = api.batch(fill) if missing else []
    outcomes = {key: Outcome(crm_id) for key, crm_id in known.items()}
    outcomes |= {task.key: outcome for task, outcome in zip(missing, made, strict=True)}
    return [outcomes[task.key] for task in tasks]


def read(api: DataverseApi, ids: Collection[str]) -> dict[str, TaskState]:
    """See `Connector.read_tasks`."""
    select = ["activityid", "statecode", "actualend", "description"]
    rows = api.rows_in("task", select, "activityid", sorted(ids))
    return {row["activityid"]: _state(row) for row in rows}


def _values(task: Task, owners: Mapping[str, str], tables: Mapping[str, Table]) -> dict[str, Any]:
    table = tables.get(task.opportunity_id or "")
    about = task.opportunity_id if table else task.party_id
    table = table or ACCOUNT
    owner = owners.get(task.owner or "")
    values = {
        "subject": task.subject[:SUBJECT_LENGTH],
        "description": with_room(task.note),
        "scheduledend": f"{task.due_on.isoformat()}T16:00:00Z",  # the end of a working day
        f"regardingobjectid_{table.name}_task@odata.bind": f"/{table.plural}({about})",
        "ownerid@odata.bind": f"/systemusers({owner})" if owner else None,
        TASK_KEY: task.key,
    }
    return {name: value for name, value in values.items() if value is not None}


def _state(row: Row) -> TaskState:
    done_on = row.get("actualend")
    return TaskState(
        crm_id=row["activityid"],
        is_done=row["statecode"] == COMPLETED,
        done_on=date.fromisoformat(str(done_on)[:10]) if done_on else None,
        answer=read_answer(row.get("description")),
    )
