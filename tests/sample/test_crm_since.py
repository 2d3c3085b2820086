"""What people did in the sample's CRM after its export: only what can have happened there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sample import make_company
from tests.sample.conftest import Made
from tests.sample.test_company import read_source, truth


def test_what_happened_after_the_export_fits_its_records(company: Made) -> None:
    events: dict[str, list[dict[str, str]]] = {}
    for row in truth(company, "crm_since_export.csv"):
        events.setdefault(row["event"], []).append(row)
    assert set(events) == {"merged", "deleted", "archived", "entered"}
    who = {(r["source"], r["key"]): r["customer"] for r in truth(company, "identities.csv")}
    there = {row["Firmen-ID"] for row in read_source("crm_companies", company.inbox)}
    firms = [who["crm_companies", key] for key in there]
    for row in events["merged"]:
        assert row["company_id"] != row["into"]
        assert who["crm_companies", row["company_id"]] == who["crm_companies", row["into"]]
    with_deals = {row["Firmen-ID"] for row in read_source("crm_deals", company.inbox)}
    customers = {row["customer"] for row in truth(company, "customers.csv") if row["customer_no"]}
    gone = [row["company_id"] for row in events["deleted"] + events["archived"]]
    assert len(set(gone)) == len(gone)
    for key in gone:
        assert key in there - with_deals
        assert firms.count(who["crm_companies", key]) == 1
        assert who["crm_companies", key] in customers
    vat_ids = {row["USt-IdNr"] for row in read_source("erp_customers", company.inbox)}
    known_to_crm = {row["USt-IdNr."] for row in read_source("crm_companies", company.inbox)}
    for row in events["entered"]:
        assert row["company_id"] not in there
        assert row["vat_id"] in vat_ids - known_to_crm


def test_a_company_with_one_customer_may_have_lived_without_any_of_it(tmp_path: Path) -> None:
    made = make_company(tmp_path / "inbox", tmp_path / "truth", 1, 6, until=date(2026, 3, 31))
    rows = truth(Made(tmp_path / "inbox", tmp_path / "truth", made), "crm_since_export.csv")
    assert len(rows) <= 4
