"""Which of tonight's lists go out as mails, and to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from pathlib import Path

from config import Settings
from ml import score_texts
from report.calls.answers import lists_folder
from report.calls.cells import Teller, title_of
from report.calls.mail import make_mail
from report.calls.rows import CallList, read_lists
from report.calls.settings import is_built, load_lists
from report.calls.station import name_file
from report.words import Words
from warehouse import open_warehouse


@dataclass(frozen=True, slots=True)
class Letter:
    """A list that goes out as a mail; `was_sent`: that was done earlier in the night."""

    found: CallList
    title: str
    addresses: tuple[str, ...]
    was_sent: bool
    sender: str
    teller: Teller
    of: tuple[str, date]
    book: Path

    @property
    def manager(self) -> str | None:
        """Whose list it is; None: that of customers without account manager."""
        return self.found.manager

    def compose(self) -> EmailMessage:
        """Write the mail."""
        to = (self.sender, self.addresses)
        return make_mail(self.found, self.teller, self.title, self.of, to, self.book)


def letters_of(settings: Settings) -> tuple[str | None, list[Letter]]:
    """Read tonight's lists that have rows, and who gets them.

    Returns:
        The name of the SMTP connection, None where mails are off; and the letters.

    Raises:
        ConfigurationError: `lists.yml` is wrong.
        WarehouseLockedError: another process holds the warehouse.

    """
    config = load_lists(settings)
    mail = config.mail
    if mail.connection is None or mail.sender is None:
        return None, []
    with open_warehouse(settings) as connection:
        if not is_built(connection):
            return mail.connection, []
        found = read_lists(connection, settings, config)
        sent = connection.execute(
            "select list from ops.list_mails where night = ?", [settings.night]
        ).fetchall()
    words = Words(settings.language)
    teller = Teller(words, score_texts(settings), config)
    folder, taken = lists_folder(settings), set[str]()
    is_only = len(found) == 1
    return mail.connection, [
        Letter(
            found=one,
            title=title_of(one, words, is_only=is_only),
            addresses=mail.recipients(one.manager),
            was_sent=(one.manager or "",) in sent,
            sender=mail.sender,
            teller=teller,
            of=(settings.company, settings.night),
            book=folder / name_file(one, words, taken, is_only=is_only),
        )
        for one in found
    ]
