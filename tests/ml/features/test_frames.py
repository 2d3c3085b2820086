"""Features and labels at a point in time, on marts made by hand."""

from datetime import date, timedelta

import pytest

from config import PROJECT_ROOT
from ml.features.frames import scoring_frame, training_frame
from ml.features.table import NotEnoughDataError
from ml.specs.files import load_spec
from ml.specs.spec import SpecError
from warehouse import open_warehouse

NIGHT = date(2025, 7, 1)
CHURN = load_spec(PROJECT_ROOT / "models/churn.yml")
LEAD = load_spec(PROJECT_ROOT / "models/lead.yml")


@pytest.fixture
def shop(marts):
    """One customer orders every 20 days until 2025 and then no more; another goes on."""
    marts.execute("insert into marts.customers values ('A', 'A', 'x', 5, null, false),"
                  " ('B', 'B', 'x', 5, null, false)")  # fmt: skip
    for customer, until in (("A", date(2025, 1, 1)), ("B", NIGHT)):
        day = date(2023, 6, 1)
        while day < until:
            order(marts, customer, day)
            day += timedelta(days=20)
    return marts


def order(connection, customer, day, delivered=None, days_late=0, cancelled=False):
    connection.execute(
        "insert into marts.orders values (?, ?, '', ?, ?, ?, ?, 100, 1, ?)",
        [f"{customer}{day}", customer, day, day, delivered or day, days_late, cancelled],
    )


def features_at(frame, entity, cutoff):
    rows = frame[(frame.entity_id == entity) & (frame.cutoff.dt.date == cutoff)]
    return rows.iloc[0] if len(rows) else None


def test_features_are_those_of_the_night(shop):
    frame = scoring_frame(shop, CHURN, NIGHT).set_index("entity_id")
    last = date(2023, 6, 1) + timedelta(days=20 * 28)
    assert frame.loc["A", "days_silent"] == (NIGHT - last).days
    assert frame.loc["A", "usual_gap_days"] == 20
    assert frame.loc["A", "silence_ratio"] == (NIGHT - last).days / 20
    assert frame.loc["B", "orders_quarter"] == 5
    assert frame.loc["B", "complaints"] == 0


@pytest.mark.parametrize("kind", ["order", "ticket", "visit", "contact"])
def test_nothing_of_the_cutoff_day_or_later_reaches_a_feature(shop, kind):
    before = training_frame(shop, CHURN, NIGHT)
    cutoff = before.cutoff.max().date()
    for day in (cutoff, cutoff + timedelta(days=40)):
        if kind == "order":
            order(shop, "A", day)
        elif kind == "ticket":
            shop.execute("insert into marts.tickets values ('t', 'A', ?, null, true)", [day])
        elif kind == "visit":
            shop.execute(
                "insert into marts.interactions values ('i', 'A', null, 'web_visit', ?)", [day]
            )
        else:
            shop.execute("insert into marts.contacts values ('c', 'A', false, ?)", [day])
    after = training_frame(shop, CHURN, NIGHT)
    names = list(CHURN.features)
    old, new = (features_at(frame, "A", cutoff)[names] for frame in (before, after))
    assert old.equals(new)
    # The row does count where it may: for the label, or for the night's features.
    night = scoring_frame(shop, CHURN, NIGHT).set_index("entity_id").loc["A"]
    if kind == "order":
        assert features_at(before, "A", cutoff)["is_silent"] == 1
        assert features_at(after, "A", cutoff)["is_silent"] == 0
    counted = {"ticket": "complaints", "visit": "engagement_quarter", "contact": "contacts_lost"}
    if kind in counted:
        assert night[counted[kind]] > 0


def test_a_delay_is_known_on_the_day_of_delivery_not_of_the_order(shop):
    cutoff = training_frame(shop, CHURN, NIGHT).cutoff.max().date()
    order(shop, "A", cutoff - timedelta(days=5), cutoff + timedelta(days=3), days_late=30)
    frame = training_frame(shop, CHURN, NIGHT)
    assert features_at(frame, "A", cutoff)["days_late"] == 0
    shop.execute("update marts.orders set delivered_on = ? where days_late = 30",
                 [cutoff - timedelta(days=1)])  # fmt: skip
    frame = training_frame(shop, CHURN, NIGHT)
    assert features_at(frame, "A", cutoff)["days_late"] == 30


def test_the_label_is_silence_within_the_horizon(shop):
    frame = training_frame(shop, CHURN, NIGHT)
    silent = frame[frame.is_silent == 1]
    assert set(silent.entity_id) == {"A"}
    assert silent.cutoff.min().date() > date(2024, 12, 1)


def test_no_label_looks_beyond_the_data_or_the_night(shop):
    frame = training_frame(shop, CHURN, NIGHT)
    assert frame.cutoff.max().date() + timedelta(days=90) <= NIGHT
    later = training_frame(shop, CHURN, NIGHT + timedelta(days=3000))
    assert later.cutoff.max() <= frame.cutoff.max() + timedelta(days=20)


def test_a_date_in_the_future_moves_nothing(shop):
    before = training_frame(shop, CHURN, NIGHT)
    order(shop, "B", date(2099, 1, 1))
    assert training_frame(shop, CHURN, NIGHT).equals(before)


def test_who_objected_to_profiling_is_in_no_frame(shop):
    shop.execute("update marts.customers set has_objected_to_profiling = true"
                 " where customer_id = 'A'")  # fmt: skip
    assert set(training_frame(shop, CHURN, NIGHT).entity_id) == {"B"}
    assert set(scoring_frame(shop, CHURN, NIGHT).entity_id) == {"B"}


def test_a_short_history_says_what_is_missing(marts):
    order(marts, "A", date(2025, 4, 30))
    order(marts, "A", NIGHT - timedelta(days=1))
    with pytest.raises(NotEnoughDataError, match=r"62 days.*270"):
        training_frame(marts, CHURN, NIGHT)


def lead(connection, key, created, outcome, closed=None, customer="A"):
    connection.execute(
        "insert into marts.leads values (?, ?, '', 'x', ?, 10, 'Messe', ?, ?, '', '', 'x', 5, "
        "map {})", [key, customer, outcome, created, closed],
    )  # fmt: skip


@pytest.fixture
def desk(marts):
    """Leads that were won, lost, are open, or were created without a date."""
    marts.execute("insert into marts.customers values ('A', 'A', 'x', 5, null, false)")
    lead(marts, "early", date(2024, 1, 1), "lost", date(2024, 1, 20))
    lead(marts, "won", date(2024, 6, 1), "won", date(2024, 7, 30))
    lead(marts, "slow", date(2024, 6, 1), "won", date(2025, 6, 1))
    lead(marts, "open", date(2025, 6, 20), "open")
    lead(marts, "undated", None, "open")
    return marts


def test_a_lead_is_learnt_from_only_while_it_was_open(desk):
    frame = training_frame(desk, LEAD, NIGHT)
    won = frame[frame.entity_id == "won"]
    assert (won.cutoff.dt.date > date(2024, 6, 1)).all()
    assert (won.cutoff.dt.date <= date(2024, 7, 30)).all()
    assert (won.is_won == 1).all()
    slow = frame[frame.entity_id == "slow"].set_index("cutoff")
    assert slow.is_won.loc[:"2025-01-01"].sum() == 0
    assert slow.is_won.loc["2025-02-15":].all()


def test_every_open_lead_is_scored_and_no_other(desk):
    assert set(scoring_frame(desk, LEAD, NIGHT).entity_id) == {"open", "undated"}


def test_the_stage_is_that_of_the_day(desk):
    day = date(2024, 7, 10)
    steps = ((1, "Anfrage", date(2024, 6, 1)), (3, "Angebot", day), (2, "Gespräch", day))
    for step, stage, entered_on in steps:
        desk.execute("insert into marts.lead_stages values (?, 'won', 'A', ?, ?, ?, null)",
                     [stage, stage, step, entered_on])  # fmt: skip
    won = training_frame(desk, LEAD, NIGHT).query("entity_id == 'won'").set_index("cutoff")
    assert set(won.stage_now.loc[:"2024-07-10"]) == {"Anfrage"}
    assert set(won.stage_now.loc["2024-07-11":]) == {"Angebot"}


def test_interest_before_the_enquiry_is_counted_from_the_enquiry(desk):
    for number, day in enumerate((date(2024, 3, 1), date(2024, 5, 20), date(2024, 6, 10))):
        desk.execute("insert into marts.interactions values (?, 'A', null, 'web_visit', ?)",
                     [str(number), day])  # fmt: skip
    won = training_frame(desk, LEAD, NIGHT).query("entity_id == 'won'")
    assert set(won.visits_before) == {1}


def test_a_wrong_expression_is_named_with_file_and_field(shop):
    broken = CHURN.model_copy(
        update={"features": CHURN.features | {
            "days_silent": CHURN.features["days_silent"].model_copy(update={"sql": "max(kown)"})
        }}
    )  # fmt: skip
    with pytest.raises(SpecError, match=r"churn\.yml, line \d+: features.*kown"):
        scoring_frame(shop, broken, NIGHT)


def test_a_column_of_the_future_is_named_with_the_feature_that_reads_it(shop):
    """What was promised need not be known on the day of the order: the source does not list it."""
    late = CHURN.features["orders_year"].model_copy(update={"sql": "max(promised_on - known_on)"})
    future = CHURN.model_copy(update={"features": CHURN.features | {"orders_year": late}})
    with pytest.raises(
        SpecError, match=r"churn\.yml, line \d+: features\.orders_year: promised_on .* ordered_on"
    ):
        training_frame(shop, future, NIGHT)


def test_a_mart_that_is_not_there_says_what_to_run(marts):
    marts.execute("drop table marts.tickets")
    with pytest.raises(SpecError, match="reifegrad build"):
        scoring_frame(marts, CHURN, NIGHT)


def test_too_many_rows_are_thinned_by_whole_customers(firm):
    thin = CHURN.snapshots.model_copy(update={"at_most_rows": 500})
    spec = CHURN.model_copy(update={"snapshots": thin})
    with open_warehouse(firm) as connection:
        frame, full = (training_frame(connection, which, NIGHT) for which in (spec, CHURN))
    assert 200 < len(frame) < 800 < len(full)
    for entity, rows in frame.groupby("entity_id"):
        assert len(rows) == (full.entity_id == entity).sum()


def test_a_table_without_dates_gives_a_row_per_entity(desk):
    spec = load_spec(PROJECT_ROOT / "examples/b2b_deals/models/lead.yml")
    frame = training_frame(desk, spec, NIGHT)
    assert frame.set_index("entity_id").is_won.to_dict() == {"early": 0, "won": 1, "slow": 1}
    assert set(scoring_frame(desk, spec, NIGHT).entity_id) == {"open", "undated"}
