"""Tasks and notes beside the customer in the CRM, made once; the push makes the fields.

Where the CRM has notes alone, a task becomes a note that says what is to be done and until when.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from config import Settings
from config.language import _
from proposals.channels.sending import ChannelDownError, NoPlaceError, Released, Sent
from warehouse import open_warehouse

if TYPE_CHECKING:
    from crm import Posted, Posting
    from crm.records import Kind


class _CrmRecords:
    """What tasks and notes have in common; see `Sender`."""

    kind: ClassVar[Kind]

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def places(self, batch: Sequence[Released]) -> Mapping[str, str]:
        """See `Sender`: the CRM and the kind of record, once it is there with its id."""
        from crm import load_config

        kind = self._kind_here()
        place = f"{load_config(self._settings).connector}:{kind}"
        return dict.fromkeys((one.proposal_id for one in batch), place)

    def send(self, batch: Sequence[Released]) -> Sent:
        """See `Sender`. The CRM knows by our key what it has already."""
        from config import ConfigurationError
        from crm import CrmError, post

        kind, places = self._kind_here(), self.places(batch)
        ids: dict[str, str] = {}
        refused: dict[str, str] = {}

        def keep(posted: Posted) -> None:
            ids.update({key: f"{places[key]}:{crm_id}" for key, crm_id in posted.ids.items()})
            refused.update(posted.refused)

        owners = _read_owners(self._settings, batch)
        postings = [self._posting(one, owners.get(one.customer_id), kind) for one in batch]
        try:
            post(self._settings, kind, postings, keep)
        except (CrmError, ConfigurationError) as error:
            raise ChannelDownError(str(error), Sent(list(ids), refused, ids)) from error
        return Sent(list(ids), refused, ids)

    def take_back(self, undone: Sequence[Released], kept: Sequence[Released]) -> Collection[str]:  # noqa: ARG002
        """See `Sender`. Nobody knows whether they stand there, so none is taken back."""
        return ()

    def _kind_here(self) -> Kind:
        from config import ConfigurationError
        from crm import CrmError, CrmLacksError, kind_for

        try:
            return kind_for(self._settings, self.kind)
        except CrmLacksError as error:
            raise NoPlaceError(str(error)) from error
        except (CrmError, ConfigurationError) as error:
            raise ChannelDownError(str(error)) from error

    def _posting(self, one: Released, owner: str | None, kind: Kind) -> Posting:
        from crm import Posting

        said = [one.reason, one.body]
        if kind == "task":
            said.append(_("When you close it, please write: done, or rejected and why."))
        elif self.kind == "task":  # a note has no fields for whose it is, and until when
            told = _("To do by {day}: {owner}") if owner else _("To do by {day}")
            is_german = self._settings.language == "de"
            day = f"{one.expires_on:%d.%m.%Y}" if is_german else f"{one.expires_on:%d %b %Y}"
            said.append(told.format(day=day, owner=owner))
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
