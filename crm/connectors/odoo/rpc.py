"""Odoo's external APIs: JSON-RPC up to version 18, JSON-2 from 19 on; their errors become ours.

Odoo's own client (odoo-client-lib) loads all certificates anew for each call, knows no time-out
for the answer and loses `Retry-After`, so the few lines of transport are here.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

import requests

from config import Settings
from config.language import _
from crm.connectors.http import exchange, require_available, send
from crm.connectors.paging import Pages
from crm.credentials import read_credentials
from crm.errors import (
    CrmError,
    CrmLoginError,
    CrmRejectedError,
    CrmSetupError,
    CrmUnreachableError,
)
from crm.records import RefusalKind

FIRST_WITH_JSON2: Final = 19
# Several at once met on a row or a table; Odoo itself has tried five times by then.
COLLISIONS: Final = frozenset(
    {"SerializationFailure", "TransactionRollbackError", "DeadlockDetected", "LockNotAvailable",
     "QueryCanceled", "ConcurrencyError", "OperationalError"}
)  # fmt: skip
REFUSALS: Final = frozenset(
    {"UserError", "ValidationError", "MissingError", "ValueError", "RedirectWarning",
     "UnprocessableEntity", "IntegrityError", "NotNullViolation", "UniqueViolation",
     "CheckViolation", "Warning", "except_orm"}
)  # fmt: skip
NO_LOGIN: Final = frozenset({"AccessDenied", "Unauthorized"})
NO_RIGHT: Final = frozenset({"AccessError", "Forbidden"})


# By what stands in Odoo's sentence; the sentences are English, since no language is asked for.
KINDS: Final[Mapping[str, RefusalKind]] = {
    "not found in selection": "unknown_value",
    "Wrong value for": "unknown_value",
    "Unknown database identifier": "gone",
    "No matching record": "gone",
    "does not exist or has been deleted": "gone",
    "value too long": "too_long",
    "Missing required value": "missing_value",
    "mandatory field is not set": "missing_value",
    "not allowed to": "no_permission",
    "unique constraint": "duplicate",
    "could not serialize": "locked",
}


def kind_of(words: str) -> RefusalKind:
    """Return what a refusal in Odoo's words means."""
    return next((kind for text, kind in KINDS.items() if text.lower() in words.lower()), "other")


class OdooRpc:
    """A login to one Odoo database; safe to be used by several threads."""

    def __init__(self, settings: Settings) -> None:
        found = read_credentials(settings)
        self._url = found.require_url()
        self._user, self._database = found.user or "", found.database or ""
        self._secret = found.secret
        self._http = requests.Session()
        self._lock = threading.Lock()
        self._login: tuple[int, int] | None = None

    @property
    def version(self) -> int:
        """The main version, 16 to 19."""
        return self._log_in()[0]

    @property
    def user_id(self) -> int:
        """The id of the user that we are."""
        return self._log_in()[1]

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None = None,
        *,
        context: Mapping[str, Any] | None = None,
        **arguments: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Call a method of a model with named arguments.

        Raises:
            CrmUnreachableError, CrmLoginError, CrmSetupError, CrmRejectedError, CrmError: see
                their classes.

        """
        version, user = self._log_in()
        options = dict(context or {})
        if version >= FIRST_WITH_JSON2:
            body = {**({} if ids is None else {"ids": list(ids)}), "context": options, **arguments}
            return self._json2(model, method, body)
        positional: list[Any] = [] if ids is None else [list(ids)]
        if method == "create":  # the one method whose argument Odoo wants by its place
            positional.append(arguments.pop("vals_list"))
        named = {**arguments, "context": options}
        secret = self._secret.get_secret_value()
        place = [self._database, user, secret, model, method, positional, named]
        return self._jsonrpc("object", "execute_kw", place)

    def search(
        self, model: str, domain: list[Any], fields: Sequence[str], size: int
    ) -> list[dict[str, Any]]:
        """Return all records of a domain, archived ones too, `size` a call, ordered by id."""
        rows: list[dict[str, Any]] = []
        last, pages = 0, Pages(model)
        while True:
            page = self.call(
                model,
                "search_read",
                domain=["&", ["id", ">", last], *_and(domain)],
                fields=[*fields, "id"],
                limit=size,
                order="id",
                context={"active_test": False},
            )
            rows += page
            if len(page) < size:
                return rows
            last = page[-1]["id"]
            pages.turn(last)

    def _log_in(self) -> tuple[int, int]:
        with self._lock:
            if self._login is None:
                version = self._find_version()
                user = self._key_user() if version >= FIRST_WITH_JSON2 else self._password_user()
                self._login = (version, user)
            return self._login

    def _find_version(self) -> int:
        """Ask as version 19 is asked; older ones do not know the address, each in its own way."""
        response = exchange(self._http, "GET", f"{self._url}/web/version")
        if response.ok and "json" in response.headers.get("Content-Type", ""):
            info = response.json().get("version_info")
        else:
            info = self._jsonrpc("common", "version", [])["server_version_info"]
        found = re.search(r"\d+", str(info[0]))  # "saas~18" for what runs at Odoo's own
        return int(found[0]) if found else 0

    def _password_user(self) -> int:
        secret = self._secret.get_secret_value()
        place = [self._database, self._user, secret, {}]
        found = self._jsonrpc("common", "authenticate", place)
        if not found:
            raise self._no_login()
        return int(found)

    def _key_user(self) -> int:
        return int(self._json2("res.users", "context_get", {})["uid"])

    def _jsonrpc(self, service: str, method: str, arguments: list[Any]) -> Any:  # noqa: ANN401
        body = {
            "jsonrpc": "2.0",
            "method": "call",
            "params": {"service": service, "method": method, "args": arguments},
            "id": 1,
        }
        response = send(self._http, "POST", f"{self._url}/jsonrpc", json=body)
        if not response.ok:
            raise self._not_odoo(response.status_code)
        answer = _json(response)
        if not isinstance(answer, dict):
            raise self._not_odoo(response.status_code)
        if "error" in answer:
            told = answer["error"].get("data") or answer["error"]
            raise self._to_error(str(told.get("name", "")), str(told.get("message", "")))
        return answer.get("result")

    def _json2(self, model: str, method: str, body: dict[str, Any]) -> Any:  # noqa: ANN401
        headers = {
            "Authorization": f"bearer {self._secret.get_secret_value()}",
            "X-Odoo-Database": self._database,
        }
        url = f"{self._url}/json/2/{model}/{method}"
        response = exchange(self._http, "POST", url, json=body, headers=headers)
        answer = _json(response)
        if response.ok:
            return answer
        if isinstance(answer, dict) and "name" in answer:  # a 5xx says there what went wrong
            raise self._to_error(str(answer["name"]), str(answer.get("message", "")))
        require_available(response.status_code, url, response.headers)
        raise self._not_odoo(response.status_code)

    def _no_login(self) -> CrmLoginError:
        return CrmLoginError(
            _(
                "Odoo at {url} does not let {user} in: correct REIFEGRAD_CRM_USER and"
                " REIFEGRAD_CRM_PASSWORD (password or API key; an API key from version 19 on)."
            ).format(url=self._url, user=self._user)
        )

    def _not_odoo(self, status: int) -> CrmError:
        return CrmError(
            _(
                "What answers at {url} is no Odoo (HTTP {status}): correct REIFEGRAD_CRM_URL."
            ).format(url=self._url, status=status)
        )

    def _to_error(self, name: str, message: str) -> CrmError:
        """Turn an exception of Odoo's into one of ours."""
        kind, told = name.rpartition(".")[2], " ".join(message.split())
        if kind in NO_LOGIN:
            return self._no_login()
        if "database" in told and "does not exist" in told:
            return CrmError(
                _(
                    "Odoo at {url} has no database {database!r}: correct REIFEGRAD_CRM_DATABASE."
                ).format(url=self._url, database=self._database)
            )
        if kind in NO_RIGHT:
            return CrmSetupError(
                _("Odoo gives {user} no right to this: {told}").format(user=self._user, told=told)
            )
        if "nvalid field" in told or kind in {"KeyError", "NotFound"}:
            return CrmSetupError(
                _("Odoo lacks a field or an app ({told}): run `reifegrad crm setup`.").format(
                    told=told
                )
            )
        if kind in COLLISIONS:
            return CrmUnreachableError(_("Odoo is busy: {told}").format(told=told))
        if kind in REFUSALS:
            return CrmRejectedError(told, kind_of(told))
        return CrmError(_("Odoo failed ({kind}): {told}").format(kind=kind, told=told))


def _json(response: requests.Response) -> Any:  # noqa: ANN401
    try:
        return response.json()
    except ValueError:
        return None


def _and(domain: list[Any]) -> list[Any]:
    """Return a domain as one term, so that another can be put before it."""
    terms = sum(1 for part in domain if isinstance(part, list))
    joined = sum(1 for part in domain if part in ("&", "|"))
    return ["&"] * (terms - joined - 1) + domain
