"""docs/how-to/analysts.md: the sample company answers every question as printed."""

from __future__ import annotations

import re

import duckdb
import pytest

from config import PROJECT_ROOT, Settings
from ml.features.frames import scoring_frame
from ml.specs.files import load_spec
from tests.warehouse.analysts_page import PAGE, QUESTION, answered, publish_sample
from warehouse import document, open_warehouse

pytestmark = pytest.mark.night


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return publish_sample(tmp_path_factory.mktemp("analysts") / "home")


def test_the_questions_are_answered_as_printed(sample: Settings) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(QUESTION.findall(page)) == 12
    assert answered(page, sample.published) == page, "`make answers` renews them"
    with duckdb.connect(str(sample.published), read_only=True) as connection:
        for (table,) in connection.sql("show tables").fetchall():
            assert f"`{table}`" in page


def test_the_last_month_knows_what_is_known_the_night_after_it(sample: Settings) -> None:
    with duckdb.connect(str(sample.published), read_only=True) as connection:
        (months,) = connection.sql(
            "select count(distinct month_end) from customer_months"
        ).fetchone() or (0,)
        assert months > 24
        different = connection.sql(
            "select month.customer_id from customer_months as month"
            " inner join customer_360 as tonight using (customer_id)"
            " where month.month_end = date '2025-12-31' and ("
            " month.orders_total != tonight.order_count - tonight.orders_without_day"
            " or month.last_order_on is distinct from tonight.last_order_on"
            " or month.usual_gap_days is distinct from tonight.usual_gap_days"
            " or month.open_tickets != tonight.open_tickets"
            " or month.open_leads != tonight.open_leads"
            " or month.open_lead_amount != tonight.open_lead_amount"
            " or month.active_contacts != tonight.active_contacts"
            " or month.has_objected_to_profiling != tonight.has_objected_to_profiling"
            " or month.has_newsletter_opt_in != tonight.has_newsletter_opt_in)"
        ).fetchall()
    assert different == []


def test_a_measure_is_the_same_in_the_marts_and_in_the_reasons(sample: Settings) -> None:
    """What a salesperson reads of a customer and what an analyst asks for are one figure."""
    spec = load_spec(PROJECT_ROOT / "models" / "churn.yml")
    # counted from the night, as the marts count; scores count from the day the orders reach
    from_the_night = spec.snapshots.model_copy(update={"clock": ()})
    spec = spec.model_copy(update={"snapshots": from_the_night})
    with open_warehouse(sample) as connection:
        frame = scoring_frame(connection, spec, sample.night)
        connection.register("features", frame)
        assert connection.sql("select count(*) from features").fetchone() > (50,)
        pairs = {
            "usual_gap_days": "usual_gap_days",
            "longest_gap_days": "longest_gap_days",
            "days_silent": "days_since_last_order",
            "orders_year": "orders_12_months",
            "round(amount_year, 2)": "net_amount_12_months",
            "customer_days": "date '2026-01-01' - first_order_on",
        }
        for feature, measure in pairs.items():
            different = connection.sql(
                f"from (select entity_id as customer_id, nullif({feature}::double, 'nan')"
                " as in_reasons from features)"
                f" inner join (select customer_id, {measure} as in_marts"
                " from marts.customer_360) using (customer_id)"
                " where in_reasons is distinct from in_marts"
                # that day is in the 365 days before the night, not in the 12 months up to it
                " and customer_id not in (select customer_id from marts.orders"
                " where customer_id is not null and ordered_on = date '2025-01-01')"
            ).fetchall()
            assert different == [], feature


def test_the_page_with_the_lineage_is_written(sample: Settings) -> None:
    page = document(sample)
    assert page == sample.reports / "warehouse.html"
    text = page.read_text(encoding="utf-8")
    # the content of tickets comes from their own file, others only tell whose they are
    row = re.search(r'<tr><td><a href="#tickets">.*?</tr>', text, re.DOTALL)
    assert row
    assert row[0].count('class="dot" title="Tickets"') == 1
    assert row[0].count('class="ring"') >= 3
    assert "tickets.xlsx" in text
    assert (page.parent / "warehouse_dbt.html").is_file()
    assert 'href="warehouse_dbt.html"' in text
