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

import duckdb

from config import Settings
from config.language import _
from crm import ledger
from crm.config import EXCEL, CrmConfig
from crm.desired import require_unique, to_score
from crm.diff import find_changes
from crm.errors import CrmError
from crm.fields import SHOWN_FIELDS
from crm.guards import check_fresh, check_plausible
from crm.matching import Match
from crm.records import TARGETS, Change, Row, Target
from warehouse import open_warehouse

VIEWS: Final[dict[Target, str]] = {
    "parties": "sync_excel__customers",
    "opportunities": "sync_excel__leads",
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
        rows = _read_rows(settings, config)
        announced = ledger.read_announced(settings, EXCEL)
        if announced and not dry_run:
            _settle(settings, path, announced)
        changes = _find_changes(settings, config, rows, check=not (dry_run or force))
        if not dry_run:
            _write(settings, config, path, rows, changes)
    return changes


def _read_rows(settings: Settings, config: CrmConfig) -> dict[Target, list[Row]]:
    found: dict[Target, list[Row]] = {}
    with open_warehouse(settings) as warehouse:
        for target, view in VIEWS.items():
            try:
                cursor = warehouse.execute(f"select * from sync.{view} order by key")
            except duckdb.CatalogException as error:
                raise CrmError(
                    _("The warehouse has no scores to show yet: run `reifegrad build` first.")
                ) from error
            names = [column[0] for column in cursor.description or []]
            rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
            found[target] = [
                Row(
                    key=values["key"],
                    score=to_score(config, values),
                    master={n: v for n, v in values.items() if n not in SHOWN_FIELDS}
                    | {"method": values["method"]},
                )
                for values in rows
            ]
            require_unique(target, found[target])
    return found


def _find_changes(
    settings: Settings, config: CrmConfig, rows: dict[Target, list[Row]], *, check: bool
) -> list[Change]:
    is_there = any((settings.outbox / name).is_file() for name in NAMES.values())
    shown = ledger.read_shown(settings, EXCEL) if is_there else {target: {} for target in TARGETS}
    changes: list[Change] = []
    for target in TARGETS:
        # On the list a record's id is its key.
        listed = shown[target]
        match = Match(records={r.key: [listed[r.key]] for r in rows[target] if r.key in listed})
        found = find_changes(target, rows[target], match, shown[target], may_create=True)
        if check:
            check_fresh(target, rows[target], settings.night, config.guard)
            check_plausible(target, found, config.guard)
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
    todo = {number: change for number, change in enumerate(changes) if change.writes}
    ledger.announce(settings, EXCEL, push_id, todo)
    try:
        write_book(settings, config, path, rows, push_id)
    except OSError as error:
        raise CrmError(
            _("The list {path} can't be written: {reason}.").format(
                path=path, reason=error.strerror
            )
        ) from error
    ids = {number: change.key for number, change in todo.items()}
    ledger.settle(settings, push_id, ids, list(ids))
    for name in NAMES.values():  # the list of another language would be out of date from now on
        if name != path.name:
            (path.parent / name).unlink(missing_ok=True)


def _settle(settings: Settings, path: Path, announced: list[ledger.Announced]) -> None:
    """Find out whether a push that was killed had already put its list in place."""
    in_place = _push_of(path)
    for push_id in {one.push_id for one in announced}:
        keys = {one.number: one.change.key for one in announced if one.push_id == push_id}
        written = keys if push_id == in_place else {}
        ledger.settle(settings, push_id, written, list(keys))


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
