"""The station `hand_over`: what people released goes out, each proposal once."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from config import Settings
from config.language import _
from proposals import deliveries
from proposals.channels import (
    SENT,
    ChannelDownError,
    NoPlaceError,
    OutboxError,
    Released,
    Sent,
    open_sender,
    way_of,
)
from proposals.choosing import Chosen, Held, choose, tell_held
from proposals.rules import Rules, load_rules
from warehouse import open_warehouse

logger = logging.getLogger(__name__)


class HandOverError(OutboxError):
    """A channel takes nothing now; `handed` tells of the others, which went out."""

    def __init__(self, message: str, handed: Handed) -> None:
        """Keep the results beside the message, one line that names each channel and its reason."""
        super().__init__(message)
        self.handed = handed


@dataclass
class HandedOver:
    """Which proposals of an action went where: a file below the home, or a tool's own name."""

    use_case: str
    action: str
    channel: str
    place: str
    proposals: list[str]

    @property
    def is_note_for_task(self) -> bool:
        """Whether it should be a task, and is a note since the CRM has notes alone."""
        return self.channel == "crm_task" and self.place.split(":")[1:2] == ["note"]


@dataclass
class Handed:
    """All that one run handed over.

    `held` may not go out (yet), the reason by proposal_id; `refused` by a tool, or of no place at
    this firm, the words by proposal_id: both stay released. `problems`: channels that take nothing
    now, a line each.
    """

    lists: list[HandedOver] = field(default_factory=list)
    held: dict[str, Held] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def hand_over(
    settings: Settings, channels: Collection[str] = SENT, *, dry_run: bool = False
) -> Handed:
    """Hand over what is released and still allowed; a second time nothing goes out.

    The legal gate is asked again, and so are the stage and the YAML: between proposal and release
    somebody may have objected. The warehouse is not held while a tool or the CRM is spoken to.

    Args:
        settings: which home.
        channels: through which.
        dry_run: only tell what would go where; nothing is written, neither here nor there.

    Raises:
        ConfigurationError: `config/proposals.yml` is wrong; nothing goes out.
        HandOverError: a channel takes nothing now; what it would have got is released as before,
            and the next run tries again. The other channels' proposals went out.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    rules = load_rules(settings)
    handed = Handed()
    with open_warehouse(settings) as connection:
        waiting = deliveries.read_released(connection, settings, channels)
        if not waiting:  # perhaps there are no marts yet
            return handed
        chosen = choose(connection, settings, rules, waiting)
    handed.held |= chosen.held
    if not dry_run:
        _take_back(settings, rules, waiting, chosen, handed)
    for batch in _batches(chosen.allowed):
        _hand_batch(settings, rules, batch, handed, dry_run=dry_run)
    for line in tell(handed):
        logger.info("%s", line)
    if handed.problems:
        raise HandOverError(" ".join(handed.problems), handed)
    return handed


def tell(handed: Handed) -> list[str]:
    """Say what went where and what is held, a line each, in the set language."""
    lines = []
    for one in handed.lists:
        told = _("{place}: {count} handed over: {path}")
        place = f"{one.use_case}.{one.action}"
        lines.append(told.format(place=place, count=len(one.proposals), path=one.place))
    if any(one.is_note_for_task for one in handed.lists):
        lines.append(
            _("The CRM has no tasks: what should be one stands as a note beside the customer.")
        )
    reasons = {name: tell_held(reason) for name, reason in handed.held.items()} | handed.refused
    for reason in dict.fromkeys(reasons.values()):
        ids = [name for name, why in reasons.items() if why == reason]
        told = _("released, but not handed over: {reason}: {ids}")
        lines.append(told.format(reason=reason, ids=_few(ids)))
    return lines


MANY = 10


def _few(ids: Sequence[str]) -> str:
    """Name so many that the line can be read."""
    if len(ids) <= MANY:
        return ", ".join(ids)
    told = _("{ids} and {count} more")
    return told.format(ids=", ".join(ids[:MANY]), count=len(ids) - MANY)


def _batches(allowed: Sequence[Released]) -> Iterator[list[Released]]:
    """Cut into those of one action; what was begun together stays together."""
    for _key, group in groupby(
        allowed, key=lambda one: (one.use_case, one.action, one.channel, one.place or "")
    ):
        yield list(group)


def _take_back(
    settings: Settings,
    rules: Rules,
    waiting: Sequence[Released],
    chosen: Chosen,
    handed: Handed,
) -> None:
    """Undo what a killed run began and what may not go out any more."""
    kept = [one for one in chosen.allowed if one.is_begun]
    undone = [one for one in waiting if one.is_begun and one.proposal_id in chosen.held]
    for way in dict.fromkeys(way_of(one, rules.mailing_tool) for one in undone):
        mine = [one for one in undone if way_of(one, rules.mailing_tool) == way]
        begun = [one for one in kept if way_of(one, rules.mailing_tool) == way]
        try:
            undone_now = open_sender(settings, way).take_back(mine, begun)
        except ChannelDownError as error:
            handed.problems.append(str(error))
            continue
        with open_warehouse(settings) as connection:
            deliveries.forget(connection, undone_now)


def _hand_batch(
    settings: Settings, rules: Rules, batch: list[Released], handed: Handed, *, dry_run: bool
) -> None:
    """Hand over the proposals of one action: announced before, confirmed after."""
    first = batch[0]
    sender = open_sender(settings, way_of(first, rules.mailing_tool))
    ids = [one.proposal_id for one in batch]
    try:
        places = sender.places(batch)
    except NoPlaceError as error:
        handed.refused |= dict.fromkeys(ids, str(error))
        return
    except ChannelDownError as error:
        handed.problems.append(str(error))
        return
    if first.is_begun:
        places = {one.proposal_id: str(one.place) for one in batch}
    batch = [replace(one, place=places[one.proposal_id]) for one in batch]
    sent, unsure = Sent(ids), frozenset[str]()
    if not dry_run:
        with open_warehouse(settings) as connection:
            deliveries.begin(connection, batch, places, settings.night)
        try:
            sent = sender.send(batch)
        except ChannelDownError as error:
            sent, unsure = error.sent, error.unsure
            handed.problems.append(str(error))
        with open_warehouse(settings) as connection:
            deliveries.confirm(connection, sent.done, sent.places)
            deliveries.forget(connection, {*ids} - {*sent.done} - unsure)
    handed.refused |= sent.refused
    places = {**places, **sent.places}
    for place in dict.fromkeys(places[name] for name in sent.done):
        gone = [name for name in sent.done if places[name] == place]
        handed.lists.append(HandedOver(first.use_case, first.action, first.channel, place, gone))
