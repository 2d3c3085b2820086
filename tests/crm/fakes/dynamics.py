"""A fake of Dataverse's Web API 9.2, the API of Dynamics 365 Sales.

Written from Microsoft's public documentation (Dataverse Web API, service protection API limits,
bulk operation messages, alternate keys, web service error codes), apart from any connector.

    org = Org()                                  # put rows in, edit and merge as people do
    with serve(make_dynamics(org)) as server: …  # see `serving`; the base URL is server.url

A PATCH to a GUID that is not there creates the row, unless `If-Match: *` forbids it, as there.
Any bearer token of `Dynamics.tokens` is let in. Not here: $expand, $apply, FetchXML, SQL, deleting
columns, actions of Sales such as WinOpportunity.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.crm.fakes import odata
from tests.crm.fakes.dynamics_batch import answer_batch
from tests.crm.fakes.dynamics_metadata import Metadata
from tests.crm.fakes.dynamics_org import (
    DataverseError,
    Org,
    Row,
    no_such_key,
    payload_error,
    require_property,
)
from tests.crm.fakes.dynamics_schema import Table
from tests.crm.fakes.serving import App, SlidingWindow, main, note

API = "/api/data/v9.2/"
PAGE = 5000
MAX_URL, MAX_URL_IN_BATCH = 32_768, 65_536
MAX_SEGMENT = 260
MAX_CONDITIONS = 500
REQUESTS, WINDOW_SECONDS, AT_ONCE = 6000, 300.0, 52
FORMATTED = "OData.Community.Display.V1.FormattedValue"


@dataclass
class Ask:
    """One request, on its own or out of a batch. `path` comes after the API's root."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""
    wrote: bool = False
    rows: int = 0
    path: str = ""
    query: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self.path = unquote(parts.path).partition(API)[2].rstrip("/")
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))

    @property
    def json(self) -> Row:
        try:
            return dict(json.loads(self.body or b"{}"))
        except ValueError:
            words = "There was an error reading the JSON of the request."
            raise DataverseError(400, "0x80048d19", words) from None

    def prefers(self, pattern: str) -> str | None:
        found = re.search(pattern, self.headers.get("prefer", ""))
        return found[1] if found else None

    def wrote_rows(self, rows: int) -> None:
        self.wrote, self.rows = True, self.rows + rows


@dataclass
class Answer:
    status: int
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Dynamics:
    """The endpoints over one environment.

    Args:
        org: the state.
        requests: how many a user may send in 300 seconds, to each web server.
        at_once: how many of a user's may be under way.
        work_seconds: how long each takes, so that several are under way at once.

    """

    def __init__(
        self, org: Org, requests: int = REQUESTS, at_once: int = AT_ONCE, work_seconds: float = 0.0
    ) -> None:
        self.org, self.at_once, self.work_seconds = org, at_once, work_seconds
        self.window = SlidingWindow(requests, WINDOW_SECONDS)
        self.metadata = Metadata(org)
        self.tokens = {"token"}
        self.under_way = 0
        self.root = ""

    async def endpoint(self, request: Request) -> Response:
        self.root = f"{request.url.scheme}://{request.url.netloc}{API}"
        headers = {name.lower(): value for name, value in request.headers.items()}
        ask = Ask(request.method, str(request.url), headers, await request.body())
        self.under_way += 1
        try:
            self._admit(ask)
            if self.work_seconds:
                await asyncio.sleep(self.work_seconds)
            if ask.path == "$batch":
                response = answer_batch(ask, self.answer, self.org)
            else:
                response = _http(self.answer(ask))
        except DataverseError as error:
            response = _http(
                Answer(error.status, error.body if error.code else None, error.headers)
            )
        finally:
            self.under_way -= 1
        note(request, rows=ask.rows, wrote=ask.wrote)
        left = str(self.window.remaining)
        response.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] = left
        response.headers["OData-Version"] = "4.0"
        return response

    def _admit(self, ask: Ask) -> None:
        token = ask.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            ways = "Bearer authorization_uri=https://login.microsoftonline.com/t/oauth2/authorize"
            raise DataverseError(401, "", "", WWW_Authenticate=ways)
        if self.under_way > self.at_once:
            words = f"Number of concurrent requests exceeded the limit of {self.at_once}."
            raise DataverseError(429, "0x80072326", words, Retry_After="1")
        if wait := self.window.take():
            words = (
                f"Number of requests exceeded the limit of {self.window.limit} over time window of"
                f" {self.window.seconds:.0f} seconds."
            )
            raise DataverseError(429, "0x80072322", words, Retry_After=str(int(wait) + 1))

    def answer(self, ask: Ask, limit: int = MAX_URL) -> Answer:
        """Do one request; in a batch the address may be longer.

        Raises:
            DataverseError: it is refused; nothing of it was done.

        """
        if len(ask.url) > limit:
            raise DataverseError(414, "0x0", "URI Too Long")
        if any(len(part) > MAX_SEGMENT for part in ask.path.split("/")):
            raise DataverseError(400, "0x0", "Bad Request - Invalid URL")
        try:
            with self.org.transaction():
                return self._route(ask)
        except odata.ODataError as error:
            raise DataverseError(400, "0x80060888", str(error)) from None

    def _route(self, ask: Ask) -> Answer:
        if ask.path in {"WhoAmI", "WhoAmI()"}:
            return Answer(200, {"UserId": self.org.user})
        if ask.path in {"PublishAllXml", "PublishXml"} and ask.method == "POST":
            return Answer(204)
        if ask.path.startswith(("EntityDefinitions", "RetrieveMetadataChanges")):
            status, body, key = self.metadata.answer(ask)
            headers = {"OData-EntityId": f"{self.root}{key}"} if key else {}
            return Answer(status, body, headers)
        found = re.fullmatch(r"(\w+)(?:\((.+)\))?(?:/Microsoft\.Dynamics\.CRM\.(\w+))?", ask.path)
        tables = [one for one in self.org.tables.values() if found and one.set == found[1]]
        if not found or not tables:
            name = ask.path.partition("(")[0]
            words = f"Resource not found for the segment '{name}'."
            raise DataverseError(404, "0x80060888", words)
        (table,), key, action = tables, found[2], found[3]
        if action and ask.method == "POST":
            return self._bulk(ask, table, action)
        if key is None:
            return self._create(ask, table) if ask.method == "POST" else self._list(ask, table)
        return self._single(ask, table, odata.parse_key(key))

    # --- one row ----------------------------------------------------------------------------------

    def _single(self, ask: Ask, table: Table, key: Row | str) -> Answer:
        if ask.method == "PATCH":
            return self._patch(ask, table, key)
        row_id = key if isinstance(key, str) else self.org.by_key(table, key)
        if row_id is None:
            raise no_such_key(table)
        row = self.org.find(table, row_id)
        if ask.method == "DELETE":
            self.org.require("Delete", table)
            self.org.delete(table.name, row[table.primary])
            ask.wrote_rows(1)
            return Answer(204)
        self.org.require("Read", table)
        shown = self._show(ask, table, row)
        return Answer(200, {"@odata.context": f"{self.root}$metadata#{table.set}/$entity"} | shown)

    def _create(self, ask: Ask, table: Table) -> Answer:
        row_id = self.org.create(table, ask.json)
        ask.wrote_rows(1)
        return self._saved(ask, table, row_id, 201)

    def _patch(self, ask: Ask, table: Table, key: Row | str) -> Answer:
        values = ask.json
        row_id = key if isinstance(key, str) else self.org.by_key(table, key)
        known = self.org.rows[table.name].get(row_id or "")
        match = ask.headers.get("if-match")
        if known is None and match:
            raise no_such_key(table) if isinstance(key, dict) else _gone(table, key)
        if known and ask.headers.get("if-none-match") == "*":
            words = "A record with matching key values already exists."
            raise DataverseError(412, "0x80040237", words)
        if known and match not in {None, "*", _etag(known)}:
            words = "The version of the existing record doesn't match the RowVersion property"
            raise DataverseError(412, "0x80060882", f"{words} provided.")
        if known:
            self.org.update(table, known[table.primary], values)
        elif isinstance(key, str):
            row_id = self.org.create(table, values, key)
        else:
            row_id = self.org.create(table, values | key)
        ask.wrote_rows(1)
        return self._saved(ask, table, str(row_id), 200 if known else 201)

    def _saved(self, ask: Ask, table: Table, row_id: str, status: int) -> Answer:
        headers = {"OData-EntityId": f"{self.root}{table.set}({row_id})"}
        if ask.prefers(r"(return=representation)"):
            shown = self._show(ask, table, self.org.rows[table.name][row_id])
            return Answer(status, shown, headers)
        return Answer(204, None, headers)

    # --- many rows --------------------------------------------------------------------------------

    def _bulk(self, ask: Ask, table: Table, action: str) -> Answer:
        targets = ask.json.get("Targets") or []
        for target in targets:
            if target.get("@odata.type") != f"Microsoft.Dynamics.CRM.{table.name}":
                words = "A type annotation is needed for each of the Targets."
                raise payload_error(table, words)
        if action == "CreateMultiple":
            ids = [self.org.create(table, target) for target in targets]
            ask.wrote_rows(len(targets))
            return Answer(200, {"Ids": ids})
        if action not in {"UpdateMultiple", "UpsertMultiple"}:
            words = f"Resource not found for the segment 'Microsoft.Dynamics.CRM.{action}'."
            raise DataverseError(404, "0x80060888", words)
        for target in targets:
            key = self._target_key(table, target)
            row_id = key if isinstance(key, str) else self.org.by_key(table, key)
            if row_id is not None and row_id in self.org.rows[table.name]:
                self.org.update(table, row_id, target)
            elif action == "UpdateMultiple":
                raise _gone(table, key) if isinstance(key, str) else no_such_key(table)
            elif isinstance(key, str):
                self.org.create(table, target, key)
            else:
                self.org.create(table, target | key)
        ask.wrote_rows(len(targets))
        return Answer(204)

    def _target_key(self, table: Table, target: Row) -> Row | str:
        if found := re.search(r"\((.+)\)$", target.get("@odata.id", "")):
            return odata.parse_key(found[1])
        if table.primary in target:
            return str(target[table.primary]).lower()
        for key in table.keys.values():
            if set(key.columns) <= set(target):
                return {name: target[name] for name in key.columns}
        raise DataverseError(400, "0x80040203", "The primary key or alternate key is missing.")

    def _list(self, ask: Ask, table: Table) -> Answer:
        if "$skip" in ask.query:
            raise DataverseError(501, "0x80060888", "Skip Clause is not supported in CRM")
        condition = odata.parse_filter(ask.query["$filter"]) if ask.query.get("$filter") else None
        if len(odata.names(condition)) > MAX_CONDITIONS:
            words = "Number of conditions in query exceeded maximum limit."
            raise DataverseError(400, "0x8004430C", words)
        for name in filter(None, ask.query.get("$select", "").split(",")):
            require_property(table, name.strip())
        rows = list(self.org.select(table, condition))
        for part in reversed(ask.query.get("$orderby", "").split(",")):
            name, _, direction = part.strip().partition(" ")
            if name:
                column = require_property(table, name).name
                rows.sort(
                    key=lambda row, column=column: (
                        row[column] is not None,
                        odata.fold(row[column]),
                    ),
                    reverse=direction == "desc",
                )
        total = len(rows)
        if "$top" in ask.query:
            rows = rows[: int(ask.query["$top"])]
        return self._page(ask, table, rows, total)

    def _page(self, ask: Ask, table: Table, rows: list[Row], total: int) -> Answer:
        size = min(int(ask.prefers(r"odata\.maxpagesize=(\d+)") or PAGE), PAGE)
        cookie = re.search(r'pagenumber="(\d+)"', ask.query.get("$skiptoken", ""))
        page = int(cookie[1]) if cookie else 1
        shown = [self._show(ask, table, row) for row in rows[(page - 1) * size : page * size]]
        body: Row = {"@odata.context": f"{self.root}$metadata#{table.set}", "value": shown}
        if ask.query.get("$count") == "true":
            body["@odata.count"] = min(total, PAGE)
        if page * size < len(rows):
            query = {name: text for name, text in ask.query.items() if name != "$skiptoken"}
            query["$skiptoken"] = f'<cookie pagenumber="{page + 1}" istracking="False" />'
            text = "&".join(f"{name}={quote(text)}" for name, text in query.items())
            body["@odata.nextLink"] = f"{self.root}{table.set}?{text}"
        return Answer(200, body)

    def _show(self, ask: Ask, table: Table, row: Row) -> Row:
        asked = ask.query.get("$select")
        if asked:
            columns = [require_property(table, name.strip()) for name in asked.split(",")]
        else:
            columns = list(table.columns.values())
        shown: Row = {"@odata.etag": _etag(row), table.primary: row[table.primary]}
        annotated = ask.prefers(r"(odata\.include-annotations)")
        for column in columns:
            value = row[column.name]
            shown[column.shown_as] = value
            if annotated and value is not None and column.options:
                shown[f"{column.shown_as}@{FORMATTED}"] = column.options[value]
            if annotated and value is not None and column.binds:
                other = next(
                    one
                    for name in column.binds.values()
                    if value in self.org.rows[(one := self.org.tables[name]).name]
                )
                name = f"{column.shown_as}@Microsoft.Dynamics.CRM.lookuplogicalname"
                title = self.org.rows[other.name][value][other.title]
                shown |= {name: other.name, f"{column.shown_as}@{FORMATTED}": title}
        return shown


def make_dynamics(org: Org | None = None, **limits: Any) -> App:
    """Return the app; `app.state.fake` is the `Dynamics` behind it."""
    fake = Dynamics(org or Org(), **limits)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app = Starlette(routes=[Route(API + "{path:path}", fake.endpoint, methods=methods)])
    app.state.fake = fake
    return app


def _etag(row: Row) -> str:
    return f'W/"{row["versionnumber"]}"'


def _gone(table: Table, key: str) -> DataverseError:
    words = f"Entity '{table.name}' With Id = {key} Does Not Exist"
    return DataverseError(404, "0x80040217", words)


def _http(answer: Answer) -> Response:
    body = b"" if answer.json is None else json.dumps(answer.json).encode()
    kind = "application/json; odata.metadata=minimal" if body else None
    return Response(body, answer.status, answer.headers, media_type=kind)


if __name__ == "__main__":
    main(make_dynamics)
