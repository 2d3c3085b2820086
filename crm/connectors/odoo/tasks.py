"""The day's list as Odoo's activities, and what became of them.

In older versions an activity that is done is deleted, in newer ones it may be archived; in all of
them a message on its record says so, with what the person wrote. So a line with our key stands at
the end of each activity, by which its message is found.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final

from crm.connectors.odoo.fields import MODELS
from crm.connectors.odoo.rpc import OdooRpc
from crm.records import Outcome, Task, TaskState

KEY: Final = re.compile(r"Reifegrad:\s*([\w.:-]+)")
ACTIVITY_TYPE: Final = ("mail", "mail_activity_data_todo")
ROWS_PER_READ: Final = 500
TITLE_OF_NOTE: Final = "o_mail_note_title"
BLOCK: Final = re.compile(r"<(/?)(div|p|br|li)\b([^>]*)>", re.IGNORECASE)


def create_tasks(rpc: OdooRpc, tasks: Sequence[Task]) -> list[Outcome]:
    """See `Connector.create_tasks`. An id is the activity's, with the task's key."""
    known = _known(rpc, tasks)
    new = [task for task in tasks if task.key not in known]
    if new:
        models = {
            row["model"]: row["id"]
            for row in rpc.search(
                "ir.model", [["model", "in", sorted(MODELS.values())]], ["model"], 10
            )
        }
        owners = _owners(rpc, new)
        kind = _type_id(rpc)
        keepers = _keepers(rpc, new)
        rows = [
            {"user_id": owners.get(task.owner or "") or keepers.get(_place(task)) or rpc.user_id}
            | _activity(task, models, kind)
            for task in new
        ]
        made = rpc.call("mail.activity", "create", vals_list=rows)
        known |= {task.key: crm_id for task, crm_id in zip(new, made, strict=True)}
    return [Outcome(f"{known[task.key]}:{task.key}") for task in tasks]


def read_tasks(rpc: OdooRpc, ids: Collection[str]) -> dict[str, TaskState]:
    """See `Connector.read_tasks`."""
    parts = {one: one.partition(":") for one in ids}
    numbers = sorted(int(first) for first, _colon, _key in parts.values())
    kept = list(rpc.call("mail.activity", "fields_get", allfields=["active"], attributes=["type"]))
    rows = {
        row["id"]: row
        for row in rpc.search(
            "mail.activity", [["id", "in", numbers]], ["res_id", *kept], ROWS_PER_READ
        )
    }
    found: dict[str, TaskState] = {}
    for one, (number, _colon, key) in parts.items():
        row = rows.get(int(number))
        if row and row.get("active", True):
            found[one] = TaskState(crm_id=one, is_done=False)
        elif message := _message(rpc, key):
            found[one] = TaskState(
                crm_id=one,
                is_done=True,
                done_on=date.fromisoformat(message["date"][:10]),
                answer=_answer(message["body"]),
            )
    return found


def _known(rpc: OdooRpc, tasks: Sequence[Task]) -> dict[str, int]:
    """Return the tasks that are there already, by key; of a done one only that it was there."""
    known: dict[str, int] = {}
    for model in sorted(MODELS.values()):
        numbers = sorted({_place(task)[1] for task in tasks if _place(task)[0] == model})
        if not numbers:
            continue
        open_ones = rpc.search(
            "mail.activity",
            [["res_model", "=", model], ["res_id", "in", numbers], ["note", "ilike", "Reifegrad:"]],
            ["note"],
            ROWS_PER_READ,
        )
        done_ones = rpc.search(
            "mail.message",
            [["model", "=", model], ["res_id", "in", numbers], ["body", "ilike", "Reifegrad:"]],
            ["body"],
            ROWS_PER_READ,
        )
        known |= {key: 0 for row in done_ones for key in KEY.findall(_text(row["body"]))}
        known |= {key: row["id"] for row in open_ones for key in KEY.findall(_text(row["note"]))}
    return known


def _place(task: Task) -> tuple[str, int]:
    if task.opportunity_id:
        return MODELS["opportunities"], int(task.opportunity_id)
    return MODELS["parties"], int(task.party_id)


def _activity(task: Task, models: dict[str, int], kind: int | None) -> dict[str, Any]:
    model, number = _place(task)
    lines = [html.escape(line) for line in task.note.splitlines()]
    values = {
        "res_model_id": models[model],
        "res_id": number,
        "summary": task.subject,
        "note": "<p>" + "<br>".join(lines) + f"</p><p>Reifegrad: {html.escape(task.key)}</p>",
        "date_deadline": task.due_on.isoformat(),
    }
    if kind is not None:
        values["activity_type_id"] = kind
    return values


def _keepers(rpc: OdooRpc, tasks: Sequence[Task]) -> dict[tuple[str, int], int]:
    """Return the salesperson of each record, for tasks whose owner Odoo does not know."""
    found = {}
    for model in sorted({_place(task)[0] for task in tasks}):
        numbers = sorted({_place(task)[1] for task in tasks if _place(task)[0] == model})
        domain = [["id", "in", numbers], ["user_id", "!=", False]]
        for row in rpc.search(model, domain, ["user_id"], ROWS_PER_READ):
            found[model, row["id"]] = row["user_id"][0]
    return found


def _owners(rpc: OdooRpc, tasks: Sequence[Task]) -> dict[str, int]:
    names = sorted({task.owner for task in tasks if task.owner})
    if not names:
        return {}
    domain = [["name", "in", names], ["active", "=", True]]
    return {row["name"]: row["id"] for row in rpc.search("res.users", domain, ["name"], 1000)}


def _type_id(rpc: OdooRpc) -> int | None:
    module, name = ACTIVITY_TYPE
    rows = rpc.search(
        "ir.model.data", [["module", "=", module], ["name", "=", name]], ["res_id"], 10
    )
    return rows[0]["res_id"] if rows else None


def _message(rpc: OdooRpc, key: str) -> dict[str, Any] | None:
    rows = rpc.search(
        "mail.message", [["body", "ilike", f"Reifegrad: {key}"]], ["date", "body"], ROWS_PER_READ
    )
    exact = [row for row in rows if key in KEY.findall(_text(row["body"]))]
    return exact[-1] if exact else None


def _text(body: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", BLOCK.sub("\n", body or "")))


def _answer(body: str) -> str | None:
    """Return what a person wrote: it stands between the line of what was done and the old note."""
    said = (body or "").split(TITLE_OF_NOTE)[0]
    said = said.rpartition("<")[0] if TITLE_OF_NOTE in (body or "") else said
    lines = [line.strip() for line in _text(said).splitlines()]
    filled = [line for line in lines if line and not KEY.search(line)]
    return "\n".join(filled[1:]) or None
