"""Mailboxes: a real Dovecot with a certificate of its own authority."""

from __future__ import annotations

import datetime
import getpass
import grp
import os
import pwd
import shutil
from email.message import EmailMessage
from email.utils import format_datetime

import pytest

from fetch import fetch_all
from fetch.state import read_state
from tests.fetch.conftest import (
    PASSWORD,
    PASSWORD_IN_URI,
    certificates,
    free_port,
    process,
    program,
)

TODAY = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
XLSX = b"PK\x03\x04 as if"


class Post:
    """The mailbox's folder on disk, and where the server listens."""

    def __init__(self, folder, ca, ports):
        self.folder, self.ca, (self.plain, self.secure) = folder, ca, ports
        self.count = 0

    def put(self, sender, subject, *files, message_id=None, into="", days_ago=0):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, "erp@firma.example", subject
        mail["Date"] = format_datetime(TODAY - datetime.timedelta(days=days_ago))
        self.count += 1
        if message_id != "":
            mail["Message-ID"] = message_id or f"<{self.count}@partner.example>"
        mail.set_content("Anbei die Liste.")
        for name, content in files:
            mail.add_attachment(
                content, maintype="application", subtype="octet-stream", filename=name
            )
        place = self.folder / into / "new"
        for each in ("new", "cur", "tmp"):
            (self.folder / into / each).mkdir(parents=True, exist_ok=True)
        (place / f"{int(TODAY.timestamp())}.{self.count}.host").write_bytes(bytes(mail))
        if os.getuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                shutil.chown(path, "nobody", "nogroup")

    def flags(self):
        """Names of all mails that anybody has marked as seen or moved."""
        return [path.name for path in self.folder.rglob("cur/*") if "S" in path.name.split(":")[-1]]

    def clear(self):
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture(scope="module")
def server(short_folder):
    dovecot = program("dovecot")
    certificates(short_folder)
    is_root = os.getuid() == 0
    user = "nobody" if is_root else getpass.getuser()
    group = "nogroup" if is_root else grp.getgrgid(os.getgid()).gr_name
    ports = (free_port(), free_port())
    (short_folder / "users").write_text(f"erp:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
    (short_folder / "mail").mkdir()
    config = short_folder / "dovecot.conf"
    config.write_text(f"""
base_dir = {short_folder}/run
state_dir = {short_folder}/run
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{short_folder}/cert.pem
ssl_key = <{short_folder}/key.pem
disable_plaintext_auth = yes
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {ports[0]}
  }}
  inet_listener imaps {{
    port = {ports[1]}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = {short_folder}/users
}}
userdb {{
  driver = static
  args = uid={pwd.getpwnam(user).pw_uid} gid={grp.getgrnam(group).gr_gid} home={short_folder}/mail
}}
first_valid_uid = 1
first_valid_gid = 0
mail_location = maildir:{short_folder}/mail
""")
    with process(dovecot, "-F", "-c", str(config), port=ports[1]):
        yield Post(short_folder / "mail", short_folder / "ca.pem", ports)


@pytest.fixture
def post(server, settings, monkeypatch):
    server.clear()
    monkeypatch.setenv(
        "AIRFLOW_CONN_POST", f"imaps://erp:{PASSWORD_IN_URI}@127.0.0.1:{server.secure}"
    )
    return server


def entry(post, more="", senders="[messe@partner.example, '@werk.example']"):
    return (
        f"  messe: {{kind: mailbox, connection: post, ca: {post.ca}, senders: {senders},"
        f" subject: 'Liste*', attachments: '*.xlsx'{more}}}"
    )


def test_attachments_come_by_sender_and_subject_once_and_nothing_there_changes(
    post, settings, write_entries, inbox
):
    write_entries(entry(post))
    post.put("Messe <Messe@partner.example>", "Liste März", ("Besucher Größe.xlsx", XLSX),
             ("logo.png", b"no"))  # fmt: skip
    post.put("a@werk.example", "liste 2", ("eins.xlsx", XLSX), ("zwei.XLSX", b"other"))
    post.put("messe@partner.example", "Rechnung", ("nein.xlsx", XLSX))
    post.put("messe@partner.example.evil.example", "Liste", ("nein.xlsx", XLSX))
    post.put("a@netzwerk.example", "Liste", ("nein.xlsx", XLSX))
    post.put("messe@partner.example", "Liste alt", ("nein.txt", XLSX))
    (result,) = fetch_all(settings)
    assert result.problem is None
    day = f"{TODAY:%Y-%m-%d}"
    names = sorted(name.rpartition("_")[0] for name in result.files)
    assert names == [f"messe/Besucher Größe_{day}", f"messe/eins_{day}", f"messe/zwei_{day}"]
    assert sorted(inbox().values()) == sorted([XLSX, XLSX, b"other"])
    assert fetch_all(settings)[0].status == "nothing"
    assert post.flags() == [], "nothing is marked as seen"


def test_the_same_mail_again_is_known_by_its_id(post, settings, write_entries, inbox):
    write_entries(entry(post))
    post.put("messe@partner.example", "Liste", ("a.xlsx", b"1"), message_id="<same@x>")
    fetch_all(settings)
    post.put("messe@partner.example", "Liste", ("a.xlsx", b"1"), message_id="<same@x>")
    assert fetch_all(settings)[0].status == "nothing"
    post.put("messe@partner.example", "Liste", ("a.xlsx", b"2"), message_id="")
    post.put("messe@partner.example", "Liste", ("a.xlsx", b"3"), message_id="")
    assert len(fetch_all(settings)[0].files) == 2
    assert fetch_all(settings)[0].status == "nothing"
    assert sorted(inbox().values()) == [b"1", b"2", b"3"]


def test_killed_between_two_attachments_the_mail_comes_whole_the_next_time(
    post, settings, write_entries, inbox, monkeypatch
):
    write_entries(entry(post))
    post.put("messe@partner.example", "Liste", ("a.xlsx", b"1"), ("b.xlsx", b"2"))
    from fetch import running

    real, count = running.deliver, []

    def killed(place, parcel):
        count.append(parcel.file)
        if len(count) == 2:
            raise KeyboardInterrupt
        return real(place, parcel)

    with monkeypatch.context() as patched:
        patched.setattr(running, "deliver", killed)
        with pytest.raises(KeyboardInterrupt):
            fetch_all(settings)
    assert read_state(settings, "messe").mails == {}
    assert len(fetch_all(settings)[0].files) == 2
    assert sorted(inbox().values()) == [b"1", b"2"]


@pytest.mark.parametrize(
    "name", ["../../../evil.xlsx", "..\\..\\evil.xlsx", "/etc/evil.xlsx", ".evil.xlsx",
             "C:\\x\\evil.xlsx", "evil\t.xlsx", "~$evil.xlsx", "e" * 400 + ".xlsx"]
)  # fmt: skip
def test_a_name_that_would_lead_elsewhere_stays_in_its_folder(
    post, settings, write_entries, inbox, name
):
    write_entries(entry(post))
    post.put("messe@partner.example", "Liste", (name, b"x"))
    (result,) = fetch_all(settings)
    assert result.problem is None
    (file,) = result.files
    assert file.startswith("messe/") and file.count("/") == 1 and file.endswith(".xlsx")
    assert list(inbox()) == [file]
    assert {path.name for path in settings.home.iterdir()} == {"config", "inbox", "fetch"}


def test_a_mail_that_is_too_large_is_told_and_left(post, settings, write_entries, inbox):
    write_entries(entry(post, ", max_megabytes: 0.01"))
    post.put("messe@partner.example", "Liste", ("a.xlsx", b"x" * 20_000), message_id="<big@x>")
    (result,) = fetch_all(settings)
    assert (result.status, inbox()) == ("nothing", {})
    assert "is left, more than `max_megabytes`: <big@x>" in result.notes[0]
    write_entries(entry(post))
    assert fetch_all(settings)[0].status == "new"


def test_other_folders_old_mails_and_a_dry_run(post, settings, write_entries, inbox):
    post.put("messe@partner.example", "Liste", ("a.xlsx", b"1"), into=".Auftr&AOQ-ge")
    write_entries(entry(post, ", folder: Aufträge"))
    assert len(fetch_all(settings, dry_run=True)[0].files) == 1
    assert inbox() == {}
    assert len(fetch_all(settings)[0].files) == 1


@pytest.mark.parametrize(
    ("old", "new", "more", "problem"),
    [
        (PASSWORD_IN_URI, "falsch-123", "", "does not accept user or password"),
        ("{secure}", "1", "", "does not answer"),
        ("127.0.0.1", "localhost", "", "the certificate of localhost"),
        ("", "", ", folder: Nirgends", "is not there: correct its names"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    post, settings, write_entries, monkeypatch, old, new, more, problem
):
    url = os.environ["AIRFLOW_CONN_POST"].replace(old.format(secure=post.secure), new)
    monkeypatch.setenv("AIRFLOW_CONN_POST", url if old else os.environ["AIRFLOW_CONN_POST"])
    write_entries(entry(post, more))
    (result,) = fetch_all(settings)
    assert problem in (result.problem or ""), result
    assert "falsch-123" not in result.problem and "\n" not in result.problem


def test_an_authority_that_nobody_knows_is_refused(post, settings, write_entries):
    write_entries(entry(post).replace(f"ca: {post.ca}, ", ""))
    assert "name your own authority as `ca:`" in fetch_all(settings)[0].problem


def test_without_tls_nobody_logs_in(post, settings, write_entries, monkeypatch):
    post.put("messe@partner.example", "Liste", ("a.xlsx", b"1"))
    url = f"imap://erp:{PASSWORD_IN_URI}@127.0.0.1:{post.plain}"
    monkeypatch.setenv("AIRFLOW_CONN_POST", url)
    write_entries(entry(post))
    assert fetch_all(settings)[0].status == "new", "encrypted before the login"
    write_entries(entry(post).replace(f"ca: {post.ca}, ", ""))
    assert "certificate" in fetch_all(settings)[0].problem
