"""The CRM as a source: what is read from it becomes files in the inbox (`fetch.yml`, `kind: crm`).

Companies, contacts, deals and activities that changed since the last read, with the CRM's own ids
first. In `sources.yml` they are sources like any other (`kind: events`: a record that changed comes
again, and the newer version wins); named under `records` in `crm.yml`, their keys are the ids that
the push writes to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, get_args

from config import ConfigurationError, Settings
from config.language import _
from crm.calling import patiently
from crm.config import load_config
from crm.connectors import Connector, open_connector
from crm.connectors.connector import Export

if TYPE_CHECKING:
    from fetch import CrmTable
    from fetch.entries import CrmEntry

OVERLAP: Final = timedelta(minutes=10)
"""Looked back behind the last read: a CRM's clock may be slow, and a change be seen late."""


def read_objects(settings: Settings, entry: CrmEntry, since: dict[str, str]) -> Iterator[CrmTable]:
    """Read what an entry of `fetch.yml` names from the CRM; see `fetch.CrmReader`.

    Raises:
        ConfigurationError: there is no CRM, or the entry names something that none has.
        CrmError: it does not answer, does not let us in or lacks a right.

    """
    from fetch import CrmTable

    config = load_config(settings)
    if not config.has_crm:
        raise ConfigurationError(
            _("{file} says `connector: excel`: there is no CRM to read from.").format(
                file=settings.config / "crm.yml"
            )
        )
    kinds = get_args(Export)
    for name in set(entry.objects) - set(kinds):
        raise ConfigurationError(
            _("fetch.yml: {entry}: a CRM has no {name!r}; it has {kinds}.").format(
                entry=entry.name, name=name, kinds=", ".join(kinds)
            )
        )
    connector = open_connector(settings, config)
    for name in (kind for kind in kinds if kind in entry.objects):
        begun = datetime.now(UTC)
        last = datetime.fromisoformat(since[name]) - OVERLAP if name in since else None
        rows = patiently(config.attempts, partial(_read, connector, name, last))
        yield CrmTable(
            name=name,
            rows=(dict(row) for row in rows),
            is_whole=False,
            cursor=begun.isoformat,
        )


def _read(
    connector: Connector, what: Export, since: datetime | None
) -> list[Mapping[str, str | None]]:
    """Read all of one kind at once, so that a try that broke off can be repeated."""
    return list(connector.export(what, since))
