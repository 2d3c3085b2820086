"""The push into the real embedded CRM, checked through the CRM's own interface."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config import PROJECT_ROOT, Settings
from crm import (
    CrmError,
    CrmLoginError,
    Posted,
    Posting,
    count_actions,
    embedded,
    kind_for,
    load_config,
    post,
    push,
    push_through,
)
from crm.connectors.tryton import TrytonConnector
from crm.records import Note
from warehouse import open_warehouse

pytestmark = pytest.mark.night

NOTHING = {"create": 0, "change": 0, "clear": 0, "conflict": 0}
PUSH = """
import sys
from datetime import date
from pathlib import Path
from config import Settings
from crm import push
home, config, port = sys.argv[1:]
day = date(2026, 11, 22)
push(Settings(home=Path(home), config=Path(config), crm_port=int(port), as_of=day))
"""


@pytest.fixture(scope="session")
def activated_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("activated")
    embedded.install()
    embedded.activate(Settings(home=home))
    return home


@pytest.fixture
def settings(settings: Settings, unused_port: int, activated_home: Path) -> Settings:
    shutil.copytree(activated_home, settings.home)
    return settings.model_copy(update={"crm_port": unused_port})


@pytest.fixture
def tryton(settings: Settings) -> Iterator[TrytonConnector]:
    server = embedded.start(settings)
    yield TrytonConnector(settings, load_config(settings))
    embedded.stop(server)


def search(tryton: TrytonConnector, model: str, fields: list[str], domain: list[Any]) -> Any:
    """Ask as any client of Tryton would; inactive records too."""
    return tryton._rpc.call(
        f"model.{model}.search_read", domain, 0, None, [["id", "ASC"]], fields, active_test=False
    )


def parties(tryton: TrytonConnector, *fields: str) -> dict[str, Any]:
    rows = search(tryton, "party.party", ["code", *fields], [["code", "like", "C%"]])
    return {row["code"]: tuple(row[field] for field in fields) for row in rows}


def written(changes: list[Any]) -> dict[str, int]:
    counts = count_actions(changes)
    return {action: sum(count[action] for count in counts.values()) for action in NOTHING}


def test_a_salesperson_finds_the_score_and_a_second_push_changes_nothing(
    settings, tryton, show, score, read_ledger
):
    show({"C1": score(10), "C2": score(80), "C3": None}, {"L1": score(70), "L3": None})
    assert written(push(settings)) == NOTHING | {"create": 5}
    fields = ["name", "reifegrad_customer_no", "reifegrad_points", "reifegrad_band"]
    assert parties(tryton, *fields, "reifegrad_reasons")["C2"] == (
        "Müller & Söhne C2", "12", 80, "high", score(80).reasons,
    )  # fmt: skip
    domain = [["party.code", "=", "C2"]]
    (address,) = search(tryton, "party.address", ["street", "city"], domain)
    assert (address["street"], address["city"]) == ("Hauptstraße 1", "Köln")
    fields = ["reifegrad_key", "reifegrad_points", "description", "amount", "party.code", "state"]
    first, second = search(tryton, "sale.opportunity", fields, [])
    assert (first["reifegrad_key"], first["reifegrad_points"]) == ("L1", 70)
    assert (first["party."]["code"], first["state"]) == ("C1", "lead")
    assert first["amount"] == {"__class__": "Decimal", "decimal": "1234.50"}
    assert second["reifegrad_points"] is None
    assert written(push(settings)) == NOTHING
    assert len(read_ledger()) == 5


def test_objection_closed_lead_deactivation_and_deletion(
    settings, tryton, show, score, read_ledger
):
    keys = [f"C{i}" for i in range(1, 7)]
    show({key: score(50) for key in keys}, {"L1": score(70), "L2": score(70)})
    push(settings)
    ids = {code: row[0] for code, row in parties(tryton, "id").items()}
    tryton._rpc.call("model.party.party.write", [ids["C2"]], {"name": "Renamed by a salesperson"})
    tryton._rpc.call("model.party.party.write", [ids["C5"]], {"active": False})
    tryton._rpc.call("model.party.party.delete", [ids["C6"]])
    # C1 objects to profiling; L1 is no longer open; C2's score changes.
    show({key: score(50) for key in keys} | {"C1": None, "C2": score(90)}, {"L2": score(70)})
    changes = {change.key: change for change in push(settings)}
    assert {key: (c.action, c.reason) for key, c in changes.items() if c.reason != "unchanged"} == {
        "C1": ("clear", "no score tonight"),
        "C2": ("change", None),
        "C5": ("clear", "inactive in the CRM"),
        "C6": ("skip", "deleted in the CRM"),
        "L1": ("clear", "no longer open, or no longer in the data"),
    }
    names = ["name", "reifegrad_points", "reifegrad_band", "reifegrad_reasons"]
    shown = parties(tryton, *names, "reifegrad_scored_on")
    assert shown["C1"] == ("Müller & Söhne C1", None, None, None, None)
    assert shown["C2"][:2] == ("Renamed by a salesperson", 90)
    assert shown["C5"][1] is None
    assert "C6" not in shown
    assert written(push(settings)) == NOTHING
    # 8 created, then four written: the ledger tells of each once.
    assert len(read_ledger()) == 12


def test_a_deal_closed_by_a_salesperson_shows_no_score(settings, tryton, show, score):
    show({"C1": score(50)}, {"L1": score(70)})
    push(settings)
    (opportunity,) = search(tryton, "sale.opportunity", ["id"], [])
    tryton._rpc.call("model.sale.opportunity.lost", [opportunity["id"]])
    (change,) = [change for change in push(settings) if change.target == "opportunities"]
    assert (change.action, change.reason) == ("clear", "inactive in the CRM")
    (row,) = search(tryton, "sale.opportunity", ["state", "reifegrad_points"], [])
    assert (row["state"], row["reifegrad_points"]) == ("lost", None)


def test_a_push_ended_by_force_is_finished_by_the_next(settings, tryton, show, score, read_ledger):
    keys = [f"C{i:03}" for i in range(120)]
    show({key: score(50) for key in keys}, {f"L{key[1:]}": score(70) for key in keys[:20]})
    arguments = [str(settings.home), str(settings.config), str(settings.crm_port)]
    process = subprocess.Popen([sys.executable, "-c", PUSH, *arguments], cwd=PROJECT_ROOT)
    deadline = time.monotonic() + 120
    while len(tryton.shown("parties")) < 15:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 15 <= len(parties(tryton)) < len(keys)
    push(settings)
    codes = [
        row["code"] for row in search(tryton, "party.party", ["code"], [["code", "like", "C%"]])
    ]
    assert sorted(codes) == keys
    assert len(search(tryton, "sale.opportunity", ["id"], [])) == 20
    rows = read_ledger("key, crm_id is not null")
    assert sorted(rows) == sorted({(key, True) for key, _ in rows})
    assert len(rows) == 140
    assert written(push(settings)) == NOTHING


def test_one_record_that_tryton_refuses_does_not_hold_up_its_batch(settings, tryton, show, score):
    odd = score(50).model_copy(update={"band": "extreme"})
    show({"C1": score(50), "C2": odd, "C3": score(50)})
    changes = {change.key: change for change in push(settings)}
    assert changes["C2"].action == "skip"
    assert changes["C2"].reason.startswith("refused by the CRM: ")
    assert set(parties(tryton)) == {"C1", "C3"}


def test_an_opportunity_says_stage_owner_and_whom_to_talk_to(settings, tryton, show, score):
    show({"C1": score(82), "C2": score(12)}, {"L1": score(91), "L2": score(9), "L22": score(8)})
    with open_warehouse(settings) as warehouse:
        warehouse.execute(
            "update sync.sync_crm__opportunities set contact_email = null where key = 'L1';"
            "update sync.sync_crm__opportunities set customer_key = 'C2' where key = 'L22'"
        )
    push(settings)
    fields = ["contact.rec_name", "reifegrad_stage", "reifegrad_owner"]
    none, person, same = search(tryton, "sale.opportunity", fields, [])
    assert (none["reifegrad_stage"], none["reifegrad_owner"]) == ("Angebot", "Petra Blum")
    # the customer's own telephone number or address
    assert none["contact."]["rec_name"].endswith(("<+49 221 12345>", "<c1@mueller.example>"))
    assert "Jan Roth" in person["contact."]["rec_name"]
    assert same["contact."] == person["contact."]
    people = search(tryton, "party.contact_mechanism", ["name"], [["name", "=", "Jan Roth"]])
    assert len(people) == 1


def test_wrong_password_wrong_database_and_port_in_use_are_named(settings, tryton, show, score):
    show({"C1": score(50)})
    with pytest.raises(CrmLoginError, match=r"refuses the user admin.*REIFEGRAD_CRM_PASSWORD"):
        push(settings.model_copy(update={"crm_password": "wrong"}))
    with pytest.raises(CrmError, match="no database 'other'"):
        push(settings.model_copy(update={"crm_database": "other"}))
    with pytest.raises(CrmError, match=f"{settings.crm_port}.*REIFEGRAD_CRM_PORT"):
        embedded.start(settings)


def test_activation_is_quick_the_second_time_and_follows_the_settings(settings):
    database = settings.home / "crm" / "crm.sqlite"
    before = (database.stat().st_ino, database.stat().st_mtime_ns)
    started = time.monotonic()
    embedded.activate(settings)
    assert time.monotonic() - started < 2
    assert (database.stat().st_ino, database.stat().st_mtime_ns) == before
    other = settings.model_copy(update={"crm_password": "another one", "language": "en"})
    embedded.activate(other)
    server = embedded.start(other)
    try:
        domain = [["login", "=", "admin"]]
        connector = TrytonConnector(other, load_config(other))
        (admin,) = search(connector, "res.user", ["language.code"], domain)
        assert admin["language."]["code"] == "en"
        with pytest.raises(CrmLoginError):
            search(TrytonConnector(settings, load_config(settings)), "party.party", ["code"], [])
    finally:
        embedded.stop(server)


def test_proposals_stand_in_their_field_and_as_notes_once(settings, tryton, show, score):
    show({"C1": score(10), "C2": None})
    push_through(tryton, settings, proposals={"C1": "• Filter 7 – wieder fällig", "C2": "• Neu"})
    shown = parties(tryton, "reifegrad_proposals", "id")
    assert (shown["C1"][0], shown["C2"][0]) == ("• Filter 7 – wieder fällig", "• Neu")
    note = Note(key="P1", title="Für Sie neu", text="Filter 8", party_id=str(shown["C1"][1]))
    assert tryton.create_notes([note]) == tryton.create_notes([note])
    (row,) = search(tryton, "ir.note", ["message", "resource"], [])
    assert row["message"] == "Für Sie neu\n\nFilter 8\n\nReifegrad: P1"
    assert row["resource"] == f"party.party,{shown['C1'][1]}"
    posted: list[Posted] = []
    assert kind_for(settings, "task") == "note", "Tryton has no tasks"
    call = Posting("P2", "C1", None, "C1 anrufen", "Klagte am 02.03.", date(2026, 3, 16))
    for _again in range(2):
        post(settings, kind_for(settings, "task"), [call], posted.append)
    assert posted[1].ids == posted[3].ids
    written = [one["message"] for one in search(tryton, "ir.note", ["message"], [])]
    assert written.count("C1 anrufen\n\nKlagte am 02.03.\n\nReifegrad: P2") == 1
    push_through(tryton, settings, proposals={})
    assert parties(tryton, "reifegrad_proposals")["C1"] == (None,)
    again = push_through(tryton, settings, proposals={})
    assert {change.action for change in again} == {"skip"}
