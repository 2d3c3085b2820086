"""The connector to Pipedrive against the fake of its API v2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from config import Settings
from crm import Change, CrmConfig, CrmLoginError, CrmRejectedError, CrmSetupError
from crm.connectors.pipedrive import PipedriveConnector
from crm.errors import CrmUnreachableError
from crm.records import Outcome, Task
from tests.crm.connectors.test_odoo import SCORE
from tests.crm.fakes.pipedrive import Pipedrive
from tests.crm.fakes.serving import Server, serve

CONFIG = CrmConfig(connector="pipedrive")


@dataclass
class World:
    pipedrive: Pipedrive
    server: Server
    connector: PipedriveConnector

    def organization(self, **values: Any) -> str:
        return str(self.pipedrive.add("organizations", **values))

    def write(self, writes: dict[str, dict[str, Any]]) -> list[Outcome]:
        changes = [
            Change(target="parties", key=f"C{crm_id}", action="change", crm_id=crm_id, writes=w)
            for crm_id, w in writes.items()
        ]
        return self.connector.write("parties", changes)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    ticks = iter(range(10**9))
    pipedrive = Pipedrive(clock=lambda: float(next(ticks)))  # each call a second later
    monkeypatch.setattr("crm.connectors.pipedrive.api.CALLS", (1000, 1.0))
    with serve(pipedrive.app) as server:
        settings = Settings(crm_url=server.url, crm_password=pipedrive.token)
        yield World(pipedrive, server, PipedriveConnector(settings, CONFIG))


@pytest.fixture
def world(bare: World) -> World:
    bare.connector.setup()
    bare.server.log.clear()
    return bare


def test_setup_makes_fields_once(bare: World) -> None:
    assert [finding.is_well for finding in bare.connector.check()] == [True, False, False, True]
    assert not bare.server.log.writes
    assert [step.is_done for step in bare.connector.setup()] == [True] * 23
    assert all(finding.is_well for finding in bare.connector.check())
    bare.server.log.clear()
    assert bare.connector.setup() == []
    assert not bare.server.log.writes


def test_without_the_right_a_person_is_told_what_to_add(bare: World) -> None:
    bare.pipedrive.admin = False
    steps = bare.connector.setup()
    assert {step.is_done for step in steps} == {False}
    assert "Reifegrad: P" in steps[0].says


def test_what_is_written_reads_back_and_bad_rows_are_told_apart(world: World) -> None:
    a, b = world.organization(name="A"), world.organization(name="B")
    outcomes = world.write({a: SCORE, b: SCORE | {"next_step": "x" * 256}, "424242": SCORE})
    assert [one.crm_id for one in outcomes] == [a, None, None]
    assert [one.kind for one in outcomes[1:]] == ["too_long", "gone"]
    read = world.connector.read("parties", [a, b, "424242"])
    assert set(read) == {a, b}
    assert {name: read[a].values[name] for name in SCORE} == SCORE
    assert (read[a].name, read[b].values["points"]) == ("A", None)
    world.write({a: dict.fromkeys(SCORE)})
    assert world.connector.shown("parties") == {}


def test_ids_are_read_100_a_call_and_all_shown_in_pages(world: World) -> None:
    ids = [world.organization(name=str(number)) for number in range(250)]
    world.connector.read("parties", ids[:1])
    world.server.log.clear()
    assert len(world.connector.read("parties", ids)) == 250
    assert len(world.server.log.calls) == 3
    world.write({ids[0]: {"points": 0}, ids[1]: {"customer_no": "10001"}})
    assert set(world.connector.shown("parties")) == {ids[0]}


def test_records_are_found_by_what_people_keep(world: World) -> None:
    a = world.organization(name="A", website="https://www.a.example/")
    world.write({a: {"customer_no": "10001"}})
    find = world.connector.find
    assert find("parties", "website", ["a.example", "b.example"]) == {"a.example": [a]}
    assert find("parties", "customer_no", ["10001"]) == {"10001": [a]}
    assert find("parties", "vat_id", ["DE1"]) == {}


def test_a_merged_organization_is_found_again_by_the_number(world: World) -> None:
    a, b = world.organization(name="A"), world.organization(name="B")
    world.write({a: {"customer_no": "10001", **SCORE}})
    world.pipedrive.merge("organizations", int(b), int(a))
    assert set(world.connector.read("parties", [a, b])) == {b}
    assert world.connector.find("parties", "customer_no", ["10001"]) == {"10001": [b]}


def test_what_is_created_twice_is_created_once(world: World) -> None:
    party = Change(
        target="parties", key="C9", action="create", writes={"key": "C9", **SCORE},
        master={"name": "Neu AG", "city": "Köln", "country_code": "DE"},
    )  # fmt: skip
    world.server.faults.next("lost_answer", path="/organizations")
    with pytest.raises(CrmUnreachableError):
        world.connector.create("parties", [party])
    (first,) = world.connector.create("parties", [party])
    assert world.connector.find("parties", "key", ["C9", "C8"]) == {"C9": [first.crm_id]}
    deal = Change(
        target="opportunities", key="L9", action="create", writes={"key": "L9", **SCORE},
        master={"title": "Getriebe", "amount": 12.5, "parent": "C9", "parent_id": first.crm_id},
    )  # fmt: skip
    (made,) = world.connector.create("opportunities", [deal])
    (read,) = world.connector.read("opportunities", [str(made.crm_id)]).values()
    assert (read.name, read.is_active, read.values["points"]) == ("Getriebe", True, 71)
    world.pipedrive.edit("deals", int(made.crm_id or 0), status="won")
    assert not world.connector.read("opportunities", [str(made.crm_id)])[str(made.crm_id)].is_active
    assert world.connector.find("opportunities", "key", ["L9"]) == {"L9": [made.crm_id]}
    with pytest.raises(CrmRejectedError, match="C7"):
        world.connector.create(
            "opportunities", [deal.model_copy(update={"key": "L7", "master": {"parent": "C7"}})]
        )


def test_a_task_is_made_once_and_its_answer_comes_back(world: World) -> None:
    owner = world.pipedrive.add_user("Jan Roth", "jan.roth@firma.example")
    task = Task(
        key="C1-2026-11-22", subject="A anrufen", note="Still.", due_on=date(2026, 11, 23),
        party_id=world.organization(name="A"), owner="Jan Roth",
    )  # fmt: skip
    (first,), (again,) = (world.connector.create_tasks([task]) for _ in range(2))
    assert first == again
    crm_id = str(first.crm_id)
    held = world.pipedrive.record("activities", int(crm_id)) or {}
    assert held["owner_id"] == owner
    assert not world.connector.read_tasks([crm_id])[crm_id].is_done
    note = f"{held['note']}Kauft im Mai."
    world.connector._api.call("PATCH", f"/api/v2/activities/{crm_id}", {"done": True, "note": note})
    state = world.connector.read_tasks([crm_id, "424242"])[crm_id]
    assert (state.is_done, state.answer) == (True, "Kauft im Mai.")


def test_the_export_has_none_of_our_fields(world: World) -> None:
    a = world.organization(name="A", address={"value": "Domplatz 1, Köln"})
    (row,) = world.connector.export("companies", None)
    assert next(iter(row)) == "id"
    assert (row["id"], row["address"], row["website"]) == (a, "Domplatz 1, Köln", None)
    assert "custom_fields" not in row


def test_what_can_be_wrong_is_said(bare: World) -> None:
    a = bare.organization(name="A")
    with pytest.raises(CrmSetupError, match="crm setup"):
        bare.write({a: SCORE})
    settings = Settings(crm_url=bare.server.url, crm_password="falsch")
    with pytest.raises(CrmLoginError, match="REIFEGRAD_CRM_PASSWORD"):
        PipedriveConnector(settings, CONFIG).require_login()
    bare.server.faults.next("429")
    with pytest.raises(CrmUnreachableError) as busy:
        bare.connector.require_login()
    assert busy.value.retry_after == 1
    bare.pipedrive.tokens = 0
    with pytest.raises(CrmUnreachableError) as used_up:
        bare.connector.require_login()
    assert (used_up.value.retry_after or 0) > 3600


def test_few_records_cost_a_token_each_and_more_a_list(world: World) -> None:
    ids = [world.organization(name=f"Firma {number}") for number in range(30)]
    world.pipedrive.remove("organizations", int(ids[1]))
    world.connector.read("parties", ids[:1])  # the names of our fields are read once
    before = world.pipedrive.spent
    assert list(world.connector.read("parties", [*ids[:3], "999"])) == [ids[0], ids[2]]
    assert world.pipedrive.spent - before == 4
    assert len(world.connector.read("parties", ids)) == 29
    assert world.pipedrive.spent - before == 4 + 10
