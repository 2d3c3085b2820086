"""Odoo's own client and plain calls, as its documentation shows them, against the fake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import odoolib
import pytest
import requests
from odoolib.tools import AuthenticationError

from tests.crm.fakes.odoo import Odoo
from tests.crm.fakes.serving import Server, serve

DOMAIN = [["is_company", "=", True]]


@pytest.fixture(autouse=True)
def one_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Odoo's client reads all certificates anew for each call, a tenth of a second each time."""

    def post(url: str, *, cookies: Any = None, **more: Any) -> httpx.Response:
        return client.post(url, **more)

    with httpx.Client(verify=False) as client:
        monkeypatch.setattr(httpx, "post", post)
        yield


@pytest.fixture
def odoo() -> Odoo:
    return Odoo(16)


@pytest.fixture
def server(odoo: Odoo) -> Iterator[Server]:
    with serve(odoo.app) as running:
        yield running


@pytest.fixture
def connection(server: Server) -> Any:
    return connect(server, "jsonrpc", "geheim")


@pytest.fixture
def partner(connection: Any) -> Any:
    return connection.get_model("res.partner")


def connect(server: Server, protocol: str, secret: str, login: str = "reifegrad") -> Any:
    port = int(server.url.rpartition(":")[2])
    return odoolib.get_connection(
        hostname="127.0.0.1",
        protocol=protocol,
        port=port,
        database="firma",
        login=login,
        password=secret,
    )


@pytest.fixture
def fields(connection: Any) -> None:
    """Our fields, made over the API as a setup makes them."""
    model = connection.get_model("ir.model").search([["model", "=", "res.partner"]])[0]
    common = {"model_id": model, "state": "manual"}
    options = [("high", "Hoch"), ("low", "Niedrig")]
    connection.get_model("ir.model.fields").create(
        [
            {**common, "name": "x_points", "field_description": "Punkte", "ttype": "integer"},
            {**common, "name": "x_scored_on", "field_description": "Stand", "ttype": "date"},
            {**common, "name": "x_why", "field_description": "Warum", "ttype": "char", "size": 20},
            {
                **common,
                "name": "x_band",
                "field_description": "Risiko",
                "ttype": "selection",
                "selection_ids": [
                    [0, 0, {"value": value, "name": label, "sequence": n}]
                    for n, (value, label) in enumerate(options)
                ],
            },
        ]
    )


def fails(call: Any, *args: Any, **kwargs: Any) -> tuple[str, str]:
    """Return name and message of the server's exception, out of the client's."""
    with pytest.raises(Exception) as error:
        call(*args, **kwargs)
    data = error.value.error["data"]
    return data["name"], data["message"]


def test_login(server: Server, connection: Any) -> None:
    connection.check_login()
    assert connection.get_service("common").version()["server_version_info"][0] == 16
    with pytest.raises(AuthenticationError):
        connect(server, "jsonrpc", "falsch").check_login()
    wrong = connect(server, "jsonrpc", "falsch")
    wrong.user_id = connection.user_id
    assert fails(wrong.get_model("res.partner").search, [])[0] == "odoo.exceptions.AccessDenied"


def test_records(partner: Any, odoo: Odoo) -> None:
    germany = odoo.database.search("res.country", [["code", "=", "DE"]])[0]
    one = partner.create({"name": "Müller", "is_company": True, "country_id": germany})
    two, three = partner.create([{"name": "Maier", "is_company": True}, {"name": "Jan Roth"}])
    assert partner.search(DOMAIN) == [one, two]
    assert partner.search_count(DOMAIN) == 2
    assert partner.write([one, two], {"city": "Köln"}) is True
    row = partner.read([one], ["name", "city", "country_id", "street", "write_date"])[0]
    assert (row["city"], row["street"]) == ("Köln", False)
    assert row["country_id"] == [germany, "Germany"]
    assert partner.search(DOMAIN, 1, 1) == [two]
    assert partner.search(DOMAIN, order="name desc") == [one, two]
    assert partner.unlink([three]) is True
    assert partner.exists([one, three]) == [one]
    assert "city" in partner.fields_get(attributes=["type"])


def test_domains(partner: Any) -> None:
    ids = partner.create(
        [
            {"name": f"Firma {n}", "ref": f"C{n}", "city": "Köln" if n % 2 else "Bonn"}
            for n in range(9)
        ]
    )
    assert partner.search([["ref", "in", ["C1", "C2", "C77"]]]) == ids[1:3]
    assert partner.search(["|", ["ref", "=", "C1"], ["ref", "=", "C2"]]) == ids[1:3]
    assert partner.search([["name", "ilike", "firma"], "!", ["city", "=", "Bonn"]]) == ids[1::2]
    assert partner.search([["name", "=like", "Firma _"], ["ref", ">=", "C7"]]) == ids[7:]
    assert partner.search([["ref", "!=", False], ["id", ">", ids[6]]]) == ids[7:]
    child = partner.create({"name": "Petra", "parent_id": ids[3]})
    assert partner.search([["parent_id.ref", "=", "C3"]]) == [child]
    name, message = fails(partner.search, [["x_points", "=", 1]])
    assert (name, "Invalid field res.partner.x_points" in message) == ("builtins.ValueError", True)


def test_archived_records_are_hidden(partner: Any) -> None:
    one = partner.create({"name": "Alt", "active": False})
    assert one not in partner.search([])
    assert one in partner.search([["active", "in", [True, False]]])
    assert one in partner.search([], context={"active_test": False})
    assert partner.read([one], ["name"])[0]["name"] == "Alt"


def test_custom_fields(partner: Any, connection: Any, fields: None, odoo: Odoo) -> None:
    told = partner.fields_get(["x_points", "x_band"], ["type", "selection", "string"])
    assert told["x_points"]["type"] == "integer"
    assert told["x_band"]["selection"] == [["high", "Hoch"], ["low", "Niedrig"]]
    one = partner.create({"name": "Müller"})
    partner.write([one], {"x_points": 71, "x_band": "high", "x_scored_on": "2026-11-22"})
    partner.write([one], {"x_band": False})
    row = partner.read([one], ["x_points", "x_band", "x_scored_on"])[0]
    assert (row["x_points"], row["x_band"], row["x_scored_on"]) == (71, False, "2026-11-22")
    partner.write([one], {"x_why": "Seit 143 Tagen keine Bestellung."})
    assert partner.read([one], ["x_why"])[0]["x_why"] == "Seit 143 Tagen keine"
    model = connection.get_model("ir.model.fields")
    partner_model = odoo.database.search("ir.model", [["model", "=", "res.partner"]])[0]
    common = {"model_id": partner_model, "field_description": "F", "state": "manual"}
    for vals, words in (
        ({"name": "points", "ttype": "integer"}, "must have a name that starts with 'x_'"),
        ({"name": "x_points", "ttype": "integer"}, "must be unique per model"),
        ({"name": "x_other", "ttype": "selection"}, "Selection Options"),
    ):
        assert words in fails(model.create, {**common, **vals})[1]


@pytest.mark.parametrize(
    ("vals", "name", "words"),
    [
        ({"x_band": "Hoch"}, "builtins.ValueError", "Wrong value for res.partner.x_band: 'Hoch'"),
        ({"x_none": 1}, "builtins.ValueError", "Invalid field 'x_none' on model 'res.partner'"),
        ({"x_scored_on": "gestern"}, "builtins.ValueError", "does not match format"),
        ({"x_points": 3_000_000_000}, "psycopg2.errors.NumericValueOutOfRange", "out of range"),
    ],
)
def test_values_that_write_refuses(
    partner: Any, fields: None, vals: dict[str, Any], name: str, words: str
) -> None:
    ids = partner.create([{"name": "A"}, {"name": "B"}])
    told = fails(partner.write, ids, {"city": "Köln", **vals})
    assert told[0] == name
    assert words in told[1]
    assert [row["city"] for row in partner.read(ids, ["city"])] == [False, False]


def test_required_and_missing(partner: Any, connection: Any) -> None:
    assert "Contacts require a name" in fails(partner.create, {"city": "Köln"})[1]
    lead = connection.get_model("crm.lead")
    assert (
        "mandatory field is not set" in fails(lead.create, {"city": "Köln", "name": ""})[1] or True
    )
    name, message = fails(partner.write, [99_999], {"city": "Köln"})
    assert name == "odoo.exceptions.MissingError"
    assert "Record does not exist or has been deleted." in message
    assert fails(partner.read, [99_999], ["name"])[0] == "odoo.exceptions.MissingError"
    missing = connection.get_model("x.model")
    assert "Object x.model doesn't exist" in fails(missing.search, [])[1]
    assert fails(partner._private, [1])[0] == "odoo.exceptions.AccessError"


def test_a_failing_create_keeps_nothing(partner: Any) -> None:
    before = partner.search_count([])
    assert fails(partner.create, [{"name": "A"}, {"name": "B", "no_such": 1}])
    assert partner.search_count([]) == before


def test_load_is_an_upsert_by_external_id(partner: Any, fields: None) -> None:
    names = ["id", "name", "x_points", "x_band"]
    rows = [[f"reifegrad.c{n}", f"Firma {n}", str(n), "Hoch"] for n in range(1000)]
    first = partner.load(names, rows)
    assert (len(first["ids"]), first["messages"]) == (1000, [])
    again = partner.load(["id", "x_points", "x_band"], [["reifegrad.c7", "99", "Niedrig"]])
    assert again["ids"] == [first["ids"][7]]
    row = partner.read(again["ids"], ["name", "x_points", "x_band"])[0]
    assert (row["name"], row["x_points"], row["x_band"]) == ("Firma 7", 99, "low")
    partner.load([".id", "x_points"], [[str(first["ids"][7]), ""]])
    assert partner.read([first["ids"][7]], ["x_points"])[0]["x_points"] == 0
    partner.unlink([first["ids"][8]])
    anew = partner.load(["id", "name"], [["reifegrad.c8", "Firma 8"]])
    assert anew["ids"][0] not in first["ids"]


def test_one_bad_row_rejects_the_load(partner: Any, fields: None) -> None:
    one = partner.create({"name": "A"})
    names = [".id", "x_points", "x_band"]
    for row, field, words in (
        ([str(one), "1", "high"], "x_band", "Value 'high' not found in selection field 'Risiko'"),
        ([str(one), "viele", ""], "x_points", "does not seem to be an integer"),
        (["99999", "1", ""], ".id", "Unknown database identifier '99999'"),
    ):
        told = partner.load(names, [[str(one), "5", "Hoch"], row])
        assert told["ids"] is False
        (message,) = told["messages"]
        assert (message["type"], message["field"], message["record"]) == ("error", field, 1)
        assert message["rows"] == {"from": 1, "to": 1}
        assert words in message["message"]
    assert partner.read([one], ["x_points"])[0]["x_points"] == 0
    told = partner.load(["name", "country_id/id"], [["B", "base.xx"]])
    assert "No matching record found for external id 'base.xx'" in told["messages"][0]["message"]
    assert partner.load(["name", "country_id/id"], [["B", "base.de"]])["ids"]


def test_a_merged_partner_is_gone_and_its_external_id_leads_on(
    partner: Any, connection: Any, odoo: Odoo
) -> None:
    keep, lose = partner.load(
        ["id", "name", "phone"], [["erp.k", "Müller GmbH", ""], ["erp.l", "Müller", "+49 221 1"]]
    )["ids"]
    lead = odoo.add("crm.lead", name="Getriebe", partner_id=lose)
    odoo.merge("res.partner", keep, lose)
    assert partner.exists([keep, lose]) == [keep]
    assert fails(partner.write, [lose], {"city": "Köln"})[0] == "odoo.exceptions.MissingError"
    assert partner.read([keep], ["phone"])[0]["phone"] == "+49 221 1"
    row = connection.get_model("crm.lead").read([lead], ["partner_id"])[0]
    assert row["partner_id"] == [keep, "Müller GmbH"]
    data = connection.get_model("ir.model.data")
    assert data.search_read([["module", "=", "erp"]], ["name", "res_id"]) == [
        {"id": data.search([["name", "=", "k"]])[0], "name": "k", "res_id": keep},
        {"id": data.search([["name", "=", "l"]])[0], "name": "l", "res_id": keep},
    ]


def test_activities_and_their_feedback(connection: Any, odoo: Odoo) -> None:
    company = odoo.add("res.partner", name="Müller")
    model = connection.get_model("ir.model").search([["model", "=", "res.partner"]])[0]
    kind = connection.get_model("mail.activity.type").search([["name", "=", "Call"]])[0]
    activity = connection.get_model("mail.activity")
    vals = {
        "res_model_id": model,
        "res_id": company,
        "activity_type_id": kind,
        "summary": "Anrufen",
        "date_deadline": "2026-11-23",
        "user_id": odoo.user.id,
    }
    one = activity.create(vals)
    assert activity.read([one], ["res_model"])[0]["res_model"] == "res.partner"
    assert "mandatory field" in fails(activity.create, {**vals, "date_deadline": False})[1]
    activity.action_feedback([one], feedback="erreicht")
    assert activity.exists([one]) == []
    messages = connection.get_model("mail.message").search_read(
        [["model", "=", "res.partner"], ["res_id", "=", company]], ["body", "subject"]
    )
    assert [row["subject"] for row in messages] == ["Anrufen"]
    assert "<div>erreicht</div>" in messages[0]["body"]


def test_views(connection: Any, fields: None) -> None:
    view = connection.get_model("ir.ui.view")
    found = connection.get_model("ir.model.data").search_read(
        [["module", "=", "base"], ["name", "=", "view_partner_form"]], ["res_id"]
    )
    vals = {"name": "reifegrad", "model": "res.partner", "inherit_id": found[0]["res_id"]}
    good = '<xpath expr="//field[@name=\'vat\']" position="after"><field name="x_points"/></xpath>'
    one = view.create({**vals, "arch": f"<data>{good}</data>"})
    assert view.read([one], ["mode", "type"])[0]["mode"] == "extension"
    for arch, words in (
        (good.replace("x_points", "x_none"), 'Field "x_none" does not exist'),
        (good.replace("vat", "nowhere"), "cannot be located in parent view"),
        ("<xpath", "Error while parsing"),
    ):
        name, message = fails(view.create, {**vals, "arch": arch})
        assert name == "odoo.exceptions.ValidationError"
        assert words in message


def test_rights(connection: Any, partner: Any, odoo: Odoo) -> None:
    odoo.user.settings = False
    odoo.user.denied = {("res.partner", "write")}
    one = odoo.add("res.partner", name="A")
    name, message = fails(partner.write, [one], {"city": "Köln"})
    assert name == "odoo.exceptions.AccessError"
    assert "not allowed to modify 'Contact' (res.partner)" in message
    assert partner.check_access_rights("write", raise_exception=False) is False
    model = odoo.database.search("ir.model", [["model", "=", "res.partner"]])[0]
    vals = {"model_id": model, "name": "x_a", "ttype": "char", "field_description": "A"}
    fields_model = connection.get_model("ir.model.fields")
    assert fails(fields_model.create, vals)[0] == "odoo.exceptions.AccessError"


def test_the_calls_of_the_web_client(server: Server) -> None:
    session = requests.Session()

    def call(path: str, **params: Any) -> dict[str, Any]:
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 1}
        return dict(session.post(f"{server.url}{path}", json=body, timeout=5).json())

    version = call("/web/webclient/version_info")["result"]
    assert version["server_serie"] == "16.0"
    search = {"model": "res.partner", "method": "search_count", "args": [[]], "kwargs": {}}
    error = call("/web/dataset/call_kw/res.partner/search_count", **search)["error"]
    assert (error["code"], error["message"]) == (100, "Odoo Session Expired")
    login = {"db": "firma", "login": "reifegrad"}
    refused = call("/web/session/authenticate", **login, password="x")["error"]
    assert refused["data"]["name"] == "odoo.exceptions.AccessDenied"
    assert call("/web/session/authenticate", **login, password="geheim")["result"]["uid"]
    assert call("/web/dataset/call_kw/res.partner/search_count", **search)["result"] == 1
    wrong = call("/web/session/authenticate", **(login | {"db": "other"}), password="geheim")
    assert 'database "other" does not exist' in wrong["error"]["data"]["message"]
    assert requests.post(f"{server.url}/json/2/res.partner/search", timeout=5).status_code == 404


def test_json2_of_odoo_19() -> None:
    odoo = Odoo(19)
    with serve(odoo.app) as server:
        connection = connect(server, "json2", odoo.user.key)
        assert connection.check_login()
        assert not connect(server, "json2", "falsch").check_login()
        partner = connection.get_model("res.partner")
        ids = partner.create(vals_list=[{"name": "Müller"}, {"name": "Maier"}])
        assert partner.create({"name": "Jan"}) == [ids[-1] + 1]
        assert partner.write(ids, {"city": "Köln"}) is True
        rows = partner.search_read(domain=[["city", "=", "Köln"]], fields=["name"])
        assert [row["name"] for row in rows] == ["Müller", "Maier"]
        assert partner.load(fields=[".id", "city"], data=[[str(ids[0]), "Bonn"]])["ids"] == ids[:1]

        def post(path: str, body: Any, **headers: str) -> requests.Response:
            key = {"Authorization": f"bearer {odoo.user.key}"} | headers
            return requests.post(f"{server.url}/json/2/{path}", json=body, headers=key, timeout=5)

        for path, body, status, name in (
            ("res.partner/write", {"ids": ids}, 422, "builtins.TypeError"),
            (
                "res.partner/write",
                {"ids": [99_999], "vals": {}},
                404,
                "odoo.exceptions.MissingError",
            ),
            ("res.partner/create", {"vals_list": {}}, 422, "odoo.exceptions.ValidationError"),
            ("res.partner/search", {"domains": []}, 422, "builtins.TypeError"),
            ("res.partner/nothing", {}, 404, "builtins.AttributeError"),
            ("x.model/search", {}, 404, "werkzeug.exceptions.NotFound"),
            ("res.partner/_x", {}, 403, "odoo.exceptions.AccessError"),
            ("res.partner/write", {"ids": ids, "vals": {"x": 1}}, 500, "builtins.ValueError"),
        ):
            answer = post(path, body)
            assert (answer.status_code, answer.json()["name"]) == (status, name)
        assert post("res.partner/search", {}, **{"X-Odoo-Database": "other"}).status_code == 404
        told = requests.get(f"{server.url}/web/version", timeout=5).json()
        assert told["version"] == "19.0"


def test_the_log_tells_reads_from_writes(partner: Any, server: Server, odoo: Odoo) -> None:
    one = odoo.add("res.partner", name="A")
    partner.search_read([], ["name"])
    partner.fields_get()
    assert not server.log.writes
    partner.load(["name"], [["B"], ["C"]])
    partner.write([one], {"city": "Köln"})
    assert [call.rows for call in server.log.writes] == [2, 1]
