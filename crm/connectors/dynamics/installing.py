"""Whether Dynamics is ready for our scores, and how it becomes so."""

from __future__ import annotations

import time
from typing import Any, Final

from config.language import _
from crm.config import CrmConfig
from crm.connectors.connector import Finding, SetupStep
from crm.connectors.dynamics.api import DataverseApi
from crm.connectors.dynamics.schema import (
    KEY_LENGTH,
    LANGUAGES,
    TABLES,
    TASK_KEY,
    Table,
    definition,
    field_names,
    key_name,
)
from crm.errors import CrmRejectedError, CrmSetupError
from crm.records import TARGETS

KEY_TRIES, KEY_PAUSE_SECONDS = 15, 2.0
"""Dataverse builds the index of a key on the side, in seconds or minutes."""
READY, FAILED = "Active", "Failed"
RIGHTS: Final = "Read, Write, Create, Append, Append To"


def columns(api: DataverseApi, table: str) -> set[str]:
    """Return the names of a table's columns; none if our user does not see the table."""
    try:
        found = api.call(lambda client: client.tables.list_columns(table, select=["LogicalName"]))
    except (CrmSetupError, CrmRejectedError):
        return set()
    return {column["LogicalName"] for column in found}


def check(api: DataverseApi, config: CrmConfig) -> list[Finding]:
    """See `Connector.check`."""
    api.log_in()
    found = [Finding(True, _("The CRM answers and lets us in."))]
    for target in TARGETS:
        names = set(field_names(config, target).values())
        first, *others = TABLES[target]
        found += _check_table(api, first, names)
        for table in others:
            # Leads are used by some firms only: without a field of ours they are left alone.
            if columns(api, table.name) & names:
                found += _check_table(api, table, names)
    if config.tasks:
        found.append(_check_columns("task", columns(api, "task"), {TASK_KEY}))
    return found


def setup(api: DataverseApi, config: CrmConfig, language: str) -> list[SetupStep]:
    """See `Connector.setup`."""
    number = _language(api, language)
    steps: list[SetupStep] = []
    is_new = False
    for target in TARGETS:
        names = field_names(config, target)
        for table in TABLES[target]:
            there = columns(api, table.name)
            if not there and table is not TABLES[target][0]:
                continue
            for name, column in names.items():
                if column not in there:
                    is_new = True
                    steps.append(_add(api, table.name, column, definition(name, number)))
            steps.append(_make_key(api, table, names["key"]))
    if config.tasks and TASK_KEY not in columns(api, "task"):
        text = {"type": "string", "max_length": KEY_LENGTH}
        steps.append(_add(api, "task", TASK_KEY, text))
    if is_new:
        told = _(
            "In Power Apps, put the columns on the forms and views of {tables} and publish them;"
            " a view sorted by {field} shows whom to call first."
        )
        tables = ", ".join(table.name for target in TARGETS for table in TABLES[target])
        field = field_names(config, "parties")["points"]
        steps.append(SetupStep(False, told.format(tables=tables, field=field)))
    return steps


def _check_table(api: DataverseApi, table: Table, names: set[str]) -> list[Finding]:
    there = columns(api, table.name)
    if not there:
        says = _("Our user does not see {model}.").format(model=table.name)
        todo = _("Give its security role the rights {rights} on {model}.")
        return [Finding(False, says, todo.format(rights=RIGHTS, model=table.name))]
    first = _check_columns(table.name, there, names)
    if not first.is_well:
        return [first]
    status = _key_status(api, table)
    if status == READY:
        return [first]
    says = _("The key {key} of {model} is not ready: {status}.")
    told = says.format(key=key_name(table), model=table.name, status=status or "-")
    todo = _("Wait some minutes; Dataverse is building it.")
    if status is None:
        todo = _("Run `reifegrad crm setup`.")
    if status == FAILED:
        todo = _("Two records have the same value in it: clear one, delete the key, set up again.")
    return [first, Finding(False, told, todo)]


def _check_columns(table: str, there: set[str], names: set[str]) -> Finding:
    if missing := sorted(names - there):
        return Finding(
            False,
            _("{model} lacks {fields}.").format(model=table, fields=", ".join(missing)),
            _("Run `reifegrad crm setup`."),
        )
    return Finding(True, _("{model} has all our fields.").format(model=table))


def _add(api: DataverseApi, table: str, column: str, what: Any) -> SetupStep:  # noqa: ANN401
    """Add a column. Dataverse makes the logical name of the schema name: here they are the same."""
    full_name = f"{table}.{column}"
    try:
        api.call(lambda client: client.tables.add_columns(table, {column: what}))
    except (CrmRejectedError, CrmSetupError) as error:
        kind = what["type"] if isinstance(what, dict) else "choice"
        told = _("Create the field {field} ({type}) by hand: {reason}")
        return SetupStep(False, told.format(field=full_name, type=kind, reason=error))
    return SetupStep(True, _("Created {field}.").format(field=full_name))


def _make_key(api: DataverseApi, table: Table, column: str) -> SetupStep:
    """Make the alternate key by which new records are found again, and wait for its index."""
    name = key_name(table)
    if _key_status(api, table) is None:
        try:
            api.call(lambda client: client.tables.create_alternate_key(table.name, name, [column]))
        except (CrmRejectedError, CrmSetupError) as error:
            told = _("Create the key {key} of {model} over {field} by hand: {reason}")
            return SetupStep(
                False, told.format(key=name, model=table.name, field=column, reason=error)
            )
    for _attempt in range(KEY_TRIES):
        if (status := _key_status(api, table)) in (READY, FAILED):
            break
        time.sleep(KEY_PAUSE_SECONDS)
    says = _("The key {key} of {model} is made (its index: {status}).")
    return SetupStep(status == READY, says.format(key=name, model=table.name, status=status))


def _key_status(api: DataverseApi, table: Table) -> str | None:
    keys = api.call(lambda client: client.tables.get_alternate_keys(table.name))
    status = {key.schema_name.lower(): key.status for key in keys}.get(key_name(table))
    return str(status) if status else None


def _language(api: DataverseApi, language: str) -> int:
    """Return the number of the environment's own language, which every label must have."""
    try:
        rows = list(api.rows("organization", ["languagecode"]))
    except (CrmRejectedError, CrmSetupError):
        rows = []
    return int(rows[0]["languagecode"]) if rows else LANGUAGES[language]
