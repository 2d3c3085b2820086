"""Labels of customers with irregular orders, each over a horizon of its own."""

from datetime import date, timedelta

import pytest

import ml
from config import PROJECT_ROOT
from ml.features.frames import scoring_frame, training_frame
from ml.specs.files import load_spec

NIGHT = date(2025, 7, 1)
CHURN = load_spec(PROJECT_ROOT / "models/churn.yml")


def with_own(horizon):
    snapshots = CHURN.snapshots.model_copy(update={"own_horizon": horizon})
    return CHURN.model_copy(update={"snapshots": snapshots})


@pytest.fixture
def firm_of_two(marts):
    """One orders every 10 days until the night, one every 100."""
    for name, gap in (("often", 10), ("seldom", 100)):
        marts.execute("insert into marts.customers values (?, '', '', 5, null, false)", [name])
        for number in range(1000 // gap):
            day = NIGHT - timedelta(days=1 + number * gap)
            marts.execute(
                "insert into marts.orders by name select ? as order_id, ? as customer_id,"
                " ? as ordered_on, 1.0 as net_amount, false as is_cancelled",
                [f"{name}{number}", name, day],
            )
    return marts


def test_several_times_the_own_gap_must_pass_before_silence_counts(firm_of_two):
    today = training_frame(firm_of_two, CHURN, NIGHT)
    own = training_frame(firm_of_two, with_own("2 * usual_gap_days"), NIGHT)
    assert today.groupby("entity_id").is_silent.max().to_dict() == {"often": 0, "seldom": 1}
    assert own.groupby("entity_id").is_silent.max().to_dict() == {"often": 0, "seldom": 0}


def test_a_label_that_cannot_be_known_yet_is_left_out_whatever_came_so_far(firm_of_two):
    own = training_frame(firm_of_two, with_own("3 * usual_gap_days"), NIGHT)
    last = own.groupby("entity_id").cutoff.max().dt.date
    assert last["often"] == NIGHT - timedelta(days=90)
    assert last["seldom"] <= NIGHT - timedelta(days=300)


def test_without_a_rhythm_the_common_horizon_holds(firm_of_two):
    firm_of_two.execute("delete from marts.orders where customer_id = 'seldom'"
                        " and ordered_on > '2025-01-01'")  # fmt: skip
    own = training_frame(firm_of_two, with_own("case when false then 1 end"), NIGHT)
    assert own.drop(columns="is_silent").equals(
        training_frame(firm_of_two, CHURN, NIGHT).drop(columns="is_silent")
    )
    assert len(scoring_frame(firm_of_two, with_own("usual_gap_days"), NIGHT)) == 2


def test_a_wrong_horizon_is_named(firm_of_two):
    with pytest.raises(ml.SpecError, match=r"churn\.yml.*snapshots\.own_horizon.*usual_gpa"):
        training_frame(firm_of_two, with_own("2 * usual_gpa"), NIGHT)


LEAD = load_spec(PROJECT_ROOT / "models/lead.yml")


def add_lead(marts, name, created, closed=None):
    marts.execute(
        "insert into marts.leads by name select ? as lead_id, ? as customer_id, ? as outcome,"
        " ?::date as created_on, ?::date as closed_on",
        [name, name, "won" if closed else "open", created, closed],
    )


def add_visit(marts, name, on):
    marts.execute(
        "insert into marts.interactions by name select ? as interaction_id, ? as customer_id,"
        " 'web_visit' as kind, ?::timestamp as occurred_at",
        [f"{name}{on}", name, on],
    )


@pytest.fixture
def old_leads(marts):
    """Two leads that nobody ever closed, one with a visit in May 2025, and one as clock."""
    for name in ("dead", "alive", "clock"):
        marts.execute("insert into marts.customers values (?, '', '', 5, null, false)", [name])
    add_lead(marts, "dead", "2023-01-01")
    add_lead(marts, "alive", "2023-01-01")
    add_visit(marts, "alive", "2025-05-01")
    add_lead(marts, "clock", NIGHT - timedelta(days=1))
    add_lead(marts, "clock2", NIGHT - timedelta(days=800), NIGHT - timedelta(days=790))
    return marts


def days_learnt(marts, lead):
    frame = training_frame(marts, LEAD, NIGHT)
    return set(frame[frame.entity_id == lead].cutoff.dt.date)


def test_a_lead_that_nobody_closes_counts_as_lost_after_a_year_without_activity(old_leads):
    days = days_learnt(old_leads, "dead")
    assert days, "while it was young it belongs to what is learnt from"
    assert max(days) <= date(2024, 1, 1), "it was open for more than a year"
    frame = training_frame(old_leads, LEAD, NIGHT)
    assert set(frame[frame.entity_id == "dead"].is_won) == {0}
    tonight = scoring_frame(old_leads, LEAD, NIGHT)
    assert set(tonight.entity_id) == {"alive", "clock"}
    assert tonight.attrs["settled"] == 1


def test_what_happens_later_wakes_no_lead_in_the_past(old_leads):
    before = days_learnt(old_leads, "dead")
    old_leads.execute("update marts.leads set outcome = 'won', closed_on = date '2025-06-20'"
                      " where lead_id = 'dead'")  # fmt: skip
    add_visit(old_leads, "dead", "2025-06-10")
    assert days_learnt(old_leads, "dead") == before


def test_a_wrong_condition_for_settled_leads_is_named(old_leads):
    snapshots = LEAD.snapshots.model_copy(update={"settled": "days_quite > 180"})
    wrong = LEAD.model_copy(update={"snapshots": snapshots})
    for frame_of in (training_frame, scoring_frame):
        with pytest.raises(ml.SpecError, match=r"lead\.yml.*snapshots\.settled.*days_quite"):
            frame_of(old_leads, wrong, NIGHT)
