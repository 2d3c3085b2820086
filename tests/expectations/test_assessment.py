"""The assessment on a tiny company's marts, by the real Great Expectations in the real DuckDB."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

import expectations
from config import PROJECT_ROOT, ConfigurationError, Settings
from warehouse import open_warehouse, publish

LATER = date(2026, 3, 3)
OWN = PROJECT_ROOT / "expectations"
ONE_FILE = """
title_de: Kundenansprache
title_en: Addressing customers
decision_de: Wer bekommt welches Schreiben?
decision_en: Who gets which letter?
stages:
  1:
    description_de: Anrede nach Branche.
    description_en: Addressed by industry.
    expectations:
      - {name: industry_known, type: complete, mart: customers, id: customer_id, column: industry,
         mostly: 0.95, reason: r, todo_de: "Bei {unmet} von {total} fehlt die Branche; {to_next}
         reichen.", todo_en: "{unmet} of {total}; {to_next} are enough."}
"""


def _only(settings: Settings, folder: Path, *use_cases: str) -> Settings:
    folder.mkdir()
    for name in use_cases:
        shutil.copy(OWN / f"{name}.yml", folder)
    return settings.model_copy(update={"expectations": folder})


def _rows(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with open_warehouse(settings) as connection:
        return connection.execute(sql).fetchall()


def test_a_night(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    assert all(result.is_met for result in expectations.audit(settings))
    first = expectations.assess(settings)
    assert {a.use_case: (a.stage, a.next_stage) for a in first} == {
        "churn": (3, None),
        "lead_scoring": (3, None),
    }
    # No progress bar, no line per class, no telemetry notice.
    assert capfd.readouterr() == ("", "")

    # The file is free for another process.
    query = "import duckdb, sys; print(duckdb.connect(sys.argv[1]).sql('select 1').fetchall())"
    subprocess.run([sys.executable, "-c", query, str(settings.warehouse)], check=True, timeout=60)

    results = _rows(settings, "from ops.expectation_results order by all")
    assert expectations.assess(settings) == first
    assert _rows(settings, "from ops.expectation_results order by all") == results
    assert _rows(settings, "select use_case, stage from ops.maturity_stages order by 1") == [
        ("churn", 3),
        ("lead_scoring", 3),
    ]
    assert {row[1] for row in results} == {"audit", "churn", "lead_scoring"}
    assert expectations.status(settings) == first


def test_status_before_the_first_night(settings: Settings) -> None:
    assert expectations.status(settings) == []


# Two use cases share a run where their marts differ, since every run costs a second.
@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "delete from marts.orders;"
            "update marts.customers set order_count = 0;"
            "update marts.leads set outcome = 'Gewonnen' where outcome = 'won'",
            {
                "churn": (0, {"customers_to_compare": 10}),
                "lead_scoring": (0, {"outcomes_valid": 60}),
            },
        ),
        (
            "update marts.orders set ordered_on = ordered_on - 60;"
            "delete from marts.leads where outcome = 'lost' and closed_on < date '2025-08-01'",
            {
                "churn": (0, {"orders_fresh": None}),
                "lead_scoring": (2, {"lost_leads": None}),
            },
        ),
        (
            "update marts.customers set industry = null where customer_id > 'C0000000020';"
            "update marts.leads set created_on = closed_on + 1 where lead_id in ('L1', 'L2', 'L4')",
            {
                "churn": (1, {"industry_known": 12}),
                "lead_scoring": (2, {"dates_in_order": 2}),
            },
        ),
        (
            "delete from marts.tickets;"
            "update marts.leads set created_on = created_on - 100, closed_on = closed_on - 100;"
            # A date after the night is no evidence of freshness.
            "update marts.leads set created_on = date '2031-01-01' where lead_id = 'L0'",
            {
                "churn": (1, {"tickets_linked": 0, "tickets_fresh": None}),
                "lead_scoring": (0, {"leads_fresh": None}),
            },
        ),
        (
            "delete from marts.orders where ordered_on < date '2024-10-01';"
            "update marts.customers set name = 'Firma 1', postcode = '10001'"
            " where customer_id <= 'C0000000006';"
            # Who has objected to profiling is no example to learn from.
            "update marts.customers set has_objected_to_profiling = customer_id > 'C0000000010'",
            {
                "churn": (
                    2,
                    {
                        "months_with_orders": 6,
                        "customers_once": 3,
                        "customers_gone_silent": None,
                        "customers_staying": 30,
                    },
                ),
                "lead_scoring": (2, {"won_leads": 31, "lost_leads": 31}),
            },
        ),
    ],
)
def test_damage_lowers_the_stage_and_is_named(
    settings: Settings,
    damage: Callable[[str], None],
    sql: str,
    expected: dict[str, tuple[int, dict[str, int | None]]],
) -> None:
    damage(sql)
    for assessment in expectations.assess(settings):
        stage, unmet = expected[assessment.use_case]
        found = {result.expectation: result.records_to_next for result in assessment.unmet}
        assert (assessment.stage, assessment.next_stage) == (stage, stage + 1), found
        counted = {name: count for name, count in unmet.items() if count is not None}
        assert set(unmet) <= set(found)
        assert {name: found[name] for name in counted} == counted
        efforts = [count for count in found.values() if count is not None]
        assert efforts == sorted(efforts)


def test_a_new_use_case_is_one_file(settings: Settings, tmp_path: Path) -> None:
    changed = _only(settings, tmp_path / "e", "lead_scoring")
    (changed.expectations / "letters.yml").write_text(ONE_FILE)
    letters, _ = sorted(expectations.assess(changed), key=lambda a: a.use_case != "letters")
    assert letters.stage == 0
    told = json.loads(json.dumps(letters.model_dump(mode="json")))
    (unmet,) = told["unmet"]
    assert unmet["todo_de"] == "Bei 6 von 60 fehlt die Branche; 3 reichen."
    assert (unmet["observed"], unmet["required"], unmet["unit"]) == (0.9, 0.95, "share")
    assert (unmet["records_unmet"], unmet["records_to_next"]) == (6, 3)


def test_the_use_case_of_the_docs_is_one_file(settings: Settings, tmp_path: Path) -> None:
    page = (PROJECT_ROOT / "docs" / "explanation" / "maturity.md").read_text()
    (text,) = re.findall(r"```yaml\n(phase:.*?)```", page, re.DOTALL)
    changed = _only(settings, tmp_path / "e")
    (changed.expectations / "letters.yml").write_text(text)
    (letters,) = expectations.assess(changed)
    assert (letters.use_case, letters.phase, letters.stage) == ("letters", "after_purchase", 1)
    changed.expectations.joinpath("letters.yml").write_text(text.replace("0.8 ", "0.95"))
    (letters,) = expectations.assess(changed.model_copy(update={"as_of": LATER}))
    assert letters.measured_stage == 0
    assert letters.unmet[0].todo_de == (
        "Bei 6 von 60 Firmen fehlt die Branche; 3 reichen für Stufe 1."
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [("column: industry", "column: branche"), ("mart: customers", "mart: kunden")],
)
def test_what_the_marts_do_not_have_changes_no_stage(
    settings: Settings, tmp_path: Path, before: str, after: str
) -> None:
    changed = _only(settings, tmp_path / "e")
    path = changed.expectations / "letters.yml"
    path.write_text(ONE_FILE)
    expectations.assess(changed)
    path.write_text(ONE_FILE.replace(before, after))
    with pytest.raises(ConfigurationError) as error:
        expectations.assess(changed)
    assert "letters.yml, line 11, stage 1, expectation industry_known" in str(error.value)
    assert after.split()[1] in str(error.value)
    assert "\n" not in str(error.value)
    assert _rows(settings, "select use_case, stage from ops.maturity_stages") == [("letters", 0)]


def test_a_use_case_that_is_gone_leaves_the_night(settings: Settings, tmp_path: Path) -> None:
    changed = _only(settings, tmp_path / "e")
    (changed.expectations / "letters.yml").write_text(ONE_FILE)
    expectations.assess(changed)
    (changed.expectations / "letters.yml").rename(changed.expectations / "mail.yml")
    expectations.assess(changed)
    assert [a.use_case for a in expectations.status(changed)] == ["mail"]
    later = changed.model_copy(update={"as_of": settings.night + timedelta(days=1)})
    expectations.assess(later)
    assert _rows(settings, "select count(*) from ops.maturity_stages") == [(2,)]


@pytest.mark.parametrize(
    ("sql", "failed"),
    [
        (
            "insert into marts.leads from marts.leads limit 1;"
            "update marts.orders set net_amount = 1 where order_id = 'O9-3';"
            "update marts.customers set customer_id = 'C9' where customer_id = 'C0000000009';"
            "delete from marts.tickets where ticket_id <> 'T1'",
            {"lead_key", "orders_reconcile", "marts_kept"}
            | {"orders_of_known_customers", "records_of_known_customers"},
        ),
        (
            "delete from marts.customers",
            {"customers_there", "customer_key_filled", "objection_known", "customer_key"}
            | {"orders_of_known_customers", "records_of_known_customers", "marts_kept"},
        ),
    ],
)
def test_the_audit_stops_a_broken_warehouse(
    settings: Settings, damage: Callable[[str], None], sql: str, failed: set[str]
) -> None:
    publish(settings)
    damage(sql)
    english = settings.model_copy(update={"language": "en"})
    with pytest.raises(expectations.AuditFailedError) as error:
        expectations.audit(english)
    message = str(error.value)
    assert message.startswith("Audit failed, nothing is published: ")
    assert all(name in message for name in failed)
    assert "\n" not in message
    written = _rows(
        settings, "select expectation from ops.expectation_results where not is_met and stage = 0"
    )
    assert {name for (name,) in written} == failed


def test_rows_outlive_their_connection(settings: Settings) -> None:
    from expectations.dialect import url

    engine = sqlalchemy.create_engine(url(settings.warehouse))
    with engine.connect() as connection:
        result = connection.execute(sqlalchemy.text("select 42"))
    assert result.fetchall() == [(42,)]
    engine.dispose()


def test_a_query_asked_for_its_columns_gives_no_rows(settings: Settings) -> None:
    from expectations.dialect import url
    from expectations.validation import _learn_columns_without_rows

    engine = sqlalchemy.create_engine(url(settings.warehouse))
    _learn_columns_without_rows(engine, {"select * from range(5)"})
    with engine.connect() as connection:
        asked = connection.execute(sqlalchemy.text("select * from range(5)"))
        other = connection.execute(sqlalchemy.text("select * from range(6)"))
    assert (list(asked.keys()), asked.fetchall()) == (["range"], [])
    assert len(other.fetchall()) == 6
    engine.dispose()
