"""The example of a whole score runs on any company's marts, by rules and by a model."""

import re
from datetime import date, timedelta

import pytest

import ml
from config import PROJECT_ROOT
from ml.checking import check_spec
from ml.rules import points
from warehouse import open_warehouse

SECOND_ORDER = PROJECT_ROOT / "models/examples/second_order.yml"
RENEWAL = PROJECT_ROOT / "models/examples/contract_renewal.yml"


SHIPPED = sorted(
    path
    for pattern in ("models/*.yml", "models/examples/*.yml", "examples/*/models/*.yml")
    for path in PROJECT_ROOT.glob(pattern)
)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_no_sentence_speaks_of_one_days(path):
    """After a number that may be 1 the word has both forms: `{days} {days:day|days}`."""
    plain = r"\{\w+(?::0)?\} (?:Tagen?|days|Bestellungen|orders|times)\b"
    assert re.findall(plain, path.read_text(encoding="utf-8")) == []


def test_the_example_of_a_whole_score_says_what_it_is_worth_and_when_each_sentence_holds(firm):
    spec = ml.load_spec(SECOND_ORDER)
    assert spec.worth and spec.meaning and "{points}" in spec.meaning.de
    for feature in spec.inputs.values():
        texts = (*feature.reasons.up, *feature.reasons.down)
        assert feature.name == "first_lines" or all(text.when for text in texts), feature.name
    found = check_spec(firm, SECOND_ORDER)
    assert [one.says for one in found if one.level == "error"] == []


def test_the_second_order_is_counted_within_its_horizon_only(marts):
    begin = date(2024, 1, 1)
    marts.execute("insert into marts.customers values"
                  " ('soon', 'A', null, null, null, false), ('late', 'B', null, null, null, false),"
                  " ('often', 'C', null, null, null, false)")  # fmt: skip
    orders = {"soon": (0, 100), "late": (0, 300), "often": (-200, -100, 0, 50)}
    for customer, days in orders.items():
        for day in days:
            on = begin + timedelta(days=120 + day)
            marts.execute("insert into marts.orders values (?, ?, '', ?, ?, ?, 0, 100, 1, false)",
                          [f"{customer}{day}", customer, on, on, on])  # fmt: skip
    frame = ml.training_frame(marts, ml.load_spec(SECOND_ORDER), date(2025, 6, 1))
    again = frame.groupby("entity_id").orders_again.max().to_dict()
    assert again["soon"] == 1
    assert "late" not in again or again["late"] == 0
    first = frame[frame.entity_id == "often"]
    assert first.empty or (first.cutoff < "2024-01-22").all()  # before its own second order


def test_it_scores_by_rules_on_the_tiny_firm(firm):
    spec = ml.load_spec(SECOND_ORDER)
    with open_warehouse(firm) as connection:
        frame = ml.scoring_frame(connection, spec, firm.night)
        known = ml.training_frame(connection, spec, firm.night)
    assert set(points(known, spec, 1)) <= {25, 40, 50}
    assert set(frame.columns) >= set(spec.features)


@pytest.fixture
def contracts(marts):
    """Yearly contracts: one renewed on the day, one three weeks late, one not, one cancelled."""
    marts.execute(
        "create table marts.order_lines (order_line_id varchar, customer_id varchar,"
        " product_name varchar, ordered_on date, net_amount double, is_cancelled boolean)"
    )
    begin, cancelled = date(2023, 3, 1), {"undone": 2}
    bills = {
        "true": (0, 365, 730),
        "late": (0, 386, 751),
        "gone": (0, 365),
        "undone": (0, 365, 730),
    }
    for customer, days in bills.items():
        marts.execute(
            "insert into marts.customers values (?, ?, null, null, null, false)",
            [customer, customer],
        )
        for number, day in enumerate(days):
            for product, amount in (("Wartungsvertrag Presse", 900.0 + number), ("Dichtung", 7.0)):
                marts.execute(
                    "insert into marts.order_lines values (?, ?, ?, ?, ?, ?)",
                    [f"{customer}{day}{product}", customer, product, begin + timedelta(day), amount,
                     number == cancelled.get(customer)],
                )  # fmt: skip
    # the clock runs on, and spare parts are no contract
    marts.execute(
        "insert into marts.order_lines values ('x', 'gone', 'Dichtung', '2025-12-30', 7, false)"
    )
    return marts


def test_a_contract_that_is_due_is_renewed_by_its_next_invoice_or_not(contracts):
    frame = ml.training_frame(contracts, ml.load_spec(RENEWAL), date(2026, 1, 1))
    second = frame[frame.cutoff > "2024-11-01"].groupby("entity_id").is_not_renewed
    assert second.max().to_dict() == {"true": 0, "late": 0, "gone": 1, "undone": 1}
    assert second.min().to_dict() == second.max().to_dict()
    assert frame.days_to_end.between(0, 89).all()
    assert set(frame.contract_amount) <= {900.0, 901.0}


def test_who_is_scored_has_a_contract_that_ends_within_90_days(contracts):
    spec = ml.load_spec(RENEWAL)
    # billed for the last time on 28 February and 21 March 2025, seen from 31 December
    frame = ml.scoring_frame(contracts, spec, date(2026, 1, 1)).set_index("entity_id")
    assert frame.days_to_end.astype(int).to_dict() == {"true": 59, "late": 80}
    assert frame.price_change.round(4).to_dict() == {"true": 0.0011, "late": 0.0011}
