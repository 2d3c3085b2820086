"""What people said when they closed a proposal's task in the CRM. Who did is kept nowhere."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from config import Settings
from proposals.deliveries import keep_answers, read_open_tasks
from warehouse import open_warehouse

REJECTED: Final = re.compile(r"\b(abgelehnt|ablehnen|abgesagt|rejected|declined)\b", re.IGNORECASE)


def take_crm_answers(settings: Settings) -> int:
    """Take over what became of tasks in the CRM; return how many were closed since.

    One that was deleted there counts as rejected: a person decided so.

    Raises:
        CrmError: the CRM does not answer or does not let us in.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    from crm import load_config, read_tasks

    config = load_config(settings)
    with open_warehouse(settings) as connection:
        waiting = read_open_tasks(connection, f"{config.connector}:task:")
    if not (config.has_crm and waiting):
        return 0
    states = read_tasks(settings, list(waiting.values()))
    answers: dict[str, tuple[str, str | None, date]] = {}
    for proposal_id, crm_id in waiting.items():
        state = states.get(crm_id)
        if state is None:
            answers[proposal_id] = ("rejected", None, settings.night)
        elif state.is_done:
            word = "rejected" if REJECTED.search(state.answer or "") else "done"
            answers[proposal_id] = (word, state.answer, state.done_on or settings.night)
    with open_warehouse(settings) as connection:
        keep_answers(connection, answers)
    return len(answers)
