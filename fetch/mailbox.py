"""Attachments of a mailbox (IMAP), by sender and subject; nothing there is changed or marked."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from config.connections import Login
from config.language import _
from fetch.entries import MailboxEntry
from fetch.errors import FetchError
from fetch.parcels import Parcel, safe_name
from fetch.state import State
from fetch.transport import ANSWER_SECONDS

if TYPE_CHECKING:
    from imap_tools import BaseMailBox, MailAttachment, MailMessage

# A mail may be older than the day on which it came; longer than that nothing is remembered of it.
REMEMBERED_DAYS: Final = 30
# Before it a date is none that a mail of today could have.
NO_DATE: Final = datetime(1990, 1, 1, tzinfo=UTC)


def parcels(entry: MailboxEntry, login: Login, state: State) -> Iterator[Parcel]:
    """Yield the attachments of mails that were not fetched yet, oldest mail first.

    Raises:
        FetchError: the connection is of no mailbox, or not encrypted.

    """
    from imap_tools import AND

    with _open(entry, login) as box:
        seen, oldest = set(state.mails), date.today() - timedelta(days=entry.days)  # noqa: DTZ011
        # The heads of all mails first: few are of interest, and bodies may be large.
        heads = box.fetch(AND(date_gte=oldest), mark_seen=False, headers_only=True, bulk=200)
        for uid, size, mail_id in [
            (str(mail.uid), mail.size_rfc822, _mail_id(mail, box))
            for mail in heads
            if _is_wanted(entry, mail)
        ]:
            if mail_id in seen:
                continue
            seen.add(mail_id)
            if size > entry.max_megabytes * 1e6:
                yield _too_large(size, mail_id)
                continue
            for mail in box.fetch(AND(uid=uid), mark_seen=False):
                yield from _of_mail(entry, mail, mail_id, oldest)


def _is_wanted(entry: MailboxEntry, mail: MailMessage) -> bool:
    sender = mail.from_.strip().casefold()
    senders = [wanted.casefold() for wanted in entry.senders]
    return any(
        sender.endswith(wanted) if wanted.startswith("@") else sender == wanted
        for wanted in senders
    ) and fnmatchcase(" ".join(mail.subject.split()).casefold(), entry.subject.casefold())


def _mail_id(mail: MailMessage, box: BaseMailBox) -> str:
    """Return the message id; a mail without one has its number in this folder."""
    for value in dict(mail.headers).get("message-id", ()):
        if value.strip():
            return str(value.strip())
    kept = box.folder.status(options=["UIDVALIDITY"])["UIDVALIDITY"]
    return f"{kept}:{mail.uid}"


def _of_mail(
    entry: MailboxEntry, mail: MailMessage, mail_id: str, oldest: date
) -> Iterator[Parcel]:
    """Yield the wanted attachments; the mail is remembered when the last of them is there."""
    wanted = [
        attachment
        for attachment in mail.attachments
        if attachment.filename
        and fnmatchcase(attachment.filename.casefold(), entry.attachments.casefold())
    ]
    sent = mail.date if mail.date.tzinfo else mail.date.replace(tzinfo=UTC)

    def remember(state: State) -> State:
        limit = (oldest - timedelta(days=REMEMBERED_DAYS)).isoformat()
        today = datetime.now(UTC).date().isoformat()
        kept = {known: day for known, day in state.mails.items() if day >= limit}
        return state.model_copy(update={"mails": kept | {mail_id: today}})

    for number, attachment in enumerate(wanted):
        yield Parcel(
            file=f"{entry.target}/{_file_name(attachment.filename, sent, f'{mail_id}{number}')}",
            write=_writer(attachment),
            state=remember if attachment is wanted[-1] else lambda state: state,
            modified_at=sent.timestamp() if sent > NO_DATE else None,
        )
    if not wanted:
        yield Parcel(file=None, state=remember)


def _writer(attachment: MailAttachment) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(attachment.payload)

    return write


def _too_large(size: int, mail_id: str) -> Parcel:
    message = _("A mail of {size:.0f} MB is left, more than `max_megabytes`: {mail}")
    note = message.format(size=size / 1e6, mail=mail_id)
    return Parcel(file=None, note=lambda: note)


def _file_name(name: str, sent: datetime, what: str) -> str:
    """Put day and a mark behind the name, so that each mail's file has a place of its own."""
    path, mark = PurePosixPath(safe_name(name)), hashlib.sha256(what.encode()).hexdigest()[:6]
    return f"{path.stem}_{sent:%Y-%m-%d}_{mark}{path.suffix}"


@contextmanager
def _open(entry: MailboxEntry, login: Login) -> Iterator[BaseMailBox]:
    """Log in, encrypted from the first byte (`imaps`) or before the login (`imap`)."""
    from imap_tools import MailBox, MailBoxStartTls, MailBoxUnencrypted

    if login.scheme not in ("imap", "imaps"):
        message = _("Connection {name!r} is of no mailbox: it begins with imaps://.")
        raise FetchError(message.format(name=login.id))
    if login.user is None or login.secret is None:
        raise FetchError(_("Connection {name!r} has no password.").format(name=login.id))
    context = ssl.create_default_context(cafile=entry.ca)
    box: BaseMailBox
    if login.scheme == "imaps":
        box = MailBox(login.host, login.port or 993, ANSWER_SECONDS, ssl_context=context)
    elif entry.plain:
        box = MailBoxUnencrypted(login.host, login.port or 143, ANSWER_SECONDS)
    else:
        box = MailBoxStartTls(login.host, login.port or 143, ANSWER_SECONDS, ssl_context=context)
    try:
        is_ascii = (login.user + login.secret).isascii()
        enter = box.login if is_ascii else box.login_utf8
        enter(login.user, login.secret, initial_folder=None)
        box.folder.set(entry.folder, readonly=True)
        yield box
    finally:
        with suppress(Exception):  # the connection may be gone
            box.logout()
