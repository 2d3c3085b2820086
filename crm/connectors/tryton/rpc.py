"""Tryton's JSON-RPC: log in, call a method, turn its errors into ours."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import requests

from config import Settings
from config.language import _
from crm.credentials import Credentials, read_credentials
from crm.errors import (
    CrmError,
    CrmLoginError,
    CrmRejectedError,
    CrmSetupError,
    CrmUnreachableError,
)

TIMEOUT_SECONDS: Final = (5, 120)  # to connect, to answer


class TrytonRpc:
    """A session with one Tryton database; safe to be used by several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._as_whom: Credentials | None = None
        self._http = requests.Session()
        self._lock = threading.Lock()
        self._context: dict[str, Any] | None = None

    @property
    def company(self) -> int:
        """The user's company.

        Raises:
            CrmSetupError: the user has none.

        """
        company = (self.context or {}).get("company")
        if not company:
            raise CrmSetupError(
                _(
                    "The Tryton user {user} has no company: set one in Tryton"
                    " (Administration, Users), so that opportunities can be created."
                ).format(user=self._credentials.user)
            )
        return int(company)

    @property
    def context(self) -> dict[str, Any]:
        """The user's preferences; logs in at the first time."""
        with self._lock:
            if self._context is None:
                self._context = self._log_in()
            return self._context

    def log_in(self) -> None:
        """Make sure that there is a session."""
        _context = self.context

    def call(self, method: str, *arguments: Any, **context: Any) -> Any:  # noqa: ANN401
        """Call a method of a model, such as `model.party.party.write`.

        Raises:
            CrmUnreachableError, CrmLoginError, CrmRejectedError, CrmError: see their classes.

        """
        return self._post(method, [*arguments, {**self.context, **context}])

    @property
    def _credentials(self) -> Credentials:
        if self._as_whom is None:
            self._as_whom = read_credentials(self._settings)
        return self._as_whom

    @property
    def _url(self) -> str:
        """The firm's own Tryton, else the embedded one."""
        return self._credentials.url or f"http://127.0.0.1:{self._settings.crm_port}"

    @property
    def _database(self) -> str:
        return self._credentials.database or self._settings.crm_database

    def _log_in(self) -> dict[str, Any]:
        user, password = self._credentials.user, self._credentials.secret.get_secret_value()
        # Messages of Tryton end up in English logs.
        number, token, _rest = self._post("common.db.login", [user, {"password": password}, "en"])
        secret = base64.b64encode(f"{user}:{number}:{token}".encode()).decode()
        self._http.headers["Authorization"] = f"Session {secret}"
        preferences: dict[str, Any] = self._post("model.res.user.get_preferences", [True, {}])
        return preferences | {"language": "en"}

    def _post(self, method: str, parameters: list[Any]) -> Any:  # noqa: ANN401
        url = f"{self._url}/{self._database}/rpc/"
        body = {"id": 1, "method": method, "params": parameters}
        try:
            response = self._http.post(url, json=body, timeout=TIMEOUT_SECONDS)
        except requests.exceptions.SSLError as error:
            raise CrmError(
                _(
                    "The CRM at {url} shows a certificate that does not fit it: correct"
                    " REIFEGRAD_CRM_URL or the certificate. Nothing was sent."
                ).format(url=self._url)
            ) from error
        except requests.RequestException as error:
            raise CrmUnreachableError(
                _(
                    "The CRM does not answer at {url} ({reason}): start it with `make up`,"
                    " or set REIFEGRAD_CRM_URL."
                ).format(url=self._url, reason=type(error).__name__)
            ) from error
        self._require_ok(response)
        answer = response.json()
        if "error" in answer:
            raise to_error(method, answer["error"])
        return answer["result"]

    def _require_ok(self, response: requests.Response) -> None:
        if response.status_code == requests.codes.unauthorized:
            raise CrmLoginError(
                _(
                    "The CRM at {url} refuses the user {user}: correct"
                    " REIFEGRAD_CRM_USER and REIFEGRAD_CRM_PASSWORD (environment, or"
                    " {file})."
                ).format(
                    url=self._url,
                    user=self._credentials.user,
                    file=self._settings.home / "secrets.env",
                )
            )
        if response.status_code == requests.codes.not_found:
            raise CrmError(
                _(
                    "The CRM at {url} has no database {database!r}: correct REIFEGRAD_CRM_DATABASE."
                ).format(url=self._url, database=self._database)
            )
        if not response.ok:
            raise CrmUnreachableError(
                _("The CRM at {url} answers HTTP {status}.").format(
                    url=self._url, status=response.status_code
                )
            )


def to_error(method: str, error: list[Any]) -> CrmError:
    """Turn Tryton's error `[class, details]` into one of ours."""
    kind, details = [*error, None][:2]
    if kind in {"UserError", "UserWarning"}:
        # UserError carries (message, …), UserWarning (name, message, …).
        told = str(details[0 if kind == "UserError" else 1])
        if told.startswith("You are not allowed to access"):
            return CrmSetupError(
                _(
                    "The CRM refuses its user a right: {told} Give it the groups of parties and"
                    " opportunities in Tryton (Administration, Users)."
                ).format(told=told)
            )
        return CrmRejectedError(told)
    if kind == "ConcurrencyException" or "database is locked" in str(kind):
        return CrmUnreachableError(
            _("Somebody else writes into the CRM just now ({method}).").format(method=method)
        )
    if "reifegrad_" in str(error):
        return CrmSetupError(
            _("The CRM lacks our fields: activate the Tryton module reifegrad_score.")
        )
    return CrmError(
        _("The CRM failed in {method}: {kind}. Its log says more.").format(method=method, kind=kind)
    )


def to_date(value: date | str | None) -> dict[str, Any] | None:
    """Return a day as Tryton's JSON has it."""
    if value is None:
        return None
    day = date.fromisoformat(value) if isinstance(value, str) else value
    return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}


def from_date(value: Mapping[str, Any]) -> date:
    """Return the day of a date or a time in Tryton's JSON."""
    return date(value["year"], value["month"], value["day"])
