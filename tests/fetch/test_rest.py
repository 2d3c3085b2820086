"""REST APIs, on a small server of the test's own that pages, refuses and sends elsewhere."""

from __future__ import annotations

import json
import os
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from fetch import fetch_all
from tests.fetch.conftest import certificates

TOKEN = "tok-en/ß"
PAGE = 2


class Shop(BaseHTTPRequestHandler):
    """Customers by page, sorted by change; `state` is the server's."""

    def do_GET(self):
        state, url = self.server.state, urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        state["asked"].append(asked)
        if self.headers["Authorization"] != "Bearer token":
            return self._answer(401, {"error": "who are you?"})
        if state["status"] != 200:
            return self._answer(state["status"], {"error": "maintenance"})
        if url.path != "/api/v1/customers":
            return self._answer(404, {"error": "no such thing"})
        rows = [row for row in state["rows"] if row["changed"] >= asked.get("since", "")]
        begin = int(asked.get("offset", 0))
        answer = {"data": {"items": rows[begin : begin + PAGE]}}
        if begin + PAGE < len(rows):
            answer["next"] = (
                f"{state['next']}/api/v1/customers?offset={begin + PAGE}"
                f"&since={asked.get('since', '')}"
            )
        return self._answer(200, answer)

    def _answer(self, status, content):
        # As a server that has decimals sends them, which Python's own JSON can't.
        body = json.dumps(content).replace('"19.90"', "19.90").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@pytest.fixture
def shop(settings, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    here = f"http://127.0.0.1:{server.server_port}"
    server.state = {
        "status": 200, "asked": [], "next": here,
        "rows": [{"id": n, "name": f"Größe {n}", "price": "19.90", "changed": f"2026-01-0{n}",
                  "address": {"city": "Köln"}, "tags": []} for n in range(1, 6)],
    }  # fmt: skip
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", f"http://:token@127.0.0.1:{server.server_port}/api")
    yield server.state
    server.shutdown()
    server.server_close()


@pytest.fixture
def secure_shop(shop, tmp_path, monkeypatch):
    """The same over TLS, with a certificate of the firm's own authority for 127.0.0.1 alone."""
    certificates(tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.state = shop | {"next": f"https://127.0.0.1:{server.server_port}"}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", f"https://:token@127.0.0.1:{server.server_port}/api")
    yield tmp_path / "ca.pem"
    server.shutdown()
    server.server_close()


ENTRY = (
    "  shop: {kind: rest, connection: shop, path: v1/customers, records: data.items,"
    " pages: {type: json_link, next_url_path: next}, file: shop/customers.jsonl%s}"
)
NEW = ", cursor: changed, cursor_param: since, start: 2026-01-01"


def test_all_pages_come_with_every_digit(shop, settings, write_entries, table):
    write_entries(ENTRY % "")
    (result,) = fetch_all(settings)
    assert (result.problem, result.rows) == (None, 5)
    rows = table("shop/customers.jsonl")
    assert [row["id"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert rows[0] == {"id": "1", "name": "Größe 1", "price": "19.90", "changed": "2026-01-01",
                       "address.city": "Köln", "tags": "[]"}  # fmt: skip


def test_the_server_is_asked_only_for_what_is_new(shop, settings, write_entries, table):
    write_entries(ENTRY % NEW)
    assert fetch_all(settings)[0].files == ("shop/customers_000001.jsonl",)
    shop["asked"].clear()
    (result,) = fetch_all(settings)
    assert (result.status, result.since) == ("nothing", "2026-01-05")
    assert shop["asked"] == [{"since": "2026-01-05"}]
    shop["rows"].append({**shop["rows"][0], "id": 6, "changed": "2026-01-06"})
    assert fetch_all(settings)[0].rows == 1
    assert table("shop/customers_000002.jsonl")[0]["id"] == "6"


def test_an_api_that_can_not_be_asked_for_news_is_read_whole_and_only_news_come(
    shop, settings, write_entries, table
):
    write_entries(ENTRY % ", cursor: changed")
    assert fetch_all(settings)[0].rows == 5
    assert fetch_all(settings)[0].status == "nothing"
    shop["rows"].append({**shop["rows"][0], "id": 6, "changed": "2026-01-06"})
    assert fetch_all(settings)[0].rows == 1


@pytest.mark.parametrize(
    ("change", "entry", "url", "problem"),
    [
        ({"status": 503}, "", None, "is busy or in maintenance: the next night tries again"),
        ({"status": 403}, "", None, "may not read it"),
        ({}, "", (":token@", f":{TOKEN.replace('/', '%2F')}@"), "does not accept user or password"),
        ({}, "", ("/api", "/nowhere"), "is not there"),
        ({}, "", ("@127.0.0.1", "@192.0.2.1"), "would be asked without encryption"),
        ({"next": "http://127.0.0.2:1"}, "", None, "sends us on to 127.0.0.2, which gets nothing"),
        ({}, ", auth: header, key_name: X-Key", None, "does not accept user or password"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_without_the_token(
    shop, settings, write_entries, monkeypatch, inbox, change, entry, url, problem
):
    shop.update(change)
    if url:
        monkeypatch.setenv("AIRFLOW_CONN_SHOP", os.environ["AIRFLOW_CONN_SHOP"].replace(*url, 1))
    write_entries(ENTRY % entry)
    monkeypatch.setattr("fetch.rest.ATTEMPTS", 1)
    (result,) = fetch_all(settings)
    assert problem in (result.problem or ""), result
    assert "\n" not in result.problem
    assert TOKEN not in result.problem
    assert "token" not in result.problem.replace("token'", "")
    assert inbox() == {}


def test_only_the_right_certificate_will_do(secure_shop, settings, write_entries, monkeypatch):
    monkeypatch.setattr("fetch.rest.ATTEMPTS", 1)
    write_entries(ENTRY % "")
    assert "name your own authority as `ca:`" in fetch_all(settings)[0].problem
    write_entries(ENTRY % f", ca: {secure_shop}")
    assert fetch_all(settings)[0].rows == 5
    url = os.environ["AIRFLOW_CONN_SHOP"].replace("127.0.0.1", "localhost")
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", url)
    assert "the certificate of localhost" in fetch_all(settings)[0].problem
