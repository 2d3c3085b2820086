"""Real servers on ports of their own, started by the tests that need them, and a home for each."""

from __future__ import annotations

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
