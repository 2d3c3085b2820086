"""What sales says of our own hints proves nothing about the firm's data."""

from __future__ import annotations

import duckdb

from config import PROJECT_ROOT
from expectations.specification import load_use_cases


def test_no_expectation_of_a_use_case_counts_feedback():
    """Each is tried on interactions that are feedback alone: it must find no row of them."""
    connection = duckdb.connect()
    connection.execute(
        "create schema marts; create table marts.interactions as select 'feedback:1' as"
        " interaction_id, 'C1' as customer_id, null::varchar as contact_id, 'score_feedback' as"
        " kind, timestamp '2026-03-01 10:00:00' as occurred_at, 'called' as detail, null::varchar"
        " as email"
    )
    counted, tried = [], 0
    for case in load_use_cases(PROJECT_ROOT / "expectations"):
        for _stage, item in case.checks:
            if item.mart == "interactions":
                where = (item.where or "true").replace("{night}", "date '2026-03-02'")
                query = f"select 1 from marts.interactions where {where}"
            elif item.query and "from marts.interactions" in item.query:
                if "distinct email" in item.query:
                    continue
                query = item.query.replace("{night}", "date '2026-03-02'")
            else:
                continue
            tried += 1
            if connection.execute(query).fetchall():
                counted.append(f"{case.name}.{item.name}")
    assert counted == []
    assert tried > 10
