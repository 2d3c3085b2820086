"""What the connector kit must know of a CRM to try its connector.

One module per CRM in this folder offers a class with these methods; `CRMS` in `registry.py` names
it. What people do in the CRM and what they see there goes past the connector: into the fake's
state, or over the real server's own interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from config import Settings
from crm import Score
from crm.connectors import Connector
from crm.fields import Values
from crm.records import Target
from tests.crm.fakes.serving import Fault

Flaw = Literal["credentials", "field", "right"]
"""How a CRM can be prepared wrongly: a key that is not known, our fields not there, a missing right
to write."""
Ability = Literal[
    "batch", "conditional", "parties.merge", "parties.follow", "parties.archive", "faults",
    "tasks", "tasks.done",
    "find.vat_id", "find.customer_no", "find.website", "find.email",
    "export.companies", "export.contacts", "export.deals", "export.leads",
    "export.activities",
    "flaw.credentials", "flaw.field", "flaw.right",
]  # fmt: skip
"""What not every CRM can do, or the kit cannot do to it. What lacks is named with its reason, and
where it is the connector that must cope, the kit tries that it copes. `conditional`: a write that
holds only if nobody wrote the record since it was read."""


class Seen(NamedTuple):
    """A record as people see it: its name, our fields by our names, whether it is open."""

    name: str
    values: Values
    is_active: bool = True


class CrmUnderTest(Protocol):
    """A CRM that runs, empty, with our fields set up and a connector to it.

    Ids are the CRM's own, as text. Values of our fields are as in `crm.fields`, dates as ISO text.
    """

    connector: Connector
    lacks: Mapping[Ability, str]
    number_field: str
    """The CRM's name of our field of the customer number on companies."""

    def add(self, target: Target, name: str, *, parent: str | None = None, **found_by: str) -> str:
        """Type in a company (or a deal of `parent`) as a person would; return its id.

        `found_by`: `vat_id`, `customer_no`, `website`, `email`, in the form that people write:
        a VAT id with blanks, a website as a URL.
        """
        ...

    def edit(self, target: Target, crm_id: str, **values: Any) -> None:
        """Change fields of ours as a person would."""
        ...

    def rename(self, target: Target, crm_id: str, name: str) -> None:
        """Change a field that is the CRM's own."""
        ...

    def merge(self, keep: str, lose: str) -> str:
        """Merge two companies as a person would; return the id under which both are found."""
        ...

    def remove(self, target: Target, crm_id: str) -> None:
        """Delete a record as a person would."""
        ...

    def archive(self, target: Target, crm_id: str) -> None:
        """Archive a company, close a deal as lost."""
        ...

    def seen(self, target: Target) -> dict[str, Seen]:
        """Return all records that people see, by id; deleted and merged ones are not among them."""
        ...

    def tasks(self) -> dict[str, str]:
        """Return the subject of each task, by its id."""
        ...

    def finish_task(self, crm_id: str, answer: str) -> None:
        """Close a task and say what came of it."""
        ...

    def spoil(self, score: Score) -> Score:
        """Return the score with a value that this CRM refuses."""
        ...

    def writes(self) -> int:
        """Return how many requests asked for a change so far, as the CRM counts them."""
        ...

    def fail(self, *faults: Fault) -> None:
        """Let the next requests that write meet these, one each."""
        ...

    def storm(self, rates: Mapping[Fault, float], seed: int) -> None:
        """Let requests meet faults by chance from now on."""
        ...

    def calm(self) -> None:
        """Let no further request meet a fault."""
        ...


class StartsCrm(Protocol):
    """Runs the CRM for one test: a context manager.

    `flaw`: how it is prepared wrongly. The settings name a home and a configuration of the test's
    own; `folder` is empty.
    """

    def __call__(
        self, settings: Settings, folder: Path, flaw: Flaw | None = None
    ) -> AbstractContextManager[CrmUnderTest]:
        """Start; stop at the end of the block."""
        ...
