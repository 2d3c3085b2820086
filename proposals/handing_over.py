"""The station `hand_over`: what people released goes out, each proposal once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from config import Settings
from config.language import _
from ml.maturity import stages
from proposals.legal_gate import Refused, judge, refusal
from proposals.mailing_list import write_list
from proposals.rules import Rules, load_rules
from proposals.standing import read_standings
from proposals.uses import Action, read_uses
from warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb

logger = logging.getLogger(__name__)
FOLDER: Final = "mailings"
Held = Refused | Literal["not_in_force", "not_released", "mailbox_had_one"]


class OutboxError(Exception):
    """The outbox cannot be written; the message names the file. Nothing counts as sent."""


@dataclass(frozen=True, slots=True)
class Released:
    """A proposal that people released, as it goes out."""

    proposal_id: str
    use_case: str
    action: str
    customer_id: str
    email: str
    subject: str
    body: str
    legal_basis: str
    sha256: str
    released_by: Sequence[str]
    expires_on: date
    is_begun: bool
    place: str | None  # where a run that was killed had begun to hand it over


@dataclass
class HandedOver:
    """What went where."""

    use_case: str
    action: str
    path: Path
    proposals: list[str]


@dataclass
class Handed:
    """All that one run handed over; `held` may not go out (yet), the reason by proposal_id."""

    lists: list[HandedOver] = field(default_factory=list)
    held: dict[str, Held] = field(default_factory=dict)


def hand_over(settings: Settings) -> Handed:
    """Hand over what is released and still allowed; a second time nothing goes out.

    The legal gate is asked again, and so are the stage and the YAML: between proposal and release
    somebody may have objected.

    Raises:
        ConfigurationError: `config/proposals.yml` is wrong; nothing goes out.
        OutboxError: the outbox cannot be written; the next run tries again.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    rules, reached = load_rules(settings), stages(settings)
    actions = {
        (use.name, name): action
        for use in read_uses(settings).readable
        for name, action in use.actions_at(reached.get(use.name, 0)).items()
    }
    handed = Handed()
    with open_warehouse(settings) as connection:
        waiting = _read_released(connection, settings)
        if not waiting:  # perhaps there are no marts yet
            return handed
        allowed = _choose(connection, settings, rules, waiting, actions, handed)
        _take_back(connection, settings, waiting, allowed)
        for (use_case, name, _place), group in groupby(allowed, key=_batch_of):
            batch = list(group)
            path = _path_of(settings, batch)
            _begin(connection, settings, batch, path)
            try:
                write_list(path, batch)
            except OSError as error:
                raise _not_written(connection, batch, path, error) from error
            _confirm(connection, batch)
            ids = [one.proposal_id for one in batch]
            handed.lists.append(HandedOver(use_case, name, path, ids))
    for line in tell(handed):
        logger.info("%s", line)
    return handed


def tell(handed: Handed) -> list[str]:
    """Say what went where and what is held, a line each, in the set language."""
    lines = []
    for one in handed.lists:
        told = _("{place}: {count} handed over: {path}")
        place = f"{one.use_case}.{one.action}"
        lines.append(told.format(place=place, count=len(one.proposals), path=one.path))
    for reason in dict.fromkeys(handed.held.values()):
        ids = [name for name, why in handed.held.items() if why == reason]
        told = _("released, but not handed over: {reason}: {ids}")
        lines.append(told.format(reason=_held(reason), ids=", ".join(ids)))
    return lines


def _held(reason: Held) -> str:
    if reason == "not_in_force":
        return _("not in force at this stage, or its YAML is wrong")
    if reason == "not_released":
        return _("its YAML wants more releases by now")
    if reason == "mailbox_had_one":
        return _("the mailbox got another mail not long ago")
    return refusal(reason)


def _batch_of(one: Released) -> tuple[str, str, str]:
    return one.use_case, one.action, one.place or ""


def _read_released(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[Released]:
    """Return what is released, and what a killed run had begun, in the order of the batches."""
    rows = connection.execute(
        "select proposal_id, use_case, action, customer_id, email, subject, body,"
        f" legal_basis_{settings.language}, sha256, released_by, expires_on, is_begun, place"
        " from ops.proposal_states where channel = 'mailing_list'"
        " and (state = 'released' and expires_on >= ? or is_begun)"
        " order by not is_begun, use_case, action, place, proposal_id",
        [settings.night],
    ).fetchall()
    return [Released(*row) for row in rows]


def _choose(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    rules: Rules,
    waiting: Sequence[Released],
    actions: Mapping[tuple[str, str], Action],
    handed: Handed,
) -> list[Released]:
    """Return what may go out; why the others may not stands in `handed`."""
    who = ((one.customer_id, one.email) for one in waiting)
    standings = read_standings(connection, who, settings.night)
    mailed = _read_mailed(connection, settings, rules.mailbox_days)
    allowed: list[Released] = []
    for one in waiting:
        held: Held | None = None
        action = actions.get((one.use_case, one.action))
        if action is None:
            held = "not_in_force"
        elif len(one.released_by) < action.releases:
            held = "not_released"
        elif rules.mailbox_days and one.email in mailed:
            held = "mailbox_had_one"
        else:
            standing = standings[one.customer_id, one.email]
            held = judge(action.legal_basis, standing, writes_mail=True).refused
        if held:
            handed.held[one.proposal_id] = held
        else:
            mailed.add(one.email)
            allowed.append(one)
    return allowed


def _read_mailed(connection: duckdb.DuckDBPyConnection, settings: Settings, days: int) -> set[str]:
    """Return the mailboxes that got a mail too near to tonight; what was only begun is none."""
    rows = connection.execute(
        "select distinct email from ops.proposal_states where state = 'sent' and not is_begun"
        " and channel = 'mailing_list' and delivered_on > ?",
        [settings.night - timedelta(days=days)],
    ).fetchall()
    return {email for (email,) in rows}


def _take_back(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    waiting: Sequence[Released],
    allowed: Sequence[Released],
) -> None:
    """Undo what a killed run began and what may not go out any more, its file included."""
    kept = {one.proposal_id for one in allowed}
    undone = [one for one in waiting if one.is_begun and one.proposal_id not in kept]
    places = {one.place for one in allowed if one.is_begun}
    for place in {one.place for one in undone} - places:
        (settings.home / str(place)).unlink(missing_ok=True)
    _forget(connection, undone)


def _not_written(
    connection: duckdb.DuckDBPyConnection, batch: Sequence[Released], path: Path, error: OSError
) -> OutboxError:
    """Undo what was begun, and say what is wrong."""
    if not path.exists():
        _forget(connection, batch)
    told = _("{path} cannot be written ({problem}). Nothing of it counts as sent.")
    return OutboxError(told.format(path=path, problem=error.strerror or error))


def _forget(connection: duckdb.DuckDBPyConnection, batch: Sequence[Released]) -> None:
    connection.execute(
        "delete from ops.deliveries where proposal_id in (select unnest(?::varchar[]))",
        [[one.proposal_id for one in batch]],
    )


def _path_of(settings: Settings, batch: Sequence[Released]) -> Path:
    first = batch[0]
    if first.place:
        return settings.home / first.place
    ids = "".join(one.proposal_id for one in batch)
    part = hashlib.sha256(ids.encode()).hexdigest()[:6]
    name = f"{settings.night}_{first.use_case}_{first.action}_{part}.csv"
    return settings.outbox / FOLDER / name


def _begin(
    connection: duckdb.DuckDBPyConnection, settings: Settings, batch: Sequence[Released], path: Path
) -> None:
    place = path.relative_to(settings.home).as_posix()
    connection.execute(
        "insert or ignore into ops.deliveries"
        " select unnest(?::varchar[]), unnest(?::varchar[]), ?, ?, null",
        [
            [one.proposal_id for one in batch],
            [one.sha256 for one in batch],
            place,
            settings.night,
        ],
    )


def _confirm(connection: duckdb.DuckDBPyConnection, batch: Sequence[Released]) -> None:
    connection.execute(
        "update ops.deliveries set confirmed_at = ?"
        " where proposal_id in (select unnest(?::varchar[]))",
        [datetime.now(UTC).replace(tzinfo=None), [one.proposal_id for one in batch]],
    )
