"""The lists of the day as mails, through an SMTP connection of Airflow."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any, Literal, cast

from config import Settings
from config.language import _
from report.calls import Letter, letters_of
from warehouse import open_warehouse

logger = logging.getLogger(__name__)
KEPT = timedelta(days=7)  # how long it is known whose list was sent: a night may be run again
State = Literal["sent", "would be sent", "sent before", "no address", "failed"]
# Returns the addresses that were refused, with the server's words, where others were accepted.
Send = Callable[[EmailMessage], dict[str, Any]]


class MailError(Exception):
    """Mails could not be sent; the message names whose, and why."""


@dataclass(frozen=True, slots=True)
class Mailed:
    """What became of the mail with one list; `problem` says why it failed."""

    title: str
    addresses: tuple[str, ...]
    state: State
    problem: str = ""


def mail_call_lists(settings: Settings, *, dry_run: bool = False) -> list[Mailed]:
    """Send tonight's lists to those whom `lists.yml` names; each once a night.

    One that fails stops no other; what was sent is kept, so that a second try sends the rest.

    Returns:
        One `Mailed` per list with rows; none where mails are off.

    Raises:
        MailError: some could not be sent, or there is no such connection.
        ConfigurationError: `lists.yml` is wrong.
        WarehouseLockedError: another process holds the warehouse.

    """
    connection_id, letters = letters_of(settings)
    if connection_id is None:
        return []
    done = [_without_sending(letter, dry_run=dry_run) for letter in letters]
    due = [place for place, one in enumerate(done) if one is None]
    if due:
        with _mail_server(settings, connection_id) as send:
            for place in due:
                done[place] = _send(settings, letters[place], send)
    found = [one for one in done if one is not None]
    if failed := [one for one in found if one.state == "failed"]:
        told = "; ".join(f"{one.title}: {one.problem}" for one in failed)
        raise MailError(_("Not sent: {mails}. The others were.").format(mails=told))
    return found


def _without_sending(letter: Letter, *, dry_run: bool) -> Mailed | None:
    """Tell what is settled without the mail server; None: it is to be sent."""
    if not letter.addresses:
        return Mailed(letter.title, (), "no address")
    if letter.was_sent:
        return Mailed(letter.title, letter.addresses, "sent before")
    return Mailed(letter.title, letter.addresses, "would be sent") if dry_run else None


def _send(settings: Settings, letter: Letter, send: Send) -> Mailed:
    try:
        refused = send(letter.compose())
    except OSError as error:  # all errors of SMTP are such
        problem = " ".join(str(error).split())
        return Mailed(letter.title, letter.addresses, "failed", problem)
    if refused:  # the others have it: a second try would send it twice
        logger.warning(
            _("%s: the mail server refuses %s"), letter.title, ", ".join(sorted(refused))
        )
    with open_warehouse(settings) as connection:
        connection.execute(  # of use only until the night is over
            "delete from ops.list_mails where night < ?", [settings.night - KEPT]
        )
        connection.execute(
            "insert or replace into ops.list_mails values (?, ?, ?)",
            [settings.night, letter.manager or "", datetime.now(UTC).replace(tzinfo=None)],
        )
    return Mailed(letter.title, letter.addresses, "sent")


@contextmanager
def _mail_server(settings: Settings, connection_id: str) -> Iterator[Send]:
    """Log in at the mail server of one of Airflow's connections.

    Its hook sends HTML only; the session that it opens sends our mails, which have a text for every
    reader.
    """
    os.environ.setdefault("AIRFLOW_HOME", str(settings.home / "airflow"))
    from smtplib import SMTP

    from airflow.providers.smtp.hooks.smtp import SmtpHook
    from airflow.sdk.exceptions import AirflowException

    try:
        hook = SmtpHook(connection_id).get_conn()
    except AirflowException as error:
        told = _(
            "There is no mail server {connection}: make a connection of that name in Airflow, or"
            " set AIRFLOW_CONN_{variable}. Airflow says: {problem}"
        )
        raise MailError(
            told.format(connection=connection_id, variable=connection_id.upper(), problem=error)
        ) from error
    except OSError as error:
        told = _("The mail server of the connection {connection} does not let us in: {problem}")
        problem = " ".join(str(error).split())
        raise MailError(told.format(connection=connection_id, problem=problem)) from error
    with hook:
        yield cast("SMTP", hook._smtp_client).send_message
