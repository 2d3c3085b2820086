"""Mails: a row for each, and its attachments as files of their own; pages saved as one file.

Formats: RFC 5322, MIME and mbox by the standard library, Outlook's .msg by python-oxmsg.
"""

from __future__ import annotations

import io
import mailbox
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import IO

from ingest.reading import refusals
from ingest.reading.handover import Handover
from ingest.reading.packed_files import Unpacker
from ingest.reading.refusals import Reason, UnreadableFile

COLUMNS = (
    "from", "from_name", "to", "cc", "date", "subject", "text", "message_id", "attachments",
)  # fmt: skip
# How a mail begins: lines of headers, some of which every mail has.
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]*: ?[^\r\n]*(\r?\n[ \t][^\r\n]*)*\r?\n")
_KNOWN = re.compile(
    rb"^(from|to|subject|date|message-id|mime-version|received|return-path|delivered-to"
    rb"|content-type|x-[a-z-]+|dkim-signature|arc-[a-z-]+): ?.",
    re.IGNORECASE | re.MULTILINE,
)
MIN_KNOWN = 3
# What stands above each mail of a mailbox: the sender, or a dash, and when it came.
_MAILBOX = re.compile(rb"From \S+ [^\r\n]*\d\d:\d\d[^\r\n]*\r?\n")
# The most pages that one is saved with: sheets of a workbook.
MAX_PAGES = 200


@dataclass
class Mail:
    """What a row is made of, and the attachments by their names."""

    cells: dict[str, str] = field(default_factory=dict)
    attachments: list[tuple[str, bytes]] = field(default_factory=list)


def is_mail(start: bytes) -> bool:
    """Whether a file begins like a mail or a page saved as one file."""
    kinds = {match[1].lower() for match in _KNOWN.finditer(start)}
    return bool(_HEADER.match(start)) and len(kinds) >= MIN_KNOWN


def read_mail(path: Path, handover: Handover, unpacker: Unpacker) -> None:
    """Read a mail, or the tables of a page that was saved with all its parts.

    Raises:
        UnreadableFile: it is damaged, or an attachment cannot be read.

    """
    with path.open("rb") as file:
        message = _parsed(file)
    if message.get_content_type() == "multipart/related" and not message["To"]:
        return _read_pages(message, handover)
    _hand_over(_from_message(message), handover, unpacker)


def is_mailbox(start: bytes) -> bool:
    """Whether a file begins like a mailbox (mbox): a line about the first mail, then the mail."""
    line = _MAILBOX.match(start)
    return line is not None and is_mail(start[line.end() :])


def read_mailbox(path: Path, handover: Handover) -> None:
    """Read a mailbox (mbox) as a row for each mail, in its order.

    Attachments are named, not read: one damaged among thousands would cost all mails.
    """
    builder = handover.table(path.name, COLUMNS)
    named = 0
    box = mailbox.mbox(path, create=False)
    for number, key in enumerate(box.iterkeys(), start=1):
        mail = _from_message(_parsed(io.BytesIO(box.get_bytes(key))))
        named += sum(not _is_image(content) for _, content in mail.attachments)
        builder.add(number, _cells(mail))
    if named:
        builder.note(_named_only(named))


def _parsed(file: IO[bytes]) -> EmailMessage:
    return BytesParser(EmailMessage, policy=policy.default).parse(file)


def _named_only(count: int) -> Reason:
    one = count == 1
    return Reason(
        f"{'Eine Anlage ist' if one else f'{count} Anlagen sind'} nur genannt (Spalte"
        " attachments), nicht gelesen. Enthalten sie Tabellen, bitte die Mails einzeln (.eml) oder"
        " die Anlagen selbst ablegen.",
        f"{'One attachment is' if one else f'{count} attachments are'} only named (column"
        " attachments), not read. If they hold tables, please drop the mails one by one (.eml) or"
        " the attachments themselves.",
    )


def read_outlook_message(path: Path, handover: Handover, unpacker: Unpacker) -> None:
    """Read a mail that Outlook has saved.

    Raises:
        UnreadableFile: it is damaged, or an attachment cannot be read.

    """
    import olefile
    from oxmsg import Message

    try:
        # What is cut off would otherwise be missing without a word.
        olefile.OleFileIO(str(path), raise_defects=olefile.DEFECT_INCORRECT).close()
        message = Message.load(str(path))
        sent = message.sent_date
        cells = {
            **_sender(message.sender or ""),
            "to": "; ".join(filter(None, (r.email_address for r in message.recipients))),
            "date": sent.isoformat(sep=" ") if sent else "",
            "subject": message.subject or "",
            "text": message.body or page_text(message.html_body or ""),
            "message_id": message.message_headers.get("Message-ID", ""),
        }
        # A mail within the mail has no bytes of its own; its name is told like the others'.
        attachments = [
            (each.file_name or "", each.file_bytes or b"") for each in message.attachments
        ]
    except MemoryError:
        raise
    except Exception as error:  # python-oxmsg fails at damage with errors of every kind
        raise UnreadableFile(refusals.DAMAGED) from error
    _hand_over(Mail(cells, attachments), handover, unpacker)


def page_text(page: str) -> str:
    """Return the text of an HTML page, a line for each block.

    >>> page_text("<style>b{}</style><p>Guten <b>Tag</b>,</p>die Liste.<br>Gruß").splitlines()
    ['Guten Tag,', 'die Liste.', 'Gruß']
    """
    parser = _TextParser()
    parser.feed(page)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return "\n".join(filter(None, lines))


def _hand_over(mail: Mail, handover: Handover, unpacker: Unpacker) -> None:
    if not any(mail.cells.values()) and not mail.attachments:
        raise UnreadableFile(refusals.EMPTY)
    # A part beside its attachments, so that a source can name which it is about.
    builder = handover.table("mail", COLUMNS, is_sheet=True)
    builder.add(1, _cells(mail))
    tables = [
        (name or f"Anlage {number}", partial(io.BytesIO, content))
        for number, (name, content) in enumerate(mail.attachments, start=1)
        if content and not _is_image(content)
    ]
    unpacker.read_attachments(tables, handover)


def _cells(mail: Mail) -> list[str | None]:
    names = "; ".join(name for name, _ in mail.attachments if name)
    return [{**mail.cells, "attachments": names}.get(column) or None for column in COLUMNS]


def _is_image(content: bytes) -> bool:
    """Whether an attachment is a picture, as those of signatures: no table is expected in it."""
    return content.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM"))


def _from_message(message: EmailMessage) -> Mail:
    body = message.get_body(("plain", "html"))
    text = _content(body) if body else ""
    if body and body.get_content_type() == "text/html":
        text = page_text(text)
    mail = Mail(
        {
            **_sender(str(message["From"] or "")),
            "to": _addresses(str(message["To"] or "")),
            "cc": _addresses(str(message["Cc"] or "")),
            "date": _date(str(message["Date"] or "")),
            "subject": str(message["Subject"] or ""),
            "text": text.strip(),
            "message_id": str(message["Message-ID"] or "").strip(),
        }
    )
    for part in message.iter_attachments():
        if part.get_content_type() == "message/rfc822":
            content = part.get_payload(0).as_bytes()  # type: ignore[union-attr]
        else:
            content = part.get_payload(decode=True) or b""
        mail.attachments.append((part.get_filename() or "", content))
    return mail


def _content(part: MIMEPart) -> str:
    try:
        return str(part.get_content())
    except LookupError:  # an encoding that nobody knows
        payload = part.get_payload(decode=True)
        return payload.decode("cp1252", errors="replace") if isinstance(payload, bytes) else ""


def _sender(text: str) -> dict[str, str]:
    """Return the address, which finds the customer, and the name beside it."""
    name, address = next(iter(getaddresses([text])), ("", ""))
    return {"from": address or text, "from_name": name}


def _addresses(text: str) -> str:
    return "; ".join(address for _, address in getaddresses([text]) if address) or text


def _date(text: str) -> str:
    """Return a mail's date in ISO form with its offset, or as it is if it cannot be read."""
    try:
        return parsedate_to_datetime(text).isoformat(sep=" ")
    except ValueError:
        return text


def _read_pages(message: EmailMessage, handover: Handover) -> None:
    """Read the tables of every page of a saved one: Excel saves each sheet as a page."""
    from ingest.reading.sheets.markup_tables import read_markup

    with tempfile.TemporaryDirectory() as folder:
        for number, page in enumerate(_pages(message)):
            file = Path(folder) / f"{number}.html"
            file.write_text(page, encoding="utf-8-sig")
            try:
                read_markup(file, handover)
            except refusals.OtherKindError:
                continue  # a frame around the sheets
    if handover.is_empty:
        raise refusals.OtherKindError(refusals.MARKUP)


def _pages(message: EmailMessage) -> Iterator[str]:
    parts = (part for part in message.walk() if part.get_content_type() == "text/html")
    for _, part in zip(range(MAX_PAGES), parts, strict=False):
        yield _content(part)


class _TextParser(HTMLParser):
    """Collects the text of a page."""

    _BLOCKS = frozenset(("br", "p", "div", "tr", "li", "h1", "h2", "h3", "table", "blockquote"))

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._is_silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._is_silent = tag in {"script", "style", "title"}
        if tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._is_silent = False
        if tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._is_silent:
            self.parts.append(re.sub(r"\s", " ", data))
