"""Mailing tools that keep state, over HTTP: as much of listmonk and Brevo as we call.

Written from https://listmonk.app/docs/apis and https://developers.brevo.com.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Tool:
    """`faults`: what the next calls to a path meet: a status, or `lost`: done without an answer."""

    def __init__(self):
        self.faults: list[tuple[str, int | str]] = []
        self.calls: list[str] = []

    def handle(self, method, path, query, body, headers):
        raise NotImplementedError


class Listmonk(Tool):
    def __init__(self):
        super().__init__()
        self.lists, self.campaigns, self.subscribers = {}, {}, {}

    def handle(self, method, path, query, body, headers):
        if not headers.get("Authorization", "").startswith("Basic "):
            return 403, {"message": "invalid session"}
        kind = path.split("/")[2]
        rows = getattr(self, kind)
        if path == "/api/subscribers/lists":
            for number in body["ids"]:
                kept = set(rows[number]["lists"]) - set(body["target_list_ids"])
                rows[number]["lists"] = sorted(kept)
            return 200, {"data": True}
        if method == "GET":
            found = list(rows.values())
            if kind == "subscribers":
                (asked,) = re.findall(r"^subscribers\.email = '(.*)'$", query["query"])
                found = [
                    row | {"lists": [{"id": one} for one in row["lists"]]}
                    for row in found
                    if row["email"] == asked.replace("''", "'")
                ]
            elif "query" in query:
                found = [row for row in found if query["query"] in row["name"]]
            return 200, {"data": {"results": found, "total": len(found)}}
        if method == "PUT":
            rows[int(path.split("/")[3])] |= body
            return 200, {"data": body}
        if kind == "subscribers":
            if any(row["email"] == body["email"] for row in rows.values()):
                return 409, {"message": "E-mail already exists."}
            if body["email"].endswith("@bad.example"):
                return 400, {"message": "Invalid email."}
        number = len(rows) + 1
        rows[number] = {"id": number, "status": "draft"} | body
        return 200, {"data": rows[number]}

    def would_get(self):
        """Who would get which subject when all campaigns are started, once per mail."""
        return sorted(
            (row["email"], row["attribs"][place]["subject"])
            for campaign in self.campaigns.values()
            for row in self.subscribers.values()
            if set(row["lists"]) & set(campaign["lists"])
            for place in re.findall(r"Attribs\.(\w+)\.subject", campaign["subject"])
        )


class Brevo(Tool):
    def __init__(self):
        super().__init__()
        self.sent, self.keys = [], set()

    def handle(self, method, path, query, body, headers):
        if headers.get("api-key") != "key-1":
            return 401, {"code": "unauthorized", "message": "Key not found"}
        if method == "GET":
            found = [mail for mail in self.sent if query["tags"] in mail["tags"]]
            return 200, {"events": [{"tag": mail["tags"][0]} for mail in found]} if found else {}
        key = body["headers"]["idempotencyKey"]
        if body["to"][0]["email"].endswith("@bad.example"):
            return 400, {"code": "invalid_parameter", "message": "email is not valid in to"}
        if key not in self.keys:
            self.keys.add(key)
            self.sent.append(body)
        return 201, {"messageId": f"<{len(self.sent)}@brevo>"}

    def would_get(self):
        return sorted((mail["to"][0]["email"], mail["subject"]) for mail in self.sent)


@contextmanager
def serve(tool: Tool) -> Iterator[str]:
    """Serve a tool on the loopback; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(text) if text else None
            tool.calls.append(f"{self.command} {parts.path}")
            fault = next((each for each in tool.faults if each[0] in tool.calls[-1]), None)
            if fault:
                tool.faults.remove(fault)
            if fault and isinstance(fault[1], int):
                status, told = fault[1], {"message": "no"}
            else:
                status, told = tool.handle(self.command, parts.path, query, body, self.headers)
            if fault and fault[1] == "lost":
                self.close_connection = True
                return
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the library's names

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
