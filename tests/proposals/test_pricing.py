"""Prices beside a lead: what people read at each stage, in both languages."""

from __future__ import annotations

import pytest
import yaml

from config import PROJECT_ROOT
from proposals import propose

SHIPPED = PROJECT_ROOT / "proposals/pricing.yml"
COLUMNS = {
    "offer_line_id": "'o:1'", "lead_id": "'l:1'", "customer_id": "'c1'",
    "offered_on": "date '2026-11-02'", "sku": "'X'", "product_name": "'Kupplung KK 40'",
    "unit": "'Stk'", "quantity": "12.0", "price": "30.5", "list_price": "33.0",
    "basis": "'bracket'", "quantity_from": "10", "quantity_below": "20",
    "segment": "cast(null as varchar)", "low": "28.0", "median": "30.0", "high": "32.5",
    "prices": "24", "customers": "14", "last_on": "date '2026-10-30'", "last_price": "29.9",
    "last_quantity": "10.0", "last_price_on": "date '2026-03-01'", "price_before": "29.0",
    "price_now": "30.25", "price_change": "0.04", "quantity_change": "-0.125", "competitors": "1",
    "competitor_price": "27.5", "competitor": "'Vortek'",
    "competitor_seen_on": "date '2026-09-09'", "competitors_stale": "1",
    "competitor_prices_uncompared": "2",
}  # fmt: skip
NOTHING = {
    name: f"cast(null as {kind})"
    for kind, names in {
        "double": "price list_price low median high last_price last_quantity price_before price_now"
        " price_change quantity_change competitor_price quantity",
        "date": "offered_on last_on last_price_on competitor_seen_on",
        "varchar": "basis unit competitor",
        "integer": "quantity_from quantity_below",
    }.items()
    for name in names.split()
} | dict.fromkeys(("prices", "customers"), "cast(null as bigint)")
NOTHING |= dict.fromkeys(("competitors", "competitors_stale", "competitor_prices_uncompared"), "0")


@pytest.fixture
def offered(firm):
    (firm.settings.proposals / "mails.yml").unlink()
    firm.use("pricing", yaml.safe_load(SHIPPED.read_text(encoding="utf-8")))
    firm.customer("c1")
    firm.sql("create or replace table marts.leads as select 'l:1' as lead_id, 'Linie 3' as title")
    firm.sql(
        "create or replace table marts.scores as select 'lead' as score, 'l:1' as entity_id,"
        " 0.34 as probability"
    )

    def offered_(stage, **other):
        columns = COLUMNS | other
        listed = ", ".join(f"{value} as {name}" for name, value in columns.items())
        firm.sql(f"create or replace table marts.price_hints as select {listed}")
        firm.stage(stage, "pricing")
        results = propose(firm.settings)
        return results, firm.sql(
            "select title_de, reason_de, title_en, reason_en, lead_id from ops.proposals"
        )

    return offered_


def test_at_stage_1_price_and_demand_against_last_year(offered):
    _, ((title_de, reason_de, title_en, reason_en, lead),) = offered(1)
    assert (title_de, title_en) == (
        "Preise Kupplung KK 40, 12 Stk",
        "Prices of Kupplung KK 40, 12 Stk",
    )
    assert lead == "l:1"
    for told in ("Liste 33 €", "vor einem Jahr 29 €", "Nachfrage -12 %",
                 "ab 27,50 € (Vortek, 09.09.2026)", "1 Wettbewerber sind älter",
                 "2 Wettbewerbspreise in anderer Währung"):  # fmt: skip
        assert told in reason_de
    assert "Competitors from 27.50 € (Vortek, 09 Sep 2026)" in reason_en
    assert "Üblich" not in reason_de


@pytest.mark.parametrize(
    ("basis", "told"),
    [
        ("segment", "10 bis unter 20, Bau"),
        ("bracket", "10 bis unter 20, alle Branchen"),
        ("article", "alle Mengen: für diese Menge gibt es zu wenige"),
        ("group", "vom Artikel gibt es zu wenige"),
    ],
)
def test_at_stage_2_the_corridor_says_what_it_rests_on(offered, basis, told):
    _, ((_, reason, _, english, _),) = offered(2, basis=f"'{basis}'", segment="'Bau'")
    assert "Üblich 28 bis 32,50 €, Mitte 30 € (24 Preise von 14 Kunden, " in reason
    assert told in reason
    assert "neuester 30.10.2026" in reason
    assert "Usual 28 to 32.50 €, median 30 €" in english
    assert "Dieser Kunde" not in reason
    assert "Gewinnchance" not in reason


def test_at_stage_3_the_customers_last_price_and_the_chance_to_win(offered):
    _, ((_, reason, _, english, _),) = offered(3)
    assert "Dieser Kunde zahlte zuletzt 29,90 € (01.03.2026, 10 Stk)" in reason
    assert "Gewinnchance des Leads 34 %" in reason
    assert "Chance to win the lead 34%" in english


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_what_is_not_known_leaves_no_gap_and_nothing_at_all_no_hint(offered, stage):
    (result,), rows = offered(stage, **NOTHING, segment="cast(null as varchar)")
    assert (result.new, rows) == (0, [])
    _, ((_, reason, _, english, _),) = offered(stage, **NOTHING | {"list_price": "5.0"})
    assert "Liste 5 €." in reason
    assert "None" not in reason + english
    if stage > 1:
        assert "Zu wenige vergleichbare Preise" in reason


def test_no_text_names_a_salesperson():
    text = SHIPPED.read_text(encoding="utf-8")
    assert "owner" not in text
    assert "account_manager" not in text
