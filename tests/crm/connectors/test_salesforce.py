"""The connector to Salesforce against the fake: what is its own, beside what the kit asks."""

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
from crm.connectors.salesforce import SalesforceConnector, bulk
from crm.fields import SCORE_FIELDS
from crm.records import Task
from tests.crm.fakes.certificates import make_certificate
from tests.crm.fakes.salesforce import make_salesforce
from tests.crm.fakes.salesforce_org import Org, Rule
from tests.crm.fakes.serving import Server, serve

CONFIG = CrmConfig(connector="salesforce", tasks=True)
USER, PASSWORD = "api@firma.example", "geheimTOKEN"
NIGHT = date(2026, 11, 22)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def org() -> Org:
    return Org()


@pytest.fixture
def fake(org: Org) -> Any:
    return make_salesforce(org)


@pytest.fixture
def server(
    fake: Any, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    with serve(fake, certificate=certificate) as running:
        yield running


@pytest.fixture
def connect(server: Server, tmp_path: Path) -> Callable[..., SalesforceConnector]:
    def open_one(user: str = USER, password: str = PASSWORD) -> SalesforceConnector:
        settings = Settings(
            home=tmp_path / "home",
            as_of=NIGHT,
            crm_url=server.url,
            crm_user=user,
            crm_password=password,
        )
        connector = open_connector(settings, CONFIG)
        assert isinstance(connector, SalesforceConnector)
        return connector

    return open_one


@pytest.fixture
def salesforce(connect: Callable[..., SalesforceConnector]) -> SalesforceConnector:
    """Return a connector to an org that is set up."""
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


def test_setup_makes_the_fields_and_check_says_so(
    connect: Callable[..., SalesforceConnector],
) -> None:
    connector = connect()
    found = connector.check()
    lacking = [finding for finding in found if not finding.is_well]
    assert "Account lacks Reifegrad_Band__c" in lacking[0].says
    assert lacking[0].todo == "Run `reifegrad crm setup`."
    steps = connector.setup()
    assert sum(step.is_done for step in steps) == 12 + 11 + 11 + 1  # accounts, deals, leads, tasks
    assert [step.says for step in steps if "by hand" in step.says] == []
    assert all(finding.is_well for finding in connector.check())
    assert not any(step.says.startswith("Created") for step in connector.setup())


def test_a_user_who_sees_less_is_told_what_to_do(
    connect: Callable[..., SalesforceConnector], server: Server
) -> None:
    with pytest.raises(CrmLoginError, match=r"Invalid username.*REIFEGRAD_CRM_PASSWORD"):
        connect(password="falsch").require_login()
    with pytest.raises(CrmLoginError, match="client identifier invalid"):
        connect(user="consumer", password="falsch").require_login()
    with pytest.raises(CrmSetupError, match=r"Reifegrad_Points__c.*reifegrad crm setup"):
        connect().shown("parties")
    assert not server.log.writes


def test_an_app_logs_in_with_its_key(
    connect: Callable[..., SalesforceConnector], fake: Any
) -> None:
    key, secret = fake.state.fake.login.consumer
    app = connect(user=key, password=secret)
    app.require_login()
    assert app.check()[0].is_well  # the answer to the first call after the login
    with pytest.raises(CrmLoginError):
        connect(user=key, password=f"{secret}x").require_login()


def test_all_fields_are_written_read_and_cleared(salesforce: SalesforceConnector, org: Org) -> None:
    crm_id = org.insert("Account", Name="Müller")
    (outcome,) = salesforce.write("parties", [change(crm_id, **score(), customer_no="1017")])
    assert outcome.crm_id == crm_id
    record = salesforce.read("parties", [crm_id])[crm_id]
    assert record.values == score() | {"customer_no": "1017", "key": None, "proposals": None}
    assert (record.name, record.is_active) == ("Müller", True)
    assert salesforce.shown("parties") == {crm_id: record}
    salesforce.write("parties", [change(crm_id, **dict.fromkeys(SCORE_FIELDS))])
    assert salesforce.shown("parties") == {}
    assert salesforce.read("parties", [crm_id])[crm_id].values["customer_no"] == "1017"


def test_ids_of_reports_have_fifteen_letters(salesforce: SalesforceConnector, org: Org) -> None:
    crm_id = org.insert("Account", Name="Müller")
    found = salesforce.read("parties", [crm_id[:15], "nonsense", "001"])
    assert {asked: record.crm_id for asked, record in found.items()} == {crm_id[:15]: crm_id}


def test_a_merged_account_comes_back_as_its_heir(salesforce: SalesforceConnector, org: Org) -> None:
    first, second, third = (org.insert("Account", Name=name) for name in "ABC")
    org.merge(second, first)
    org.merge(third, second)
    found = salesforce.read("parties", [first, second[:15], third])
    assert {asked: record.name for asked, record in found.items()} == {
        first: "C",
        second[:15]: "C",
        third: "C",
    }
    (outcome,) = salesforce.write("parties", [change(first, points=7)])
    assert (outcome.crm_id, outcome.kind) == (None, "gone")


def test_one_bad_row_fails_alone(salesforce: SalesforceConnector, org: Org) -> None:
    org.rules.append(Rule("Account", lambda row: row["Name"] == "Firma 4", "Vertrieb sagt nein."))
    ids = [org.insert("Account", Name=f"Firma {n}") for n in range(5)]
    outcomes = salesforce.write(
        "parties",
        [
            change(ids[0], points=5),
            change(ids[1], next_step="x" * 300),
            change(ids[2], band="sehr hoch"),
            change(ids[3], points=6),
            change(ids[4], points=7),
        ],
    )
    assert [outcome.crm_id for outcome in outcomes] == [ids[0], None, None, ids[3], None]
    kinds = [outcome.kind for outcome in outcomes if outcome.refused]
    assert kinds == ["too_long", "unknown_value", "rule_of_the_crm"]
    assert "data value too large" in (outcomes[1].refused or "")


def test_a_locked_record_is_told_as_such(salesforce: SalesforceConnector, org: Org) -> None:
    ids = [org.insert("Account", Name=name) for name in "AB"]
    org.locked.add(ids[0])
    outcomes = salesforce.write("parties", [change(i, points=5) for i in ids])
    assert [(outcome.crm_id, outcome.kind) for outcome in outcomes] == [
        (None, "locked"),
        (ids[1], "other"),
    ]


def test_new_accounts_and_deals(salesforce: SalesforceConnector, org: Org) -> None:
    master = {
        **{"name": "Müller & Söhne", "street": "Hauptstraße 1", "postcode": "50667"},
        **{
            "city": "Köln",
            "country_code": "DE",
            "phone": "+49 221 1",
            "website": "mueller.example",
        },
        **{"customer_no": "1017", "email": None, "vat_id": "DE1"},
    }
    new = change(key="C1", points=71, customer_no="1017").model_copy(update={"master": master})
    (account,) = salesforce.create("parties", [new])
    row = org.find(account.crm_id)[1]
    assert (row["Name"], row["BillingCity"], row["Phone"]) == (
        "Müller & Söhne",
        "Köln",
        "+49 221 1",
    )
    (again,) = salesforce.create("parties", [new])
    assert again == account
    owner = org.insert("User", Username="jan@f.example", Name="Jan Roth", IsActive=True)
    deal = change(key="L1", target="opportunities", points=40).model_copy(
        update={
            "master": {
                **{"title": "Getriebe", "amount": 1234.5, "created_on": date(2026, 10, 1)},
                **{"parent_id": account.crm_id, "owner": "Jan Roth", "lead_stage": "?"},
            }
        }
    )
    (made,) = salesforce.create("opportunities", [deal])
    row = org.find(made.crm_id)[1]
    assert (row["AccountId"], row["Amount"], row["OwnerId"]) == (account.crm_id, 1234.5, owner)
    assert row["CloseDate"] == "2026-12-30"
    assert row["StageName"]
    assert salesforce.find("opportunities", "key", ["L1", "L2"]) == {"L1": [made.crm_id]}


def test_lookups(salesforce: SalesforceConnector, org: Org) -> None:
    one = org.insert("Account", Name="A", AccountNumber="17", Website="https://www.a.example/de")
    two = org.insert("Account", Name="B", Website="A.example")
    org.insert("Contact", LastName="Roth", Email="Jan@A.example", AccountId=one)
    assert salesforce.find("parties", "customer_no", ["17", "18"]) == {"17": [one]}
    assert salesforce.find("parties", "website", ["a.example"]) == {"a.example": sorted([one, two])}
    assert salesforce.find("parties", "email", ["jan@a.example"]) == {"jan@a.example": [one]}
    assert salesforce.find("parties", "vat_id", ["DE1"]) == {}
    assert salesforce.find("opportunities", "email", ["jan@a.example"]) == {}


def test_a_closed_deal_and_a_converted_lead_are_inactive(
    salesforce: SalesforceConnector, org: Org
) -> None:
    deal = org.insert("Opportunity", Name="Getriebe", StageName="Prospecting")
    lead = org.insert("Lead", LastName="Roth", Company="A")
    salesforce.write(
        "opportunities",
        [
            change(deal, target="opportunities", points=1),
            change(lead, target="opportunities", points=2),
        ],
    )
    assert {i: r.values["points"] for i, r in salesforce.shown("opportunities").items()} == {
        deal: 1,
        lead: 2,
    }
    org.edit(deal, StageName="Closed Won")
    found = salesforce.read("opportunities", [deal, lead])
    assert [found[deal].is_active, found[lead].is_active] == [False, True]


def test_many_rows_are_one_job(
    salesforce: SalesforceConnector,
    org: Org,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bulk, "FROM_ROWS", 4)
    monkeypatch.setattr(bulk, "WAIT_SECONDS", 0)
    ids = [org.insert("Account", Name=f"Firma {n}") for n in range(6)]
    changes = [change(crm_id, points=n, band="high") for n, crm_id in enumerate(ids)]
    changes[2] = change(ids[2], points=2, band="sehr hoch")
    changes[3] = change(ids[3], points=None, band=None)
    server.log.clear()
    outcomes = salesforce.write("parties", changes)
    assert [outcome.crm_id for outcome in outcomes] == [*ids[:2], None, *ids[3:]]
    assert outcomes[2].kind == "unknown_value"
    assert not [call for call in server.log.calls if "composite" in call.path]
    assert {r.values["points"] for r in salesforce.shown("parties").values()} == {0, 1, 4, 5}


def test_tasks_are_made_once_and_tell_what_became_of_them(
    salesforce: SalesforceConnector, org: Org
) -> None:
    crm_id = org.insert("Account", Name="Müller")
    task = Task(
        key="T1", subject="Anrufen", note="Seit 143 Tagen keine Bestellung.",
        due_on=NIGHT, party_id=crm_id, owner="Niemand",
    )  # fmt: skip
    (made,) = salesforce.create_tasks([task])
    assert made.crm_id
    assert salesforce.create_tasks([task]) == [made]
    state = salesforce.read_tasks([made.crm_id])[made.crm_id]
    assert (state.is_done, state.answer) == (False, None)
    text = org.find(made.crm_id)[1]["Description"]
    org.edit(made.crm_id, Status="Completed", Description=f"{text}nicht erreicht")
    state = salesforce.read_tasks([made.crm_id])[made.crm_id]
    assert (state.is_done, state.answer) == (True, "nicht erreicht")


def test_export_in_pages_and_since(salesforce: SalesforceConnector, org: Org) -> None:
    owner = org.insert("User", Username="jan@f.example", Name="Jan Roth", IsActive=True)
    one = org.insert("Account", Name="Müller", AccountNumber="17", OwnerId=owner)
    rows = list(salesforce.export("companies", None))
    assert [(row["Id"], row["Name"], row["Owner.Name"]) for row in rows] == [
        (one, "Müller", "Jan Roth")
    ]
    assert list(salesforce.export("companies", datetime(2999, 1, 1, tzinfo=UTC))) == []
    for what in ("contacts", "deals", "activities"):
        assert list(salesforce.export(what, datetime(2020, 1, 1, tzinfo=UTC))) == []


def test_leads_are_exported_with_what_became_of_them(
    salesforce: SalesforceConnector, org: Org
) -> None:
    owner = org.insert("User", Username="jan@f.example", Name="Jan Roth", IsActive=True)
    lead = org.insert(
        "Lead", LastName="Kaya", Company="Bau Süd", Email="kaya@bau.example", OwnerId=owner
    )
    (row,) = salesforce.export("leads", datetime(2020, 1, 1, tzinfo=UTC))
    assert next(iter(row)) == "Id"
    told = [row[name] for name in ("Id", "Company", "LastName", "Email", "Owner.Name")]
    assert told == [lead, "Bau Süd", "Kaya", "kaya@bau.example", "Jan Roth"]
    assert {"IsConverted", "ConvertedOpportunityId", "Status"} <= row.keys()
    assert list(salesforce.export("leads", datetime(2999, 1, 1, tzinfo=UTC))) == []


def test_outages_limits_and_ended_sessions(
    salesforce: SalesforceConnector, org: Org, fake: Any, server: Server
) -> None:
    crm_id = org.insert("Account", Name="Müller")
    fake.state.fake.login.sessions.clear()
    assert salesforce.read("parties", [crm_id])  # logs in again
    for kind in ("429", "500", "502", "503", "cut", "timeout", "lost_answer"):
        server.faults.next(kind)
        with pytest.raises(CrmUnreachableError) as error:
            salesforce.write("parties", [change(crm_id, points=5)])
        assert (error.value.retry_after == 1) == (kind in ("429", "503"))
    fake.state.fake.is_down = True
    with pytest.raises(CrmUnreachableError):
        salesforce.shown("parties")
    fake.state.fake.is_down = False
    fake.state.fake.daily_limit = 0
    with pytest.raises(CrmUnreachableError, match="no more calls today") as error:
        salesforce.shown("parties")
    assert (error.value.retry_after or 0) > 3600
