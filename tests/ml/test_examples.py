"""The example of a whole score runs on any company's marts, by rules and by a model."""

import re

import pytest

import ml
from config import PROJECT_ROOT
from ml.checking import check_spec
from ml.rules import points
from warehouse import open_warehouse

SECOND_ORDER = PROJECT_ROOT / "models/examples/second_order.yml"


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
