"""The face that all channels have, and what passes between them and the station."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol


class OutboxError(Exception):
    """Something cannot be written or handed over; the message says what. It does not count."""


@dataclass(frozen=True, slots=True)
class Released:
    """A proposal that may go out, as it goes out; texts in the set language but for the mail's."""

    proposal_id: str
    use_case: str
    action: str
    channel: str
    customer_id: str
    lead_id: str | None
    email: str | None
    title: str
    reason: str
    subject: str | None
    body: str | None
    language: str | None
    legal_basis: str
    sha256: str
    released_by: Sequence[str]
    expires_on: date
    is_begun: bool
    place: str | None  # where a run that was killed had begun to hand it over


@dataclass
class Sent:
    """What became of a batch: `done`, and those that were refused with the reason.

    `places`: where some of the done are now, if the channel knows it only after sending.
    """

    done: Sequence[str] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)


class NoPlaceError(Exception):
    """The firm has no place for what goes over this channel; the message says why.

    No failure: it stays released and waits until there is one.
    """


class ChannelDownError(Exception):
    """A channel takes nothing now; the message says why.

    `sent`: what became of those before; `unsure`: ids that may have gone out, since no answer came:
    they are gone on with first. All others count as not sent.
    """

    def __init__(
        self, message: str, sent: Sent | None = None, *, unsure: Collection[str] = ()
    ) -> None:
        """Keep what is known beside the message."""
        super().__init__(message)
        self.sent, self.unsure = sent or Sent(), frozenset(unsure)


class Sender(Protocol):
    """One way out. Each method may be called again: nothing goes out twice."""

    def places(self, batch: Sequence[Released]) -> Mapping[str, str]:
        """Return by proposal_id where each will be: a file below the home, or a tool's name.

        Raises:
            NoPlaceError: nowhere.
            ChannelDownError: it cannot be told now.

        """
        ...

    def send(self, batch: Sequence[Released]) -> Sent:
        """Hand over proposals of one action; those that a killed run had handed over count as done.

        Raises:
            ChannelDownError: it takes nothing now.

        """
        ...

    def take_back(self, undone: Sequence[Released], kept: Sequence[Released]) -> Collection[str]:
        """Take back what a killed run had begun and what may not go out any more.

        Args:
            undone: those.
            kept: the others that were begun, which `send` will be called with.

        Returns:
            The ids of those that certainly did not go out, or no longer stand there. The others
            stay begun: allowed again, they are gone on with.

        Raises:
            ChannelDownError: it cannot be asked now.

        """
        ...
