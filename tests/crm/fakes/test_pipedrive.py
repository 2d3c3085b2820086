"""Plain calls, as Pipedrive's documentation shows them, against the fake: it has no client in
Python that is kept up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.crm.fakes.pipedrive import Pipedrive
from tests.crm.fakes.serving import Server, serve

Call = Callable[..., requests.Response]


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def pipedrive(now: list[float]) -> Pipedrive:
    return Pipedrive(clock=lambda: now[0])


@pytest.fixture
def server(pipedrive: Pipedrive) -> Iterator[Server]:
    with serve(pipedrive.app) as running:
        yield running


@pytest.fixture
def call(server: Server, pipedrive: Pipedrive, now: list[float]) -> Iterator[Call]:
    with requests.Session() as session:
        session.headers["x-api-token"] = pipedrive.token

        def ask(method: str, path: str, json: Any = None, **params: Any) -> requests.Response:
            now[0] += 1
            url = f"{server.url}{path}"
            return session.request(method, url, json=json, params=params, timeout=5)

        yield ask


@pytest.fixture
def keys(call: Call) -> dict[str, str]:
    """Our custom fields, by name: made as a setup makes them; each is known by its hash only."""
    made = {}
    for name, kind, options in (
        ("Punkte", "double", None),
        ("Risiko", "enum", [{"label": "Hoch"}, {"label": "Niedrig"}]),
        ("Gründe", "text", None),
        ("Schlüssel", "varchar", None),
        ("Stand", "date", None),
    ):
        body = {"field_name": name, "field_type": kind} | ({"options": options} if options else {})
        answer = call("POST", "/api/v2/organizationFields", body)
        assert answer.status_code == 201
        made[name] = answer.json()["data"]["field_code"]
    return made


def data(answer: requests.Response) -> Any:
    body = answer.json()
    assert body["success"], body
    return body["data"]


def test_one_record(call: Call, pipedrive: Pipedrive) -> None:
    made = data(call("POST", "/api/v2/organizations", {"name": "Müller"}))
    path = f"/api/v2/organizations/{made['id']}"
    assert data(call("PATCH", path, {"address": {"value": "Köln"}}))["address"] == {"value": "Köln"}
    assert data(call("GET", path))["name"] == "Müller"
    assert data(call("DELETE", path)) == {"id": made["id"]}
    assert data(call("GET", path))["is_deleted"] is True
    assert data(call("GET", "/api/v2/organizations")) == []
    assert call("PATCH", path, {"name": "A"}).status_code == 404
    assert pipedrive.record("organizations", made["id"]) is None


def test_pages_and_choices(call: Call, pipedrive: Pipedrive) -> None:
    ids = [pipedrive.add("organizations", name=f"Firma {n}") for n in range(620)]
    first = call("GET", "/api/v2/organizations", limit=500).json()
    cursor = first["additional_data"]["next_cursor"]
    second = call("GET", "/api/v2/organizations", limit=500, cursor=cursor).json()
    assert [row["id"] for row in first["data"] + second["data"]] == ids
    assert second["additional_data"]["next_cursor"] is None
    chosen = ",".join(str(id_) for id_ in [*ids[:3], 99_999])
    assert len(data(call("GET", "/api/v2/organizations", ids=chosen))) == 3
    many = ",".join(str(id_) for id_ in ids[:101])
    assert call("GET", "/api/v2/organizations", ids=many).status_code == 400
    assert call("GET", "/api/v2/organizations", limit=501).status_code == 400
    since = data(call("GET", "/api/v2/organizations", updated_since="2020-01-01T00:00:00Z"))
    assert len(since) == 100
    assert data(call("GET", "/api/v2/organizations", updated_since="2099-01-01T00:00:00Z")) == []
    precise = call("GET", "/api/v2/organizations", updated_since="2020-01-01T00:00:00.5Z").json()
    assert precise["code"] == "ERR_SCHEMA_VALIDATION_FAILED"


def test_custom_fields(call: Call, pipedrive: Pipedrive, keys: dict[str, str]) -> None:
    assert all(len(key) == 40 for key in keys.values())
    told = {one["field_name"]: one for one in data(call("GET", "/api/v2/organizationFields"))}
    options = {one["label"]: one["id"] for one in told["Risiko"]["options"]}
    old = {one["name"]: one["key"] for one in data(call("GET", "/v1/organizationFields"))}
    assert old == keys
    id_ = pipedrive.add("organizations", name="Müller")
    path = f"/api/v2/organizations/{id_}"
    values = {keys["Punkte"]: 71, keys["Risiko"]: options["Hoch"], keys["Stand"]: "2026-11-22"}
    changed = data(call("PATCH", path, {"custom_fields": values}))["custom_fields"]
    assert (changed[keys["Punkte"]], changed[keys["Gründe"]]) == (71, None)
    call("PATCH", path, {"custom_fields": {keys["Punkte"]: None}})
    held = data(call("GET", path, custom_fields=keys["Punkte"]))["custom_fields"]
    assert held == {keys["Punkte"]: None}
    assert call("GET", path, custom_fields=",".join(["a"] * 16)).status_code == 400


def test_values_that_are_refused(call: Call, pipedrive: Pipedrive, keys: dict[str, str]) -> None:
    id_ = pipedrive.add("organizations", name="Müller")
    path = f"/api/v2/organizations/{id_}"
    for values, words in (
        ({keys["Punkte"]: "71"}, "Expected 'number' as value for organization custom field"),
        ({keys["Risiko"]: "Hoch"}, "Expected 'number' as value for single option custom field"),
        ({keys["Risiko"]: 99}, "Unknown option 99"),
        ({keys["Gründe"]: 7}, "Expected 'string'"),
        ({keys["Stand"]: "gestern"}, "Expected a date"),
        ({keys["Schlüssel"]: "x" * 256}, "longer than 255"),
        ({"0" * 40: "x"}, "is not allowed for this request"),
    ):
        body = call("PATCH", path, {"name": "Anders", "custom_fields": values}).json()
        assert body["code"] == "ERR_SCHEMA_VALIDATION_FAILED"
        assert body["error"].startswith("Validation failed: custom_fields: ")
        assert words in body["error"]
    top = call("PATCH", path, {keys["Punkte"]: 7}).json()
    assert f"Parameter '{keys['Punkte']}' is not allowed for this request" in top["error"]
    assert call("PATCH", path, {"owner_id": "18"}).status_code == 400
    assert call("POST", "/api/v2/organizations", {}).status_code == 400
    assert (pipedrive.record("organizations", id_) or {})["name"] == "Müller"
    for body in (
        {"field_name": "A", "field_type": "colour"},
        {"field_name": "A", "field_type": "enum"},
    ):
        assert call("POST", "/api/v2/organizationFields", body).status_code == 400
    pipedrive.admin = False
    body = {"field_name": "A", "field_type": "text"}
    assert call("POST", "/api/v2/organizationFields", body).status_code == 403


def test_a_merged_organization_is_gone(
    call: Call, pipedrive: Pipedrive, keys: dict[str, str]
) -> None:
    lose = pipedrive.add("organizations", name="Müller", custom_fields={keys["Punkte"]: 80})
    keep = pipedrive.add("organizations", name="Müller GmbH")
    deal = pipedrive.add("deals", title="Getriebe", org_id=lose, value=1234.5)
    merged = call("PUT", f"/v1/organizations/{lose}/merge", {"merge_with_id": keep})
    assert data(merged) == {"id": keep}
    assert call("GET", f"/api/v2/organizations/{lose}").status_code == 404
    assert [
        row["id"] for row in data(call("GET", "/api/v2/organizations", ids=f"{lose},{keep}"))
    ] == [keep]
    kept = data(call("GET", f"/api/v2/organizations/{keep}"))
    assert (kept["name"], kept["custom_fields"][keys["Punkte"]]) == ("Müller GmbH", 80)
    assert data(call("GET", f"/api/v2/deals/{deal}"))["org_id"] == keep


def test_search(call: Call, pipedrive: Pipedrive, keys: dict[str, str]) -> None:
    one = pipedrive.add(
        "organizations", name="Müller GmbH", custom_fields={keys["Schlüssel"]: "C17"}
    )
    pipedrive.add("organizations", name="Maier")
    pipedrive.add("deals", title="Getriebe Müller")
    found = data(call("GET", "/api/v2/organizations/search", term="c17", exact_match="true"))[
        "items"
    ]
    assert [item["item"]["id"] for item in found] == [one]
    both = data(call("GET", "/api/v2/itemSearch", term="müller"))["items"]
    assert {item["item"]["type"] for item in both} == {"organization", "deal"}
    assert call("GET", "/api/v2/organizations/search", term="m").status_code == 400


def test_activities_and_users(call: Call, pipedrive: Pipedrive) -> None:
    company = pipedrive.add("organizations", name="Müller")
    owner = pipedrive.add_user("Jan Roth", "jan.roth@firma.example")
    users = data(call("GET", "/v1/users"))
    assert {user["email"]: user["id"] for user in users}["jan.roth@firma.example"] == owner
    assert data(call("GET", "/v1/users/me"))["company_domain"] == "firma"
    assert "call" in [one["key_string"] for one in data(call("GET", "/v1/activityTypes"))]
    body = {
        "subject": "Anrufen",
        "type": "call",
        "org_id": company,
        "owner_id": owner,
        "due_date": "2026-11-23",
    }
    made = data(call("POST", "/api/v2/activities", body))
    assert made["done"] is False
    done = data(
        call("PATCH", f"/api/v2/activities/{made['id']}", {"done": True, "note": "erreicht"})
    )
    assert done["marked_as_done_time"]
    assert [row["id"] for row in data(call("GET", "/api/v2/activities", org_id=company))] == [
        made["id"]
    ]


def test_who_is_not_let_in(server: Server) -> None:
    for headers in ({}, {"x-api-token": "no"}, {"Authorization": "Bearer 0123456789abcdef"}):
        answer = requests.get(f"{server.url}/api/v2/organizations", headers=headers, timeout=5)
        assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized access")


def test_twenty_calls_in_two_seconds(
    server: Server, pipedrive: Pipedrive, now: list[float]
) -> None:
    def ask() -> requests.Response:
        url = f"{server.url}/api/v2/organizations"
        return requests.get(url, headers={"x-api-token": pipedrive.token}, timeout=5)

    for _ in range(20):
        answer = ask()
    assert answer.headers["x-ratelimit-limit"] == "20"
    assert answer.headers["x-ratelimit-remaining"] == "0"
    answer = ask()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    now[0] += 2
    assert ask().status_code == 200
    for _ in range(150):
        answer = ask()
    assert answer.status_code == 403
    assert "html" in answer.headers["content-type"]


def test_the_budget_of_the_day(call: Call, pipedrive: Pipedrive) -> None:
    id_ = pipedrive.add("organizations", name="Müller")
    pipedrive.tokens = 12
    answer = call("PATCH", f"/api/v2/organizations/{id_}", {"name": "A"})
    assert answer.headers["x-daily-ratelimit-token-remaining"] == "7"
    assert call("GET", f"/api/v2/organizations/{id_}").status_code == 200
    assert call("GET", "/api/v2/organizations").status_code == 429
    assert call("PATCH", f"/api/v2/organizations/{id_}", {"name": "B"}).status_code == 200
    answer = call("PATCH", f"/api/v2/organizations/{id_}", {"name": "C"})
    assert (answer.status_code, pipedrive.spent) == (429, 11)


def test_the_log_tells_reads_from_writes(call: Call, pipedrive: Pipedrive, server: Server) -> None:
    id_ = pipedrive.add("organizations", name="Müller")
    call("GET", "/api/v2/organizations")
    call("GET", "/api/v2/organizations/search", term="müller")
    assert not server.log.writes
    call("PATCH", f"/api/v2/organizations/{id_}", {"name": "A"})
    assert [(one.method, one.rows) for one in server.log.writes] == [("PATCH", 1)]
