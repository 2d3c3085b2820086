"""Training and scoring count from the day to which the data reach, not from the night."""

from datetime import date, timedelta

import pytest

import ml
from config import PROJECT_ROOT
from ml.features.clock import find_as_of
from ml.features.frames import scoring_frame
from ml.rules import points
from ml.specs.files import load_spec
from warehouse import open_warehouse

NIGHT = date(2025, 7, 1)
CHURN = load_spec(PROJECT_ROOT / "models/churn.yml")
LEAD = load_spec(PROJECT_ROOT / "models/lead.yml")


def test_orders_that_come_30_days_late_raise_no_points(firm):
    """The same firm 30 nights later, without a newer file: nobody has become more silent."""
    with open_warehouse(firm) as connection:
        fresh, late = (
            scoring_frame(connection, CHURN, NIGHT + timedelta(days=days)) for days in (0, 30)
        )
    assert late.equals(fresh)
    assert fresh.cutoff.unique() == [late.cutoff.max()]
    assert points(late, CHURN, 2).mean() == points(fresh, CHURN, 2).mean()


def test_old_data_are_told_beside_the_scores_and_kept_with_them(firm, set_stage, read_scores):
    set_stage("churn", 2)
    with open_warehouse(firm) as connection:
        as_of = find_as_of(connection, CHURN, NIGHT)
    assert NIGHT - timedelta(days=3) <= as_of <= NIGHT
    (fresh,) = [result for result in ml.score_entities(firm) if result.score == "churn"]
    assert "as of" not in fresh.message
    later = firm.model_copy(update={"as_of": NIGHT + timedelta(days=30)})
    (late,) = [result for result in ml.score_entities(later) if result.score == "churn"]
    assert f"as of {as_of}: orders.ordered_on reaches no further" in late.message
    assert set(read_scores().as_of.dt.date) == {as_of}
    with open_warehouse(firm) as connection:
        assert ml.old_scores(later, connection) == {"churn"}


def test_a_lead_file_without_a_new_lead_is_fresh_if_a_step_is(marts):
    marts.execute(
        "insert into marts.leads by name select 'a' as lead_id, 'open' as outcome,"
        " date '2025-05-01' as created_on"
    )
    assert find_as_of(marts, LEAD, NIGHT) == date(2025, 5, 2)
    marts.execute(
        "insert into marts.lead_stages by name select 'a' as lead_id, 'Angebot' as stage,"
        " 2 as step, date '2025-06-30' as entered_on"
    )
    assert find_as_of(marts, LEAD, NIGHT) == NIGHT


def test_without_any_order_scores_count_from_the_night(marts):
    assert find_as_of(marts, CHURN, NIGHT) == NIGHT


@pytest.mark.parametrize("clock", ["orders", "orders.ordered_on.day"])
def test_a_clock_that_is_no_column_is_refused(clock):
    content = CHURN.model_dump(by_alias=True, exclude={"file"})
    content["snapshots"]["clock"] = [clock]
    with pytest.raises(ml.SpecError, match=r"snapshots\.clock"):
        load_spec(content)
