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

from crm.connectors.lookups import chunks
from crm.connectors.odoo.fields import MODELS
from crm.connectors.odoo.rpc import OdooRpc
from crm.records import Outcome, Task, TaskState

KEY: Final = re.compile(r"Reifegrad:[ \t]*(\S.*\S|\S)")
ACTIVITY_TYPE: Final = ("mail", "mail_activity_data_todo")
ROWS_PER_READ: Final = 500
KEYS_PER_SEARCH: Final = 50
TITLE_OF_NOTE: Final = "o_mail_note_title"
BLOCK: Final = re.compile(r"<(/?)(div|p|br|li)\b([^>]*)>", re.IGNORECASE)


def create_tasks(rpc: OdooRpc, tasks: Sequence[Task]) -> list[Outcome]:
    """See `Connector.create_tasks`. A task is known by its key, since a done one has no id left."""
    known = read_tasks(rpc, [task.key for task in tasks])
    new = [task for task in tasks if task.key not in known]
    if new:
        models = {
            row["model"]: row["id"]
            for row in rpc.search(
                "ir.model", [["model", "in", sorted(MODELS.values())]], ["model"], 10
            )
        }
        owners, keepers = _owners(rpc, new), _keepers(rpc, new)
        kind = _type_id(rpc)
        rows = [
            {"user_id": owners.get(task.owner or "") or keepers.get(_place(task)) or rpc.user_id}
            | _activity(task, models, kind)
            for task in new
        ]
        # Without this Odoo sends each salesperson a mail per activity.
        quiet = {"mail_activity_quick_update": True}
        rpc.call("mail.activity", "create", vals_list=rows, context=quiet)
    return [Outcome(task.key) for task in tasks]


def read_tasks(rpc: OdooRpc, ids: Collection[str]) -> dict[str, TaskState]:
    """See `Connector.read_tasks`."""
    kept = list(rpc.call("mail.activity", "fields_get", allfields=["active"], attributes=["type"]))
    found: dict[str, TaskState] = {}
    for chunk in chunks(sorted(one for one in ids if one), KEYS_PER_SEARCH):
        done = _marked(rpc, "mail.message", "body", chunk, ["date", "body"])
        left = _marked(rpc, "mail.activity", "note", chunk, ["note", *kept])
        for key, row in done.items():
            found[key] = TaskState(
                crm_id=key,
                is_done=True,
                done_on=date.fromisoformat(row["date"][:10]) if row["date"] else None,
                answer=_answer(row["body"]),
            )
        for key, row in left.items():
            if row.get("active", True):
                found[key] = TaskState(crm_id=key, is_done=False)
    return found


def _marked(
    rpc: OdooRpc, model: str, field: str, keys: Sequence[str], fields: list[str]
) -> dict[str, dict[str, Any]]:
    """Return the rows that have a line with one of our keys, by key."""
    terms = [[field, "ilike", f"Reifegrad: {html.escape(key)}"] for key in keys]
    domain: list[Any] = ["|"] * (len(terms) - 1) + terms
    if model == "mail.message":  # of the many messages only those on activities that are done
        of_ours = ["model", "in", sorted(MODELS.values())]
        domain = ["&", "&", ["mail_activity_type_id", "!=", False], of_ours, *domain]
    rows = rpc.search(model, domain, fields, ROWS_PER_READ)
    wanted = set(keys)
    return {key: row for row in rows for key in KEY.findall(_text(row[field])) if key in wanted}


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


def _text(body: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", BLOCK.sub("\n", body or "")))


def _answer(body: str) -> str | None:
    """Return what a person wrote: it stands between the line of what was done and the old note."""
    said = (body or "").split(TITLE_OF_NOTE)[0]
    said = said.rpartition("<")[0] if TITLE_OF_NOTE in (body or "") else said
    lines = [line.strip() for line in _text(said).splitlines()]
    filled = [line for line in lines if line and not KEY.search(line)]
    return "\n".join(filled[1:]) or None
