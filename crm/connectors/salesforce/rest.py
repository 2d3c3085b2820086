"""A session with one Salesforce: log in, call, turn its errors into ours."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import requests
from requests.adapters import HTTPAdapter

from config import Settings
from config.language import _
from crm.connectors.http import TIMEOUT_SECONDS, require_available
from crm.connectors.paging import Pages
from crm.credentials import Credentials, read_credentials
from crm.errors import (
    CrmError,
    CrmLoginError,
    CrmRejectedError,
    CrmSetupError,
    CrmUnreachableError,
)
from crm.records import Outcome, RefusalKind

if TYPE_CHECKING:
    from simple_salesforce.api import Salesforce

Result = TypeVar("Result")
QUERY_LENGTH: Final = 8_000
"""Characters of a query's list of values. The address that carries it has 16,384 at most."""
ROWS_PER_CALL: Final = 200  # of an sObject collection
A_DAY: Final = 24 * 3600.0
READ_ONLY: Final = "INVALID_FIELD_FOR_INSERT_UPDATE"
KINDS: Final[Mapping[str, RefusalKind]] = {
    "STRING_TOO_LONG": "too_long",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "unknown_value",
    "REQUIRED_FIELD_MISSING": "missing_value",
    "INSUFFICIENT_ACCESS_OR_READONLY": "no_permission",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "no_permission",
    READ_ONLY: "no_permission",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "rule_of_the_crm",
    "FIELD_FILTER_VALIDATION_EXCEPTION": "rule_of_the_crm",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "rule_of_the_crm",
    "UNABLE_TO_LOCK_ROW": "locked",
    "ENTITY_IS_DELETED": "gone",
    "INVALID_CROSS_REFERENCE_KEY": "gone",
    "DUPLICATE_VALUE": "duplicate",
    "DUPLICATES_DETECTED": "duplicate",
}


class SalesforceRest:
    """One user's session; safe to be used by several threads.

    `REIFEGRAD_CRM_URL` is the org's own address (My Domain). A user that is an e-mail address logs
    in with password and security token in one (SOAP); any other is the consumer key of a connected
    app, the password its secret (OAuth client credentials).
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._credentials: Credentials | None = None
        self._client: Salesforce | None = None
        self._lock = threading.Lock()

    @property
    def credentials(self) -> Credentials:
        """Where the org is and as whom we write."""
        if self._credentials is None:
            self._credentials = read_credentials(self._settings)
        return self._credentials

    def log_in(self) -> None:
        """Make sure that there is a session."""
        self._open()

    def user_id(self) -> str:
        """Return the id of the user as whom we write."""
        user = self.credentials.user or ""
        if "@" in user:
            return str(self.query_in("SELECT Id FROM User WHERE Username IN {}", [user])[0]["Id"])
        return str(self.call(lambda client: client.oauth2("userinfo") or {})["user_id"])

    def query(self, soql: str, *, with_deleted: bool = False) -> list[dict[str, Any]]:
        """Return all rows of a query; those of the recycle bin, too, if asked for."""
        return list(self.query_iter(soql, with_deleted=with_deleted))

    def query_iter(self, soql: str, *, with_deleted: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the rows of a query page by page."""
        page = self.call(lambda client: client.query(soql, include_deleted=with_deleted))
        yield from page["records"]
        pages = Pages(soql.partition(" FROM ")[2].partition(" ")[0])
        while not page["done"]:
            pages.turn(page["nextRecordsUrl"])
            page = self.call(_next_page(page["nextRecordsUrl"]))
            yield from page["records"]

    def query_in(
        self, soql: str, values: Sequence[str], *, with_deleted: bool = False
    ) -> list[dict[str, Any]]:
        """Return the rows of a query in which `{}` stands for a list, in some calls if need be."""
        from simple_salesforce.format import format_soql

        return [
            row
            for chunk in _chunks(values)
            for row in self.query(format_soql(soql, list(chunk)), with_deleted=with_deleted)
        ]

    def save(self, method: str, path: str, records: Sequence[dict[str, Any]]) -> list[Outcome]:
        """Create or change records of a collection; one outcome each, in their order."""
        outcomes: list[Outcome] = []
        for start in range(0, len(records), ROWS_PER_CALL):
            body = {"allOrNone": False, "records": records[start : start + ROWS_PER_CALL]}
            rows = self.ask(path, method, body)
            _require_rights(rows)
            outcomes += [to_outcome(row) for row in rows]
        return outcomes

    def ask(self, path: str, method: str = "GET", body: object = None) -> Any:  # noqa: ANN401
        """Return the answer of one resource of the REST API."""
        more: dict[str, Any] = {} if body is None else {"json": body}
        return self.call(lambda client: client.restful(path, method=method, **more))

    def call(self, ask: Callable[[Salesforce], Result]) -> Result:
        """Ask; if the session has ended, log in and ask again.

        Raises:
            CrmUnreachableError, CrmLoginError, CrmSetupError, CrmRejectedError: see their classes.

        """
        from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession

        try:
            client = self._open()
            try:
                return ask(client)
            except SalesforceExpiredSession:
                return ask(self._open(instead_of=client))
        except SalesforceError as error:
            raise to_error(error) from error
        except requests.exceptions.SSLError as error:
            raise CrmError(
                _(
                    "The CRM at {url} shows a certificate that does not fit it: correct"
                    " REIFEGRAD_CRM_URL or the certificate. Nothing was sent."
                ).format(url=self.credentials.url)
            ) from error
        except requests.RequestException as error:
            raise CrmUnreachableError(
                _(
                    "The CRM does not answer at {url} ({reason}): is REIFEGRAD_CRM_URL right?"
                ).format(url=self.credentials.url, reason=type(error).__name__)
            ) from error

    def _open(self, instead_of: Salesforce | None = None) -> Salesforce:
        with self._lock:
            if self._client is None or self._client is instead_of:
                self._client = self._log_in()
            return self._client

    def _log_in(self) -> Salesforce:
        from simple_salesforce.api import Salesforce
        from simple_salesforce.exceptions import SalesforceAuthenticationFailed
        from simple_salesforce.login import SalesforceLogin, token_login

        url, user = self.credentials.require_url(), self.credentials.user or ""
        password = self.credentials.secret.get_secret_value()
        session = _session()
        try:
            if "@" in user:
                token, _host = SalesforceLogin(
                    user, password, security_token="", session=session, scratch_url=url
                )
            else:
                basic = base64.b64encode(f"{user}:{password}".encode()).decode()
                token, _host = token_login(
                    f"{url}/services/oauth2/token",
                    {"grant_type": "client_credentials"},
                    url,
                    user,
                    {"Authorization": f"Basic {basic}"},
                    session.proxies,
                    session,
                )
        except SalesforceAuthenticationFailed as error:
            raise CrmLoginError(
                _(
                    "The CRM at {url} refuses the user {user} ({reason}): correct"
                    " REIFEGRAD_CRM_USER and REIFEGRAD_CRM_PASSWORD."
                ).format(url=url, user=user, reason=_text(error.content))
            ) from error
        return Salesforce(session_id=token, instance_url=url, session=session)


def to_outcome(row: Mapping[str, Any]) -> Outcome:
    """Return what became of one row of a collection.

    Raises:
        CrmSetupError: it names a field that is not there.

    """
    if row["success"]:
        return Outcome(row["id"])
    first = row["errors"][0]
    if first["statusCode"] == "INVALID_FIELD":
        raise _lacks(first["message"])
    words = "; ".join(error["message"] for error in row["errors"])
    return Outcome(refused=words, kind=KINDS.get(first["statusCode"], "other"))


def _require_rights(rows: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to go on where our user may not write a field at all, whatever the record."""
    first = [row["errors"][0] for row in rows if not row["success"]]
    if (
        first
        and all(error["statusCode"] == READ_ONLY for error in first)
        and len(first) == len(rows)
    ):
        raise _not_allowed(first[0]["message"])


def to_error(error: Exception) -> CrmError:
    """Turn an exception of simple-salesforce into one of ours."""
    status, content = getattr(error, "status", 0), getattr(error, "content", None)
    code, message = _first(content)
    if status == requests.codes.unauthorized:
        return CrmLoginError(_("The CRM ended the session: {reason}").format(reason=message))
    if code == "REQUEST_LIMIT_EXCEEDED":
        return CrmUnreachableError(
            _("The CRM takes no more calls today: {reason}").format(reason=message), A_DAY
        )
    if status >= requests.codes.server_error or code in (
        "SERVER_UNAVAILABLE",
        "UNABLE_TO_LOCK_ROW",
    ):
        return CrmUnreachableError(
            _("The CRM answers HTTP {status}: {reason}").format(status=status, reason=message)
        )
    if code in ("INVALID_FIELD", "INVALID_TYPE"):
        return _lacks(message)
    if status in (requests.codes.forbidden, requests.codes.not_found):
        return _not_allowed(message)
    return CrmRejectedError(f"{code}: {message}" if code else message)


def _not_allowed(message: str) -> CrmSetupError:
    return CrmSetupError(
        _(
            "The CRM does not allow this: {reason}. Give the user the right, see"
            " `reifegrad crm check`."
        ).format(reason=message.rstrip("."))
    )


def _lacks(message: str) -> CrmSetupError:
    reason = " ".join(message.split())
    return CrmSetupError(
        _(
            "The CRM lacks a field of ours, or its user may not see it: {reason} Run"
            " `reifegrad crm setup`."
        ).format(reason=reason)
    )


class _PatientAdapter(HTTPAdapter):
    """Waits for an answer so long and no longer; simple-salesforce would wait for ever."""

    def send(self, *args: Any, **options: Any) -> requests.Response:  # noqa: ANN401
        """See `HTTPAdapter`."""
        return super().send(*args, **{**options, "timeout": TIMEOUT_SECONDS})


def _session() -> requests.Session:
    """Return a session that knows how long to wait, and tells of outages as what they are."""
    session = requests.Session()
    session.hooks["response"].append(_require_up)
    session.mount("https://", _PatientAdapter())
    return session


def _next_page(url: str) -> Callable[[Salesforce], Any]:
    return lambda client: client.query_more(url, identifier_is_url=True)


def _require_up(response: requests.Response, *_args: object, **_options: object) -> None:
    """Raise `CrmUnreachableError` for a busy or broken server. Faults of SOAP are HTTP 500, too."""
    broken = response.status_code == requests.codes.server_error
    if not (broken and b"faultcode" in response.content):
        require_available(response.status_code, response.url.split("?")[0], response.headers)


def _first(content: Any) -> tuple[str, str]:  # noqa: ANN401
    """Return code and words of the first error in an answer."""
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return str(content[0].get("errorCode", "")), str(content[0].get("message", ""))
    return "", _text(content)


def _text(content: Any) -> str:  # noqa: ANN401
    if isinstance(content, bytes):
        return content.decode(errors="replace")
    return content if isinstance(content, str) else json.dumps(content)


def _chunks(values: Sequence[str]) -> Iterator[list[str]]:
    """Cut so that a query's address does not become too long."""
    chunk: list[str] = []
    length = 0
    for value in values:
        if chunk and length + len(value) > QUERY_LENGTH:
            yield chunk
            chunk, length = [], 0
        chunk.append(value)
        length += len(requests.utils.quote(value)) + len("%27%27%2C")  # type: ignore[attr-defined]
    if chunk:
        yield chunk
