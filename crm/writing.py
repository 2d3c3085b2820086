"""Writing a plan: batches at the CRM's limit, several at once, each row accounted for.

Round by round: announce in the ledger, write into the CRM, confirm in the ledger. A push that is
killed leaves one round announced, and the next push reads in the CRM what became of it. Just before
each batch its records are read once more: what a person changed since the push began stays theirs.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

from config import Settings
from config.language import _
from crm import ledger
from crm.calling import patiently
from crm.config import CrmConfig
from crm.connectors import Connector
from crm.diff import spare_edits
from crm.errors import CrmError, CrmRejectedError, CrmUnreachableError
from crm.fields import SHOWN_FIELDS
from crm.ledger import Announced
from crm.planning import read_records
from crm.records import TARGETS, Change, Outcome, Target, target_name

logger = logging.getLogger(__name__)
Batch = dict[int, Change]  # by number within the push
MANY: Final = 5
"""So many refused records and none accepted: it is not the records. Fewer may be bad luck, and
must not keep the rest from being written; those that were refused last time do not count."""
ROWS_A_ROUND: Final = 1000
BATCHES_A_WORKER: Final = 4
"""A round takes this many batches of each worker, up to so many rows: each round opens the
warehouse twice, and as much is read again when a push is killed."""
LOCK_TRIES, LOCK_PAUSE_SECONDS = 3, 0.5
"""A record that somebody else holds or has just changed is read and written again, so often."""


class Progress(Protocol):
    """Told after each round: how many of how many records of a target are done."""

    def __call__(self, target: Target, done: int, count: int) -> None:
        """Take note."""


@dataclass
class _Round:
    """What is announced together, by number within the push.

    `sent`: what was written in the end, without what a person changed meanwhile; `unsure`: the rows
    of a call without an answer. Refused when tried again, they may have been written all the same:
    the next push reads what the CRM shows.
    """

    announced: Batch
    sent: Batch = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    unsure: set[int] = field(default_factory=set)

    @property
    def written(self) -> dict[int, str]:
        """The CRM's ids of what was written."""
        return {
            number: one.crm_id
            for number, one in self.outcomes.items()
            if one.crm_id and not one.refused and self.sent[number].writes
        }

    @property
    def known(self) -> list[int]:
        """The numbers of which it is known what became of them."""
        return [n for n, one in self.outcomes.items() if not (one.refused and n in self.unsure)]


class Writer:
    """One push through one connector.

    `overwrite`: also what a person changed while the push ran is written over. `written`: so many
    records the CRM has accepted.
    """

    def __init__(
        self,
        settings: Settings,
        connector: Connector,
        config: CrmConfig,
        push_id: str,
        progress: Progress | None = None,
        *,
        overwrite: bool = False,
    ) -> None:
        self._settings, self._connector, self._config = settings, connector, config
        self._push_id = push_id
        self._progress = progress
        self._overwrite = overwrite
        self.written = 0
        self._refused_before = ledger.read_refused(settings, connector.name)
        self._next_number = 0

    def write(self, changes: Sequence[Change], parents: Mapping[str, str]) -> list[Change]:
        """Write what is to be written of one target.

        Args:
            changes: all of one target; those that write nothing come back as they are.
            parents: the CRM's id of each customer, for new records below it.

        Returns:
            The changes in their order, with the CRM's ids; a refused one is a `skip` with the
            CRM's reason.

        Raises:
            CrmError: the CRM refused all records of a round of several, or does not answer.

        """
        done = list(changes)
        places = {self._number(): place for place, one in enumerate(changes) if one.writes}
        todo = {number: _with_parent(changes[place], parents) for number, place in places.items()}
        written = 0
        for batches in _rounds(todo, self._batch_size, self._workers):
            one_round = self._write_round(batches)
            for number, outcome in one_round.outcomes.items():
                done[places[number]] = _after(one_round.sent[number], outcome)
            written += len(one_round.outcomes)
            if self._progress:
                self._progress(changes[0].target, written, len(todo))
        return done

    def _write_round(self, batches: Sequence[Batch]) -> _Round:
        one = _Round({number: change for batch in batches for number, change in batch.items()})
        ledger.announce(self._settings, self._connector.name, self._push_id, one.announced)
        try:
            with ThreadPoolExecutor(self._workers) as pool:
                calls = [pool.submit(self._write_batch, batch, one) for batch in batches]
                wait(calls, return_when=FIRST_EXCEPTION)
                for call in calls:  # those that have not begun, where one had no answer
                    call.cancel()
            for call in calls:
                if not call.cancelled():
                    call.result()
        finally:  # what is known is kept even where one of the batches had no answer
            less = {n: c for n, c in one.sent.items() if c is not one.announced[n]}
            ledger.settle(self._settings, self._push_id, one.written, one.known, less)
            self.written += len(one.written)
        refused = [one.announced[n] for n, outcome in one.outcomes.items() if outcome.refused]
        news = [each for each in refused if (each.target, each.key) not in self._refused_before]
        if len(refused) == len(one.outcomes) and len(news) >= MANY and not self.written:
            ledger.keep_refused(self._settings, self._connector.name, refused, is_all=False)
            first = next(iter(one.outcomes.values()))
            raise CrmError(
                _("The CRM refused all {count} records of a batch of {target}: {reason}").format(
                    count=len(refused), target=target_name(news[0].target), reason=first.refused
                )
            )
        return one

    def _write_batch(self, batch: Batch, one_round: _Round, tries: int = LOCK_TRIES) -> None:
        """Write a batch; if the CRM refuses it whole, halve it until the bad rows stand alone.

        Args:
            batch: the changes, of one kind.
            one_round: gets what was sent of each and what became of it.
            tries: so often a record that somebody else holds or has just changed is tried.

        """
        try:
            answers = patiently(self._config.attempts, partial(self._try_batch, batch, one_round))
        except CrmRejectedError as error:
            numbers = list(batch)
            if len(numbers) == 1:
                told = Outcome(refused=str(error), kind=error.kind)
                one_round.outcomes.update(dict.fromkeys(batch, told))
                return
            middle = len(numbers) // 2
            for half in (numbers[:middle], numbers[middle:]):
                self._write_batch({n: batch[n] for n in half}, one_round, tries)
            return
        one_round.outcomes.update(answers)
        locked = {n: batch[n] for n, outcome in answers.items() if outcome.kind == "locked"}
        if locked and tries > 1:
            time.sleep(LOCK_PAUSE_SECONDS)
            self._write_batch(locked, one_round, tries - 1)

    def _try_batch(self, batch: Batch, one_round: _Round) -> dict[int, Outcome]:
        target, action = next((one.target, one.action) for one in batch.values())
        outcomes: dict[int, Outcome] = {}
        one_round.sent.update(batch)
        if action == "create":
            call = self._connector.create
        else:
            call = self._connector.write
            outcomes = self._look_again(target, batch, one_round.sent)
        due = {n: one_round.sent[n] for n in batch if n not in outcomes}
        if due:
            try:
                answers = call(target, list(due.values()))
            except CrmUnreachableError:
                one_round.unsure.update(due)
                raise
            outcomes |= zip(due, answers, strict=True)
        return outcomes

    def _look_again(self, target: Target, batch: Batch, sent: Batch) -> dict[int, Outcome]:
        """Read what the records show now; put into `sent` what is still to be written.

        Returns:
            What became of those of which nothing is to be written any more.

        """
        records = self._connector.read(target, [one.crm_id for one in batch.values() if one.crm_id])
        outcomes: dict[int, Outcome] = {}
        for number, change in batch.items():
            now = records.get(change.crm_id or "")
            if now is None:
                continue  # the CRM says in its own words what became of it
            if now.crm_id != change.crm_id:
                told = _("merged in the CRM into the record {crm_id}").format(crm_id=now.crm_id)
                outcomes[number] = Outcome(refused=told, kind="gone")
            elif not self._overwrite:
                sent[number] = spare_edits(change, now)
                if not sent[number].writes:
                    outcomes[number] = Outcome(change.crm_id)
        return outcomes

    def _number(self) -> int:
        self._next_number += 1
        return self._next_number

    @property
    def _batch_size(self) -> int:
        limit = self._connector.limits.batch
        return min(self._config.batch_size or limit, limit)

    @property
    def _workers(self) -> int:
        limit = self._connector.limits.parallel
        return min(self._config.parallel or limit, limit)


def find_arrived(
    connector: Connector, config: CrmConfig, announced: Sequence[Announced]
) -> dict[tuple[str, int], str]:
    """Read in the CRM what became of the round in which an earlier push was ended.

    Returns:
        The CRM's id of each row that was written, by push and number.

    """
    known: dict[tuple[str, int], str] = {}
    for target in TARGETS:
        mine = [one for one in announced if one.change.target == target]
        ids = {one.change.crm_id for one in mine if one.change.crm_id}
        keys = {one.change.key for one in mine if not one.change.crm_id}
        created = (
            patiently(config.attempts, partial(connector.find, target, "key", keys)) if keys else {}
        )
        found = {key: hits[0] for key, hits in created.items()}
        records = read_records(connector, config, target, ids | set(found.values()))
        for one in mine:
            crm_id = one.change.crm_id or found.get(one.change.key)
            if crm_id in records and _has_arrived(one.change, records[crm_id].values):
                known[one.push_id, one.number] = crm_id
    return known


def settle_announced(
    settings: Settings,
    announced: Sequence[Announced],
    known: Mapping[tuple[str, int], str],
) -> None:
    """Note what became of it, see `find_arrived`."""
    for push_id in {one.push_id for one in announced}:
        numbers = [one.number for one in announced if one.push_id == push_id]
        done = {number: known[push_id, number] for number in numbers if (push_id, number) in known}
        ledger.settle(settings, push_id, done, numbers)


def read_back(
    connector: Connector, config: CrmConfig, done: Sequence[Change], push_id: str
) -> list[str]:
    """Read a sample of what was written and return one sentence per record that shows otherwise."""
    problems = []
    for target in TARGETS:
        written = [c for c in done if c.target == target and c.writes and c.crm_id]
        # The seed is the push: looked into again, the same records are meant.
        sample = random.Random(push_id).sample(written, min(config.read_back, len(written)))  # noqa: S311
        ids = [change.crm_id for change in sample if change.crm_id]
        records = read_records(connector, config, target, ids) if ids else {}
        for change in sample:
            record = records.get(change.crm_id or "")
            if record is None or not _is_written(change, record.values):
                told = _(
                    "the CRM does not show on record {crm_id} ({target}) what was written for {key}"
                )
                problems.append(
                    told.format(target=target_name(target), crm_id=change.crm_id, key=change.key)
                )
    return problems


def _is_written(change: Change, shown: Mapping[str, object]) -> bool:
    from crm.fields import differing

    return not differing(change.writes, shown) & set(change.writes) & set(SHOWN_FIELDS)


def _has_arrived(change: Change, shown: Mapping[str, object]) -> bool:
    """Whether a write whose answer nobody knows was done.

    Only fields are sent that showed something else, and a record is written whole: one field that
    shows what was sent proves it, and those that do not have been changed by a person since. What
    was to be created was found by our key.
    """
    from crm.fields import differing

    if change.action == "create":
        return True
    sent = set(change.writes)
    return bool(sent & set(SHOWN_FIELDS) - differing(change.writes, shown)) or (
        "customer_no" in sent and change.writes["customer_no"] == shown.get("customer_no")
    )


def _with_parent(change: Change, parents: Mapping[str, str]) -> Change:
    master = change.master
    if master is None or not master.get("parent"):
        return change
    return change.model_copy(
        update={"master": master | {"parent_id": parents.get(master["parent"])}}
    )


def _after(change: Change, outcome: Outcome) -> Change:
    """Return the change with what became of it."""
    if outcome.refused is None:
        return change.model_copy(update={"crm_id": outcome.crm_id or change.crm_id})
    reason = _("refused by the CRM: {reason}").format(reason=outcome.refused)
    logger.info("%s %s: %s", change.target, change.key, reason)
    update = {"action": "skip", "reason": reason, "new_values": change.old_values, "writes": {}}
    update |= {"refused": outcome.refused, "refusal": outcome.kind}
    return change.model_copy(update=update)


def _rounds(todo: Batch, size: int, workers: int) -> Iterator[list[Batch]]:
    """Cut into batches of one kind each, so many at once; records to be created first."""
    batches = []
    for is_new in (True, False):
        numbers = [n for n, change in todo.items() if (change.action == "create") == is_new]
        batches += [
            {n: todo[n] for n in numbers[start : start + size]}
            for start in range(0, len(numbers), size)
        ]
    at_once = max(workers, min(ROWS_A_ROUND // size, BATCHES_A_WORKER * workers))
    for start in range(0, len(batches), at_once):
        yield batches[start : start + at_once]
