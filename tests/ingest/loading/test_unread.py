"""Cells that cannot be read as what their column should hold are told at load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from ingest import Load, ingest_inbox
from ingest.loading.unread import is_too_much

Write = Callable[[str], None]
Drop = Callable[..., Path]
Query = Callable[[str], list[tuple[Any, ...]]]

ORDERS = """
sources:
  orders:
    files: "auftraege*.csv"
    kind: events
    locale: de
    maps:
      order_line:
        key: [Nr]
        columns:
          company: {column: Nr, source: customers}
          ordered_on: Datum
          net_amount: Netto
  customers:
    files: "kunden*"
    kind: snapshot
    maps: {company: {key: [Nr], columns: {name: Firma}}}
"""
CONTACTS = """
sources:
  people:
    files: "kontakte*"
    kind: snapshot
    maps:
      contact:
        key: [Nr]
        columns: {company_name: Firma, email: Mail, phone: Tel, is_active: Aktiv}
"""
LINE = "{nr};{day};{amount}\n"


def orders(*lines: tuple[str, str]) -> str:
    rows = (LINE.format(nr=nr, day=day, amount=amount) for nr, (day, amount) in enumerate(lines))
    return "Nr;Datum;Netto\n" + "".join(rows)


def the_load(settings: Settings, file: str) -> Load:
    (load,) = (load for load in ingest_inbox(settings) if load.file == file)
    return load


def about_cells(notes: tuple[str, ...]) -> list[str]:
    return [note for note in notes if "Zellen" in note or "Einheiten" in note or "cells" in note]


def test_a_column_that_cannot_be_read_is_an_outcome_of_the_load(
    settings: Settings, drop: Drop, write_sources: Write, query: Query
) -> None:
    write_sources(ORDERS)
    drop("auftraege.csv", orders(("KW 12/2025", "1,50"), ("KW 13/2025", "2,50"), ("", "3,00")))
    load = the_load(settings, "auftraege.csv")
    assert load.unread == ("Datum",)
    assert load.lines()[0].endswith("; not readable: Datum")
    (german,), (english,) = about_cells(load.notes_de), about_cells(load.notes_en)
    assert "„Datum“: 2 von 2 Zellen nicht als Datum lesbar" in german
    assert "z. B. „KW 12/2025“ in Zeile 2" in german
    assert "31.12.2025" in german  # what to do
    assert "in sources.yml bei orders eine andere Spalte für ordered_on" in german
    assert "2 of 2 cells not readable as a date, e.g. “KW 12/2025” in row 2" in english
    assert query("select notes_de from ops.loads where file = 'auftraege.csv'") == [
        (list(load.notes_de),)
    ]
    kept = query(
        "select column_name, filled, unread, is_unread from ops.unread_cells"
        " where source = 'orders' order by 1"
    )
    assert kept == [("net_amount", 3, 0, False), ("ordered_on", 2, 2, True)]


def test_single_cells_are_told_in_one_line_and_are_no_outcome(
    settings: Settings, drop: Drop, write_sources: Write
) -> None:
    write_sources(ORDERS)
    good = [("05.01.2025", "1,50")] * 40
    drop("auftraege.csv", orders(*good, ("31.02.2025", "3 Mio")))
    load = the_load(settings, "auftraege.csv")
    assert load.unread == ()
    (note,) = about_cells(load.notes_de)
    assert note.startswith("Einzelne Zellen gelten als leer")
    assert "1 von 41 Zellen nicht als Datum lesbar, z. B. „31.02.2025“ in Zeile 42" in note
    assert "„3 Mio“" in note


def test_the_share_is_set_per_source_and_setting_it_loads_nothing_again(
    settings: Settings, drop: Drop, write_sources: Write, query: Query
) -> None:
    write_sources(ORDERS)
    drop("auftraege.csv", orders(*[("05.01.2025", "1,50")] * 8, ("offen", "1"), ("offen", "2")))
    asked = "select is_unread from ops.unread_cells where column_name = 'ordered_on'"
    ingest_inbox(settings)
    assert query(asked) == [(True,)]
    write_sources(ORDERS.replace("locale: de", "locale: de\n    may_be_unread: 0.2"))
    assert the_load(settings, "auftraege.csv").status == "unchanged"
    assert query(asked) == [(False,)]


@pytest.mark.parametrize(
    ("unread", "filled", "too_much"),
    [(1, 1, True), (1, 3, False), (2, 10, True), (1, 10, False), (5, 100, False), (6, 100, True)],
)
def test_one_slip_in_a_short_file_is_no_column(unread: int, filled: int, too_much: bool) -> None:
    assert is_too_much(unread, filled, 0.05) is too_much


def test_what_is_usual_raises_no_alarm(
    settings: Settings, drop: Drop, write_sources: Write
) -> None:
    write_sources(ORDERS)
    drop(
        "auftraege.csv",
        orders(
            ("05.01.2025", "0,00"),
            ("2025-01-05", "-1.234,50 €"),
            ("05.01.2025 14:05", "(12,50)"),
            ("Mo, 5. Januar 2025", "1.299,--"),
            ("00.00.0000", "k. A."),
            ("n/a", "12,50-"),
            ("-", "100,00 H"),
            ("45678", ""),
            ("", "1.234"),
        ),
    )
    assert about_cells(the_load(settings, "auftraege.csv").notes_de) == []


def test_addresses_and_flags(settings: Settings, drop: Drop, write_sources: Write) -> None:
    write_sources(CONTACTS)
    drop(
        "kontakte.csv",
        "Nr;Firma;Mail;Tel;Aktiv\n"
        "1;A;a@b.de;+49 (0)911 / 12 34-0;ausgetreten\n"
        "2;B;a@b.de, c@d.example;siehe Zentrale;dabei\n"
        "3;C;Erika Muster;-123;dabei\n"
        "4;D;nicht bekannt;0911 123456 (nachmittags);dabei\n",
    )
    load = the_load(settings, "kontakte.csv")
    assert load.unread == ("Aktiv",)
    told = " ".join(about_cells(load.notes_de))
    assert "„Tel“: 1 von 4 Zellen nicht als Telefonnummer lesbar (zuerst in Zeile 3)" in told
    assert "„Mail“: 1 von 3 Zellen nicht als E-Mail-Adresse lesbar" in told
    assert "Erika" not in told  # a name is not kept where erasing would not find it
    assert "4 von 4 Zellen nicht als ja oder nein lesbar, z. B. „ausgetreten“" in told
    assert 'values: {ausgetreten: "true"}' in told


def test_different_units_are_noted_and_spellings_of_one_are_not(
    settings: Settings, drop: Drop, write_sources: Write
) -> None:
    write_sources(ORDERS)
    drop("auftraege.csv", orders(("05.01.2025", "12 kg"), ("05.01.2025", "500 g")))
    load = the_load(settings, "auftraege.csv")
    (note,) = about_cells(load.notes_de)
    assert "verschiedene Einheiten in einer Spalte („12 kg“, „500 g“)" in note
    assert load.unread == ()
    drop("auftraege.csv", orders(("05.01.2025", "5 €"), ("05.01.2025", "7 USD")))
    assert "„5 €“, „7 USD“" in about_cells(the_load(settings, "auftraege.csv").notes_de)[0]
    drop("auftraege.csv", orders(("05.01.2025", "5 Stk"), ("05.01.2025", "7 Stück"), ("", "9")))
    assert about_cells(the_load(settings, "auftraege.csv").notes_de) == []


def test_the_same_file_tells_the_same_and_its_counts_go_with_it(
    settings: Settings, drop: Drop, write_sources: Write, query: Query
) -> None:
    write_sources(ORDERS)
    bad, good = orders(("offen", "1")), orders(("05.01.2025", "1"))
    drop("auftraege.csv", bad)
    first = the_load(settings, "auftraege.csv")
    kept = query("select * exclude (load_id) from ops.unread_cells order by all")
    drop("auftraege.csv", good)
    assert the_load(settings, "auftraege.csv").unread == ()
    assert query("select sum(unread) from ops.unread_cells") == [(0,)]
    drop("auftraege.csv", bad)
    assert the_load(settings, "auftraege.csv").notes_de == first.notes_de
    assert query("select * exclude (load_id) from ops.unread_cells order by all") == kept


def test_an_older_warehouse_is_counted_without_loading_again(
    settings: Settings, drop: Drop, write_sources: Write, query: Query
) -> None:
    import duckdb

    write_sources(ORDERS)
    drop("auftraege.csv", orders(("offen", "1")))
    ingest_inbox(settings)
    kept = query("from ops.unread_cells order by all")
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("delete from ops.unread_cells")
    assert the_load(settings, "auftraege.csv").status == "unchanged"
    assert query("from ops.unread_cells order by all") == kept


VERSIONED = """
sources:
  customers:
    files: "kunden*"
    kind: events
    locale: de
    changed: Stand
    maps:
      company: {key: [Nr], columns: {name: Firma}}
      contact: {key: [Nr], columns: {company_name: Firma}}
"""


def test_an_unread_column_of_changes_is_told_once(
    settings: Settings, drop: Drop, write_sources: Write
) -> None:
    write_sources(VERSIONED)
    drop("kunden.csv", "Nr;Firma;Stand\n1;Brandner GmbH;KW 12/2025\n2;Ott KG;KW 13/2025\n")
    load = the_load(settings, "kunden.csv")
    assert load.unread == ("Stand",)
    (german,), (english,) = about_cells(load.notes_de), about_cells(load.notes_en)
    assert "„Stand“: 2 von 2 Zellen nicht als Zeitpunkt lesbar, z. B. „KW 12/2025“" in german
    assert "entscheidet darum das Datum der Datei" in german
    assert "bei customers unter changed eine andere Spalte nennen" in german
    assert "the file's date decides which version of a row holds" in english


def test_a_column_of_changes_that_can_be_read_is_not_told(
    settings: Settings, drop: Drop, write_sources: Write
) -> None:
    write_sources(VERSIONED)
    drop("kunden.csv", "Nr;Firma;Stand\n1;Brandner GmbH;05.01.2025 14:30\n2;Ott KG;\n")
    load = the_load(settings, "kunden.csv")
    assert load.unread == () and about_cells(load.notes_de) == []
