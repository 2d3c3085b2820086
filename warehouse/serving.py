"""The published file over the network: DuckDB's Quack protocol, by token, for reading only."""

from __future__ import annotations

import importlib.util
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from config import Settings
from config.language import _

TOKEN = "REIFEGRAD_SERVE_TOKEN"  # noqa: S105 - the variable's name
SHORTEST_TOKEN = 16
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# The protocol's extension needs the other one for HTTP.
EXTENSIONS = ("httpfs", "quack")
LOOK_SECONDS = 1.0


class ServingError(Exception):
    """The published file can't be served; the message says what to do."""


def serve(settings: Settings, host: str, port: int) -> Iterator[date]:
    """Serve the published file until the caller ends, always the newest one.

    A rename gives the file another inode; then the server is started anew on the new file.
    Queries that run at that moment end with an error and clients attach again.

    Args:
        settings: of the installation.
        host: the address to listen on.
        port: the TCP port.

    Yields:
        The night that is served, each time that a file is opened.

    Raises:
        ServingError: nothing is published yet, the token is too short or the port is taken.

    """
    token = ensure_token(settings)
    while True:
        inode = _inode(settings.published)
        with _server(settings.published, host, port, token) as night:
            yield night
            while _inode(settings.published) == inode:
                time.sleep(LOOK_SECONDS)


def ensure_token(settings: Settings) -> str:
    """Return the token; the first time it is made and kept in the home's `secrets.env`.

    Raises:
        ServingError: it is too short.

    """
    if settings.serve_token:
        if len(settings.serve_token) < SHORTEST_TOKEN:
            raise ServingError(
                _("{variable} needs {count} characters or more.").format(
                    variable=TOKEN, count=SHORTEST_TOKEN
                )
            )
        return settings.serve_token
    token = secrets.token_urlsafe(24)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with os.fdopen(os.open(settings.home / "secrets.env", flags, 0o600), "w") as file:
        file.write(f"{TOKEN}={token}\n")
    return token


@contextmanager
def _server(path: Path, host: str, port: int, token: str) -> Iterator[date]:
    """Open the file, serve it and close both; yields the night of its data."""
    uri = f"quack:{host}:{port}"
    connection = duckdb.connect(
        str(path), read_only=True, config={"autoinstall_known_extensions": "false"}
    )
    try:
        for name in EXTENSIONS:
            connection.load_extension(str(_extension(name)))
        connection.create_function("may_run", _may_run, ["VARCHAR", "VARCHAR"], "BOOLEAN")
        connection.execute("set global quack_authorization_function = 'may_run'")
        (night,) = connection.execute("select night from version").fetchone() or (date.min,)
        _claim(host, port)
        connection.execute(
            "from quack_serve($uri, token => $token, allow_other_hostname => $others)",
            {"uri": uri, "token": token, "others": host not in LOOPBACK},
        )
        # no file of this machine is read or written for a client, and no client changes that
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        try:
            yield night
        finally:
            connection.execute("from quack_stop($uri)", {"uri": uri})
    finally:
        connection.close()


def _claim(host: str, port: int) -> None:
    """Make sure that the port is free: Quack would share it with another listener."""
    try:
        family, kind, *_rest, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        raise ServingError(
            _("{host}:{port} can't be served: {strerror}.").format(
                host=host, port=port, strerror=error.strerror
            )
        ) from error


def _may_run(_session: str, sql: str) -> bool:
    """Allow queries and the transactions around them, nothing about the server itself."""
    allowed = {duckdb.StatementType.SELECT, duckdb.StatementType.TRANSACTION}
    try:
        kinds = {statement.type for statement in duckdb.extract_statements(sql)}
    except duckdb.Error:
        return False
    return kinds <= allowed and "quack" not in sql.lower()


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        raise ServingError(
            _("{path} is missing: nothing is published yet.").format(path=path)
        ) from None


def _extension(name: str) -> Path:
    """Find the extension in its Python package: nothing is downloaded and nothing copied."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    if spec is None or spec.origin is None:
        raise ServingError(
            _("The package duckdb-extension-{name} is missing: run `make setup`.").format(name=name)
        )
    folder = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}"
    return folder / f"{name}.duckdb_extension"
