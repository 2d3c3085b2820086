"""Where to and as whom: Airflow's connections, or the same in the environment or `secrets.env`.

A connection is a URI (`postgresql://user:password@host:5432/erp`) or Airflow's JSON, under the name
`AIRFLOW_CONN_<ID>`. Nothing of it stands in YAML or in a log.
"""

from __future__ import annotations

import ipaddress
import json
import os
import sys
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr

from config.folders import read_env
from config.language import _
from config.settings import ConfigurationError, Settings

VARIABLE: Final = "AIRFLOW_CONN_"


class Login(BaseModel):
    """One connection. `path`: the database, share or folder behind the address."""

    model_config = ConfigDict(frozen=True)

    id: str
    scheme: str
    host: str = ""
    port: int | None = None
    user: str | None = None
    password: SecretStr | None = None
    path: str = ""
    extra: dict[str, Any] = {}

    @property
    def secret(self) -> str | None:
        """The password in the open."""
        return self.password.get_secret_value() if self.password else None

    @property
    def is_loopback(self) -> bool:
        """Whether the server is this machine."""
        if self.host in ("", "localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def address(self) -> str:
        """The server, for messages."""
        return f"{self.host}:{self.port}" if self.port else self.host or self.path

    def hide(self, text: str) -> str:
        """Take the secrets out of a text."""
        secrets = [self.secret, *(str(v) for k, v in self.extra.items() if _is_secret(k))]
        for secret in filter(None, secrets):
            for form in {secret, quote(secret, safe=""), quote(secret)}:
                text = text.replace(form, "***")
        return text


def is_given(settings: Settings, connection: str) -> bool:
    """Return whether there is such a connection, in any of the places."""
    in_airflow = "airflow.sdk" in sys.modules
    return bool(_given(settings, connection) or (in_airflow and _from_airflow(connection)))


def find_login(settings: Settings, connection: str) -> Login:
    """Find a connection: in the environment, in `secrets.env` of the home, else in Airflow.

    Airflow's own store is asked only within its tasks.

    Raises:
        ConfigurationError: there is none, or it can't be read; says where to set it.

    """
    if given := _given(settings, connection):
        return parse_login(connection, given)
    if "airflow.sdk" in sys.modules and (found := _from_airflow(connection)):
        return found
    raise ConfigurationError(
        _(
            "There is no connection {name!r}: set {variable} in the environment or in {secrets}, or"
            " add it in Airflow, which only the nights there know."
        ).format(
            name=connection,
            variable=VARIABLE + connection.upper(),
            secrets=settings.home / "secrets.env",
        )
    )


def _given(settings: Settings, connection: str) -> str | None:
    """Return what the environment or `secrets.env` says of a connection."""
    variable = VARIABLE + connection.upper()
    return os.environ.get(variable) or read_env(settings.home / "secrets.env").get(variable.lower())


def parse_login(connection: str, given: str) -> Login:
    """Read a URI or Airflow's JSON.

    Raises:
        ConfigurationError: it is neither; the value is not told.

    """
    variable = VARIABLE + connection.upper()
    try:
        if given.lstrip().startswith("{"):
            return _from_fields(connection, json.loads(given))
        parts = urlsplit(given)
        if not parts.scheme:
            raise ValueError
        return Login(
            id=connection,
            scheme=parts.scheme,
            host=parts.hostname or "",
            port=parts.port,
            user=unquote(parts.username) if parts.username else None,
            password=SecretStr(unquote(parts.password)) if parts.password else None,
            path=unquote(parts.path.removeprefix("/")),
            extra=dict(parse_qsl(parts.query)),
        )
    except ValueError:
        message = _(
            "{variable} can't be read: write {form}, special characters as %-codes, or Airflow's"
            " JSON."
        )
        raise ConfigurationError(
            message.format(variable=variable, form="scheme://user:password@host:port/name")
        ) from None


def _from_fields(connection: str, fields: dict[str, Any]) -> Login:
    extra = fields.get("extra") or {}
    return Login(
        id=connection,
        scheme=str(fields["conn_type"]) if "conn_type" in fields else "",
        host=fields.get("host") or "",
        port=fields.get("port"),
        user=fields.get("login"),
        password=fields.get("password"),
        path=fields.get("schema") or "",
        extra=json.loads(extra) if isinstance(extra, str) else extra,
    )


def _from_airflow(connection: str) -> Login | None:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        found = Connection.get(connection)
    except AirflowNotFoundException:
        return None
    return _from_fields(
        connection,
        {
            "conn_type": found.conn_type,
            "host": found.host,
            "port": found.port,
            "login": found.login,
            "password": found.password,
            "schema": found.schema,
            "extra": found.extra_dejson,
        },
    )


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in ("password", "secret", "token", "key", "pass"))
