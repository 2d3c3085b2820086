"""The ways out: what each asks of an action (`needs`), and one small module for each that sends."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from config import Settings
from proposals.channels.needs import MAILS, NEEDS, SENT, Channel, Needs
from proposals.channels.sending import (
    ChannelDownError,
    NoPlaceError,
    OutboxError,
    Released,
    Sender,
    Sent,
)

__all__ = [
    "MAILS",
    "NEEDS",
    "SENT",
    "Channel",
    "ChannelDownError",
    "Needs",
    "NoPlaceError",
    "OutboxError",
    "Released",
    "Sender",
    "Sent",
    "open_sender",
    "way_of",
]
SENDERS: Final = {
    "csv": ("mailing_list", "CsvLists"),
    "listmonk": ("listmonk", "Listmonk"),
    "brevo": ("brevo", "Brevo"),
    "draft": ("drafts", "Drafts"),
    "crm_task": ("crm_records", "CrmTasks"),
    "crm_note": ("crm_records", "CrmNotes"),
}
"""The module and the class of each way out, imported when something goes there."""


def way_of(one: Released, mailing_tool: str) -> str:
    """Name the way out of a proposal, of `SENDERS`.

    Mails go by the tool in use; what a killed run had begun, by the one that it was begun with.
    """
    if one.channel != "mailing_list":
        return one.channel
    if one.place is None:
        return mailing_tool
    tool, mark, _rest = one.place.partition(":")
    return tool if mark and tool in SENDERS else "csv"


def open_sender(settings: Settings, way: str) -> Sender:
    """Return what hands over the proposals of a way out; nothing is sent yet."""
    module, name = SENDERS[way]
    sender: Sender = getattr(import_module(f"proposals.channels.{module}"), name)(settings)
    return sender
