"""Tasks and notes beside the customer in the CRM, made once; the push makes the fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from config import Settings
from config.language import _
from proposals.channels.sending import ChannelDownError, Released, Sent
from warehouse import open_warehouse

if TYPE_CHECKING:
    from crm import Posted, Posting
    from crm.posting import Kind


class _CrmRecords:
    """What tasks and notes have in common; see `Sender`."""

    kind: ClassVar[Kind]

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def places(self, batch: Sequence[Released]) -> Mapping[str, str]:
        """See `Sender`: the CRM and the kind of record, once it is there with its id."""
        from crm import load_config

        place = f"{load_config(self._settings).connector}:{self.kind}"
        return dict.fromkeys((one.proposal_id for one in batch), place)

    def send(self, batch: Sequence[Released]) -> Sent:
        """See `Sender`. The CRM knows by our key what it has already."""
        from config import ConfigurationError
        from crm import CrmError, post

        places = self.places(batch)
        ids: dict[str, str] = {}
        refused: dict[str, str] = {}

        def keep(posted: Posted) -> None:
            ids.update({key: f"{places[key]}:{crm_id}" for key, crm_id in posted.ids.items()})
            refused.update(posted.refused)

        owners = _read_owners(self._settings, batch)
        postings = [self._posting(one, owners.get(one.customer_id)) for one in batch]
        try:
            post(self._settings, self.kind, postings, keep)
        except (CrmError, ConfigurationError) as error:
            raise ChannelDownError(str(error), Sent(list(ids), refused, ids)) from error
        return Sent(list(ids), refused, ids)

    def take_back(self, undone: Sequence[Released], kept: Sequence[Released]) -> Collection[str]:  # noqa: ARG002
        """See `Sender`. Nobody knows whether they stand there, so none is taken back."""
        return ()

    def _posting(self, one: Released, owner: str | None) -> Posting:
        from crm import Posting

        said = [one.reason, one.body]
        if self.kind == "task":
            said.append(_("When you close it, please write: done, or rejected and why."))
        return Posting(
            key=one.proposal_id,
            customer_id=one.customer_id,
            lead_id=one.lead_id,
            subject=one.subject or one.title,
            text="\n\n".join(text for text in said if text),
            due_on=one.expires_on,
            owner=owner,
        )


class CrmTasks(_CrmRecords):
    """Tasks of the customer's account manager; see `Sender`."""

    kind = "task"


class CrmNotes(_CrmRecords):
    """Notes; see `Sender`."""

    kind = "note"


def _read_owners(settings: Settings, batch: Sequence[Released]) -> dict[str, str]:
    with open_warehouse(settings) as connection:
        return dict(
            connection.execute(
                "select customer_id, account_manager from marts.customers"
                " where customer_id in (select unnest(?::varchar[]))",
                [[one.customer_id for one in batch]],
            ).fetchall()
        )
