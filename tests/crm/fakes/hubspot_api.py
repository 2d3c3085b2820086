"""The endpoints of the HubSpot fake: who asks what, in which shape the answer goes out."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.crm.fakes import hubspot_batch, hubspot_search
from tests.crm.fakes.hubspot_store import NAMES, HubSpotError, Store, stamp
from tests.crm.fakes.serving import note

PAGE = 100
Handler = Callable[[Request], Awaitable[Response]]


class Account(Protocol):
    """What the endpoints need of the account."""

    store: Store
    token: str
    scopes: set[str]
    owners: dict[str, dict[str, Any]]
    stages: dict[str, float]

    def admit(self, request: Request, scope: str | None) -> None: ...

    def headers(self, request: Request) -> dict[str, str]: ...


async def _answer_error(request: Request, error: HubSpotError) -> Response:
    body = {
        "status": "error",
        "message": error.message,
        "correlationId": str(uuid.uuid4()),
        "category": error.category,
        **error.body,
    }
    return JSONResponse(body, status_code=error.status)


def _kind(request: Request) -> str:
    word = request.path_params["kind"]
    if word not in NAMES:
        raise HubSpotError(400, "VALIDATION_ERROR", f"Unable to infer object type from: {word}")
    return NAMES[word]


def _right(kind: str, right: str, what: str = "objects") -> str:
    """Tasks, calls and meetings are read and written with the scopes of contacts."""
    kept = kind if kind in ("companies", "deals") else "contacts"
    return f"crm.{what}.{kept}.{right}"


def _not_found() -> HubSpotError:
    return HubSpotError(404, "OBJECT_NOT_FOUND", "resource not found")


def _names(request: Request) -> list[str]:
    return [
        name
        for text in request.query_params.getlist("properties")
        for name in text.split(",")
        if name
    ]


class _Api:
    """The endpoints. Each admits the call first, then changes the state without awaiting."""

    def __init__(self, hubspot: Account) -> None:
        self.hubspot, self.store = hubspot, hubspot.store

    async def objects(self, request: Request) -> Response:
        kind, writes = _kind(request), request.method == "POST"
        body = await request.json() if writes else {}
        note(request, rows=int(writes), wrote=writes)
        self.hubspot.admit(request, _right(kind, "write" if writes else "read"))
        if writes:
            (item,) = hubspot_batch.create(self.store, kind, [body]).items
            return JSONResponse(
                hubspot_batch.shown(self.store, kind, item, list(body.get("properties", {}))),
                status_code=201,
            )
        limit = int(request.query_params.get("limit", 10))
        if limit > PAGE:
            raise HubSpotError(
                400, "VALIDATION_ERROR", f"limit must be less than or equal to {PAGE}"
            )
        archived = request.query_params.get("archived", "").lower() == "true"
        after = int(request.query_params.get("after") or 0)
        ids = sorted(map(int, self.store.objects[kind]))
        found = [
            item
            for id_ in ids
            if id_ >= after and (item := self.store.objects[kind][str(id_)]).archived == archived
        ]
        answer: dict[str, Any] = {
            "results": [
                hubspot_batch.shown(self.store, kind, item, _names(request))
                for item in found[:limit]
            ]
        }
        if len(found) > limit:
            answer["paging"] = {"next": {"after": found[limit].id, "link": str(request.url)}}
        return JSONResponse(answer)

    async def object(self, request: Request) -> Response:
        kind, writes = _kind(request), request.method != "GET"
        body = await request.json() if request.method == "PATCH" else {}
        note(request, rows=int(writes), wrote=writes)
        self.hubspot.admit(request, _right(kind, "write" if writes else "read"))
        id_ = request.path_params["id"]
        item = self.store.find(kind, id_, request.query_params.get("idProperty"))
        if request.method == "DELETE":
            self.store.archive(kind, id_)
            return Response(status_code=204)
        if request.query_params.get("archived", "").lower() == "true":
            item = self.store.objects[kind].get(id_)
            item = item if item and item.archived else None
        if item is None:
            raise _not_found()
        names = _names(request)
        if request.method == "PATCH":
            self.store.change(kind, item, body.get("properties", {}))
            names = list(body["properties"])
        answer = hubspot_batch.shown(self.store, kind, item, names)
        wanted = request.query_params.get("associations", "")
        for to_kind in [NAMES[word] for word in wanted.split(",") if word in NAMES]:
            results = [
                {"id": to, "type": f"{kind}_to_{to_kind}"}
                for to in self.store.linked(kind, item.id, to_kind)
            ]
            if results:
                answer.setdefault("associations", {})[to_kind] = {"results": results}
        return JSONResponse(answer)

    async def batch(self, request: Request) -> Response:
        kind, action = _kind(request), request.path_params["action"]
        body = await request.json()
        writes = action != "read"
        note(request, rows=len(body.get("inputs", [])), wrote=writes)
        self.hubspot.admit(request, _right(kind, "write" if writes else "read"))
        if action not in hubspot_batch.ACTIONS:
            raise _not_found()
        status, answer = hubspot_batch.run(self.store, kind, action, body)
        return JSONResponse(answer, status_code=status) if answer else Response(status_code=204)

    async def search(self, request: Request) -> Response:
        kind, body = _kind(request), await request.json()
        self.hubspot.admit(request, _right(kind, "read"))
        return JSONResponse(hubspot_search.search(self.store, kind, body))

    async def merge(self, request: Request) -> Response:
        kind, body = _kind(request), await request.json()
        note(request, rows=2, wrote=True)
        self.hubspot.admit(request, _right(kind, "write"))
        item = self.store.merge(kind, body["primaryObjectId"], body["objectIdToMerge"])
        return JSONResponse(hubspot_batch.shown(self.store, kind, item, []))

    async def properties(self, request: Request) -> Response:
        kind, writes = _kind(request), request.method != "GET"
        body = await request.json() if request.method in ("POST", "PATCH") else {}
        note(request, rows=len(body.get("inputs", [body])) if writes else 0, wrote=writes)
        self.hubspot.admit(request, _right(kind, "write" if writes else "read", "schemas"))
        table = self.store.properties[kind]
        name = request.path_params.get("name")
        if request.url.path.endswith("/batch/create"):
            made = [self.store.define(kind, one) for one in body["inputs"]]
            return JSONResponse(hubspot_batch.batch(made), status_code=201)
        if name is None and writes:
            return JSONResponse(self.store.define(kind, body), status_code=201)
        if name is None:
            return JSONResponse({"results": list(table.values())})
        if name not in table:
            raise _not_found()
        if request.method == "DELETE":
            del table[name]
            return Response(status_code=204)
        table[name] |= body
        return JSONResponse(table[name])

    async def groups(self, request: Request) -> Response:
        kind, writes = _kind(request), request.method == "POST"
        body = await request.json() if writes else {}
        note(request, rows=int(writes), wrote=writes)
        self.hubspot.admit(request, _right(kind, "write" if writes else "read", "schemas"))
        table = self.store.groups[kind]
        if not writes:
            return JSONResponse(
                {"results": [group | {"archived": False} for group in table.values()]}
            )
        if body["name"] in table:
            raise HubSpotError(
                409, "OBJECT_ALREADY_EXISTS", f"Property group '{body['name']}' already exists"
            )
        table[body["name"]] = {"displayOrder": -1, **body}
        return JSONResponse(table[body["name"]] | {"archived": False}, status_code=201)

    async def associations(self, request: Request) -> Response:
        kind, to_kind = _kind(request), NAMES[request.path_params["to_kind"]]
        body = await request.json()
        writes = request.path_params["action"] != "read"
        note(request, rows=len(body["inputs"]), wrote=writes)
        self.hubspot.admit(request, _right(kind, "write" if writes else "read"))
        act = hubspot_batch.associate if writes else hubspot_batch.associated
        status, answer = act(self.store, kind, to_kind, body["inputs"])
        return JSONResponse(answer, status_code=status)

    async def associate_default(self, request: Request) -> Response:
        kind, to_kind = _kind(request), NAMES[request.path_params["to_kind"]]
        note(request, rows=1, wrote=True)
        self.hubspot.admit(request, _right(kind, "write"))
        pair = {
            "from": {"id": request.path_params["id"]},
            "to": {"id": request.path_params["to_id"]},
        }
        status, answer = hubspot_batch.associate(self.store, kind, to_kind, [pair])
        return JSONResponse(answer, status_code=status)

    async def associations_of(self, request: Request) -> Response:
        kind, to_kind = _kind(request), NAMES[request.path_params["to_kind"]]
        self.hubspot.admit(request, _right(kind, "read"))
        item = self.store.find(kind, request.path_params["id"])
        if item is None:
            raise _not_found()
        return JSONResponse({"results": hubspot_batch.targets(self.store, kind, item, to_kind)})

    async def owners(self, request: Request) -> Response:
        self.hubspot.admit(request, "crm.objects.owners.read")
        if id_ := request.path_params.get("id"):
            if id_ not in self.hubspot.owners:
                raise _not_found()
            return JSONResponse(self.hubspot.owners[id_])
        email = request.query_params.get("email")
        limit, after = (
            int(request.query_params.get("limit", 100)),
            int(request.query_params.get("after") or 0),
        )
        found = [o for o in self.hubspot.owners.values() if not email or o["email"] == email]
        answer: dict[str, Any] = {"results": found[after : after + limit]}
        if len(found) > after + limit:
            answer["paging"] = {"next": {"after": str(after + limit)}}
        return JSONResponse(answer)

    async def pipelines(self, request: Request) -> Response:
        self.hubspot.admit(request, "crm.objects.deals.read")
        now = stamp(datetime.now(UTC))
        common = {"createdAt": now, "updatedAt": now, "archived": False}
        stages = [
            {
                "id": name,
                "label": name,
                "displayOrder": order,
                "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
                "metadata": {"probability": str(p), "isClosed": str(p in (0.0, 1.0)).lower()},
                **common,
            }
            for order, (name, p) in enumerate(self.hubspot.stages.items())
        ]
        pipeline = {"id": "default", "label": "Sales Pipeline", "displayOrder": 0, **common}
        return JSONResponse({"results": [pipeline | {"stages": stages}]})

    async def token(self, request: Request) -> Response:
        """What a private app's token may do; it is asked with the token in the body."""
        if (await request.json()).get("tokenKey") != self.hubspot.token:
            raise HubSpotError(404, "OBJECT_NOT_FOUND", "Could not find the token")
        return JSONResponse(
            {"hubId": self.store.portal, "appId": 1, "scopes": sorted(self.hubspot.scopes)}
        )

    async def account(self, request: Request) -> Response:
        self.hubspot.admit(request, None)
        return JSONResponse(
            {
                "portalId": self.store.portal,
                "accountType": "STANDARD",
                "timeZone": "Europe/Berlin",
                "companyCurrency": "EUR",
                "uiDomain": "app-eu1.hubspot.com",
                "dataHostingLocation": "eu1",
            }
        )


def routes(hubspot: Account) -> list[Route]:
    api = _Api(hubspot)

    def limited(handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            try:
                response = await handler(request)
            except HubSpotError as error:
                response = await _answer_error(request, error)
            response.headers.update(hubspot.headers(request))
            return response

        return handle

    objects, v4 = "/crm/v3/objects/{kind}", "/crm/v4"
    properties = "/crm/v3/properties/{kind}"
    table: list[tuple[str, Handler, list[str]]] = [
        (f"{objects}/search", api.search, ["POST"]),
        (f"{objects}/merge", api.merge, ["POST"]),
        (f"{objects}/batch/{{action}}", api.batch, ["POST"]),
        (f"{objects}/{{id}}", api.object, ["GET", "PATCH", "DELETE"]),
        (objects, api.objects, ["GET", "POST"]),
        (f"{properties}/groups", api.groups, ["GET", "POST"]),
        (f"{properties}/batch/create", api.properties, ["POST"]),
        (f"{properties}/{{name}}", api.properties, ["GET", "PATCH", "DELETE"]),
        (properties, api.properties, ["GET", "POST"]),
        (
            f"{v4}/associations/{{kind}}/{{to_kind}}/batch/{{action:path}}",
            api.associations,
            ["POST"],
        ),
        (
            f"{v4}/objects/{{kind}}/{{id}}/associations/default/{{to_kind}}/{{to_id}}",
            api.associate_default,
            ["PUT"],
        ),
        (f"{v4}/objects/{{kind}}/{{id}}/associations/{{to_kind}}", api.associations_of, ["GET"]),
        ("/crm/v3/owners/", api.owners, ["GET"]),
        ("/crm/v3/owners", api.owners, ["GET"]),
        ("/crm/v3/owners/{id}", api.owners, ["GET"]),
        ("/crm/v3/pipelines/deals", api.pipelines, ["GET"]),
        ("/oauth/v2/private-apps/get/access-token-info", api.token, ["POST"]),
        ("/account-info/v3/details", api.account, ["GET"]),
    ]
    return [Route(path, limited(handler), methods=methods) for path, handler, methods in table]
