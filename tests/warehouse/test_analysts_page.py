"""docs/analysts.md: every question is asked of the sample company and answered as printed."""

from __future__ import annotations

import re

import duckdb
import pytest

from config import Settings
from tests.warehouse.analysts_page import PAGE, QUESTION, answered, publish_sample
from warehouse import document

pytestmark = pytest.mark.night


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return publish_sample(tmp_path_factory.mktemp("analysts") / "home")


def test_the_questions_are_answered_as_printed(sample: Settings) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(QUESTION.findall(page)) == 10
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
