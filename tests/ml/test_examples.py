"""The example of a whole score runs on any company's marts, by rules and by a model."""

import ml
from config import PROJECT_ROOT
from ml.rules import points
from warehouse import open_warehouse

SECOND_ORDER = PROJECT_ROOT / "models/examples/second_order.yml"


def test_the_second_order_is_counted_within_its_horizon_only(marts):
    from datetime import date, timedelta

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
