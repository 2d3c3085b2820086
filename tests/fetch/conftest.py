"""Real servers on ports of their own, started by the tests that need them, and a home for each."""

from __future__ import annotations

import datetime
import getpass
import ipaddress
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from config import Settings

PASSWORD = "ge heim@ß/1"  # of the kind that a URI must escape
PASSWORD_IN_URI = "ge%20heim%40%C3%9F%2F1"
QUICK = ("--innodb-flush-method=nosync", "--innodb-doublewrite=0")


def program(*names: str) -> str:
    """Return the path of the first program that is here; skip the test if none is."""
    places = [os.environ["PATH"], "/usr/sbin", *map(str, Path("/usr/lib").glob("postgresql/*/bin"))]
    for name in names:
        if found := shutil.which(name, path=os.pathsep.join(places)):
            return found
    pytest.skip(f"{names[0]} is not installed here; Debian has it (see .ci/run)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(*command: str, port: int, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until its port answers; end it and its children afterwards."""
    with tempfile.TemporaryFile() as log:
        started = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
            **options,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 40
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if started.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    said = f"{command[0]}: {log.read().decode(errors='replace')}"
                    if os.getuid() != 0:
                        pytest.skip(f"does not start for this user: {said}")
                    raise RuntimeError(said)
                time.sleep(0.05)
            yield started
        finally:
            if started.poll() is None:
                os.killpg(started.pid, 15)
                try:
                    started.wait(15)
                except subprocess.TimeoutExpired:
                    os.killpg(started.pid, 9)
                    started.wait(5)


def certificates(folder: Path) -> None:
    """Write an authority of one's own and a certificate of it for 127.0.0.1 alone."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def name(text):
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    def made(subject, issuer, key, signer, extensions):
        builder = x509.CertificateBuilder(
            name(issuer), name(subject), key.public_key(), x509.random_serial_number(),
            today - datetime.timedelta(days=1), today + datetime.timedelta(days=2),
        )  # fmt: skip
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    today = datetime.datetime.now(datetime.UTC)
    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    (folder / "ca.pem").write_bytes(
        made("Firma CA", "Firma CA", authority, authority, [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), False),
            (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True),
        ])
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(
        made("mail", "Firma CA", own, authority, [
            (x509.SubjectAlternativeName([address]), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), False),
        ])
    )  # fmt: skip
    (folder / "key.pem").write_bytes(
        own.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@pytest.fixture(scope="module")
def short_folder() -> Iterator[Path]:
    """A folder with a short path (sockets) that a server's own user may enter."""
    before = os.umask(0o022)  # the command line, called by an earlier test, lets nobody else in
    place = Path(tempfile.mkdtemp(prefix="rf-"))
    place.chmod(0o755)
    yield place
    os.umask(before)
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "home" / "config").mkdir(parents=True)
    (tmp_path / "home").chmod(0o700)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))  # where nothing may appear
    for name in [name for name in os.environ if name.startswith("AIRFLOW_CONN_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    return Settings(home=home, config=home / "config", language="en", lock_wait_seconds=20)


@pytest.fixture
def write_entries(settings: Settings) -> Callable[[str], None]:
    """Return a function that writes `fetch.yml`."""

    def write(text: str) -> None:
        (settings.config / "fetch.yml").write_text(f"fetch:\n{text}\n", encoding="utf-8")

    return write


@pytest.fixture
def inbox(settings: Settings) -> Callable[[], dict[str, bytes]]:
    """Return a function that gives every file below the inbox, hidden ones too."""

    def read() -> dict[str, bytes]:
        return {
            path.relative_to(settings.inbox).as_posix(): path.read_bytes()
            for path in sorted(settings.inbox.rglob("*"))
            if path.is_file()
        }

    return read


@pytest.fixture
def table(settings: Settings) -> Callable[[str], list[dict[str, str | None]]]:
    """Return a function that reads a file of the inbox as ingest does."""

    def read(name: str) -> list[dict[str, str | None]]:
        from ingest import read_file

        (found,) = read_file(settings.inbox / name)
        assert found.reject_count == 0
        return [dict(zip(found.columns, row, strict=True)) for row in found.rows]

    return read


@pytest.fixture(scope="module")
def postgres(short_folder):
    """A PostgreSQL server; it refuses to run as root, so a user of the machine runs it."""
    initdb, server = program("initdb"), program("postgres")
    port, data = free_port(), short_folder / "pg"
    owner = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
    data.mkdir()
    if owner:
        shutil.chown(data, "nobody", "nogroup")
    certificates(short_folder)
    for name in ("cert.pem", "key.pem"):
        shutil.copy(short_folder / name, data.parent / f"pg-{name}")
        (data.parent / f"pg-{name}").chmod(0o600)
        if owner:
            shutil.chown(data.parent / f"pg-{name}", "nobody", "nogroup")
    secret = short_folder / "pg.txt"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    subprocess.run(
        [initdb, "-D", data, "-U", "erp", "--auth=scram-sha-256", f"--pwfile={secret}", "-N",
         "--encoding=UTF8", "--locale=C"],
        check=True, capture_output=True, cwd=data, **owner,
    )  # fmt: skip
    command = [server, "-D", str(data), "-p", str(port), "-k", str(data), "-c", "fsync=off",
               "-c", "listen_addresses=127.0.0.1", "-c", "ssl=on",
               "-c", f"ssl_cert_file={short_folder}/pg-cert.pem",
               "-c", f"ssl_key_file={short_folder}/pg-key.pem"]  # fmt: skip
    with process(*command, port=port, cwd=data, **owner):
        url = f"postgresql://erp:{PASSWORD_IN_URI}@127.0.0.1:{port}/postgres"
        yield url, _engine(url.replace("postgresql", "postgresql+psycopg2"))


@pytest.fixture(scope="module")
def mariadb(short_folder):
    """A MariaDB server."""
    install, server = program("mariadb-install-db"), program("mariadbd")
    port, data = free_port(), short_folder / "maria"
    user = [f"--user={'root' if os.getuid() == 0 else getpass.getuser()}"]
    subprocess.run(
        [install, "--no-defaults", f"--datadir={data}", *user, "--skip-test-db",
         "--auth-root-authentication-method=normal", *QUICK],
        check=True, capture_output=True,
    )  # fmt: skip
    start = short_folder / "maria.sql"
    start.write_text(
        f"set names utf8mb4;\ncreate database erp;\ncreate user erp identified by '{PASSWORD}';\n"
        "grant all on erp.* to erp;\nset global sql_mode = 'ANSI_QUOTES';\n",
        encoding="utf-8",
    )
    command = [server, "--no-defaults", f"--datadir={data}", f"--port={port}", *user,
               "--bind-address=127.0.0.1", f"--socket={short_folder}/m.sock",
               "--character-set-server=utf8mb4", "--skip-name-resolve",
               *QUICK, "--innodb-fast-shutdown=2", f"--init-file={start}"]  # fmt: skip
    with process(*command, port=port):
        url = f"mariadb://erp:{PASSWORD_IN_URI}@127.0.0.1:{port}/erp"
        yield url, _engine(url.replace("mariadb", "mysql+pymysql"))


def _engine(url):
    arguments = {"password": PASSWORD.encode()} if "mysql" in url else {}
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=arguments)
    for _attempt in range(100):
        try:
            engine.connect().close()
            return engine
        except sa.exc.OperationalError as error:
            last = error
            time.sleep(0.1)
    raise last
