"""The Dataverse fake as Microsoft's own client, and plain HTTP where it has no call, meet it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.config import DataverseConfig
from PowerPlatform.Dataverse.core.errors import HttpError, MetadataError
from PowerPlatform.Dataverse.models.upsert import UpsertItem

from tests.crm.fakes.certificates import make_certificate
from tests.crm.fakes.dynamics import Dynamics, make_dynamics
from tests.crm.fakes.dynamics_org import Org, Plugin
from tests.crm.fakes.dynamics_schema import Column, Key
from tests.crm.fakes.serving import Server, serve

BANDS = {100000000: "Hoch", 100000001: "Niedrig"}
NOBODY = "00000000-0000-0000-0000-0000000000aa"


class Token:
    def __init__(self, token: str = "token") -> None:
        self.token = token

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken(self.token, int(time.time()) + 3600)


@dataclass
class World:
    org: Org
    fake: Dynamics
    server: Server
    client: DataverseClient

    def http(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": "Bearer token", **options.pop("headers", {})}
        url = f"{self.server.url}/api/data/v9.2/{path}"
        return requests.request(method, url, headers=headers, timeout=10, **options)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def world(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    org = Org()
    org.add_column("account", Column("rei_points", "Integer", low=0, high=100))
    org.add_column("account", Column("rei_band", "Picklist", options=BANDS))
    org.add_column("account", Column("rei_key", max_length=40))
    org.add_key("account", Key("rei_account_key", ("rei_key",)))
    app = make_dynamics(org)
    with serve(app, certificate=certificate) as server:
        config = DataverseConfig(http_retries=1)
        yield World(
            org, app.state.fake, server, DataverseClient(server.url, Token(), config=config)
        )


def refusal(world: World, *call: Any, **more: Any) -> HttpError:
    with pytest.raises(HttpError) as caught:
        call[0](*call[1:], **more)
    return caught.value


def test_one_row_is_made_read_changed_and_deleted(world: World) -> None:
    records = world.client.records
    key = records.create("account", {"name": "Müller", "rei_points": 71, "rei_key": "C1"})
    row = records.retrieve("account", key, select=["name", "rei_points"])
    assert (row["name"], row["rei_points"]) == ("Müller", 71)
    records.update("account", key, {"rei_points": None, "rei_band": "Hoch"})
    assert world.org.rows["account"][key]["rei_band"] == 100000000  # the client knows the labels
    assert world.org.rows["account"][key]["rei_points"] is None
    records.delete("account", key)
    assert records.retrieve("account", key) is None
    error = refusal(world, records.update, "account", key, {"rei_points": 5})
    assert (error.status_code, error.details["service_error_code"]) == (404, "0x80040217")


def test_rows_come_in_pages_and_in_order(world: World) -> None:
    for number in range(25):
        world.org.insert("account", name=f"Kunde {number:02d}", rei_points=number)
    pages = list(
        world.client.records.list_pages(
            "account", select=["name"], filter="rei_points ge 3", orderby=["rei_points desc"],
            page_size=10,
        )
    )  # fmt: skip
    assert [len(list(page)) for page in pages] == [10, 10, 2]
    assert next(iter(pages[0]))["name"] == "Kunde 24"
    answer = world.http("GET", "accounts?$select=name&$top=5&$count=true").json()
    assert (len(answer["value"]), answer["@odata.count"]) == (5, 25)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name eq 'o''neill'", ["O'Neill"]),
        ("contains(name,'eil') or rei_points gt 60", ["Müller", "O'Neill"]),
        ("rei_points ne null and not (rei_points lt 50)", ["Müller"]),
        ("startswith(name,'m') and statecode eq 0", ["Müller"]),
        (
            "Microsoft.Dynamics.CRM.In(PropertyName='rei_key',PropertyValues=['c1','C9'])",
            ["Müller"],
        ),
        ("modifiedon gt 2999-01-01T00:00:00Z", []),
    ],
)
def test_filters(world: World, text: str, found: list[str]) -> None:
    world.org.insert("account", name="Müller", rei_points=71, rei_key="C1")
    world.org.insert("account", name="O'Neill")
    rows = world.client.records.list("account", select=["name"], filter=text, orderby=["name"])
    assert [row["name"] for row in rows] == found


def test_lookups_are_bound_and_shown_with_names(world: World) -> None:
    key = world.org.insert("account", name="Müller", rei_key="C1", rei_band=100000001)
    deal = world.client.records.create(
        "opportunity",
        {"name": "Getriebe", "customerid_account@odata.bind": "/accounts(rei_key='C1')"},
    )
    assert world.org.rows["opportunity"][deal]["customerid"] == key
    row = world.client.records.retrieve(
        "opportunity", deal, select=["_customerid_value"], include_annotations="*"
    )
    assert row["_customerid_value"] == key
    assert row["_customerid_value@OData.Community.Display.V1.FormattedValue"] == "Müller"
    shown = world.client.records.retrieve("account", key, include_annotations="*")
    assert shown["rei_band@OData.Community.Display.V1.FormattedValue"] == "Niedrig"
    error = refusal(
        world, world.client.records.create, "opportunity",
        {"name": "A", "customerid_Account@odata.bind": f"/accounts({key})"},
    )  # fmt: skip
    assert "An undeclared property 'customerid_Account'" in str(error)  # names keep their case


def test_upsert_by_alternate_key(world: World) -> None:
    old = world.org.insert("account", name="Alt", rei_key="C1")
    items = [
        UpsertItem({"rei_key": "C1"}, {"rei_points": 50}),
        UpsertItem({"rei_key": "C2"}, {"name": "Neu", "rei_points": 60}),
    ]
    world.client.records.upsert("account", items)
    assert world.org.rows["account"][old]["rei_points"] == 50
    assert len(world.org.rows["account"]) == 2
    error = refusal(
        world, world.client.records.upsert, "account", [UpsertItem({"name": "x"}, {"name": "x"})]
    )
    assert "not a defined key for the account entity" in str(error)


def test_if_match_and_if_none_match(world: World) -> None:
    key = world.org.insert("account", name="A", rei_key="C1")
    path = f"accounts({key})"
    seen = world.http("GET", path).json()["@odata.etag"]
    world.org.edit("account", key, name="B")
    stale = world.http("PATCH", path, json={"rei_points": 1}, headers={"If-Match": seen})
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "0x80060882")
    there = world.http(
        "PATCH", "accounts(rei_key='C1')", json={"name": "C"}, headers={"If-None-Match": "*"}
    )
    assert (there.status_code, there.json()["error"]["code"]) == (412, "0x80040237")
    absent = f"accounts({NOBODY})"
    refused = world.http("PATCH", absent, json={"name": "C"}, headers={"If-Match": "*"})
    assert refused.status_code == 404
    assert world.http("PATCH", absent, json={"name": "C"}).status_code == 204
    assert NOBODY in world.org.rows["account"]  # without If-Match a PATCH creates


@pytest.mark.parametrize(
    ("values", "code", "words"),
    [
        ({"name": "x" * 161}, "0x80044331", "exceeded the maximum allowed length of '160'"),
        ({"rei_points": 101}, "0x80044330", "'rei_points' on record of type 'account' is outside"),
        ({"rei_band": 7}, "0x8004431A", "Accepted Values: 100000000,100000001"),
        ({"rei_points": "viel"}, "0x80048d19", "Cannot convert the literal 'viel'"),
        ({"rei_nope": 1}, "0x80048d19", "The property 'rei_nope' does not exist on type"),
        ({"rei_key": "C1"}, "0x80060892", "Entity Key rei_account_key violated"),
        ({"name": "verboten"}, "0x80040265", "Nicht dieser Name."),
    ],
)
def test_a_bad_value_is_refused(
    world: World, values: dict[str, Any], code: str, words: str
) -> None:
    world.org.insert("account", name="Erster", rei_key="C1")
    key = world.org.insert("account", name="A", rei_key="C2")
    world.org.plugins.append(
        Plugin("account", lambda row: row["name"] == "verboten", "Nicht dieser Name.")
    )
    error = refusal(world, world.client.records.update, "account", key, values)
    assert error.details["service_error_code"] == code
    assert words in str(error)
    assert world.org.rows["account"][key]["name"] == "A"
    assert not world.server.log.writes


def test_a_bulk_message_rolls_back_whole(world: World) -> None:
    records = world.client.records
    keys = records.create("account", [{"name": "A"}, {"name": "B"}, {"name": "C"}])
    assert set(keys) == set(world.org.rows["account"])
    world.server.log.clear()
    error = refusal(
        world, records.update, "account", keys,
        [{"rei_points": 1}, {"rei_points": 2}, {"rei_points": 101}],
    )  # fmt: skip
    assert "outside the valid range" in str(error)
    assert {row["rei_points"] for row in world.org.rows["account"].values()} == {None}
    items = [UpsertItem({"rei_key": f"C{n}"}, {"name": "x" * n}) for n in (1, 2, 161)]
    refusal(world, records.upsert, "account", items)
    assert len(world.org.rows["account"]) == 3
    assert not world.server.log.writes
    records.update("account", keys, {"rei_points": 7})
    assert [call.rows for call in world.server.log.writes] == [3]


def test_a_batch_stops_at_the_first_error_unless_it_is_told_to_go_on(world: World) -> None:
    def send(*, goes_on: bool) -> Any:
        batch = world.client.batch.new()
        for name in ("A", "x" * 161, "C"):
            batch.records.create("account", {"name": name})
        return batch.execute(continue_on_error=goes_on)

    result = send(goes_on=False)
    assert [item.status_code for item in result.responses] == [204, 400]
    assert result.responses[1].error_code == "0x80044331"
    result = send(goes_on=True)
    assert [item.status_code for item in result.responses] == [204, 400, 204]
    assert result.responses[2].entity_id in world.org.rows["account"]
    assert len(world.org.rows["account"]) == 3


def test_a_change_set_is_all_or_nothing_and_refers_to_what_it_made(world: World) -> None:
    def send(amount: int) -> Any:
        batch = world.client.batch.new()
        with batch.changeset() as changes:
            made = changes.records.create("account", {"name": "A"})
            changes.records.create(
                "opportunity",
                {"name": "G", "estimatedvalue": amount, "customerid_account@odata.bind": made},
            )
        return batch.execute()

    assert [item.status_code for item in send(-1).responses] == [400]
    assert not world.org.rows["account"]
    assert [item.status_code for item in send(5).responses] == [204, 204]
    (deal,) = world.org.rows["opportunity"].values()
    assert deal["customerid"] in world.org.rows["account"]


def test_a_batch_of_more_than_1000_is_refused(world: World) -> None:
    part = (
        "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        "POST /api/data/v9.2/accounts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
        '{"name":"A"}\r\n'
    )
    kind = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = world.http("POST", "$batch", data=part * 1001 + "--b--\r\n", headers=kind)
    assert (answer.status_code, "maximum number of '1000'" in answer.text) == (400, True)
    assert not world.org.rows["account"]
    assert world.http("POST", "$batch", data=part * 1000 + "--b--", headers=kind).ok
    assert len(world.org.rows["account"]) == 1000


class Band(IntEnum):
    Hoch = 100000000
    Niedrig = 100000001


def test_columns_and_keys_are_added(world: World) -> None:
    tables = world.client.tables
    tables.add_columns(
        "lead",
        {
            "rei_Points": {"type": "int", "min_value": 0, "max_value": 100},
            "rei_Band": Band,
            "rei_Key": {"type": "string", "max_length": 40},
            "rei_Reasons": {"type": "memo", "max_length": 4000},
        },
    )
    world.org.insert("lead", lastname="Blum", rei_key="L1")
    world.client.records.create("lead", {"lastname": "Roth", "rei_key": "L2", "rei_points": 9})
    tables.create_alternate_key("lead", "rei_lead_key", ["rei_key"])
    item = UpsertItem({"rei_key": "L1"}, {"rei_band": "Niedrig"})
    assert "not a defined key" in str(refusal(world, world.client.records.upsert, "lead", [item]))
    states = [tables.get_alternate_keys("lead")[0].status for _ in range(3)]
    assert states == ["Pending", "InProgress", "Active"]
    world.client.records.upsert("lead", [item])
    assert {row["rei_band"] for row in world.org.rows["lead"].values()} == {None, 100000001}
    columns = {one["LogicalName"]: one for one in tables.list_columns("lead", typed=True)}
    assert (columns["rei_points"]["MaxValue"], columns["rei_key"]["MaxLength"]) == (100, 40)
    with pytest.raises(HttpError, match="already exists"):
        tables.add_columns("lead", {"rei_Points": "int"})
    with pytest.raises(MetadataError):
        tables.add_columns("nope", {"rei_Points": "int"})


def test_a_key_over_doubled_values_fails(world: World) -> None:
    for _ in range(2):
        world.org.insert("account", name="A", accountnumber="7")
    world.client.tables.create_alternate_key("account", "rei_number", ["accountnumber"])
    keys = {
        key.schema_name: key.status for key in world.client.tables.get_alternate_keys("account")
    }
    assert keys == {"rei_account_key": "Active", "rei_number": "Failed"}


def test_a_merged_account_stays_inactive_and_names_its_successor(world: World) -> None:
    winner, loser = (world.org.insert("account", name=name) for name in ("A", "B"))
    deal = world.org.insert("opportunity", name="G", customerid=loser)
    world.org.merge("account", winner, loser)
    row = world.client.records.retrieve("account", loser)
    assert (row["merged"], row["_masterid_value"], row["statecode"]) == (True, winner, 1)
    assert world.org.rows["opportunity"][deal]["customerid"] == winner
    world.client.records.update("account", loser, {"merged": False})
    assert world.org.rows["account"][loser]["merged"]  # what can't be written is passed over


def test_a_missing_privilege_is_named(world: World) -> None:
    key = world.org.insert("account", name="A")
    world.org.missing_privileges = {"prvWriteAccount"}
    error = refusal(world, world.client.records.update, "account", key, {"rei_points": 1})
    assert (error.status_code, error.details["service_error_code"]) == (403, "0x80040220")
    assert "is missing prvWriteAccount privilege" in str(error)
    assert world.client.records.retrieve("account", key)["name"] == "A"


def test_a_wrong_token_is_refused(world: World) -> None:
    client = DataverseClient(world.server.url, Token("abgelaufen"))
    assert refusal(world, client.records.create, "account", {"name": "A"}).status_code == 401
    assert world.http("GET", "WhoAmI").json()["UserId"] == world.org.user


def test_the_limit_of_requests_says_how_long_to_wait(world: World) -> None:
    world.fake.window.limit = 2
    for _ in range(2):
        world.http("GET", "WhoAmI")
    answer = world.http("GET", "WhoAmI")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "0x80072322")
    assert 299 <= int(answer.headers["Retry-After"]) <= 301


def test_the_limit_of_requests_at_once(world: World) -> None:
    world.fake.at_once, world.fake.work_seconds = 3, 0.3
    with ThreadPoolExecutor(6) as pool:
        codes = sorted(pool.map(lambda _: world.http("GET", "WhoAmI").status_code, range(6)))
    assert codes == [200, 200, 200, 429, 429, 429]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("accounts?$select=rei_nope", 400, "Could not find a property named 'rei_nope'"),
        ("accounts?$filter=rei_nope eq 1", 400, "Could not find a property named 'rei_nope'"),
        ("accounts?$filter=name eq", 400, "Expression expected"),
        ("Account", 404, "Resource not found for the segment 'Account'."),
        ("accounts?$skip=5", 501, "Skip Clause is not supported in CRM"),
        (f"accounts(rei_key='{'x' * 260}')", 400, "Invalid URL"),
        ("accounts?$filter=" + " or ".join(["statecode eq 0"] * 501), 400, "Number of conditions"),
        ("accounts?$filter=name eq '" + "x" * 32_768 + "'", 414, "URI Too Long"),
    ],
)
def test_bad_requests(world: World, path: str, status: int, words: str) -> None:
    answer = world.http("GET", path)
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]
