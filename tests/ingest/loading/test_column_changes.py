"""Columns that are not as they were, and names that a file has twice."""

from __future__ import annotations

import logging

import pytest

from config import Settings
from config.language import use_language
from ingest import ingest_inbox
from ingest.reading.tables import repeated_names
from tests.ingest.conftest import Drop, Query, Write

SOURCES = """
sources:
  customers:
    files: "kunden*"
    kind: snapshot
    maps:
      company: {key: [Nr], columns: {name: Name}}
"""
FIRMS = ["Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta"]


@pytest.fixture(autouse=True)
def sources(write_sources: Write) -> None:
    write_sources(SOURCES)


def rows(header: str, ort: str = "Ort") -> str:
    lines = [f"{number};{firm};{ort}{number}" for number, firm in enumerate(FIRMS)]
    return "\n".join([header, *lines]) + "\n"


def test_unmapped_columns_may_change_and_are_told_by_name_before_the_load(
    settings: Settings, drop: Drop, query: Query, caplog: pytest.LogCaptureFixture
) -> None:
    use_language("de")
    drop("kunden.csv", rows("Nr;Name;Ort"))
    (first,) = ingest_inbox(settings)
    assert first.notes_de == ()
    drop("kunden.csv", rows("Nr;Name;Stadt"))
    caplog.clear()
    with caplog.at_level(logging.INFO, "ingest"):
        (load,) = ingest_inbox(settings)
    assert load.status == "loaded"
    (note,) = load.notes_de
    assert note == (
        "Die Spalten haben sich geändert: „Ort“ heißt jetzt wohl „Stadt“ (100 % gleiche Werte)."
    )
    told = [record.getMessage() for record in caplog.records]
    assert note in told[0] and "6 Zeilen geladen" in told[1] and len(told) == 2
    recorded = query("select notes_de, notes_en from ops.loads order by loaded_at desc limit 1")
    assert recorded == [([note], list(load.notes_en))]


def test_gone_and_new_columns_are_told(settings: Settings, drop: Drop) -> None:
    drop("kunden.csv", rows("Nr;Name;Ort"))
    ingest_inbox(settings)
    drop("kunden.csv", rows("Nr;Name;Umsatz", ort="x"))
    (load,) = ingest_inbox(settings)
    assert "es fehlt „Ort“; neu ist „Umsatz“" in load.notes_de[0]
    assert "gone: “Ort”; new: “Umsatz”" in load.notes_en[0]
    drop("kunden.csv", rows("Nr;Name;Umsatz", ort="y"))
    assert ingest_inbox(settings)[0].notes_de == ()


def test_a_renamed_mapped_column_is_named_and_nothing_is_loaded(
    settings: Settings, drop: Drop, query: Query
) -> None:
    drop("kunden.csv", rows("Nr;Name;Ort"))
    ingest_inbox(settings)
    before = query("from raw.customers")
    drop("kunden.csv", rows("Nr;Firma;Ort"))
    (load,) = ingest_inbox(settings)
    assert load.status == "failed" and "fehlen die Spalten Name" in (load.reason_de or "")
    assert "„Name“ heißt jetzt wohl „Firma“" in load.notes_de[0]
    assert query("from raw.customers") == before


def test_a_name_given_twice_stops_the_load_only_if_it_is_needed(
    settings: Settings, drop: Drop, query: Query
) -> None:
    drop("kunden.csv", rows("Nr;Name;Name"))
    (load,) = ingest_inbox(settings)
    assert load.status == "failed" and "heißen gleich: „Name“ (Name, Name_3)" in str(load.reason_de)
    assert "Please rename" in str(load.reason_en)
    drop("kunden.csv", "Nr;Name;Tel;Tel\n1;A;5;6\n")
    (load,) = ingest_inbox(settings)
    assert load.status == "loaded" and "„Tel“ (Tel, Tel_4)" in load.notes_de[0]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["Nr", "Name", "Name"], {"Name": ["Name_3"]}),
        (["Nr", "name", "x", None, "NAME ", "Name"], {"name": ["NAME_5", "Name_6"]}),
        (["Telefon", "Telefon_2", "x"], {}),  # names of the file's own
        (["Nr", "Name_3", "Ort"], {}),
    ],
)
def test_names_that_a_header_repeats_are_known(
    columns: list[str | None], expected: dict[str, list[str]]
) -> None:
    assert repeated_names(columns) == expected
