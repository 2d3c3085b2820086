"""A plant builder's files, as programs write them that the sample company does not use."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from config import PROJECT_ROOT, Settings
from reifegrad.start import start

MAKE = PROJECT_ROOT / "examples" / "other_programs" / "make_files.py"
UNTIL = date(2026, 3, 31)


def make(folder: Path, *more: str) -> dict[str, int]:
    """Run the generator; return what it says it wrote."""
    command = [sys.executable, str(MAKE), str(folder), "--until", UNTIL.isoformat(), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = (line.rpartition(": ") for line in done.stdout.splitlines())
    return {what: int(count) for what, _, count in lines}


def rows(folder: Path, pattern: str, encoding: str = "utf-8-sig", sep: str = ","):
    paths = sorted(folder.glob(pattern))
    assert paths, pattern
    return [
        row
        for path in paths
        for row in csv.DictReader(path.open(encoding=encoding, newline=""), delimiter=sep)
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("other") / "files"
    return folder, make(folder)


@pytest.fixture(scope="module")
def begun(made, tmp_path_factory):
    folder, _ = made
    home = Settings(home=tmp_path_factory.mktemp("home"))
    return {shown.source: shown for shown in start(home, folder, "Lindner Anlagenbau").previews}


def test_the_same_seed_gives_the_same_bytes_and_another_one_other_orders(made, tmp_path):
    folder, _ = made
    make(tmp_path / "again")
    make(tmp_path / "other", "--seed", "8")
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(path.name for path in (tmp_path / "again").iterdir())
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name
    orders = f"Verkaufsbelege_{UNTIL.year}.csv"
    assert (folder / orders).read_bytes() != (tmp_path / "other" / orders).read_bytes()


def test_the_truth_it_prints_is_in_the_files(made):
    folder, truth = made
    lines = rows(folder, "Verkaufsbelege_*.csv", "cp1252", ";")
    customers = {row["Kto"] for row in rows(folder, "Kunden.csv", "cp1252", ";")}
    companies = rows(folder, "hubspot*companies*.csv")
    assert truth["customers"] == len(customers) == 120
    assert {line["A0Empfaenger"] for line in lines} == customers
    assert truth["orders"] == len({line["Belegnummer"] for line in lines})
    assert truth["order lines"] == len(lines)
    assert truth["crm companies"] == len(companies)
    numbers = {row["ERP customer number"] for row in companies} - {""}
    assert numbers < customers and truth["numbers in crm"] == len(numbers)
    assert truth["contacts"] == len(rows(folder, "hubspot*contacts*.csv"))
    assert truth["deals"] == len(rows(folder, "hubspot*deals*.csv"))
    assert truth["subscribed"] == len(rows(folder, "subscribed*.csv"))
    assert truth["unsubscribed"] == len(rows(folder, "unsubscribed*.csv"))
    assert truth["activities"] == len(rows(folder, "mailchimp*.csv"))


def test_it_is_project_business_of_three_years(made):
    folder, _ = made
    lines = rows(folder, "Verkaufsbelege_*.csv", "cp1252", ";")
    days = {tuple(reversed(line["Belegdatum"].split("."))) for line in lines}
    assert min(days) >= ("2023", "04", "01") and max(days) <= ("2026", "03", "31")
    orders: dict[str, set[str]] = {}
    for line in lines:
        orders.setdefault(line["A0Empfaenger"], set()).add(line["Belegnummer"])
    counts = sorted(map(len, orders.values()))
    assert counts.count(3) >= 40  # one each year
    assert counts[len(counts) // 2] <= 3 and counts[-6] >= 18  # and a few big ones


def test_every_file_is_read_and_the_crm_is_tied_together(begun, made):
    _, truth = made
    counted = {source: shown.rows for source, shown in begun.items()}
    assert counted["kunden"] == truth["customers"]
    assert counted["verkaufsbelege"] == truth["order lines"]
    assert counted["hubspot_crm_exports_all_companies"] == truth["crm companies"]
    for source, what in (("contacts", "contacts"), ("deals", "deals")):
        shown = begun[f"hubspot_crm_exports_all_{source}"]
        assert shown.rows == shown.with_customer == truth[what]
    companies = begun["hubspot_crm_exports_all_companies"]
    assert {"name", "website", "customer_no"} <= {column.name for column in companies.columns}
    activity = begun["mailchimp_email_activity"]
    assert activity.entity == "interaction" and activity.rows == truth["activities"]


def test_every_order_finds_its_customer_by_the_values_whatever_the_headers_say(begun, made):
    """Nobody knows the words `Kto` and `A0Empfaenger`; the orders' values are the customers'."""
    orders = begun["verkaufsbelege"]
    assert begun["kunden"].key == ("Kto",)
    assert orders.with_customer == orders.rows == made[1]["order lines"]


def test_won_and_lost_stand_in_the_stage(begun):
    deals = {c.name: c for c in begun["hubspot_crm_exports_all_deals"].columns}
    assert deals["outcome"].origin == deals["stage"].origin == "Deal Stage"
    assert set(deals["outcome"].values) <= {"won", "lost", "open"}


def test_who_gets_the_newsletter_and_who_does_not_stands_in_the_files_names(begun):
    for name, granted in (("subscribed", "true"), ("unsubscribed", "false")):
        (shown,) = [s for source, s in begun.items() if source.startswith(f"{name}_members")]
        assert shown.entity == "consent"
        assert {c.name: c.values[0] for c in shown.columns}["is_granted"] == granted
