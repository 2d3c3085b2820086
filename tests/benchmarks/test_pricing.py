"""The benchmark runs the project's own SQL and compares only with what a night could know."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from benchmarks.pricing import KNOWN, measure, report


@pytest.fixture
def sold():
    connection = duckdb.connect()
    connection.execute(
        "create table lines as select row_number() over () as order_line_id, 'K' || n // 2 % 4 as"
        " customer_id, 'A' as sku, 'Lager' as product_name,"
        " date '2025-01-01' + (n * 5)::int as ordered_on, if(n % 2 = 0, 1.0, 12.0) as quantity,"
        " null::double as unit_price, if(n % 2 = 0, 10.0, 12 * 8.0) as net_amount,"
        " false as is_cancelled from range(60) t(n)"
    )
    connection.execute(KNOWN)
    return connection


def test_the_bracket_knows_the_price_that_the_article_does_not(sold):
    found = measure(sold, date(2025, 9, 1), 30)
    assert found["lines"] == found["known"] > 0
    assert found["near"] == 1
    assert found["near_article"] <= 0.5, "of two prices its median is one, or neither"
    assert found["inside"] == 1


def test_prices_after_the_night_are_not_known_to_it(sold):
    sold.execute("update lines set net_amount = net_amount * 2 where ordered_on > '2025-09-01'")
    assert measure(sold, date(2025, 9, 1), 30)["near"] == 0


def test_the_table_has_a_row_per_night(tmp_path):
    path = tmp_path / "lines.csv"
    rows = [f"K{n % 4};A;Lager;{date.fromordinal(739000 + n):%d.%m.%Y};2;20,00" for n in range(200)]
    header = "Verk. an Deb.-Nr.;Artikelnr.;Beschreibung;Auftragsdatum;Menge;Zeilenbetrag"
    path.write_text("\n".join([header, *rows]), encoding="latin-1")
    lines = list(report(path, nights=2, days=30))
    assert len(lines) == 4
    assert lines[-1].endswith("| 30 | 1.000 | 1.000 | 1.000 | 1.000 |")
