"""HTTP to a mailing tool: where it is and who calls, and its failures as ours.

The address and the key are the connection `reifegrad_mailing` (Airflow's, or
`AIRFLOW_CONN_REIFEGRAD_MAILING` in the environment or in `secrets.env`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import requests
from urllib3.exceptions import NewConnectionError

from config import ConfigurationError, Settings
from config.connections import find_login
from config.language import _
from proposals.channels.sending import ChannelDownError

CONNECTION: Final = "reifegrad_mailing"
TIMEOUT_SECONDS: Final = (5, 60)  # to connect, to answer
DOWN: Final = frozenset({401, 402, 403, 404, 429})  # of the tool as a whole, not of one mail


class Answer(NamedTuple):
    """What the tool says to one call: `ok`, else its words."""

    ok: bool
    status: int
    body: Any

    @property
    def words(self) -> str:
        """Why it refuses, in its own words."""
        told = self.body.get("message") if isinstance(self.body, dict) else None
        return str(told or f"HTTP {self.status}")


class NoAnswerError(ChannelDownError):
    """The tool was asked and gave no answer: nobody knows what it did."""


class ToolApi:
    """Calls one tool; `tool` is its name, `home` its address where the connection names none."""

    def __init__(self, settings: Settings, tool: str, home: str | None = None) -> None:
        from crm.credentials import from_login
        from crm.errors import CrmError

        self.tool = tool
        try:
            found = from_login(find_login(settings, CONNECTION))
        except (ConfigurationError, CrmError) as error:
            raise ChannelDownError(str(error)) from error
        url = found.url or home
        if url is None:
            told = _("The connection {name} has no address of {tool}: add its host.")
            raise ChannelDownError(told.format(name=CONNECTION, tool=tool))
        self._url, self.user = url, found.user
        self.key = found.secret.get_secret_value()
        self._http = requests.Session()

    def sign(self, *, headers: Mapping[str, str] | None = None, basic: bool = False) -> None:
        """Say how the tool knows who calls: headers, or name and key."""
        self._http.headers.update(headers or {})
        if basic:
            self._http.auth = (self.user or "", self.key)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        params: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Call once.

        Raises:
            NoAnswerError: it was asked and did not answer.
            ChannelDownError: it does not take the call now, or not from us.

        """
        try:
            response = self._http.request(
                method, f"{self._url}{path}", json=body, params=params, timeout=TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            kind = ChannelDownError if _was_not_asked(error) else NoAnswerError
            raise kind(self._away(error)) from error
        try:
            told = response.json() if response.content else None
        except ValueError:
            told = None
        answer = Answer(response.ok, response.status_code, told)
        if answer.status >= requests.codes.server_error:
            raise NoAnswerError(self._refuses(answer))
        if answer.status in DOWN:
            raise ChannelDownError(self._refuses(answer))
        if answer.ok and response.content and told is None:
            raise NoAnswerError(
                _("{tool} at {url} answers something else than JSON: is that its address?").format(
                    tool=self.tool, url=self._url
                )
            )
        return answer

    def _away(self, error: Exception) -> str:
        told = _("{tool} does not answer at {url} ({problem}). What had no answer waits.")
        return told.format(tool=self.tool, url=self._url, problem=type(error).__name__)

    def _refuses(self, answer: Answer) -> str:
        told = _("{tool} takes nothing now: {words} (HTTP {status}).")
        return told.format(tool=self.tool, words=answer.words, status=answer.status)


def _was_not_asked(error: requests.RequestException) -> bool:
    """Whether no connection came about, so that nothing can have happened there."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)
