"""A HubSpot account behind its CRM API v3: objects, batches, search, properties, associations.

Written from HubSpot's public documentation: limits of size and rate, error bodies, merged records
that are found under their old ids. `python -m tests.crm.fakes.hubspot --port 8100` serves it.

    hubspot = HubSpot(token="pat-eu1-test")
    mueller = hubspot.add("companies", name="Müller GmbH", domain="mueller.example")
    with serve(hubspot.app) as server:
        client = HubSpotClient(access_token="pat-eu1-test", host=server.url)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request

from tests.crm.fakes import hubspot_api
from tests.crm.fakes.hubspot_store import HubSpotError, Item, Store, stamp
from tests.crm.fakes.serving import App, SlidingWindow, main

SCOPES = frozenset(
    f"crm.{what}.{kind}.{right}"
    for what in ("objects", "schemas")
    for kind in ("companies", "contacts", "deals")
    for right in ("read", "write")
) | {"crm.objects.owners.read"}
PRIVATE_APP, OAUTH_APP = 190, 110  # calls in ten seconds
SEARCHES = 5  # calls in a second
DAILY = 650_000  # calls of a professional account


class HubSpot:
    """One account and the app that speaks for it.

    Args:
        token: the only one that is let in.
        scopes: what the token may do.
        limit: calls in ten seconds.
        daily: calls until the day is over.
        index_lag: seconds until the search knows a change made by API.
        clock: seconds, for limits and index.

    """

    def __init__(
        self,
        *,
        token: str = "pat-eu1-test",
        scopes: Collection[str] = SCOPES,
        limit: int = PRIVATE_APP,
        daily: int = DAILY,
        index_lag: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.token, self.scopes, self.expired = token, set(scopes), False
        self.store = Store(clock, index_lag)
        self.window = SlidingWindow(limit, 10, clock)
        self.searches = SlidingWindow(SEARCHES, 1, clock)
        self.daily, self.used = daily, 0
        self.owners: dict[str, dict[str, Any]] = {}
        self.stages = {"appointmentscheduled": 0.2, "closedwon": 1.0, "closedlost": 0.0}
        self.app: App = Starlette(routes=hubspot_api.routes(self))

    # What people do in HubSpot meanwhile.

    def add(self, kind: str, **values: Any) -> str:
        return self.store.create(kind, values, by_api=False).id

    def edit(self, kind: str, id_: str, **values: Any) -> None:
        self.store.change(kind, self._item(kind, id_), values, by_api=False)

    def merge(self, kind: str, keep: str, lose: str) -> str:
        return self.store.merge(kind, keep, lose).id

    def remove(self, kind: str, id_: str) -> None:
        self.store.archive(kind, id_)

    def record(self, kind: str, id_: str) -> dict[str, str] | None:
        item = self.store.find(kind, id_)
        return dict(item.properties) if item else None

    def add_owner(self, email: str, first: str = "", last: str = "") -> str:
        owner = str(6_000 + len(self.owners))
        now = stamp(datetime.now(UTC))
        self.owners[owner] = {
            "id": owner,
            "email": email,
            "firstName": first,
            "lastName": last,
            "userId": int(owner) + 1,
            "type": "PERSON",
            "createdAt": now,
            "updatedAt": now,
            "archived": False,
        }
        return owner

    def _item(self, kind: str, id_: str) -> Item:
        item = self.store.find(kind, id_)
        if item is None:
            raise KeyError(id_)
        return item

    # Who may call, and how often.

    def admit(self, request: Request, scope: str | None) -> None:
        given = request.headers.get("authorization", "")
        if given != f"Bearer {self.token}":
            raise HubSpotError(
                401,
                "INVALID_AUTHENTICATION",
                "Authentication credentials not found. This API supports OAuth 2.0 authentication"
                " and you can find more details at"
                " https://developers.hubspot.com/docs/methods/auth/oauth-overview",
            )
        if self.expired:
            raise HubSpotError(
                401,
                "EXPIRED_AUTHENTICATION",
                "The OAuth token used to make this call expired 5 minute(s) ago.",
            )
        if scope and scope not in self.scopes:
            links = {"scopes": "https://developers.hubspot.com/scopes"}
            detail = {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": [scope]},
            }
            raise HubSpotError(
                403,
                "MISSING_SCOPES",
                "This app hasn't been granted all required scopes to make this call. Read more"
                " about required scopes here: https://developers.hubspot.com/scopes.",
                errors=[detail],
                links=links,
            )
        self.used += 1
        if self.used > self.daily:
            raise _limit("DAILY", "daily")
        if self.window.take():
            raise _limit("TEN_SECONDLY_ROLLING", "ten_secondly_rolling")
        if request.url.path.endswith("/search") and self.searches.take():
            raise _limit("SECONDLY", "secondly")

    def headers(self, request: Request) -> dict[str, str]:
        if request.url.path.endswith("/search"):
            return {}
        return {
            "X-HubSpot-RateLimit-Daily": str(self.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(self.daily - self.used, 0)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Max": str(self.window.limit),
            "X-HubSpot-RateLimit-Remaining": str(self.window.remaining),
        }


def _limit(policy: str, word: str) -> HubSpotError:
    return HubSpotError(
        429,
        "RATE_LIMITS",
        f"You have reached your {word} limit.",
        errorType="RATE_LIMIT",
        policyName=policy,
        groupName=f"publicapi:private-apps:api-call-per-{word}:4711",
    )


if __name__ == "__main__":
    main(lambda: HubSpot().app)
