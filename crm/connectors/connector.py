"""What a connector must be able to do, and which connectors there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Final, Literal, NamedTuple, Protocol

from config import ConfigurationError, Settings
from config.language import _
from crm.config import EXCEL, CrmConfig, Lookup, load_config
from crm.records import Change, Kind, Note, Outcome, Record, Target, Task, TaskState

Export = Literal["companies", "contacts", "deals", "leads", "activities"]


class Limits(NamedTuple):
    """What the CRM's interface allows: records a write call, and calls at once."""

    batch: int
    parallel: int


class Finding(NamedTuple):
    """One thing that `reifegrad crm check` looked at: `todo` says what to do if it is not well."""

    is_well: bool
    says: str
    todo: str | None = None


class SetupStep(NamedTuple):
    """One step of `reifegrad crm setup`: done by the program, or left to a person."""

    is_done: bool
    says: str


class Connector(Protocol):
    """One CRM.

    Made with `(settings, config)`; nothing is sent before the first call of a method. Every method
    raises `CrmUnreachableError` (with `retry_after` where the CRM says) if the CRM does not answer,
    is busy or over its limits: the push calls again, so each method must be safe to repeat.
    `CrmLoginError` if it does not let us in, `CrmSetupError` if a field or right is missing. The
    methods may be called by several threads at once, `limits.parallel` at most. A connector keeps
    within the CRM's rate limit itself (`crm.calling.RateLimit`), counted in HTTP calls.
    `posts`: what it can put beside a customer, tasks or notes, at least one of them.
    """

    name: str
    limits: Limits
    posts: Collection[Kind]

    def require_login(self) -> None:
        """Make sure that the CRM answers and lets us in; nothing is read or written."""
        ...

    def check(self) -> list[Finding]:
        """Look at login, rights, our fields and limits; nothing is written."""
        ...

    def setup(self) -> list[SetupStep]:
        """Create what is missing of our fields, groups and views; safe to repeat.

        Steps that the interface does not allow come back as sentences for a person.
        """
        ...

    def read(
        self, target: Target, ids: Collection[str], id_field: str | None = None
    ) -> dict[str, Record]:
        """Return the records with these ids, by the id that was asked for; inactive ones too.

        A record that was merged into another comes back as that other one (its `crm_id` differs
        from the id asked for); one that is deleted, or that nobody knows, is left out.

        Args:
            target: which kind of record.
            ids: the CRM's ids, any number.
            id_field: the CRM's field that `ids` are values of, where its export gives another key
                than the CRM's own id (`crm.yml`); None: the CRM's own id. Of several records with
                the same value one is returned, with the others as its `rivals`.

        """
        ...

    def shown(self, target: Target) -> dict[str, Record]:
        """Return all records that show anything in a field of ours, by the CRM's id.

        Inactive ones too; one that was merged into another is not among them.
        """
        ...

    def find(self, target: Target, by: Lookup, values: Collection[str]) -> dict[str, list[str]]:
        """Return the CRM's ids of the active records per value, ordered; values without: left out.

        By `key` inactive records are found, too: the push must not create them a second time.

        Values come in their usual form (VAT ids without blanks, websites as domain `example.com`,
        e-mail addresses in lower case); the CRM's are compared in the same form. A lookup that the
        CRM has no field for finds nothing.
        """
        ...

    def create(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        """Create records, `limits.batch` at most; one `Outcome` per change, in their order.

        Each gets `writes`, our key, and `master` (`parent_id` is the CRM's id of the customer). A
        record that has our key already, because an answer got lost, is changed instead.

        Raises:
            CrmRejectedError: the CRM refuses the batch and does not say which record.

        """
        ...

    def write(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        """Write `change.writes` to the record `change.crm_id`; otherwise as `create`.

        Where the CRM offers it, a record is written only if nobody wrote it since this connector
        read it last, unless its customer objected to profiling. One that somebody wrote, or holds
        just now, is refused as `locked` (or the call raises `CrmUnreachableError`): the push reads
        it anew and tries again.
        """
        ...

    def create_tasks(self, tasks: Sequence[Task]) -> list[Outcome]:
        """Create tasks; one that is there already, open or done, is left as it is."""
        ...

    def read_tasks(self, ids: Collection[str]) -> dict[str, TaskState]:
        """Return what became of tasks, by the CRM's id; a deleted one is left out."""
        ...

    def create_notes(self, notes: Sequence[Note]) -> list[Outcome]:
        """Create notes; one that is there already is left as it is.

        Raises:
            CrmSetupError: the CRM has none, or the connector does not write any.

        """
        ...

    def export(self, what: Export, since: datetime | None) -> Iterator[Mapping[str, str | None]]:
        """Yield companies, contacts, deals … that changed since then, as flat rows of text.

        What the CRM does not keep apart, as leads where they are deals of a first stage, has no
        rows of its own. The first column is the CRM's own id; the names of the columns are the
        CRM's. Our own fields are not among them.
        """
        ...


CONNECTORS: Final = {
    "dynamics": "DynamicsConnector",
    "hubspot": "HubspotConnector",
    "odoo": "OdooConnector",
    "pipedrive": "PipedriveConnector",
    "salesforce": "SalesforceConnector",
    "tryton": "TrytonConnector",
}
"""The name in `crm.yml`, which is also the module's, and the class in it."""


def open_connector(settings: Settings, config: CrmConfig | None = None) -> Connector:
    """Return the connector that `config/crm.yml` names.

    Raises:
        ConfigurationError: there is no such connector.

    """
    config = config or load_config(settings)
    if config.connector not in CONNECTORS:
        raise ConfigurationError(
            _("{file}: connector: there is no {name!r}; there is {names}.").format(
                file=settings.config / "crm.yml",
                name=config.connector,
                names=", ".join(sorted([*CONNECTORS, EXCEL])),
            )
        )
    module = import_module(f"crm.connectors.{config.connector}")
    connector: Connector = getattr(module, CONNECTORS[config.connector])(settings, config)
    return connector
