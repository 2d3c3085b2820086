"""The push that all connectors share: read, compare, guard, write, read back."""

from __future__ import annotations

import json
import logging
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypedDict, Unpack, get_args

from config import ConfigurationError, Settings
from config.language import _
from crm import ledger
from crm.config import CrmConfig, load_config
from crm.connectors import Connector, open_connector
from crm.desired import read_rows
from crm.errors import CrmError, CrmUnreachableError
from crm.planning import Plan, check_plan, make_plan
from crm.records import TARGETS, Action, Change, Row, Target
from crm.refusals import FILE as REJECTED
from crm.refusals import tell_refused, write_rejected
from crm.writing import Progress, Writer, find_arrived, read_back, settle_announced

logger = logging.getLogger(__name__)


class Options(TypedDict, total=False):
    """What a push can be told besides; see `push`."""

    only: str | None
    overwrite: bool
    objections_only: bool
    next_steps: Mapping[str, str] | None
    proposals: Mapping[str, str] | None
    progress: Progress | None


def push(
    settings: Settings,
    dry_run: bool = False,
    force: bool = False,
    **options: Unpack[Options],
) -> list[Change]:
    """Bring the scores in `sync.*` into the CRM: changed records only.

    A company without a CRM (`connector: excel`) gets them as an Excel list, see `crm.listing`.

    A push that was killed is finished by the next one; a second push changes nothing. Whoever
    objected to profiling is cleared first, and no guard holds that back. Why it failed is kept for
    `reifegrad status`, until one succeeds.

    Args:
        settings: which warehouse and which CRM.
        dry_run: only tell what would be done; nothing is written, neither here nor there.
        force: write even if more would change than `config/crm.yml` holds plausible.
        only: a key, an ERP number or a part of a name: nothing but these records is written.
        overwrite: write over fields of ours that a person changed in the CRM.
        objections_only: clear who objected to profiling; of all else only tell, as a dry run does.
        next_steps: what to do next, by customer_id or lead_id; shown beside the score.
        proposals: what is proposed, by customer_id or lead_id; no text: nothing is, any more.
        progress: told after each round.

    Returns:
        One `Change` per record, parties first. A record that the CRM refused is a `skip` with
        the CRM's reason.

    Raises:
        CrmError: see `crm.errors`; nothing half-written stays that the next push doesn't mend.

    """
    config = load_config(settings)
    if dry_run or options.get("only") is not None:  # what a person tries is no word on the nights
        return _push(settings, config, dry_run=dry_run, force=force, **options)
    try:
        changes = _push(settings, config, dry_run=dry_run, force=force, **options)
    except (CrmError, ConfigurationError) as error:
        ledger.keep_problem(settings, config.connector, " ".join(str(error).split()))
        raise
    if not options.get("objections_only"):
        ledger.clear_problem(settings)
    return changes


def _push(
    settings: Settings,
    config: CrmConfig,
    *,
    dry_run: bool,
    force: bool,
    **options: Unpack[Options],
) -> list[Change]:
    """Push into the CRM, or without one into the list."""
    if not config.has_crm:
        from crm.listing import push_list

        only_tell = dry_run or options.get("objections_only", False)
        return push_list(settings, config, dry_run=only_tell, force=force)
    connector = open_connector(settings, config)
    return push_through(connector, settings, dry_run=dry_run, force=force, **options)


def push_through(
    connector: Connector,
    settings: Settings,
    *,
    dry_run: bool = False,
    force: bool = False,
    only: str | None = None,
    overwrite: bool = False,
    objections_only: bool = False,
    next_steps: Mapping[str, str] | None = None,
    proposals: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> list[Change]:
    """Do what `push` does through a connector that is open already."""
    config = load_config(settings)
    with ledger.one_push_at_a_time(settings):
        rows = read_rows(settings, config, next_steps or {}, proposals)
        announced = ledger.read_announced(settings, connector.name)
        arrived = find_arrived(connector, config, announced)
        if announced and not dry_run:
            settle_announced(settings, announced, arrived)
        written = ledger.read_written(settings, connector.name)
        if dry_run:
            written = ledger.assume_arrived(written, announced, arrived)
        plan = make_plan(connector, config, rows, written, overwrite=overwrite)
        if only is not None:
            plan = _only(plan, rows, only)
        if dry_run:
            return plan.all()
        for target in TARGETS:
            # Once a few are created here, those left over would count as deleted.
            if plan.matches[target].is_new_crm:
                ledger.forget(settings, connector.name, target)
        push_id = uuid.uuid4().hex
        writer = Writer(settings, connector, config, push_id, progress, overwrite=overwrite)
        cleared = {target: _clear_objections(writer, plan, target) for target in TARGETS}
        _list_duplicates(settings, config, rows, plan)
        if objections_only:
            return plan.all()
        if not force:
            check_plan(config, rows, plan, settings.night)
        try:
            done = _write(writer, plan, cleared)
        except CrmUnreachableError as error:
            raise _broken_off(error, writer.written, plan) from error
        refused = [change for change in done if change.refused is not None]
        tell_refused(refused)
        if only is None:  # else the list would lose all others
            write_rejected(settings.review / REJECTED, refused)
            ledger.keep_refused(settings, connector.name, refused, is_all=True)
        for problem in read_back(connector, config, done, push_id):
            logger.warning("%s", problem)
    return done


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


def _list_duplicates(
    settings: Settings, config: CrmConfig, rows: Mapping[Target, Sequence[Row]], plan: Plan
) -> None:
    """Renew the list of customers that the CRM has more than once."""
    from crm.duplicates import FILE, find_duplicates, read_cards, write_duplicates

    source = config.records.parties
    if source is None:
        return
    several = [row for row in rows["parties"] if len(row.crm_ids) > 1]
    cards = read_cards(settings, source.source, [i for row in several for i in row.crm_ids])
    found = find_duplicates(several, plan.exported["parties"], cards)
    write_duplicates(settings.review / FILE, found)


def _clear_objections(writer: Writer, plan: Plan, target: Target) -> dict[int, Change]:
    """Empty the fields of whoever objected to profiling; by place in the plan."""
    places = [
        place
        for place, change in enumerate(plan.changes[target])
        if change.has_objected and change.action == "clear"
    ]
    done = writer.write([plan.changes[target][place] for place in places], {})
    return dict(zip(places, done, strict=True))


def _write(
    writer: Writer, plan: Plan, cleared: Mapping[Target, Mapping[int, Change]]
) -> list[Change]:
    """Write all that is not cleared already, customers before what belongs to them."""
    parents: dict[str, str] = {}
    done: list[Change] = []
    for target in TARGETS:
        changes = plan.changes[target]
        rest = [place for place in range(len(changes)) if place not in cleared[target]]
        written = dict(
            zip(rest, writer.write([changes[place] for place in rest], parents), strict=True)
        )
        written |= cleared[target]
        if target == "parties":
            parents = {
                key: records[0].crm_id for key, records in plan.matches[target].records.items()
            } | {one.key: one.crm_id for one in written.values() if one.crm_id and one.master}
        done += [written[place] for place in range(len(changes))]
    return done


def _broken_off(error: CrmUnreachableError, written: int, plan: Plan) -> CrmUnreachableError:
    """Say beside the outage how far the push came."""
    count = sum(bool(change.writes) for change in plan.all())
    told = _("{error} {written} of {count} records were written; the next push writes the rest.")
    message = told.format(error=error, written=written, count=count)
    return CrmUnreachableError(message, error.retry_after)


def _only(plan: Plan, rows: Mapping[Target, Sequence[Row]], text: str) -> Plan:
    """Keep the changes of the customers that a person names, and of their opportunities.

    Raises:
        CrmError: nobody is called so.

    """
    wanted = text.strip().casefold()
    if not wanted:
        raise CrmError(_("--only needs a number, a key or a part of a name."))
    keys = {
        row.key
        for target in TARGETS
        for row in rows[target]
        if wanted in (row.key.casefold(), (row.customer_no or "").casefold())
        or wanted in (row.name or "").casefold()
    }
    keys |= {row.key for target in TARGETS for row in rows[target] if row.parent in keys}
    if not keys:
        raise CrmError(
            _("No customer or opportunity has {text!r} as its key, number or name.").format(
                text=text
            )
        )
    changes = {
        target: [change for change in plan.changes[target] if change.key in keys]
        for target in TARGETS
    }
    return plan._replace(changes=changes)
