"""Drafts in `outbox/drafts/`: a mail per file (.eml) that a colleague opens, reads and sends.

Outlook and Thunderbird open it as a draft (`X-Unsent`), with subject and text in place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from config import Settings
from config.language import _
from proposals.channels.mailing_list import write_whole
from proposals.channels.sending import ChannelDownError, Released, Sent
from proposals.html import render_html

FOLDER: Final = "drafts"
KEY: Final = "X-Reifegrad-Proposal"


class Drafts:
    """Files in `outbox/drafts/`; see `Sender`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def places(self, batch: Sequence[Released]) -> Mapping[str, str]:
        """See `Sender`: a file each, named by day, firm and proposal."""
        folder = (self._settings.outbox / FOLDER).relative_to(self._settings.home)
        return {
            one.proposal_id: (
                folder / f"{self._settings.night}_{_in_name(one.title)}_{one.proposal_id}.eml"
            ).as_posix()
            for one in batch
        }

    def send(self, batch: Sequence[Released]) -> Sent:
        """See `Sender`."""
        done: list[str] = []
        for one in batch:
            path = self._settings.home / str(one.place)
            try:
                write_whole(path, write_mail(self._settings, one).as_bytes(policy=SMTP))
            except OSError as error:
                told = _("{path} cannot be written ({problem}). Nothing of it counts as sent.")
                problem = told.format(path=path, problem=error.strerror or error)
                raise ChannelDownError(problem, Sent(done)) from error
            done.append(one.proposal_id)
        return Sent(done)

    def take_back(self, undone: Sequence[Released], kept: Sequence[Released]) -> Collection[str]:  # noqa: ARG002
        """See `Sender`: the file goes."""
        for one in undone:
            (self._settings.home / str(one.place)).unlink(missing_ok=True)
        return [one.proposal_id for one in undone]


def write_mail(settings: Settings, one: Released) -> EmailMessage:
    """Return the mail as a message that is ready to be sent; who sends it is not named in it."""
    mail = EmailMessage()
    mail["To"] = one.email
    mail["Subject"] = one.subject
    mail["X-Unsent"] = "1"
    mail[KEY] = one.proposal_id
    subject, body = one.subject or "", one.body or ""
    mail.set_content(body)
    mail.add_alternative(render_html(settings, subject, body, one.language), subtype="html")
    return mail


def _in_name(title: str) -> str:
    """Make of a title a part of a file's name that people still read."""
    return re.sub(r"[^\w-]+", "-", title).strip("-")[:60]
