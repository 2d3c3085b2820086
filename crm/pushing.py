"""The push that all connectors share: read, compare, guard, write in batches, keep the ledger."""

from __future__ import annotations

import json
import logging
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar, get_args

from tenacity import (
    RetryCallState,
    retry,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
)

from config import Settings
from config.language import _
from crm import ledger
from crm.config import CrmConfig, load_config
from crm.connectors import Connector, open_connector
from crm.diff import TARGETS, Action, Change, Record, Row, Target, check_plausible, find_changes
from crm.errors import CrmError, CrmRejectedError, CrmUnreachableError

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
Plan = dict[Target, list[Change]]


def push(settings: Settings, dry_run: bool = False, force: bool = False) -> list[Change]:
    """Bring the scores in `sync.*` into the CRM: changed records only.

    A company without a CRM (`connector: excel`) gets them as an Excel list, see `crm.listing`.

    A push that was killed is finished by the next one; a second push changes nothing.

    Args:
        settings: which warehouse and which CRM.
        dry_run: only tell what would be done; nothing is written, neither here nor there.
        force: write even if more would change than `config/crm.yml` holds plausible.

    Returns:
        One `Change` per record, parties first. A record that the CRM refused is a `skip` with
        the CRM's reason.

    Raises:
        CrmError: see `crm.errors`; nothing half-written stays that the next push doesn't mend.

    """
    config = load_config(settings)
    if not config.has_crm:
        from crm.listing import push_list

        return push_list(settings, config, dry_run=dry_run, force=force)
    connector = open_connector(config.connector, settings)
    return push_through(connector, settings, dry_run=dry_run, force=force)


def push_through(
    connector: Connector, settings: Settings, *, dry_run: bool = False, force: bool = False
) -> list[Change]:
    """Do what `push` does through a connector that is open already."""
    config = load_config(settings)
    with ledger.one_push_at_a_time(settings):
        rows, written_before, unconfirmed = ledger.read_warehouse(
            settings, connector.name, connector.queries
        )
        if unconfirmed and not dry_run:
            _settle(settings, connector, config, unconfirmed)
            written_before = ledger.read_written_keys(settings, connector.name)
        plan = _plan(connector, config, rows, written_before, check=not (dry_run or force))
        if not dry_run:
            push_id = uuid.uuid4().hex
            for target in TARGETS:
                plan[target] = _write(settings, connector, config, push_id, plan[target])
    return [change for target in TARGETS for change in plan[target]]


def count_actions(changes: Sequence[Change]) -> dict[str, dict[str, int]]:
    """Return how many records per target and action, for summaries."""
    counts = Counter((change.target, change.action) for change in changes)
    return {
        target: {action: counts[target, action] for action in get_args(Action)}
        for target in TARGETS
    }


def to_json(changes: Sequence[Change]) -> str:
    """Return `{target: [row, …]}`: what `reifegrad push --dry-run --json` prints."""
    rows: dict[str, list[object]] = {target: [] for target in TARGETS}
    for change in changes:
        rows[change.target].append(change.model_dump(mode="json", exclude={"target"}))
    return json.dumps(rows, ensure_ascii=False, indent=2)


def _plan(
    connector: Connector,
    config: CrmConfig,
    rows: dict[Target, list[Row]],
    written_before: dict[Target, set[str]],
    *,
    check: bool,
) -> Plan:
    """Compare all targets before anything is written, so that a guard stops all or nothing."""
    plan: Plan = {}
    parents: set[str] = set()
    for target in TARGETS:
        keys = {row.key for row in rows[target]} | written_before[target]
        records = _read(connector, config, target, keys)
        plan[target] = find_changes(
            target,
            rows[target],
            records,
            config=config,
            written_before=written_before[target],
            parents=parents,
        )
        if check:
            check_plausible(target, plan[target], records, config.guard)
        parents = {key for key, record in records.items() if record.is_active}
        parents |= {change.key for change in plan[target] if change.action == "create"}
    return plan


def _read(
    connector: Connector, config: CrmConfig, target: Target, keys: set[str]
) -> dict[str, Record]:
    scored = _patiently(config, lambda: connector.scored_keys(target))
    return _patiently(config, lambda: connector.read(target, keys | scored))


def _write(
    settings: Settings,
    connector: Connector,
    config: CrmConfig,
    push_id: str,
    changes: Sequence[Change],
) -> list[Change]:
    """Write batch by batch: announce in the ledger, write into the CRM, confirm in the ledger."""
    done = {change.key: change for change in changes}
    todo = [change for change in changes if change.action != "skip"]
    for start in range(0, len(todo), config.batch_size):
        batch = todo[start : start + config.batch_size]
        ledger.announce(settings, connector.name, push_id, batch)
        ids, refused = _write_batch(connector, config, batch)
        ledger.settle(settings, connector.name, batch[0].target, ids)
        if len(batch) == len(refused) > 1:
            raise CrmError(
                _("The CRM refused all {count} records of a batch of {target}: {reason}").format(
                    count=len(batch), target=batch[0].target, reason=refused[batch[0].key]
                )
            )
        for change in batch:
            done[change.key] = change.model_copy(update={"crm_id": ids.get(change.key)})
        for key, message in refused.items():
            reason = _("refused by the CRM: {reason}").format(reason=message)
            logger.warning("%s %s: %s", batch[0].target, key, reason)
            update = {"action": "skip", "reason": reason, "new_values": done[key].old_values}
            done[key] = done[key].model_copy(update=update)
        told = _("{target}: {done} of {count} written")
        logger.info(told.format(target=batch[0].target, done=start + len(batch), count=len(todo)))
    return list(done.values())


def _write_batch(
    connector: Connector, config: CrmConfig, batch: Sequence[Change]
) -> tuple[dict[str, str], dict[str, str]]:
    """Write a batch; if the CRM refuses it, halve it until the refused records stand alone.

    Returns:
        The CRM's ids and the reasons of refusal, each by key.

    """
    try:
        return _patiently(config, lambda: connector.write(batch[0].target, batch)), {}
    except CrmRejectedError as error:
        if len(batch) == 1:
            return {}, {batch[0].key: str(error)}
    middle = len(batch) // 2
    halves = [_write_batch(connector, config, half) for half in (batch[:middle], batch[middle:])]
    return halves[0][0] | halves[1][0], halves[0][1] | halves[1][1]


def _settle(
    settings: Settings, connector: Connector, config: CrmConfig, unconfirmed: list[Change]
) -> None:
    """Find out what became of the batch in which an earlier push was killed."""
    for target in TARGETS:
        announced = {change.key: change for change in unconfirmed if change.target == target}
        records = _read(connector, config, target, set(announced))
        ids = {
            key: records[key].crm_id
            for key, change in announced.items()
            if key in records and _is_written(change, records[key])
        }
        ledger.settle(settings, connector.name, target, ids)


def _is_written(change: Change, record: Record) -> bool:
    shown = record.score.model_dump(mode="json") if record.score else None
    return shown == change.new_values


def _patiently(config: CrmConfig, call: Callable[[], Result]) -> Result:
    """Call, and retry with growing pauses while the CRM does not answer."""
    again = retry(
        retry=retry_if_exception_type(CrmUnreachableError),
        stop=stop_after_attempt(config.attempts),
        wait=wait_exponential(max=30),
        before_sleep=_tell_outage,
        reraise=True,
    )
    return again(call)()


def _tell_outage(state: RetryCallState) -> None:
    """Log once that the CRM does not answer, not at each retry."""
    if state.attempt_number == 1 and state.outcome:
        told = _("{error} It is tried again.")
        logger.warning(told.format(error=state.outcome.exception()))
