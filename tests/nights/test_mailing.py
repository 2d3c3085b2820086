"""The lists of the day as mails, sent to a real mail server that the test starts."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from openpyxl import load_workbook

from config import Settings
from nights.mailing import MailError, mail_call_lists
from nights.sales import _read_lists, _wishes
from nights.steps import NIGHT as STEPS
from reifegrad.listing import say_lists, write_and_tell
from report.calls import Lists, write_call_lists
from tests.report.call_company import NIGHT, change_lists, make_home
from warehouse import open_warehouse

SENDER = "Reifegrad <crm@probe.example>"
TO = {"anna berger": "anna@probe.example", "Bodo Klein": ["bodo@probe.example", "b@probe.example"]}
PASSWORD = "geheim-1"


@dataclass
class Mailbox:
    """What came in; `refuses` are the addresses that are not taken."""

    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refuses:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append((envelope.rcpt_tos, mail))
        return "250 OK"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Mailbox]:
    """A mail server with a login, as the connection `mail` of Airflow."""
    box = Mailbox()

    def check(_server: Any, _session: Any, _envelope: Any, _how: Any, data: Any) -> AuthResult:
        return AuthResult(success=data.password == PASSWORD.encode())

    server = Controller(
        box, hostname="127.0.0.1", port=0, authenticator=check, auth_required=True,
        auth_require_tls=False,
    )  # fmt: skip
    server.port = _free_port()
    server.start()
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    connect(monkeypatch, server.port)
    yield box
    server.stop()


def connect(monkeypatch: pytest.MonkeyPatch, port: int, password: str = PASSWORD) -> None:
    extra = {"disable_ssl": True, "disable_tls": True, "retry_limit": 0, "timeout": 5}
    connection = {
        "conn_type": "smtp", "host": "127.0.0.1", "port": port, "login": "crm",
        "password": password, "extra": extra,
    }  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_MAIL", json.dumps(connection))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = make_home(tmp_path_factory.mktemp("mails"))
    write_call_lists(settings)
    return settings


@pytest.fixture
def settings(built: Settings) -> Settings:
    """The home with mails on, none of them sent."""
    change_lists(built, mail={"connection": "mail", "sender": SENDER, "to": TO})
    with open_warehouse(built) as connection:
        connection.execute("delete from ops.list_mails")
    return built


def states(done: list[Any]) -> dict[str, str]:
    return {one.title.removeprefix("Tagesliste: "): one.state for one in done}


def test_each_gets_the_own_list_as_text_as_table_and_as_excel_file(settings, mailbox):
    done = mail_call_lists(settings)
    assert states(done) == {
        "Anna Berger": "sent", "Bodo Klein": "sent", "Kunden ohne Zuständigen": "no address"
    }  # fmt: skip
    (to_anna, anna), (to_bodo, _bodo) = mailbox.mails
    assert (to_anna, to_bodo) == (["anna@probe.example"], TO["Bodo Klein"])
    assert anna["Subject"] == "Tagesliste 02.03.2026: 3 Kunden"
    assert (anna["From"], anna["Auto-Submitted"]) == (SENDER, "auto-generated")
    text, html = anna.get_body(("plain",)), anna.get_body(("html",))
    assert text is not None
    assert html is not None
    for said in ("Bau Süd", "50667 Köln", "+49 221 4711", "40 Punkte (mittel)", "90.000", "36.000",
                 "+ Seit 90 Tagen nichts", "− Groß", "1 Ticket"):  # fmt: skip
        assert said in text.get_content(), said
        assert said in html.get_content(), said
    assert "=SUM(1;2)" in text.get_content()
    (book,) = anna.iter_attachments()
    assert book.get_filename() == "Anna Berger.xlsx"
    path = settings.home / "attached.xlsx"
    path.write_bytes(book.get_content())
    assert load_workbook(path).worksheets[0]["A1"].value == "Tagesliste: Anna Berger"


def test_a_second_try_sends_none_twice(settings, mailbox):
    mail_call_lists(settings)
    assert set(states(mail_call_lists(settings)).values()) == {"sent before", "no address"}
    assert len(mailbox.mails) == 2


def test_whose_list_was_sent_is_forgotten_after_a_week(settings, mailbox):
    mail_call_lists(settings)
    mail_call_lists(settings.model_copy(update={"as_of": NIGHT + timedelta(days=8)}))
    assert len(mailbox.mails) == 4
    with open_warehouse(settings) as connection:
        (nights,) = connection.execute(
            "select count(distinct night) from ops.list_mails"
        ).fetchone()
    assert nights == 1


def test_one_that_fails_stops_no_other_and_is_sent_by_the_next_try(settings, mailbox):
    mailbox.refuses = {"anna@probe.example"}
    with pytest.raises(MailError, match=r"Tagesliste: Anna Berger: .*no such mailbox"):
        mail_call_lists(settings)
    assert [to for to, _ in mailbox.mails] == [TO["Bodo Klein"]]
    mailbox.refuses = set()
    mail_call_lists(settings)
    assert [to for to, _ in mailbox.mails] == [TO["Bodo Klein"], ["anna@probe.example"]]


def test_of_several_addresses_the_refused_one_is_told(settings, mailbox, caplog):
    mailbox.refuses = {"b@probe.example"}
    assert states(mail_call_lists(settings))["Bodo Klein"] == "sent"
    assert "b@probe.example" in caplog.text


def test_no_server_and_no_connection_are_told_in_one_line(settings, mailbox, monkeypatch):
    connect(monkeypatch, _free_port())
    with pytest.raises(MailError, match=r"connection mail does not let us in: .*refused"):
        mail_call_lists(settings)
    change_lists(settings, mail={"connection": "elsewhere", "sender": SENDER, "to": TO})
    with pytest.raises(MailError, match=r"no mail server elsewhere: .* AIRFLOW_CONN_ELSEWHERE"):
        mail_call_lists(settings)
    assert mailbox.mails == []


def test_a_wrong_password_is_told_and_not_shown(settings, mailbox, monkeypatch):
    connect(monkeypatch, json.loads(os.environ["AIRFLOW_CONN_MAIL"])["port"], "falsch")
    with pytest.raises(MailError, match="does not let us in") as error:
        mail_call_lists(settings)
    assert "falsch" not in str(error.value)
    assert mailbox.mails == []


def test_mails_are_off_until_they_are_configured(settings, mailbox):
    change_lists(settings, mail={"connection": None, "sender": SENDER, "to": TO})
    assert mail_call_lists(settings) == []
    assert mailbox.mails == []


def test_a_dry_run_tells_who_would_get_what_and_sends_nothing(settings, mailbox):
    lines = list(write_and_tell(settings, dry_run=True))
    assert lines == [
        "Tagesliste: Anna Berger: 3 of 3 customers",
        "Tagesliste: Bodo Klein: 2 of 2 customers",
        "Tagesliste: Kunden ohne Zuständigen: 1 of 1 customers",
        "Tagesliste: Anna Berger: would be sent to anna@probe.example",
        "Tagesliste: Bodo Klein: would be sent to bodo@probe.example, b@probe.example",
        "Tagesliste: Kunden ohne Zuständigen: no mail, since lists.yml names no address",
    ]
    assert mailbox.mails == []


def test_the_night_writes_the_lists_before_it_pushes_and_mails_them_afterwards():
    assert [step.name for step in STEPS["push_scores"]] == [
        "write_call_lists", "prepare_push", "push_to_crm", "mail_call_lists", "exchange_tasks",
        "hand_over_to_crm",
    ]  # fmt: skip


def test_a_task_in_the_crm_names_whom_to_call_so_that_no_number_is_read_as_a_reason(settings):
    lists, _config = _read_lists(settings)
    for wish in _wishes(settings, lists):
        for line in wish.note.splitlines():
            assert not line.startswith("+49")
    assert any("\nAnsprechpartner, Telefon: " in wish.note for wish in _wishes(settings, lists))


def test_no_list_at_all_is_told(settings):
    assert list(say_lists(settings, Lists(()))) == [
        "No list of the day: nobody has a hint. After an upgrade call `reifegrad build` first."
    ]
