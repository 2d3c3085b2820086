"""Scores and the day's list on their way into the CRM, and what people say of them there.

The CRM's room knows no lists and the lists know no CRM: here they meet.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from config import Settings
from warehouse import open_warehouse

if TYPE_CHECKING:
    from crm import Change, Exchanged, Preview
    from ml.feedback import FeedbackKind
    from proposals import FieldText
    from report.calls.cells import Teller
    from report.calls.rows import Call, CallList
    from report.calls.settings import ListConfig

logger = logging.getLogger(__name__)
# What the CRM shows on which records; see the views sync_crm__*.
SCORES: Final[Mapping[str, tuple[str, Literal["customer", "lead"]]]] = {
    "parties": ("churn", "customer"),
    "opportunities": ("lead", "lead"),
}
JUDGED: Final = {"points", "band"}
"""Who changes one of these in the CRM says that the hint is wrong; of a text that is not said."""
AT_ONCE: Final = 20
"""So many emptied in one night are a field that was made anew or a bulk edit, no word on each."""


def push_scores(settings: Settings, **options: Any) -> list[Change]:  # noqa: ANN401
    """Push tonight's scores, each with the next step of the day's list; options as of `crm.push`.

    A score that a person corrected in the CRM comes back as feedback.

    Raises:
        ConfigurationError: `lists.yml` is wrong.
        CrmError: see `crm.push`.

    """
    from crm import push
    from crm.sample_crm import fill_sample_crm

    if not options.get("dry_run"):
        fill_sample_crm(settings)  # the sample company's, once; of any other nothing is touched
    fields = _read_fields(settings)
    texts = {key: one.text for key, one in fields.items()}
    changes = push(settings, next_steps=_next_steps(settings), proposals=texts, **options)
    if not options.get("dry_run"):
        _keep_edits(settings, changes)
        _keep_fields(settings, fields, changes)
    return changes


def prepare_push(settings: Settings) -> Preview | None:
    """Clear who objected to profiling, and show what else waits for a person; see `crm.prepare`."""
    from crm import load_config, prepare

    if load_config(settings).approval == "none":
        return None
    texts = {key: one.text for key, one in _read_fields(settings).items()}
    return prepare(settings, _next_steps(settings), texts)


def exchange_tasks(settings: Settings) -> Exchanged:
    """Make tasks in the CRM of the day's list, and take over what people said of earlier ones.

    Raises:
        ConfigurationError: `lists.yml` is wrong.
        CrmError: see `crm.exchange_tasks`.

    """
    from crm import exchange_tasks as exchange
    from crm import load_config
    from crm.tasks import Exchanged, means

    if not load_config(settings).tasks:
        return Exchanged(0, 0, 0, 0)
    lists, config = _read_lists(settings)
    return exchange(settings, _wishes(settings, lists), means(_words(config)))


def _read_fields(settings: Settings) -> dict[str, FieldText]:
    """Return what the field of proposals says, by customer or lead.

    With a mistake in `proposals.yml` nothing may be proposed, and the scores go on without.
    """
    from config import ConfigurationError
    from proposals import read_fields

    try:
        return read_fields(settings)
    except ConfigurationError as error:
        logger.warning("%s", error)
        return {}


def _keep_fields(
    settings: Settings, fields: Mapping[str, FieldText], changes: Sequence[Change]
) -> None:
    """Note which proposals the CRM shows."""
    from crm import load_config
    from proposals import keep_fields

    shown = {
        change.key
        for change in changes
        if change.crm_id and change.refused is None and (change.new_values or {}).get("proposals")
    }
    ids = [name for key, one in fields.items() if key in shown for name in one.proposals]
    keep_fields(settings, load_config(settings).connector, ids)


def _next_steps(settings: Settings) -> dict[str, str]:
    """Return what to do next, by customer or lead on tonight's lists."""
    lists, _config = _read_lists(settings)
    return {
        call["entity_id"]: call.next_step[settings.language]
        for found in lists
        for call in found.calls
    }


def _read_lists(settings: Settings) -> tuple[list[CallList], ListConfig]:
    from report.calls import load_lists
    from report.calls.rows import read_lists
    from report.calls.settings import is_built

    config = load_lists(settings)
    with open_warehouse(settings) as warehouse:
        found = read_lists(warehouse, settings, config) if is_built(warehouse) else []
    return found, config


def _words(config: ListConfig) -> dict[str, FeedbackKind]:
    """Return the words that people can choose on the list, in both languages."""
    return {
        getattr(choice, language).casefold(): kind
        for kind, choice in config.feedback.items()
        for language in ("de", "en")
    }


def _wishes(settings: Settings, lists: Sequence[CallList]) -> list[Any]:
    from crm.tasks import Wish
    from ml import score_texts
    from report.calls.cells import Teller
    from report.calls.settings import load_lists
    from report.words import Words

    teller = Teller(Words(settings.language), score_texts(settings), load_lists(settings))
    return [
        Wish(
            key=call.key,
            score=call["score"],
            entity=call["entity"],
            entity_id=call["entity_id"],
            customer_id=call["customer_id"],
            about=call["night"],
            subject=f"{call['name']}: {call.next_step[settings.language]}",
            note=_note(call, teller, settings),
            owner=found.manager,
        )
        for found in lists
        for call in found.calls
    ]  # fmt: skip


def _note(call: Call, teller: Teller, settings: Settings) -> str:
    contact = ", ".join(teller.contact(call).splitlines())
    # Named, since a telephone number begins with + as a reason does.
    whom = f"{teller.words('calls_contact')}: {contact}" if contact else ""
    parts = (
        teller.hint(call), teller.reasons(call), whom, teller.last(call), teller.open(call),
        _how(settings),
    )  # fmt: skip
    return "\n".join(part for part in parts if part)


def _how(settings: Settings) -> str:
    """Say how a task is answered."""
    from report.calls import load_lists

    chosen = load_lists(settings).feedback.values()
    offered = ", ".join(getattr(choice, settings.language) for choice in chosen)
    if settings.language == "de":
        return f"Beim Abschließen bitte eines davon dazuschreiben: {offered}."
    return f"When you close it, please write one of these: {offered}."


def _keep_edits(settings: Settings, changes: Sequence[Change]) -> None:
    """Keep what a person changed in the CRM as feedback on the score that stood there."""
    from crm import load_config
    from ml.feedback import Feedback, record_feedback

    edited = [change for change in changes if JUDGED & set(change.kept) and change.crm_id]
    emptied = [change for change in edited if _is_emptied(change)]
    if len(emptied) >= AT_ONCE:
        edited = [change for change in edited if not _is_emptied(change)]
    if not edited:
        return
    source = load_config(settings).connector
    now = datetime.now(UTC).replace(tzinfo=None)
    with open_warehouse(settings) as warehouse:
        written = dict(
            warehouse.execute(
                "select (target, crm_id), written_at::date from ops.crm_records"
                " where connector = ?",
                [source],
            ).fetchall()
        )
        said = [
            Feedback(
                score=SCORES[change.target][0],
                entity=SCORES[change.target][1],
                entity_id=change.key,
                kind="wrong",
                said_at=now,
                source=source,
                note=_said(change),
                about=written.get((change.target, change.crm_id)),
            )
            for change in edited
        ]
        record_feedback(warehouse, said)


def _is_emptied(change: Change) -> bool:
    """Whether nothing of a hint stands there where somebody could have said otherwise."""
    shown = change.old_values or {}
    return not any(shown.get(name) for name in JUDGED & set(change.kept))


def _said(change: Change) -> str:
    shown = change.old_values or {}
    return ", ".join(f"{name}: {shown.get(name)}" for name in change.kept if name in JUDGED)
