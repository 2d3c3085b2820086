"""A company with all fourteen use cases and a month of nights, as the stations store them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import Settings
from warehouse import open_warehouse

NIGHT = date(2026, 3, 2)
NIGHTS = 30
# phase, titles, stage in the first night and in the last one, stages that there are
CASES = {
    "content": ("awareness", "Inhalte erstellen", "Content", 1, 2, 3),
    "market_analysis": ("awareness", "Markt verstehen", "Market analysis", 1, 1, 3),
    "visibility": ("awareness", "Sichtbarkeit (SEO)", "Visibility (SEO)", 0, 1, 3),
    "email_automation": ("consideration", "E-Mail-Automation", "E-mail automation", 2, 2, 3),
    "lead_scoring": ("consideration", "Leads bewerten", "Lead scoring", 1, 3, 3),
    "chatbot": ("consideration", "Chatbot", "Chatbot", 0, 0, 3),
    "pricing": ("negotiation", "Preise gestalten", "Pricing", 1, 1, 3),
    "meeting_assistant": ("negotiation", "Besprechungsassistent", "Meeting assistant", 0, 1, 1),
    "presentations": ("negotiation", "Präsentationen", "Presentations", 1, 2, 3),
    "automated_mailings": ("after_purchase", "Automatisierte Mailings", "Mailings", 2, 3, 3),
    "sentiment": ("after_purchase", "Stimmungen erkennen", "Sentiment", 1, 1, 3),
    "service_bot": ("after_purchase", "Service-Bot", "Service bot", 2, 1, 3),
    "churn": ("all", "Abwanderung erkennen", "Churn", 1, 2, 3),
    "buying_centre": ("negotiation", "Buying Center", "Buying centre", 1, 2, 3),
}
COLUMNS = [
    ("customers", "industry"), ("customers", "employees"), ("customers", "email"),
    ("leads", "contact_email"), ("leads", "lead_source"), ("tickets", "customer_id"),
    ("interactions", "customer_id"), ("contacts", "role"), ("orders", "days_late"),
]  # fmt: skip


def expectation(stage: int, number: int) -> dict[str, Any]:
    mart, column = COLUMNS[number % len(COLUMNS)]
    return {
        "name": f"{column}_{stage}_{number}",
        "type": "complete",
        "mart": mart,
        "id": f"{mart[:-1]}_id",
        "column": column,
        "mostly": 0.4 + 0.2 * stage,
        "reason": "a test",
        "todo_de": "Bei {unmet} von {total} Datensätzen fehlt die Angabe; {to_next} reichen.",
        "todo_en": "{unmet} of {total} records lack it; {to_next} are enough.",
    }


def write_use_cases(folder: Path) -> None:
    folder.mkdir(parents=True)
    for number, (name, (phase, de, en, _, _, top)) in enumerate(CASES.items()):
        stages = {
            stage: {
                "description_de": f"Verfahren der Stufe {stage}.",
                "description_en": f"Method of stage {stage}.",
                "expectations": [expectation(stage, number), expectation(stage, number + stage)],
            }
            for stage in range(1, top + 1)
        }
        spec = {
            "phase": phase,
            "position": number,
            "title_de": de,
            "title_en": en,
            "decision_de": "Was?",
            "decision_en": "What?",
            "stages": stages,
        }
        (folder / f"{name}.yml").write_text(yaml.safe_dump(spec, allow_unicode=True))


def make_home(folder: Path) -> Settings:
    """Make a home before its first night."""
    write_use_cases(folder / "expectations")
    return Settings(home=folder / "home", as_of=NIGHT, expectations=folder / "expectations")


def store_nights(settings: Settings, count: int = NIGHTS) -> None:
    """Store what so many nights leave behind, the last one being NIGHT."""
    nights = [NIGHT - timedelta(days=back) for back in range(count)]
    with open_warehouse(settings) as connection:
        connection.begin()
        for back, night in enumerate(nights):
            store_night(connection, night, 1 - back / NIGHTS)
        # Two records of three are found to be one customer's as time goes by.
        connection.executemany(
            "insert into ops.customer_ids select 'crm:' || ? || '-' || n, 'C' || ? || '-' ||"
            " n % ?, ?, null from range(?) t(n)",
            [
                [back, back, 8 + back % 5, night, 600 if night == nights[-1] else 11]
                for back, night in enumerate(nights)
            ],
        )
        for step, source in enumerate(["erp_orders", "crm_companies", "tickets"], start=1):
            connection.executemany(
                "insert into ops.source_nights values (?, ?)",
                [[source, night] for night in nights[::step]],
            )
        connection.execute(
            "insert into ops.overdue_sources"
            " values ('web_visits', ?, 'fehlt', 'missing', ['interaction'])",
            [NIGHT - timedelta(days=count)],
        )
        connection.commit()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_home(tmp_path)


def store_night(connection: Any, night: date, progress: float) -> None:
    stages, results = [], []
    for number, (name, (*_, first, last, top)) in enumerate(CASES.items()):
        reached = round(first + (last - first) * progress)
        stages.append([night, name, reached, night])
        for stage in range(1, top + 1):
            for item in (expectation(stage, number), expectation(stage, number + stage)):
                is_met = stage <= reached
                observed = item["mostly"] + (0.04 if is_met else -0.01 * (number + 2))
                missing = (number + 2) * 37 * (not is_met)
                results.append([
                    night, name, stage, item["name"], is_met, observed - (1 - progress) * 0.1,
                    item["mostly"], missing, missing // 3,
                    f"Bei {missing} von 1.204 Firmen fehlt die Angabe „{item['column']}“;"
                    f" {missing // 3} reichen für Stufe {stage}.",
                    f"{missing} of 1,204 companies have no {item['column']};"
                    f" {missing // 3} are enough for stage {stage}.",
                ])  # fmt: skip
    connection.executemany(
        "insert into ops.maturity_stages (night, use_case, stage, assessed_at) values (?, ?, ?, ?)",
        stages,
    )
    connection.executemany(
        "insert into ops.expectation_results (night, use_case, stage, expectation, is_met,"
        " observed, required, unit, records_total, records_unmet, records_to_next, todo_de,"
        " todo_en) values (?, ?, ?, ?, ?, ?, ?, 'share', 1204, ?, ?, ?, ?)",
        results,
    )
