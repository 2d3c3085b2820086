"""One customer number, two firms: told, and the first one's record joins nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config import Settings
from ingest import ingest_inbox
from ingest.loading import inbox_run
from ingest.loading.reused_keys import are_different_firms

SOURCES = """
sources:
  customers:
    files: "kunden*.csv"
    kind: snapshot
    maps:
      company: {key: [Nr], columns: {name: {columns: [Name, Name2]}}}
  lists:
    files: "liste*.csv"
    kind: events
    maps:
      company: {key: [Nr], columns: {name: Firma}}
"""


@pytest.fixture(autouse=True)
def sources(write_sources: Callable[[str], None]) -> None:
    write_sources(SOURCES)


def notes(settings: Settings) -> dict[str, list[tuple[str, str]]]:
    loads = ingest_inbox(settings)
    return {load.file: list(zip(load.notes_de, load.notes_en, strict=True)) for load in loads}


def test_a_number_used_twice_in_a_file_is_told_with_its_rows(
    settings: Settings, drop: Callable[..., Path]
) -> None:
    drop(
        "kunden.csv",
        "Nr;Name;Name2\n1;Müller Antriebe GmbH;\n2;Ostrach KG;\n1;Huber;Blechbau AG\n"
        "2;Firma Ostrach;\n",
    )
    ((german, english),) = notes(settings)["kunden.csv"]
    assert (
        "1: „Müller Antriebe GmbH“ (kunden.csv, Zeile 2), „Huber Blechbau AG“ (kunden.csv, Zeile 4)"
        in german
    )
    assert "1: “Müller Antriebe GmbH” (kunden.csv, row 2)" in english
    assert "Ostrach" not in german


def test_lists_that_each_count_from_one_are_told(
    settings: Settings, drop: Callable[..., Path]
) -> None:
    drop("liste_a.csv", "Nr;Firma\n1;Müller Antriebe GmbH\n2;Ostrach KG\n", age_days=2)
    drop("liste_b.csv", "Nr;Firma\n1;Huber AG\n2;Ostrach KG Blechbau\n", age_days=1)
    found = notes(settings)
    assert found["liste_a.csv"] == []
    ((german, _),) = found["liste_b.csv"]
    assert "„Müller Antriebe GmbH“ (liste_a.csv, Zeile 2), „Huber AG“ (liste_b.csv" in german


def test_only_the_first_few_are_named(settings: Settings, drop: Callable[..., Path]) -> None:
    firms = ("Abels", "Zwirn")
    rows = "".join(f"{n};{firm} {firm[::-1]}{n};\n" for firm in firms for n in range(9))
    drop("kunden.csv", f"Nr;Name;Name2\n{rows}")
    ((german, english),) = notes(settings)["kunden.csv"]
    assert " und 6 weitere" in german
    assert " and 6 more" in english


@pytest.mark.parametrize(
    ("one", "two", "are_different"),
    [
        ("Müller GmbH", "Huber GmbH", True),
        ("Müller Antriebe GmbH", "Mueller Antriebstechnik", False),
        ("Nordwerk", "Nrodwerk AG", False),
        ("Nordwerk Zahnrad GmbH", "NORDWERK", False),
    ],
)
def test_spellings_of_a_firm_are_no_other_firm(one: str, two: str, are_different: bool) -> None:
    assert are_different_firms(one, two) is are_different


def test_a_long_list_of_lines_fits_into_memory(
    settings: Settings,
    write_sources: Callable[[str], None],
    drop: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # All lines of each firm in one list once took more than the limit, and the file was refused.
    monkeypatch.setattr(inbox_run, "MEMORY_LIMIT", "60MB")
    write_sources(
        'sources: {lines: {files: "lines*", kind: events, maps: {company:'
        " {key: [KdNr], columns: {name: Kunde}}, order_line: {key: [Nr], columns: {order_no: Nr,"
        " company: {column: KdNr, source: lines}}}}}}"
    )
    lines = (
        f"{n};{n % 9000};Firma {n % 9000} Maschinenbau GmbH & Co. KG\n" for n in range(150_000)
    )
    drop("lines.csv", "Nr;KdNr;Kunde\n" + "".join(lines))
    (load,) = ingest_inbox(settings)
    assert load.status == "loaded" and load.rows_loaded == 150_000
