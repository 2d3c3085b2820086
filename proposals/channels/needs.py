"""Which channels there are, and what each asks of an action. Facts only; how it sends is beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Channel = Literal["mailing_list", "draft", "crm_task", "crm_note", "crm_field", "table"]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a channel asks of an action.

    `least_releases`: how many people must have looked at it before it leaves the house.
    `writes_mail`: what is handed over goes to the addressee's mailbox: it needs an address, subject
    and body, and the law on advertising holds.
    `is_standing`: it stands beside the customer as long as it is due, and nothing is ever sent.
    """

    least_releases: int
    writes_mail: bool = False
    is_standing: bool = False


# "The machine proposes, people decide", and texts two of them. A draft is opened, read and sent by
# a colleague, who is the second one. Beside a customer nobody must: there people decide.
NEEDS: Final[Mapping[Channel, Needs]] = {
    "mailing_list": Needs(2, writes_mail=True),
    "draft": Needs(1, writes_mail=True),
    "crm_task": Needs(0),
    "crm_note": Needs(0),
    "crm_field": Needs(0, is_standing=True),
    "table": Needs(0, is_standing=True),
}
MAILS: Final = tuple(name for name, needs in NEEDS.items() if needs.writes_mail)
SENT: Final = tuple(name for name, needs in NEEDS.items() if not needs.is_standing)
"""Channels over which a proposal goes out once, and then counts as sent."""
