"""What `reifegrad status` shows of the inbox."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from config import Settings
from ingest import ingest_inbox
from reifegrad.overview import read_overview
from reifegrad.tables import Language, tables
from tests.warehouse.conftest import child
from warehouse import WarehouseLockedError

SOURCES = """
sources:
  orders:
    files: "auftraege*.csv"
    kind: events
    expected: daily
    maps: {order_line: {key: [Nr], columns: {net_amount: Wert}}}
"""


def shown(settings: Settings, language: Language) -> str:
    console = Console(width=200, record=True, file=io.StringIO())
    for table in tables(read_overview(settings), language):
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
    assert "Keine Quelle in sources.yml passt" in german
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


HOLD = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("ready", flush=True)
time.sleep(60)
"""


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
