"""REST APIs: their records, page by page, through dlt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from config.connections import Login
from config.language import _
from fetch.entries import RestEntry
from fetch.errors import FetchError
from fetch.parcels import Parcel
from fetch.rows import CursorState, Row, cursor_of, rows_parcel, write_json_lines
from fetch.state import State
from fetch.transport import ANSWER_SECONDS, CONNECT_SECONDS, require_encrypted

if TYPE_CHECKING:
    from dlt.extract import DltResource
    from requests import Response, Session

ATTEMPTS: Final = 3  # the next night comes anyway


def parcels(entry: RestEntry, login: Login, state: State) -> Iterator[Parcel]:
    """Yield the entry's file."""
    with open_session(entry, login) as session:

        def rows(cursor: CursorState) -> Iterable[Row]:
            return cursor.read(_resource(entry, login, session))

        yield rows_parcel(entry, state, rows, write_json_lines)


def open_session(entry: RestEntry, login: Login) -> Session:
    """Return a session that speaks to the connection's address only, and keeps all digits.

    Raises:
        FetchError: the connection is no web address, or not encrypted beyond this machine.

    """
    from dlt.sources.helpers.requests import Client
    from requests.adapters import HTTPAdapter

    if login.scheme not in ("http", "https"):
        message = _("Connection {name!r} is of no web address: it begins with https://.")
        raise FetchError(message.format(name=login.id))
    require_encrypted(login, is_plain=login.scheme == "http", allowed=entry.plain)

    class OneServer(HTTPAdapter):
        """Refuses every other server: an answer may name one as its next page, or redirect."""

        def send(self, request: Any, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401
            there = urlsplit(request.url)
            if (there.scheme, there.hostname) != (login.scheme, login.host):
                message = _("{server} sends us on to {other}, which gets nothing of ours.")
                raise FetchError(message.format(server=login.host, other=there.hostname))
            if entry.ca:  # before what REQUESTS_CA_BUNDLE names, which would win over the session
                kwargs["verify"] = entry.ca
            response = super().send(request, *args, **kwargs)
            # Numbers keep what was sent: 19.90 must not become 19.9.
            response.json = partial(response.json, parse_float=Decimal)  # type: ignore[method-assign]
            return response

    session: Session = Client(
        request_timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
        raise_for_status=False,
        request_max_attempts=ATTEMPTS,
    ).session
    for scheme in ("http://", "https://"):
        session.mount(scheme, OneServer())
    session.headers.update(entry.headers)
    return session


def _resource(entry: RestEntry, login: Login, session: Session) -> DltResource:
    from dlt.sources.rest_api import rest_api_resources

    port = f":{login.port}" if login.port else ""
    endpoint: dict[str, Any] = {"path": entry.path.lstrip("/"), "params": dict(entry.params)}
    if entry.records:
        endpoint["data_selector"] = entry.records
    if entry.pages:
        endpoint["paginator"] = dict(entry.pages)
    # JSON knows no dates: what YAML read as one is compared with texts.
    start = entry.start.isoformat() if isinstance(entry.start, date) else entry.start
    cursor = cursor_of(entry, start)
    if cursor is not None and entry.cursor_param:
        endpoint["params"][entry.cursor_param] = cursor
    (resource,) = rest_api_resources(
        {
            "client": {
                "base_url": f"{login.scheme}://{login.host}{port}/{login.path}",
                "auth": _auth(entry, login),
                "session": session,
            },
            "resources": [{"name": entry.name, "endpoint": endpoint}],
        }
    )
    if cursor is not None and not entry.cursor_param:
        resource.add_step(cursor)
    return resource


def _auth(entry: RestEntry, login: Login) -> Any:  # noqa: ANN401 - one of dlt's
    from dlt.sources.helpers.rest_client import auth

    how = entry.auth or ("basic" if login.user else "bearer")
    secret = login.secret
    if secret is None:
        if entry.auth is not None:
            raise FetchError(_("Connection {name!r} has no password.").format(name=login.id))
        return None
    if how == "basic":
        return auth.HttpBasicAuth(login.user or "", secret)
    if how == "bearer":
        return auth.BearerTokenAuth(secret)
    place = "header" if how == "header" else "query"
    return auth.APIKeyAuth(name=str(entry.key_name), api_key=secret, location=place)
