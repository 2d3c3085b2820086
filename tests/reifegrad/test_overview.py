"""What `reifegrad status` shows of the inbox."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from config import Settings
from config.language import use_language
from ingest import ingest_inbox
from nights.steps import CONSOLIDATE_CUSTOMERS
from reifegrad.terminal.overview_tables import Language, stages_table, tables
from report.overview import read_overview
from report.results import Overview
from tests.warehouse.conftest import child
from warehouse import WarehouseLockedError, open_warehouse

SOURCES = """
sources:
  orders:
    files: "auftraege*.csv"
    kind: events
    expected: daily
    maps: {order_line: {key: [Nr], columns: {net_amount: Wert}}}
"""
CUSTOMERS = """
sources:
  customers:
    files: "kunden*"
    kind: snapshot
    maps: {company: {key: [KdNr], columns: {name: Firma}}}
  orders:
    files: "auftraege*.csv"
    kind: events
    maps: {order_line: {key: [Nr], columns: {company: {column: KdNr, source: customers}}}}
"""


def shown(settings: Settings, language: Language) -> str:
    console = Console(width=200, record=True, file=io.StringIO())
    use_language(language)
    spoken = settings.model_copy(update={"language": language})
    for table in tables(read_overview(spoken), spoken):
        console.print(table)
    return console.export_text()


def test_files_hints_missing_sources_open_values_and_quarantine(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, config=tmp_path)
    (tmp_path / "sources.yml").write_text(SOURCES, encoding="utf-8")
    settings.inbox.mkdir()
    (settings.inbox / "auftraege.csv").write_text("Nr;Wert\n1;1.234\n" + ";2\n" * 7, "utf-8")
    (settings.inbox / "fremd.csv").write_text("a;b\n1;2\n", "utf-8")
    ingest_inbox(settings.model_copy(update={"as_of": settings.night}))
    german = shown(settings, "de")
    assert "auftraege.csv   orders   neu" in german
    assert "keine Quelle in sources.yml passt" in german
    assert "1.234: mit Dezimalkomma; sonst in sources.yml `locale: en` setzen" in german
    assert "3, 4, 5, 6, 7, …" in german and "Der Schlüssel ist leer" in german
    assert "Ausgeblieben" not in german
    ingest_inbox(settings.model_copy(update={"as_of": settings.night.replace(year=2100)}))
    english = shown(settings, "en")
    assert "auftraege.csv   orders   unchanged" in english
    assert "Source orders did not come" in english and "The key is empty" in english
    overview = read_overview(settings)
    assert [group.rows for group in overview.quarantine] == [7]
    assert overview.model_dump(mode="json")["overdue"][0]["source"] == "orders"


def test_a_column_that_cannot_be_read_stands_in_the_outcome_of_its_file(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, config=tmp_path)
    (tmp_path / "sources.yml").write_text(SOURCES, encoding="utf-8")
    settings.inbox.mkdir()
    (settings.inbox / "auftraege.csv").write_text("Nr;Wert\n1;auf Anfrage\n2;offen\n", "utf-8")
    loads = ingest_inbox(settings)
    assert "geladen; nicht lesbar: Wert" in shown(settings, "de")
    english = shown(settings, "en")
    assert "loaded; not readable: Wert" in english and "“auf Anfrage” in row 2" in english
    (step,) = (step for step in CONSOLIDATE_CUSTOMERS if step.name == "ingest_files")
    summary = step.summary(loads)
    assert summary == {"loads": 1, "rows": 2, "unread": {"auftraege.csv": ["Wert"]}, "held": {}}


def test_references_without_a_record_are_shown_with_what_mends_them(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, config=tmp_path)
    (tmp_path / "sources.yml").write_text(CUSTOMERS, encoding="utf-8")
    settings.inbox.mkdir()
    (settings.inbox / "auftraege.csv").write_text("Nr;KdNr\n1;123\n2;124\n", "utf-8")
    (settings.inbox / "kunden.csv").write_text("KdNr;Firma\n00123;A\n00124;B\n", "utf-8")
    ingest_inbox(settings)
    german = " ".join(shown(settings, "de").split())
    assert "Verweise ohne Ziel" in german and "2 von 2 Zeilen nennen in „KdNr“" in german
    assert 'key_form: "00000"' in german
    english = " ".join(shown(settings, "en").split())
    assert "References without a record" in english and "“124” seems to be “00124”" in english


HOLD = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("ready", flush=True)
time.sleep(60)
"""


def test_what_is_missing_is_said_once_and_by_name() -> None:
    lacking = {"missing_de": ["Besuche Ihrer Website"], "missing_en": ["Visits of your website"]}
    there: dict[str, list[str]] = {"missing_de": [], "missing_en": []}
    unmet = [
        {"todo_de": "Noch 100 Besuche.", "todo_en": "100 more visits."} | lacking,
        {"todo_de": "Branche nachtragen.", "todo_en": "Add the industry."} | there,
        {"todo_de": "Noch nichts zu messen.", "todo_en": "Nothing to measure."} | lacking,
        {"todo_de": "Branche nachtragen.", "todo_en": "Add the industry."} | there,
    ]
    stage = {
        "title_de": "Sichtbarkeit", "title_en": "Visibility", "stage": 0, "measured_stage": 0,
        "is_at_edge": False, "cause": None, "method_de": None, "method_en": None, "unmet": unmet,
    }  # fmt: skip
    needs = {"de": "• Es fehlt: Besuche Ihrer Website.\n• Branche nachtragen.",
             "en": "• Missing: Visits of your website.\n• Add the industry."}  # fmt: skip
    for language in ("de", "en"):
        use_language(language)
        assert list(stages_table([stage], language).columns[3].cells) == [needs[language]]


def test_status_names_the_scores_and_tells_the_time_of_the_companys_clock(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with open_warehouse(settings) as connection:
        connection.execute(
            "insert into ops.scores by name select 'churn' as score, 'C1' as entity_id,"
            " 'customer' as entity, date '2026-07-01' as night, 1 as stage, 'rules' as method,"
            " 90 as points, 'high' as band, ['a'] as reasons_de, ['a'] as reasons_en"
        )
        connection.execute(
            "insert into ops.push_ledger by name select 'p' as push_id, 'excel' as connector,"
            " 'parties' as target, 'C1' as key, 'create' as action,"
            " timestamp '2026-07-01 23:30' as pushed_at, pushed_at as confirmed_at"
        )
    german, english = shown(settings, "de"), shown(settings, "en")
    assert "Abwanderungsrisiko" in german and "Churn risk" in english
    assert "02.07.2026 01:30" in german and "2026-07-02 01:30" in english
    assert "entfallen" in german and "gone" in english and "UTC" not in german


def test_status_tells_alarms_what_points_mean_and_what_is_at_stake(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with open_warehouse(settings) as connection:
        connection.execute(
            "insert into ops.scores by name select 'churn' as score, 'C' || i as entity_id,"
            " 'customer' as entity, date '2026-07-01' as night, 3 as stage, 'model' as method,"
            " '4' as model_version, 90 as points, 'high' as band, ['a'] as reasons_de,"
            " ['a'] as reasons_en, 1000 as amount, 617.4 as expected_amount from range(2) t(i)"
        )
        for night, measure, subject in (
            ("2026-06-24", "calibration", "shown"),  # of an earlier watch: no longer news
            ("2026-07-01", "auc", "shown"),
            ("2026-07-01", "drift", "days_silent"),
        ):
            connection.execute(
                "insert into ops.score_watch by name select 'churn' as score, ?::date as night,"
                " ? as measure, ? as subject, 0.6 as value, 50 as n, true as is_alarm",
                [night, measure, subject],
            )
    german, english = shown(settings, "de"), shown(settings, "en")
    assert (
        "! Churn risk: alarm, a new training is due: it orders worse than its test promised;"
        " moved since the training: Days since the last order." in english
    )
    assert "does not come true" not in english
    assert "Churn risk: Of 100 customers with 50 points, 50 did not order" in english
    assert "Churn risk: Turnover at risk 1,235 € in all." in english
    assert "! Abwanderungsrisiko: Alarm, ein neues Training ist fällig" in german
    assert "Gefährdeter Umsatz insgesamt 1.235 €." in german


@pytest.mark.parametrize(
    ("language", "told"),
    [("de", "514 Kunden aus 1.028 Datensätzen"), ("en", "514 customers from 1,028 records")],
)
def test_customers_are_counted_with_a_mark_between_thousands(
    tmp_path: Path, language: Language, told: str
) -> None:
    use_language(language)
    counted = Overview(customers=514, customer_records=1028)
    assert told in list(tables(counted, Settings(home=tmp_path)))


def test_while_a_night_works_status_shows_the_last_look_and_says_so(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, config=tmp_path, lock_wait_seconds=0)
    (tmp_path / "sources.yml").write_text(SOURCES, encoding="utf-8")
    settings.inbox.mkdir()
    (settings.inbox / "fremd.csv").write_text("a;b\n1;2\n", "utf-8")
    ingest_inbox(settings)
    with child(HOLD, settings.warehouse), pytest.raises(WarehouseLockedError):
        read_overview(settings)  # nothing was kept yet
    before = read_overview(settings)
    assert before.held is None
    with child(HOLD, settings.warehouse) as holder:
        during = read_overview(settings)
        assert during.files == before.files and during.night == settings.night
        assert during.held and str(holder.pid) in during.held and "end " not in during.held
        german = shown(settings, "de")
        assert f"{settings.night:%d.%m.%Y}" in german and "fremd.csv" in german
    assert read_overview(settings).held is None
