"""HubSpot's own client against the fake: each call, each limit, each failure."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from hubspot import HubSpot as Client
from hubspot.crm import companies, deals, properties
from hubspot.crm.associations.v4 import (
    BatchInputPublicDefaultAssociationMultiPost,
    BatchInputPublicFetchAssociationsBatchRequest,
)
from hubspot.crm.objects import tasks

from tests.crm.fakes.hubspot import HubSpot
from tests.crm.fakes.of_hubspot.calls import change, read, refused
from tests.crm.fakes.serving import Server


def test_one_record(client: Client, hubspot: HubSpot) -> None:
    api = client.crm.companies.basic_api
    made = api.create(
        companies.SimplePublicObjectInputForCreate(properties={"name": "Müller"}, associations=[])
    )
    api.update(made.id, companies.SimplePublicObjectInput(properties={"city": "Köln"}))
    held = api.get_by_id(made.id, properties=["name", "city", "no_such_property"])
    assert (held.properties["name"], held.properties["city"]) == ("Müller", "Köln")
    assert "no_such_property" not in held.properties
    assert held.properties["domain"] is None
    api.archive(made.id)
    with pytest.raises(companies.ApiException) as error:
        api.get_by_id(made.id)
    assert refused(error) == (404, "OBJECT_NOT_FOUND", "resource not found")
    assert api.get_by_id(made.id, archived=True).archived
    assert hubspot.record("companies", made.id) is None


def test_pages_of_a_list(client: Client, hubspot: HubSpot) -> None:
    ids = [hubspot.add("companies", name=f"Firma {n}") for n in range(205)]
    assert [one.id for one in client.crm.companies.get_all(properties=["name"])] == ids
    with pytest.raises(companies.ApiException) as error:
        client.crm.companies.basic_api.get_page(limit=101)
    assert refused(error)[0] == 400


def test_merged_records_are_found_under_their_old_ids(
    client: Client, hubspot: HubSpot, fields: None
) -> None:
    keep = hubspot.add("companies", name="Müller GmbH", reifegrad_points="12")
    lose = hubspot.add("companies", name="Müller", city="Köln", reifegrad_points="80")
    task = hubspot.add("tasks", hs_task_subject="Anrufen")
    hubspot.store.link("tasks", task, "companies", lose)
    merged = hubspot.merge("companies", keep, lose)
    assert merged not in (keep, lose)
    for old in (keep, lose):
        held = client.crm.companies.basic_api.get_by_id(old)
        assert (held.id, held.properties["name"]) == (merged, "Müller GmbH")
    (found,) = read(client, keep, lose).results
    assert found.properties["hs_merged_object_ids"] == f"{keep};{lose}"
    assert found.properties["reifegrad_points"] == "12"
    assert (hubspot.record("companies", merged) or {})["city"] == "Köln"
    assert hubspot.store.linked("tasks", task, "companies") == [merged]
    change(client, (lose, {"reifegrad_points": "3"}))
    assert (hubspot.record("companies", merged) or {})["reifegrad_points"] == "3"


def test_search(client: Client, hubspot: HubSpot, now: list[float]) -> None:
    for n in range(230):
        hubspot.add("companies", name=f"Firma {n}", domain=f"firma{n}.example")

    def search(**body: Any) -> Any:
        now[0] += 1
        return client.crm.companies.search_api.do_search(
            companies.PublicObjectSearchRequest(**body)
        )

    def one(operator: str, **more: Any) -> list[Any]:
        condition = companies.Filter(property_name="domain", operator=operator, **more)
        return [companies.FilterGroup(filters=[condition])]

    page = search(limit=200, properties=["domain"])
    assert (page.total, len(page.results), page.paging.next.after) == (230, 200, "200")
    assert len(search(limit=200, after="200").results) == 30
    assert search(filter_groups=one("EQ", value="firma7.example")).total == 1
    some = ["firma7.example", "firma8.example", "nobody.example"]
    assert search(filter_groups=one("IN", values=some)).total == 2
    assert search(filter_groups=one("HAS_PROPERTY")).total == 230
    for wrong in (
        {"limit": 201},
        {"limit": 200, "after": "9900"},
        {"filter_groups": one("EQ", value="a") * 6},
        {"filter_groups": one("IN", values=[f"x{n}" for n in range(101)])},
    ):
        with pytest.raises(companies.ApiException) as error:
            search(**wrong)
        assert refused(error)[0] == 400


def test_the_search_is_some_moments_behind(
    client: Client, hubspot: HubSpot, now: list[float]
) -> None:
    id_ = hubspot.add("companies", name="A")
    change(client, (id_, {"name": "B"}))
    ask = companies.PublicObjectSearchRequest(limit=10)
    assert client.crm.companies.search_api.do_search(ask).total == 0
    now[0] += 6
    assert client.crm.companies.search_api.do_search(ask).total == 1


def test_properties_and_groups(client: Client, fields: None) -> None:
    api = client.crm.properties.core_api
    held = {one.name: one for one in api.get_all("companies").results}
    assert held["reifegrad_key"].has_unique_value
    assert [option.value for option in held["reifegrad_band"].options] == ["high", "low"]
    with pytest.raises(properties.ApiException) as error:
        api.get_by_name("companies", "no_such_property")
    assert error.value.status == 404

    def define(name: str, group: str = "reifegrad", unique: bool = False) -> None:
        api.create(
            "companies",
            properties.PropertyCreate(
                name=name,
                label=name,
                type="string",
                field_type="text",
                group_name=group,
                has_unique_value=unique,
            ),
        )

    with pytest.raises(properties.ApiException) as error:
        define("reifegrad_key")
    assert refused(error)[:2] == (409, "OBJECT_ALREADY_EXISTS")
    with pytest.raises(properties.ApiException) as error:
        define("other", group="no_such_group")
    assert refused(error)[0] == 400
    for n in range(9):
        define(f"unique_{n}", unique=True)
    with pytest.raises(properties.ApiException) as error:
        define("unique_9", unique=True)
    assert "Limit of 10" in refused(error)[2]
    groups = client.crm.properties.groups_api.get_all("companies").results
    assert "reifegrad" in [group.name for group in groups]


def test_tasks_owners_deals_and_associations(client: Client, hubspot: HubSpot) -> None:
    company = hubspot.add("companies", name="Müller")
    deal = hubspot.add("deals", dealname="Getriebe", amount="1234.5")
    owner = hubspot.add_owner("jan.roth@firma.example", "Jan", "Roth")
    found = client.crm.owners.owners_api.get_page(email="jan.roth@firma.example").results
    assert [one.id for one in found] == [owner]
    to = tasks.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=192)
    made = client.crm.objects.tasks.batch_api.create(
        tasks.BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[
                tasks.SimplePublicObjectBatchInputForCreate(
                    properties={
                        "hs_task_subject": "Anrufen",
                        "hs_timestamp": "2026-11-23T08:00:00Z",
                        "hs_task_status": "NOT_STARTED",
                        "hubspot_owner_id": owner,
                    },
                    associations=[
                        tasks.PublicAssociationsForObject(
                            types=[to], to=tasks.PublicObjectId(id=company)
                        )
                    ],
                )
            ]
        )
    )
    task = made.results[0].id
    assert hubspot.store.linked("tasks", task, "companies") == [company]
    v4 = client.crm.associations.v4
    v4.batch_api.create_default(
        "deals",
        "companies",
        BatchInputPublicDefaultAssociationMultiPost(
            inputs=[{"from": {"id": deal}, "to": {"id": company}}]
        ),
    )
    page = v4.batch_api.get_page(
        "companies",
        "deals",
        BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": company}, {"id": "1"}]),
    )
    assert [str(one.to_object_id) for one in page.results[0].to] == [deal]
    assert page.errors[0].sub_category == "crm.associations.NO_ASSOCIATIONS_FOUND"
    held = client.crm.deals.basic_api.get_by_id(deal, associations=["companies"])
    assert [one.id for one in held.associations["companies"].results] == [company]
    (pipeline,) = client.crm.pipelines.pipelines_api.get_all("deals").results
    assert [s.id for s in pipeline.stages if s.metadata["isClosed"] == "true"] == [
        "closedwon",
        "closedlost",
    ]
    with pytest.raises(deals.ApiException) as error:
        client.crm.deals.basic_api.update(
            deal, deals.SimplePublicObjectInput(properties={"amount": "viel"})
        )
    assert refused(error)[0] == 400


def test_who_is_not_let_in(client: Client, hubspot: HubSpot, server: Server) -> None:
    stranger = Client(access_token="no", host=server.url)
    with pytest.raises(companies.ApiException) as error:
        stranger.crm.companies.basic_api.get_page()
    assert refused(error)[:2] == (401, "INVALID_AUTHENTICATION")
    hubspot.scopes -= {"crm.objects.companies.write"}
    id_ = hubspot.add("companies", name="A")
    with pytest.raises(companies.ApiException) as error:
        change(client, (id_, {"name": "B"}))
    assert refused(error)[:2] == (403, "MISSING_SCOPES")
    context = json.loads(error.value.body)["errors"][0]["context"]
    assert context == {"requiredGranularScopes": ["crm.objects.companies.write"]}
    hubspot.expired = True
    with pytest.raises(companies.ApiException) as error:
        client.crm.companies.basic_api.get_page()
    assert refused(error)[:2] == (401, "EXPIRED_AUTHENTICATION")
    url = f"{server.url}/oauth/v2/private-apps/get/access-token-info"
    answer = requests.post(url, json={"tokenKey": "pat-eu1-test"}, timeout=5).json()
    assert "crm.objects.companies.read" in answer["scopes"]


def test_190_calls_in_ten_seconds(client: Client, hubspot: HubSpot, now: list[float]) -> None:
    api = client.crm.companies.basic_api
    for _ in range(190):
        _, _, headers = api.get_page_with_http_info(limit=1)
    assert headers["X-HubSpot-RateLimit-Max"] == "190"
    assert headers["X-HubSpot-RateLimit-Remaining"] == "0"
    with pytest.raises(companies.ApiException) as error:
        api.get_page(limit=1)
    body = json.loads(error.value.body)
    assert (error.value.status, body["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
    now[0] += 10
    assert api.get_page(limit=1).results == []
    hubspot.daily = hubspot.used
    with pytest.raises(companies.ApiException) as error:
        api.get_page(limit=1)
    assert json.loads(error.value.body)["policyName"] == "DAILY"


def test_five_searches_in_a_second(client: Client) -> None:
    ask = companies.PublicObjectSearchRequest(limit=1)
    for _ in range(5):
        client.crm.companies.search_api.do_search(ask)
    with pytest.raises(companies.ApiException) as error:
        client.crm.companies.search_api.do_search(ask)
    assert json.loads(error.value.body)["policyName"] == "SECONDLY"


def test_the_log_tells_reads_from_writes(client: Client, hubspot: HubSpot, server: Server) -> None:
    id_ = hubspot.add("companies", name="A")
    read(client, id_)
    client.crm.companies.search_api.do_search(companies.PublicObjectSearchRequest(limit=1))
    assert not server.log.writes
    change(client, (id_, {"name": "B"}))
    assert [(call.path, call.rows) for call in server.log.writes] == [
        ("/crm/v3/objects/companies/batch/update", 1)
    ]
