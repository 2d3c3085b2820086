"""The push's data in the warehouse: the rows to show, and the ledger of what was written.

A ledger row without `crm_id` is announced, not yet confirmed: if the push was killed in between,
the next one looks in the CRM whether it was written. Names and addresses of new records are not
kept here: the ledger proves which scores were shown for a customer, and an erasure must not have to
search it for personal data.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import duckdb

from config import Settings
from config.language import _
from crm.diff import TARGETS, Change, Record, Row, Score, Target
from crm.errors import CrmError
from warehouse import open_warehouse

SHOWN = """
select target, key, new_values
from ops.push_ledger
where connector = ? and crm_id is not null
qualify row_number() over (partition by target, key order by pushed_at desc) = 1
"""


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


def read_warehouse(
    settings: Settings, connector: str, queries: Mapping[Target, str]
) -> tuple[dict[Target, list[Row]], dict[Target, set[str]], list[Change]]:
    """Return the rows to show, the keys written before, and what was only announced.

    Args:
        settings: which home.
        connector: its name, as the ledger has it.
        queries: see `Connector.queries`.

    Raises:
        CrmError: the views are not built yet, or a key comes twice.

    """
    with open_warehouse(settings) as warehouse:
        try:
            rows = {target: _read_rows(warehouse, target, queries[target]) for target in TARGETS}
        except duckdb.CatalogException as error:
            raise CrmError(
                _("The warehouse has no scores to show yet: run `reifegrad build` first.")
            ) from error
        written = _read_written_keys(warehouse, connector)
        unconfirmed = _read_unconfirmed(warehouse, connector)
    return rows, written, unconfirmed


def read_written_keys(settings: Settings, connector: str) -> dict[Target, set[str]]:
    """Return the keys of all records that pushes through this connector have written."""
    with open_warehouse(settings) as warehouse:
        return _read_written_keys(warehouse, connector)


def read_shown(settings: Settings, connector: str) -> dict[Target, dict[str, Record]]:
    """Return what the CRM shows after the confirmed pushes through this connector, by key."""
    with open_warehouse(settings) as warehouse:
        rows = warehouse.execute(SHOWN, [connector]).fetchall()
    shown: dict[Target, dict[str, Record]] = {target: {} for target in TARGETS}
    for target, key, values in rows:
        if values:
            score = Score(**json.loads(values))
            shown[target][key] = Record(key=key, crm_id=key, score=score)
    return shown


def read_open_push(settings: Settings, connector: str) -> str | None:
    """Return the id of the push that was announced and not confirmed, if there is one."""
    with open_warehouse(settings) as warehouse:
        found = warehouse.execute(
            "select max(push_id) from ops.push_ledger where connector = ? and crm_id is null",
            [connector],
        ).fetchone()
    return found[0] if found else None


def announce(settings: Settings, connector: str, push_id: str, batch: Sequence[Change]) -> None:
    """Note what is about to be written."""
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = [
        (
            *(push_id, now, connector, change.target, change.key, None, change.action),
            _to_text(change.old_values),
            _to_text(change.new_values),
        )
        for change in batch
    ]
    with open_warehouse(settings) as warehouse, _transaction(warehouse):
        warehouse.executemany(f"insert into ops.push_ledger values ({'?, ' * 8}?)", rows)


def settle(settings: Settings, connector: str, target: Target, ids: Mapping[str, str]) -> None:
    """Confirm announced rows that were written (the CRM's id per key); delete the others."""
    with open_warehouse(settings) as warehouse, _transaction(warehouse):
        open_rows = "crm_id is null and connector = ? and target = ?"
        warehouse.execute(
            "update ops.push_ledger set crm_id = written.crm_id"
            " from (select unnest(?) as key, unnest(?) as crm_id) as written"
            f" where push_ledger.key = written.key and push_ledger.{open_rows}",
            [list(ids.keys()), list(ids.values()), connector, target],
        )
        warehouse.execute(f"delete from ops.push_ledger where {open_rows}", [connector, target])


def _read_rows(warehouse: duckdb.DuckDBPyConnection, target: Target, query: str) -> list[Row]:
    cursor = warehouse.execute(query)
    names = [column[0] for column in cursor.description or []]
    rows = [_to_row(dict(zip(names, values, strict=True))) for values in cursor.fetchall()]
    twice = [first.key for first, second in pairwise(rows) if first.key == second.key]
    if twice:
        raise CrmError(
            _(
                "The key {key} comes twice among the {target} to show: run `reifegrad"
                " build`, its tests name the cause."
            ).format(key=twice[0], target=target)
        )
    return rows


def _to_row(values: dict[str, Any]) -> Row:
    score = None
    if values["points"] is not None:
        # The CRM trims texts; untrimmed they would look changed every night.
        values["reasons"] = (values["reasons"] or "").strip()
        score = Score(**{name: values[name] for name in Score.model_fields})
    own = {name: values[name] for name in ("key", "customer_no", "master", "parent")}
    return Row(score=score, **own)


def _read_written_keys(
    warehouse: duckdb.DuckDBPyConnection, connector: str
) -> dict[Target, set[str]]:
    keys: dict[Target, set[str]] = {target: set() for target in TARGETS}
    rows = warehouse.execute(
        "select distinct target, key from ops.push_ledger"
        " where connector = ? and crm_id is not null",
        [connector],
    ).fetchall()
    for target, key in rows:
        keys[target].add(key)
    return keys


def _read_unconfirmed(warehouse: duckdb.DuckDBPyConnection, connector: str) -> list[Change]:
    rows = warehouse.execute(
        "select target, key, action, new_values from ops.push_ledger"
        " where connector = ? and crm_id is null",
        [connector],
    ).fetchall()
    return [
        Change(target=target, key=key, action=action, new_values=json.loads(new) if new else None)
        for target, key, action, new in rows
    ]


def _to_text(values: dict[str, Any] | None) -> str | None:
    return json.dumps(values, ensure_ascii=False) if values else None


@contextmanager
def _transaction(warehouse: duckdb.DuckDBPyConnection) -> Iterator[None]:
    warehouse.begin()
    yield
    warehouse.commit()  # an exception closes the connection, which rolls back
