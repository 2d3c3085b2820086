"""Folders: real SFTP, SMB, WebDAV and S3 servers, and a folder of this machine."""

from __future__ import annotations

import getpass
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from fetch import fetch_all
from fetch.state import read_state
from tests.fetch.conftest import PASSWORD, PASSWORD_IN_URI, free_port, process, program

OLD = 1_700_000_000  # 2023-11-14, long settled
HERE = "127.0.0.1"


class Disk:
    """A folder of a server that keeps its files on this disk; `entry` is its part of the YAML."""

    def __init__(self, folder: Path, entry: str, url: str | None = None) -> None:
        self.folder, self.entry, self.url = folder, entry, url

    def put(self, name: str, content: bytes, changed_at: float = OLD) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (changed_at, changed_at))

    def names(self) -> list[str]:
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.folder).as_posix() for path in found)

    def clear(self) -> None:
        for path in sorted(self.folder.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()


class Bucket:
    """A bucket of an S3 server."""

    entry = "connection: there, folder: firma/export"

    def __init__(self, url: str, client) -> None:
        self.url, self.client = url, client

    def put(self, name: str, content: bytes, changed_at: float = OLD) -> None:
        self.client.put_object(Bucket="firma", Key=f"export/{name}", Body=content)

    def names(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket="firma").get("Contents", [])
        return sorted(each["Key"].removeprefix("export/") for each in found)

    def clear(self) -> None:
        for name in self.names():
            self.client.delete_object(Bucket="firma", Key=f"export/{name}")


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    return Disk(folder, f"folder: {folder}")


@pytest.fixture(scope="module")
def sftp(short_folder):
    server, keygen = program("sshd"), program("ssh-keygen")
    port, folder = free_port(), short_folder / "sftp"
    folder.mkdir()
    for name in ("host", "user", "other"):
        subprocess.run(
            [keygen, "-q", "-t", "ed25519", "-N", "", "-f", short_folder / name], check=True
        )
    settings = {
        "Port": port, "ListenAddress": HERE, "HostKey": short_folder / "host", "UsePAM": "no",
        "AuthorizedKeysFile": short_folder / "user.pub", "StrictModes": "no", "PidFile": "none",
        "PasswordAuthentication": "no", "Subsystem": "sftp internal-sftp",
    }  # fmt: skip
    config = short_folder / "sshd.conf"
    config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    told = subprocess.run(
        [keygen, "-lf", short_folder / "host.pub"], check=True, capture_output=True, text=True
    )
    key = told.stdout.split()[1]
    url = f"sftp://{getpass.getuser()}@{HERE}:{port}/?key_file={short_folder}/user"
    with process(server, "-D", "-e", "-f", str(config), port=port):
        yield Disk(folder, f"connection: there, folder: {folder}, host_key: '{key}'", url)


@pytest.fixture(scope="module")
def smb(short_folder):
    server, accounts = program("smbd"), program("pdbedit")
    port, folder, state = free_port(), short_folder / "smb", short_folder / "samba"
    folder.mkdir()
    state.mkdir()
    places = ("private dir", "lock directory", "state directory", "cache directory",
              "pid directory", "ncalrpc dir")  # fmt: skip
    lines = [f"{place} = {state}" for place in places]
    config = short_folder / "smb.conf"
    config.write_text(
        "[global]\n" + "\n".join(lines) + f"\nsmb ports = {port}\ninterfaces = lo\n"
        "bind interfaces only = yes\nserver role = standalone server\nmap to guest = never\n"
        f"disable spoolss = yes\nload printers = no\nlog file = {state}/log\n"
        f"passdb backend = tdbsam:{state}/passdb.tdb\n"
        f"[Freigabe]\npath = {folder}\nread only = no\n",
        encoding="utf-8",
    )
    user = getpass.getuser()
    subprocess.run(
        [accounts, "-s", config, "-a", "-t", "-u", user], input=f"{PASSWORD}\n{PASSWORD}\n",
        text=True, check=True, capture_output=True,
    )  # fmt: skip
    url = f"smb://{user}:{PASSWORD_IN_URI}@{HERE}:{port}/Freigabe"
    command = (server, "--foreground", "--no-process-group", "-s", str(config))
    with process(*command, port=port):
        yield Disk(folder / "Export", "connection: there, folder: Export", url)


@pytest.fixture(scope="module")
def webdav(tmp_path_factory):
    from cheroot.wsgi import Server
    from wsgidav.wsgidav_app import WsgiDAVApp

    folder, port = tmp_path_factory.mktemp("dav"), free_port()
    (folder / "Export").mkdir()
    application = WsgiDAVApp({
        "provider_mapping": {"/": str(folder)}, "verbose": 0, "logging": {"enable": False},
        "simple_dc": {"user_mapping": {"*": {"büro": {"password": PASSWORD}}}},
        "http_authenticator": {"accept_basic": True, "accept_digest": False,
                               "default_to_digest": False},
    })  # fmt: skip
    server = Server((HERE, port), application)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    url = f"webdav://b%C3%BCro:{PASSWORD_IN_URI}@{HERE}:{port}/"
    yield Disk(folder / "Export", "connection: there, folder: /Export/", url)
    server.stop()


@pytest.fixture(scope="module")
def s3():
    import boto3
    from moto.server import ThreadedMotoServer

    port = free_port()
    server = ThreadedMotoServer(ip_address=HERE, port=port, verbose=False)
    server.start()
    endpoint = f"http://{HERE}:{port}"
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="k", aws_secret_access_key="s",
        region_name="eu-central-1",
    )  # fmt: skip
    client.create_bucket(
        Bucket="firma", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    yield Bucket(f"s3://k:s@/?region_name=eu-central-1&endpoint_url={endpoint}", client)
    server.stop()


KINDS = ["local", "sftp", "smb", "webdav", "s3"]


@pytest.fixture(params=KINDS)
def place(request, settings, monkeypatch):
    """A folder of each kind, empty; the connection is called `there`."""
    there = request.getfixturevalue(request.param)
    if there.url:
        monkeypatch.setenv("AIRFLOW_CONN_THERE", there.url)
    if isinstance(there, Disk):
        there.folder.mkdir(exist_ok=True)
    there.clear()
    return there


def entry(place, more="", settle=0):
    return f"  partner: {{kind: folder, {place.entry}, settle_seconds: {settle}{more}}}"


def test_only_new_and_changed_files_come(place, settings, write_entries, inbox):
    write_entries(entry(place, ", files: '*.CSV'"))
    place.put("Kunden Größe.csv", b"a;b\n1;2\n")
    place.put("readme.txt", b"not wanted")
    place.put("below/deep.csv", b"not wanted either")
    place.put("~$open.csv", b"Office's lock")
    place.put(".hidden.csv", b"x")
    (result,) = fetch_all(settings)
    assert (result.problem, result.files) == (None, ("partner/Kunden Größe.csv",))
    assert inbox() == {"partner/Kunden Größe.csv": b"a;b\n1;2\n"}
    assert fetch_all(settings)[0].status == "nothing"
    place.put("Kunden Größe.csv", b"a;b\n1;3\n", OLD + 60)
    place.put("new.csv", b"n", OLD + 120)
    before = place.names()
    (result,) = fetch_all(settings)
    assert result.files == ("partner/Kunden Größe.csv", "partner/new.csv")
    assert inbox()["partner/Kunden Größe.csv"] == b"a;b\n1;3\n"
    assert place.names() == before, "the source is left as it is"


def test_folders_below_keep_their_paths(place, settings, write_entries, inbox):
    write_entries(entry(place, ", files: '**/*.csv', into: von/partner"))
    place.put("a.csv", b"1")
    place.put("2026/März/a.csv", b"2")
    assert fetch_all(settings)[0].problem is None
    assert inbox() == {"von/partner/a.csv": b"1", "von/partner/2026/März/a.csv": b"2"}


def test_what_was_fetched_is_moved_where_the_entry_says_so(place, settings, write_entries, inbox):
    write_entries(entry(place, ", after: move, move_to: erledigt, files: '**/*.csv'"))
    place.put("a.csv", b"first")
    place.put("b.txt", b"stays")
    assert fetch_all(settings)[0].problem is None
    assert place.names() == ["b.txt", "erledigt/a.csv"]
    assert fetch_all(settings)[0].status == "nothing"
    place.put("a.csv", b"second", OLD + 60)
    assert fetch_all(settings)[0].files == ("partner/a.csv",)
    names = place.names()
    assert len(names) == 3 and "a.csv" not in names, "nothing in the folder is replaced"
    assert inbox() == {"partner/a.csv": b"second"}


def test_killed_between_inbox_and_move_the_next_fetch_only_moves(
    place, settings, write_entries, monkeypatch
):
    write_entries(entry(place, ", after: move"))
    place.put("a.csv", b"1")

    def killed(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("fetch.folders._move", killed)
        with pytest.raises(KeyboardInterrupt):
            fetch_all(settings)
    assert place.names() == ["a.csv"]
    assert fetch_all(settings)[0].status == "nothing"
    assert place.names() == ["fetched/a.csv"]


def test_a_dry_run_moves_nothing(place, settings, write_entries, inbox):
    write_entries(entry(place, ", after: move"))
    place.put("a.csv", b"1")
    assert fetch_all(settings, dry_run=True)[0].files == ("partner/a.csv",)
    assert (inbox(), place.names()) == ({}, ["a.csv"])


def test_a_file_that_may_still_be_written_waits(place, settings, write_entries, inbox):
    write_entries(entry(place, settle=60))
    place.put("fresh.csv", b"half", time.time())
    assert fetch_all(settings)[0].status == "nothing"
    assert inbox() == {}


def test_a_file_that_grows_while_it_is_read_waits(place, settings, write_entries, inbox):
    from fetch import file_systems, folders

    write_entries(entry(place))
    place.put("a.csv", b"half")

    def growing(*args):
        system, root = file_systems.open_folder(*args)
        get = system.get_file

        def get_file(path, local, **options):
            get(path, local, **options)
            place.put("a.csv", b"half and the rest", OLD + 5)

        system.get_file = get_file
        return system, root

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(folders, "open_folder", growing)
        (result,) = fetch_all(settings)
    assert result.notes == ("a.csv is still being written; next time.",)
    assert inbox() == {}
    assert fetch_all(settings)[0].files == ("partner/a.csv",)
    assert inbox() == {"partner/a.csv": b"half and the rest"}


def test_a_folder_that_is_not_there_is_told(place, settings, write_entries):
    write_entries(entry(place).replace("xport", "xporte").replace("/sftp,", "/nowhere,"))
    (result,) = fetch_all(settings)
    assert "is not there: correct its names" in (result.problem or ""), result


def test_a_folder_whose_files_are_all_gone_may_not_be_mounted(local, settings, write_entries):
    local.clear()
    write_entries(entry(local))
    local.put("a.csv", b"1")
    fetch_all(settings)
    local.clear()
    assert "is it mounted?" in fetch_all(settings)[0].problem


@pytest.mark.parametrize("kind", ["sftp", "smb", "webdav"])
def test_a_wrong_login_is_told_without_it(request, settings, write_entries, monkeypatch, kind):
    there = request.getfixturevalue(kind)
    wrong = there.url.replace(PASSWORD_IN_URI, "falsch-123").replace("/user", "/other")
    monkeypatch.setenv("AIRFLOW_CONN_THERE", wrong)
    write_entries(entry(there))
    (result,) = fetch_all(settings)
    assert "does not accept user or password" in (result.problem or ""), result
    assert "falsch-123" not in result.problem


@pytest.mark.parametrize("kind", ["sftp", "smb", "webdav", "s3"])
def test_a_server_that_does_not_answer_is_told(request, settings, write_entries, monkeypatch, kind):
    there = request.getfixturevalue(kind)
    port = there.url.rpartition(f"{HERE}:")[2].split("/")[0].split("&")[0]
    monkeypatch.setenv("AIRFLOW_CONN_THERE", there.url.replace(port, "1"))
    write_entries(entry(there))
    began = time.monotonic()
    (result,) = fetch_all(settings)
    assert "does not answer" in (result.problem or ""), result
    assert time.monotonic() - began < 20


def test_a_key_that_is_not_known_is_told_with_what_to_compare(sftp, settings, write_entries):
    os.environ["AIRFLOW_CONN_THERE"] = sftp.url
    begin, _, key = sftp.entry.partition(", host_key: ")
    (settings.config / "fetch.yml").write_text(
        f"fetch:\n  a: {{kind: folder, {begin}}}\n"
        f"  b: {{kind: folder, {begin}, host_key: 'SHA256:{'A' * 43}'}}\n"
    )
    first, other = fetch_all(settings)
    assert key.strip("'") in first.problem and "compare it" in first.problem
    assert "another one than the entry's `host_key`" in other.problem


def test_without_encryption_nothing_goes_to_another_machine(settings, write_entries, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_A", "webdav://user:geheim@192.0.2.1/")
    monkeypatch.setenv("AIRFLOW_CONN_B", "s3://key:geheim@/?endpoint_url=http://192.0.2.1:9000")
    write_entries("  a: {kind: folder, connection: a, folder: x}\n"
                  "  b: {kind: folder, connection: b, folder: x}")  # fmt: skip
    for result in fetch_all(settings):
        assert "would be asked without encryption" in result.problem


def test_what_is_too_large_is_told_and_left(local, settings, write_entries, inbox):
    local.clear()
    write_entries(entry(local, ", max_megabytes: 0.001"))
    local.put("big.csv", b"x" * 2000)
    local.put("small.csv", b"x")
    (result,) = fetch_all(settings)
    assert result.files == ("partner/small.csv",)
    assert "big.csv is left" in result.notes[0]


def test_names_that_do_not_fit_go_to_places_of_their_own(local, settings, write_entries, inbox):
    local.clear()
    write_entries(entry(local))
    local.put("a:b.csv", b"1")
    local.put("a_b.csv", b"2")
    local.put("u\u0308.csv", b"3")  # as a Mac writes it
    fetch_all(settings)
    names = sorted(inbox())
    assert len(names) == 3
    assert "partner/a_b.csv" in names and "partner/ü.csv" in names
    assert read_state(settings, "partner").files.keys() == {"a:b.csv", "a_b.csv", "u\u0308.csv"}


def test_a_full_disk_leaves_nothing_half_written(
    local, settings, write_entries, inbox, monkeypatch
):
    local.clear()
    write_entries(entry(local))
    local.put("a.csv", b"1")

    def full(*_args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("fetch.parcels.os.fsync", full)
        (result,) = fetch_all(settings)
    assert "no space is left for the inbox: make room" in result.problem
    assert inbox() == {}
    assert fetch_all(settings)[0].files == ("partner/a.csv",)
