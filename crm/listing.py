"""The push of a company without a CRM: tonight's scores as one Excel workbook in the outbox.

The desired state, the comparison, the guard and the ledger are those of every CRM. What the list
shows now is read from the ledger, not from the workbook, which people may sort and mark. It is
written anew each night and renamed into its place, so that a reader finds the old list or the new
one, never half of one.
"""

from __future__ import annotations

import uuid
import zipfile
from pathlib import Path
from typing import Final

from config import Settings
from config.language import _
from crm import ledger
from crm.config import EXCEL, Creation, CrmConfig
from crm.diff import TARGETS, Change, Row, Target, check_plausible, find_changes
from crm.errors import CrmError

QUERIES: dict[Target, str] = {
    # The list is written anew each night, so that another number is no change to be written.
    "parties": "select key, points, band, reasons, scored_on, null as parent,"
    " null as customer_no, {customer_no: customer_no, name: name, postcode: postcode,"
    " city: city, account_manager: account_manager, amount: turnover,"
    " expected_amount: expected_amount, method: method} as master"
    " from sync.sync_excel__customers order by key",
    # Nothing is looked up by the customer's key, so it is no parent.
    "opportunities": "select key, points, band, reasons, scored_on, null as parent,"
    " null as customer_no, {customer_no: customer_no, customer_key: customer_key, title: title,"
    " amount: amount, name: name, postcode: postcode, city: city,"
    " account_manager: account_manager, expected_amount: expected_amount, method: method}"
    " as master from sync.sync_excel__leads order by key",
}
NAMES: Final = {"de": "Bewertungen.xlsx", "en": "scores.xlsx"}


def list_path(settings: Settings) -> Path:
    """Return where the list lies, the same place every night."""
    return settings.outbox / NAMES[settings.language]


def push_list(
    settings: Settings, config: CrmConfig, *, dry_run: bool = False, force: bool = False
) -> list[Change]:
    """Write the list of scores and keep in the ledger what changed against the last one.

    Deleted rows come back: the list has everyone with a score, and a deleted list is made anew.

    Returns:
        One `Change` per record with a score now or in the last list, customers first.

    Raises:
        CrmError: see `crm.errors`; the old list stays as it was.

    """
    path = list_path(settings)
    with ledger.one_push_at_a_time(settings):
        rows, _written, unconfirmed = ledger.read_warehouse(settings, EXCEL, QUERIES)
        if unconfirmed and not dry_run:
            _settle(settings, path, unconfirmed)
        changes = _find_changes(settings, config, rows, check=not (dry_run or force))
        if not dry_run:
            _write(settings, config, path, rows, changes)
    return changes


def _find_changes(
    settings: Settings, config: CrmConfig, rows: dict[Target, list[Row]], *, check: bool
) -> list[Change]:
    is_there = any((settings.outbox / name).is_file() for name in NAMES.values())
    shown = ledger.read_shown(settings, EXCEL) if is_there else {target: {} for target in TARGETS}
    everybody = {
        "create": Creation(parties=True, opportunities=True),
        "recreate_deleted": True,
    }
    as_list = config.model_copy(update=everybody)
    changes: list[Change] = []
    for target in TARGETS:
        found = find_changes(target, rows[target], shown[target], config=as_list)
        if check:
            check_plausible(target, found, shown[target], config.guard)
        changes += found
    return changes


def _write(
    settings: Settings,
    config: CrmConfig,
    path: Path,
    rows: dict[Target, list[Row]],
    changes: list[Change],
) -> None:
    """Announce, put the new list in the old one's place, confirm: as with every CRM."""
    from crm.list_book import write_book

    push_id = uuid.uuid4().hex
    todo = [change for change in changes if change.action != "skip"]
    if todo:  # nothing to announce in a night that only renews the date
        ledger.announce(settings, EXCEL, push_id, todo)
    try:
        write_book(settings, config, path, rows, push_id)
    except OSError as error:
        raise CrmError(
            _("The list {path} can't be written: {reason}.").format(
                path=path, reason=error.strerror
            )
        ) from error
    _confirm(settings, path, todo)
    for name in NAMES.values():  # the list of another language would be out of date from now on
        if name != path.name:
            (path.parent / name).unlink(missing_ok=True)


def _settle(settings: Settings, path: Path, unconfirmed: list[Change]) -> None:
    """Find out whether a push that was killed had already put its list in place."""
    is_written = _push_of(path) == ledger.read_open_push(settings, EXCEL)
    _confirm(settings, path, unconfirmed if is_written else [])


def _confirm(settings: Settings, path: Path, changes: list[Change]) -> None:
    for target in TARGETS:
        ids = {change.key: path.name for change in changes if change.target == target}
        ledger.settle(settings, EXCEL, target, ids)


def _push_of(path: Path) -> str | None:
    """Return the push that wrote the list; None if there is no list or somebody saved it anew."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
    found = book.properties.identifier
    book.close()
    return str(found) if found else None
