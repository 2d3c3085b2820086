"""The connector to Odoo against the fake of each API: JSON-RPC (16, 18) and JSON-2 (19)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from config import ConfigurationError, Settings
from crm import Change, CrmConfig, CrmError, CrmLoginError, CrmRejectedError, CrmSetupError
from crm.connectors import open_connector
from crm.connectors.odoo import OdooConnector
from crm.connectors.odoo.loading import _refused_rows
from crm.records import Task
from tests.crm.fakes.odoo import Odoo
from tests.crm.fakes.serving import Server, serve

SCORE: dict[str, Any] = {
    "points": 71, "band": "high", "reasons": "Seit 143 Tagen still.\nZwei Reklamationen.",
    "next_step": "Anrufen", "stage": 3, "method": "model", "model_version": "7",
    "scored_on": "2026-11-22", "valid_until": "2026-11-29",
}  # fmt: skip
CONFIG = CrmConfig(connector="odoo")


@dataclass
class World:
    odoo: Odoo
    server: Server
    settings: Settings
    connector: OdooConnector

    def partner(self, **values: Any) -> str:
        return str(self.odoo.add("res.partner", is_company=True, **values))

    def write(self, **writes: dict[str, Any]) -> list[Any]:
        changes = [
            Change(target="parties", key=f"C{crm_id}", action="change", crm_id=crm_id[1:], writes=w)
            for crm_id, w in writes.items()
        ]
        return self.connector.write("parties", changes)


def settings_of(odoo: Odoo, url: str, **more: Any) -> Settings:
    secret = odoo.user.key if odoo.version >= 19 else "geheim"
    values = {"crm_database": "firma", "crm_user": "reifegrad", "crm_password": secret}
    return Settings(crm_url=url, **{**values, **more})


@pytest.fixture(params=[16, 18, 19])
def bare(request: pytest.FixtureRequest) -> Iterator[World]:
    odoo = Odoo(request.param)
    with serve(odoo.app) as server:
        settings = settings_of(odoo, server.url)
        yield World(odoo, server, settings, OdooConnector(settings, CONFIG))


@pytest.fixture
def world(bare: World) -> World:
    bare.connector.setup()
    bare.server.log.clear()
    return bare


def test_setup_makes_fields_and_views_once(bare: World) -> None:
    assert [finding.is_well for finding in bare.connector.check()] == [True, False, False, True]
    assert not bare.server.log.writes
    steps = bare.connector.setup()
    assert all(step.is_done for step in steps)
    assert len(steps) == 12 + 3 + 11 + 3
    assert all(finding.is_well for finding in bare.connector.check())
    bare.server.log.clear()
    assert bare.connector.setup() == []
    assert not bare.server.log.writes
    labels = bare.odoo.database.fields["res.partner"]["x_reifegrad_band"].selection
    assert [value for value, _label in labels] == ["high", "medium", "low"]


def test_without_the_right_settings_a_person_is_told_what_to_add(bare: World) -> None:
    bare.odoo.user.settings = False
    steps = bare.connector.setup()
    assert [step.is_done for step in steps] == [False, False]
    assert "x_reifegrad_points (integer)" in steps[0].says


def test_a_batch_is_one_call_and_bad_rows_are_told_apart(world: World) -> None:
    a, b = world.partner(name="A"), world.partner(name="B")
    world.write(**{f"i{a}": SCORE, f"i{b}": SCORE})  # from now on both can be followed
    world.server.log.clear()
    good = world.write(**{f"i{a}": {"points": 5}, f"i{b}": {"points": 6}})
    assert [call.rows for call in world.server.log.writes] == [2]
    assert [one.crm_id for one in good] == [a, b]
    bad = world.write(**{f"i{a}": SCORE, f"i{b}": SCORE | {"band": "riesig"}, "i999999": SCORE})
    assert [one.kind for one in bad[1:]] == ["unknown_value", "gone"]
    assert "riesig" in str(bad[1].refused)
    read = world.connector.read("parties", [a, b, "999999"])
    assert {key: record.values["points"] for key, record in read.items()} == {a: 71, b: 6}
    own = {name: value for name, value in read[a].values.items() if name in SCORE}
    assert own == SCORE


def test_what_odoo_says_of_the_batch_is_not_taken_for_its_first_row() -> None:
    def told(row: int) -> dict[str, Any]:
        return {"type": "error", "message": "So nicht.", "rows": {"from": row, "to": row}}

    assert _refused_rows([told(0), told(2)], 3) == {2: "So nicht."}
    assert _refused_rows([told(0)], 3) == {0: "So nicht."}
    with pytest.raises(CrmRejectedError, match="So nicht"):
        _refused_rows([{"type": "error", "message": "So nicht."}], 3)


def test_only_what_is_due_is_written(world: World) -> None:
    a = world.partner(name="A")
    world.write(**{f"i{a}": SCORE})
    before = world.odoo.record("res.partner", int(a))
    world.write(**{f"i{a}": {"points": 12}})
    after = world.odoo.record("res.partner", int(a))
    changed = {name for name in after or {} if (after or {})[name] != (before or {}).get(name)}
    assert changed - {"write_date"} == {"x_reifegrad_points"}


def test_a_cleared_score_reads_as_none_and_is_no_longer_shown(world: World) -> None:
    a = world.partner(name="A")
    zero = world.partner(name="B")
    world.write(**{f"i{a}": SCORE, f"i{zero}": SCORE | {"points": 0}})
    assert set(world.connector.shown("parties")) == {a, zero}
    world.write(**{f"i{a}": dict.fromkeys(SCORE)})
    read = world.connector.read("parties", [a, zero])
    assert all(read[a].values[name] is None for name in SCORE)
    assert read[zero].values["points"] == 0
    assert set(world.connector.shown("parties")) == {zero}


def test_records_are_found_by_what_people_keep(world: World) -> None:
    a = world.partner(
        name="A", vat="DE 123456789", website="https://www.a.example/x", email="Info@A.example",
        ref="10001",
    )  # fmt: skip
    world.odoo.add("res.partner", name="Einkauf", parent_id=int(a), vat="DE 123456789")
    archived = world.partner(name="Alt", ref="10002", vat="ATU1")
    world.odoo.edit("res.partner", int(archived), active=False)
    find = world.connector.find
    assert find("parties", "vat_id", ["DE123456789", "ATU1"]) == {"DE123456789": [a]}
    assert find("parties", "website", ["a.example"]) == {"a.example": [a]}
    assert find("parties", "email", ["info@a.example"]) == {"info@a.example": [a]}
    assert find("parties", "customer_no", ["10001", "10002"]) == {"10001": [a]}
    assert not world.connector.read("parties", [archived])[archived].is_active
    assert world.connector.read("parties", ["10001"], "ref")["10001"].crm_id == a


def test_a_merged_partner_is_followed_and_a_deleted_one_is_gone(world: World) -> None:
    a, b, c = (world.partner(name=name) for name in "ABC")
    world.write(**{f"i{one}": SCORE for one in (a, b, c)})
    world.odoo.merge("res.partner", int(b), int(a))
    world.odoo.remove("res.partner", int(c))
    assert {k: r.crm_id for k, r in world.connector.read("parties", [a, b, c]).items()} == {
        a: b,
        b: b,
    }


def test_what_is_created_twice_is_created_once(world: World) -> None:
    party = Change(
        target="parties", key="C9", action="create", writes={"key": "C9", **SCORE},
        master={"name": "Neu AG", "city": "Köln", "country_code": "DE", "vat_id": "DE1"},
    )  # fmt: skip
    (first,), (again,) = (world.connector.create("parties", [party]) for _ in range(2))
    assert first.crm_id == again.crm_id
    row = world.odoo.record("res.partner", int(first.crm_id or 0)) or {}
    assert (row["city"], row["is_company"], row["x_reifegrad_key"]) == ("Köln", True, "C9")
    lead = Change(
        target="opportunities", key="L9", action="create", writes={"key": "L9", **SCORE},
        master={"title": "Getriebe", "amount": 1234.5, "parent": "C9", "parent_id": first.crm_id},
    )  # fmt: skip
    (made,) = world.connector.create("opportunities", [lead])
    deal = world.odoo.record("crm.lead", int(made.crm_id or 0)) or {}
    assert (deal["type"], deal["expected_revenue"]) == ("opportunity", 1234.5)
    read = world.connector.read("opportunities", [str(made.crm_id)])[str(made.crm_id)]
    assert read.is_active
    world.odoo.edit("crm.lead", int(made.crm_id or 0), date_closed="2026-11-20 10:00:00")
    assert not world.connector.read("opportunities", [str(made.crm_id)])[str(made.crm_id)].is_active
    # A closed one is found by its key all the same, so that it is not created anew.
    assert world.connector.find("opportunities", "key", ["L9"]) == {"L9": [made.crm_id]}


def test_a_task_is_made_once_and_its_answer_comes_back(world: World) -> None:
    task = Task(
        key="C1-2026-11-22", subject="A anrufen", note="Still.\nZwei Reklamationen.",
        due_on=date(2026, 11, 23), party_id=world.partner(name="A"), owner="Niemand",
    )  # fmt: skip
    (first,), (again,) = (world.connector.create_tasks([task]) for _ in range(2))
    assert first == again
    crm_id = str(first.crm_id)
    assert not world.connector.read_tasks([crm_id])[crm_id].is_done
    world.connector._rpc.call(
        "mail.activity", "action_feedback", [1],
        feedback="Angerufen.\nKauft im Mai.",
    )  # fmt: skip
    state = world.connector.read_tasks([crm_id])[crm_id]
    assert (state.is_done, state.answer) == (True, "Angerufen.\nKauft im Mai.")
    world.server.log.clear()
    world.connector.create_tasks([task])
    assert not world.server.log.writes


def test_the_export_gives_references_with_names_and_none_of_our_fields(world: World) -> None:
    a = world.partner(name="A", ref="10001")
    world.odoo.add("res.partner", name="Blum", parent_id=int(a), email="blum@a.example")
    (row,) = [row for row in world.connector.export("companies", None) if row["id"] == a]
    assert next(iter(row)) == "id"
    assert (row["name"], row["ref"], row["active"], row["vat"]) == ("A", "10001", "true", None)
    assert not [name for name in row if name.startswith("x_")]
    (contact,) = world.connector.export("contacts", None)
    assert (contact["parent_id"], contact["parent_id.name"]) == (a, "A")


def test_what_can_be_wrong_is_said_in_one_line(bare: World) -> None:
    def problem(**more: Any) -> CrmError:
        connector = OdooConnector(settings_of(bare.odoo, bare.server.url, **more), CONFIG)
        with pytest.raises(CrmError) as caught:
            connector.read("parties", ["1"])
        assert "\n" not in str(caught.value)
        return caught.value

    assert isinstance(problem(crm_password="falsch"), CrmLoginError)
    assert isinstance(problem(), CrmSetupError)  # our fields are not there yet
    if bare.odoo.version < 19:
        assert "fremd" in str(problem(crm_database="fremd"))
    with pytest.raises(ConfigurationError, match="https"):
        OdooConnector(settings_of(bare.odoo, "http://crm.firma.example"), CONFIG)
    with pytest.raises(ConfigurationError, match="REIFEGRAD_CRM_URL"):
        OdooConnector(settings_of(bare.odoo, ""), CONFIG)


def test_crm_yml_names_it(bare: World) -> None:
    assert isinstance(open_connector(bare.settings, CONFIG), OdooConnector)
