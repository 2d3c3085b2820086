"""The table of damages is complete and its harness tells caught, missed and false alarms apart."""

from __future__ import annotations

from collections import Counter
from datetime import date

import duckdb
import numpy as np
import pytest

from benchmarks.maturity.damages import KEYS, all_mutations
from benchmarks.maturity.edges import DRAWN, check, draw
from benchmarks.maturity.mutations import Verdict
from config import PROJECT_ROOT
from expectations.specification import load_audit, load_use_cases

FOLDER = PROJECT_ROOT / "expectations"
CASES = {case.name: case for case in load_use_cases(FOLDER)}


def test_every_use_case_is_damaged_and_every_damage_is_there_once() -> None:
    mutations = all_mutations()
    assert len(mutations) >= 60
    # the meeting assistant has no stage to lose while no transcript is read
    lowered = {name for mutation in mutations for name in mutation.falls}
    assert lowered == set(CASES) - {"meeting_assistant"}
    named = Counter(f"{mutation.kind} {mutation.name}" for mutation in mutations)
    assert max(named.values()) == 1
    kinds = {"drop", "blank", "age", "duplicate", "unlink", "shuffle", "swap", "cut", "invalid"}
    assert kinds | {"revoke"} <= {mutation.kind for mutation in mutations}


@pytest.mark.parametrize("percent", [12, 25])
def test_so_many_percent_of_the_customers_are_blanked_whatever_their_ids(percent: int) -> None:
    name = f"customers.employees blank in {percent} %"
    mutation = next(one for one in all_mutations() if one.name == name)
    for salt in ("a", "b", "c"):
        with duckdb.connect() as connection:
            connection.execute("create schema marts")
            connection.execute(
                f"create table marts.customers as select '{salt}' || n as customer_id, 9 as"
                " employees from range(514) as t(n)"
            )
            connection.execute(mutation.sql)
            (blank,) = connection.execute(
                "select count(*) from marts.customers where employees is null"
            ).fetchone() or (0,)
        assert blank == pytest.approx(514 * percent / 100, abs=1)


def test_what_is_named_as_the_cause_is_an_expectation_of_the_stage_above() -> None:
    audit = {item.name for item in load_audit(FOLDER).expectations}
    for mutation in all_mutations():
        assert mutation.audit <= audit
        for use_case, (stage, expectation) in mutation.falls.items():
            names = {item.name for item in CASES[use_case].stages[stage + 1].expectations}
            assert expectation in names, f"{mutation.name}: {use_case}"


def test_a_verdict_in_one_word() -> None:
    falling = next(mutation for mutation in all_mutations() if mutation.falls)
    quiet = next(m for m in all_mutations() if not (m.falls or m.audit or m.why_unnoticed))
    assert Verdict(falling, {}).word == "caught"
    assert Verdict(quiet, {}).word == "quiet"
    assert Verdict(falling, {}, missed=["churn"]).word == "missed"
    assert Verdict(falling, {}, ["a"], ["b"]).word == "missed, false alarm"


def test_a_drawn_company_is_as_large_and_has_no_key_twice() -> None:
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as source")
        for schema in ("source.marts", "marts"):
            connection.execute(f"create schema {schema}")
        for mart, addresses in DRAWN.items():
            key = KEYS[mart]
            columns = {key, "customer_id", "order_id", "name", *addresses} - {"customer_id"}
            values = ", ".join(f"'{mart}' || n as {column}" for column in sorted(columns))
            customer = (
                "case when n % 5 > 0 then 'C' || n end" if mart != "customers" else "'C' || n"
            )
            chosen = "" if mart == "customers" else f"{values}, "
            name = "'Firma' as name, " if mart == "customers" else ""
            order = chosen.replace("'order_lines' || n as order_id", "'orders' || n as order_id")
            connection.execute(
                f"create table source.marts.{mart} as"
                f" select {order}{name}{customer} as customer_id from range(1, 41) t(n)"
            )
        draw(connection, np.random.default_rng(3))
        for mart in DRAWN:
            key = KEYS[mart]
            rows, keys = connection.execute(
                f"select count(*), count(distinct {key}) from marts.{mart}"
            ).fetchone() or (0, 0)
            assert rows == keys > 20
        (loose,) = connection.execute(
            "select count(*) from marts.order_lines anti join marts.orders using (order_id)"
        ).fetchone() or (1,)
        assert loose == 0


def test_plain_sql_says_what_is_met_as_great_expectations_does() -> None:
    night = date(2026, 3, 2)
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.leads as select 'L' || n as lead_id, 'K' || n as customer_id,"
            " case when n > 5 then n || '@f.example' end as contact_email, 'open' as outcome"
            " from range(20) t(n)"
        )
        connection.execute(
            "create table marts.consents as select n || '@f.example' as email, 'recording' as"
            " purpose, n > 8 as is_granted from range(20) t(n)"
        )
        results = check(connection, CASES["meeting_assistant"], night, {})
    found = {r.expectation: (r.observed, r.is_met) for r in results}
    assert found == {
        "participants_known": (0.7, True),
        "participants_asked": (1.0, True),
        "participants_agreeing": (11 / 14, True),
        "transcripts": (0, False),
    }
