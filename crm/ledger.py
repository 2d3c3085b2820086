"""The push's data in the warehouse: the rows to show, and the ledger of what was written.

A ledger row without `confirmed_at` is announced, not yet confirmed: if the push was killed in
between, the next one looks in the CRM whether it was written. `ops.crm_records` holds what all
confirmed rows together have left on a record. Names and addresses of new records are not kept
here: the ledger proves which scores were shown for a customer, and an erasure must not have to
search it for personal data.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import duckdb

from config import Settings
from config.language import _
from crm.errors import CrmError
from crm.fields import SHOWN_FIELDS, Values
from crm.records import TARGETS, Change, Record, Target
from warehouse import open_warehouse


class Written(NamedTuple):
    """What earlier pushes left in the CRM, per target: the values per record, its key."""

    values: dict[Target, dict[str, Values]]
    keys: dict[Target, dict[str, str]]

    def ids(self, target: Target) -> dict[str, list[str]]:
        """Return the records per key."""
        found: dict[str, list[str]] = {}
        for crm_id, key in sorted(self.keys[target].items()):
            found.setdefault(key, []).append(crm_id)
        return found


class Announced(NamedTuple):
    """A row whose outcome is not known: the push that announced it, its number there."""

    push_id: str
    number: int
    change: Change


@contextmanager
def one_push_at_a_time(settings: Settings) -> Iterator[None]:
    """Hold a lock that is released with the process, however it ends."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "push.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CrmError(_("Another push is running: wait until it is done.")) from None
        yield


def read_written(settings: Settings, connector: str) -> Written:
    """Return what the confirmed pushes through this connector left in the CRM."""
    with open_warehouse(settings) as warehouse:
        rows = warehouse.execute(
            'select target, crm_id, key, "values" from ops.crm_records where connector = ?',
            [connector],
        ).fetchall()
    written = Written({target: {} for target in TARGETS}, {target: {} for target in TARGETS})
    for target, crm_id, key, values in rows:
        written.values[target][crm_id] = json.loads(values)
        written.keys[target][crm_id] = key
    return written


def assume_arrived(
    written: Written, announced: Sequence[Announced], arrived: Mapping[tuple[str, int], str]
) -> Written:
    """Return what `settle` would make of the ledger; a dry run changes nothing here either.

    Args:
        written: what the confirmed pushes left.
        announced: the rows whose outcome was not known.
        arrived: the CRM's id of those that were written, by push and number.

    """
    values = {target: dict(records) for target, records in written.values.items()}
    keys = {target: dict(records) for target, records in written.keys.items()}
    for one in announced:
        crm_id = arrived.get((one.push_id, one.number))
        if crm_id is not None:
            target = one.change.target
            values[target][crm_id] = values[target].get(crm_id, {}) | one.change.writes
            keys[target][crm_id] = one.change.key
    return Written(values, keys)


def read_shown(settings: Settings, connector: str) -> dict[Target, dict[str, Record]]:
    """Return what the CRM shows after the confirmed pushes through this connector, by its id."""
    written = read_written(settings, connector)
    return {
        target: {
            crm_id: Record(crm_id=crm_id, values=values)
            for crm_id, values in written.values[target].items()
            if any(values.get(name) is not None for name in SHOWN_FIELDS)
        }
        for target in TARGETS
    }


def read_announced(settings: Settings, connector: str) -> list[Announced]:
    """Return the rows of earlier pushes whose outcome is not known."""
    with open_warehouse(settings) as warehouse:
        rows = warehouse.execute(
            "select push_id, number, target, key, crm_id, action, writes, new_values"
            " from ops.push_ledger where connector = ? and confirmed_at is null"
            " order by push_id, number",
            [connector],
        ).fetchall()
    return [
        Announced(
            push_id,
            number,
            Change(
                target=target, key=key, crm_id=crm_id, action=action,
                writes=json.loads(writes or "{}"), new_values=json.loads(new) if new else None,
            ),
        )
        for push_id, number, target, key, crm_id, action, writes, new in rows
    ]  # fmt: skip


def announce(
    settings: Settings, connector: str, push_id: str, changes: Mapping[int, Change]
) -> None:
    """Note what is about to be written, by its number within the push."""
    if not changes:
        return
    listed = list(changes.values())
    columns: dict[str, list[Any]] = {
        "number": list(changes),
        "target": [change.target for change in listed],
        "key": [change.key for change in listed],
        "crm_id": [change.crm_id for change in listed],
        "action": [change.action for change in listed],
        "old_values": [_to_text(change.old_values) for change in listed],
        "new_values": [_to_text(change.new_values) for change in listed],
        "writes": [_to_text(change.writes) for change in listed],
    }
    unnested = ", ".join(f"unnest(${name}) as {name}" for name in columns)
    with open_warehouse(settings) as warehouse, _transaction(warehouse):
        warehouse.execute(
            "insert into ops.push_ledger by name"
            " select $push_id as push_id, $connector as connector, $now as pushed_at, * replace ("
            " old_values::json as old_values, new_values::json as new_values,"
            f" writes::json as writes) from (select {unnested})",
            {"push_id": push_id, "connector": connector, "now": _now(), **columns},
        )


def settle(
    settings: Settings,
    push_id: str,
    ids: Mapping[int, str],
    asked: Sequence[int],
    sent: Mapping[int, Change] | None = None,
) -> None:
    """Confirm announced rows that were written; delete the others.

    Args:
        settings: which home.
        push_id: the push that announced them.
        ids: the CRM's id per number that was written.
        asked: the numbers whose outcome is known now.
        sent: what was written of those of which less was written than announced.

    """
    values = {"push_id": push_id, "now": _now()}
    with open_warehouse(settings) as warehouse, _transaction(warehouse):
        _lessen(warehouse, push_id, sent or {})
        warehouse.execute(
            "update ops.push_ledger set crm_id = known.crm_id, confirmed_at = $now"
            " from (select unnest($numbers) as number, unnest($ids) as crm_id) as known"
            " where push_ledger.push_id = $push_id and push_ledger.number = known.number"
            " and confirmed_at is null",
            values | {"numbers": list(ids), "ids": list(ids.values())},
        )
        # json_merge_patch drops a field that is null: then nothing is shown there, as is meant.
        warehouse.execute(
            "insert into ops.crm_records"
            " select connector, target, crm_id, push_ledger.key,"
            " json_merge_patch(coalesce(old.values, '{}'), writes), $now"
            " from ops.push_ledger left join ops.crm_records as old"
            " using (connector, target, crm_id)"
            " where push_id = $push_id and number in (select unnest($numbers))"
            # Merged meanwhile, two records that were written are one.
            " qualify row_number() over (partition by crm_id, target order by number desc) = 1"
            " on conflict do update set key = excluded.key,"
            ' "values" = excluded."values", written_at = excluded.written_at',
            values | {"numbers": list(ids)},
        )
        warehouse.execute(
            "delete from ops.push_ledger where push_id = ? and confirmed_at is null"
            " and number in (select unnest(?))",
            [push_id, list(asked)],
        )


def _lessen(warehouse: duckdb.DuckDBPyConnection, push_id: str, sent: Mapping[int, Change]) -> None:
    """Note of announced rows that less was written."""
    for number, change in sent.items():
        texts = map(_to_text, (change.writes, change.old_values, change.new_values))
        warehouse.execute(
            "update ops.push_ledger set writes = ?, old_values = ?, new_values = ?"
            " where push_id = ? and number = ?",
            [*texts, push_id, number],
        )


def keep_problem(settings: Settings, connector: str, problem: str) -> None:
    """Keep why a push failed, until one does not; of the CRM that is in use now."""
    with open_warehouse(settings) as warehouse:
        warehouse.execute("delete from ops.push_problems where connector <> ?", [connector])
        warehouse.execute(
            "insert into ops.push_problems values ($connector, $problem, $now, $now)"
            " on conflict do update set problem = excluded.problem, failed_at = excluded.failed_at",
            {"connector": connector, "problem": problem, "now": _now()},
        )


def clear_problem(settings: Settings) -> None:
    """Take note that a push went through."""
    with open_warehouse(settings) as warehouse:
        warehouse.execute("delete from ops.push_problems")


def read_refused(settings: Settings, connector: str) -> set[tuple[str, str]]:
    """Return target and key of the records that the CRM refused when they were sent last."""
    with open_warehouse(settings) as warehouse:
        rows: list[tuple[str, str]] = warehouse.execute(
            "select target, key from ops.push_refusals where connector = ?", [connector]
        ).fetchall()
    return set(rows)


def keep_refused(
    settings: Settings, connector: str, refused: Collection[Change], *, is_all: bool
) -> None:
    """Keep which records the CRM refused; `is_all`: all others were accepted, or not sent."""
    with open_warehouse(settings) as warehouse, _transaction(warehouse):
        if is_all:
            warehouse.execute("delete from ops.push_refusals where connector = ?", [connector])
        warehouse.execute(
            "insert or ignore into ops.push_refusals"
            " select distinct $connector, * from (select unnest($targets), unnest($keys))",
            {
                "connector": connector,
                "targets": [change.target for change in refused],
                "keys": [change.key for change in refused],
            },
        )


def forget(settings: Settings, connector: str, target: Target) -> None:
    """Forget which records earlier pushes wrote; what they showed stays in the push ledger."""
    with open_warehouse(settings) as warehouse, _transaction(warehouse):
        warehouse.execute(
            "delete from ops.crm_records where connector = ? and target = ?", [connector, target]
        )
        if target == "parties":  # tasks hang on them: in a new CRM their ids are others' tasks
            warehouse.execute("delete from ops.crm_tasks where connector = ?", [connector])


class Known(NamedTuple):
    """How much is known of a CRM: records that show something of ours, tasks of the day's list."""

    parties: int
    opportunities: int
    tasks: int


def count_known(settings: Settings, connector: str) -> Known:
    """Count what earlier nights left in the CRM, as far as it is known here."""
    with open_warehouse(settings) as warehouse:
        found = warehouse.execute(
            "select count(*) filter (target = 'parties'),"
            " count(*) filter (target = 'opportunities'),"
            " (select count(*) from ops.crm_tasks where connector = $1)"
            " from ops.crm_records where connector = $1",
            [connector],
        ).fetchone()
    return Known(*(found or (0, 0, 0)))


def forget_crm(settings: Settings, connector: str) -> Known:
    """Forget which records and tasks of a CRM are ours: another one takes its place.

    No CRM is asked or changed. The confirmed rows of `ops.push_ledger`, which prove what was shown
    of whom, and the feedback that came from there stay.

    Raises:
        CrmError: a push is running.

    """
    with one_push_at_a_time(settings):
        known = count_known(settings, connector)
        with open_warehouse(settings) as warehouse, _transaction(warehouse):
            for table in ("crm_records", "crm_tasks", "push_refusals"):
                warehouse.execute(f"delete from ops.{table} where connector = ?", [connector])
            warehouse.execute(  # else they would be looked for among the new one's records
                "delete from ops.push_ledger where connector = ? and confirmed_at is null",
                [connector],
            )
            warehouse.execute("delete from ops.push_problems")
    return known


def _to_text(values: Values | None) -> str | None:
    return json.dumps(values, ensure_ascii=False) if values is not None else None


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@contextmanager
def _transaction(warehouse: duckdb.DuckDBPyConnection) -> Iterator[None]:
    warehouse.begin()
    yield
    warehouse.commit()  # an exception closes the connection, which rolls back
