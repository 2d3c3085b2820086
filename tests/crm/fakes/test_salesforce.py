"""The Salesforce fake as simple-salesforce, the client in use everywhere, meets it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from simple_salesforce import Salesforce as Client
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from tests.crm.fakes.routing import session_to
from tests.crm.fakes.salesforce import Salesforce, make_salesforce
from tests.crm.fakes.salesforce_org import Org, Rule
from tests.crm.fakes.salesforce_schema import Field
from tests.crm.fakes.salesforce_values import check_letters, id18
from tests.crm.fakes.serving import Server, serve

POINTS = Field("Points__c", "double", label="Punkte", precision=3, scale=0)
BAND = Field(
    "Band__c", "picklist", label="Band", options=("high", "low"), restricted=True, length=255
)
KEY = Field("Key__c", "string", length=40, external_id=True, unique=True)


@dataclass
class World:
    org: Org
    fake: Salesforce
    server: Server
    client: Client

    def many(self, method: str, records: list[dict[str, Any]], path: str = "", **more: Any) -> Any:
        body = {"allOrNone": False, "records": records} | more
        return self.client.restful(f"composite/sobjects{path}", method=method, json=body)


@pytest.fixture
def world() -> Iterator[World]:
    org = Org()
    for field in (POINTS, BAND, KEY):
        org.add_field("Account", field)
    app = make_salesforce(org)
    fake = app.state.fake
    with serve(app) as server:
        session = session_to(server.url)
        client = Client(
            session_id=fake.login.start_session(), instance="firma.my.salesforce.com",
            session=session,
        )  # fmt: skip
        yield World(org, fake, server, client)


def account(**values: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Account"}, **values}


def codes(answers: list[dict[str, Any]]) -> list[str]:
    return [error["statusCode"] for answer in answers for error in answer["errors"]]


def test_an_id_has_the_check_letters_of_the_documentation() -> None:
    assert check_letters("001D000000IRt53") == "IAD"  # the example of Salesforce's help
    org = Org()
    key = org.insert("Account", Name="A")
    assert org.find(key[:15])[1] is org.find(key)[1]


def test_login_by_password_and_token_and_by_client_credentials(world: World) -> None:
    session = session_to(world.server.url)
    user = "api@firma.example"
    client = Client(username=user, password="geheim", security_token="TOKEN", session=session)
    # The instance comes from serverUrl, so the client goes on to the fake.
    assert client.query("select Id from Account")["totalSize"] == 0
    key, secret = world.fake.login.consumer
    Client(consumer_key=key, consumer_secret=secret, domain="firma.my", session=session)
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        Client(username=user, password="falsch", security_token="TOKEN", session=session)
    with pytest.raises(SalesforceAuthenticationFailed, match="client identifier invalid"):
        Client(consumer_key=key, consumer_secret="x", domain="firma.my", session=session)
    with pytest.raises(SalesforceAuthenticationFailed, match="UNSUPPORTED_API_VERSION"):
        Client(
            username=user, password="geheim", security_token="TOKEN", session=session,
            version="65.0",
        )  # fmt: skip


def test_an_expired_session_is_refused(world: World) -> None:
    world.fake.login.sessions.clear()
    with pytest.raises(SalesforceExpiredSession, match="INVALID_SESSION_ID"):
        world.client.query("select Id from Account")


def test_one_record_is_made_read_changed_and_deleted(world: World) -> None:
    made = world.client.Account.create({"Name": "Müller", "Points__c": 71, "Key__c": "C1"})
    assert made["success"]
    assert world.client.Account.get(made["id"])["Points__c"] == 71
    assert world.client.Account.get_by_custom_id("Key__c", "c1")["Name"] == "Müller"
    assert world.client.Account.update(made["id"], {"Points__c": None}) == 204
    assert world.client.Account.get(made["id"])["Points__c"] is None
    assert world.client.Account.upsert("Key__c/C1", {"Points__c": 5}) == 200
    assert world.client.Account.upsert("Key__c/C2", {"Name": "Neu", "Points__c": 5}) == 201
    assert world.client.Account.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound, match="ENTITY_IS_DELETED"):
        world.client.Account.update(made["id"], {"Points__c": 1})


def test_an_external_id_of_two_records_is_answered_with_both(world: World) -> None:
    world.org.add_field("Account", Field("Erp__c", "string", length=9, external_id=True))
    for name in ("A", "B"):
        world.org.insert("Account", Name=name, Erp__c="7")
    with pytest.raises(SalesforceMoreThanOneRecord):
        world.client.Account.get_by_custom_id("Erp__c", "7")
    answers = world.many("PATCH", [account(Erp__c="7", Name="C")], "/Account/Erp__c")
    assert codes(answers) == ["DUPLICATE_EXTERNAL_ID"]


def test_queries(world: World) -> None:
    owner = world.org.insert("User", Username="jan@firma.example", Email="jan@firma.example")
    for number in range(5):
        world.org.insert(
            "Account", Name=f"Kunde {number}", Points__c=float(number), OwnerId=owner,
            BillingCity="Köln" if number % 2 else None,
        )  # fmt: skip
    world.org.insert("Account", Name="O'Neill & Söhne")

    def names(rest: str) -> list[str]:
        found = world.client.query(f"select Name from Account {rest}")["records"]
        return [row["Name"][-1] for row in found]

    assert names("where Points__c >= 3 order by Points__c desc") == ["4", "3"]
    assert names("where BillingCity = 'köln' and Points__c != 1") == ["3"]
    assert names("where (Points__c < 1 or Points__c > 3) and Name like 'Kunde%'") == ["0", "4"]
    assert names("where Name in ('Kunde 2', 'kunde 4') order by Name") == ["2", "4"]
    assert names("where Name not in ('Kunde 2') and BillingCity = null and Points__c != null") == [
        "0",
        "4",
    ]
    assert names(r"where Name = 'O\'Neill & Söhne'") == ["e"]
    assert names("where Points__c != null order by Points__c limit 2 offset 1") == ["1", "2"]
    assert names("where SystemModstamp > 2020-01-01T00:00:00+02:00 and Points__c = 1") == ["1"]
    assert names("where SystemModstamp > 2999-01-01T00:00:00Z") == []
    row = world.client.query("select Owner.Email, Id from Account limit 1")["records"][0]
    assert row["Owner"]["Email"] == "jan@firma.example"
    assert world.client.query("select count() from Account")["totalSize"] == 6


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("select Nope__c from Account", "INVALID_FIELD"),
        ("select Id from Account where Nope__c = 1", "INVALID_FIELD"),
        ("select Id from Nope", "INVALID_TYPE"),
        ("select Id from Account where", "MALFORMED_QUERY"),
        ("select Id from Account where Name = 'x", "MALFORMED_QUERY"),
    ],
)
def test_a_bad_query_is_refused(world: World, query: str, code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest, match=code):
        world.client.query(query)


def test_a_query_comes_in_pages(world: World) -> None:
    for number in range(450):
        world.org.insert("Account", Name=str(number))
    headers = {"Sforce-Query-Options": "batchSize=200"}
    first = world.client.query("select Id from Account", headers=headers)
    assert (len(first["records"]), first["totalSize"], first["done"]) == (200, 450, False)
    rest = world.client.query_more(first["nextRecordsUrl"], True)
    assert len(rest["records"]) == 200
    assert world.client.query_more(rest["nextRecordsUrl"], True)["done"]
    assert len(list(world.client.query_all_iter("select Id from Account"))) == 450
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_QUERY_LOCATOR"):
        world.client.query_more("01g000000000000009-2000")


def test_an_address_longer_than_16_kb_is_refused(world: World) -> None:
    keys = ", ".join(f"'{id18('001', number)}'" for number in range(900))
    with pytest.raises(SalesforceGeneralError, match="URI_TOO_LONG"):
        world.client.query(f"select Id from Account where Id in ({keys})")


def test_merged_and_deleted_records_show_in_query_all_only(world: World) -> None:
    winner, loser = (world.org.insert("Account", Name=name) for name in ("A", "B"))
    deal = world.org.insert("Opportunity", Name="Getriebe", AccountId=loser)
    world.org.merge(winner, loser)
    assert world.client.query("select Id from Account")["totalSize"] == 1
    query = f"select Id, IsDeleted, MasterRecordId from Account where Id = '{loser}'"
    assert world.client.query(query)["totalSize"] == 0
    (row,) = world.client.query(query, include_deleted=True)["records"]
    assert (row["IsDeleted"], row["MasterRecordId"]) == (True, winner)
    assert world.client.Opportunity.get(deal)["AccountId"] == winner
    assert codes(world.many("PATCH", [account(id=loser, Points__c=1)])) == ["ENTITY_IS_DELETED"]


def test_upsert_of_many_says_for_each_row_what_became_of_it(world: World) -> None:
    world.org.insert("Account", Name="Alt", Key__c="C1")
    world.org.rules.append(Rule("Account", lambda row: row["Points__c"] == 13, "Nie 13."))
    answers = world.many(
        "PATCH",
        [
            account(Key__c="c1", Points__c=50),
            account(Key__c="C2", Name="Neu", Points__c=60),
            account(Key__c="C3", Points__c=60),
            account(Key__c="C4", Name="x" * 256),
            account(Key__c="C5", Name="A", Band__c="riesig"),
            account(Key__c="C6", Name="A", Points__c=1000),
            account(Key__c="C7", Name="A", Points__c=13),
            account(Key__c="C8", Name="A", OwnerId="001"),
            account(Key__c="C9", Name="A"),
            account(Key__c="c9", Name="B"),
        ],
        "/Account/Key__c",
    )
    assert [answer.get("created") for answer in answers[:2]] == [False, True]
    assert codes(answers) == [
        "REQUIRED_FIELD_MISSING",
        "STRING_TOO_LONG",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "NUMBER_OUTSIDE_VALID_RANGE",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "MALFORMED_ID",
        "DUPLICATE_VALUE",
        "DUPLICATE_VALUE",
    ]
    messages = [error["message"] for answer in answers for error in answer["errors"]]
    assert messages[1] == f"Account Name: data value too large: {'x' * 256} (max length=255)"
    assert messages[2] == "Band: bad value for restricted picklist field: riesig"
    assert messages[4] == "Nie 13."
    assert messages[6] == "Duplicate external id specified: C9"
    assert world.client.query("select count() from Account")["totalSize"] == 2
    assert world.server.log.calls[0].rows == 10
    assert len(world.server.log.writes) == 1


def test_more_than_200_at_once_or_an_unknown_field_refuse_the_whole_call(world: World) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="cannot submit more than 200 records"):
        world.many("POST", [account(Name=str(number)) for number in range(201)])
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Nope__c'"):
        world.many("POST", [account(Name="A"), account(Name="B", Nope__c=1)])
    with pytest.raises(SalesforceMalformedRequest, match="JSON_PARSER_ERROR"):
        world.many("POST", [account(Name="A"), account(Name="B", Points__c="viel")])
    assert world.client.query("select count() from Account")["totalSize"] == 0
    assert not world.server.log.writes


def test_all_or_none_rolls_back(world: World) -> None:
    old = world.org.insert("Account", Name="Alt", Key__c="C1")
    answers = world.many(
        "PATCH", [account(id=old, Key__c="C9"), account(id=id18("001", 99))], allOrNone=True
    )
    assert codes(answers) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_CROSS_REFERENCE_KEY"]
    assert world.client.Account.get_by_custom_id("Key__c", "C1")["Id"] == old
    with pytest.raises(SalesforceResourceNotFound):
        world.client.Account.get_by_custom_id("Key__c", "C9")


def test_a_locked_row_fails_alone_and_a_taken_key_is_named(world: World) -> None:
    first, second = (world.org.insert("Account", Name=key, Key__c=key) for key in ("C1", "C2"))
    world.org.locked.add(first)
    answers = world.many("PATCH", [account(id=first, Points__c=1), account(id=second, Points__c=2)])
    assert codes(answers) == ["UNABLE_TO_LOCK_ROW"]
    assert answers[1]["success"]
    (error,) = world.many("PATCH", [account(id=second, Key__c="c1")])[0]["errors"]
    assert error["message"] == (
        f"duplicate value found: Key__c duplicates value on record with id: {first}"
    )


def test_an_opportunity_names_its_account_by_external_id(world: World) -> None:
    key = world.org.insert("Account", Name="A", Key__c="C1")
    deal = {
        "attributes": {"type": "Opportunity"}, "Name": "Getriebe", "StageName": "Prospecting",
        "CloseDate": "2026-12-31",
    }  # fmt: skip
    answers = world.many(
        "POST", [deal | {"Account": {"Key__c": "C1"}}, deal | {"Account": {"Key__c": "C9"}}]
    )
    assert world.client.Opportunity.get(answers[0]["id"])["AccountId"] == key
    assert answers[1]["errors"][0]["message"].startswith("Foreign key external ID: c9 not found")


def test_many_records_are_read_by_id_in_order(world: World) -> None:
    keys = [world.org.insert("Account", Name=str(number)) for number in range(3)]
    world.org.delete(keys[1])
    asked = {"ids": keys, "fields": ["Name"]}
    found = world.client.restful("composite/sobjects/Account", method="POST", json=asked)
    assert [row and row["Name"] for row in found] == ["0", None, "2"]


def test_the_daily_limit(world: World) -> None:
    assert world.client.limits()["DailyApiRequests"]["Max"] == 100_000
    world.fake.daily_limit = 2
    world.client.query("select Id from Account")
    assert world.client.api_usage["api-usage"].used == 2
    with pytest.raises(SalesforceRefusedRequest, match="REQUEST_LIMIT_EXCEEDED"):
        world.client.query("select Id from Account")


def test_maintenance(world: World) -> None:
    world.fake.is_down = True
    with pytest.raises(SalesforceGeneralError, match="SERVER_UNAVAILABLE"):
        world.client.query("select Id from Account")


def test_a_new_field_is_seen_only_after_it_is_granted(world: World) -> None:
    new = {
        "FullName": "Account.Grund__c",
        "Metadata": {"type": "Text", "label": "Grund", "length": 80, "externalId": False},
    }

    def add() -> Any:
        return world.client.toolingexecute("sobjects/CustomField", method="POST", data=new)

    assert add()["success"]
    short = {"FullName": "Account.G__c", "Metadata": {"type": "Text", "label": "G"}}
    with pytest.raises(SalesforceMalformedRequest, match="Must specify 'length'"):
        world.client.toolingexecute("sobjects/CustomField", method="POST", data=short)
    with pytest.raises(SalesforceMalformedRequest, match="DUPLICATE_DEVELOPER_NAME"):
        add()
    found = world.client.toolingexecute(
        "query", params={"q": "select Id from CustomField where DeveloperName = 'Grund'"}
    )
    assert found["totalSize"] == 1

    def names() -> set[str]:
        return {field["name"] for field in world.client.Account.describe()["fields"]}

    assert "Grund__c" not in names()
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD"):
        world.client.query("select Grund__c from Account")
    group = world.client.PermissionSet.create({"Name": "Reifegrad", "Label": "Reifegrad"})["id"]
    world.client.FieldPermissions.create(
        {
            "ParentId": group, "SobjectType": "Account", "Field": "Account.Grund__c",
            "PermissionsRead": True, "PermissionsEdit": True,
        }
    )  # fmt: skip
    assert "Grund__c" not in names()
    world.client.PermissionSetAssignment.create(
        {"PermissionSetId": group, "AssigneeId": world.org.user}
    )
    assert "Grund__c" in names()


def test_describe_says_what_a_field_takes(world: World) -> None:
    fields = {field["name"]: field for field in world.client.Account.describe()["fields"]}
    assert fields["Band__c"]["restrictedPicklist"]
    assert [value["value"] for value in fields["Band__c"]["picklistValues"]] == ["high", "low"]
    assert fields["Key__c"]["externalId"]
    assert not fields["SystemModstamp"]["updateable"]
    assert fields["OwnerId"]["referenceTo"] == ["User"]


def test_a_bulk_job_says_which_rows_failed(world: World) -> None:
    world.org.insert("Account", Name="Alt", Key__c="C1", Points__c=9.0, Band__c="low")
    rows = [
        {"Key__c": "C1", "Name": "", "Points__c": "50", "Band__c": "#N/A"},
        {"Key__c": "C2", "Name": "Neu", "Points__c": "60", "Band__c": "high"},
        {"Key__c": "C3", "Name": "Neu", "Points__c": "60", "Band__c": "riesig"},
    ]
    bulk = world.client.bulk2.Account
    (told,) = bulk.upsert(records=rows, external_id_field="Key__c", wait=0)
    assert (told["numberRecordsProcessed"], told["numberRecordsFailed"]) == (3, 1)
    done = list(csv.DictReader(io.StringIO(bulk.get_successful_records(told["job_id"]))))
    failed = list(csv.DictReader(io.StringIO(bulk.get_failed_records(told["job_id"]))))
    assert [row["sf__Created"] for row in done] == ["false", "true"]
    assert failed[0]["Key__c"] == "C3"
    assert failed[0]["sf__Error"].startswith("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:Band: bad")
    # An empty cell leaves a field alone, #N/A clears it.
    row = world.client.Account.get_by_custom_id("Key__c", "C1")
    assert (row["Name"], row["Points__c"], row["Band__c"]) == ("Alt", 50, None)


def test_a_bulk_job_with_an_unknown_field_fails_as_a_whole(world: World) -> None:
    with pytest.raises(Exception, match="InvalidBatch : Field name not found : Nope__c"):
        world.client.bulk2.Account.insert(records=[{"Name": "A", "Nope__c": "1"}], wait=0)
    assert world.client.query("select count() from Account")["totalSize"] == 0


def test_a_task_hangs_on_its_account_and_closes(world: World) -> None:
    key = world.org.insert("Account", Name="A")
    task = world.client.Task.create({"Subject": "Anrufen", "WhatId": key})["id"]
    assert not world.client.Task.get(task)["IsClosed"]
    world.org.edit(task, Status="Completed")
    assert world.client.Task.get(task)["IsClosed"]
