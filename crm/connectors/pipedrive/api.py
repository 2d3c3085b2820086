"""Pipedrive's API v2 (v1 for users): calls within its limits, its errors as ours.

Each call costs tokens of a daily budget, at least 30,000: a record read alone 1, written 5, a list
of up to 500 records 10, a search 20. So records are listed, not searched. Pipedrive has no client
in Python that is kept up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import requests

from config import Settings
from config.language import _
from crm.calling import RateLimit
from crm.connectors.http import exchange, require_available
from crm.connectors.lookups import chunks
from crm.connectors.paging import Pages
from crm.credentials import read_credentials
from crm.errors import (
    CrmError,
    CrmLoginError,
    CrmRejectedError,
    CrmSetupError,
    CrmUnreachableError,
)

Row = dict[str, Any]
URL: Final = "https://api.pipedrive.com"
# "Rate limiting": in the smallest plan 20 calls in two seconds; a little is left for others.
CALLS: Final = (18, 2.0)
PER_PAGE: Final = 500
IDS_PER_CALL: Final = 100
TOKENS_OF_A_LIST: Final = 10  # and 1 of a record read alone, so a few are read so
DEAREST_CALL: Final = 40  # tokens
TOKENS_LEFT: Final = "x-daily-ratelimit-token-remaining"
A_DAY: Final = 24 * 3600.0
BLOCKED: Final = 300.0  # seconds; who calls on after many refusals is shut out for a while


class GoneError(CrmRejectedError):
    """The record is not there, or was merged into another."""


class ForbiddenError(CrmRejectedError):
    """The user may not do this to this record."""


class PipedriveApi:
    """Calls of one Pipedrive company; safe to be used by several threads."""

    def __init__(self, settings: Settings) -> None:
        found = read_credentials(settings)
        self._url, self._token = found.url or URL, found.secret
        self._http = requests.Session()
        self._limit = RateLimit(*CALLS)
        self.tokens_left: int | None = None

    def call(
        self,
        method: str,
        path: str,
        body: Row | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Row:
        """Make one call and return the answer: `data` and, of lists, `additional_data`.

        Raises:
            CrmUnreachableError, CrmLoginError, CrmSetupError, CrmRejectedError: see their classes.

        """
        self._limit.wait()
        url = f"{self._url}{path}"
        headers = {"x-api-token": self._token.get_secret_value()}
        response = exchange(self._http, method, url, json=body, params=params, headers=headers)
        left = response.headers.get(TOKENS_LEFT, "")
        self.tokens_left = int(left) if left.isdigit() else self.tokens_left
        if not response.ok:
            self._raise(response)
        answer: Row = response.json()
        return answer

    def rows(self, path: str, params: Mapping[str, str | int] | None = None) -> Iterator[Row]:
        """Yield all rows of a list, page by page."""
        cursor: dict[str, str | int] = {}
        pages = Pages(path)
        while True:
            answer = self.call("GET", path, params={"limit": PER_PAGE, **(params or {}), **cursor})
            yield from answer["data"] or []
            following = (answer.get("additional_data") or {}).get("next_cursor")
            if not following:
                return
            pages.turn(following)
            cursor = {"cursor": following}

    def by_ids(
        self, path: str, ids: Sequence[str], params: Mapping[str, str | int] | None = None
    ) -> Iterator[Row]:
        """Yield the rows with these ids; deleted and merged ones are left out."""
        for chunk in chunks(ids, IDS_PER_CALL):
            if len(chunk) < TOKENS_OF_A_LIST:
                yield from self._one_by_one(path, chunk, params)
                continue
            answer = self.call(
                "GET", path, params={"limit": PER_PAGE, "ids": ",".join(chunk), **(params or {})}
            )
            yield from answer["data"] or []

    def _one_by_one(
        self, path: str, ids: Sequence[str], params: Mapping[str, str | int] | None
    ) -> Iterator[Row]:
        for crm_id in ids:
            with suppress(GoneError):
                row = self.call("GET", f"{path}/{crm_id}", params=params)["data"]
                if not row.get("is_deleted"):
                    yield row

    def _raise(self, response: requests.Response) -> None:
        status, words = response.status_code, _words(response)
        if status == requests.codes.unauthorized:
            raise CrmLoginError(
                _(
                    "Pipedrive does not accept the token: take the one under Personal preferences,"
                    " API, and set REIFEGRAD_CRM_PASSWORD to it."
                )
            )
        if status == requests.codes.too_many_requests:
            left = response.headers.get(TOKENS_LEFT, "")
            if left.isdigit() and int(left) < DEAREST_CALL:
                raise CrmUnreachableError(_("Pipedrive's budget of this day is used up."), A_DAY)
        if status == requests.codes.forbidden:
            if "html" in response.headers.get("Content-Type", ""):
                raise CrmUnreachableError(_("Pipedrive has shut us out for a while."), BLOCKED)
            raise ForbiddenError(words)
        require_available(status, response.url.partition("?")[0], response.headers)
        if status in {requests.codes.not_found, requests.codes.gone}:
            raise GoneError(words)
        if status == requests.codes.payment_required:
            raise CrmSetupError(
                _("Pipedrive's plan does not allow this: {words}").format(words=words)
            )
        if status == requests.codes.bad_request:
            raise CrmRejectedError(words)
        raise CrmError(
            _("Pipedrive failed (HTTP {status}): {words}").format(status=status, words=words)
        )


def _words(response: requests.Response) -> str:
    try:
        told: Mapping[str, Any] = response.json()
    except ValueError:
        return response.reason or ""
    return " ".join(str(told.get("error") or told.get("message") or "").split())
