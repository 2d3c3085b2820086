"""What a CRM's connector must be able to do, and which connectors there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from config import ConfigurationError, Settings
from config.language import _
from crm.config import EXCEL
from crm.diff import Change, Record, Target


class Connector(Protocol):
    """One CRM. Knows fields and calls; knows nothing of diffs, guards, batches and ledgers.

    Every method raises `CrmUnreachableError` if the CRM does not answer (the push tries again)
    and `CrmLoginError` if it does not let us in.
    """

    name: str
    # Per target the SQL of the rows to show, by key: `key, points, band, reasons, scored_on`,
    # `parent` (key of the record that it belongs to), `customer_no`, and `master`, a struct of what
    # a record gets when it is created.
    queries: Mapping[Target, str]

    def require_login(self) -> None:
        """Make sure that the CRM answers and lets us in; nothing is read or written."""
        ...

    def scored_keys(self, target: Target) -> set[str]:
        """Return the keys of all records that show a score, inactive ones too."""
        ...

    def read(self, target: Target, keys: Collection[str]) -> dict[str, Record]:
        """Return what the CRM has of these keys, inactive records too."""
        ...

    def write(self, target: Target, changes: Sequence[Change]) -> dict[str, str]:
        """Create, change and clear records: all of them or none, and safe to repeat.

        A record to be created that is there already, because an answer got lost, is changed
        instead. On existing records only the score's fields are written.

        Returns:
            The CRM's id per key.

        Raises:
            CrmRejectedError: the CRM refuses at least one of the records.

        """
        ...


def open_connector(name: str, settings: Settings) -> Connector:
    """Return the connector that `config/crm.yml` names.

    Raises:
        ConfigurationError: there is no such connector.

    """
    from crm.tryton import TrytonConnector

    connectors = {TrytonConnector.name: TrytonConnector}
    if name not in connectors:
        raise ConfigurationError(
            _("{file}: connector: there is no {name!r}; there is {names}.").format(
                file=settings.config / "crm.yml",
                name=name,
                names=", ".join(sorted([*connectors, EXCEL])),
            )
        )
    return connectors[name](settings)
