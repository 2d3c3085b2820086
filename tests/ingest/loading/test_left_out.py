"""Rows that `where` leaves out are told with the kinds that stand there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config import Settings
from ingest import ingest_inbox

ORDERS = """
sources:
  customers:
    files: "kunden*.csv"
    kind: snapshot
    maps: {company: {key: [Nr], columns: {name: Name}}}
  orders:
    files: "auftraege*.csv"
    kind: events
    maps:
      order_line:
        where: {column: Belegart, equals: [Auftrag, Sofortauftrag]}
        key: [Nr]
        columns: {company: {column: Kunde, source: customers}}
"""
BOTH = ORDERS + "      product: {key: [Artikel], columns: {name: Artikel}}\n"
FILE = (
    "Belegart;Nr;Kunde;Artikel\nAuftrag;1;K1;A\nAngebot;2;K1;A\nAngebot;3;K2;B\n"
    " Sofortauftrag ;4;K2;A\nGutschrift;5;K1;B\n;6;K1;B\n"
)


def notes(settings: Settings) -> list[tuple[str, ...]]:
    loads = (load for load in ingest_inbox(settings) if load.status == "loaded")
    return [(*load.notes_de, *load.notes_en) for load in loads]


def test_kinds_that_do_not_count_are_told_most_first(
    settings: Settings, drop: Callable[..., Path], write_sources: Callable[[str], None]
) -> None:
    write_sources(ORDERS)
    drop("auftraege_1.csv", FILE)
    ((german, english),) = notes(settings)
    assert german.startswith("4 Zeilen zählen nicht")
    assert "(Belegart ist Angebot: 2, Gutschrift: 1, –: 1)" in german
    assert "4 rows do not count" in english
    assert "`where` in sources.yml" in english


@pytest.mark.parametrize(
    ("sources", "content"),
    [
        (ORDERS, "Belegart;Nr;Kunde;Artikel\nAuftrag;1;K1;A\nSofortauftrag;2;K1;A\n"),
        (BOTH, FILE),  # the article of each row counts
    ],
)
def test_nothing_is_told_where_every_row_counts(
    settings: Settings,
    drop: Callable[..., Path],
    write_sources: Callable[[str], None],
    sources: str,
    content: str,
) -> None:
    write_sources(sources)
    drop("auftraege_1.csv", content)
    assert notes(settings) == [()]
