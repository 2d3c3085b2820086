"""Real servers on ports of their own, started by the tests that need them, and a home for each."""

from __future__ import annotations

import datetime
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

from config import Settings

PASSWORD = "ge heim@ß/1"  # of the kind that a URI must escape
PASSWORD_IN_URI = "ge%20heim%40%C3%9F%2F1"


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
    place = Path(tempfile.mkdtemp(prefix="rf-"))
    place.chmod(0o755)
    yield place
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
