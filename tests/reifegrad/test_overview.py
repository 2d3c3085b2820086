"""What `reifegrad status` shows of the inbox."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from config import Settings
from ingest import ingest_inbox
from reifegrad.overview import read_overview
from reifegrad.tables import Language, tables

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
