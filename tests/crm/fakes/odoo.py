"""An Odoo 16 to 19 behind its external APIs: JSON-RPC, the web client's calls, JSON-2 from 19 on.

Written from Odoo's public documentation and from what was seen on a real Odoo 16 (see
`odoo_load`). `python -m tests.crm.fakes.odoo --port 8100` serves an Odoo 16.

    odoo = Odoo(version=16)
    mueller = odoo.add("res.partner", name="Müller GmbH", is_company=True)
    with serve(odoo.app) as server: ...   # database "firma", login "reifegrad", password "geheim"
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.crm.fakes import odoo_methods
from tests.crm.fakes.odoo_models import OdooError
from tests.crm.fakes.odoo_orm import Database, User
from tests.crm.fakes.serving import App, main, note


class Odoo:
    """One server with one database and one user who calls.

    Args:
        version: 16 to 19; from 19 on JSON-2 is there.
        settings: whether the user has the right "Settings": custom fields and views need it.

    """

    def __init__(
        self,
        version: int = 16,
        *,
        name: str = "firma",
        login: str = "reifegrad",
        password: str = "geheim",
        key: str = "6578616d706c65206b6579",
        settings: bool = True,
    ) -> None:
        self.version, self.name = version, name
        self.database = Database(version)
        self.database.hook(
            "ir.model.fields", lambda row: odoo_methods.add_field(self.database, row)
        )
        self.database.hook("ir.ui.view", lambda row: odoo_methods.check_view(self.database, row))
        partner = self.add("res.partner", name="Reifegrad")
        self.add("res.users", login="admin", name="Administrator", partner_id=partner)
        user_id = self.add("res.users", login=login, name="Reifegrad", partner_id=partner)
        _model, group = self.database.by_xid("base", "group_allow_export") or ("", 0)
        self.edit("res.users", user_id, groups_id=[group], all_group_ids=[group])
        self.user = User(user_id, login, password, key, settings)
        self.sessions: set[str] = set()
        self.app: App = Starlette(routes=_routes(self))

    # What people do in Odoo meanwhile.

    def add(self, kind: str, **values: Any) -> int:
        return self.database.create(kind, values)

    def edit(self, kind: str, id_: int, **values: Any) -> None:
        self.database.write(kind, [id_], values)

    def merge(self, kind: str, keep: int, lose: int) -> int:
        self.database.merge(kind, keep, lose)
        return keep

    def remove(self, kind: str, id_: int) -> None:
        self.database.unlink(kind, [id_])

    def record(self, kind: str, id_: int) -> dict[str, Any] | None:
        row = self.database.rows[kind].get(id_)
        return dict(row) if row else None

    # Calls.

    def call(self, request: Request, model: str, method: str, params: dict[str, Any]) -> Any:
        if method in odoo_methods.WRITES:
            note(request, wrote=True)
        odoo_methods.signature(method)
        rows = odoo_methods.rows_of(method, params)
        note(request, rows=rows, wrote=method in odoo_methods.WRITES)
        return odoo_methods.call(self.database, self.user, model, method, params)

    def knows(self, name: Any, login: Any, password: Any) -> bool:
        if name != self.name:
            raise OdooError(
                "psycopg2.OperationalError", f'FATAL:  database "{name}" does not exist\n'
            )
        return login == self.user.login and password in (self.user.password, self.user.key)


class _Api:
    def __init__(self, odoo: Odoo) -> None:
        self.odoo = odoo

    async def jsonrpc(self, request: Request) -> Response:
        body = await request.json()
        return _rpc(body, lambda params: self._service(request, params))

    def _service(self, request: Request, params: dict[str, Any]) -> Any:
        service, method, args = params["service"], params["method"], params["args"]
        if service == "common" and method == "version":
            return _version(self.odoo.version)
        if service == "common" and method in ("login", "authenticate"):
            return self.odoo.user.id if self.odoo.knows(*args[:3]) else False
        if service != "object" or method not in ("execute", "execute_kw"):
            raise OdooError("builtins.Exception", f"Method not available {service}.{method}")
        name, user_id, password, model, what, *rest = args
        if user_id != self.odoo.user.id or not self.odoo.knows(
            name, self.odoo.user.login, password
        ):
            raise OdooError("odoo.exceptions.AccessDenied", "Access Denied", 401)
        arguments, keywords = (rest, {}) if method == "execute" else (rest[0] if rest else [], {})
        if method == "execute_kw" and len(rest) > 1:
            keywords = rest[1] or {}
        return self._named(request, model, what, list(arguments), keywords)

    def _named(
        self, request: Request, model: str, method: str, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        return self.odoo.call(request, model, method, odoo_methods.positional(method, args, kwargs))

    async def authenticate(self, request: Request) -> Response:
        body = await request.json()
        session = secrets.token_hex(20)

        def answer(params: dict[str, Any]) -> Any:
            if not self.odoo.knows(params["db"], params["login"], params["password"]):
                raise OdooError("odoo.exceptions.AccessDenied", "Access Denied", 401)
            self.odoo.sessions.add(session)
            return {
                "uid": self.odoo.user.id,
                "username": self.odoo.user.login,
                "db": self.odoo.name,
                "user_context": {"lang": "en_US", "tz": "Europe/Berlin", "uid": self.odoo.user.id},
                "server_version": f"{self.odoo.version}.0",
            }

        response = _rpc(body, answer)
        response.set_cookie("session_id", session, httponly=True)
        return response

    async def call_kw(self, request: Request) -> Response:
        body = await request.json()

        def answer(params: dict[str, Any]) -> Any:
            if request.cookies.get("session_id") not in self.odoo.sessions:
                raise OdooError("odoo.http.SessionExpiredException", "Session expired")
            return self._named(
                request, params["model"], params["method"], params["args"], params["kwargs"]
            )

        return _rpc(body, answer)

    async def version_info(self, request: Request) -> Response:
        return _rpc(await request.json(), lambda _params: _version(self.odoo.version))

    async def web_version(self, request: Request) -> Response:
        info = _version(self.odoo.version)
        return JSONResponse(
            {"version_info": info["server_version_info"], "version": info["server_version"]}
        )

    async def json2(self, request: Request) -> Response:
        path = request.path_params
        try:
            self._admit(request)
            params = json.loads(await request.body() or b"{}")
            if not isinstance(params, dict):
                raise OdooError("werkzeug.exceptions.BadRequest", "the body must be an object", 400)
            if path["model"] not in self.odoo.database.rows:
                raise OdooError(
                    "werkzeug.exceptions.NotFound",
                    f"the model {path['model']!r} does not exist",
                    404,
                )
            result = self.odoo.call(request, path["model"], path["method"], params)
            if path["method"] == "create" and isinstance(result, int):
                result = [result]  # records are told as the list of their ids
            return JSONResponse(result)
        except OdooError as error:
            body = {
                "name": error.name,
                "message": error.message,
                "arguments": [error.message],
                "context": {},
                "debug": f"Traceback (most recent call last):\n{error.name}: {error.message}",
            }
            return JSONResponse(body, status_code=error.status)

    async def doc(self, request: Request) -> Response:
        """The methods of a model, as the dynamic documentation of 19 lists them."""
        self._admit(request)
        methods = {
            name: {
                "api": [] if takes_ids else ["model"],
                "parameters": {parameter: {} for parameter in names},
            }
            for name, (takes_ids, names) in odoo_methods.SIGNATURES.items()
        }
        return JSONResponse({"model": request.path_params["model"], "methods": methods})

    def _admit(self, request: Request) -> None:
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or key != self.odoo.user.key:
            raise OdooError("werkzeug.exceptions.Unauthorized", "Invalid apikey", 401)
        if request.headers.get("x-odoo-database", self.odoo.name) != self.odoo.name:
            raise OdooError("werkzeug.exceptions.NotFound", "No database is selected", 404)


def _rpc(body: dict[str, Any], answer: Any) -> JSONResponse:
    """Answer in JSON-RPC 2.0: errors come with HTTP status 200."""
    told: dict[str, Any] = {"jsonrpc": "2.0", "id": body.get("id")}
    try:
        told["result"] = answer(body.get("params") or {})
    except OdooError as error:
        expired = error.name.endswith("SessionExpiredException")
        told["error"] = {
            "code": 100 if expired else 200,
            "message": "Odoo Session Expired" if expired else "Odoo Server Error",
            "data": {
                "name": error.name,
                "debug": f"Traceback (most recent call last):\n{error.name}: {error.message}",
                "message": error.message,
                "arguments": [error.message],
                "context": {},
            },
        }
    return JSONResponse(told)


def _version(version: int) -> dict[str, Any]:
    return {
        "server_version": f"{version}.0",
        "server_version_info": [version, 0, 0, "final", 0, ""],
        "server_serie": f"{version}.0",
        "protocol_version": 1,
    }


def _routes(odoo: Odoo) -> list[Route]:
    api = _Api(odoo)
    routes = [
        Route("/jsonrpc", api.jsonrpc, methods=["POST"]),
        Route("/web/session/authenticate", api.authenticate, methods=["POST"]),
        Route("/web/dataset/call_kw", api.call_kw, methods=["POST"]),
        Route("/web/dataset/call_kw/{path:path}", api.call_kw, methods=["POST"]),
        Route("/web/webclient/version_info", api.version_info, methods=["POST"]),
    ]
    if odoo.version >= 19:
        routes += [
            Route("/json/2/{model}/{method}", api.json2, methods=["POST"]),
            Route("/doc-bearer/{model}.json", api.doc, methods=["GET"]),
            Route("/web/version", api.web_version, methods=["GET"]),
        ]
    return routes


if __name__ == "__main__":
    main(lambda: Odoo().app)
