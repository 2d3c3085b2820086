"""What a push would do: reads the CRM, gives each row its records, compares."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from itertools import islice
from typing import Any, Final, NamedTuple

from config.language import _
from crm.calling import patiently
from crm.config import CrmConfig, Lookup
from crm.connectors import Connector
from crm.diff import find_changes
from crm.errors import CrmError
from crm.fields import SCORE_FIELDS, Values, label_of
from crm.guards import check_fresh, check_plausible
from crm.ledger import Written
from crm.matching import DELETED, Match, current_ids, is_unmatched, match
from crm.records import TARGETS, Change, Record, Row, Target, target_name

logger = logging.getLogger(__name__)
IDS_PER_READ: Final = 5000
"""So many ids a connector gets at once; it reads them at its own limit."""
FEW: Final = 20
"""Below so many ids it may be chance that the CRM knows none of them."""


class Plan(NamedTuple):
    """Per target what would be done, the records of each row, and those of the CRM's own export.

    `exported`: the records by the ids that the export gives them.
    """

    changes: dict[Target, list[Change]]
    matches: dict[Target, Match]
    exported: dict[Target, dict[str, Record]]

    def all(self) -> list[Change]:
        """Return the changes of all targets, parents first."""
        return [change for target in TARGETS for change in self.changes[target]]


def make_plan(
    connector: Connector,
    config: CrmConfig,
    rows: Mapping[Target, Sequence[Row]],
    written: Written,
    *,
    overwrite: bool = False,
) -> Plan:
    """Compare all targets; nothing is written.

    Args:
        connector: the CRM.
        config: `crm.yml`.
        rows: what should be shown.
        written: what earlier pushes left there.
        overwrite: write over fields that a person changed.

    Raises:
        CrmError: the CRM knows none of the ids that its own export gives, or shows on none of the
            records that earlier pushes wrote anything of that.

    """
    plan = Plan({}, {}, {})
    parents: set[str] | None = None
    for target in TARGETS:
        shown = patiently(config.attempts, partial(connector.shown, target))
        exported = _read_exported(connector, config, target, rows[target], shown)
        wanted = rows[target]
        if target == "opportunities":
            wanted = _without_echoes(wanted, exported)
        last_written = None if overwrite else written.values[target]
        found = _match(connector, config, target, wanted, written, exported, shown, last_written)
        if last_written is not None:
            _tell_lost_fields(target, last_written, found, shown)
        plan.matches[target], plan.exported[target] = found, exported
        plan.changes[target] = find_changes(
            target,
            wanted,
            found,
            shown,
            may_create=getattr(config.create, target),
            last_written=last_written,
            parents=parents,
        )
        parents = {
            key for key, records in found.records.items() if any(one.is_active for one in records)
        } | {change.key for change in plan.changes[target] if change.action == "create"}
    return plan


def check_plan(
    config: CrmConfig, rows: Mapping[Target, Sequence[Row]], plan: Plan, night: date
) -> None:
    """Stop a push that is not plausible, before anything is written.

    Raises:
        GuardError: see `crm.guards`.

    """
    for target in TARGETS:
        check_fresh(target, rows[target], night, config.guard)
        check_plausible(target, plan.changes[target], config.guard)


def read_records(
    connector: Connector,
    config: CrmConfig,
    target: Target,
    ids: Collection[str],
    id_field: str | None = None,
) -> dict[str, Record]:
    """Read records by id, several calls at once."""
    chunks = _chunks(sorted(set(ids)), IDS_PER_READ)
    return _gather(
        connector,
        config,
        [partial(connector.read, target, chunk, id_field) for chunk in chunks],
    )


def _read_rest(
    connector: Connector,
    config: CrmConfig,
    target: Target,
    ids: Collection[str],
    known: Mapping[str, Record],
) -> dict[str, Record]:
    """Return the records with these ids; those that were read already are not read again."""
    found = {crm_id: known[crm_id] for crm_id in ids if crm_id in known}
    return found | read_records(connector, config, target, set(ids) - found.keys())


def _match(
    connector: Connector,
    config: CrmConfig,
    target: Target,
    rows: Sequence[Row],
    written: Written,
    exported: Mapping[str, Record],
    shown: Mapping[str, Record],
    last_written: Mapping[str, Values] | None,
) -> Match:
    source = getattr(config.records, target)
    doubts: dict[str, str] = {}
    if source and source.id_field:  # the CRM's ids in place of the export's
        doubts = _doubtful(rows, exported, source.id_field)
        exported = {i: record for i, record in exported.items() if not record.rivals}
        rows = [_with_own_ids(row, exported, source.id_field) for row in rows]
        exported = {record.crm_id: record for record in exported.values()}
    by_id = _read_rest(connector, config, target, written.keys[target], {**shown, **exported})
    if last_written is not None:
        _require_same_crm(target, last_written, by_id)
    by_id |= exported
    own = current_ids(rows, by_id, written.ids(target))
    # Unless its own id or an earlier push says which of several records is meant, none is.
    doubts = {r.key: doubts[r.key] for r in rows if r.key in doubts and is_unmatched(r, by_id, own)}
    rows = [row for row in rows if row.key not in doubts]
    found: dict[Lookup, dict[str, list[str]]] = {}
    unmatched = [row for row in rows if is_unmatched(row, by_id, own)]
    for by in dict.fromkeys(("key", *config.find_by)):
        values = {row.key if by == "key" else row.lookups.get(by, "") for row in unmatched} - {""}
        if not values:
            continue
        hits = _find(connector, config, target, by, values)
        found[by] = hits
        unmatched = [
            row
            for row in unmatched
            if not hits.get(row.key if by == "key" else row.lookups.get(by, ""))
        ]
    by_lookup = {crm_id for hits in found.values() for ids in hits.values() for crm_id in ids}
    by_id |= read_records(connector, config, target, by_lookup - by_id.keys())
    matched = match(rows, by_id, own, found, config.find_by)
    matched = matched.model_copy(update={"reasons": matched.reasons | doubts})
    return _forget_a_former_crm(target, config, matched, own, by_id)


def _find(
    connector: Connector, config: CrmConfig, target: Target, by: Lookup, values: set[str]
) -> dict[str, list[str]]:
    chunks = _chunks(sorted(values), IDS_PER_READ)
    return _gather(
        connector,
        config,
        [partial(connector.find, target, by, chunk) for chunk in chunks],
    )


def _read_exported(
    connector: Connector,
    config: CrmConfig,
    target: Target,
    rows: Sequence[Row],
    shown: Mapping[str, Record],
) -> dict[str, Record]:
    """Return the records that the CRM's own export names, by the export's ids.

    Raises:
        CrmError: the CRM knows none of them.

    """
    ids = {crm_id for row in rows for crm_id in row.crm_ids}
    source = getattr(config.records, target)
    if not ids or source is None:
        return {}
    if source.id_field:
        found = read_records(connector, config, target, ids, source.id_field)
    else:
        found = _read_rest(connector, config, target, ids, shown)
    if len(ids) >= FEW and not found:
        raise CrmError(
            _(
                "Nothing was written: the CRM knows none of the {count} ids of {kind} in the"
                " source {source}, such as {example}. Is it this CRM's own export? If its key is"
                " not the CRM's id, name the field in crm.yml: records: {target}: id_field."
            ).format(
                count=len(ids),
                kind=target_name(target),
                source=source.source,
                example=min(ids),
                target=target,
            )
        )
    return found


def _without_echoes(rows: Sequence[Row], exported: Mapping[str, Record]) -> list[Row]:
    """Leave out opportunities that are nothing but what the push created for another lead.

    Read from the CRM as a source they look like leads of their own, which would take the record
    from the lead that it was made for. (Of companies, identity knows that both are one customer.)
    """
    keys = {row.key for row in rows}

    def is_echo(row: Row) -> bool:
        made_for = {exported[i].values.get("key") for i in row.crm_ids if i in exported}
        return bool(made_for) and made_for <= keys - {row.key}

    return [row for row in rows if not is_echo(row)]


def _doubtful(rows: Sequence[Row], exported: Mapping[str, Record], id_field: str) -> dict[str, str]:
    """Return per key why none of several records with the value that its export gives is taken."""
    told = _("{count} records of the CRM have {field} {value}: {ids}")
    return {
        row.key: told.format(
            count=1 + len(record.rivals),
            field=id_field,
            value=value,
            ids=", ".join((record.crm_id, *record.rivals)),
        )
        for row in rows
        for value in row.crm_ids
        if (record := exported.get(value)) and record.rivals
    }


def _with_own_ids(row: Row, exported: Mapping[str, Record], id_field: str) -> Row:
    """Put the CRM's ids in place of the export's; one that it does not know says so."""
    own = (exported[i].crm_id if i in exported else f"{id_field}={i}" for i in row.crm_ids)
    return row.model_copy(update={"crm_ids": tuple(own)})


def _require_same_crm(
    target: Target, last_written: Mapping[str, Values], by_id: Mapping[str, Record]
) -> None:
    """Make sure that the ids of the ledger are this CRM's: many count from 1, so all have a 7.

    Raises:
        CrmError: none of the records shows anything of what earlier pushes wrote there.

    """
    filled = {
        crm_id: {name: value for name, value in values.items() if value is not None}
        for crm_id, values in last_written.items()
    }
    filled = {crm_id: values for crm_id, values in filled.items() if values}
    # Of a small database only a few ids are there, too; where none is, it is a new CRM.
    known = {crm_id: values for crm_id, values in filled.items() if crm_id in by_id}
    if (
        not known
        or len(filled) < FEW
        or any(
            by_id[crm_id].values.get(name) == value
            for crm_id, values in known.items()
            for name, value in values.items()
        )
    ):
        return
    raise CrmError(
        _(
            "Nothing was written: none of the {count} records of {target} that earlier pushes wrote"
            " shows anything of it. If this is another CRM than before, call `reifegrad crm forget`"
            " once; if our fields were emptied in the same one, `reifegrad push --overwrite`."
        ).format(count=len(filled), target=target_name(target))
    )


def _tell_lost_fields(
    target: Target,
    last_written: Mapping[str, Values],
    found: Match,
    shown: Mapping[str, Record],
) -> None:
    """Tell of a field that is empty on every record: it may have been made anew.

    It counts as changed by people all the same: one of them may have emptied it in one go.
    """
    current = {one.crm_id: one for records in found.records.values() for one in records}
    current |= shown
    for name in SCORE_FIELDS:
        filled = [i for i, values in last_written.items() if i in current and values.get(name)]
        if len(filled) >= FEW and not any(current[i].values.get(name) for i in filled):
            told = _(
                "The field {field} is empty on all {count} records of {target} that earlier pushes"
                " filled. If it was made anew, call `reifegrad push --overwrite` once."
            )
            of = target_name(target)
            said = told.format(field=label_of(name), count=len(filled), target=of)
            logger.warning("%s", said)


def _forget_a_former_crm(
    target: Target,
    config: CrmConfig,
    found: Match,
    own: Mapping[str, Collection[str]],
    by_id: Mapping[str, Record],
) -> Match:
    """Let records be created again where all that was written is gone: it is a new CRM then."""
    ids = {crm_id for ids in own.values() for crm_id in ids}
    is_new = len(ids) > 1 and not ids & by_id.keys()
    if is_new:
        told = _(
            "None of the {count} records of {target} that earlier pushes wrote is in the CRM any"
            " more: it counts as a new one, in which each is looked for anew."
        )
        logger.warning("%s", told.format(count=len(ids), target=target_name(target)))
    if not (is_new or config.recreate_deleted):
        return found
    kept = {key: reason for key, reason in found.reasons.items() if reason != _(DELETED)}
    return found.model_copy(update={"reasons": kept, "is_new_crm": is_new})


def _gather(connector: Connector, config: CrmConfig, calls: Sequence[Any]) -> dict[str, Any]:
    """Do the calls, as many at once as connector and configuration allow; join their answers."""
    limit = connector.limits.parallel
    workers = max(1, min(config.parallel or limit, limit, len(calls)))
    joined: dict[str, Any] = {}
    with ThreadPoolExecutor(workers) as pool:
        for answer in pool.map(lambda call: patiently(config.attempts, call), calls):
            joined |= answer
    return joined


def _chunks(items: Sequence[str], size: int) -> Iterator[list[str]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
