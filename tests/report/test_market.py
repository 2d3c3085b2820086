"""The page on the market and the list of segments, on marts made by hand."""

import re
from datetime import date

import pytest
from openpyxl import load_workbook

from config import Settings
from report.market import list_path, market_path, write_market_page, write_segment_list
from report.market.page import points
from warehouse import open_warehouse

NIGHT = date(2026, 7, 1)
DDL = """
create schema if not exists marts;
create table marts.customers (customer_id varchar, customer_no varchar, name varchar, city varchar,
    industry varchar, account_manager varchar, last_order_on date);
create table marts.orders (customer_id varchar, ordered_on date, net_amount double,
    is_cancelled boolean);
create table marts.segments (model varchar, customer_id varchar, segment varchar, name varchar,
    name_en varchar, stage integer, method varchar, fitted_on date, is_far boolean, as_of date);
create table marts.segment_profiles (model varchar, segment varchar, month date, customers bigint,
    net_amount_12_months double);
create table marts.segment_moves (model varchar, customer_id varchar, month date,
    from_segment varchar, to_segment varchar);
create table marts.forecasts as select model, series, starts_on, unit, promised_coverage
    from ops.forecasts;
create table marts.forecast_series as from ops.forecast_series;
insert into marts.customers values
    ('C1', 'K1', '=1+1 <b>Bau</b>', 'Ulm', 'Bau', 'Berg', '2026-06-01'),
    ('C2', null, 'Chemie & Co', null, null, null, null);
insert into marts.orders values ('C1', '2026-06-01', 1234, false), ('C1', '2024-06-01', 9, false),
    ('C2', '2026-06-02', 500, true);
"""


@pytest.fixture
def home(tmp_path):
    settings = Settings(home=tmp_path, as_of=NIGHT, company="Probe")
    with open_warehouse(settings) as connection:
        connection.execute(DDL)
    return settings


def fill(settings, method="clusters", stage=3):
    fitted = NIGHT if method == "clusters" else None
    with open_warehouse(settings) as connection:
        for place, (customer, key, name) in enumerate(
            (("C1", "A", "Viel & groß"), ("C2", "without", "Ohne Bestellung"))
        ):
            connection.execute(
                "insert into ops.segment_names values ('segments', ?, ?, ?, 'x', ['Tage: 3'], [])",
                [key, place, name],
            )
            connection.execute(
                "insert into marts.segments values ('segments', ?, ?, ?, 'x', ?, ?, ?, true, ?)",
                [customer, key, name, stage, method, fitted, NIGHT],
            )
        for month, count in enumerate((5, 4, 3, 1), start=3):
            connection.execute(
                "insert into marts.segment_profiles values ('segments', 'A', ?, ?, 1)",
                [date(2026, month, 1), count],
            )
        connection.execute(
            "insert into marts.segment_moves values ('segments', 'C2', '2026-06-01', 'A', null)"
        )


def read(settings):
    return market_path(settings).read_text(encoding="utf-8")


def test_before_anything_is_there_it_says_what_is_missing(tmp_path):
    settings = Settings(home=tmp_path, as_of=NIGHT)  # nothing is built yet
    write_market_page(settings)
    assert "Noch gibt es keine Segmente" in read(settings)
    assert write_segment_list(settings) is None


def test_segments_with_their_way_and_moves_in_both_languages(home):
    fill(home)
    write_market_page(home)
    page = read(home)
    assert page.index('id="de"') < page.index('id="en"')
    assert "Viel &amp; groß" in page
    assert "1.234 € in zwölf Monaten (100 %)" in page
    assert "Ende letzten Monats 1, drei Monate davor 5" in page
    assert "Weg in drei Monaten: 1, davon 1 ohne Segment" in page
    assert "Left in three months: 1" in page
    assert "Tage: 3" in page
    assert "<script" not in page
    assert market_path(home).stat().st_mode & 0o077 == 0


def test_groups_are_a_table(home):
    fill(home, method="groups", stage=1)
    write_market_page(home)
    assert '<table class="groups">' in read(home)
    assert "Stufe 1" in read(home)


def test_demand_beside_last_year_with_what_to_know(home):
    with open_warehouse(home) as connection:
        connection.execute(
            "insert into marts.forecasts values ('demand', 'Lager <1>', '2026-06-29', 'week', 0.8)"
        )
        connection.execute(
            "insert into marts.forecast_series values ('demand', 'Lager <1>', 'mean', 60, 5, 5,"
            " 0.78, 1200, 900, 1500, 1000, ['3 Wochen ohne Wert'], ['3 weeks without a value'], ?)",
            [NIGHT],
        )
    write_market_page(home)
    page = read(home)
    assert "Lager &lt;1&gt;" in page
    assert "1.200 €" in page
    assert "900 bis 1.500" in page
    assert "+20 %" in page
    assert "3 Wochen ohne Wert" in page
    assert "lagen 78 % der Werte in ihrer Spanne, versprochen sind 80 %" in page


def test_the_list_names_the_customers_of_each_segment_and_runs_no_formula(home):
    fill(home)
    assert write_segment_list(home) == list_path(home)
    sheet = load_workbook(list_path(home)).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][:4] == ["Segment", "Name des Segments", "Kundennummer", "Kunde"]
    assert rows[1][:4] == ["A", "Viel & groß", "K1", "=1+1 <b>Bau</b>"]
    assert rows[1][7] == 1234
    assert rows[2][3] == "Chemie & Co"
    assert sheet["D2"].data_type == "s"


def test_without_segments_an_old_list_goes(home):
    fill(home)
    write_segment_list(home)
    with open_warehouse(home) as connection:
        connection.execute("delete from marts.segments")
    assert write_segment_list(home) is None
    assert not list_path(home).exists()


def test_the_small_chart_begins_at_zero():
    assert points([4, 2, 0]) == "0.0,2.0 60.0,15.0 120.0,28.0"
    assert points([4]) == points([0, 0]) == ""
    assert re.fullmatch(r"[\d., -]+", points([1, 2, 3]))
