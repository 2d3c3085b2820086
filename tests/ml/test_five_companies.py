"""Who may be called "high" at all, in five unlike companies, by the rules of stages 1 and 2."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from config import PROJECT_ROOT
from ml.features.frames import scoring_frame
from ml.reasons.explanation import rule_reasons
from ml.rules import points
from ml.specs.files import load_spec

NIGHT = date(2026, 11, 30)
SPECS = [
    load_spec(PROJECT_ROOT / path)
    for path in ("models/churn.yml", "examples/online_retail/models/churn.yml")
]
CUSTOMERS = 60


def ago(days):
    """Turn days before the night into days of orders, without those that are still to come."""
    return sorted({NIGHT - timedelta(days=int(day)) for day in days if day >= 1})


def weekly_buyers(random):
    """Everybody orders about once a week; every fourth stopped half a year ago."""
    for number in range(CUSTOMERS):
        stop = 180 if number % 4 == 0 else random.integers(1, 7)
        yield ago(stop + np.cumsum(random.integers(5, 10, 90)))


def project_business(random):
    """Ten orders within three weeks, then nothing for about a year, until the next project."""
    for _ in range(CUSTOMERS):
        starts = random.integers(20, 250) + np.arange(3) * random.integers(330, 420)
        yield ago(np.concatenate([start + random.integers(0, 21, 10) for start in starts]))


def one_order_a_year(random):
    """The yearly service contract; the last one was within the year."""
    for _ in range(CUSTOMERS):
        first = random.integers(1, 340)
        yield ago(first + np.arange(4) * 365 + random.integers(0, 20, 4))


def new_firm(random):
    """Founded three months ago: one or two orders each."""
    for _ in range(CUSTOMERS):
        yield ago(random.integers(1, 90, random.integers(1, 3)))


def dying_firm(random):
    """All ordered every two weeks; then less and less, and for five months but one nothing.

    That one shows that the orders are complete until the night: had nobody ordered, it could as
    well be the file that is missing, and scores would count from its last day and say so.
    """
    yield ago(np.arange(1, 400, 14))
    for _ in range(CUSTOMERS - 1):
        gaps = [150, 50, 40, 30, 20, *random.integers(10, 18, 30)]
        yield ago(np.cumsum(gaps))


COMPANIES = [weekly_buyers, project_business, one_order_a_year, new_firm, dying_firm]


@pytest.fixture
def score(marts):
    def run(company, spec, stage):
        orders = []
        for number, days in enumerate(company(np.random.default_rng(7))):
            marts.execute(
                f"insert into marts.customers values ('C{number}', '', '', 5, null, false)"
            )
            orders += [(f"A{number}-{i}", f"C{number}", day) for i, day in enumerate(days)]
        marts.executemany(
            "insert into marts.orders by name select ? as order_id, ? as customer_id,"
            " ? as ordered_on, 100 as net_amount, 1 as line_count, false as is_cancelled",
            orders,
        )
        frame = scoring_frame(marts, spec, NIGHT)
        frame["points"] = points(frame, spec, stage)
        frame["band"] = [spec.bands.of(value) for value in frame["points"]]
        said = rule_reasons(frame, spec, stage).to_pandas().sort_values("place")
        by_row = dict(tuple(said.groupby("row")))
        frame["reasons"] = [
            [(one.direction, one.de, one.en) for one in by_row[row].itertuples()]
            if row in by_row
            else []
            for row in range(len(frame))
        ]
        return frame

    return run


@pytest.fixture(autouse=True)
def _order_lines(marts):
    marts.execute(
        "create table marts.order_lines (customer_id varchar, sku varchar, ordered_on date,"
        " is_cancelled boolean)"
    )


@pytest.mark.parametrize("stage", [1, 2])
@pytest.mark.parametrize("spec", SPECS, ids=["ours", "online_retail"])
@pytest.mark.parametrize("company", COMPANIES, ids=lambda company: company.__name__)
def test_only_silence_beyond_the_own_rhythm_is_high(score, company, spec, stage):
    frame = score(company, spec, stage)
    high = frame[frame["band"] == "high"]
    assert (high["silence_ratio"] > 2).all()
    assert (high["days_silent"] > high["longest_gap_days"]).all()
    expected = {"weekly_buyers": CUSTOMERS // 4, "dying_firm": CUSTOMERS - 1}
    assert len(high) == expected.get(company.__name__, 0)


@pytest.mark.parametrize("stage", [1, 2])
@pytest.mark.parametrize("spec", SPECS, ids=["ours", "online_retail"])
@pytest.mark.parametrize("company", COMPANIES, ids=lambda company: company.__name__)
def test_no_reason_contradicts_the_band(score, company, spec, stage):
    for row in score(company, spec, stage).itertuples():
        up = [german for direction, german, _ in row.reasons if direction == "raises"]
        down = [german for direction, german, _ in row.reasons if direction == "lowers"]
        assert up or row.band != "high"
        if not row.silence_ratio > 1:
            assert not any("keine Bestellung" in text for text in up)
        else:
            assert not any("gewohnten Rhythmus" in text for text in down)
        if row.band == "low" and row.silence_ratio <= 1:
            assert down


def monthly_buyers(random):
    """An order every four to nine weeks: both seldom and often, by what one compares with."""
    for _ in range(CUSTOMERS):
        yield ago(random.integers(1, 30) + np.cumsum(random.integers(28, 63, 20)))


@pytest.mark.parametrize("stage", [1, 2])
@pytest.mark.parametrize("spec", SPECS, ids=["ours", "online_retail"])
def test_nobody_orders_often_and_not_often(score, spec, stage):
    said = [
        {
            language: " | ".join(reason[place] for reason in reasons)
            for place, language in enumerate("ge", start=1)
        }
        for reasons in score(monthly_buyers, spec, stage)["reasons"]
    ]
    often = [texts for texts in said if "Bestellt oft" in texts["g"]]
    assert often
    for texts in often:
        assert "nicht oft" not in texts["g"] and "selten" not in texts["g"]
        assert "not order often" not in texts["e"] and "rarely" not in texts["e"]


@pytest.mark.parametrize("spec", SPECS, ids=["ours", "online_retail"])
def test_no_order_in_a_quarter_is_not_counted_twice(spec):
    """Four orders a year, 109 days apart as usual, the last one 110 days ago: nothing is new."""
    row = pd.DataFrame([
        dict.fromkeys(spec.features, np.nan)
        | {"days_silent": 110, "usual_gap_days": 109, "longest_gap_days": 219,
           "silence_ratio": 110 / 109, "orders_year": 4, "orders_quarter": 0, "order_trend": 0.33,
           "product_count": 20}
    ])  # fmt: skip
    for stage in (1, 2):
        assert spec.bands.of(int(points(row, spec, stage)[0])) != "high"
