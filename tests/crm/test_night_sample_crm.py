"""The sample company's CRM in the real Tryton: filled from its export, lived in, and scored."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config import PROJECT_ROOT, Settings
from crm import CrmError, embedded, open_connector, push, sample_crm
from crm.connectors.tryton import TrytonConnector
from crm.duplicates import SHOWN
from crm.sample_crm import fill_sample_crm, is_due
from sample import make_company
from tests.crm.conftest import NIGHT
from tests.crm.test_night_tryton import search
from warehouse import open_warehouse

pytestmark = pytest.mark.night


@pytest.fixture(scope="module")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample company and an embedded CRM that is still empty."""
    home = tmp_path_factory.mktemp("sample") / "home"
    settings = Settings(home=home)
    make_company(settings.inbox, home / "truth", customers=120, months=8, until=NIGHT)
    embedded.install()
    embedded.activate(settings)
    return home


@pytest.fixture
def settings(settings: Settings, unused_port: int, filled_home: Path) -> Settings:
    shutil.copytree(filled_home, settings.home)
    shutil.copy(PROJECT_ROOT / "config" / "crm.yml", settings.config)
    return settings.model_copy(update={"crm_port": unused_port})


@pytest.fixture
def tryton(settings: Settings) -> Iterator[TrytonConnector]:
    server = embedded.start(settings)
    connector = open_connector(settings)
    assert isinstance(connector, TrytonConnector)
    yield connector
    embedded.stop(server)


def truth(settings: Settings, name: str) -> list[dict[str, str]]:
    with (settings.home / "truth" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def events(settings: Settings, kind: str) -> list[dict[str, str]]:
    found = [row for row in truth(settings, "crm_since_export.csv") if row["event"] == kind]
    assert found, kind
    return found


def records_of(settings: Settings, source: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in truth(settings, "identities.csv"):
        if row["source"] == source:
            found.setdefault(row["customer"], []).append(row["key"])
    return found


def show_customers(settings: Settings, show: Any, score: Any) -> list[str]:
    """Let the warehouse want a score for each customer and open deal, as identity finds them."""
    customers = {row["customer"]: row for row in truth(settings, "customers.csv")}
    customers = {key: row for key, row in customers.items() if row["customer_no"]}
    leads = [row for row in truth(settings, "leads.csv") if row["is_open"] == "1"]
    leads = [row for row in leads if row["customer"] in customers]
    show(
        {key: score(50) for key in customers},
        {f"crm_deals:{row['key']}": score(70) for row in leads},
    )
    with open_warehouse(settings) as warehouse:
        cards = ", ".join(f"{column} text" for column in ("record_id", *SHOWN))
        warehouse.execute("create schema intermediate")
        warehouse.execute(f"create table intermediate.int_company_records ({cards})")
        for key, ids in records_of(settings, "crm_companies").items():
            warehouse.execute(
                "update sync.sync_crm__parties set record_ids = ? where key = ?",
                [[f"crm_companies:{one}" for one in ids], key],
            )
        for key in customers.keys() - records_of(settings, "crm_companies").keys():
            warehouse.execute(
                "update sync.sync_crm__parties set record_ids = [] where key = ?", [key]
            )
        for row in events(settings, "entered"):
            (key,) = [k for k, c in customers.items() if row["website"] == f"www.{c['domain']}"]
            warehouse.execute(
                "update sync.sync_crm__parties set vat_id = ? where key = ?", [row["vat_id"], key]
            )
        for lead in leads:
            warehouse.execute(
                "update sync.sync_crm__opportunities set customer_key = ? where key = ?",
                [lead["customer"], f"crm_deals:{lead['key']}"],
            )
    return list(customers)


def test_after_the_push_no_customer_was_created_beside_an_existing_record(
    settings, tryton, show, score
):
    filled = fill_sample_crm(settings)
    records = records_of(settings, "crm_companies")
    entered = events(settings, "entered")
    assert filled.parties == sum(map(len, records.values())) + len(entered)
    assert filled.opportunities == len(truth(settings, "leads.csv"))
    there = ["code", "active", "replaced_by.code", "reifegrad_points", "name"]
    before = {row["code"]: row for row in search(tryton, "party.party", there, [])}

    customers = show_customers(settings, show, score)
    changes = push(settings)
    after = {row["code"]: row for row in search(tryton, "party.party", there, [])}
    created = set(after) - set(before)
    known = {row["website"].removeprefix("www.") for row in entered}
    domains = {row["domain"]: row["customer"] for row in truth(settings, "customers.csv")}
    found = {domains[domain] for domain in known}
    assert created == set(customers) - set(records) - found
    assert created  # who only the ERP knows
    for row in entered:
        assert after[row["company_id"]]["reifegrad_points"] == 50

    merged = {row["company_id"]: row["into"] for row in events(settings, "merged")}
    for source, into in merged.items():
        assert not after[source]["active"]
        assert after[source]["replaced_by."]["code"] == into
        assert after[source]["reifegrad_points"] is None
    deleted = {row["company_id"] for row in events(settings, "deleted")}
    archived = {row["company_id"] for row in events(settings, "archived")}
    assert not deleted & set(after)
    gone = deleted | archived | merged.keys()
    twice = [ids for key, ids in records.items() if key in customers and len(set(ids) - gone) > 1]
    assert twice  # both records show the score
    for key in customers:
        for code in set(records.get(key, ())) - gone:
            assert after[code]["reifegrad_points"] == 50, code
    for code in archived:
        assert after[code]["reifegrad_points"] is None
    reasons = {change.key: change.reason for change in changes if change.action == "skip"}
    for key in customers:
        if set(records.get(key, ())) & deleted:
            assert reasons[key] == "deleted in the CRM"

    deals = search(tryton, "sale.opportunity", ["number", "reifegrad_points", "state"], [])
    assert len(deals) == filled.opportunities  # none was created beside an existing one
    scored = {row["number"] for row in deals if row["reifegrad_points"] == 70}
    wanted = {change.key for change in changes if change.target == "opportunities"}
    assert scored == {key.removeprefix("crm_deals:") for key in wanted}
    assert scored
    assert {change.action for change in push(settings)} == {"skip"}


def test_filling_ended_in_between_goes_on_and_a_second_time_does_nothing(
    settings, tryton, monkeypatch
):
    def fail(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sample_crm, "_opportunities", fail)
        with pytest.raises(KeyboardInterrupt):
            fill_sample_crm(settings)
    with monkeypatch.context() as patch:
        patch.setattr(sample_crm, "_live", fail)
        with pytest.raises(KeyboardInterrupt):
            fill_sample_crm(settings)
    assert is_due(settings)
    assert fill_sample_crm(settings) == (0, 0)
    companies = sum(map(len, records_of(settings, "crm_companies").values()))
    deleted = len(events(settings, "deleted"))
    parties = search(tryton, "party.party", ["code"], [["code", "like", "F-%"]])
    assert len(parties) == companies + len(events(settings, "entered")) - deleted
    deals = search(tryton, "sale.opportunity", ["number"], [])
    assert len({row["number"] for row in deals}) == len(deals) == len(truth(settings, "leads.csv"))
    assert fill_sample_crm(settings) is None
    (settings.home / "crm" / "filled").unlink()
    assert fill_sample_crm(settings) == (deleted, 0)  # which then are deleted again
    again = search(tryton, "party.party", ["code"], [["code", "like", "F-%"]])
    assert sorted(row["code"] for row in again) == sorted(row["code"] for row in parties)


def test_a_record_shows_what_the_export_says_of_it(settings, tryton):
    from ingest import read_file

    fill_sample_crm(settings)
    (firms,) = read_file(settings.inbox / "crm_firmen.xlsx")
    rows = [dict(zip(firms.columns, row, strict=True)) for row in firms.rows]
    company = next(row for row in rows if all(row.values()))
    domain = [["party.code", "=", company["Firmen-ID"]]]
    (address,) = search(tryton, "party.address", ["street", "postal_code", "city"], domain)
    shown = (address["street"], address["postal_code"], address["city"])
    assert shown == (company["Straße"], company["PLZ"], company["Ort"])
    (identifier,) = search(tryton, "party.identifier", ["code"], domain)
    assert identifier["code"] == company["USt-IdNr."]
    contacts = search(tryton, "party.contact_mechanism", ["type", "value", "name"], domain)
    own = {(row["type"], row["value"]) for row in contacts if not row["name"]}
    assert own == {
        ("phone", company["Telefon"]), ("email", company["E-Mail"]),
        ("website", company["Webseite"]),
    }  # fmt: skip
    deals = read_file(settings.inbox / "crm_deals.xlsx")[0]
    deal = dict(zip(deals.columns, deals.rows[-1], strict=True))
    fields = ["description", "amount", "party.code", "employee.rec_name", "reifegrad_stage"]
    (row,) = search(tryton, "sale.opportunity", fields, [["number", "=", deal["Deal-ID"]]])
    assert row["description"] == deal["Titel"]
    assert float(row["amount"]["decimal"]) == float(deal["Betrag"])
    assert row["employee."]["rec_name"] == deal["Verantwortlich"]
    assert row["reifegrad_stage"] == deal["Phase"]
    states = search(tryton, "sale.opportunity", ["state"], [])
    assert {one["state"] for one in states} == {"lead", "opportunity", "won", "lost"}


def test_the_sample_goes_into_no_crm_that_people_use_and_no_company_gets_its_customers(
    settings, tryton, tmp_path
):
    tryton._rpc.call("model.party.party.create", [{"name": "A customer of somebody's own"}])
    with pytest.raises(CrmError, match=r"delete .*crm, so that it begins anew"):
        fill_sample_crm(settings)
    url = f"http://127.0.0.1:{settings.crm_port}"
    assert fill_sample_crm(settings.model_copy(update={"crm_url": url})) is None
    assert len(search(tryton, "party.party", ["code"], [])) == 2
    (settings.home / "truth" / "crm_since_export.csv").unlink()
    assert not is_due(settings)  # a company of its own has no truth beside its files
    assert fill_sample_crm(settings) is None
