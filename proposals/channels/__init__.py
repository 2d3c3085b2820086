"""The ways out: what each asks of an action (`needs`), and one small module for each that sends."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from config import Settings
from proposals.channels.needs import MAILS, NEEDS, SENT, Channel, Needs
from proposals.channels.sending import ChannelDownError, OutboxError, Released, Sender, Sent

__all__ = [
    "MAILS",
    "NEEDS",
    "SENT",
    "Channel",
    "ChannelDownError",
    "Needs",
    "OutboxError",
    "Released",
    "Sender",
    "Sent",
    "open_sender",
]
SENDERS: Final = {
    "mailing_list": ("mailing_list", "CsvLists"),
    "draft": ("drafts", "Drafts"),
    "crm_task": ("crm_records", "CrmTasks"),
    "crm_note": ("crm_records", "CrmNotes"),
}
"""The module and the class of each way out, imported when something goes there."""


def open_sender(settings: Settings, channel: str) -> Sender:
    """Return what hands over the proposals of a channel; nothing is sent yet."""
    module, name = SENDERS[channel]
    sender: Sender = getattr(import_module(f"proposals.channels.{module}"), name)(settings)
    return sender
