"""Offers, people of deals and competitors' prices: consistent with the rest, and apart from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

import sample.world
from config.settings import read_yaml
from sample import make_company
from tests.sample.conftest import UNTIL, Made
from tests.sample.test_company import read

LINES, PEOPLE = "erp_angebotspositionen.csv", "crm_deal_kontakte.xlsx"
PRICES, ARTICLES = "wettbewerbspreise.xlsx", "erp_artikel.csv"
OWN = {LINES, PEOPLE, PRICES, "defects.csv"}


def number(text: str) -> float:
    return float(text.replace(".", "").replace(",", ".") if "," in text else text)


def test_other_offers_change_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def bytes_of(folder: str) -> dict[str, bytes]:
        home = tmp_path / folder
        make_company(home / "inbox", home / "truth", 12, 8, 1, UNTIL)
        return {p.name: p.read_bytes() for p in sorted(home.glob("*/*"))}

    def changed(path: Path) -> Mapping[str, Any]:
        content: dict[str, Any] = read_yaml(path)
        if "offers" in content:
            content["offers"] |= {"more_lines": 3.0, "competitors": {"seen": 2, "spread": 0.2}}
            content["offers"]["takes_part"]["usual"] = 0.9
        return content

    before = bytes_of("a")
    monkeypatch.setattr(sample.world, "read_yaml", changed)
    after = bytes_of("b")
    assert {name for name in before if before[name] != after[name]} == OWN


def test_offers_add_up_to_about_the_deal_and_won_ones_have_more_off(company: Made) -> None:
    deals = {row["Deal-ID"]: row for row in read(company.inbox / "crm_deals.xlsx", "Deals")}
    lines = [row for row in read(company.inbox / LINES) if row["Angebot"]]
    amounts: dict[str, float] = {}
    off: dict[str, list[float]] = {}
    for row in lines:
        if row["Nettowert"] and row["Deal-ID"]:
            net = number(row["Nettowert"])
            amounts[row["Deal-ID"]] = amounts.get(row["Deal-ID"], 0) + net
            rate = 1 - net / number(row["Einzelpreis"]) / int(row["Menge"])
            assert rate * 100 == pytest.approx(number(row["Rabatt %"]), abs=0.1)
            off.setdefault(deals[row["Deal-ID"]]["Status"], []).append(rate)
    shares = sorted(amount / number(deals[deal]["Betrag"]) for deal, amount in amounts.items())
    assert 0.8 < shares[len(shares) // 2] < 1.05
    assert 0.005 < fmean(off["Gewonnen"]) - fmean(off["Verloren"]) < 0.05
    assert any(row["Einzelpreis"] == "auf Anfrage" for row in lines)
    assert any(not row["Deal-ID"] for row in lines)


def test_the_deal_s_contact_takes_part_wherever_the_crm_knows_it(company: Made) -> None:
    rows = read(company.inbox / PEOPLE)
    assert len({(row["Deal-ID"], row["Kontakt-ID"]) for row in rows}) == len(rows)
    known = {row["Kontakt-ID"] for row in read(company.inbox / "crm_kontakte.xlsx")}
    assert {row["Kontakt-ID"] for row in rows} <= known
    main = {row["Deal-ID"] for row in read(company.inbox / "crm_deals.xlsx", "Deals")}
    assert len({row["Deal-ID"] for row in rows}) > 0.85 * len(main)
    assert {row["Rolle im Projekt"] for row in rows} >= {"Entscheider", "Einkäufer", ""}


def test_list_prices_are_today_s_and_competitors_ask_about_as_much(company: Made) -> None:
    listed = {row["ArtNr"]: row for row in read(company.inbox / ARTICLES)}
    for row in listed.values():
        if row["EK netto"]:
            assert 0.45 < number(row["EK netto"]) / number(row["Listenpreis"]) < 0.8
    ratios = [
        number(row["Preis"]) / number(listed[row["Unsere ArtNr"]]["Listenpreis"])
        for row in read(company.inbox / PRICES)
        if row["Währung"] != "CHF" and row["Einheit"] == "Stk" and row["Preis"][0].isdigit()
        and "€" not in row["Preis"]
    ]  # fmt: skip
    assert 0.85 < fmean(ratios) < 1.1
