"""The connector to Dynamics 365 against the fake: what is its own, beside what the kit asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from crm import Change, CrmLoginError, CrmSetupError, CrmUnreachableError, Score
from crm.config import CrmConfig
from crm.connectors import open_connector
from crm.connectors.dynamics import DynamicsConnector
from crm.fields import SCORE_FIELDS
from crm.records import Task
from tests.crm.fakes.certificates import make_certificate
from tests.crm.fakes.dynamics import make_dynamics
from tests.crm.fakes.dynamics_org import Org, Plugin
from tests.crm.fakes.serving import Server, serve
from tests.crm.kit.dynamics import Entra

CONFIG = CrmConfig(connector="dynamics", tasks=True)
NIGHT = date(2026, 11, 22)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def org() -> Org:
    return Org()


@pytest.fixture
def fake(org: Org) -> Any:
    return make_dynamics(org)


@pytest.fixture
def server(
    fake: Any, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    monkeypatch.setattr("azure.identity.ClientSecretCredential", Entra)
    monkeypatch.setattr("crm.connectors.dynamics.installing.KEY_PAUSE_SECONDS", 0)
    with serve(fake, certificate=certificate) as running:
        yield running


@pytest.fixture
def connect(server: Server, tmp_path: Path) -> Callable[..., DynamicsConnector]:
    def open_one(password: str = "geheim") -> DynamicsConnector:
        settings = Settings(
            home=tmp_path / "home",
            as_of=NIGHT,
            crm_url=server.url,
            crm_user="application",
            crm_password=password,
            crm_database="directory",
        )
        connector = open_connector(settings, CONFIG)
        assert isinstance(connector, DynamicsConnector)
        return connector

    return open_one


@pytest.fixture
def dynamics(connect: Callable[..., DynamicsConnector]) -> DynamicsConnector:
    """Return a connector to an environment that is set up."""
    connector = connect()
    connector.setup()
    return connector


def change(
    crm_id: str | None = None, key: str = "C1", target: Any = "parties", **writes: Any
) -> Change:
    action = "change" if crm_id else "create"
    return Change(target=target, key=key, action=action, crm_id=crm_id, writes=writes)


def score(points: int = 71) -> dict[str, Any]:
    return Score(
        points=points,
        band="high",
        reasons="Seit 143 Tagen keine Bestellung.\nZwei Reklamationen.",
        scored_on=NIGHT,
        next_step="anrufen",
        stage=3,
        method="model",
        model_version="7",
        valid_until=date(2026, 11, 29),
    ).values


def test_setup_makes_columns_and_keys_and_check_says_so(
    connect: Callable[..., DynamicsConnector], org: Org
) -> None:
    connector = connect()
    lacking = [finding for finding in connector.check() if not finding.is_well]
    assert "account lacks rei_band" in lacking[0].says
    assert lacking[0].todo == "Run `reifegrad crm setup`."
    steps = connector.setup()
    assert [step.says for step in steps if "by hand" in step.says] == []
    assert sum(step.is_done for step in steps) == 12 + 11 + 11 + 3 + 1  # fields, keys, task
    assert all(finding.is_well for finding in connector.check())
    assert not any(step.says.startswith("Created") for step in connector.setup())


def test_a_user_who_may_less_is_told_what_to_do(
    connect: Callable[..., DynamicsConnector], org: Org, server: Server
) -> None:
    with pytest.raises(CrmLoginError, match=r"Invalid client secret.*REIFEGRAD_CRM_PASSWORD"):
        connect(password="falsch").require_login()
    with pytest.raises(CrmSetupError, match=r"rei_.*reifegrad crm setup"):
        connect().shown("parties")
    org.missing_privileges = {"prvReadAccount"}
    with pytest.raises(CrmSetupError, match=r"prvReadAccount.*reifegrad crm check"):
        connect().require_login()
    assert not server.log.writes


def test_all_fields_are_written_read_and_cleared(dynamics: DynamicsConnector, org: Org) -> None:
    crm_id = org.insert("account", name="Müller")
    (outcome,) = dynamics.write("parties", [change(crm_id, **score(), customer_no="1017")])
    assert outcome.crm_id == crm_id
    record = dynamics.read("parties", [crm_id])[crm_id]
    assert record.values == score() | {"customer_no": "1017", "key": None, "proposals": None}
    assert (record.name, record.is_active) == ("Müller", True)
    assert dynamics.shown("parties") == {crm_id: record}
    dynamics.write("parties", [change(crm_id, **dict.fromkeys(SCORE_FIELDS))])
    assert dynamics.shown("parties") == {}
    assert dynamics.read("parties", [crm_id])[crm_id].values["customer_no"] == "1017"


def test_ids_in_capitals_and_nonsense(dynamics: DynamicsConnector, org: Org) -> None:
    crm_id = org.insert("account", name="Müller")
    found = dynamics.read("parties", [crm_id.upper(), "nonsense"])
    assert {asked: record.crm_id for asked, record in found.items()} == {crm_id.upper(): crm_id}


def test_a_merged_account_comes_back_as_its_master(dynamics: DynamicsConnector, org: Org) -> None:
    first, second, third = (org.insert("account", name=name) for name in "ABC")
    org.merge("account", second, first)
    org.merge("account", third, second)
    found = dynamics.read("parties", [first, second, third])
    assert {asked: record.name for asked, record in found.items()} == dict.fromkeys(
        (first, second, third), "C"
    )
    assert all(record.is_active for record in found.values())


def test_one_bad_row_fails_alone(dynamics: DynamicsConnector, org: Org) -> None:
    org.plugins.append(Plugin("account", lambda row: row["name"] == "Firma 4", "Nicht hier."))
    ids = [org.insert("account", name=f"Firma {n}") for n in range(6)]
    org.delete("account", ids[5])
    outcomes = dynamics.write(
        "parties",
        [
            change(ids[0], points=5),
            change(ids[1], next_step="x" * 300),
            change(ids[2], band="sehr hoch"),
            change(ids[3], points=6),
            change(ids[4], points=7),
            change(ids[5], points=8),
        ],
    )
    assert [outcome.crm_id for outcome in outcomes] == [ids[0], None, None, ids[3], None, None]
    kinds = [outcome.kind for outcome in outcomes if outcome.refused]
    assert kinds == ["too_long", "unknown_value", "rule_of_the_crm", "gone"]
    assert len(org.rows["account"]) == 5  # writing to a deleted record does not make one


def test_a_batch_is_one_call(dynamics: DynamicsConnector, org: Org, server: Server) -> None:
    ids = [org.insert("account", name=f"Firma {n}") for n in range(1000)]
    dynamics.read("parties", ids)
    dynamics.write("parties", [change(ids[0], reasons="x")])  # learns the labels of choices
    server.log.clear()
    dynamics.write("parties", [change(i, points=5, reasons="Still.") for i in ids])
    assert [call.path for call in server.log.calls] == ["/api/data/v9.2/$batch"]


def test_new_accounts_and_deals(dynamics: DynamicsConnector, org: Org) -> None:
    master = {
        **{"name": "Müller & Söhne", "street": "Hauptstraße 1", "postcode": "50667"},
        **{
            "city": "Köln",
            "country_code": "DE",
            "phone": "+49 221 1",
            "website": "mueller.example",
        },
        **{"customer_no": "1017", "email": "info@mueller.example", "vat_id": "DE1"},
    }
    new = change(key="C1", points=71, customer_no="1017").model_copy(update={"master": master})
    (account,) = dynamics.create("parties", [new])
    row = org.rows["account"][account.crm_id]
    assert (row["name"], row["address1_city"], row["rei_key"]) == ("Müller & Söhne", "Köln", "C1")
    assert dynamics.create("parties", [new]) == [account]
    assert len(org.rows["account"]) == 1
    owner = org.insert("systemuser", fullname="Jan Roth", isdisabled=False)
    deal = change(key="L1", target="opportunities", points=40, key_="x").model_copy(
        update={
            "writes": {"points": 40, "key": "L1"},
            "master": {
                **{"title": "Getriebe", "amount": 1234.5, "created_on": date(2026, 10, 1)},
                **{"parent_id": account.crm_id, "owner": "Jan Roth", "lead_stage": "?"},
            },
        }
    )
    (made,) = dynamics.create("opportunities", [deal])
    row = org.rows["opportunity"][made.crm_id]
    assert (row["customerid"], row["estimatedvalue"], row["ownerid"]) == (
        account.crm_id,
        1234.5,
        owner,
    )
    assert dynamics.find("opportunities", "key", ["L1", "L2"]) == {"L1": [made.crm_id]}


def test_lookups(dynamics: DynamicsConnector, org: Org) -> None:
    one = org.insert("account", name="A", accountnumber="17", websiteurl="https://www.a.example/de")
    two = org.insert("account", name="B", websiteurl="A.example", emailaddress1="Info@A.example")
    org.insert("contact", lastname="Roth", emailaddress1="Jan@A.example", parentcustomerid=one)
    assert dynamics.find("parties", "customer_no", ["17", "18"]) == {"17": [one]}
    assert dynamics.find("parties", "website", ["a.example"]) == {"a.example": sorted([one, two])}
    emails = ["info@a.example", "jan@a.example"]
    assert dynamics.find("parties", "email", emails) == {
        "info@a.example": [two],
        "jan@a.example": [one],
    }
    assert dynamics.find("parties", "vat_id", ["DE1"]) == {}
    assert dynamics.find("opportunities", "email", ["jan@a.example"]) == {}


def test_deals_and_leads_are_told_apart_and_closed_ones_are_inactive(
    dynamics: DynamicsConnector, org: Org
) -> None:
    deal = org.insert("opportunity", name="Getriebe")
    lead = org.insert("lead", lastname="Roth")
    dynamics.write(
        "opportunities",
        [
            change(deal, target="opportunities", points=1),
            change(lead, target="opportunities", points=2),
        ],
    )
    assert {i: r.values["points"] for i, r in dynamics.shown("opportunities").items()} == {
        deal: 1,
        lead: 2,
    }
    org.edit("opportunity", deal, statecode=1)
    found = dynamics.read("opportunities", [deal, lead])
    assert [found[deal].is_active, found[lead].is_active] == [False, True]


def test_tasks_are_made_once_and_tell_what_became_of_them(
    dynamics: DynamicsConnector, org: Org
) -> None:
    crm_id = org.insert("account", name="Müller")
    task = Task(
        key="T1", subject="Anrufen", note="Seit 143 Tagen keine Bestellung.",
        due_on=NIGHT, party_id=crm_id, owner="Niemand",
    )  # fmt: skip
    (made,) = dynamics.create_tasks([task])
    assert made.crm_id
    assert dynamics.create_tasks([task]) == [made]
    state = dynamics.read_tasks([made.crm_id])[made.crm_id]
    assert (state.is_done, state.answer) == (False, None)
    text = org.rows["task"][made.crm_id]["description"]
    org.edit("task", made.crm_id, statecode=1, description=f"{text}nicht erreicht")
    state = dynamics.read_tasks([made.crm_id])[made.crm_id]
    assert (state.is_done, state.answer) == (True, "nicht erreicht")


def test_export_and_since(dynamics: DynamicsConnector, org: Org) -> None:
    owner = org.insert("systemuser", fullname="Jan Roth", isdisabled=False)
    one = org.insert("account", name="Müller", accountnumber="17", ownerid=owner)
    (row,) = dynamics.export("companies", None)
    assert next(iter(row)) == "accountid"
    assert (row["accountid"], row["name"], row["ownerid.name"]) == (one, "Müller", "Jan Roth")
    assert list(dynamics.export("companies", datetime(2999, 1, 1, tzinfo=UTC))) == []
    for what in ("contacts", "deals", "activities"):
        assert list(dynamics.export(what, datetime(2020, 1, 1, tzinfo=UTC))) == []


def test_leads_are_exported_with_what_became_of_them(dynamics: DynamicsConnector, org: Org) -> None:
    owner = org.insert("systemuser", fullname="Jan Roth", isdisabled=False)
    lead = org.insert("lead", lastname="Kaya", companyname="Bau Süd", ownerid=owner)
    (row,) = dynamics.export("leads", datetime(2020, 1, 1, tzinfo=UTC))
    assert next(iter(row)) == "leadid"
    told = [row[name] for name in ("leadid", "companyname", "lastname", "ownerid.name")]
    assert told == [lead, "Bau Süd", "Kaya", "Jan Roth"]
    assert {"statecode", "qualifyingopportunityid.name"} <= row.keys()
    assert list(dynamics.export("leads", datetime(2999, 1, 1, tzinfo=UTC))) == []


def test_outages_and_limits(
    dynamics: DynamicsConnector, org: Org, fake: Any, server: Server
) -> None:
    crm_id = org.insert("account", name="Müller")
    dynamics.read("parties", [crm_id])
    for kind in ("429", "500", "502", "503", "cut", "timeout", "lost_answer"):
        server.faults.next(kind)
        with pytest.raises(CrmUnreachableError) as error:
            dynamics.write("parties", [change(crm_id, points=5)])
        assert (error.value.retry_after == 1) == (kind in ("429", "503"))
    fake.state.fake.window.limit = 0
    with pytest.raises(CrmUnreachableError) as error:
        dynamics.shown("parties")
    assert (error.value.retry_after or 0) > 200
