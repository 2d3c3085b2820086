"""A fake of Salesforce's REST API, Bulk API 2.0 and the little of Tooling that adds fields.

Written from Salesforce's public guides (REST API, Bulk API 2.0, Tooling API, SOQL, Object
Reference, "Salesforce Developer Limits and Allocations"), apart from any connector.

    org = Org()                                     # put records in, edit and merge as people do
    with serve(make_salesforce(org)) as server: …   # see `serving`

Where the guides are silent: of the records of one upsert call that share an external id, each is
refused.
People's doings are methods of `Org` (insert, edit, delete, merge): REST has no merge.
A new custom field is seen by nobody until `FieldPermissions` grants it, as in an org whose fields
come through Tooling or Metadata API.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.crm.fakes import soql
from tests.crm.fakes.salesforce_bulk import BulkJobs
from tests.crm.fakes.salesforce_login import Login
from tests.crm.fakes.salesforce_org import Org, Row, without
from tests.crm.fakes.salesforce_schema import Field, SObject
from tests.crm.fakes.salesforce_tooling import list_fields, new_field
from tests.crm.fakes.salesforce_values import (
    RequestError,
    RowError,
    read_json,
    require_few,
    rolled_back,
    url_of,
)
from tests.crm.fakes.serving import App, main, note

PER_COLLECTION = 200
CHUNKS_PER_COLLECTION = 10
READ_PER_COLLECTION = 2000
PAGE = 2000
MAX_URI = 16_384
MAX_QUERY = 100_000


class Salesforce:
    """The endpoints over one org. `daily_limit` is the org's API requests in 24 hours."""

    def __init__(self, org: Org, daily_limit: int = 100_000) -> None:
        self.org, self.daily_limit, self.used = org, daily_limit, 0
        self.login = Login(org)
        self.is_down = False
        self.pages: dict[str, tuple[list[Row], int]] = {}
        self.bulk = BulkJobs(org)
        self.routes: list[tuple[str, re.Pattern[str], Callable[..., Any]]] = [
            (method, re.compile(pattern + "$"), answer)
            for method, pattern, answer in (
                ("GET", "sobjects", self.list_objects),
                ("GET", r"sobjects/(\w+)/describe", self.describe),
                ("POST", r"(tooling/)?sobjects/(\w+)", self.create),
                ("GET", r"sobjects/(\w+)/(\w+)(?:/(.+))?", self.read),
                ("PATCH", r"sobjects/(\w+)/(\w+)(?:/(.+))?", self.change),
                ("DELETE", r"sobjects/(\w+)/(\w+)", self.delete),
                ("GET|POST", r"composite/sobjects/(\w+)", self.read_many),
                ("POST", "composite/sobjects", self.create_many),
                ("PATCH", "composite/sobjects", self.update_many),
                ("PATCH", r"composite/sobjects/(\w+)/(\w+)", self.upsert_many),
                ("GET", r"(query|queryAll)(?:/([\w-]+))?", self.query),
                ("GET", "tooling/query", self.query_fields),
                ("GET", "limits", self.limits),
                ("GET|POST|PUT|PATCH|DELETE", r"jobs/ingest(?:/(\w+))?(?:/(\w+))?", self.job),
            )
        ]

    async def rest(self, request: Request) -> Response:
        try:
            answer = self._route(request, await request.body())
        except RequestError as error:
            answer = JSONResponse(error.body, status_code=error.status)
        except RowError as error:
            status = 404 if error.code == "ENTITY_IS_DELETED" else 400
            body = {"message": error.message, "errorCode": error.code, "fields": error.fields}
            answer = JSONResponse([body], status_code=status)
        answer.headers["Sforce-Limit-Info"] = f"api-usage={self.used}/{self.daily_limit}"
        return answer

    def _route(self, request: Request, body: bytes) -> Response:
        if self.is_down:
            raise RequestError(503, "SERVER_UNAVAILABLE", "Server is unavailable, please try later")
        path = unquote(request.scope["raw_path"].decode())
        if len(str(request.url)) > MAX_URI:
            raise RequestError(414, "URI_TOO_LONG", "The URI is longer than 16,384 bytes")
        if (
            request.headers.get("authorization", "").removeprefix("Bearer ")
            not in self.login.sessions
        ):
            raise RequestError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self.used >= self.daily_limit:
            raise RequestError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.used += 1
        rest = re.sub(r"^/services/data/v\d+\.0/", "", path).rstrip("/")
        for method, pattern, answer in self.routes:
            if request.method in method.split("|") and (found := pattern.match(rest)):
                made = answer(request, body, *found.groups())
                return made if isinstance(made, Response) else JSONResponse(made)
        raise RequestError(404, "NOT_FOUND", "The requested resource does not exist")

    # --- one record -------------------------------------------------------------------------------

    def list_objects(self, request: Request, body: bytes) -> Any:
        things = [
            {"name": one.name, "label": one.name, "keyPrefix": one.prefix, "custom": False}
            for one in self.org.objects.values()
        ]
        return {"encoding": "UTF-8", "maxBatchSize": PER_COLLECTION, "sobjects": things}

    def describe(self, request: Request, body: bytes, name: str) -> Any:
        thing = self.org.object(name)
        fields = [field.describe() for field in self.org.fields(thing)]
        return {"name": thing.name, "keyPrefix": thing.prefix, "updateable": True, "fields": fields}

    def create(self, request: Request, body: bytes, tooling: str | None, name: str) -> Any:
        values = read_json(body)
        if tooling:
            key = new_field(self.org, name, values)
        else:
            key = self.org.create(self.org.object(name), without(values, "attributes"))
        note(request, rows=1, wrote=True)
        return JSONResponse({"id": key, "success": True, "errors": []}, status_code=201)

    def read(self, request: Request, body: bytes, name: str, key: str, value: str | None) -> Any:
        thing = self.org.object(name)
        row = self._one(thing, key, value)
        asked = request.query_params.get("fields")
        names = asked.split(",") if asked else [field.name for field in self.org.fields(thing)]
        return self._show(thing, row, names)

    def change(self, request: Request, body: bytes, name: str, key: str, value: str | None) -> Any:
        thing, values = self.org.object(name), without(read_json(body), "attributes")
        if value is None:
            self._one(thing, key, None)
            self.org.update(thing, key, values)
            note(request, rows=1, wrote=True)
            return Response(status_code=204)
        field = self._external(thing, key)
        if len(self.org.with_value(thing, field.name, value)) > 1:
            self._one(thing, key, value)
        row, is_new = self.org.upsert(thing, field, values | {field.name: value})
        note(request, rows=1, wrote=True)
        answer = {"id": row, "success": True, "errors": [], "created": is_new}
        return JSONResponse(answer, status_code=201 if is_new else 200)

    def delete(self, request: Request, body: bytes, name: str, key: str) -> Any:
        self.org.delete(self.org.own(self.org.object(name), key)["Id"])
        note(request, rows=1, wrote=True)
        return Response(status_code=204)

    def _one(self, thing: SObject, key: str, value: str | None) -> Row:
        if value is None:
            try:
                _, row = self.org.find(key)
            except KeyError:
                words = f"Provided external ID field does not exist or is not accessible: {key}"
                raise RequestError(404, "NOT_FOUND", words) from None
            if row["IsDeleted"]:
                raise RequestError(404, "ENTITY_IS_DELETED", "entity is deleted")
            return row
        rows = self.org.with_value(thing, self._external(thing, key).name, value)
        if len(rows) > 1:
            error = RequestError(300, "", "")
            error.body = [url_of(thing, row) for row in rows]
            raise error
        if not rows:
            raise RequestError(404, "NOT_FOUND", "The requested resource does not exist")
        return rows[0]

    def _external(self, thing: SObject, name: str) -> Field:
        field = self.org.field(thing, name)
        if field is None or not (field.external_id or field.type == "id"):
            words = f"Provided external ID field does not exist or is not accessible: {name}"
            raise RequestError(404, "NOT_FOUND", words)
        return field

    def _show(self, thing: SObject, row: Row, names: list[str]) -> Row:
        shown: Row = {"attributes": {"type": thing.name, "url": url_of(thing, row)}}
        for path in names:
            head, _, rest = path.strip().partition(".")
            if not rest:
                field = self._column(thing, head)
                shown[field.name] = row[field.name]
                continue
            relation = self.org.relation(thing, head)
            if relation is None:
                words = f"Didn't understand relationship '{head}' in field path."
                raise RequestError(400, "INVALID_FIELD", words)
            key = row[relation.name]
            name = relation.relationship or ""
            inner = self._show(*self.org.find(key), [rest]) if key else None
            shown[name] = {**(shown.get(name) or {}), **inner} if inner else None
        return shown

    def _column(self, thing: SObject, name: str) -> Field:
        field = self.org.field(thing, name)
        if field is None:
            raise RequestError(
                400,
                "INVALID_FIELD",
                f"\n{name}\n^\nERROR at Row:1:Column:8\nNo such column '{name}' on entity"
                f" '{thing.name}'. If you are attempting to use a custom field, be sure to append"
                " the '__c' after the custom field name. Please reference your WSDL or the describe"
                " call for the appropriate names.",
            )
        return field

    # --- many records -----------------------------------------------------------------------------

    def read_many(self, request: Request, body: bytes, name: str) -> Any:
        thing = self.org.object(name)
        if request.method == "POST":
            sent = read_json(body)
            keys, names = sent["ids"], sent["fields"]
        else:
            keys = request.query_params["ids"].split(",")
            names = request.query_params["fields"].split(",")
        require_few(keys, READ_PER_COLLECTION)
        rows = [self.org.rows[thing.name].get(self.org.short.get(key[:15], "")) for key in keys]
        return [
            self._show(thing, row, names) if row and not row["IsDeleted"] else None for row in rows
        ]

    def create_many(self, request: Request, body: bytes) -> Any:
        def create(thing: SObject, values: Row) -> Row:
            return {"id": self.org.create(thing, values)}

        return self._many(request, body, create)

    def update_many(self, request: Request, body: bytes) -> Any:
        def update(thing: SObject, values: Row) -> Row:
            name = "Id" if "Id" in values else "id"
            if name not in values:
                raise RowError("MISSING_ARGUMENT", "Id not specified in an update call", "Id")
            return {"id": self.org.update(thing, values[name], without(values, name))}

        return self._many(request, body, update)

    def upsert_many(self, request: Request, body: bytes, name: str, field_name: str) -> Any:
        thing = self.org.object(name)
        field = self._external(thing, field_name)
        times = Counter(
            str(record.get(field.name)).casefold() for record in read_json(body).get("records", [])
        )

        def upsert(_: SObject, values: Row) -> Row:
            value = values.get(field.name)
            if value is not None and times[str(value).casefold()] > 1:
                words = f"Duplicate external id specified: {value}"
                raise RowError("DUPLICATE_VALUE", words, field.name)
            key, is_new = self.org.upsert(thing, field, values)
            return {"id": key, "created": is_new}

        return self._many(request, body, upsert, only=thing)

    def _many(
        self,
        request: Request,
        body: bytes,
        save: Callable[[SObject, Row], Row],
        only: SObject | None = None,
    ) -> Any:
        sent = read_json(body)
        pairs = [self._typed(record, only) for record in sent["records"]]
        require_few(pairs, PER_COLLECTION)
        changes = sum(a[0] is not b[0] for a, b in pairwise(pairs))
        if changes >= CHUNKS_PER_COLLECTION:
            words = "Operation supports only 10 chunks of objects of one type"
            raise RequestError(400, "LIMIT_EXCEEDED", words)
        for thing, values in pairs:
            self.org.require_readable(thing, {k: v for k, v in values.items() if k != "id"})
        before = None
        if sent.get("allOrNone"):
            before = copy.deepcopy((self.org.rows, self.org.index, self.org.short))
        answers, is_bad = [], False
        for thing, values in pairs:
            try:
                answers.append({**save(thing, values), "success": True, "errors": []})
            except RowError as error:
                is_bad = True
                answers.append({"success": False, "errors": [error.shown]})
        if before and is_bad:
            self.org.rows, self.org.index, self.org.short = before
            answers = [answer if answer["errors"] else rolled_back() for answer in answers]
        wrote = any(answer["success"] for answer in answers)
        note(request, rows=len(pairs), wrote=wrote)
        return answers

    def _typed(self, record: Row, only: SObject | None) -> tuple[SObject, Row]:
        kind = (record.get("attributes") or {}).get("type")
        if not kind:
            raise RequestError(400, "INVALID_INPUT", "attributes.type is required for each record")
        thing = self.org.object(kind)
        if only and thing is not only:
            raise RequestError(400, "INVALID_INPUT", f"records must all be of type {only.name}")
        return thing, without(record, "attributes")

    # --- queries and limits -----------------------------------------------------------------------

    def query(self, request: Request, body: bytes, word: str, locator: str | None) -> Any:
        if locator:
            if locator.rpartition("-")[0] not in self.pages:
                raise RequestError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
            return self._page(word, locator)
        text = request.query_params.get("q", "")
        if len(text) > MAX_QUERY:
            raise RequestError(
                400, "MALFORMED_QUERY", "SOQL statements cannot be longer than 100000"
            )
        asked = self._parse(text)
        try:
            thing = self.org.object(asked.object)
        except RequestError:
            words = f"sObject type '{asked.object}' is not supported."
            raise RequestError(400, "INVALID_TYPE", words) from None
        for path in asked.paths:
            self._check_path(thing, path)
        rows = self.org.select(asked, deleted=word == "queryAll")
        if not asked.fields:
            return {"totalSize": len(rows), "done": True, "records": []}
        options = request.headers.get("sforce-query-options", "")
        found = re.search(r"batchSize=(\d+)", options)
        size = min(max(int(found[1]), 200), PAGE) if found else PAGE
        cursor = f"01g{len(self.pages):015d}"
        self.pages[cursor] = ([self._show(thing, row, asked.fields) for row in rows], size)
        return self._page(word, f"{cursor}-0")

    def _parse(self, text: str) -> soql.Query:
        try:
            return soql.parse(text)
        except soql.SoqlError as error:
            raise RequestError(400, "MALFORMED_QUERY", str(error)) from None

    def _check_path(self, thing: SObject, path: str) -> None:
        head, _, rest = path.partition(".")
        if not rest:
            self._column(thing, head)
            return
        relation = self.org.relation(thing, head)
        if relation is None:
            words = f"Didn't understand relationship '{head}' in field path."
            raise RequestError(400, "INVALID_FIELD", words)
        self._check_path(self.org.object(relation.refers_to[0]), rest)

    def _page(self, word: str, locator: str) -> Any:
        cursor, _, start = locator.rpartition("-")
        rows, size = self.pages[cursor]
        end = int(start) + size
        answer = {"totalSize": len(rows), "done": end >= len(rows)}
        if end < len(rows):
            answer["nextRecordsUrl"] = f"/services/data/v59.0/{word}/{cursor}-{end}"
        return answer | {"records": rows[int(start) : end]}

    def limits(self, request: Request, body: bytes) -> Any:
        left = self.daily_limit - self.used
        return {"DailyApiRequests": {"Max": self.daily_limit, "Remaining": left}}

    # --- custom fields and bulk jobs --------------------------------------------------------------

    def query_fields(self, request: Request, body: bytes) -> Any:
        return list_fields(self.org, self._parse(request.query_params.get("q", "")).where)

    def job(self, request: Request, body: bytes, key: str | None, part: str | None) -> Any:
        return self.bulk.answer(request, body, key, part)


def make_salesforce(org: Org | None = None, daily_limit: int = 100_000) -> App:
    """Return the app; `app.state.fake` is the `Salesforce` behind it."""
    fake = Salesforce(org or Org(), daily_limit)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app = Starlette(
        routes=[
            Route("/services/Soap/u/{version}", fake.login.soap, methods=["POST"]),
            Route("/services/oauth2/token", fake.login.oauth, methods=["POST"]),
            Route("/services/data/{path:path}", fake.rest, methods=methods),
        ]
    )
    app.state.fake = fake
    return app


if __name__ == "__main__":
    main(make_salesforce)
