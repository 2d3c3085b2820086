"""A Pipedrive company account behind its API v2, and what is in v1 only (users, merges).

Written from Pipedrive's public documentation: one record a call, a budget of tokens a day, a
burst limit in two seconds. `python -m tests.crm.fakes.pipedrive --port 8100` serves it.

    pipedrive = Pipedrive(token="0123")
    mueller = pipedrive.add("organizations", name="Müller GmbH")
    with serve(pipedrive.app) as server: ...
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.crm.fakes.pipedrive_store import (
    CUSTOM_FIELDS,
    ONE,
    PipedriveError,
    Row,
    Store,
    invalid,
    moment,
)
from tests.crm.fakes.serving import App, SlidingWindow, main, note

COST = {"one": 1, "list": 10, "write": 5, "delete": 3, "search": 20}
"""Tokens of a call of v2; a call of v1 costs twice as much."""
LITE, SEARCHES = 20, 10  # calls in two seconds, by the user's token
BASE_TOKENS = 30_000  # a day and seat, in the plan Lite
PATIENCE = 100  # refused calls in a row, after which the front shuts the door (403, HTML)
PAGE, DEFAULT_PAGE, IDS = 500, 100, 100
FIELDS = {"organizationFields": "organizations", "dealFields": "deals", "personFields": "persons"}

Handler = Callable[[Request], Awaitable[Response]]


class Pipedrive:
    """One account and the app that speaks for it.

    Args:
        token: of the one user who calls.
        burst: calls in two seconds.
        tokens: budget of the day.
        clock: seconds, for the burst limit.

    """

    def __init__(
        self,
        *,
        token: str = "0123456789abcdef",
        burst: int = LITE,
        tokens: int = BASE_TOKENS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.token = token
        self.store = Store()
        self.window = SlidingWindow(burst, 2, clock)
        self.searches = SlidingWindow(SEARCHES, 2, clock)
        self.tokens, self.spent, self.refused = tokens, 0, 0
        self.admin = True
        self.users: dict[int, Row] = {}
        self.add_user("Reifegrad", "reifegrad@firma.example")
        self.app: App = Starlette(routes=_routes(self))

    # What people do in Pipedrive meanwhile.

    def add(self, kind: str, **values: Any) -> int:
        return int(self.store.create(kind, values)["id"])

    def edit(self, kind: str, id_: int, **values: Any) -> None:
        self.store.change(kind, id_, values)

    def merge(self, kind: str, keep: int, lose: int) -> int:
        return int(self.store.merge(kind, lose, keep)["id"])

    def remove(self, kind: str, id_: int) -> None:
        self.store.delete(kind, id_)

    def record(self, kind: str, id_: int) -> Row | None:
        row = self.store.rows[kind].get(id_)
        return self.store.show(kind, row) if row and not row["is_deleted"] else None

    def add_user(self, name: str, email: str) -> int:
        id_ = 18 + len(self.users)
        self.users[id_] = {
            "id": id_,
            "name": name,
            "email": email,
            "active_flag": True,
            "is_admin": 1 if self.admin else 0,
        }
        return id_

    # Who may call, and how often.

    def admit(self, request: Request, cost: str) -> None:
        given = request.headers.get("x-api-token") or request.query_params.get("api_token")
        if given != self.token:
            raise PipedriveError(401, "unauthorized access")
        if self.refused > PATIENCE:
            raise PipedriveError(403, "cloudflare")
        price = COST[cost] * (1 if request.url.path.startswith("/api/v2") else 2)
        over = self.window.take() > 0 or (cost == "search" and self.searches.take() > 0)
        if over or self.spent + price > self.tokens:
            self.refused += 1
            raise PipedriveError(429, "request over limit")
        self.refused = 0
        self.spent += price

    def headers(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit": str(self.window.limit),
            "x-ratelimit-remaining": str(self.window.remaining),
            "x-ratelimit-reset": "2",
            "x-daily-ratelimit-token-limit": str(self.tokens),
            "x-daily-ratelimit-token-remaining": str(max(self.tokens - self.spent, 0)),
        }


class _Api:
    def __init__(self, pipedrive: Pipedrive) -> None:
        self.pipedrive, self.store = pipedrive, pipedrive.store

    async def rows(self, kind: str, request: Request) -> Any:
        if request.method == "POST":
            values = await request.json()
            note(request, rows=1, wrote=True)
            self.pipedrive.admit(request, "write")
            return self.store.show(kind, self.store.create(kind, values)), {}
        self.pipedrive.admit(request, "list")
        return self._page(kind, self._chosen(kind, request), request)

    async def row(self, kind: str, request: Request) -> Any:
        id_ = request.path_params["id"]
        values = await request.json() if request.method == "PATCH" else {}
        if request.method == "GET":
            self.pipedrive.admit(request, "one")
            return self.store.show(
                kind, self.store.find(kind, id_, deleted=True), _keys(request)
            ), {}
        note(request, rows=1, wrote=True)
        if request.method == "DELETE":
            self.pipedrive.admit(request, "delete")
            self.store.delete(kind, id_)
            return {"id": id_}, {}
        self.pipedrive.admit(request, "write")
        return self.store.show(kind, self.store.change(kind, id_, values)), {}

    def _chosen(self, kind: str, request: Request) -> list[Row]:
        query = request.query_params
        found = [row for row in self.store.rows[kind].values() if not row["is_deleted"]]
        if query.get("ids"):
            ids = query["ids"].split(",")
            if len(ids) > IDS:
                raise invalid(f"ids: at most {IDS} ids are allowed")
            found = [row for row in found if str(row["id"]) in ids]
        for name in ("owner_id", "org_id", "person_id", "deal_id"):
            if query.get(name):
                found = [row for row in found if str(row.get(name)) == query[name]]
        if query.get("updated_since"):
            since = moment("updated_since", query["updated_since"])
            found = [row for row in found if _time(row) >= since]
        if query.get("updated_until"):
            until = moment("updated_until", query["updated_until"])
            found = [row for row in found if _time(row) < until]
        by = query.get("sort_by", "id")
        if by not in ("id", "update_time", "add_time"):
            raise invalid(f"sort_by: Unexpected value {by!r}")
        backwards = query.get("sort_direction") == "desc"
        return sorted(found, key=lambda row: (row[by], row["id"]), reverse=backwards)

    def _page(self, kind: str, found: list[Row], request: Request) -> Any:
        part, more = _part(found, request)
        keys = _keys(request)
        return [self.store.show(kind, row, keys) for row in part], more

    async def search(self, kind: str, request: Request) -> Any:
        self.pipedrive.admit(request, "search")
        found = self._matches([kind], request)
        part, more = _part(found, request)
        return {"items": part}, more

    async def item_search(self, request: Request) -> Any:
        self.pipedrive.admit(request, "search")
        types = request.query_params.get("item_types", "organization,deal,person").split(",")
        part, more = _part(
            self._matches([kind for kind, word in ONE.items() if word in types], request), request
        )
        return {"items": part}, more

    def _matches(self, kinds: list[str], request: Request) -> list[Row]:
        term = request.query_params.get("term", "").lower()
        exact = request.query_params.get("exact_match") == "true"
        if len(term) < (1 if exact else 2):
            raise invalid("term: the search term must have at least 2 characters")
        items = []
        for kind in kinds:
            for row in self.store.rows[kind].values():
                searchable = [str(row.get("name") or row.get("title") or "")]
                searchable += [
                    str(value)
                    for key, value in row["custom_fields"].items()
                    if value is not None
                    and self.store.fields[kind][key]["type"]
                    in ("varchar", "text", "double", "phone")
                ]
                fits = [
                    t for t in searchable if term == t.lower() or (not exact and term in t.lower())
                ]
                if fits and not row["is_deleted"]:
                    item = {"id": row["id"], "type": ONE[kind], "name": searchable[0]}
                    items.append({"result_score": 1.0, "item": item})
        return items

    async def fields(self, kind: str, request: Request) -> Any:
        """Custom fields, in v2 with `field_code` and `field_name`, in v1 with `key` and `name`."""
        new = request.url.path.startswith("/api/v2")
        shape = _field_v2 if new else _field_v1
        if request.method == "GET":
            self.pipedrive.admit(request, "list")
            return [shape(one) for one in self.store.fields[kind].values()], {}
        body = await request.json()
        note(request, rows=1, wrote=True)
        self.pipedrive.admit(request, "write")
        if not self.pipedrive.admin:
            raise PipedriveError(403, "You do not have permissions to do this.")
        name = body.get("field_name" if new else "name")
        return shape(self.store.define(kind, name, body.get("field_type"), body.get("options"))), {}

    async def merge(self, request: Request) -> Any:
        body = await request.json()
        note(request, rows=2, wrote=True)
        self.pipedrive.admit(request, "write")
        kept = self.store.merge(
            "organizations", request.path_params["id"], int(body["merge_with_id"])
        )
        return {"id": kept["id"]}, {}

    async def users(self, request: Request) -> Any:
        self.pipedrive.admit(request, "list")
        return list(self.pipedrive.users.values()), {}

    async def me(self, request: Request) -> Any:
        self.pipedrive.admit(request, "one")
        me = next(iter(self.pipedrive.users.values()))
        return me | {"company_name": "Firma", "company_domain": "firma"}, {}

    async def activity_types(self, request: Request) -> Any:
        self.pipedrive.admit(request, "list")
        kinds = (("call", "Call"), ("meeting", "Meeting"), ("task", "Task"), ("email", "Email"))
        return [
            {"id": n, "key_string": key, "name": name, "active_flag": True}
            for n, (key, name) in enumerate(kinds, 1)
        ], {}

    async def stages(self, request: Request) -> Any:
        self.pipedrive.admit(request, "list")
        names = ("Qualified", "Contact Made", "Proposal Made")
        return [
            {"id": n, "name": name, "pipeline_id": 1, "order_nr": n, "deal_probability": 100}
            for n, name in enumerate(names, 1)
        ], {}


def _keys(request: Request) -> list[str] | None:
    text = request.query_params.get("custom_fields")
    keys = text.split(",") if text else None
    if keys and len(keys) > CUSTOM_FIELDS:
        raise invalid(f"custom_fields: A maximum of {CUSTOM_FIELDS} keys is allowed")
    return keys


def _part(found: list[Any], request: Request) -> tuple[list[Any], dict[str, Any]]:
    """Return one page, and the cursor of the next."""
    limit = int(request.query_params.get("limit", DEFAULT_PAGE))
    if limit > PAGE:
        raise invalid(f"limit: must be at most {PAGE}")
    start = int(request.query_params.get("cursor") or 0)
    more = str(start + limit) if len(found) > start + limit else None
    return found[start : start + limit], {"next_cursor": more}


def _time(row: Row) -> datetime:
    return datetime.fromisoformat(row["update_time"].replace("Z", "+00:00"))


def _field_v2(one: Row) -> Row:
    return {
        "field_code": one["key"],
        "field_name": one["name"],
        "field_type": one["type"],
        "options": one["options"] or None,
        "is_custom_field": True,
    }


def _field_v1(one: Row) -> Row:
    return {
        "id": one["id"],
        "key": one["key"],
        "name": one["name"],
        "field_type": one["type"],
        "options": one["options"] or None,
        "edit_flag": True,
    }


def _routes(pipedrive: Pipedrive) -> list[Route]:
    api = _Api(pipedrive)

    def answered(handler: Callable[[Request], Awaitable[Any]]) -> Handler:
        async def handle(request: Request) -> Response:
            response: Response
            try:
                data, more = await handler(request)
                made = request.method == "POST" and request.url.path.startswith("/api/v2")
                body = {"success": True, "data": data} | ({"additional_data": more} if more else {})
                response = JSONResponse(body, status_code=201 if made else 200)
            except PipedriveError as error:
                response = _refused(error)
            if response.status_code == 429:
                response.headers["retry-after"] = "2"
            response.headers.update(pipedrive.headers())
            return response

        return handle

    table: list[tuple[str, Any, list[str]]] = [
        ("/api/v2/itemSearch", api.item_search, ["GET"]),
        ("/api/v2/stages", api.stages, ["GET"]),
        ("/v1/users/me", api.me, ["GET"]),
        ("/v1/users", api.users, ["GET"]),
        ("/v1/activityTypes", api.activity_types, ["GET"]),
        ("/v1/organizations/{id:int}/merge", api.merge, ["PUT"]),
    ]
    for what, kind in FIELDS.items():
        fields = partial(api.fields, kind)
        table.append((f"/api/v2/{what}", fields, ["GET", "POST"]))
        table.append((f"/v1/{what}", fields, ["GET", "POST"]))
    for kind in ONE:
        table += [
            (f"/api/v2/{kind}/search", partial(api.search, kind), ["GET"]),
            (f"/api/v2/{kind}/{{id:int}}", partial(api.row, kind), ["GET", "PATCH", "DELETE"]),
            (f"/api/v2/{kind}", partial(api.rows, kind), ["GET", "POST"]),
        ]
    return [Route(path, answered(handler), methods=methods) for path, handler, methods in table]


def _refused(error: PipedriveError) -> Response:
    if error.error == "cloudflare":
        return HTMLResponse("<h1>Access denied</h1>", status_code=403)
    body: dict[str, Any] = {"success": False, "error": error.error}
    if error.code:
        body["code"] = error.code
    else:
        body |= {
            "errorCode": error.status,
            "error_info": "Please check developers.pipedrive.com for more information about"
            " Pipedrive API.",
        }
    return JSONResponse(body, status_code=error.status)


if __name__ == "__main__":
    main(lambda: Pipedrive().app)
