"""Tasks and notes that proposals ask for, beside the customer or lead that they are about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import partial
from typing import NamedTuple

from config import Settings
from config.language import _
from crm import ledger
from crm.calling import patiently
from crm.config import load_config
from crm.connectors import Connector, open_connector
from crm.errors import CrmLacksError, no_notes
from crm.records import Kind, Note, Outcome, Task, TaskState


class Posting(NamedTuple):
    """What should stand in the CRM: about whom, what, and until when.

    `key` names it for good; `owner` is the account manager's name.
    """

    key: str
    customer_id: str
    lead_id: str | None
    subject: str
    text: str
    due_on: date
    owner: str | None = None


class Posted(NamedTuple):
    """The CRM's ids of what stands there, and why the others do not; by key."""

    ids: dict[str, str]
    refused: dict[str, str]


def kind_for(settings: Settings, wanted: Kind) -> Kind:
    """Return what stands in this firm's CRM in place of what is wanted; it is not called.

    A task becomes a note where the CRM has notes alone.

    Raises:
        CrmLacksError: there is no CRM, it has no such record, or `crm.yml` wants no tasks in it.
        CrmError, ConfigurationError: `crm.yml` or the login is wrong.

    """
    config = load_config(settings)
    if not config.has_crm:
        raise CrmLacksError(
            _("crm.yml says `connector: excel`: there is no CRM for tasks and notes.")
        )
    posts = open_connector(settings, config).posts
    if wanted not in posts:
        if wanted == "note":
            raise no_notes(config.connector)
        return "note"
    if wanted == "task" and not config.tasks:  # perhaps the CRM lacks our field of tasks
        raise CrmLacksError(
            _(
                "crm.yml says `tasks: false`: for tasks in the CRM say `tasks: true` there and"
                " call `reifegrad crm setup` once."
            )
        )
    return wanted


def post(
    settings: Settings,
    kind: Kind,
    postings: Sequence[Posting],
    keep: Callable[[Posted], None],
) -> None:
    """Make tasks or notes of them; one that stands there already is left as it is.

    Args:
        settings: which home and which CRM.
        kind: what they become, as `kind_for` says.
        postings: in any number.
        keep: told after each call to the CRM what became of whom.

    Raises:
        CrmError: the CRM does not answer, does not let us in or has none of the kind.

    """
    config = load_config(settings)
    connector = open_connector(settings, config)
    with ledger.one_push_at_a_time(settings):
        written = ledger.read_written(settings, connector.name)
        parties, opportunities = written.ids("parties"), written.ids("opportunities")
        ready = [one for one in postings if one.customer_id in parties]
        missing = _("its customer is not in the CRM yet")
        keep(Posted({}, {one.key: missing for one in postings if one.customer_id not in parties}))
        for start in range(0, len(ready), connector.limits.batch):
            batch = ready[start : start + connector.limits.batch]
            call = partial(_create, connector, kind, batch, parties, opportunities)
            outcomes = patiently(config.attempts, call)
            made = list(zip(batch, outcomes, strict=True))
            keep(
                Posted(
                    {one.key: done.crm_id for one, done in made if done.crm_id},
                    {one.key: done.refused for one, done in made if done.refused},
                )
            )


def read_tasks(settings: Settings, ids: Collection[str]) -> dict[str, TaskState]:
    """Return what became of tasks, by the CRM's id; one that was deleted there is left out.

    Raises:
        CrmError: the CRM does not answer or does not let us in.

    """
    config = load_config(settings)
    connector = open_connector(settings, config)
    return patiently(config.attempts, partial(connector.read_tasks, ids))


def _create(
    connector: Connector,
    kind: Kind,
    batch: Sequence[Posting],
    parties: Mapping[str, Sequence[str]],
    opportunities: Mapping[str, Sequence[str]],
) -> list[Outcome]:
    places = [
        {
            "party_id": parties[one.customer_id][0],
            "opportunity_id": opportunities.get(one.lead_id or "", [None])[0],
        }
        for one in batch
    ]
    if kind == "note":
        return connector.create_notes(
            [
                Note(key=one.key, title=one.subject, text=one.text, **place)
                for one, place in zip(batch, places, strict=True)
            ]
        )
    return connector.create_tasks(
        [
            Task(
                key=one.key,
                subject=one.subject,
                note=one.text,
                due_on=one.due_on,
                owner=one.owner,
                **place,
            )
            for one, place in zip(batch, places, strict=True)
        ]
    )
