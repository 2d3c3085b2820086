"""The connector to HubSpot against the fake, through HubSpot's own client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from config import Settings
from crm import Change, CrmConfig, CrmLoginError, CrmRejectedError, CrmSetupError
from crm.connectors.hubspot import HubspotConnector
from crm.errors import CrmUnreachableError
from crm.records import Outcome, Task
from tests.crm.connectors.test_odoo import SCORE
from tests.crm.fakes.hubspot import HubSpot
from tests.crm.fakes.serving import Server, serve

CONFIG = CrmConfig(connector="hubspot")


@dataclass
class World:
    hubspot: HubSpot
    server: Server
    connector: HubspotConnector

    def company(self, **values: str) -> str:
        return str(self.hubspot.add("companies", **values))

    def write(self, writes: dict[str, dict[str, Any]]) -> list[Outcome]:
        changes = [
            Change(target="parties", key=f"C{crm_id}", action="change", crm_id=crm_id, writes=w)
            for crm_id, w in writes.items()
        ]
        return self.connector.write("parties", changes)


@pytest.fixture
def bare() -> Iterator[World]:
    hubspot = HubSpot(index_lag=0)
    with serve(hubspot.app) as server:
        settings = Settings(crm_url=server.url, crm_password="pat-eu1-test")
        yield World(hubspot, server, HubspotConnector(settings, CONFIG))


@pytest.fixture
def world(bare: World) -> World:
    bare.connector.setup()
    bare.server.log.clear()
    return bare


def test_setup_makes_group_and_properties_once(bare: World) -> None:
    assert [finding.is_well for finding in bare.connector.check()] == [True, False, False]
    assert not bare.server.log.writes
    steps = bare.connector.setup()
    assert len([step for step in steps if step.is_done]) == 12 + 11
    assert all(finding.is_well for finding in bare.connector.check())
    bare.server.log.clear()
    assert bare.connector.setup() == []
    assert not bare.server.log.writes


def test_what_hubspot_says_as_json_becomes_a_sentence_that_tells_the_cause(world: World) -> None:
    company = world.company(name="A")
    with pytest.raises(CrmRejectedError) as refused:
        world.write({company: {"reasons": "x" * 70_000}})
    assert str(refused.value) == (
        "Property values were not valid: reifegrad_reasons: Value is longer than 65536 characters"
    )
    assert refused.value.kind == "too_long"


def test_a_scope_that_the_night_would_miss_is_named_beforehand(world: World) -> None:
    world.hubspot.scopes -= {"crm.objects.deals.write", "crm.objects.contacts.write"}
    (lacking,) = [one.says for one in world.connector.check() if not one.is_well]
    assert "crm.objects.deals.write" in lacking
    assert "contacts.write" not in lacking  # only tasks need it


def test_a_batch_is_one_call_and_reads_back_as_written(world: World) -> None:
    a, b = world.company(name="A"), world.company(name="B")
    assert world.write({a: SCORE, b: {"points": 6}}) == [Outcome(a), Outcome(b)]
    assert [call.rows for call in world.server.log.writes] == [2]
    read = world.connector.read("parties", [a, b, "424242"])
    assert set(read) == {a, b}
    assert {name: read[a].values[name] for name in SCORE} == SCORE
    assert (read[a].name, read[b].values["points"], read[b].values["band"]) == ("A", 6, None)
    world.write({a: dict.fromkeys(SCORE)})
    record = world.connector.read("parties", [a])[a]
    assert not [name for name in SCORE if record.values[name] is not None]


def test_one_bad_row_refuses_the_batch_and_a_missing_one_only_itself(world: World) -> None:
    a, b = world.company(name="A"), world.company(name="B")
    with pytest.raises(CrmRejectedError):  # the push halves it until the row stands alone
        world.write({a: SCORE, b: SCORE | {"band": "riesig"}})
    good, gone = world.write({a: {"points": 5}, "424242": {"points": 5}})
    assert good == Outcome(a)
    assert (gone.crm_id, gone.kind) == (None, "gone")


def test_what_is_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = world.company(name="A"), world.company(name="B")
    world.company(name="C")
    world.write({a: SCORE, b: SCORE})
    world.write({b: dict.fromkeys(SCORE)})
    monkeypatch.setattr("crm.connectors.hubspot.api.PER_SEARCH", 1)
    assert set(world.connector.shown("parties")) == {a}


def test_records_are_found_by_what_people_keep(world: World) -> None:
    a = world.company(name="A", domain="a.example")
    contact = world.hubspot.add("contacts", email="blum@a.example")
    world.connector._api.associate("contacts", "companies", [(contact, a)])
    world.write({a: {"customer_no": "K-100"}})
    find = world.connector.find
    assert find("parties", "website", ["a.example", "b.example"]) == {"a.example": [a]}
    assert find("parties", "email", ["blum@a.example"]) == {"blum@a.example": [a]}
    assert find("parties", "customer_no", ["K-100"]) == {"K-100": [a]}
    assert find("parties", "vat_id", ["DE1"]) == {}


def test_a_merged_company_is_followed(world: World) -> None:
    a, b = world.company(name="A"), world.company(name="B")
    survivor = world.hubspot.merge("companies", b, a)
    assert {k: r.crm_id for k, r in world.connector.read("parties", [a, b]).items()} == {
        a: survivor,
        b: survivor,
    }


def test_what_is_created_twice_is_created_once(world: World) -> None:
    party = Change(
        target="parties", key="C9", action="create", writes={"key": "C9", **SCORE},
        master={"name": "Neu AG", "city": "Köln", "website": "neu.example"},
    )  # fmt: skip
    (first,), (again,) = (world.connector.create("parties", [party]) for _ in range(2))
    assert first == again
    assert world.connector.find("parties", "key", ["C9", "C8"]) == {"C9": [first.crm_id]}
    deal = Change(
        target="opportunities", key="L9", action="create", writes={"key": "L9", **SCORE},
        master={"title": "Getriebe", "amount": 12.5, "parent": "C9", "parent_id": first.crm_id},
    )  # fmt: skip
    (made,) = world.connector.create("opportunities", [deal])
    (read,) = world.connector.read("opportunities", [str(made.crm_id)]).values()
    assert (read.name, read.is_active, read.values["points"]) == ("Getriebe", True, 71)
    world.hubspot.edit("deals", str(made.crm_id), dealstage="closedlost", hs_is_closed="true")
    assert not world.connector.read("opportunities", [str(made.crm_id)])[str(made.crm_id)].is_active
    assert world.connector.find("opportunities", "key", ["L9"]) == {"L9": [made.crm_id]}
    with pytest.raises(CrmRejectedError, match="C7"):
        world.connector.create(
            "opportunities", [deal.model_copy(update={"master": {"title": "x", "parent": "C7"}})]
        )


def test_a_task_is_made_once_and_its_answer_comes_back(world: World) -> None:
    task = Task(
        key="C1-2026-11-22", subject="A anrufen", note="Still.", due_on=date(2026, 11, 23),
        party_id=world.company(name="A"), owner="Niemand",
    )  # fmt: skip
    (first,), (again,) = (world.connector.create_tasks([task]) for _ in range(2))
    assert first == again
    crm_id = str(first.crm_id)
    assert not world.connector.read_tasks([crm_id])[crm_id].is_done
    body = (world.hubspot.record("tasks", crm_id) or {})["hs_task_body"]
    world.hubspot.edit(
        "tasks", crm_id, hs_task_status="COMPLETED", hs_task_body=f"{body}Kauft im Mai."
    )
    state = world.connector.read_tasks([crm_id, "424242"])[crm_id]
    assert (state.is_done, state.answer) == (True, "Kauft im Mai.")


def test_the_export_has_none_of_our_fields(world: World) -> None:
    a = world.company(name="A", city="Köln")
    (row,) = world.connector.export("companies", None)
    assert next(iter(row)) == "id"
    assert (row["id"], row["city"], row["domain"]) == (a, "Köln", None)
    assert not [name for name in row if name.startswith("reifegrad")]


def test_what_can_be_wrong_is_said(bare: World) -> None:
    a = bare.company(name="A")
    with pytest.raises(CrmSetupError, match="crm setup"):
        bare.write({a: SCORE})
    settings = Settings(crm_url=bare.server.url, crm_password="pat-falsch")
    with pytest.raises(CrmLoginError, match="REIFEGRAD_CRM_PASSWORD"):
        HubspotConnector(settings, CONFIG).require_login()
    bare.server.faults.next("429")
    with pytest.raises(CrmUnreachableError) as busy:
        bare.connector.require_login()
    assert busy.value.retry_after == 1
    bare.server.faults.next("cut")
    with pytest.raises(CrmUnreachableError):
        bare.connector.require_login()
