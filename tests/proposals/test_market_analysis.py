"""What the use case market_analysis proposes, on marts made by hand."""

from datetime import date

import duckdb
import pytest

from config import PROJECT_ROOT, Settings
from proposals.audience import find_candidates
from proposals.composing import compose
from proposals.rules import load_rules
from proposals.uses import load_use

NIGHT = date(2026, 7, 1)
DDL = """
create schema marts;
create table marts.customers (customer_id varchar, name varchar, industry varchar,
    employees integer, order_count bigint, account_manager varchar,
    has_objected_to_profiling boolean);
create table marts.leads (customer_id varchar, outcome varchar);
create table marts.segments (model varchar, customer_id varchar, segment varchar);
create table marts.segment_profiles (model varchar, segment varchar, month date, name varchar,
    name_en varchar, customers bigint);
create table marts.segment_moves (model varchar, customer_id varchar, month date,
    from_segment varchar, to_segment varchar);
create table marts.customer_months (customer_id varchar, month date,
    net_amount_12_months double);
"""


@pytest.fixture(scope="module")
def use():
    return load_use(PROJECT_ROOT / "proposals" / "market_analysis.yml")


@pytest.fixture
def marts():
    with duckdb.connect() as connection:
        connection.execute(DDL)
        yield connection


def find(marts, use, name):
    found = find_candidates(marts, f"market_analysis.{name}", use.actions_at(3)[name], NIGHT)
    return {one.customer_id: one for one in found}


def add_firms(marts, industry, buyers, others):
    for number in range(buyers + others):
        marts.execute(
            "insert into marts.customers values (?, ?, ?, 60, ?, null, false)",
            [f"{industry}{number}", f"{industry} {number}", industry, int(number < buyers)],
        )


def test_firms_of_a_kind_that_mostly_buys_are_named_unless_somebody_is_at_them(marts, use):
    add_firms(marts, "Bau", 9, 3)
    add_firms(marts, "Chemie", 3, 9)  # most of these do not buy
    add_firms(marts, "Holz", 5, 1)  # too few of them to say anything
    marts.execute("insert into marts.leads values ('Bau10', 'open'), ('Bau11', 'lost')")
    marts.execute("update marts.customers set has_objected_to_profiling = customer_id = 'Bau9'")
    found = find(marts, use, "not_yet_customer")
    assert set(found) == {"Bau11"}
    draft = compose(
        use.actions["not_yet_customer"], found["Bau11"].facts, "de", load_rules(Settings())
    )
    assert draft.title_de == "Bau 11: 9 von 11 gleichartigen Firmen kaufen"
    assert draft.reason_en.startswith("Bau, 50–249 employees: 9 of 11 such companies have ordered")


def add_segment(marts, segment, before, after, leavers):
    for month, count in ((date(2026, 3, 1), before), (date(2026, 6, 1), after)):
        marts.execute(
            "insert into marts.segment_profiles values ('segments', ?, ?, ?, ?, ?)",
            [segment, month, f"Segment {segment}", f"segment {segment}", count],
        )
    for number in range(leavers):
        customer = f"{segment}{number:02d}"
        marts.execute(
            "insert into marts.customers values (?, ?, 'Bau', 60, 1, null, false)",
            [customer, f"Firma {customer}"],
        )
        marts.execute(
            "insert into marts.segment_moves values ('segments', ?, ?, ?, 'Z')",
            [customer, date(2026, 5, 1), segment],
        )
        marts.execute("insert into marts.segments values ('segments', ?, 'Z')", [customer])
        marts.execute(
            "insert into marts.customer_months values (?, ?, ?)",
            [customer, date(2026, 6, 1), 1000.0 * number],
        )


def test_the_largest_who_left_a_segment_that_shrank_by_a_tenth_are_named(marts, use):
    add_segment(marts, "A", 100, 88, 14)
    add_segment(marts, "B", 100, 91, 9)
    marts.execute("update marts.segments set segment = 'A' where customer_id = 'A13'")  # came back
    found = find(marts, use, "shrinking_segment")
    assert list(found) == [f"A{number:02d}" for number in range(12, 2, -1)]
    draft = compose(
        use.actions["shrinking_segment"], found["A12"].facts, "de", load_rules(Settings())
    )
    assert draft.title_de == "Firma A12 hat „Segment A“ verlassen"
    assert draft.reason_de == (
        "Das Segment ist in einem Quartal um 12 % geschrumpft (100 auf 88 Kunden); Umsatz dieses"
        " Kunden in zwölf Monaten: 12.000 €"
    )
    assert "from 100 to 88 customers" in draft.reason_en


def test_without_segments_nothing_is_proposed_at_stage_3_but_the_rest_is(marts, use):
    add_firms(marts, "Bau", 9, 3)
    assert find(marts, use, "shrinking_segment") == {}
    assert len(find(marts, use, "not_yet_customer")) == 3


def test_nothing_of_it_leaves_the_house(use):
    assert {action.legal_basis for action in use.actions.values()} == {"hint"}
    assert {action.channel for action in use.actions.values()} == {"crm_field"}
