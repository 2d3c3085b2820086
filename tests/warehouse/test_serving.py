"""Quack: a client in another process reads with the token, writes nothing, sees the new night."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from config import PROJECT_ROOT, Settings, load_settings
from warehouse import ServingError, open_warehouse, publish
from warehouse.serving import ensure_token, serve

pytest.importorskip("duckdb_extension_quack")
pytest.importorskip("duckdb_extension_httpfs")

CLIENT = """
import sys, duckdb
from warehouse.serving import EXTENSIONS, _extension
port, token, *queries = sys.argv[1:]
connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
for name in EXTENSIONS:
    connection.load_extension(str(_extension(name)))
connection.execute("set enable_progress_bar = false")
def ask(sql):
    try:
        return connection.execute(sql).fetchall()
    except duckdb.Error as error:
        return str(error).split("\\n")[0]
print(ask(f"create secret (type quack, token '{token}')"))
print(ask(f"attach 'quack:127.0.0.1:{port}' as warehouse"))
for query in queries:
    print(ask(query.replace("PORT", port)))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(home=tmp_path_factory.mktemp("serving"), as_of=date(2025, 12, 30))
    with open_warehouse(settings) as connection:
        connection.execute(
            "create table marts.orders as select 'o' || range as order_id from range(3)"
        )
    publish(settings)
    return settings


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def server(home: Settings, port: int) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"REIFEGRAD_HOME": str(home.home), "REIFEGRAD_LANGUAGE": "en"}
    command = ["-c", "from reifegrad.cli import main; main()", "-v", "serve", "--port", str(port)]
    with subprocess.Popen(
        [sys.executable, "-u", *command],
        cwd=PROJECT_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.terminate()


def ask(port: int, token: str, *queries: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-c", CLIENT, str(port), token, *queries],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.splitlines()[1:]


def remote(sql: str) -> str:
    return f"from quack_query('quack:127.0.0.1:PORT', $${sql}$$)"


def test_with_the_token_a_client_reads_and_does_nothing_else(
    home: Settings, port: int, server: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert server.stdout
    line = server.stdout.readline()
    assert "2025-12-30" in line
    secrets = home.home / "secrets.env"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    token = secrets.read_text().partition("=")[2].strip()
    assert token not in line
    attached, count, *refused = ask(
        port,
        token,
        "select count(*) from warehouse.orders",
        "create table warehouse.mine as select 1",
        remote("delete from orders"),
        remote(f"copy orders to '{tmp_path / 'orders.csv'}'"),
        remote(f"from read_text('{home.home / 'secrets.env'}')"),
        remote(f"attach '{home.warehouse}' as w"),
        remote("set lock_configuration = false"),
        remote("from quack_stop('quack:127.0.0.1:PORT')"),
    )
    assert (attached, count) == ("[]", "[(3,)]")
    assert len(refused) == 7
    for answer in refused:
        assert "Authorization failed" in answer or "disabled by configuration" in answer
    assert list(tmp_path.iterdir()) == []


def test_without_the_token_nobody_reads(port: int, server: subprocess.Popen[str]) -> None:
    attached, answer = ask(port, "a-token-of-nobody", "select count(*) from warehouse.orders")
    assert "Authentication failed" in attached
    assert "does not exist" in answer


def test_after_a_night_the_new_file_is_served(
    home: Settings, port: int, server: subprocess.Popen[str]
) -> None:
    publish(home.model_copy(update={"as_of": date(2025, 12, 31)}))
    assert server.stdout
    assert "2025-12-31" in server.stdout.readline()
    token = (home.home / "secrets.env").read_text().partition("=")[2].strip()
    night = "select night::varchar from warehouse.version"
    assert ask(port, token, night) == ["[]", "[('2025-12-31',)]"]


def test_a_taken_port_a_short_token_and_a_missing_file_are_told(
    home: Settings, tmp_path: Path, port: int, server: subprocess.Popen[str]
) -> None:
    with pytest.raises(ServingError, match="can't be served: Address already in use"):
        next(serve(home.model_copy(update={"serve_token": "x" * 20}), "127.0.0.1", port))
    with pytest.raises(ServingError, match="16 characters"):
        next(serve(home.model_copy(update={"serve_token": "short"}), "127.0.0.1", port))
    with pytest.raises(ServingError, match="nothing is published"):
        next(serve(Settings(home=tmp_path, serve_token="x" * 20), "127.0.0.1", port))


def test_the_token_is_made_once_and_goes_to_no_other_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reifegrad.services.environment import reifegrad_environment

    monkeypatch.setenv("REIFEGRAD_HOME", str(tmp_path))
    monkeypatch.delenv("REIFEGRAD_SERVE_TOKEN", raising=False)
    token = ensure_token(load_settings())
    assert load_settings().serve_token == token
    assert ensure_token(load_settings()) == token
    assert token not in str(reifegrad_environment(load_settings()))
    assert token not in repr(load_settings())
