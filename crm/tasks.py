"""The day's list as tasks in the CRM, and what people say when they close them.

A task once open is not created again, whatever night its row stands on the list; one that was
deleted in the CRM is closed for us, too. Who closed it is kept nowhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from config import Settings
from crm import ledger
from crm.calling import patiently
from crm.config import CrmConfig, load_config
from crm.connectors import Connector, open_connector
from crm.records import Task, TaskState
from ml.feedback import Feedback, FeedbackKind, record_feedback
from warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb

logger = logging.getLogger(__name__)


class Wish(NamedTuple):
    """A row of the day's list that should be a task: about whom, what to do, whose it is.

    `key` names score, entity and night; `owner` is the account manager's name.
    """

    key: str
    score: str
    entity: Literal["customer", "lead"]
    entity_id: str
    customer_id: str
    about: date
    subject: str
    note: str
    owner: str | None


class Exchanged(NamedTuple):
    """How many tasks were created, answered and refused; wishes about no record of the CRM."""

    created: int
    answered: int
    refused: int
    without_record: int


class _Open(NamedTuple):
    crm_id: str
    score: str
    entity: Literal["customer", "lead"]
    entity_id: str
    about: date


def exchange_tasks(
    settings: Settings,
    wishes: Sequence[Wish],
    kind_of: Callable[[str | None], FeedbackKind],
) -> Exchanged:
    """Take what people said of open tasks, then create those of tonight; a second time nothing.

    Nothing happens unless `crm.yml` says `tasks: true`.

    Args:
        settings: which home and which CRM.
        wishes: tonight's rows of the day's list.
        kind_of: what the words that a task was closed with mean.

    Raises:
        CrmError: the CRM does not answer, does not let us in or has no tasks.

    """
    config = load_config(settings)
    if not (config.has_crm and config.tasks):
        return Exchanged(0, 0, 0, 0)
    connector = open_connector(settings, config)
    with ledger.one_push_at_a_time(settings):
        answered, still = _take_answers(settings, connector, config, kind_of)
        tasks, without = _make_tasks(settings, connector.name, wishes, still)
        outcomes = []
        for start in range(0, len(tasks), connector.limits.batch):
            batch = tasks[start : start + connector.limits.batch]
            done = patiently(
                config.attempts,
                partial(connector.create_tasks, [task for _wish, task in batch]),
            )
            _keep_created(settings, connector.name, batch, [one.crm_id for one in done])
            outcomes += done
    refused = [one.refused for one in outcomes if one.refused]
    for words in dict.fromkeys(refused):
        logger.warning("%s", words)
    return Exchanged(len(outcomes) - len(refused), answered, len(refused), without)


def _take_answers(
    settings: Settings,
    connector: Connector,
    config: CrmConfig,
    kind_of: Callable[[str | None], FeedbackKind],
) -> tuple[int, set[tuple[str, str]]]:
    """Close what is done or deleted in the CRM, and keep what was said of it.

    Returns:
        How many were answered, and score and entity of those that are still open.

    """
    with open_warehouse(settings) as warehouse:
        rows = warehouse.execute(
            "select crm_id, score, entity, entity_id, about from ops.crm_tasks"
            " where connector = ? and closed_at is null",
            [connector.name],
        ).fetchall()
    open_tasks = [_Open(*row) for row in rows]
    ids = [one.crm_id for one in open_tasks]
    states = patiently(config.attempts, partial(connector.read_tasks, ids)) if ids else {}
    closed = [one for one in open_tasks if one.crm_id not in states or states[one.crm_id].is_done]
    said = [
        _feedback(one, states[one.crm_id], connector.name, kind_of)
        for one in closed
        if one.crm_id in states
    ]
    if closed:
        with open_warehouse(settings) as warehouse:
            warehouse.begin()
            record_feedback(warehouse, said)
            warehouse.execute(
                "update ops.crm_tasks set closed_at = ? where connector = ?"
                " and crm_id in (select unnest(?))",
                [_now(), connector.name, [one.crm_id for one in closed]],
            )
            warehouse.commit()
    done = {one.crm_id for one in closed}
    return len(said), {(one.score, one.entity_id) for one in open_tasks if one.crm_id not in done}


def _feedback(
    task: _Open,
    state: TaskState,
    source: str,
    kind_of: Callable[[str | None], FeedbackKind],
) -> Feedback:
    said_at = datetime.combine(state.done_on, time()) if state.done_on else _now()
    return Feedback(
        score=task.score,
        entity=task.entity,
        entity_id=task.entity_id,
        kind=kind_of(state.answer),
        said_at=said_at,
        source=source,
        note=state.answer,
        about=task.about,
    )


def _make_tasks(
    settings: Settings, connector: str, wishes: Sequence[Wish], still: set[tuple[str, str]]
) -> tuple[list[tuple[Wish, Task]], int]:
    """Return the tasks to create, and how many wishes are about a customer without a record."""
    written = ledger.read_written(settings, connector)
    parties, opportunities = written.ids("parties"), written.ids("opportunities")
    with open_warehouse(settings) as warehouse:
        known = _known_keys(warehouse, connector)
    tasks, without = [], 0
    for wish in wishes:
        if (wish.score, wish.entity_id) in still or wish.key in known:
            continue
        if not (records := parties.get(wish.customer_id)):
            without += 1
            continue
        opportunity = opportunities.get(wish.entity_id) if wish.entity == "lead" else None
        task = Task(
            key=wish.key,
            subject=wish.subject,
            note=wish.note,
            due_on=wish.about,
            party_id=records[0],
            opportunity_id=opportunity[0] if opportunity else None,
            owner=wish.owner,
        )
        tasks.append((wish, task))
    return tasks, without


def _keep_created(
    settings: Settings,
    connector: str,
    batch: Sequence[tuple[Wish, Task]],
    ids: Sequence[str | None],
) -> None:
    rows = [
        (connector, crm_id, wish.key, wish.score, wish.entity, wish.entity_id, wish.about, _now())
        for (wish, _task), crm_id in zip(batch, ids, strict=True)
        if crm_id
    ]
    with open_warehouse(settings) as warehouse:
        for row in rows:
            warehouse.execute(
                "insert or ignore into ops.crm_tasks values (?, ?, ?, ?, ?, ?, ?, ?, null)", row
            )


def _known_keys(warehouse: duckdb.DuckDBPyConnection, connector: str) -> set[str]:
    rows: Sequence[tuple[str]] = warehouse.execute(
        "select key from ops.crm_tasks where connector = ?", [connector]
    ).fetchall()
    return {key for (key,) in rows}


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def means(words: Mapping[str, FeedbackKind]) -> Callable[[str | None], FeedbackKind]:
    """Return what tells the kind of an answer: one of the words in it, else "called".

    Args:
        words: what can be chosen on the list, lower case, in both languages.

    """

    def kind_of(answer: str | None) -> FeedbackKind:
        text = (answer or "").casefold()
        found = [word for word in words if word in text]
        return words[max(found, key=len)] if found else "called"

    return kind_of
